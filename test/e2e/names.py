#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The stub resolver against real servers: names.py TARGET, where TARGET is spt, linux or host (linux on the host's sockets).
On a tap in a namespace: nsd and knot with the zones, dnsmasq and radvd to tell servers and search lists. Needs root."""
import os, shutil, signal, socket, subprocess, sys, tempfile, threading, time
from harness import JINN, ROOT, TENDERS, Image, Namespace, Suite, equal, sh

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"names-{TARGET}")
IMAGE = os.path.join(ROOT, "test/e2e/names/dist/names" + ("" if TARGET in ("linux", "host") else f".{TARGET}"))
SILENT, NSD, KNOT, MASQ = "10.77.0.52", "10.77.0.53", "10.77.0.55", "10.77.0.56"
SIX = "fd77::53"

ZONE = """$TTL 300
@ IN SOA ns.lab.test. host.lab.test. 1 3600 600 86400 30
  IN NS ns.lab.test.
ns IN A 10.77.0.53
www IN A 192.0.2.1
www IN AAAA 2001:db8::1
four IN A 192.0.2.4
six IN AAAA 2001:db8::6
alias IN CNAME www.other.test.
a1 IN CNAME a2
a2 IN CNAME a3
a3 IN CNAME www
loop IN CNAME loop2
loop2 IN CNAME loop
dangling IN CNAME gone.lab.test.
mail IN MX 10 www
web IN A 10.77.0.1
web IN AAAA fd77::1
halfdead IN A 10.77.0.1
halfdead IN AAAA fd77::dead
*.wild IN A 192.0.2.77
""" + "".join(f"big IN A 198.51.100.{i}\n" for i in range(1, 201))
OTHER = """$TTL 300
@ IN SOA ns.lab.test. host.lab.test. 1 3600 600 86400 30
  IN NS ns.lab.test.
www IN A 192.0.2.2
www IN AAAA 2001:db8::2
a.b IN A 192.0.2.9
"""


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o644)
    return path


class Servers:
    """Programs in the namespace that are ended by their process."""

    def __init__(self, ns, folder):
        self.ns, self.folder, self.running = ns, folder, []

    def start(self, command):
        log = open(os.path.join(self.folder, f"log{len(self.running)}"), "wb")
        p = subprocess.Popen(f"exec ip netns exec {self.ns.name} {command}", shell=True, stdout=log, stderr=log)
        self.running.append(p)
        return p

    def stop(self, p):
        p.terminate()
        p.wait(10)
        self.running.remove(p)

    def stop_all(self):
        for p in list(self.running):
            self.stop(p)

    def nsd(self):
        zones = "".join(f"zone:\n name: {z}\n zonefile: {self.folder}/{z}.zone\n" for z in ("lab.test", "other.test"))
        conf = write(self.folder, "nsd.conf", f"""server:
 ip-address: {NSD}
 ip-address: {SIX}
 username: ""
 zonesdir: ""
 database: ""
 pidfile: "{self.folder}/nsd.pid"
 xfrdfile: "{self.folder}/xfrd"
 zonelistfile: "{self.folder}/zonelist"
 rrl-ratelimit: 0
