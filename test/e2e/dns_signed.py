#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Zones that the signer appliance signs, looked at by others: dns_signed.py TARGET, where TARGET is spt, hvt or linux. unbound and delv validate
answers with our keys as their trust anchors; dnssec-verify and ldns-verify-zone take transfers of the zones; with NSEC and with
NSEC3, after signatures were made anew and after UPDATEs, and after the image was killed. Root. Debian's own interpreter, for dnspython."""
import glob, os, re, shutil, signal, subprocess, sys, tempfile, time
import dns.flags, dns.message, dns.query, dns.rcode, dns.rdatatype
from harness import JINN, ROOT, TENDERS, Image, Namespace, Suite, equal, sh, until

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"dns-signed-{TARGET}")
US, THEM = "10.77.0.2", "10.77.0.1"
PATIENCE = 60  # until what must come has come
FOLDER = tempfile.mkdtemp(prefix="jinn-dns-signed-")
os.chmod(FOLDER, 0o755)
APEX = f"""$TTL 300
@ IN SOA ns1 hostmaster 7 3600 600 86400 60
@ IN NS ns1
ns1 IN A {US}
"""
ZONES = {
    "example.test": APEX + """
@ IN MX 10 mail
mail IN A 192.0.2.25
www IN A 192.0.2.80
www IN AAAA 2001:db8::80
alias IN CNAME www
far IN CNAME www.sub
old IN DNAME new
a.new IN A 192.0.2.90
*.wild IN A 192.0.2.81
deep.empty.between IN TXT "x"
UPPER.Case IN A 192.0.2.82
ins IN NS ns.ins
ns.ins IN A """ + US + """
sub IN NS ns.sub
ns.sub IN A """ + US + "\n",
    "sub.example.test": APEX + "www IN A 192.0.2.180\n",
    "ins.example.test": APEX + "www IN A 192.0.2.181\n",
    "many.test": APEX + "$GENERATE 1-1500 host$ A 10.0.0.1\n",
}
SIGNED = ("example.test", "sub.example.test", "many.test")


def path(name):
    return os.path.join(FOLDER, name)


def write(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "w") as f:
        f.write(text)


def read(name):
    with open(path(name), errors="replace") as f:
        return f.read()


# ---- Keys: example.test has two, the others one ----

def keygen(zone, *options):
    return sh(f"dnssec-keygen -q -K {FOLDER} -a ECDSAP256SHA256 {' '.join(options)} {zone}").strip()


def make_keys():
    names = [keygen("example.test", "-f", "KSK"), keygen("example.test"), keygen("sub.example.test", "-f", "KSK"),
             keygen("many.test", "-f", "KSK")]
    write("keys", "".join(read(n + ".private") + read(n + ".key") for n in names))
    anchor = next(line for line in read(names[0] + ".key").splitlines() if not line.startswith(";"))
    write("anchor.key", anchor + "\n")
    words = anchor.split()
    write("anchor.bind", f'trust-anchors {{ example.test. static-key {" ".join(words[3:6])} "{"".join(words[6:])}"; }};\n')
    return sh(f"dnssec-dsfromkey -2 {path(names[2])}.key")


# ---- The image: the appliance's own sources with zones of ours. Its keys come from a file, or they and its changes are on block devices ----

def build():
    for part in ("signer.c", "jinn.ini"):
        with open(os.path.join(ROOT, "appliances/signer", part)) as f:
            write(f"signer/{part}", f.read())
    for zone, text in ZONES.items():
        write(f"signer/zones/{zone}.zone", text)
    sh(f"{JINN} build -t {TARGET} {path('signer')}")


def argv(before, keys):
    image = path("signer/dist/signer")
    keys = [f"--ipv4={US}/24", "-l", "*:info", "--transfer=any", "--update=any"] + keys
    if TARGET == "linux":
        return [image, "--net:service=tap:tap0"] + before + keys
    return [TENDERS[TARGET], "--net:service=tap0"] + before + [f"{image}.{TARGET}"] + keys


def plain(ns, *keys, secret="keys"):
    return Image(argv(["--key-file", f"dnssec-keys={path(secret)}"], list(keys)), netns=ns.name)


def blocks(ns, *keys):
    return Image(argv([f"--block:keys={path('keys.img')}", f"--block:journal={path('journal')}"], list(keys)), netns=ns.name)


