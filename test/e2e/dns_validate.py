#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The resolver appliance validating: dns_validate.py TARGET, where TARGET is spt, hvt or linux, on a tap in a namespace. A root, a TLD and
zones that dnssec-signzone signed, many of them broken afterwards, served by nsd. Each question is asked of unbound, too, which has
the same anchor: rcode and AD have to be the same. Root. Debian's own interpreter, for dnspython."""
import os, re, shutil, socket, struct, subprocess, sys, time
import dns.exception, dns.flags, dns.message, dns.query, dns.rcode
from harness import JINN, ROOT, TENDERS, Image, Namespace, Suite, equal, sh
import dns_servers

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"dns-validate-{TARGET}")
US, UNBOUND, ROOT_NS, TLD_NS, NSD = "10.77.0.2", "10.77.0.40", "10.77.0.51", "10.77.0.52", "10.77.0.53"
FOLDER = os.path.join(ROOT, f"build/test/dns-validate-{TARGET}-{os.getpid()}")
SOA = "@ IN SOA ns host 1 3600 600 86400 60\n"
ZONE = f"""$TTL 300
{SOA}@ IN NS ns
@ IN MX 10 mail
ns IN A {NSD}
www IN A 192.0.2.1
mail IN A 192.0.2.2
alias IN CNAME www
across IN CNAME www.expired.lab.
down IN CNAME www.plain.lab.
gone IN CNAME nothing.n3.lab.
*.wild IN A 192.0.2.3
www.deep.empty IN A 192.0.2.4
old IN DNAME n3.lab.
cut IN NS ns.cut
ns.cut IN A {NSD}
"""
OPT_OUT_CHILD = f"$TTL 300\n{SOA}@ IN NS ns\nns IN A {NSD}\nwww IN A 192.0.2.9\n"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


# ---- Zones ----

def run(command, folder):
    r = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True,
                       env=os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
    assert r.returncode == 0, f"{command}\n{r.stdout}{r.stderr}"
    return r.stdout.strip()


def key(origin, algorithm="ECDSAP256SHA256", bits=""):
    folder = os.path.join(FOLDER, "zones")
    os.makedirs(folder, exist_ok=True)
    return run(f"dnssec-keygen -q -f KSK -a {algorithm} {bits} {origin}", folder)


def ds(name, digest="SHA-256"):
    return run(f"dnssec-dsfromkey -a {digest} {name}.key", os.path.join(FOLDER, "zones")) + "\n"


def sign(origin, text, name, options=""):
    """The zone's text, signed with one key, one record a line."""
    folder = os.path.join(FOLDER, "zones")
    plain = write(f"{folder}/{origin}plain", text.replace("$TTL 300\n", f"$TTL 300\n$INCLUDE {name}.key\n"))
    run(f"dnssec-signzone -z -P -O full -o {origin} {options} -f {origin}signed {plain} {name}", folder)
    with open(f"{folder}/{origin}signed") as f:
        return f.read()


# What the zones of lab. are: how they are signed, what is done to them afterwards, and whether that is bogus.
OLD = "-s 20200101000000 -e 20200201000000"
NEW = "-s 20350101000000 -e 20350201000000"
KINDS = {
    "good": {}, "n3": {"options": "-3 -"}, "salt": {"options": "-3 ABCD -H 10"}, "optout": {"options": "-3 - -A"},
    "rsa": {"algorithm": "RSASHA256", "bits": "-b 1024"}, "rsa512": {"algorithm": "RSASHA512", "bits": "-b 2048"},
    "p384": {"algorithm": "ECDSAP384SHA384", "digest": "SHA-384"}, "ed": {"algorithm": "ED25519"},
    "edn3": {"algorithm": "ED25519", "options": "-3 -"}, "edforged": {"algorithm": "ED25519", "forge": True},
    "edexpired": {"algorithm": "ED25519", "options": OLD}, "edwrongds": {"algorithm": "ED25519", "wrong": True},
    "sha1ds": {"digest": "SHA-1"}, "plain": {"plain": True},
    "expired": {"options": OLD}, "future": {"options": NEW}, "stripped": {"strip": r"\s(RRSIG|NSEC)\s"},
    "nosigs": {"strip": r"\sRRSIG\s+A\s"}, "nonsec": {"strip": r"\sNSEC\s|\sRRSIG\s+NSEC\s"},
    "nokey": {"strip": r"\sDNSKEY\s"}, "forged": {"forge": True}, "wrongds": {"wrong": True}, "unknown": {"unknown": True},
    "n3none": {"options": "-3 -", "strip": r"\sNSEC3\s|\sRRSIG\s+NSEC3\s"},
}
BOGUS = {"expired", "future", "stripped", "nokey", "wrongds", "edexpired", "edwrongds"}  # of whatever type
FORGED = {"forged", "edforged"}
EDE = {"edexpired": {7}, "edwrongds": {9}, "edforged": {6},
       "expired": {7}, "future": {8}, "stripped": {9, 10}, "nokey": {9}, "wrongds": {9}, "forged": {6}, "nosigs": {10}}