remote-control:
 control-enable: no
{zones}""")
        return self.start(f"nsd -d -c {conf}")

    def knot(self):
        zones = "".join(f" - domain: {z}\n   file: {self.folder}/{z}.zone\n" for z in ("lab.test", "other.test"))
        conf = write(self.folder, "knot.conf", f"""server:
    listen: {KNOT}@53
    rundir: {self.folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {self.folder}/knot
zone:
{zones}""")
        os.makedirs(f"{self.folder}/knot", exist_ok=True)
        return self.start(f"knotd -c {conf}")

    def dnsmasq(self, options):
        return self.start(f"dnsmasq -k -C /dev/null --no-resolv --no-hosts --user=root --pid-file= --log-facility=- "
                          f"--dhcp-leasefile={self.folder}/leases --bind-interfaces {options}")


def wait_until_served(ns, server, name="www.lab.test"):
    for _ in range(100):
        if "192.0.2.1" in ns.run(f"dig +time=1 +tries=1 +short @{server} {name} A", check=False):
            return
        time.sleep(0.1)
    raise AssertionError(f"{server} does not serve")


def argv(keys):
    if TARGET == "linux":
        return [IMAGE, "--net:service=tap:tap0"] + keys
    if TARGET == "host":
        return [IMAGE, "--net:service=host"] + keys
    return [TENDERS[TARGET], "--net:service=tap0", "--mem=8", IMAGE] + keys


FIXED = ["--ipv4=10.77.0.2/24", "--ipv6=fd77::2/64"]


class Client:
    def __init__(self, ns, address):
        self.ns, self.address = ns, address

    def __call__(self, command, wait=12):
        script = (f"import socket; s=socket.socket(socket.AF_INET6 if ':' in '{self.address}' else socket.AF_INET,"
                  f"socket.SOCK_DGRAM); s.settimeout({wait}); s.sendto(b'{command}', ('{self.address}', 7)); "
                  f"print(s.recv(65536).decode(), end='')")
        return self.ns.run(f'python3 -c "{script}"')

    def count(self):
        return {k: int(v) for k, v in (w.split("=") for w in self("counters").split())}


def ready(client):
    for _ in range(100):
        try:
            return client("flush", 1)
        except AssertionError:
            time.sleep(0.1)
    raise AssertionError("the image does not answer")


class Running:
    """An image with these keys, and its client."""

    def __init__(self, ns, keys, address="10.77.0.2", prefix=()):
        self.image = Image(list(prefix) + argv(keys), netns=ns.name)
        self.client = Client(ns, address)

    def __enter__(self):
        try:
            ready(self.client)
        except BaseException:
            print(self.image.drain().decode(errors="replace"))
            self.image.__exit__()
            raise
        return self.client

    def __exit__(self, *_):
        try:
            equal(self.image.stop(), 0, "status")
        finally:
            self.image.__exit__()


# ---- What is looked up ----


def look_up(c):
    equal(c("both www.lab.test"), "2001:db8::1 192.0.2.1")
    equal(c("four www.lab.test"), "192.0.2.1")
    equal(c("six WWW.LAB.TEST."), "2001:db8::1")
    equal(c("both four.lab.test"), "192.0.2.4")
    equal(c("both six.lab.test"), "2001:db8::6")
    equal(c("four x.wild.lab.test"), "192.0.2.77")
    equal(c("both gone.lab.test"), "error: not found")
    equal(c("six four.lab.test"), "error: not found")


def aliases(c):
    equal(c("both alias.lab.test"), "2001:db8::2 192.0.2.2")
    equal(c("four a1.lab.test"), "192.0.2.1")
    assert c("four loop.lab.test").startswith("error: "), "a loop"
    equal(c("four dangling.lab.test"), "error: not found")


def records(c):
    data = c("records mail.lab.test 15")
    equal(bytes.fromhex(data).lower(), b"\0\x10\0\x0a\3www\3lab\4test\0")


def by_tcp(c):
    before = c.count()["streams"]
    got = c("four big.lab.test").split()
    equal(len(got), 16)
    assert all(a.startswith("198.51.100.") for a in got), got
    equal(c.count()["streams"], before + 1)


def from_cache(c):
    c("both www.lab.test")
    c("both gone.lab.test")
    before = c.count()
    for _ in range(20):
        equal(c("both www.lab.test"), "2001:db8::1 192.0.2.1")
        equal(c("both gone.lab.test"), "error: not found")
    after = c.count()
    equal(after["queries"], before["queries"])
    assert after["hits"] > before["hits"] + 40


def connections(ns, c):
    script = ("import socket, sys\\n"
              "s = socket.create_server(('::', 8080), family=socket.AF_INET6, dualstack_ipv6=True)\\n"
              "print('ready', flush=True)\\n"
              "while True:\\n f, _ = s.accept(); f.sendall(b'hello'); f.close()")
    p = subprocess.Popen(["ip", "netns", "exec", ns.name, "python3", "-c", script.replace("\\n", "\n")], stdout=subprocess.PIPE)
    try:
        p.stdout.readline()
        equal(c("connect web.lab.test 8080"), "fd77::1 hello")
        equal(c("connect halfdead.lab.test 8080"), "10.77.0.1 hello")
        equal(c("connect gone.lab.test 8080"), "error: not found")
        equal(c("connect 10.77.0.1 8080"), "10.77.0.1 hello")
        assert c("connect web.lab.test 8081").startswith("error: connection refused"), "a closed port"
    finally:
        p.kill()
        p.wait()


def fixed(ns):
    with Running(ns, FIXED + [f"--dns-servers={NSD}"]) as c:
        suite.case("addresses of both families, and none", look_up, c)
        suite.case("aliases", aliases, c)
        suite.case("records of other types", records, c)
        suite.case("what is too long for a datagram, by TCP", by_tcp, c)
        suite.case("a second time without asking", from_cache, c)
        suite.case("connections by name", connections, ns, c)


def several_servers(ns):
    """The first is silent: the second answers after a second, and at once from then on."""
    with Running(ns, FIXED + [f"--dns-servers={SILENT},{KNOT}", "--dns-search=nowhere.test,lab.test"]) as c:
        begin = time.monotonic()
        equal(c("four www.lab.test"), "192.0.2.1")
        first = time.monotonic() - begin
        assert first > 0.9, first
        equal(c("four four.lab.test"), "192.0.2.4")
        equal(c.count()["timeouts"], 1)
    with Running(ns, FIXED + [f"--dns-servers={SIX}", "--dns-search=other.test,lab.test"]) as c:
        equal(c("four www"), "192.0.2.2")
        equal(c("four four"), "192.0.2.4")
        equal(c("four www.lab.test"), "192.0.2.1")
    with Running(ns, FIXED) as c:
        assert c("four www.lab.test").startswith("error: "), "without a server"
        equal(c("both localhost"), "::1 127.0.0.1")


def by_dhcp(ns, servers):
    p = servers.dnsmasq(f"--interface={ns.tap} --port=0 --dhcp-range=10.77.0.100,10.77.0.120,1h --dhcp-option=6,{SILENT},{NSD} --dhcp-option=119,other.test,lab.test "
                        "--dhcp-option=15,nowhere.test")
    try:
        with Running(ns, [], leased(ns, servers)) as c:
            equal(c("four www"), "192.0.2.2")
            equal(c("four four"), "192.0.2.4")
    finally:
        servers.stop(p)
    p = servers.dnsmasq(f"--interface={ns.tap} --port=0 --dhcp-range=10.77.0.100,10.77.0.120,1h --dhcp-option=6,{NSD} --dhcp-option=15,lab.test")
    try:
        with Running(ns, [], leased(ns, servers)) as c:
            equal(c("four four"), "192.0.2.4")
    finally:
        servers.stop(p)


def leased(ns, servers):
    """dnsmasq gives an address by the MAC, which tenders make of the name: whatever the lease file says, once it says it."""
    return Leased(os.path.join(servers.folder, "leases"))


class Leased(str):
    def __new__(cls, path):
        s = super().__new__(cls, "")
        s.path = path
        return s

    def __str__(self):
        try:
            with open(self.path) as f:
                lines = [l.split() for l in f if l.count(":") >= 5 and "10.77." in l]
            return lines[-1][2] if lines else "10.77.0.100"
        except FileNotFoundError:
            return "10.77.0.100"

    __format__ = lambda self, spec: str(self)


def by_forwarder(ns, servers):
    """dnsmasq forwards to nsd, caches, and answers with RA."""
    p = servers.dnsmasq(f"--listen-address={MASQ} --server={NSD}")
    try:
        wait_until_served(ns, MASQ)
        with Running(ns, FIXED + [f"--dns-servers={MASQ}"]) as c:
            for _ in range(2):
                look_up(c)
                equal(c("four a1.lab.test"), "192.0.2.1")
                by_tcp(c)
                c("flush")
    finally:
        servers.stop(p)


def by_router(ns, servers):
    conf = write(servers.folder, "radvd.conf", f"""interface {ns.tap} {{
 AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;
 RDNSS {SIX} {{ }}; DNSSL other.test lab.test {{ }};
 prefix fd77::/64 {{ AdvOnLink on; AdvAutonomous on; }};
}};
""")
    ns.run("sysctl -qw net.ipv6.conf.all.forwarding=1")
    p = servers.start(f"radvd -n -C {conf} -p {servers.folder}/radvd.pid -m stderr")
    try:
        with Running(ns, ["--ipv6-only", "--ipv6=fd77::2/64"], "fd77::2") as c:
            for _ in range(100):
                if not c("four www").startswith("error"):
                    break
                time.sleep(0.1)
            equal(c("four www"), "192.0.2.2")
            equal(c("both four"), "192.0.2.4")
    finally:
        servers.stop(p)


def by_resolv_conf(ns, servers):
    conf = write(servers.folder, "resolv.conf", f"# a comment\nsearch other.test lab.test\nnameserver {NSD}\noptions ndots:2\n")
    prefix = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', conf]
    with Running(ns, [], "10.77.0.1", prefix) as c:
        equal(c("four www"), "192.0.2.2")
        equal(c("four a.b"), "192.0.2.9")  # as ndots says: nsd would refuse a.b itself
        equal(c("four four"), "192.0.2.4")
        look_up(c)
        aliases(c)
        by_tcp(c)
        from_cache(c)
        connections(ns, c)


def cases(ns, servers):
    servers.nsd()
    servers.knot()
    wait_until_served(ns, NSD)
    wait_until_served(ns, KNOT)
    if TARGET == "host":
        suite.case("servers and domains of /etc/resolv.conf", by_resolv_conf, ns, servers)
        return
    fixed(ns)
    suite.case("several servers, search lists of keys, none", several_servers, ns)
    suite.case("servers and domains of DHCP", by_dhcp, ns, servers)
    suite.case("behind a forwarder", by_forwarder, ns, servers)
    suite.case("servers and domains of a router", by_router, ns, servers)


def main():
    if os.geteuid() != 0:
        suite.skip("needs root for a namespace")
        suite.end()
    sh(f"{JINN} build -t {'linux' if TARGET == 'host' else TARGET} test/e2e/names")
    suite.needs(TARGET)
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    for name, text in (("lab.test.zone", ZONE), ("other.test.zone", OTHER)):
        write(folder, name, text)
    try:
        with Namespace("names") as ns:
            ns.run(f"sysctl -qw net.ipv6.conf.{ns.tap}.disable_ipv6=0")
            for address in (NSD, KNOT, MASQ):
                ns.run(f"ip addr add {address}/24 dev {ns.tap}")
            for address in ("fd77::1", SIX):
                ns.run(f"ip addr add {address}/64 dev {ns.tap} nodad")
            servers = Servers(ns, folder)
            try:
                cases(ns, servers)
            finally:
                servers.stop_all()
    finally:
        shutil.rmtree(folder)
    suite.end()


main()
