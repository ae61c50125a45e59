# SPDX-License-Identifier: ISC
"""20,000 idle connections: what each costs, and whether a busy one among them notices."""
import os, re, resource, subprocess, time

from common import CLIENT, HOST, ROUNDS, SECONDS, Busy, Image, Links, jinn, median, nginx, plot, prepare_onekb

COUNTS = (0, 1000, 2000, 5000, 10000, 20000)
ROOM = 20500
MEMORY_MB = 64
SERVERS = {"Jinn": "10.77.0.2", "nginx": "10.78.0.2"}
SOURCES = 4
# nginx needs a descriptor for each, and the limit can't be raised everywhere.
NGINX_MOST = min(ROOM, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100)


class Idle:
    """`count` connections to a server, each of which has had one response."""

    def __init__(self, links, name, count):
        net = SERVERS[name].rsplit(".", 1)[0]
        command = ["ip", "netns", "exec", links.client.name, os.path.join(HOST, "idle"), str(count), SERVERS[name], "80"]
        self.process = subprocess.Popen(command + [f"{net}.{100 + i}" for i in range(SOURCES)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n", "the connections could not be opened"

    def end(self):
        """Says that they are all alive."""
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, out


def kernel_kb(links):
    """What sockets of both ends take in the kernel: their slabs. The machine's own are in it, so only differences count."""
    with open("/proc/slabinfo") as f:
        sizes = {line.split()[0]: int(line.split()[1]) * int(line.split()[3]) for line in f if line[0] not in "s#"}
    return sum(v for k, v in sizes.items() if re.fullmatch(r"TCP|tw_sock_TCP|request_sock_TCP|sock_inode_cache|dentry|filp|eventpoll_epi|eventpoll_pwq|"
                                                          r"tcp_bind_bucket|tcp_bind2_bucket", k)) / 1024


def resident_kb(server, name):
    return server.rss_kb()


def busy_one(links, server, name):
    """Requests per second of the server's own CPU time, and the median latency in microseconds, of one busy connection."""
    with Busy(server) as busy:
        out = links.client.run(f"{' '.join(CLIENT)} wrk -t1 -c1 -d{SECONDS}s --latency http://{SERVERS[name]}/")
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", out).groups()
    n = int(re.search(r"(\d+) requests in", out).group(1))
    return n / busy.own, float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def grow(report, links, name, server):
    """Rows of (count, resident KB, kernel KB, requests per CPU second, latency)."""
    rows = []
    for count in [min(c, NGINX_MOST - 1000) for c in COUNTS] if name == "nginx" else COUNTS:
        idle = Idle(links, name, count) if count else None
        rss, kernel = resident_kb(server, name), kernel_kb(links)
        rate, latency = median([busy_one(links, server, name) for _ in range(min(ROUNDS, 3))])
        rows.append((count, rss, kernel, rate, latency))
        if idle:
            idle.end()
            time.sleep(2)  # so many FINs at once overflow the tap's queue; the last ones come again
    return rows


def run(report):
    image = prepare_onekb("idle", ROOM)
    report.say("## Idle connections\n")
    report.say(f"Each had one response of 1 KB and is kept. Jinn with `connections = {ROOM}` in {MEMORY_MB} MB. Resident: the whole process with what runs\n"
               "it, above what it was with none. The kernel's memory for nginx's connections is the growth of its slabs, half of it, since\n"
               "the client's ends are in the same kernel; of a connection to Jinn there is none on the server's side. Busy: one connection\n"
               "beside them, requests per second of the server's own CPU time, and the median latency by the client's clock.\n")
    report.say("| server | idle | resident, KB | bytes a connection | kernel, bytes a connection | busy: requests per CPU second | busy: latency, us |")
    report.say("|---|---|---|---|---|---|---|")
    curves = {}
    with Links("idle") as links:
        for name, device in (("Jinn", "tap0"), ("nginx", "v0")):
            for i in range(SOURCES):
                net = SERVERS[name].rsplit(".", 1)[0]
                links.client.run(f"ip addr add {net}.{100 + i}/24 dev {device}")
        links.client.run("sysctl -qw net.ipv4.ip_local_port_range='10000 65000'")
        with Image(nginx(NGINX_MOST), netns=links.peer) as theirs, Image(jinn(image, MEMORY_MB), netns=links.client.name) as ours:
            links.wait_for(*(f"http://{a}/" for a in SERVERS.values()))
            for name, server in (("Jinn", ours), ("nginx", theirs)):
                rows = grow(report, links, name, server)
                _, rss0, kernel0, _, _ = rows[0]
                for count, rss, kernel, rate, latency in rows:
                    each = f"{(rss - rss0) * 1024 / count:,.0f}" if count else ""
                    slabs = f"{(kernel - kernel0) * 1024 / count / 2:,.0f}" if count and name == "nginx" else ""
                    report.say(f"| {name} | {count:,} | {rss:,} | {each} | {slabs} | {rate:,.0f} | {latency:,.0f} |")
                server_kb = {count: rss - rss0 + ((kernel - kernel0) / 2 if name == "nginx" else 0) for count, rss, kernel, _, _ in rows}
                curves[name] = [(count, max(kb, 0)) for count, kb in server_kb.items()]
    report.say()
    plot("idle", "Memory of idle connections", "connections", "KB, those of the kernel included", curves, log_x=None)
    report.say("![Memory by the number of idle connections](idle.svg)\n")
    last = curves["Jinn"][-1]
    report.figure(f"{last[1] * 1024 / last[0]:,.0f} bytes", f"memory of an idle connection, of {last[0]:,}")
