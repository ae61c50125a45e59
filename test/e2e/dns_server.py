#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The dns appliance with real clients (dig, kdig) and plain sockets: dns_server.py TARGET, where TARGET is spt, hvt or linux, on a tap in a
namespace, or host: linux on the host's sockets there. Root. Debian's own interpreter, for dnspython."""
import os, re, shutil, socket, struct, subprocess, sys, tempfile, time
import dns.edns, dns.flags, dns.message, dns.opcode, dns.query, dns.rcode
from harness import JINN, ROOT, TENDERS, Image, Namespace, Suite, equal, sh

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"dns-{TARGET}")
FOUR, SIX = "10.77.0.2", "fd77::2"
FOLDER = os.path.join(ROOT, f"build/test/dns-{TARGET}-{os.getpid()}")
BIG = "\n".join(f"big IN TXT \"{i:04} {'x' * 240}\"" for i in range(20))
ZONE = f"""$TTL 300
@ IN SOA ns1 hostmaster 7 3600 600 86400 60
@ IN NS ns1
@ IN NS ns2.example.net.
ns1 IN A 192.0.2.53
ns1 IN AAAA 2001:db8::53
www IN CNAME @
@ IN A 192.0.2.80
@ IN MX 10 mail
mail IN A 192.0.2.25
*.wild IN A 192.0.2.81
lab IN NS ns1.lab
ns1.lab IN A 203.0.113.53
old IN DNAME example.org.
{BIG}
"""


def build():
    """The appliance's own sources with a zone of ours."""
    os.makedirs(os.path.join(FOLDER, "zones"))
    for part in ("dns.c", "jinn.ini"):
        shutil.copy(os.path.join(ROOT, "appliances/dns", part), FOLDER)
    with open(os.path.join(FOLDER, "zones/example.test.zone"), "w") as f:
        f.write(ZONE)
    target = "linux" if TARGET == "host" else TARGET
    sh(f"{JINN} build -t {target} {FOLDER}")


def argv(*keys):
    image = os.path.join(FOLDER, "dist/dns")
    keys = ["--id=ns-test", *keys]
    if TARGET == "host":
        return [image, "--net:service=host", f"--ipv4={FOUR}/24", f"--ipv6={SIX}/64", *keys]
    keys += [f"--ipv4={FOUR}/24", f"--ipv6={SIX}/64"]
    if TARGET == "linux":
        return [image, "--net:service=tap:tap0", *keys]
    return [TENDERS[TARGET], "--net:service=tap0", f"{image}.{TARGET}", *keys]


class Server(Image):
    """In this namespace; asked until it answers."""

    def __init__(self, *keys):
        super().__init__(argv(*keys))
        for _ in range(100):
            try:
                ask("example.test", "SOA", timeout=0.3)
                return
            except (dns.exception.Timeout, OSError):
                time.sleep(0.05)
        raise AssertionError(f"no answer; output:\n{self.drain(0.1).decode()}")


# ---- Asking ----

def ask(name, rdtype, address=FOUR, tcp=False, timeout=5, **edns):
    q = dns.message.make_query(name, rdtype, **edns)
    q.flags &= ~dns.flags.RD
    return (dns.query.tcp if tcp else dns.query.udp)(q, address, timeout=timeout)


