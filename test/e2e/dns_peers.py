#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The name server with other name servers: dns_peers.py TARGET, where TARGET is spt, hvt or linux. BIND, NSD and Knot are our
secondaries and then our primaries (AXFR, IXFR, NOTIFY, all signed by TSIG); dig and nsupdate ask and change; power is cut. Root."""
import base64, os, re, signal, subprocess, sys, tempfile, time
from harness import ROOT, TENDERS, Image, Namespace, Suite, equal, sh, until

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"dns-peers-{TARGET}")
FOLDER = os.path.join(ROOT, "appliances/nameserver/dist/nameserver")
US, THEM = "10.77.0.2", "10.77.0.1"
SECRET = base64.b64encode(bytes(range(32))).decode()
SECRET1 = base64.b64encode(bytes(range(20))).decode()
SECRET512 = base64.b64encode(bytes(range(64))).decode()
KEY, KEY512, KEY1 = f"hmac-sha256:k256:{SECRET}", f"hmac-sha512:k512:{SECRET512}", f"hmac-sha1:k1:{SECRET1}"
PORTS = {"bind": 5301, "nsd": 5302, "knot": 5303}


def argv(secret, journal, keys):
    keys = [f"--ipv4={US}/24", "-l", "*:info"] + keys
    devices = ["--net:service=tap:tap0" if TARGET == "linux" else "--net:service=tap0"]
    devices += [f"--block:journal={journal}"] if journal else []
    if TARGET == "linux":
        return [FOLDER] + devices + ["--key-file", secret] + keys
    return [TENDERS[TARGET]] + devices + ["--key-file", secret, f"{FOLDER}.{TARGET}"] + keys


class World:
    """A namespace, a folder for files, and what runs in them."""

    def __init__(self):
        self.ns = Namespace("dns-peers")
        self.folder = tempfile.mkdtemp(prefix="jinn-dns-peers-")
        os.chmod(self.folder, 0o777)
        self.daemons = []

    def __enter__(self):
        self.ns.__enter__()
        with open(self.path("journal"), "wb") as f:
            f.truncate(1 << 20)
        self.write("keys", f'key "k256" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\nk512 hmac-sha512 {SECRET512}\n'
                   f"key:\n  - id: k1\n    algorithm: hmac-sha1\n    secret: {SECRET1}\n")
        return self

    def __exit__(self, *_):
        self.stop_daemons()
        self.ns.__exit__()
        sh(f"rm -rf {self.folder}")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name), errors="replace") as f:
            return f.read()

    def image(self, journal="journal", **keys):
        words = [f"--{k.replace('_', '-')}={v}" for k, v in keys.items()]
        return Image(argv("tsig=" + self.path("keys"), journal and self.path(journal), words), b"serving on port 53", self.ns.name)

    def start(self, name, command):
        """A server; what it says goes to NAME.log."""
        log = open(self.path(name + ".log"), "ab")
        process = subprocess.Popen(["ip", "netns", "exec", self.ns.name] + command, stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, cwd=self.folder)
        self.daemons.append(process)
        return process

    def stop_daemons(self):
        for process in self.daemons:
            process.terminate()
        for process in self.daemons:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        self.daemons = []

    def dig(self, words):
        return self.ns.run("dig +time=3 +tries=2 " + words, check=False)

    def soa(self, server, zone):
        found = re.search(r"^\S+ \S+ (\d+) ", self.dig(f"@{server} +short +norec {zone} SOA"), re.M)
        return int(found[1]) if found else None

    def records(self, server, zone, key=KEY):
        """All of a zone, by AXFR: sorted lines with single blanks."""
        text = self.dig(f"@{server} -y {key} +nocookie +noidnout +onesoa {zone} AXFR")
        assert "Transfer failed" not in text and "could not be validated" not in text, text[-500:]
        lines = [line for line in text.splitlines() if line and not line.startswith(";")]
        return sorted(" ".join(line.split()).lower() for line in lines if "TSIG" not in line)

    def update(self, lines, key=KEY, server=US, port=53, tcp=False):
        """nsupdate's last words: empty when all was well."""
        text = f"server {server} {port}\n" + "".join(line + "\n" for line in lines) + "send\n"
        command = ["ip", "netns", "exec", self.ns.name, "nsupdate"] + (["-v"] if tcp else []) + (["-y", key] if key else [])
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60).stderr.strip()


# ---- Their settings ----