def make_blocks():
    with open(path("keys.img"), "wb") as f:
        f.write(read("keys").encode() + b"\0" + b"\xff" * 5000)
        f.truncate(1 << 16)
    with open(path("journal"), "wb") as f:
        f.truncate(1 << 20)


# ---- Asking ----

def ask(name, rdtype, server=US, timeout=10, rd=False):
    q = dns.message.make_query(name, rdtype, want_dnssec=True, payload=1232)
    if not rd:
        q.flags &= ~dns.flags.RD
    for _ in range(3):
        try:
            r = dns.query.udp(q, server, timeout=timeout)
            return dns.query.tcp(q, server, timeout=timeout) if r.flags & dns.flags.TC else r
        except (dns.exception.Timeout, OSError):
            timeout, last = 10, sys.exc_info()[1]
    raise last


def serial(zone="example.test"):
    return ask(zone, "SOA").answer[0][0].serial


def signature(name, rdtype):
    """The times of the first signature of a set; None: it has none."""
    for s in ask(name, rdtype).answer:
        if s.rdtype == dns.rdatatype.RRSIG:
            return s[0].signature, s[0].expiration
    return None


def signed(image, zones=SIGNED):
    image.wait_for(b"serving on port 53", 30)
    for zone in zones:
        image.wait_for(rf"signed {re.escape(zone)}\.".encode(), PATIENCE)


# ---- unbound ----

class Unbound:
    def __init__(self, ns):
        write("unbound.conf", f"""server:
  interface: {THEM}
  port: 53
  access-control: 10.77.0.0/24 allow
  directory: "{FOLDER}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  module-config: "validator iterator"
  trust-anchor-file: "{path('anchor.key')}"
  do-not-query-localhost: no
  val-log-level: 2
  aggressive-nsec: no
  local-zone: "test." nodefault
  qname-minimisation: no
remote-control:
  control-enable: no
stub-zone:
  name: "example.test"
  stub-addr: {US}
""")
        self.log = open(path("unbound.log"), "ab")
        self.process = subprocess.Popen(["ip", "netns", "exec", ns.name, "unbound", "-d", "-c", path("unbound.conf")], stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL)

    def __enter__(self):
        until("unbound", self.answers, PATIENCE)
        return self

    def answers(self):
        assert self.process.poll() is None, read("unbound.log")
        try:
            return ask("example.test", "SOA", THEM, 1, True)
        except (dns.exception.Timeout, OSError):
            return None

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


# Name, type, code, whether it is secure, a record of the answer (of the end of a chain).
QUESTIONS = [
    ("www.example.test", "A", 0, True, "192.0.2.80"),
    ("www.example.test", "AAAA", 0, True, "2001:db8::80"),
    ("example.test", "MX", 0, True, "10 mail.example.test."),
    ("example.test", "DNSKEY", 0, True, None),
    ("example.test", "CDS", 0, True, None),
    ("example.test", "CDNSKEY", 0, True, None),
    ("upper.case.example.test", "A", 0, True, "192.0.2.82"),
    ("nothing.example.test", "A", 3, True, None),
    ("www.nothing.at.all.example.test", "A", 3, True, None),
    ("zzz.example.test", "TXT", 3, True, None),
    ("www.example.test", "TXT", 0, True, None),
    ("between.example.test", "A", 0, True, None),
    ("empty.between.example.test", "TXT", 0, True, None),
    ("some.wild.example.test", "A", 0, True, "192.0.2.81"),
    ("some.more.wild.example.test", "A", 0, True, "192.0.2.81"),
    ("some.wild.example.test", "TXT", 0, True, None),
    ("*.wild.example.test", "A", 0, True, "192.0.2.81"),
    ("alias.example.test", "A", 0, True, "192.0.2.80"),
    ("alias.example.test", "TXT", 0, True, None),
    ("far.example.test", "A", 0, True, "192.0.2.180"),
    ("a.old.example.test", "A", 0, True, "192.0.2.90"),
    ("b.old.example.test", "A", 3, True, None),
    ("old.example.test", "DNAME", 0, True, "new.example.test."),
    ("sub.example.test", "DS", 0, True, None),
    ("www.sub.example.test", "A", 0, True, "192.0.2.180"),
    ("nothing.sub.example.test", "A", 3, True, None),
    ("ins.example.test", "DS", 0, True, None),
    ("www.ins.example.test", "A", 0, False, "192.0.2.181"),
    ("nothing.ins.example.test", "A", 3, False, None),
]