def raw(message, address=FOUR, timeout=1.0):
    """None: no answer."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect((address, 53))
        s.send(message)
        try:
            return s.recv(65535)
        except socket.timeout:
            return None


def header(message):
    return struct.unpack(">HHHHHH", message[:12])


def sections(r):
    return [sorted(str(s) for s in part) for part in (r.answer, r.authority, r.additional)]


def option(r, code):
    return next((o for o in r.options if o.otype == code), None)


# ---- Cases ----

def families():
    for address in (FOUR, SIX):
        for tcp in (False, True):
            r = ask("example.test", "A", address, tcp)
            equal((r.rcode(), r.flags & dns.flags.AA), (0, dns.flags.AA))
            equal(str(r.answer[0]), "example.test. 300 IN A 192.0.2.80")


def kinds():
    r = ask("WwW.eXample.Test", "A")
    equal(str(r.question[0].name), "WwW.eXample.Test.", "case")
    equal(len(r.answer), 2, "a chain")
    r = ask("nothing.example.test", "A")
    equal((r.rcode(), len(r.authority)), (dns.rcode.NXDOMAIN, 1))
    r = ask("mail.example.test", "AAAA")
    equal((r.rcode(), len(r.answer), len(r.authority)), (0, 0, 1), "no data")
    r = ask("host.lab.example.test", "A")
    equal((r.rcode(), r.flags & dns.flags.AA, len(r.answer), len(r.authority), len(r.additional)), (0, 0, 0, 1, 1), "a referral")
    equal(str(ask("any.thing.wild.example.test", "A").answer[0]), "any.thing.wild.example.test. 300 IN A 192.0.2.81")
    r = ask("a.old.example.test", "A")
    equal([s.rdtype for s in r.answer], [39, 5], "DNAME and its CNAME")
    equal(ask("example.org", "A").rcode(), dns.rcode.REFUSED)
    equal(len(ask("example.test", "ANY").answer), 1, "ANY by UDP (RFC 8482)")


def clients():
    out = sh(f"dig @{FOUR} +norecurse example.test MX +nsid")
    assert "status: NOERROR" in out and "10 mail.example.test." in out and '"ns-test"' in out, out
    equal(sh(f"dig @{FOUR} id.server CH TXT +short").strip(), '"ns-test"')
    assert "REFUSED" in sh(f"dig @{FOUR} version.bind CH TXT"), "not told unless asked for"
    assert "192.0.2.80" in sh(f"kdig @{SIX} example.test A +norec")
    assert "192.0.2.80" in sh(f"kdig @{FOUR} example.test A +tcp +norec")
    assert "(good)" in sh(f"dig @{FOUR} example.test A +cookie"), "a cookie of ours"


def malformed():
    good = dns.message.make_query("example.test", "A").to_wire()
    equal(raw(good[:11], timeout=0.3), None, "no header")
    equal(raw(good[:2] + b"\x80" + good[3:], timeout=0.3), None, "a response")
    for what, message, rcode in (
            ("the question is cut", good[:-1], 1),
            ("bytes behind the message", good + b"x", 1),
            ("two questions", good[:4] + b"\0\2" + good[6:] + good[12:], 1),
            ("a record that is not there", good[:6] + b"\0\1" + good[8:], 1),
            ("STATUS", good[:2] + b"\x10\0" + good[4:], 4),
            ("an unknown opcode", good[:2] + b"\x70\0" + good[4:], 4)):
        r = raw(message)
        assert r, what
        id_, flags, *_ = header(r)
        equal((id_, flags & 15, flags >> 15), (header(good)[0], rcode, 1), what)


def edns():
    r = ask("example.test", "A", use_edns=0, payload=1232, want_dnssec=True)
    equal((r.edns, r.payload, r.ednsflags), (0, 1232, dns.flags.DO))
    q = dns.message.make_query("example.test", "A", use_edns=0).to_wire()
    r = dns.message.from_wire(raw(q[:-5] + b"\1" + q[-4:]))
    equal((r.rcode(), len(r.answer)), (dns.rcode.BADVERS, 0))
    two = dns.message.make_query("example.test", "A", use_edns=0).to_wire()
    opt = two[-11:]
    r = raw(two[:10] + b"\0\2" + two[12:] + opt)
    equal(header(r)[1] & 15, 1, "two OPT records")
    r = ask("example.test", "A")
    equal(r.edns, -1, "none to who sent none")


def truncation():
    r = ask("big.example.test", "TXT")
    equal(r.flags & dns.flags.TC, dns.flags.TC)
    assert len(r.to_wire()) <= 512
    r = ask("big.example.test", "TXT", use_edns=0, payload=4096)
    assert r.flags & dns.flags.TC and len(r.to_wire()) <= 1232, "our own limit"
    r = ask("big.example.test", "TXT", tcp=True)
    equal((r.flags & dns.flags.TC, len(r.answer[0])), (0, 20))
    equal(len(re.findall(r"xxx", sh(f"dig @{FOUR} big.example.test TXT +norecurse +nocookie")) ) > 20, True, "dig goes on by TCP")


def cookies():
    client = b"abcdefgh"
    q = lambda c: ask("example.test", "A", use_edns=0, options=[dns.edns.GenericOption(10, c)])
    first = option(q(client), 10).data
    equal((first[:8], len(first), first[8]), (client, 24, 1))
    equal(option(q(first), 10).data, first, "a fresh one comes back as it is")
    other = option(q(client + b"\1\0\0\0" + first[12:16] + b"\0" * 8), 10).data
    equal(len(other), 24, "a wrong one gets a right one")
    assert other[16:] != b"\0" * 8
    equal(q(b"short").rcode(), dns.rcode.FORMERR)
    # A query without a question asks for a cookie alone (RFC 7873 5.4).
    r = raw(struct.pack(">HHHHHH", 7, 0, 0, 0, 0, 1) + b"\0" + struct.pack(">HHIH", 41, 1232, 0, 12) + struct.pack(">HH", 10, 8) + client)
    equal((header(r)[1] & 15, header(r)[2]), (0, 0))


# ---- TCP ----

def connect(address=FOUR, timeout=10):
    s = socket.create_connection((address, 53), timeout=timeout)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def exactly(s, n):
    data = b""
    while len(data) < n:
        part = s.recv(n - len(data))
        assert part, f"the end after {len(data)} of {n} bytes"
        data += part
    return data


def receive(s):
    return exactly(s, struct.unpack(">H", exactly(s, 2))[0])


def framed(message):
    return struct.pack(">H", len(message)) + message


def query(number, name="example.test", rdtype="A"):
    q = dns.message.make_query(name, rdtype)
    q.id = number
    return framed(q.to_wire())


def pipelining():
    with connect() as s:
        s.sendall(b"".join(query(i) for i in range(200)))
        equal(sorted(header(receive(s))[0] for _ in range(200)), list(range(200)))
    with connect(SIX) as s:  # byte by byte
        for b in query(9):
            s.sendall(bytes([b]))
            time.sleep(0.001)
        equal(header(receive(s))[0], 9)
        whole = query(10) + query(11)
        s.sendall(whole[:40])
        time.sleep(0.05)
        s.sendall(whole[40:])
        equal([header(receive(s))[0] for _ in range(2)], [10, 11])
        s.shutdown(socket.SHUT_WR)
        equal(s.recv(1), b"")
    out = sh(f"kdig @{FOUR} +tcp +keepopen example.test A example.test MX +norec")
    equal(out.count("NOERROR"), 2)


def half_closed():
    """Who sends all and closes its side still gets every answer."""
    with connect() as s:
        s.sendall(b"".join(query(i, "big.example.test", "TXT") for i in range(20)))
        s.shutdown(socket.SHUT_WR)
        equal([header(receive(s))[0] for _ in range(20)], list(range(20)))
        equal(s.recv(1), b"")


def bad_streams():
    for what, data in (("too long a request", struct.pack(">H", 5000) + b"x"), ("no header", framed(b"abc"))):
        with connect() as s:
            s.sendall(data)
            try:
                equal(s.recv(1), b"", what)
            except ConnectionResetError:
                pass
    families()


def slow_reader():
    """A peer that asks and doesn't read is waited for, then given up; others are served meanwhile."""
    lazy = [connect() for _ in range(8)]
    for s in lazy:
        s.setblocking(False)
        try:
            for i in range(400):
                s.send(query(i, "big.example.test", "TXT"))
        except (BlockingIOError, ConnectionResetError):
            pass
    for _ in range(20):
        equal(ask("example.test", "A", tcp=True).rcode(), 0)
    for s in lazy:
        s.close()