def bind(w, zones, extra=""):
    w.write("bind/named.conf", f"""
options {{ directory "{w.path('bind')}"; listen-on port {PORTS['bind']} {{ {THEM}; }}; listen-on-v6 {{ none; }}; pid-file none;
  recursion no; session-keyfile none; allow-transfer {{ key k256; }}; notify explicit; max-journal-size 1M; minimal-responses yes;
  min-refresh-time 1; min-retry-time 1; ixfr-from-differences yes; {extra} }};
controls {{ }};
key k256 {{ algorithm hmac-sha256; secret "{SECRET}"; }};
{zones}""")
    sh(f"chmod -R a+rwX {w.path('bind')}")
    return w.start("bind", ["named", "-g", "-c", w.path("bind/named.conf")])


def nsd(w, zones):
    folder = w.path("nsd")
    w.write("nsd/nsd.conf", f"""
server:
  ip-address: {THEM}@{PORTS['nsd']}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  verbosity: 2
  xfrd-reload-timeout: 0
remote-control:
  control-enable: no
key:
  name: k256
  algorithm: hmac-sha256
  secret: "{SECRET}"
{zones}""")
    return w.start("nsd", ["nsd", "-d", "-c", folder + "/nsd.conf"])


def knot(w, rest):
    folder = w.path("knot")
    w.write("knot/knot.conf", f"""
server:
    listen: {THEM}@{PORTS['knot']}
    rundir: "{folder}"
log:
  - target: stderr
    any: info
database:
    storage: "{folder}"
key:
  - id: k256
    algorithm: hmac-sha256
    secret: {SECRET}
remote:
  - id: us
    address: {US}
    key: k256
acl:
  - id: transfer
    key: k256
    action: [transfer, notify, update]
template:
  - id: default
    storage: "{folder}"
    acl: transfer
{rest}""")
    return w.start("knot", ["knotd", "-c", folder + "/knot.conf"])


# ---- We are the primary ----


def transfers_and_who_may(w):
    records = w.records(US, "example.test")
    equal(len(records), 3005)
    equal(w.records(US, "example.test", KEY512), records)
    equal(w.records(US, "example.test", KEY1), records)
    assert "Transfer failed" in w.dig(f"@{US} example.test AXFR"), "without a key"
    wrong = KEY[:-4] + "AAA="
    assert "BADSIG" in w.dig(f"@{US} -y {wrong} example.test SOA"), "with a wrong secret"
    assert "BADKEY" in w.dig(f"@{US} -y hmac-sha256:other:{SECRET} example.test SOA"), "with a key that isn't there"
    signed = w.dig(f"@{US} +norec -y {KEY} www.example.test A")
    assert "192.0.2.2" in signed and "WARNING" not in signed, signed
    assert "k256" in signed and "NOERROR 0" in signed, signed


def updates_and_who_may(w):
    before = w.soa(US, "example.test")
    equal(w.update(["zone example.test", "update add new.example.test 60 TXT hello"]), "")
    equal(w.dig(f"@{US} +short new.example.test TXT").strip(), '"hello"')
    equal(w.soa(US, "example.test"), before + 1)
    equal(w.update(["zone example.test", "update add no.example.test 60 TXT hello"], key=None), "update failed: REFUSED")
    assert "BADSIG" in w.update(["zone example.test", "update add no.example.test 60 TXT x"], key=KEY[:-4] + "AAA=")
    equal(w.update(["zone example.test", "prereq nxdomain new.example.test", "update add no.example.test 60 TXT x"]),
          "update failed: YXDOMAIN")
    equal(w.update(["zone example.test", "prereq yxrrset new.example.test TXT hello", "update delete new.example.test",
                    "update add newer.example.test 60 A 192.0.2.7"], tcp=True), "")
    equal(w.dig(f"@{US} +short no.example.test TXT").strip(), "")
    equal(w.dig(f"@{US} +short new.example.test TXT").strip(), "")
    equal(w.dig(f"@{US} +short newer.example.test A").strip(), "192.0.2.7")
    equal(w.soa(US, "example.test"), before + 2)
    ixfr = w.dig(f"@{US} -y {KEY} +nocookie example.test IXFR={before}")
    equal(len([line for line in ixfr.splitlines() if " SOA " in line.replace("\t", " ")]), 6)
    assert "newer.example.test" in ixfr and "host17" not in ixfr, ixfr