def by_unbound(ns, questions=QUESTIONS):
    with Unbound(ns):
        for name, rdtype, rcode, secure, data in questions:
            r = ask(name, rdtype, THEM, rd=True)
            what = f"{name} {rdtype}: {r}\n{read('unbound.log')[-2000:]}"
            equal((r.rcode(), bool(r.flags & dns.flags.AD)), (rcode, secure), what)
            if data:
                assert data in [str(rr) for s in r.answer for rr in s], what


def by_delv(ns, names):
    """What it says of an answer: "fully validated", and of a denial "negative response, fully validated"."""
    for name, rdtype, want in names:
        text = ns.run(f"delv @{US} -4 -a {path('anchor.bind')} +root=example.test {name} {rdtype} 2>&1", check=False)
        assert want in text, f"{name} {rdtype}: {text}"


DELV = [("www.example.test", "A", "; fully validated"), ("a.wild.example.test", "A", "; fully validated"),
        ("alias.example.test", "A", "; fully validated"), ("nothing.example.test", "A", "; negative response, fully validated"),
        ("www.example.test", "TXT", "; negative response, fully validated"),
        ("between.example.test", "A", "; negative response, fully validated")]


def by_transfer(ns, zone="example.test", verify=""):
    text = ns.run(f"dig @{US} +tcp +noidnout +onesoa +nocookie {zone} AXFR")
    write("transferred", text)
    assert "Transfer failed" not in text and "\tSOA\t" in text, text[-500:]
    out = sh(f"dnssec-verify {verify} -o {zone} {path('transferred')} 2>&1")
    assert "Zone fully signed" in out, out
    sh(f"ldns-verify-zone -V 1 {path('transferred')}")
    return text


def all_of_it(ns):
    by_unbound(ns)
    by_delv(ns, DELV)
    text = by_transfer(ns)
    by_transfer(ns, "sub.example.test", "-z")
    return text


# ---- Cases ----

def ends(image, says):
    with image:
        status = image.wait(20)
        said = image.drain(0.5).decode()
        equal(status != 0, True, said)
        errors = [line for line in said.splitlines() if says in line]
        equal(len(errors), 1, f"'{says}' in {said}")


def refused(ns, secret, text, says, *keys):
    write(secret, text)
    ends(plain(ns, *keys, secret=secret), says)


def wrong_keys(ns):
    name = keygen("other.test")
    refused(ns, "k1", read("keys") + read(name + ".private") + read(name + ".key"), "there is a key for this zone, but no such zone")
    rsa = sh(f"dnssec-keygen -q -K {FOLDER} -a RSASHA256 -b 1024 example.test").strip()
    refused(ns, "k2", read(rsa + ".key") + read(rsa + ".private"), "its algorithm is none that signs here")
    refused(ns, "k3", read("keys").split("example.test. IN", 1)[0], "a private key without the line of its K*.key")
    refused(ns, "k4", read("keys"), "signatures must be valid for longer", "--validity=60s", "--refresh=60s")
    make_blocks()
    twice = ["--key-file", f"dnssec-keys={path('keys')}", f"--block:keys={path('keys.img')}"]
    ends(Image(argv([], []), netns=ns.name), "give one of both")
    ends(Image(argv(twice, []), netns=ns.name), "give one of both")


def served_meanwhile(ns):
    """A zone that takes a while is answered for all the time: unsigned first, then signed, each answer whole."""
    with plain(ns) as image:
        image.wait_for(b"serving on port 53", 30)
        n = {False: 0, True: 0}
        end = time.monotonic() + PATIENCE
        while not n[True] and time.monotonic() < end:
            r = ask(f"host{n[False] % 1500 + 1}.many.test", "A")
            equal((r.rcode(), str(r.answer[0][0])), (0, "10.0.0.1"))
            n[len(r.answer) == 2] += 1
        assert n[True] == 1 and n[False] > 0, n
        before = serial("many.test")
        by_transfer(ns, "many.test", "-z")
        equal(serial("many.test"), before)
        equal(image.stop(), 0)


def with_nsec(ns):
    with plain(ns) as image:
        signed(image)
        image.wait_for(b"changes by UPDATE are in memory only", 5)
        assert "NSEC3" not in all_of_it(ns)
        assert serial() > 1700000000, "the time"
        equal(image.stop(), 0)