def make_zone(kind, how):
    origin = f"{kind}.lab."
    if how.get("plain"):
        return ZONE, ""
    name = key(origin, how.get("algorithm", "ECDSAP256SHA256"), how.get("bits", ""))
    text = sign(origin, ZONE, name, how.get("options", ""))
    if "strip" in how:
        text = "".join(row + "\n" for row in text.split("\n") if not re.search(how["strip"], row))
    if how.get("forge"):
        text = text.replace("192.0.2.1\n", "192.0.2.66\n")
    digest = ds(key(origin, how.get("algorithm", "ECDSAP256SHA256")) if how.get("wrong") else name, how.get("digest", "SHA-256"))
    if how.get("unknown"):
        digest = f"{origin} IN DS 4711 250 2 {'00' * 32}\n"
    return text, digest


def make_tree():
    """Zones by server; the anchor."""
    zones, digests = {}, ""
    lab = f"$TTL 300\n{SOA}@ IN NS ns\nns IN A {TLD_NS}\nalgo IN NS ns.algo\nns.algo IN A {NSD}\n"
    for kind, how in KINDS.items():
        zones[f"{kind}.lab."], digest = make_zone(kind, how)
        zones[f"cut.{kind}.lab."] = OPT_OUT_CHILD
        digests += digest
        lab += f"{kind} IN NS ns.{kind}\nns.{kind} IN A {NSD}\n"
    lab_key, root_key = key("lab."), key(".")
    lab = sign("lab.", lab + digests, lab_key)
    root = f"$TTL 300\n. IN SOA a.root. host. 1 3600 600 86400 60\n. IN NS a.root.\na.root. IN A {ROOT_NS}\n"
    root = sign(".", root + f"lab. IN NS ns.lab.\nns.lab. IN A {TLD_NS}\n" + ds(lab_key), root_key)
    return {ROOT_NS: {".": root}, TLD_NS: {"lab.": lab}, NSD: zones}, ds(root_key).strip()


# ---- Who is asked ----

def build():
    folder = os.path.join(FOLDER, "resolver")
    os.makedirs(folder + "/zones")
    os.makedirs(folder + "/lists")
    for part in ("resolver.c", "jinn.ini"):
        shutil.copy(os.path.join(ROOT, "appliances/resolver", part), folder)
    for part in ("zones", "lists"):
        for name in os.listdir(os.path.join(ROOT, "appliances/resolver", part)):
            shutil.copy(os.path.join(ROOT, "appliances/resolver", part, name), f"{folder}/{part}")
    sh(f"{JINN} build -t {TARGET} {folder}")


def resolver(anchor, *devices, serving=b"serving on port", keys=()):
    path = os.path.join(FOLDER, "resolver/dist/resolver")
    argv = [path, "--net:service=tap:tap0", *devices] if TARGET == "linux" else [TENDERS[TARGET], "--net:service=tap0", *devices, f"{path}.{TARGET}"]
    argv += [f"--ipv4={US}/24", "--ipv4-gateway=10.77.0.1", "--via-six=false", f"--hints={ROOT_NS}", f"--anchors={anchor}", *keys]
    return Image(argv, serving)