def power_goes(w):
    """The image is killed between updates; what was answered is there when it starts again, and IXFR reaches back behind that."""
    for i in range(3):
        with w.image(transfer="key:k256", update="key:k256") as image:
            if i == 0:
                first = w.soa(US, "example.test")
            equal(w.update(["zone example.test", f"update add cut{i}.example.test 60 TXT {i}",
                            f"update delete host{i + 20}.example.test"]), "")
            before, records = w.soa(US, "example.test"), w.records(US, "example.test")
            for what in "update by", "transfer to":
                image.wait_for(f"zone example.test.: {what} {THEM}: NOERROR".encode(), 10)
            image.stop(signal.SIGKILL)
    with w.image(transfer="key:k256", update="key:k256") as image:
        equal(w.soa(US, "example.test"), before)
        equal(before, first + 3)
        equal(w.records(US, "example.test"), records)
        for i in range(3):
            equal(w.dig(f"@{US} +short cut{i}.example.test TXT").strip(), f'"{i}"')
            equal(w.dig(f"@{US} +short host{i + 20}.example.test A").strip(), "")
        ixfr = w.dig(f"@{US} -y {KEY} +nocookie example.test IXFR={first}")
        assert all(f"cut{i}.example.test" in ixfr for i in range(3)) and "host17" not in ixfr, ixfr
        assert b"changes done again" in image.drain(), image.output
        equal(image.stop(), 0)
    with w.image(transfer="key:k256") as image:
        equal(w.records(US, "example.test"), records, "also where nothing may be changed any more")
        equal(image.stop(), 0)


def something_else_on_the_device(w):
    """It isn't overwritten, and nothing is served that could lose changes."""
    with open(w.path("other"), "wb") as f:
        f.write(b"a file of somebody".ljust(1 << 20, b"\0"))
    with Image(argv("tsig=" + w.path("keys"), w.path("other"), ["--update=key:k256"]), netns=w.ns.name) as image:
        equal(image.wait(), 1)
        assert b"holds something else" in image.drain(0.5), image.output
    with open(w.path("other"), "rb") as f:
        equal(f.read(18), b"a file of somebody")


def without_a_device(w):
    """The same image keeps changes in memory only, and says so where there can be some."""
    serials = []
    for _ in range(2):
        with w.image(None, update="key:k256") as image:
            assert image.output.count(b"changes by UPDATE are in memory only") == 1, image.output
            serials.append(w.soa(US, "example.test"))
            equal(w.update(["zone example.test", "update add gone.example.test 60 TXT gone"]), "")
            equal(w.dig(f"@{US} +short gone.example.test TXT").strip(), '"gone"')
            equal(image.stop(), 0)
    equal(serials[0], serials[1])
    with w.image(None) as image:
        assert b"in memory only" not in image.output, image.output
        equal(w.dig(f"@{US} +short gone.example.test TXT").strip(), "")
        equal(image.stop(), 0)


def many_updates_at_once(w):
    before = w.soa(US, "example.test")
    lines = ["zone example.test"] + [f"update add many{i}.example.test 60 TXT text-number-{i}" for i in range(400)]
    equal(w.update(lines, tcp=True), "")
    equal(w.soa(US, "example.test"), before + 1)
    equal(w.dig(f"@{US} +short many399.example.test TXT").strip(), '"text-number-399"')


def secondaries_follow(w):
    bind(w, f"""zone "example.test" {{ type secondary; primaries {{ {US} key k256; }}; file "example.test"; masterfile-format text; }};""")
    nsd(w, f"""zone:
  name: example.test
  zonefile: example.test
  request-xfr: {US} k256
  allow-notify: {US} k256
  provide-xfr: 0.0.0.0/0 k256
""")
    knot(w, """zone:
  - domain: example.test
    master: us
""")
    for name, port in PORTS.items():
        until(f"the zone at {name}", lambda: w.soa(f"{THEM} -p {port}", "example.test") == w.soa(US, "example.test"))
    for i in range(3):
        equal(w.update(["zone example.test", f"update add follow{i}.example.test 60 A 192.0.2.{i}",
                        "update delete host17.example.test"]), "")
        serial = w.soa(US, "example.test")
        for name, port in PORTS.items():
            until(f"version {serial} at {name}", lambda: w.soa(f"{THEM} -p {port}", "example.test") == serial)
    ours = w.records(US, "example.test")
    for name, port in PORTS.items():
        equal(w.records(f"{THEM} -p {port}", "example.test"), ours)
    by_ixfr = {"bind": r"Transfer completed: 1 messages, [56] records", "nsd": r"received update to serial .* of \d{2,3} bytes",
               "knot": r"IXFR, incoming, .* finished"}
    for name, pattern in by_ixfr.items():
        assert re.search(pattern, w.read(name + ".log")), f"{name} got no IXFR:\n{w.read(name + '.log')[-3000:]}"


