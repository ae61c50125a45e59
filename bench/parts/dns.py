# SPDX-License-Identifier: ISC
"""Name servers: queries for each second of the server's core, by the size of the zone; memory, time to load, image."""
import json, os, re, shutil, time

from common import BENCH, CLIENT, HOST, JINN, ROOT, ROUNDS, SECONDS, SERVER, SERVER_CPU, Busy, Image, Links, median, own_seconds, plot, sh
from harness import TENDERS
from dns_servers import CONFIGS

SIZES = tuple(map(int, os.environ.get("BENCH_NAMES", "1 1000 100000 1000000").split()))
FOLDER = os.path.join(BENCH, "dns")
ZONE = "bench.test"
QUERIES, ECHO = os.path.join(HOST, "queries"), os.path.join(HOST, "echo")
BARE = "bare echo"
OURS = {"Jinn, spt": ("spt", "tap0", "10.77.0.2"), "Jinn, hvt": ("hvt", "tap1", "10.79.0.2")}
PEERS = {"nsd": ("nsd", "10.78.0.2"), "knot": ("knotd", "10.78.0.3"), "bind": ("named", "10.78.0.4")}
ADDRESSES = {BARE: "10.76.0.2"} | {name: address for name, (_, _, address) in OURS.items()} | {name: address for name, (_, address) in PEERS.items()}
# Each has what makes it fastest: short answers, as knot and Jinn give them anyway. None of them limits rates.
FASTER = {"nsd": ("  hide-version: no\n", "  hide-version: no\n  minimal-responses: yes\n"), "knotd": ("", ""),
          "named": ("recursion no;", "recursion no; minimal-responses yes;")}
MEMORY_MB = 512
LOAD_S = 300


def zone_path(size):
    return os.path.join(FOLDER, str(size), "zones", f"{ZONE}.zone")


