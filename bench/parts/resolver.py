# SPDX-License-Identifier: ISC
"""Resolvers: answers from the cache for each second of the server's core, beside unbound."""
import os, re, shutil, time

from common import BENCH, CLIENT, HOST, JINN, ROOT, ROUNDS, SECONDS, SERVER, SERVER_CPU, Busy, Image, Links, median, sh
from harness import TENDERS

NAMES = 10000
FOLDER = os.path.join(BENCH, "resolver")
QUERIES = os.path.join(HOST, "queries")
ADDRESS = {"Jinn, spt": "10.77.0.2", "unbound": "10.78.0.2"}
NSD = f"""server:
  ip-address: 10.77.0.1
  ip-address: 10.78.0.1
  username: ""
  pidfile: ""
  xfrdfile: ""
  zonelistfile: ""
  database: ""
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: bench.test
  zonefile: {FOLDER}/zone
"""
# Neither validates: nothing here is signed. Neither asks anew while it is measured: a day is longer than that.
UNBOUND = """server:
  interface: 10.78.0.2
  access-control: 10.78.0.0/24 allow
  num-threads: 1
  do-daemonize: no
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  do-not-query-localhost: no
  msg-cache-size: 16m
  rrset-cache-size: 16m
  so-rcvbuf: 1m
  local-zone: test. nodefault
forward-zone:
  name: "."
  forward-addr: 10.78.0.1
remote-control:
  control-enable: no
"""


def write():
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    with open(f"{FOLDER}/zone", "w") as f:
        f.write("$ORIGIN bench.test.\n$TTL 86400\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\n")
        f.writelines(f"n{i:07} A 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(NAMES))
    for name, text in ("nsd", NSD), ("unbound", UNBOUND):
        with open(f"{FOLDER}/{name}.conf", "w") as f:
            f.write(text)
    sh(f"{JINN} build -t spt {os.path.join(ROOT, 'appliances/resolver')}")


def argv(name):
    if name == "unbound":
        return [*SERVER, "/usr/sbin/unbound", "-d", "-c", f"{FOLDER}/unbound.conf"]
    return [*SERVER, TENDERS["spt"], "--mem=64", "--net:service=tap0", "--net-offload:service=off", os.path.join(ROOT, "appliances/resolver/dist/resolver.spt"),
            "--ipv4=10.77.0.2/24", "--forward=10.77.0.1", "--validate=false", "--empty-zones=false", "--via-six=false", "-l", "*:warning"]


def ask(links, name, seconds):
    out = links.client.run(f"{' '.join(CLIENT)} {QUERIES} {ADDRESS[name]} {NAMES} {seconds}", timeout=seconds + 30).split()
    return [float(x) for x in out]


def warm(links, name, server):
    """Until all names are known: after ten questions for each of which none was lost."""
    total = 0
    for _ in range(60):
        answered, wrong, lost, _ = ask(links, name, 1)
        total += answered if not wrong and not lost else 0
        if total > 10 * NAMES:
            return
        assert server.process.poll() is None, server.drain().decode()[-2000:]
        time.sleep(0.1)
    raise AssertionError(f"{name} does not answer all: {answered} answered, {wrong} wrong, {lost} lost\n{server.drain().decode()[-2000:]}")


def run(report):
    write()
    version = re.search(r"[\d.]+", sh("/usr/sbin/unbound -V")).group(0)
    values = {name: [] for name in ADDRESS}
    with Links("resolver") as links:
        upstream = Image(["/usr/sbin/nsd", "-d", "-c", f"{FOLDER}/nsd.conf"], netns=links.client.name)
        servers = {}
        try:
            for name in ADDRESS:
                servers[name] = Image(argv(name), netns=links.peer if name == "unbound" else links.client.name)
                warm(links, name, servers[name])
                sh(f"taskset -a -p -c {SERVER_CPU} {servers[name].process.pid}")
            for _ in range(ROUNDS):
                for name, server in servers.items():
                    with Busy(server) as busy:
                        answered, wrong, _, seconds = ask(links, name, SECONDS)
                    assert answered and not wrong, f"{name}: {wrong} of {answered} answers have no record"
                    values[name].append((answered / busy.whole, answered / busy.own, answered / seconds))
        finally:
            for server in (*servers.values(), upstream):
                server.__exit__()
    m = {name: median(v) for name, v in values.items()}
    report.say(f"## Resolvers: answers from the cache per CPU second of the server's core, medians of {ROUNDS} rounds of {SECONDS} s in turns\n")
    report.say(f"{NAMES:,} names that are all in the cache, asked at random as above. unbound {version} with one thread on a veth, Jinn's resolver on a tap in\n"
               "plain frames; both forward to one nsd, and neither validates, for nothing here is signed.\n")
    report.say("| server | of the core's busy time | of the server's own | a second |\n|---|---|---|---|")
    for name, (whole, own, second) in m.items():
        report.say(f"| {name} | {whole:,.0f} | {own:,.0f} | {second:,.0f} |")
    ratio = m["Jinn, spt"][0] / m["unbound"][0]
    report.say(f"\nJinn : unbound = {ratio:.2f}\n")
    report.figure(f"{ratio:.1f} ×", "Cached answers of the resolver per CPU second, unbound = 1")
    shutil.rmtree(FOLDER)
