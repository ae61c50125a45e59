#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The resolver appliance in a small internet: dns_resolver.py TARGET, where TARGET is spt, hvt or linux, on a tap in a namespace. A root
and a TLD by nsd, zones by nsd and by appliances/dns (on a tap of its own), and servers that are silent, lame, lie or
know less than others, played here. What the resolver asks is watched on its tap. Root. Debian's own interpreter, for dnspython."""
import os, re, shutil, socket, struct, sys, tempfile, threading, time
import dns.edns, dns.exception, dns.flags, dns.message, dns.query, dns.rcode, dns.rdatatype, dns.rrset
from harness import JINN, ROOT, TENDERS, Image, Namespace, Suite, equal, sh
import dns_servers

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"dns-resolver-{TARGET}")
US, SIX = "10.77.0.2", "fd77::2"
ROOT_NS, TLD_NS, NSD, OWN, PLAYED, SILENT = "10.77.0.51", "10.77.0.52", "10.77.0.53", "10.78.0.2", "10.77.0.60", "10.77.0.61"
LAME, NOWHERE, HINT = "10.77.0.62", "10.77.0.63", "10.77.0.64"
FOLDER = os.path.join(ROOT, f"build/test/dns-resolver-{TARGET}-{os.getpid()}")
SOA = "@ IN SOA ns host 1 3600 600 86400 60\n"

ROOT_ZONE = f"""$TTL 86400
. IN SOA a.root. host. 1 3600 600 86400 60
. IN NS a.root.
a.root. IN A {ROOT_NS}
lab. IN NS ns.lab.
ns.lab. IN A {TLD_NS}
else. IN NS ns.else.
ns.else. IN A {TLD_NS}
"""
LAB = f"""$TTL 86400
{SOA}@ IN NS ns
ns IN A {TLD_NS}
nsd IN NS ns.nsd
ns.nsd IN A {NSD}
own IN NS ns.own
ns.own IN A {OWN}
two IN NS ns1.two
two IN NS ns2.two
ns1.two IN A {SILENT}
ns2.two IN A {NSD}
glueless IN NS ns.far.else.
lame IN NS ns1.lame
lame IN NS ns2.lame
ns1.lame IN A {LAME}
ns2.lame IN A {NSD}
played IN NS ns.played
ns.played IN A {PLAYED}
silent IN NS ns.silent
ns.silent IN A {SILENT}
""" + "".join(f"attack IN NS n{i}.far.else.\n" for i in range(30))
ELSE = f"""$TTL 86400
{SOA}@ IN NS ns
ns IN A {TLD_NS}
far IN NS ns.far
ns.far IN A {NSD}
"""
NSD_ZONE = f"""$TTL 300
{SOA}@ IN NS ns
ns IN A {NSD}
www IN A 192.0.2.1
www IN AAAA 2001:db8::1
alias IN CNAME www
across IN CNAME www.own.lab.
loop IN CNAME loop2
loop2 IN CNAME loop
a.b.c.d.e IN A 192.0.2.2
brief 2 IN A 192.0.2.3
txt IN TXT "text"
""" + "".join(f"big IN TXT \"{i:03} {'x' * 200}\"\n" for i in range(20))
OWN_ZONE = f"""$TTL 300
{SOA}@ IN NS ns
ns IN A {OWN}
www IN A 192.0.2.10
old IN DNAME nsd.lab.
*.wild IN A 192.0.2.11
"""
TWO_ZONE = f"$TTL 300\n{SOA}@ IN NS ns1\n@ IN NS ns2\nns1 IN A {SILENT}\nns2 IN A {NSD}\nwww IN A 192.0.2.20\n"
LAME_ZONE = f"$TTL 300\n{SOA}@ IN NS ns1\n@ IN NS ns2\nns1 IN A {LAME}\nns2 IN A {NSD}\nwww IN A 192.0.2.30\n"
GLUELESS_ZONE = f"$TTL 300\n{SOA}@ IN NS ns.far.else.\nwww IN A 192.0.2.40\n"
FAR_ZONE = f"$TTL 300\n{SOA}@ IN NS ns\nns IN A {NSD}\n"
HOME_ZONE = "$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 10.77.0.2\nprinter A 10.77.0.9\n"
LISTS = {"ads.hosts": "# ads\n0.0.0.0 ads.nsd.lab tracker.nsd.lab # two\n", "names.txt": "evil.lab\n", "rpz.zone": "$TTL 60\nrpz.lab IN CNAME .\n"}