def many_idle():
    idle = [connect() for _ in range(200)]
    equal(ask("example.test", "A", SIX, tcp=True).rcode(), 0)
    for i, s in enumerate(idle):
        s.sendall(query(i))
    for i, s in enumerate(idle):
        equal(header(receive(s))[0], i)
        s.close()


def idle_timeout():
    with Server("--idle=1s"):
        r = ask("example.test", "A", tcp=True, use_edns=0, options=[dns.edns.GenericOption(11, b"")])
        equal(option(r, 11).data, struct.pack(">H", 10), "keepalive in 100 ms (RFC 7828)")
        equal(option(ask("example.test", "A", use_edns=0, options=[dns.edns.GenericOption(11, b"")]), 11), None, "not by UDP")
        with connect() as quiet, connect() as half:
            half.sendall(query(1)[:5])
            equal(quiet.recv(1), b"")
            try:
                equal(half.recv(1), b"")
            except ConnectionResetError:
                pass


def closed(s):
    try:
        return s.recv(1) == b""
    except ConnectionResetError:
        return True


def of_address(i):
    s = socket.socket()
    s.settimeout(10)
    s.bind((f"10.77.0.{100 + i}", 0))
    s.connect((FOUR, 53))
    return s


def full():
    """16 connections, 4 of an address, 6 requests of which a part has come."""
    for i in range(10):
        sh(f"ip addr add 10.77.0.{100 + i}/24 dev {'lo' if TARGET == 'host' else 'tap0'}")
    with Server("--connections=16"):
        def served(s, number):
            s.sendall(query(number))
            equal(header(receive(s))[0], number)
        of_one = [of_address(0) for _ in range(4)]
        for i, s in enumerate(of_one):
            served(s, i)
        try:
            with of_address(0) as s:
                assert closed(s), "a fifth of one address"
        except ConnectionResetError:
            pass
        for s in of_one:
            s.close()
        all_of_them = [of_address(1 + i // 2) for i in range(16)]
        for i, s in enumerate(all_of_them):
            served(s, i)
        all_of_them.append(of_address(9))
        served(all_of_them[-1], 16)
        assert closed(all_of_them[0]), "the one that was idle longest goes"
        for i, s in enumerate(all_of_them[1:8]):
            s.sendall(query(i)[:9])
            time.sleep(0.05)
        assert closed(all_of_them[1]), "a seventh part of a request"
        for s in all_of_them[2:]:
            s.settimeout(0)
        for s in all_of_them[2:8]:
            try:
                assert s.recv(1) != b"", "the others stay"
            except BlockingIOError:
                pass
        for s in all_of_them:
            s.close()


def limits():
    with Server("--rate-limit=20", "--rate-slip=2"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect((FOUR, 53))
            s.settimeout(0.5)
            for i in range(200):
                s.send(query(i)[2:])
            got = []
            try:
                while True:
                    got.append(header(s.recv(4096))[1])
            except socket.timeout:
                pass
        whole, empty = [sum(bool(f & dns.flags.TC) == t for f in got) for t in (False, True)]
        assert 10 <= whole <= 120 and 30 <= empty <= 95, (whole, empty)
        equal(ask("example.test", "A", tcp=True).rcode(), 0, "TCP is not limited")
        equal(ask("example.test", "A", SIX).rcode(), 0, "another network is not")


def small_answers():
    with Server("--udp-bytes=512"):
        r = ask("big.example.test", "TXT", use_edns=0, payload=4096)
        assert r.flags & dns.flags.TC and len(r.to_wire()) <= 512 and r.payload == 512


def bad_zone():
    """A zone that can't be served ends the build, which says why; what is no packed zone ends the start."""
    target = "linux" if TARGET == "host" else TARGET
    with open(os.path.join(FOLDER, "zones/broken.test.zone"), "w") as f:
        f.write("@ IN SOA a b 1 2 3 4 5\n@ IN NS a\na IN A 192.0.2\n")
    built = subprocess.run([JINN, "build", "-t", target, FOLDER], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert built.returncode != 0 and b"broken.test.zone:3: not an IPv4 address" in built.stdout, built.stdout
    os.remove(os.path.join(FOLDER, "zones/broken.test.zone"))
    with open(os.path.join(FOLDER, "jinn.ini")) as f:
        text = f.read()
    with open(os.path.join(FOLDER, "jinn.ini"), "w") as f:
        f.write(text.replace("pack dist/zones zones", "pack dist/zones zones && echo >dist/zones/bad.packed"))
    sh(f"{JINN} build -t {target} {FOLDER}")
    with Image(argv()) as image:
        assert image.wait(20) != 0
        assert b"bad.packed is not served: " in image.drain(0.1), image.output


def main():
    suite.needs(TARGET)
    try:
        build()
        with Namespace(f"dns-{TARGET}") as ns:
            if TARGET == "host":
                for address in (f"{FOUR}/24", f"{SIX}/64"):
                    ns.run(f"ip addr add {address} dev lo nodad" if ":" in address else f"ip addr add {address} dev lo")
            else:
                ns.run("sysctl -qw net.ipv6.conf.tap0.disable_ipv6=0")
                ns.run("ip addr add fd77::1/64 dev tap0 nodad")
            ns.enter()
            with Server():
                for case in (families, kinds, clients, malformed, edns, truncation, cookies, pipelining, half_closed, bad_streams,
                             slow_reader, many_idle):
                    suite.case(case.__name__.replace("_", " "), case)
            for case in (idle_timeout, full, limits, small_answers, bad_zone):
                suite.case(case.__name__.replace("_", " "), case)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    suite.end()


main()