# ---- We are the secondary ----

ZONE = """$ORIGIN {zone}
$TTL 300
@ SOA ns1 admin {serial} 3600 600 86400 300
@ NS ns1
ns1 A 192.0.2.1
www TXT "version {serial}"
*.wild MX 10 www
{more}"""


def zone_text(zone, serial):
    more = "".join(f"host{i} A 10.0.{i >> 8}.{i & 255}\n" for i in range(6000))
    return ZONE.format(zone=zone + ".", serial=serial, more=more)


def follow_primary(w, name, zone, change):
    """Gets a zone of 6,000 names from NAME, then what `change` changes there, without asking for all of it again."""
    port = PORTS[name]
    until(f"{name} serving", lambda: w.soa(f"{THEM} -p {port}", zone))
    with w.image(primaries=f"{THEM}@{port}+key:k256", secondary=zone, transfer="key:k256") as image:
        until("the zone", lambda: w.soa(US, zone) == w.soa(f"{THEM} -p {port}", zone))
        equal(w.records(US, zone), w.records(f"{THEM} -p {port}", zone))
        first = w.soa(US, zone)
        for i in range(2):
            change(i)
            until("the change there", lambda: w.soa(f"{THEM} -p {port}", zone) > first + i)
            until("the change here", lambda: w.soa(US, zone) == w.soa(f"{THEM} -p {port}", zone))
            equal(w.records(US, zone), w.records(f"{THEM} -p {port}", zone))
        equal(w.update([f"zone {zone}", f"update add x.{zone} 60 TXT no"]), "update failed: REFUSED")
        equal(image.stop(), 0)
        return image.output.decode(errors="replace")


def bind_is_our_primary(w):
    w.write("bind/p1.test", zone_text("p1.test", 10))
    bind(w, f"""zone "p1.test" {{ type primary; file "p1.test"; allow-update {{ key k256; }}; also-notify {{ {US} key k256; }}; }};""")
    follow_primary(w, "bind", "p1.test", lambda i: equal(w.update(
        ["zone p1.test", f"update add b{i}.p1.test 60 A 192.0.2.{i}", "update delete host3.p1.test A"], server=THEM, port=PORTS["bind"]), ""))
    assert re.search(r"IXFR ended: 1 messages, [56] records", w.read("bind.log")), w.read("bind.log")[-3000:]


def knot_is_our_primary(w):
    w.write("knot/p2.test.zone", zone_text("p2.test", 20))
    knot(w, """zone:
  - domain: p2.test
    notify: us
""")
    follow_primary(w, "knot", "p2.test", lambda i: equal(w.update(
        ["zone p2.test", f"update add k{i}.p2.test 60 A 192.0.2.{i}"], server=THEM, port=PORTS["knot"]), ""))
    assert re.search(r"IXFR, outgoing", w.read("knot.log")), w.read("knot.log")[-3000:]


def nsd_is_our_primary(w):
    """It signs not every message of a transfer, and its IXFR is written when a zone file has changed."""
    w.write("nsd/p3.test", zone_text("p3.test", 30))
    process = nsd(w, f"""zone:
  name: p3.test
  zonefile: p3.test
  store-ixfr: yes
  create-ixfr: yes
  notify: {US} k256
  provide-xfr: 0.0.0.0/0 k256
""")

    def change(i):
        time.sleep(1.1)  # it compares the files' times, in seconds
        w.write("nsd/p3.test", zone_text("p3.test", 31 + i))
        process.send_signal(signal.SIGHUP)

    follow_primary(w, "nsd", "p3.test", change)
    assert re.search(f"ixfr for p3.test. from {US}", w.read("nsd.log")), w.read("nsd.log")[-3000:]


def short_timers(w):
    """BIND with a zone of which each timer is short."""
    w.write("bind/p4.test", ZONE.format(zone="p4.test.", serial=40, more="").replace("3600 600 86400 300", "1 1 3 300"))
    bind(w, """zone "p4.test" { type primary; file "p4.test"; allow-update { key k256; }; notify no; };""")
    until("bind serving", lambda: w.soa(f"{THEM} -p {PORTS['bind']}", "p4.test"))