# ---- Watching ----

class Watch(threading.Thread):
    """All that the resolver asks by UDP, as it passes the tap: (server, name, type), with its port, id and letters."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(("tap0", 0))
        self.all, self.lock, self.seen, self.n = [], threading.Condition(), 0, 0
        self.marker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.start()

    def run(self):
        while True:
            p = self.socket.recv(65535)
            if p[12:14] != b"\x08\0" or p[23] != 17:
                continue
            udp = p[14 + (p[14] & 15) * 4:]
            if struct.unpack(">H", udp[2:4])[0] == 9 and udp[8:].startswith(b"marker"):
                with self.lock:
                    self.seen = int(udp[14:])
                    self.lock.notify()
            if socket.inet_ntoa(p[26:30]) != US:
                continue
            if struct.unpack(">H", udp[2:4])[0] != 53:
                continue
            m = dns.message.from_wire(udp[8:], ignore_trailing=True)
            name = m.question[0].name.to_text()
            row = (socket.inet_ntoa(p[30:34]), name.lower(), dns.rdatatype.to_text(m.question[0].rdtype),
                   struct.unpack(">H", udp[:2])[0], m.id, name)
            with self.lock:
                self.all.append(row)

    def take(self):
        """All until now: what passes before a datagram of our own has been seen when that has."""
        self.n += 1
        self.marker.sendto(b"marker%d" % self.n, (US, 9))
        with self.lock:
            assert self.lock.wait_for(lambda: self.seen == self.n, 30), "the marker is not seen"
            rows, self.all = self.all, []
        return rows


def asked():
    """Without those that were sent again because an answer was late."""
    rows = [row[:3] for row in watch.take()]
    return [row for i, row in enumerate(rows) if i == 0 or row != rows[i - 1]]


# ---- Servers that are played ----

def reply_to(q, authority=True):
    r = dns.message.make_response(q)
    r.flags |= dns.flags.AA if authority else 0
    r.flags &= ~dns.flags.RA
    return r


def add(r, section, *row):
    section.append(dns.rrset.from_text(*row))


class Played(threading.Thread):
    """One server on UDP and TCP; what it does depends on the name that is asked for."""

    def __init__(self, ip):
        super().__init__(daemon=True)
        self.ip, self.n = ip, {}
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.bind((ip, 53))
        self.tcp = socket.create_server((ip, 53), family=family)
        self.start()
        threading.Thread(target=self.streams, daemon=True).start()

    def count(self, key):
        self.n[key] = self.n.get(key, 0) + 1
        return self.n[key]

    def streams(self):
        while True:
            c, _ = self.tcp.accept()
            with c:
                head = c.recv(2)
                if len(head) < 2:
                    continue
                data = c.recv(struct.unpack(">H", head)[0])
                q = dns.message.from_wire(data)
                self.count("tcp " + q.question[0].name.to_text().lower().split(".")[0])
                a = self.answer(q, True, None)
                if a:
                    c.sendall(struct.pack(">H", len(a)) + a)

    def run(self):
        while True:
            data, peer = self.udp.recvfrom(4096)
            q = dns.message.from_wire(data)
            self.count(q.question[0].name.to_text().lower().split(".")[0])
            a = self.answer(q, False, peer)
            if a:
                self.udp.sendto(a, peer)

    def answer(self, q, tcp, peer):
        name = q.question[0].name
        text = name.to_text()
        kind = text.lower().split(".")[0]
        kind = "deep" if ".deep." in "." + text.lower() else kind
        r = reply_to(q)
        if q.question[0].rdtype == dns.rdatatype.A:
            add(r, r.answer, text, 60, "IN", "A", "192.0.2.50")
        if kind == "noedns" and q.edns >= 0:
            r = dns.message.make_response(q)
            r.use_edns(-1)
            r.answer, r.question = [], []
            r.set_rcode(dns.rcode.FORMERR)
        elif kind == "truncated" and not tcp:
            r.flags |= dns.flags.TC
            r.answer = []
        elif kind == "lowercase":
            return r.to_wire().replace(name.to_wire(), name.to_text().lower().encode() and dns.name.from_text(text.lower()).to_wire(), 1)
        elif kind == "poison":
            add(r, r.authority, "lab.", 86400, "IN", "NS", "ns.evil.lab.")
            add(r, r.additional, "ns.lab.", 86400, "IN", "A", NOWHERE)
            add(r, r.answer, "www.nsd.lab.", 86400, "IN", "A", "203.0.113.66")
        elif kind == "forged" and not tcp:
            for i in range(40):  # wrong ids, before the right one
                bad = dns.message.from_wire(r.to_wire())
                bad.id = (q.id + 1 + i) & 0xffff
                bad.answer = [dns.rrset.from_text(text, 60, "IN", "A", "203.0.113.66")]
                self.udp.sendto(bad.to_wire(), peer)
        elif kind == "otherport" and not tcp:
            bad = dns.message.from_wire(r.to_wire())
            bad.answer = [dns.rrset.from_text(text, 60, "IN", "A", "203.0.113.66")]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((self.ip, 0))
                s.sendto(bad.to_wire(), peer)
        elif kind == "once" and self.n["once"] == 1:
            return None
        elif kind == "rubbish":
            return b"\0" * 40
        elif kind == "deep":
            r = reply_to(q, False)
            add(r, r.authority, text, 60, "IN", "NS", "ns." + text)
            add(r, r.additional, "ns." + text, 60, "IN", "A", self.ip)
        return r.to_wire()


# ---- The appliances ----

def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def build():
    for name, parts in (("resolver", ("resolver.c", "jinn.ini")), ("dns", ("dns.c", "jinn.ini"))):
        folder = os.path.join(FOLDER, name)
        os.makedirs(folder)
        for part in parts:
            shutil.copy(os.path.join(ROOT, "appliances", name, part), folder)
    write(f"{FOLDER}/resolver/zones/home.lan.zone", HOME_ZONE)
    for name, text in LISTS.items():
        write(f"{FOLDER}/resolver/lists/{name}", text)
    write(f"{FOLDER}/dns/zones/own.lab.zone", OWN_ZONE)
    sh(f"{JINN} build -t {TARGET} {FOLDER}/resolver")
    sh(f"{JINN} build -t {TARGET} {FOLDER}/dns")


def argv(image, tap, *keys):
    path = os.path.join(FOLDER, image, "dist", image)
    if TARGET == "linux":
        return [path, f"--net:service=tap:{tap}", *keys]
    return [TENDERS[TARGET], f"--net:service={tap}", f"{path}.{TARGET}", *keys]


class Resolver(Image):
    def __init__(self, *keys, six=False):
        super().__init__(argv("resolver", "tap0", f"--ipv4={US}/24", f"--ipv6={SIX}/64", "--ipv4-gateway=10.77.0.1", f"--via-six={str(six).lower()}", "--validate=false",
                              *(keys or [f"--hints={HINT}"])))
        self.wait_for(b"serving on port", 20)
        for _ in range(100):
            try:
                ask("printer.home.lan", timeout=0.3)
                watch.take()
                return
            except (dns.exception.Timeout, OSError):
                time.sleep(0.05)
        raise AssertionError(f"no answer; output:\n{self.drain(0.1).decode()}")


def ask(name, rdtype="A", address=US, tcp=False, timeout=12, rd=True, **edns):
    q = dns.message.make_query(name, rdtype, **edns)
    if not rd:
        q.flags &= ~dns.flags.RD
    return (dns.query.tcp if tcp else dns.query.udp)(q, address, timeout=timeout)


def data(r):
    return sorted(str(rr) for rrset in r.answer for rr in rrset)


def ede(r):
    return [struct.unpack(">H", o.to_wire()[:2])[0] for o in r.options if o.otype == 15]


# ---- Cases ----

def from_the_root_down():
    equal(data(ask("www.nsd.lab")), ["192.0.2.1"])
    equal(asked(), [(HINT, ".", "NS"), (ROOT_NS, "lab.", "A"), (TLD_NS, "nsd.lab.", "A"), (NSD, "www.nsd.lab.", "A")],
          "the hint knows the root, but the root names another server")


def the_second_time_nobody_is_asked():
    r = ask("WwW.nSd.LaB")
    equal((data(r), str(r.question[0].name)), (["192.0.2.1"], "WwW.nSd.LaB."))
    equal(bool(r.flags & dns.flags.RA), True)
    equal(bool(r.flags & dns.flags.AA), False)
    equal(asked(), [])


def one_label_at_a_time():
    equal(data(ask("a.b.c.d.e.nsd.lab")), ["192.0.2.2"])
    equal(asked(), [(NSD, n + "nsd.lab.", "A") for n in ("e.", "d.e.", "c.d.e.", "b.c.d.e.", "a.b.c.d.e.")])


def our_own_name_server():
    equal(data(ask("www.own.lab")), ["192.0.2.10"])
    equal(data(ask("any.thing.wild.own.lab")), ["192.0.2.11"])
    r = ask("www.old.own.lab")
    equal(data(r), ["192.0.2.1", "nsd.lab.", "www.nsd.lab."], "DNAME, CNAME, address")


def aliases():
    equal(data(ask("alias.nsd.lab", "AAAA")), ["2001:db8::1", "www.nsd.lab."])
    equal(data(ask("across.nsd.lab")), ["192.0.2.10", "www.own.lab."])
    r = ask("loop.nsd.lab", use_edns=0)
    equal((r.rcode(), ede(r)), (dns.rcode.SERVFAIL, []))


def what_is_not():
    r = ask("x.y.gone.nsd.lab", "A")
    equal((r.rcode(), len(r.authority)), (dns.rcode.NXDOMAIN, 1))
    asked()
    equal(ask("z.gone.nsd.lab", "MX").rcode(), dns.rcode.NXDOMAIN)
    r = ask("www.nsd.lab", "MX")
    equal((r.rcode(), len(r.answer), len(r.authority)), (0, 0, 1))
    equal(asked(), [(NSD, "www.nsd.lab.", "MX")], "nothing is below what does not exist")
    ask("www.nsd.lab", "MX")
    equal(asked(), [])


def both_families_and_transports():
    for address in (US, SIX):
        for tcp in (False, True):
            equal(data(ask("www.nsd.lab", "A", address, tcp)), ["192.0.2.1"])
    equal(data(ask("txt.nsd.lab", "TXT", tcp=True)), ['"text"'], "a TCP client that must wait")


def late_answers_come_from_where_they_were_asked():
    """Of its two addresses of IPv6 the other one fits this client better."""
    sh("ip addr add fe80::60/64 dev tap0 nodad")
    link = None
    for _ in range(50):  # until it is sure that it has that address alone
        seen = re.findall(r"from (fe80:[0-9a-f:]+)[:%]", sh("ping -6 -c 2 -i 0.2 -w 2 -I fe80::60%tap0 ff02::1"))
        link = next((ip for ip in seen if ip != "fe80::60"), None)
        if link:
            break
    asked()
    q = dns.message.make_query("late.nsd.lab", "A")
    r = dns.query.udp(q, f"{link}%tap0", timeout=12, source="fd77::1")
    equal(r.rcode(), dns.rcode.NXDOMAIN)
    equal([row[0] for row in asked()], [NSD], "others were asked first")


def long_answers():
    r = ask("big.nsd.lab", "TXT")
    equal((bool(r.flags & dns.flags.TC), len(r.answer)), (True, 0))
    equal(len(ask("big.nsd.lab", "TXT", tcp=True).answer[0]), 20)


def real_clients():
    out = sh(f"dig @{US} www.nsd.lab A +nsid")
    assert "status: NOERROR" in out and "192.0.2.1" in out and "flags: qr rd ra" in out, out
    assert "192.0.2.1" in sh(f"kdig @{SIX} www.nsd.lab A +tcp")
    assert "(good)" in sh(f"dig @{US} www.nsd.lab A +cookie")
    assert "RFC8482" in sh(f"dig @{US} www.nsd.lab ANY +notcp")


def servers_with_faults():
    equal(data(ask("www.two.lab")), ["192.0.2.20"], "one of two is silent")
    equal(data(ask("www.lame.lab")), ["192.0.2.30"], "one of two is lame")
    equal(data(ask("www.glueless.lab")), ["192.0.2.40"])
    for name in ("noedns", "truncated", "lowercase", "once", "forged", "otherport"):
        equal(data(ask(f"{name}.played.lab")), ["192.0.2.50"], name)
    assert played.n["noedns"] >= 2 and played.n["once"] >= 2
    for name in ("truncated", "lowercase", "forged"):
        assert played.n[f"tcp {name}"] >= 1, name
    r = ask("rubbish.played.lab", use_edns=0)
    equal((r.rcode(), ede(r)), (dns.rcode.SERVFAIL, [22]))


def lies_are_not_kept():
    equal(data(ask("poison.played.lab")), ["192.0.2.50"])
    asked()
    equal(data(ask("www.nsd.lab")), ["192.0.2.1"])
    equal(ask("gone2.lab").rcode(), dns.rcode.NXDOMAIN)
    equal(asked(), [(TLD_NS, "gone2.lab.", "A")])


def zones_that_make_work():
    asked()
    equal(ask("www.attack.lab").rcode(), dns.rcode.SERVFAIL)
    n = len(asked())
    assert n <= 12, f"NXNSAttack: {n} queries"
    equal(ask("a." * 60 + "deep.played.lab").rcode(), dns.rcode.SERVFAIL)
    n = len(asked())
    assert n <= 44, f"referrals without end: {n} queries"


def guessing_is_hard():
    for i in range(60):
        ask(f"guess{i}.nsd.lab")
    rows = watch.take()
    assert len(rows) >= 60, len(rows)
    ports, ids = {r[3] for r in rows}, {r[4] for r in rows}
    assert len(ports) > 50 and len(ids) > 50, (len(ports), len(ids))
    assert min(ports) >= 1024 and len({p >> 13 for p in ports}) >= 6, "ports of the whole range"
    assert len({r[5].split(".", 1)[1] for r in rows}) > 30, "letters"


def block_lists():
    asked()
    for name in ("ads.nsd.lab", "x.y.tracker.nsd.lab", "www.evil.lab", "rpz.lab"):
        r = ask(name, use_edns=0)
        equal((r.rcode(), ede(r)), (dns.rcode.NXDOMAIN, [15]), name)
    equal(asked(), [])


def local_zones():
    r = ask("printer.home.lan")
    equal((data(r), bool(r.flags & dns.flags.AA)), (["10.77.0.9"], True))
    equal(ask("other.home.lan").rcode(), dns.rcode.NXDOMAIN)
    for name, rdtype, rcode, want in (("1.0.0.10.in-addr.arpa", "PTR", 3, []), ("localhost", "A", 0, ["127.0.0.1"]),
                                      ("a.localhost", "AAAA", 0, ["::1"]), ("1.0.0.127.in-addr.arpa", "PTR", 0, ["localhost."]),
                                      ("9.20.172.in-addr.arpa", "PTR", 3, []), ("x.onion", "A", 3, []), ("168.192.in-addr.arpa", "NS", 0, ["168.192.in-addr.arpa."])):
        r = ask(name, rdtype)
        equal((r.rcode(), data(r)), (rcode, want), name)
    equal(asked(), [])


def who_may_ask():
    r = ask("www.nsd.lab", rd=False, use_edns=0)
    equal((r.rcode(), ede(r)), (dns.rcode.REFUSED, [20]), "without RD")


def clients_are_limited():
    with Resolver(f"--hints={ROOT_NS}", "--clients=10.99.0.0/16"):
        r = ask("www.nsd.lab", use_edns=0)
        equal((r.rcode(), ede(r)), (dns.rcode.REFUSED, [18]))
        equal(asked(), [])


def old_answers_when_servers_are_silent(servers):
    with Resolver():
        equal(data(ask("brief.nsd.lab")), ["192.0.2.3"])
        servers.stop(NSD)
        time.sleep(3)
        r = ask("brief.nsd.lab", use_edns=0)
        equal((data(r), ede(r), r.answer[0].ttl), (["192.0.2.3"], [3], 30))
        r = ask("never.nsd.lab", use_edns=0)
        equal((r.rcode(), ede(r)), (dns.rcode.SERVFAIL, [22]))


def forwarding_and_zeros():
    played_zone = Played(NOWHERE)
    with Resolver(f"--forward={NOWHERE}", "--block-zero", "--empty-zones=false"):
        played_zone.answer = forwarder
        equal(data(ask("a.b.c.example.com")), ["192.0.2.77"])
        equal(asked(), [(NOWHERE, "a.b.c.example.com.", "A")], "nobody is asked for the root's servers")
        equal(data(ask("ads.nsd.lab")), ["0.0.0.0"])
        equal(data(ask("ads.nsd.lab", "AAAA")), ["::"])
        equal(asked(), [])
        equal(ask("1.0.0.10.in-addr.arpa", "A").rcode(), 0)
        equal(len(asked()), 1, "private names are forwarded, too, if that is wanted")


def servers_by_ipv6():
    six = Played("fd77::60")
    six.answer = lambda q, tcp, peer: forwarder(q, tcp, peer) if tcp or b"cut" not in q.to_wire().lower() else cut(q)
    with Resolver("--forward=fd77::60", six=True):
        equal(data(ask("a.example.com")), ["192.0.2.77"])
        equal(data(ask("cut.example.com")), ["192.0.2.77"], "by TCP")
    equal((six.n["a"] >= 1, six.n["tcp cut"] >= 1), (True, True))


def cut(q):
    r = dns.message.make_response(q)
    r.flags |= dns.flags.RA | dns.flags.TC
    return r.to_wire()


def forwarder(q, tcp, peer):
    r = dns.message.make_response(q)
    r.flags |= dns.flags.RA
    if q.flags & dns.flags.RD:
        add(r, r.answer, q.question[0].name.to_text(), 60, "IN", "A", "192.0.2.77")
    return r.to_wire()


class Servers:
    """nsd, one for each address, so that one can be ended."""

    def __init__(self):
        self.by_ip = {}

    def start(self, ip, zones):
        folder = os.path.join(FOLDER, ip)
        paths = {z: write(f"{folder}/{z.strip('.') or 'root'}.zone", text) for z, text in zones.items()}
        s = dns_servers.Server("nsd", ip, paths)
        s.__enter__()
        self.by_ip[ip] = s

    def stop(self, ip):
        self.by_ip.pop(ip).__exit__()

    def stop_all(self):
        for ip in list(self.by_ip):
            self.stop(ip)


def set_up(ns):
    ns.add_tap("tap1", "10.78.0.1/24")
    ns.run("sysctl -qw net.ipv4.ip_forward=1")
    ns.run("sysctl -qw net.ipv6.conf.tap0.disable_ipv6=0")
    for ip in ("fd77::1", "fd77::60"):
        ns.run(f"ip addr add {ip}/64 dev tap0 nodad")
    for ip in (ROOT_NS, TLD_NS, NSD, PLAYED, SILENT, LAME, NOWHERE, HINT):
        ns.run(f"ip addr add {ip}/24 dev tap0")


def cases(servers):
    global watch, played, silent
    watch = Watch()
    for ip in (HINT, ROOT_NS):
        servers.start(ip, {".": ROOT_ZONE})
    servers.start(TLD_NS, {"lab.": LAB, "else.": ELSE})
    servers.start(NSD, {"nsd.lab.": NSD_ZONE, "two.lab.": TWO_ZONE, "lame.lab.": LAME_ZONE, "glueless.lab.": GLUELESS_ZONE,
                        "far.else.": FAR_ZONE})
    servers.start(LAME, {"nothing.": f"$TTL 300\n{SOA}@ IN NS ns\nns IN A {LAME}\n"})
    played = Played(PLAYED)
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind((SILENT, 53))
    with Image(argv("dns", "tap1", "--ipv4=10.78.0.2/24", "--ipv4-gateway=10.78.0.1"), b"serving on port"):
        with Resolver():
            for case in (from_the_root_down, the_second_time_nobody_is_asked, one_label_at_a_time, our_own_name_server, aliases, what_is_not,
                         both_families_and_transports, late_answers_come_from_where_they_were_asked, long_answers, real_clients, servers_with_faults, lies_are_not_kept,
                         zones_that_make_work, guessing_is_hard, block_lists, local_zones, who_may_ask):
                suite.case(case.__name__.replace("_", " "), case)
    suite.case("clients are limited", clients_are_limited)
    suite.case("forwarding and zeros", forwarding_and_zeros)
    suite.case("servers by IPv6", servers_by_ipv6)
    suite.case("sockets towards servers are no services", sockets_towards_servers_are_no_services)
    suite.case("old answers when servers are silent", old_answers_when_servers_are_silent, servers)


# Their ports are drawn anew for each question, and told to nobody.
def sockets_towards_servers_are_no_services():
    keys = [f"--ipv4={US}/24", "--ipv4-gateway=10.77.0.1", f"--hints={HINT}", "--via-six=false", "--validate=false"]
    with Image([JINN, "run", "-t", TARGET, "--net", "service=tap0", f"{FOLDER}/resolver", "--"] + keys, b"serves tcp port 53") as image:
        for name in ("www", "txt", "alias", "a.b.c.d.e"):
            ask(name + ".nsd.lab")
        image.stop()
        equal(re.findall(rb"serves (\w+ port \d+)", image.drain()), [b"udp port 53", b"tcp port 53"])


def main():
    if os.geteuid() != 0:
        suite.skip("needs root for a namespace")
        suite.end()
    suite.needs(TARGET)
    servers = Servers()
    try:
        build()
        with Namespace(f"dnsr-{TARGET}") as ns:
            set_up(ns)
            ns.enter()
            try:
                cases(servers)
            finally:
                servers.stop_all()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    suite.end()


main()
