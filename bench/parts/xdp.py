# SPDX-License-Identifier: ISC
"""Name servers where root may give them a link by AF_XDP: queries for each second of the server's core, beside others on sockets."""
import os, re, shutil, sys

from common import CLIENT_CPU, ROUNDS, SECONDS, SERVER, SERVER_CPU, Links, median, sh
from harness import TENDERS
from parts import dns

OURS, PEER = "Jinn, AF_XDP", "knot, AF_XDP"
LINKS = {OURS: ("x", "10.75.0"), PEER: ("y", "10.74.0")}  # x0 is the client's end, 10.75.0.1; x1 the server's, 10.75.0.2
TAP = "Jinn, tap"
NAMES = [OURS, TAP, PEER, *dns.PEERS]

# Frames of a veth have no checksums yet unless the client's end is told to sum (ethtool -K x0 tx off): ETHTOOL_STXCSUM.
SUM = r"""
import array, fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    value = array.array("B", struct.pack("II", 0x17, 0))
    fcntl.ioctl(s, 0x8946, struct.pack("16sP", sys.argv[1].encode(), value.buffer_info()[0]) + bytes(16))
"""


def add_links(links):
    for letter, network in LINKS.values():
        near, far = f"{letter}0", f"{letter}1"
        sh(f"ip link add {near} netns {links.client.name} type veth peer name {far} netns {links.peer}")
        for run, device, host in ((links.client.run, near, 1), (links.on_peer, far, 2)):
            run(f"sysctl -qw net.ipv6.conf.{device}.disable_ipv6=1")
            run(f"ip addr add {network}.{host}/24 dev {device}")
            run(f"ip link set {device} up")
        sh(f"ip netns exec {links.client.name} {sys.executable} -c '{SUM}' {near}")
    mac = [run(f"cat /sys/class/net/{device}/address").strip() for run, device in ((links.client.run, "y0"), (links.on_peer, "y1"))]
    links.client.run(f"ip neigh replace 10.74.0.2 lladdr {mac[1]} dev y0 nud permanent")  # knot asks the host's table
    links.on_peer(f"ip neigh replace 10.74.0.1 lladdr {mac[0]} dev y1 nud permanent")


def threads_of(device):
    """The kernel's threads that receive for it."""
    return [int(line.split()[0]) for line in sh("ps -eo pid,comm").splitlines() if re.search(rf"napi/{device}-", line)]


def steer(links, on):
    """As Links.steer. What arrives for AF_XDP has no protocol work that could be steered: a thread of the server's core takes it."""
    links.steer(on)
    for letter, _ in LINKS.values():
        links.client.run(f"sh -c 'echo {1 << CLIENT_CPU if on else 0:x} > /sys/class/net/{letter}0/queues/rx-0/rps_cpus'")
        links.on_peer(f"sh -c 'echo {int(on)} > /sys/class/net/{letter}1/threaded'")
        for pid in threads_of(f"{letter}1") if on else ():
            sh(f"taskset -p -c {SERVER_CPU} {pid}")


def argv_of(name, size):
    if name == PEER:
        return dns.peer("knot", size, "y1")
    if name == OURS:
        image = os.path.join(dns.FOLDER, str(size), "dist/dns.spt")
        return SERVER + [TENDERS["spt"], f"--mem={dns.MEMORY_MB}", "--net:service=xdp:x1", image, "--ipv4=10.75.0.2/24", "-l", "*:warning"]
    return None


def measure_size(links, size, result):
    servers = {}
    try:
        for name in NAMES:
            servers[name] = dns.start(links, "Jinn, spt" if name == TAP else name, size, argv_of(name, size))[0]
        for steered in (False, True):
            steer(links, steered)
            values = {name: [] for name in NAMES}
            for _ in range(ROUNDS):
                for name in NAMES:
                    threads = threads_of(f"{LINKS[name][0]}1") if name in LINKS else ()
                    values[name].append(dns.measure(links, servers[name], "Jinn, spt" if name == TAP else name, size, threads))
            result[steered, size] = {name: median(v) for name, v in values.items()}
        steer(links, False)
    finally:
        for server in servers.values():
            server.__exit__()


def table(report, result, steered):
    report.say("### Each end's protocol work and receiving on its own core\n" if steered else
               "### As it comes: what either end sends is received on the core that sent it\n")
    for k, what in ((0, "of the core's busy time"), (1, "of the server's own")):
        report.say(f"| names | {what}: " + " | ".join(NAMES) + f" | {OURS} : best on sockets | {OURS} : {PEER} |")
        report.say("|---" * (3 + len(NAMES)) + "|")
        for size in dns.SIZES:
            m = result[steered, size]
            best = max(m[n][k] for n in dns.PEERS)
            report.say(f"| {size:,} | " + " | ".join(f"{m[n][k]:,.0f}" for n in NAMES) + f" | {m[OURS][k] / best:.2f} | {m[OURS][k] / m[PEER][k]:.2f} |")
        report.say()
    report.say("A second, by the clock: " + "; ".join(f"{n} " + ", ".join(f"{result[steered, size][n][2]:,.0f}" for size in dns.SIZES) for n in NAMES) +
               f". Lost: at most {max(result[steered, size][n][3] for size in dns.SIZES for n in NAMES):.2f} %.\n")


def run(report):
    report.say(f"## Name servers on AF_XDP: queries per CPU second of the server's core, medians of {ROUNDS} rounds of {SECONDS} s in turns\n")
    report.say("As above, with the same client. A link by AF_XDP needs root: Jinn has the whole of a veth (`--net service=xdp:x1`), knot port 53 of another\n"
               "one; nsd, knot and bind on sockets have a veth, too. On veths for AF_XDP the client's end sums what it sends.\n")
    dns.ADDRESSES.update({name: f"{network}.2" for name, (_, network) in LINKS.items()})
    result = {}
    with Links("xdp") as links:
        add_links(links)
        for address in ("10.78.0.3", "10.78.0.4"):
            links.on_peer(f"ip addr add {address}/24 dev v1")
        for size in dns.SIZES:
            shutil.rmtree(os.path.join(dns.FOLDER, str(size)), ignore_errors=True)
            dns.write_zone(size)
            dns.build(size, ["spt"])
            measure_size(links, size, result)
    for steered in (False, True):
        table(report, result, steered)
    m = result[True, max(dns.SIZES)]
    report.figure(f"{m[OURS][0] / max(m[n][0] for n in dns.PEERS):.1f} ×",
                  "DNS queries per CPU second by AF_XDP, each end's work on its own core, best of nsd, knot and bind on sockets = 1")
    shutil.rmtree(dns.FOLDER)