class Unbound:
    def __init__(self, anchor):
        self.folder = os.path.join(FOLDER, "unbound")
        hints = write(f"{self.folder}/hints", f". 3600 NS a.root.\na.root. 3600 A {ROOT_NS}\n")
        self.conf = write(f"{self.folder}/conf", f"""server:
  interface: {UNBOUND}
  access-control: 0.0.0.0/0 allow
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: "{self.folder}/pid"
  use-syslog: no
  do-daemonize: no
  do-ip6: no
  root-hints: "{hints}"
  trust-anchor: "{anchor}"
  module-config: "validator iterator"
  trust-anchor-signaling: no
  val-clean-additional: yes
  aggressive-nsec: no
  ede: yes
  num-threads: 1
remote-control:
  control-enable: no
""")

    def __enter__(self):
        self.log = open(f"{self.folder}/log", "wb")
        self.process = subprocess.Popen(["/usr/sbin/unbound", "-d", "-c", self.conf], stdout=self.log, stderr=self.log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def ask(name, rdtype="A", address=US, cd=False, do=True, ad=False):
    q = dns.message.make_query(name, rdtype, want_dnssec=do)
    q.flags |= (dns.flags.CD if cd else 0) | (dns.flags.AD if ad else 0)
    for _ in range(4):
        try:
            r, _ = dns.query.udp_with_fallback(q, address, timeout=6)
            return r
        except (dns.exception.Timeout, OSError):
            pass
    raise AssertionError(f"no answer from {address} for {name} {rdtype}")


def verdict(r):
    return dns.rcode.to_text(r.rcode()), bool(r.flags & dns.flags.AD)


def data(r):
    return sorted(str(rr) for rrset in r.answer if rrset.rdtype != 46 for rr in rrset)


def ede(r):
    return [struct.unpack(">H", o.to_wire()[:2])[0] for o in r.options if o.otype == 15]


def wait_until_served():
    for address in (US, UNBOUND):
        for _ in range(100):
            try:
                q = dns.message.make_query("lab.", "SOA")
                dns.query.udp(q, address, timeout=1)
                break
            except (dns.exception.Timeout, OSError):
                time.sleep(0.05)


# ---- Cases ----

NAMES = [("", "SOA"), ("", "DNSKEY"), ("", "DS"), ("", "MX"), ("www", "A"), ("www", "AAAA"), ("alias", "A"), ("alias", "AAAA"), ("across", "A"),
         ("down", "A"), ("gone", "A"), ("x.wild", "A"), ("x.y.wild", "A"), ("x.wild", "MX"), ("wild", "A"), ("deep.empty", "A"), ("nothing", "A"),
         ("no.thing.at.all", "TXT"), ("www.old", "A"), ("nothing.old", "A"), ("www", "DS"), ("cut", "DS"), ("www.cut", "A"),
         ("nothing.cut", "A"), ("cut", "NS"), ("ns", "A")]
n_asked = 0


def as_unbound_says(kind):
    global n_asked
    wrong = []
    for name, rdtype in NAMES:
        full = (f"{name}." if name else "") + f"{kind}.lab."
        ours, theirs = ask(full, rdtype), ask(full, rdtype, UNBOUND)
        n_asked += 1
        if (verdict(ours), data(ours)) != (verdict(theirs), data(theirs)):
            wrong.append(f"{full} {rdtype}: {verdict(ours)} {data(ours)} {ede(ours)}, unbound {verdict(theirs)} {data(theirs)} {ede(theirs)}")
    assert not wrong, "\n".join(wrong)


def what_is_secure_has_ad():
    for kind in ("good", "n3", "salt", "rsa", "rsa512", "p384", "ed", "edn3", "sha1ds"):
        for name, rdtype, rcode in (("www", "A", "NOERROR"), ("nothing", "A", "NXDOMAIN"), ("www", "MX", "NOERROR"), ("x.wild", "A", "NOERROR")):
            equal(verdict(ask(f"{name}.{kind}.lab.", rdtype)), (rcode, True), f"{name}.{kind} {rdtype}")
    equal(verdict(ask("www.plain.lab.")), ("NOERROR", False))
    equal(verdict(ask("www.unknown.lab.")), ("NOERROR", False))


def ad_is_for_those_who_ask():
    equal(bool(ask("www.good.lab.", do=False).flags & dns.flags.AD), False)
    equal(bool(ask("www.good.lab.", do=False, ad=True).flags & dns.flags.AD), True)
    equal([r.rdtype for r in ask("www.good.lab.", do=False).answer], [1])
    equal(sorted(r.rdtype for r in ask("www.good.lab.").answer), [1, 46])


def bogus_is_servfail_with_the_reason():
    for kind in sorted(BOGUS | FORGED | {"nosigs"}):
        r = ask(f"www.{kind}.lab.")
        equal((verdict(r), data(r)), (("SERVFAIL", False), []), kind)
        assert set(ede(r)) & EDE[kind], f"{kind}: extended errors {ede(r)}, not of {EDE[kind]}"


def who_checks_for_himself_gets_it_all():
    for kind in sorted(BOGUS | FORGED | {"nosigs"}):
        r = ask(f"www.{kind}.lab.", cd=True)
        equal((verdict(r), data(r)), (("NOERROR", False), ["192.0.2.66" if kind in FORGED else "192.0.2.1"]), kind)


def proofs_answer_other_names():
    """RFC 8198: nobody is asked a second time what the first no has proven."""
    def n_queries():
        with open(f"/proc/net/snmp") as f:
            rows = [row.split() for row in f if row.startswith("Udp:")]
        return int(rows[1][rows[0].index("InDatagrams")])
    ask("zzz1.good.lab.")
    before = n_queries()
    r = ask("zzz2.good.lab.")
    after = n_queries()
    equal(verdict(r), ("NXDOMAIN", True))
    assert any(rrset.rdtype == 47 for rrset in r.authority), "without its proof"
    equal(after - before, 1, "datagrams in this namespace: our own answer alone")


def delv_agrees(anchor):
    """What we tell, another validator can check: answers, noes, wildcards, aliases."""
    words = anchor.split()
    trust = f'trust-anchors {{ . static-ds {words[3]} {words[4]} {words[5]} "{"".join(words[6:])}"; }};\n'
    path = write(f"{FOLDER}/delv.keys", trust)
    for name, rdtype in (("www", "A"), ("x.wild", "A"), ("alias", "A"), ("www", "AAAA"), ("nothing", "A")):
        for kind in ("good", "n3", "ed"):
            r = subprocess.run(["delv", f"@{US}", "-a", path, "+root=.", f"{name}.{kind}.lab", rdtype], capture_output=True, text=True)
            text = r.stdout + r.stderr
            assert "fully validated" in text and "unsigned" not in text, f"{name}.{kind} {rdtype}:\n{text}"


def one_start(anchor, says, *devices, then=lambda: None):
    """What a resolver that has said so finds of a signed name."""
    with resolver(anchor, *devices) as image:
        image.wait_for(says, 30)
        found = verdict(ask("www.good.lab."))
        then()
        equal(image.stop(), 0)
    return found


def anchors_are_kept_over_starts(anchor):
    """With what the first start has learnt, the second needs no anchor that is right; without the device it would."""
    disk = write(f"{FOLDER}/trust", "")
    os.truncate(disk, 64 << 10)
    device = f"--block:trust={disk}"
    wrong = re.sub("[0-9A-F]{64}", "00" * 32, anchor)
    assert wrong != anchor

    def is_written():
        kept, end = b"", time.monotonic() + 60
        while b"; valid" not in kept and time.monotonic() < end:
            time.sleep(0.1)
            with open(disk, "rb") as f:
                kept = f.read()
        assert re.search(rb"jinn anchors 1 .*\n(.*\n)?\. DNSKEY 257 3 13 .* ; valid", kept), kept.strip(b"\0")
    has = rb"trust anchors are kept on the block device, which has "
    equal(one_start(anchor, has + rb"0\s", device, then=is_written), ("NOERROR", True))
    equal(one_start(wrong, has + rb"[12]\s", device), ("NOERROR", True))
    equal(one_start(wrong, b"serving on port"), ("SERVFAIL", False))


def unused_anchors(anchor):
    """Without validation neither anchors nor a device for them are used, which is said; the device stays as it was."""
    disk = write(f"{FOLDER}/unused", "")
    os.truncate(disk, 64 << 10)
    with resolver(anchor, f"--block:trust={disk}", keys=["--validate=false"]) as image:
        for what in (b"the block device `trust` is not used", b"--anchors are not used"):
            equal(image.drain(0.1).count(what), 1, image.output)
        equal(image.stop(), 0)
    with open(disk, "rb") as f:
        equal(f.read().strip(b"\0"), b"")


def a_device_of_somebody_else(anchor):
    text = "a file of somebody".ljust(64 << 10)
    disk = write(f"{FOLDER}/other", text)
    with resolver(anchor, f"--block:trust={disk}", serving=None) as image:
        equal(image.wait(30), 1)
        assert b"the device for trust anchors holds something else" in image.drain(0.5), image.output
    with open(disk) as f:
        equal(f.read() == text, True)


def cases(servers, anchor):
    with Unbound(anchor), resolver(anchor):
        wait_until_served()
        for kind in KINDS:
            suite.case(f"{kind}: as unbound says", as_unbound_says, kind)
        for case in (what_is_secure_has_ad, ad_is_for_those_who_ask, bogus_is_servfail_with_the_reason, who_checks_for_himself_gets_it_all,
                     proofs_answer_other_names):
            suite.case(case.__name__.replace("_", " "), case)
        suite.case("delv agrees", delv_agrees, anchor)
    for case in (anchors_are_kept_over_starts, unused_anchors, a_device_of_somebody_else):
        suite.case(case.__name__.replace("_", " "), case, anchor)


def main():
    if os.geteuid() != 0:
        suite.skip("needs root for a namespace")
        suite.end()
    suite.needs(TARGET)
    servers = []
    try:
        build()
        tree, anchor = make_tree()
        with Namespace(f"dnsv-{TARGET}") as ns:
            for ip in (UNBOUND, ROOT_NS, TLD_NS, NSD):
                ns.run(f"ip addr add {ip}/24 dev tap0")
            ns.enter()
            try:
                for ip, zones in tree.items():
                    paths = {z: write(f"{FOLDER}/{ip}/{z.strip('.') or 'root'}.zone", text) for z, text in zones.items()}
                    servers.append(dns_servers.Server("nsd", ip, paths))
                    servers[-1].__enter__()
                cases(servers, anchor)
            finally:
                for s in servers:
                    s.__exit__()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    suite.end()


main()