def write_zone(size):
    os.makedirs(os.path.dirname(zone_path(size)), exist_ok=True)
    with open(zone_path(size), "w") as f:
        f.write(f"$ORIGIN {ZONE}.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\n")
        f.writelines(f"n{i:07} A 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(size))


def records(size):
    return size + 3


def build(size, targets):
    """The appliance's own sources, with this zone. The bytes of its image on spt beside the zone, and of the zone there."""
    folder = os.path.join(FOLDER, str(size))
    for part in ("dns.c", "jinn.ini"):
        shutil.copy(os.path.join(ROOT, "appliances/dns", part), folder)
    for target in targets:
        sh(f"{JINN} build -t {target} {folder}", timeout=300)
    content = json.loads(sh(f"{JINN} describe --json {folder}"))["content_bytes"]
    return os.path.getsize(os.path.join(folder, "dist/dns.spt")) - content, content


# ---- Servers ----

def ours(name, size):
    target, tap, address = OURS[name]
    return SERVER + [TENDERS[target], f"--mem={MEMORY_MB}", f"--net:service={tap}", "--net-offload:service=off", os.path.join(FOLDER, str(size), f"dist/dns.{target}"),
                     f"--ipv4={address}/24", "-l", "*:warning"]


def peer(name, size, xdp=None):
    """`xdp`: the link on which knot answers by AF_XDP, too."""
    kind, address = PEERS[name]
    folder = os.path.join(FOLDER, str(size), f"{kind}-{xdp}" if xdp else kind)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    text, argv = CONFIGS[kind](folder, address, {f"{ZONE}.": zone_path(size)})
    slow, fast = FASTER[kind]
    assert slow in text
    if xdp:  # by sockets it would need the address of the other one
        text = text.replace(f"listen: {address}@53", "listen: 127.0.0.1@53", 1) + f"xdp:\n    listen: {xdp}@53\n"
    with open(f"{folder}/conf", "w") as f:
        f.write(text.replace(slow, fast, 1) if slow else text)
    return SERVER + ["env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *argv]


def ask(links, name, size, seconds, window=""):
    """(answered, not answered with a record, lost, seconds)"""
    names = "echo" if name == BARE else size
    out = links.client.run(f"{' '.join(CLIENT)} {QUERIES} {ADDRESSES[name]} {names} {seconds} {window}", timeout=seconds + 30).split()
    return int(out[0]), int(out[1]), int(out[2]), float(out[3])


def start(links, name, size, argv=None):
    """The server, once it answers; the CPU seconds that it took until then; resident KB then. `argv`: of one in the peers' namespace."""
    own = [*SERVER, ECHO, "tap2"] if name == BARE else ours(name, size) if name in OURS else None
    server = Image(own or argv or peer(name, size), netns=links.client.name if own else links.peer)
    end = time.monotonic() + LOAD_S
    try:
        while True:
            answered, wrong, _, _ = ask(links, name, size, 0.02, 16)
            if answered and not wrong:
                sh(f"taskset -a -p -c {SERVER_CPU} {server.process.pid}")  # knot puts its threads elsewhere
                return server, own_seconds(server.process.pid), server.rss_kb()
            server.drain()
            assert server.process.poll() is None and time.monotonic() < end, f"{name} does not serve {size} names:\n{server.output.decode()[-2000:]}"
            time.sleep(0.03)
    except BaseException:
        server.__exit__()
        raise


# ---- Measuring ----

def measure(links, server, name, size, threads=()):
    """Queries for each second of the core's busy time; of the server's own; a second; per cent lost."""
    with Busy(server, threads) as busy:
        answered, wrong, lost, seconds = ask(links, name, size, SECONDS)
    assert answered and not wrong, f"{name}: {wrong} of {answered} answers have no record"
    return answered / busy.whole, answered / busy.own, answered / seconds, 100 * lost / (answered + lost)


def measure_size(links, size, names, result, cost):
    servers = {}
    try:
        for name in names:
            server, seconds, kb = start(links, name, size)
            servers[name] = server
            cost[name, size] = seconds, kb
        for steered in (False, True):
            links.steer(steered)
            values = {name: [] for name in names}
            for _ in range(ROUNDS):
                for name in names:
                    values[name].append(measure(links, servers[name], name, size))
            result[steered, size] = {name: median(v) for name, v in values.items()}
    finally:
        links.steer(False)
        for server in servers.values():
            server.__exit__()


# ---- Reporting ----

def table(report, names, result, steered):
    report.say("### Each end's protocol work on its own core (receive packet steering)\n" if steered else
               "### As it comes: of what the server sends, the client's receiving is on the server's core\n")
    shown = [n for n in names if n in OURS]
    for k, what in ((0, "of the core's busy time"), (1, "of the server's own")):
        report.say(f"| names | {what}: " + " | ".join(names) + " | " + " | ".join(f"{n} : {BARE} | {n} : best of the others" for n in shown) + " |")
        report.say("|---" * (1 + len(names) + 2 * len(shown)) + "|")
        for size in SIZES:
            m = result[steered, size]
            best = max(m[n][k] for n in PEERS)
            cells = [f"{m[n][k]:,.0f}" for n in names] + [f"{m[n][k] / m[BARE][k]:.2f} | {m[n][k] / best:.2f}" for n in shown]
            report.say(f"| {size:,} | " + " | ".join(cells) + " |")
        report.say()
    report.say("A second, by the clock: " + "; ".join(f"{n} " + ", ".join(f"{result[steered, size][n][2]:,.0f}" for size in SIZES) for n in names) +
               f". Lost: at most {max(result[steered, size][n][3] for size in SIZES for n in names):.2f} %.\n")


def costs(report, names, cost, image_bytes, content_bytes):
    large, small = max(SIZES), min(SIZES)
    report.say(f"### Memory and loading: the zone of {large:,} names\n")
    report.say("CPU seconds from the start until the first answer. Memory: resident, above that of the same server with the smallest zone; from\n"
               "Jinn's the packed zone is subtracted, which lies in the image; its zone was read when the image was built.\n")
    report.say("| server | CPU seconds | resident, MB | bytes a record |\n|---|---|---|---|")
    for name in (n for n in names if n != BARE):
        seconds, kb = cost[name, large]
        content = content_bytes / 1024 if name in OURS else 0
        each = (kb - cost[name, small][1] - content) * 1024 / (records(large) - records(small)) if large > small else 0
        report.say(f"| {name} | {seconds:.2f} | {kb / 1024:,.0f} | {each:,.0f} |")
    report.say()
    report.say(f"dns.spt beside its zone: {image_bytes / 1024:.1f} KB.\n")


def run(report):
    targets = ["spt"] + (["hvt"] if os.access("/dev/kvm", os.R_OK | os.W_OK) else [])
    names = [BARE] + [n for n in OURS if OURS[n][0] in targets] + list(PEERS)
    versions = ", ".join(f"{c.split()[0]} " + re.search(r"\d+\.\d+[\d.]*", sh(f"PATH=$PATH:/usr/sbin {c} 2>&1")).group(0) for c in ("nsd -v", "knotd -V", "named -v"))
    report.say(f"## Name servers: queries per CPU second of the server's core, medians of {ROUNDS} rounds of {SECONDS} s in turns\n")
    report.say(f"A records of names at random, UDP, with EDNS; {versions}, one thread each, short answers, no rate limits. Jinn: the dns appliance on a\n"
               "tap in plain frames, which are best for small packets; the others on a veth. The client is `bench/queries.c` on the other core, 256\n"
               "queries under way, the same for all: dnsperf takes some 20,000 cycles for a query itself, twice what the bare echo does, and so\n"
               "leaves the fastest of them waiting. Bare echo: `bench/echo.c`, which gives each packet of a tap back unread.\n"
               "What counts is the whole busy time of the core; beside it the server's own time (with the softirqs that interrupted it), which is the truer\n"
               "one when others use that core, too.\n")
    result, cost = {}, {}
    with Links("dns") as links:
        links.client.run("ip neigh add 10.76.0.2 lladdr 02:00:00:00:00:02 dev tap2 nud permanent")
        for address in ("10.78.0.3", "10.78.0.4"):
            links.on_peer(f"ip addr add {address}/24 dev v1")
        for size in SIZES:
            shutil.rmtree(os.path.join(FOLDER, str(size)), ignore_errors=True)
            write_zone(size)
            image_bytes, content_bytes = build(size, targets)
            measure_size(links, size, names, result, cost)
    for steered in (False, True):
        table(report, names, result, steered)
    plot("dns", "A records, UDP", "names in the zone", "queries per CPU second", {n: [(s, result[False, s][n][0]) for s in SIZES] for n in names}, log_x=10)
    report.say("![Queries per CPU second by the size of the zone](dns.svg)\n")
    costs(report, names, cost, image_bytes, content_bytes)
    m = result[False, max(SIZES)]
    report.figure(f"{m['Jinn, spt'][0] / max(m[n][0] for n in PEERS):.1f} ×", f"DNS queries per CPU second, {max(SIZES):,} names, best of nsd, knot and bind = 1")
    shutil.rmtree(FOLDER)