def without_notify_the_refresh_timer_does_it(w):
    short_timers(w)
    with w.image(primaries=f"{THEM}@{PORTS['bind']}+key:k256", secondary="p4.test") as image:
        until("the zone", lambda: w.soa(US, "p4.test") == 40)
        equal(w.update(["zone p4.test", "update add x.p4.test 60 TXT x"], server=THEM, port=PORTS["bind"]), "")
        until("the change", lambda: w.soa(US, "p4.test") == 41)
        w.stop_daemons()
        until("expiry", lambda: "SERVFAIL" in w.dig(f"@{US} www.p4.test TXT"))
        until("word of it", lambda: b"expired" in image.drain(0.1))
        assert "192.0.2.2" in w.dig(f"@{US} www.example.test A"), "other zones go on"
        short_timers(w)
        until("its return", lambda: "NOERROR" in w.dig(f"@{US} www.p4.test TXT"))
        equal(image.stop(), 0)


def keys_that_are_wrong(w):
    """A primary whose secret is another one is not believed, and one that refuses ours is said; NOTIFY from strangers is refused."""
    w.write("wrong", f"k256 hmac-sha256 {SECRET512}\n")
    w.write("bind/p1.test", zone_text("p1.test", 10))
    bind(w, """zone "p1.test" { type primary; file "p1.test"; };""")
    until("bind serving", lambda: w.soa(f"{THEM} -p {PORTS['bind']}", "p1.test"))
    words = [f"--primaries={THEM}@{PORTS['bind']}+key:k256", "--secondary=p1.test"]
    with Image(argv("tsig=" + w.path("wrong"), w.path("journal"), words), b"serving on port 53", w.ns.name) as image:
        until("word of it", lambda: b"AXFR of p1.test" in image.drain(0.1))
        assert "SERVFAIL" in w.dig(f"@{US} p1.test SOA")
        until("bind's word", lambda: "BADSIG" in w.read("bind.log") or "tsig verify failure" in w.read("bind.log"))
        equal(image.stop(), 0)
    with w.image(primaries="10.77.0.99+key:k256", secondary="p1.test") as image:
        assert "REFUSED" in w.dig(f"@{US} +opcode=notify p1.test SOA"), "a stranger's NOTIFY"
        assert "REFUSED" in w.dig(f"@{US} +opcode=notify example.test SOA"), "NOTIFY to the primary"
        assert "NOTAUTH" in w.dig(f"@{US} +opcode=notify nobodys.test SOA"), "NOTIFY of a zone that isn't here"
        assert "BADSIG" in w.dig(f"@{US} +opcode=notify -y {KEY[:-4]}AAA= p1.test SOA")
        equal(image.stop(), 0)


def a_primary_that_is_gone(w):
    """Without one the zone isn't there, and the server is."""
    with w.image(primaries=f"{THEM}@{5399}+key:k256", secondary="gone.test") as image:
        assert "SERVFAIL" in w.dig(f"@{US} gone.test SOA")
        assert "192.0.2.2" in w.dig(f"@{US} www.example.test A")
        until("word of it", lambda: b"gone.test" in image.drain(0.1))
        equal(image.stop(), 0)


def as_primary(w, tests):
    with w.image(transfer="key:k256 key:k512 key:k1", update="key:k256",
                 secondaries=" ".join(f"{THEM}@{port}+key:k256" for port in PORTS.values())) as image:
        for test in tests:
            suite.case(test.__name__, test, w)
        suite.case("it stops when told to", lambda: equal(image.stop(), 0))
        if suite.failed:
            print(image.output.decode(errors="replace")[-3000:])
    w.stop_daemons()


def main():
    suite.needs(TARGET)
    os.environ["PATH"] += ":/usr/sbin"
    sh(f"cd appliances/nameserver && ../../jinn build -t {TARGET}")
    first = [transfers_and_who_may, updates_and_who_may, many_updates_at_once]
    alone = [power_goes, something_else_on_the_device, without_a_device]
    if TARGET == "spt":  # what other servers say differs not by target
        first.append(secondaries_follow)
        alone += [bind_is_our_primary, knot_is_our_primary, nsd_is_our_primary, without_notify_the_refresh_timer_does_it,
                  keys_that_are_wrong, a_primary_that_is_gone]
    else:
        alone.append(bind_is_our_primary)
    with World() as w:
        as_primary(w, first)
        for test in alone:
            suite.case(test.__name__, test, w)
            w.stop_daemons()
    suite.end()


main()