def with_nsec3(ns):
    with plain(ns, "--nsec3", "--increment") as image:
        signed(image)
        assert re.search(r"NSEC3PARAM\s+1 0 0 -", all_of_it(ns))
        equal(serial(), 8)
        equal(image.stop(), 0)


def made_anew(ns):
    """Signatures live shortly: a later one of each takes its place, in versions that follow one another."""
    with plain(ns, "--nsec3", "--validity=40s", "--refresh=36s", "--jitter=2s", "--increment") as image:
        signed(image, ("example.test", "sub.example.test"))
        before, first = serial(), signature("www.example.test", "A")
        later = until("a new signature", lambda: (s := signature("www.example.test", "A")) != first and s, PATIENCE)
        assert later[1] > first[1]
        until("a new version", lambda: serial() > before, PATIENCE)
        by_unbound(ns)
        by_transfer(ns)
        text = ns.run(f"dig @{US} +tcp +nocookie example.test IXFR={before}")
        assert "RRSIG" in text and text.count("SOA") >= 4, text
        equal(image.stop(), 0)


def update(ns, *lines):
    text = f"server {US} 53\nzone example.test\n" + "".join(line + "\n" for line in lines) + "send\n"
    r = subprocess.run(["ip", "netns", "exec", ns.name, "nsupdate", "-v"], input=text, capture_output=True, text=True, timeout=60)
    equal(r.stderr.strip(), "")


CHANGED = [
    ("new.example.test", "A", 0, True, "192.0.2.1"),
    ("b.c.new.example.test", "TXT", 0, True, '"x"'),
    ("c.new.example.test", "TXT", 0, True, None),
    ("mail.example.test", "A", 3, True, None),
    ("deep.empty.between.example.test", "TXT", 3, True, None),
    ("between.example.test", "A", 3, True, None),
    ("www.example.test", "AAAA", 0, True, None),
    ("www.cut.example.test", "DS", 0, False, None),
    ("cut.example.test", "DS", 0, True, None),
    ("www.sub.example.test", "A", 0, False, "192.0.2.180"),
    ("x.example.test", "A", 0, True, "192.0.2.66"),
]


def updated(ns, *keys):
    make_blocks()
    with blocks(ns, *keys) as image:
        signed(image)
        before = serial()
        update(ns, "add new.example.test 300 A 192.0.2.1", "add b.c.new.example.test 300 TXT x")
        update(ns, "delete mail.example.test", "delete deep.empty.between.example.test", "delete www.example.test AAAA")
        update(ns, "add cut.example.test 300 NS ns.sub.example.test.", "delete sub.example.test DS", "add *.example.test 300 A 192.0.2.66")
        after = serial()
        assert after >= before + 3
        asked = [q for q in CHANGED if q[0] not in ("www.cut.example.test", "between.example.test", "mail.example.test",
                                                    "deep.empty.between.example.test")]
        by_unbound(ns, asked)
        by_delv(ns, [("new.example.test", "A", "; fully validated"), ("q.example.test", "A", "; fully validated"),
                     ("www.example.test", "AAAA", "; negative response, fully validated")])
        first = by_transfer(ns)
        image.asked = True
        image.process.send_signal(signal.SIGKILL)
        image.process.wait(10)
    with blocks(ns, *keys) as image:
        signed(image)
        assert serial() > after, "versions go up over a power cut"
        by_unbound(ns, asked)
        mine = lambda text: sorted(" ".join(line.split()) for line in text.splitlines()
                                   if line and not line.startswith(";") and not re.search(r"\s(RRSIG|SOA)\s", line))
        equal(mine(by_transfer(ns)), mine(first))
        equal(image.stop(), 0)


def main():
    suite.needs(TARGET)
    ZONES["example.test"] += make_keys()
    build()
    with Namespace("dns-signed") as ns:
        ns.enter()
        suite.case("keys that can't sign are told in one line", wrong_keys, ns)
        suite.case("a zone is served while it is signed", served_meanwhile, ns)
        suite.case("NSEC: unbound, delv, dnssec-verify and ldns-verify-zone agree", with_nsec, ns)
        suite.case("NSEC3, likewise", with_nsec3, ns)
        suite.case("signatures are made anew before they expire", made_anew, ns)
        suite.case("UPDATEs are signed, and survive a kill (NSEC, keys on a block device)", updated, ns)
        suite.case("likewise with NSEC3", updated, ns, "--nsec3")
    suite.end()


try:
    main()
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
