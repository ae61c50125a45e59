#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The same queries to several name servers, and their responses compared field by field.

    dns_compare.py                       nsd, named and knotd among themselves, over the zones of test/e2e/dns, plain and signed
    dns_compare.py ask A REFERENCE...    the server at address A against those at the others; each ADDRESS[:PORT]. They serve
                                         the zones plain; a namespace of ours is for the caller to enter
    dns_compare.py queries               the queries, a line each

Debian's own interpreter, since dnspython is its package. As a library: `corpus()` is the list of queries, `compare(subject, references, queries)` a Report. A response is right when it is
that of one of the references: these differ among themselves where the RFCs leave it open, and either is fine. What may be
different from all of them, and why, stands in ALLOWED; nothing else is."""
import os, random, select, socket, struct, subprocess, sys, tempfile, time
from collections import Counter
import dns.exception, dns.flags, dns.message, dns.name, dns.rdata, dns.rdataclass, dns.rdatatype
from dns_servers import Server, enter_namespace, sign

HERE = os.path.dirname(os.path.realpath(__file__))
ZONES = {"nasty.test.": os.path.join(HERE, "dns/nasty.zone"), "kid.nasty.test.": os.path.join(HERE, "dns/kid.zone")}
T = dns.rdatatype
SECTIONS = ("answer", "authority", "additional")


# ---- Queries ----

class Query:
    """What is asked. `wire` instead, for what no library would send; its id is filled in."""

    def __init__(self, name, rdtype, cls=1, flags=0, opcode=0, edns=None, tcp=False, wire=None, why=""):
        self.name, self.type, self.cls, self.flags, self.opcode = name, rdtype, cls, flags, opcode
        self.edns, self.tcp, self.why = edns, tcp, why
        self.given = wire

    def to_wire(self, number):
        if self.given is not None:
            return struct.pack(">H", number) + self.given[2:]
        q = struct.pack(">HHHHHH", number, self.flags | self.opcode << 11, 1, 0, 0, 1 if self.edns else 0)
        q += self.name.to_wire() + struct.pack(">HH", self.type, self.cls)
        if self.edns:
            e = dict(bytes=1232, version=0, do=False, options=b"", flags=0) | self.edns
            q += struct.pack(">BHHBBHH", 0, T.OPT, e["bytes"], 0, e["version"], e["flags"] | (0x8000 if e["do"] else 0),
                             len(e["options"])) + e["options"]
        return q

    def limit(self):
        return max(512, self.edns.get("bytes", 1232)) if self.edns else 512

    def __str__(self):
        if self.given is not None:
            return f"raw {self.why}: {self.given.hex()}"
        text = f"{self.name} {dns.rdataclass.to_text(self.cls)} {T.to_text(self.type)}"
        for what, value in (("flags", self.flags and hex(self.flags)), ("opcode", self.opcode), ("edns", self.edns), ("tcp", self.tcp)):
            text += f" {what}={value}" if value else ""
        return text


def option(code, content=b""):
    return struct.pack(">HH", code, len(content)) + content


def name(text):
    return dns.name.from_text(text)


def zone_lines(origin, path):
    """A zone's records: owner, TTL, class, type and data as text, each with its owner and absolute names."""
    lines = subprocess.run(["named-checkzone", "-q", "-D", "-i", "none", "-k", "ignore", "-s", "full", "-o", "-", origin, path],
                           stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    return [line.split(None, 4) for line in lines]


def owners():
    """The names that have records, and their types, of all zones."""
    found = {}
    for origin, path in ZONES.items():
        for owner, _, _, rdtype, _ in zone_lines(origin, path):
            found.setdefault(name(owner), set()).add(T.from_text(rdtype))
    return found


def asked_for(owner, types, rng):
    """(name, type) for a name with records: itself, what is below, above and beside it."""
    for rdtype in sorted(types):
        yield owner, rdtype
    for rdtype in (T.A, T.DS, T.ANY, 65400):
        yield owner, rdtype
    below = lambda *labels: dns.name.Name(tuple(labels) + owner.labels)
    for labels, rdtype in (((b"nx",), T.A), ((b"*",), T.TXT), ((b"a", b"b"), T.AAAA)):
        try:
            yield below(*labels), rdtype
        except dns.name.NameTooLong:
            pass
    if len(owner.labels) > 3:
        yield owner.parent(), rng.choice((T.A, T.TXT, T.NS, T.ANY))
        beside = owner.labels[0][:40] + b"-"
        yield dns.name.Name((beside,) + owner.labels[1:]), T.A


def mixed_case(n, rng):
    flip = lambda c: c ^ 0x20 if (65 <= c <= 90 or 97 <= c <= 122) and rng.random() < 0.5 else c
    return dns.name.Name([bytes(flip(c) for c in label) for label in n.labels])


SIZES = [None, {"bytes": 512}, {"bytes": 1232}, {"bytes": 1232, "do": True}, {"bytes": 4096, "do": True}]

SPECIAL = """
    wild A;wild TXT;x.wild A;x.wild TXT;x.wild MX;x.y.wild A;b.wild A;b.wild ANY;c.b.wild A;a.b.wild A;x.a.b.wild A;*.wild A;*.wild ANY
    x.*.wild A;below.*.wild A;*.*.wild A;host.wild TXT;x.host.wild A;deep.wild A;x.deep.wild TXT;x.deep.wild A;*.deep.wild TXT
    X.WILD a;x.y.stars A;y.stars A;*.stars A;x.*.stars A;*.*.stars A;x.*.*.stars A;x.astent A;only.x.astent A;*.astent A;only.*.astent TXT
    x.wcname A;x.wcname TXT;x.wcname CNAME;x.wcname AAAA;x.wcin A;x.wcout A;x.wcloop A;again.wcloop A;x.wcnx A;x.wcsub A
    x.wmx MX;x.wsrv SRV;literal A;x.wstar A;a.wstar A;*a.wstar A;**.wstar A;wild.\\*.esc A;wild.x.esc A;\\*.esc A;x.bigwild TXT
    ent A;d.ent A;c.d.ent A;b.c.d.ent A;a.b.c.d.ent A;a.b.c.d.ent TXT;x.b.c.d.ent A;x.ent A;y.ent2 A;x.y.ent2 A;z.y.ent2 A;w.entwild A
    x.w.entwild TXT;entwild TXT;x.entwild TXT;_srv TXT;b.cut A;a.b.cut A;x.a.b.cut A;cut NS;b.cut DS;a.b.cut DS
    sub A;sub NS;sub DS;sub SOA;sub ANY;www.sub A;ns.sub A;ns.sub DS;deep.sub NS;deep.sub DS;x.deep.sub A;ns.deep.sub A;hidden.sub TXT
    noglue A;x.noglue DS;sibling A;cross1 A;cross2 A;half A;x.gw A;z.gw A;y.gw A;y.gw DS;made.up.gw A;ns.x.gw A;x.many A;self A;x.self A
    self DS;ds DS;x.ds DS;ds A;dsglue DS;ns.dsglue A;kid DS;kid NS;kid SOA;kid A;www.kid A;x.kid TXT;x.kid A;kid DNSKEY;gone.kid DS;gone.kid A
    x.gone.kid A;ns.kid A;ns.gone.kid A;up.kid A;upsub.kid A;upnx.kid A;back.kid A;x.tree.kid A;tree.kid A;tree.kid DNAME;big.case A;x.BIG.CASE A
    c1 A;c1 TXT;c1 CNAME;c1 AAAA;c1 ANY;l1.chain A;l5.chain A;l1.chain TXT;cout A;croot A;ctld A;cself A;cself CNAME;cloop1 A;cloop2 ANY;cnx A
    cent A;cnodata A;csub A;csubapex A;csubapex NS;csubapex DS;cglue A;cds DS;cds A;cwild A;cwildent A;cdname A;cdnameapex A;cdnameapex DNAME
    ckid A;ckidnx A;capex A;capex SOA;capex NS;capex MX;cbig TXT;ccase A;cc.cc.cc A;x.cc.cc.cc A
    dn A;dn TXT;dn DNAME;dn CNAME;dn ANY;dn DS;x.dn A;x.dn DNAME;x.dn CNAME;x.dn ANY;x.dn TXT;y.x.dn TXT;nx.dn A;x.w.dn A;x.dnout A;x.dnloop A
    x.y.dnloop A;x.dnloop2 A;x.dnchain A;nx.dnchain A;x.dnwild A;b.dnwild A;x.b.dnwild A;www.dnsub A;dnsub A;x.dnnx A;www.dnkid A;x.dnkid TXT
    www.dnapex A;dnapex A;nx.dnapex A;sub.dnapex A;x.sub.dnapex A;dn.dnapex A;x.dn.dnapex A;z.dncname A;z.dncname TXT;x.dnroot A;test.dnroot A
    x.DN.case A;x.dn.CASE CNAME;target A;x.target A;nx.target A;long A;dnlong A;x.dnlong A
    mixed A;www.mixed A;WWW.MIXED a;to.mixed A;MiXeD tXt;mixed2 TXT;www A;www CNAME;www MX;nothing A;a.b.c.nothing A;@ SOA;@ NS;@ A;@ ANY;@ MX;@ TXT
    @ DNSKEY;@ DS;@ NSEC;@ NSEC3PARAM;@ RRSIG;@ CAA;@ HTTPS;@ SVCB;@ TYPE65400;@ CNAME;@ DNAME;ns1 A;ns1 ANY;ns2 AAAA;mail A
    biga A;big512 A;just A;bigaaaa AAAA;bigmx MX;bigtxt TXT;longtxt TXT;longtxt2 TXT;bigsrv SRV;bigns NS;x.bigns A;biga ANY
    a\\.b.names A;a.b.names A;a\\ b.names A;a\\009b.names A;\\000.names A;\\255\\254.names A;a\\000b.names TXT;a\\\\b.names A;ab.names A;AB.names A
    \\195\\132.names A;\\195\\164.names A;\\227\\132.names A;\\(a\\).names A;names A;zero.ttl A;most.ttl A;week.ttl A;mixed.ttl A;both.ttl ANY
"""


def outside():
    """Names that no zone here has."""
    for n in (".", "test.", "example.", "nasty.", "asty.test.", "xnasty.test.", "nasty.test.example.", "www.outside.example.", "x.test."):
        for rdtype in (T.A, T.NS, T.SOA, T.DS, T.ANY):
            yield name(n), rdtype


def below_long(rng):
    """Names that a DNAME makes longer: those that fit, and the first that doesn't."""
    for n in (30, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 60):
        yield dns.name.Name((b"p" * n,) + name("dnlong.nasty.test.").labels), T.A
    yield dns.name.Name((b"q",) * 119 + name("nasty.test.").labels), T.A
    yield dns.name.Name((b"r" * 50,) + (b"w" * 57, b"w" * 63, b"w" * 63) + name("nasty.test.").labels), T.TXT


def odd_messages():
    """What is asked otherwise than by a query of class IN with plain flags."""
    www, apex = name("www.nasty.test."), name("nasty.test.")
    for cls in (3, 4, 0, 2, 254, 255, 65280):
        for n in (www, apex, name("nothing.nasty.test.")):
            yield Query(n, T.A, cls=cls)
    for rdtype in (0, 41, 128, 249, 250, 253, 254, 255, 65535):
        for n in (www, apex):
            yield Query(n, rdtype)
    for bit in (0x0100, 0x0080, 0x0040, 0x0020, 0x0010, 0x0400, 0x0200, 0x0110, 0x0130, 0x000f):
        for n in (www, name("x.sub.nasty.test."), name("nothing.nasty.test.")):
            yield Query(n, T.A, flags=bit)
            yield Query(n, T.A, flags=bit, edns={"do": True})
    for opcode in (1, 2, 3, 6, 7, 15):
        yield Query(www, T.A, opcode=opcode)
    for e in ({"version": 1}, {"version": 255, "do": True}, {"bytes": 0}, {"bytes": 100}, {"bytes": 65535}, {"flags": 0x7fff},
              {"options": option(3)}, {"options": option(65001, b"abc")}, {"options": option(65001) * 20},
              {"options": option(8, b"\0\1\x18\0\xc0\0\2")}, {"options": option(12, b"\0" * 20)},
              {"options": option(10, b"12345678")}):
        for n, rdtype in ((www, T.A), (name("x.sub.nasty.test."), T.A), (name("bigtxt.nasty.test."), T.TXT), (name("nothing.nasty.test."), T.A)):
            yield Query(n, rdtype, edns=e)
    q = www.to_wire() + b"\0\1\0\1"
    head = lambda *counts, flags=0: struct.pack(">HHHHHH", 0, flags, *counts)
    opt = b"\0\0\x29\4\xd0\0\0\0\0\0\0"
    for why, wire in (("two OPT records", head(1, 0, 0, 2) + q + opt + opt),
                      ("OPT with an owner", head(1, 0, 0, 1) + q + b"\1a" + opt),
                      ("option that is cut", head(1, 0, 0, 1) + q + b"\0\0\x29\4\xd0\0\0\0\0\0\5\0\3\0\4x"),
                      ("name that is cut", head(1, 0, 0, 0) + b"\3ww"),
                      ("question without a class", head(1, 0, 0, 0) + q[:-2]),
                      ("label of an unknown type", head(1, 0, 0, 0) + b"\x41w\0\0\1\0\1"),
                      ("pointer to itself", head(1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1"),
                      ("pointer forward", head(1, 0, 0, 0) + b"\xc0\x20\0\1\0\1"),
                      ("name of 256 bytes", head(1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"b" * 62 + b"\0\0\1\0\1"),
                      ("record promised, not there", head(1, 0, 0, 1) + q)):
        yield Query(None, 0, wire=wire, why=why)


def corpus(seed=1):
    """The queries: the same for the same seed."""
    rng = random.Random(seed)
    pairs = []
    for owner, types in sorted(owners().items()):
        pairs += asked_for(owner, types, rng)
    for item in SPECIAL.replace("\n", ";").split(";"):
        if item.strip():
            n, rdtype = item.strip().rsplit(" ", 1)
            pairs.append((dns.name.from_text(n, name("nasty.test.")), T.from_text(rdtype)))
    pairs += outside()
    pairs += below_long(rng)
    queries, seen = [], set()
    for n, rdtype in pairs:
        if (n.labels, rdtype) in seen:
            continue
        seen.add((n.labels, rdtype))
        n = mixed_case(n, rng) if rng.random() < 0.3 else n
        queries.append(Query(n, rdtype, flags=rng.choice((0, 0, 0x0100)), edns=rng.choice(SIZES), tcp=rng.random() < 0.1))
    return queries + list(odd_messages())


def signed_corpus():
    """The same with DO and room for signatures; and what only signed zones have."""
    queries = []
    for q in corpus():
        if q.given is None and q.opcode == 0 and q.cls == 1:
            if q.edns is None or "bytes" in q.edns or not q.edns:
                q.edns = {"bytes": 1232 if q.edns is None else q.edns.get("bytes", 1232), "do": True}
            queries.append(q)
    for n in ("@", "www", "sub", "ds", "x.wild", "b.wild", "kid", "dn", "d.ent", "nothing", "*.wild"):
        for rdtype in (T.RRSIG, T.NSEC, T.NSEC3, T.NSEC3PARAM, T.DNSKEY, T.DS, T.CDS, T.CDNSKEY):
            queries.append(Query(dns.name.from_text(n, name("nasty.test.")), rdtype, edns={"do": True}))
    return queries


# ---- Asking ----

def address(text):
    host, _, port = text.partition(":")
    return host, int(port or 53)


class Response:
    """A response's fields, so far as they mean anything: names in small letters, sets of records."""

    def __init__(self, wire, number):
        self.bytes = len(wire) if wire is not None else 0
        self.rcode, self.flags, self.question, self.edns = "none", "", (), None
        self.answer = self.authority = self.additional = frozenset()
        self.twice, self.whole = False, None  # what came by TCP, if this was truncated
        if wire is None:
            return
        if len(wire) < 12 or struct.unpack(">H", wire[:2])[0] != number:
            self.rcode = "another's"
            return
        try:
            m = dns.message.from_wire(wire, one_rr_per_rrset=True, question_only=False)
        except (dns.exception.DNSException, ValueError, struct.error) as e:
            self.rcode = f"can't be read: {type(e).__name__}"
            return
        self.rcode = int(m.rcode())
        self.opcode = int(m.opcode())
        self.flags = dns.flags.to_text(m.flags) + (f" opcode {self.opcode}" if self.opcode else "")
        self.question = tuple((q.name.to_wire(), q.rdtype, q.rdclass) for q in m.question)  # as it was asked, capitals too
        if m.edns >= 0:
            self.edns = (m.edns, bool(m.ednsflags & 0x8000))
        self.options = m.options
        for section in SECTIONS:
            records = [(r.name.to_digestable(), r.rdclass, r.rdtype, r.covers if r.rdtype == T.RRSIG else 0, r.ttl, r[0].to_digestable())
                       for r in getattr(m, section)]
            setattr(self, section, frozenset(records))
            self.twice |= len(set(records)) != len(records)

    def has(self, flag):
        return flag in self.flags.split()


PROBE = struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 0) + name("nasty.test.").to_wire() + struct.pack(">HH", T.SOA, 1)
PATIENCE = 0.1  # s; who hasn't answered then is asked something that all answer
GIVE_UP = 30


class Asking:
    """A query that is under way to one server. That nothing comes is known by what comes instead: servers of one thread answer in
    order, so what wasn't answered before the probe was dropped, however slow the machine is."""

    def __init__(self, server, query, number):
        self.tcp, self.number, self.got = query.tcp, number, b""
        self.socket = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_STREAM if self.tcp else socket.SOCK_DGRAM)
        self.socket.settimeout(GIVE_UP)
        self.socket.connect(server)
        self.send(query.to_wire(number))

    def send(self, wire):
        self.socket.sendall(struct.pack(">H", len(wire)) + wire if self.tcp else wire)

    def receive(self):
        """One message; None: the server has closed."""
        if not self.tcp:
            return self.socket.recv(65535)
        while len(self.got) < 2 or len(self.got) < 2 + struct.unpack(">H", self.got[:2])[0]:
            chunk = self.socket.recv(65535)
            if not chunk:
                return None
            self.got += chunk
        n = 2 + struct.unpack(">H", self.got[:2])[0]
        message, self.got = self.got[2:n], self.got[n:]
        return message

    def end(self):
        try:
            if not select.select([self.socket], [], [], PATIENCE)[0]:
                self.send(struct.pack(">H", self.number ^ 0xffff) + PROBE[2:])
            message = self.receive()
            return Response(None if message is not None and message[:2] == struct.pack(">H", self.number ^ 0xffff) else message, self.number)
        except ConnectionError:
            return Response(None, self.number)
        finally:
            self.socket.close()


def ask_all(servers, query, number):
    """The responses, perhaps none, of all servers."""
    return [asking.end() for asking in [Asking(server, query, number) for server in servers]]


# ---- Comparing ----

def describe(record):
    owner, cls, rdtype, covers, ttl, data = record
    n, _ = dns.name.from_wire(owner, 0)
    try:
        text = dns.rdata.from_wire(cls, rdtype, data, 0, len(data)).to_text()
    except Exception:
        text = data.hex()
    return f"{n} {ttl} {T.to_text(rdtype)} {text[:100]}"


def show(label, response):
    lines = [f"      {label}: rcode {response.rcode} [{response.flags}] edns {response.edns} {response.bytes} bytes"]
    for section in SECTIONS:
        lines += [f"        {section} {describe(r)}" for r in sorted(getattr(response, section))[:12]]
    return "\n".join(lines)


HARD = ("rcode", "flags", "question", "edns", "answer")


def differences(subject, references):
    """The fields in which `subject` is like none of the references. Its authority and additional records have to be what
    all of them send, and may be what any of them sends."""
    wrong = [f for f in HARD if all(getattr(subject, f) != getattr(r, f) for r in references)]
    if not wrong and not any(all(getattr(subject, f) == getattr(r, f) for f in HARD) for r in references):
        wrong.append("mixture")
    for section in ("authority", "additional"):
        mine, theirs = getattr(subject, section), [getattr(r, section) for r in references]
        if not frozenset.intersection(*theirs) <= mine or not mine <= frozenset.union(*theirs):
            wrong.append(section)
    if subject.twice:
        wrong.append("twice")
    return wrong


# ---- What may be different from all references ----

ALLOWED = []


def allowed(reason, only=None):
    """A rule: of (query, subject, references, wrong fields), those fields that it explains. `only`: one of the references'
    own ways, which nobody else is to have."""
    def add(rule):
        rule.reason, rule.only = reason, only
        ALLOWED.append(rule)
        return rule
    return add


class Truth:
    """What the zones hold, for what a server may add of its own accord: addresses, and each zone's NS records."""

    def __init__(self):
        self.records, self.addresses, self.apexes = set(), {}, [name(origin) for origin in ZONES]
        for origin, path in ZONES.items():
            for owner, ttl, _, rdtype, data in zone_lines(origin, path):
                try:
                    rdata = dns.rdata.from_text("IN", rdtype, data)
                except dns.exception.DNSException:  # a type that dnspython can only print
                    self.records.add((name(owner).to_digestable(), T.from_text(rdtype)))
                    continue
                self.records.add((name(owner).to_digestable(), T.from_text(rdtype), int(ttl), rdata.to_digestable()))
                if rdtype in ("A", "AAAA"):
                    self.addresses.setdefault(name(owner).to_digestable(), set()).add((T.from_text(rdtype), int(ttl), rdata.to_digestable()))

    def holds(self, record):
        """A record of the zones, or (unseen by us) a signature of one."""
        owner, _, rdtype, covers, ttl, data = record
        if T.RRSIG == rdtype and covers not in SIGNING:
            return any(k[:2] == (owner, covers) for k in self.records)
        if rdtype in SIGNING:
            return any(k[0] == owner for k in self.records)
        return (owner, rdtype, ttl, data) in self.records or (owner, rdtype) in self.records

    def is_address(self, record):
        """What a server may add (RFC 1035 3.3, RFC 3403 4.4, RFC 6742 2, RFC 9460 4.1): of the zones, or made from a wildcard."""
        owner, cls, rdtype, covers, ttl, data = record
        if not {rdtype, covers} & {T.A, T.AAAA, T.L32, T.L64, T.NID, T.SRV, T.SVCB, T.HTTPS}:
            return False
        above = dns.name.from_wire(owner, 0)[0].labels[1:]
        stars = [dns.name.Name((b"*",) + above[i:]) for i in range(len(above))]
        return any(self.holds((o, cls, rdtype, covers, ttl, data)) for o in [owner] + [star.to_digestable() for star in stars])

    def is_apex(self, owner):
        return any(owner == apex.to_digestable() for apex in self.apexes)

    def zone_of(self, n):
        return max((apex for apex in self.apexes if n.is_subdomain(apex)), key=len, default=None)

    def glue(self, response):
        """The addresses that a referral must have: those of servers at or below its cut (RFC 9471 3.1)."""
        needed = set()
        for owner, cls, rdtype, _, _, data in response.authority:
            if rdtype == T.NS and not self.is_apex(owner):
                target = dns.name.from_wire(data, 0)[0]
                if target.is_subdomain(dns.name.from_wire(owner, 0)[0]):
                    needed |= {(data, cls, t, 0, ttl, d) for t, ttl, d in self.addresses.get(data, ())}
        return needed


SIGNING = (T.RRSIG, T.NSEC, T.NSEC3, T.NSEC3PARAM, T.DNSKEY, T.CDS, T.CDNSKEY)  # what a signer adds to the files
TRUTH = None


def truth():
    global TRUTH
    TRUTH = TRUTH or Truth()
    return TRUTH


def is_referral(response):
    return any(r[2] == T.NS and not truth().is_apex(r[0]) for r in response.authority)


def without_apex_ns(response):
    return frozenset(r for r in response.authority if not (T.NS in (r[2], r[3]) and truth().is_apex(r[0])))


def targets(response, rdtype=T.CNAME):
    return [dns.name.from_wire(r[5], 0)[0] for r in response.answer if r[2] == rdtype]


def without(flags, flag):
    return " ".join(f for f in flags.split() if f != flag)


@allowed("TC: what came is a part; what is whole is asked for by TCP and compared (RFC 2181 9)")
def truncated(query, subject, references, wrong):
    if not subject.has("TC") or not any(r.has("TC") for r in references):
        return ()
    known = frozenset().union(*(r.whole.answer for r in references if r.whole), *(r.answer for r in references))
    explained = {"authority", "additional", "mixture"}
    if all(r in known or truth().holds(r) for r in subject.answer):
        explained.add("answer")
    if subject.rcode == 0:
        explained.add("rcode")  # that of a chain which is not whole
    return explained


@allowed("TC where not all glue below the cut fits (RFC 9471 3.1); older servers leave it out")
def glue_truncated(query, subject, references, wrong):
    if query.tcp or not subject.has("TC") or subject.answer or not is_referral(subject):
        return ()
    cut = any(not truth().glue(r) <= r.additional for r in references if not r.has("TC"))
    fits = truth().glue(subject) <= subject.additional
    if cut and not fits and any(without(subject.flags, "TC") == r.flags for r in references):
        return {"flags", "additional", "mixture", "authority"}
    return ()


@allowed("TC, since the whole, which is compared, is longer than the limit, or than the server's own of 1232 (RFC 6891 6.2.5)")
def too_long(query, subject, references, wrong):
    if query.tcp or not subject.has("TC") or not subject.whole or subject.whole.bytes <= min(query.limit(), 1232):
        return ()
    whole = subject.whole
    if whole.answer <= subject.answer and whole.authority <= subject.authority and truth().glue(whole) <= subject.additional:
        return ()  # all was there but addresses that are no glue
    return {"flags", "answer", "authority", "additional", "mixture"}


@allowed("the zone's NS records beside an answer are nobody's duty (RFC 1034 4.3.2 names none)")
def apex_ns(query, subject, references, wrong):
    mine, theirs = without_apex_ns(subject), [without_apex_ns(r) for r in references]
    if subject.answer and frozenset.intersection(*theirs) <= mine <= frozenset.union(*theirs):
        return {"authority"}
    return ()


@allowed("addresses beside an answer are as many as a server likes (RFC 2181 9), but for glue (RFC 9471)")
def additional_addresses(query, subject, references, wrong):
    if not all(truth().is_address(r) for r in subject.additional):
        return ()
    if is_referral(subject) and not subject.answer and not subject.has("TC") and not truth().glue(subject) <= subject.additional:
        return ()
    return {"additional"}


@allowed("ANY, and RRSIG, which is one: some of what there is, or HINFO (RFC 8482 4, 7)")
def any_type(query, subject, references, wrong):
    if query.type not in (T.ANY, T.RRSIG) or query.given or subject.rcode not in {r.rcode for r in references}:
        return ()
    known = frozenset().union(*(r.answer for r in references))
    hinfo = all(r[2] == T.HINFO or r[3] == T.HINFO for r in subject.answer)
    if bool(subject.answer) != bool(known) or not (all(r in known or truth().holds(r) for r in subject.answer) or hinfo):
        return ()
    explained = {"answer", "authority", "additional", "mixture"}
    if any(without(subject.flags, "TC") == without(r.flags, "TC") for r in references):
        explained.add("flags")
    return explained


@allowed("a chain of CNAMEs is cut after five links or more, or where it is a loop; NOERROR or SERVFAIL then (no RFC says)")
def chain_cut(query, subject, references, wrong):
    if query.given is not None:
        return ()
    known = [r.answer for r in references]
    longest = max(known, key=len)
    links = sum(r[2] == T.CNAME for r in subject.answer)
    ends = len(set(targets(subject))) < links or any(n == query.name for n in targets(subject))
    loop = any({n.to_digestable() for n in targets(r)} & {query.name.to_digestable()} for r in (subject, *references))
    cut = any(len(k) != len(longest) for k in known) or len(subject.answer) != len(longest)
    if not links or subject.rcode not in (0, 2, 3) or not (subject.answer <= longest or longest <= subject.answer):
        return ()
    if not loop and not ends and not (cut and links >= 5) and not any(r.rcode == 2 for r in references):
        return ()
    return {"answer", "rcode", "authority", "additional", "mixture"}


@allowed("a chain that is a loop may hold a record twice (no RFC says)")
def loop_twice(query, subject, references, wrong):
    return {"twice"} if targets(subject) and any("loop" in str(n).lower() for n in targets(subject)) else ()


@allowed("a name in another zone of the same server may be left to who asks (RFC 1034 4.3.2 goes on; newer servers don't)")
def other_zone(query, subject, references, wrong):
    mine = truth().zone_of(query.name) if query.given is None else None
    crossing = any(truth().zone_of(n) not in (mine, None) for r in (subject, *references) for n in targets(r))
    if not crossing or subject.rcode not in (0, 3):
        return ()
    return {"answer", "rcode", "authority", "additional", "mixture"}


@allowed("what isn't a query of class IN is refused in one way or another, or answered as class IN (RFC 1035 4.1.1, 4.1.2)")
def odd_query(query, subject, references, wrong):
    odd = query.given is not None or query.opcode or query.cls != 1 or query.flags & 0xf or (T.ANY > query.type >= 128) or query.type in (0, T.OPT)
    refused = subject.rcode in (1, 4, 5, 9, "none") and not (subject.answer or subject.authority)
    empty = subject.rcode == 0 and not subject.answer
    if not odd or not (refused or (empty and query.type != T.A) or subject.rcode in {r.rcode for r in references}):
        return ()
    return {"rcode", "flags", "question", "edns", "answer", "authority", "additional", "mixture"}


@allowed("CD is copied by some (RFC 4035 3.1.6), cleared by others")
def cd_flag(query, subject, references, wrong):
    same = any(without(subject.flags, "CD") == without(r.flags, "CD") for r in references)
    return {"flags", "mixture"} if query.flags & 0x10 and same else ()


@allowed("the OPT record of BADVERS: its DO is copied or not (RFC 6891 6.1.3 doesn't say)")
def other_version(query, subject, references, wrong):
    return {"edns", "mixture"} if query.edns and query.edns.get("version") and subject.rcode == 16 else ()


# ---- The references' own ways, of which the others have none. Nobody else is measured by these. ----

@allowed("glue is left out without TC, as before RFC 9471", only=("nsd", "named"))
def glue_left_out(query, subject, references, wrong):
    return {"additional"} if not query.tcp and is_referral(subject) and all(truth().is_address(r) for r in subject.additional) else ()


@allowed("TC where addresses that are no glue don't fit", only=("nsd", "knotd"))
def addresses_truncated(query, subject, references, wrong):
    same = any(without(subject.flags, "TC") == r.flags and subject.rcode == r.rcode for r in references)
    return {"flags", "mixture"} if not query.tcp and subject.has("TC") and same and is_referral(subject) else ()


@allowed("names of more than a hundred labels are not compressed", only=("named",))
def long_names_whole(query, subject, references, wrong):
    return {"flags", "answer", "authority", "additional"} if subject.has("TC") and query.given is None and len(query.name.labels) > 100 else ()


@allowed("SERVFAIL for a chain of more than sixteen links, and for a loop, truncated too", only=("named",))
def chain_fails(query, subject, references, wrong):
    return {"rcode", "mixture"} if subject.rcode == 2 and subject.has("TC") and any(targets(r) for r in references) else ()


@allowed("NSEC of a cut is answered, not referred", only=("named",))
def nsec_of_cut(query, subject, references, wrong):
    return {"flags", "answer", "authority", "additional", "mixture"} if query.type == T.NSEC and any(is_referral(r) for r in references) else ()


@allowed("other NSEC and NSEC3 records for wildcards and behind DNAME", only=("nsd",))
def other_nsec(query, subject, references, wrong):
    bare = lambda response: {r for r in response.authority if not {T.NSEC, T.NSEC3} & {r[2], r[3]}}
    return {"authority"} if any(bare(subject) == bare(r) for r in references) else ()


@allowed("a CNAME is not followed when NSEC or NSEC3 is asked for", only=("nsd",))
def nsec_of_cname(query, subject, references, wrong):
    return {"answer", "authority", "additional", "mixture"} if query.type in (T.NSEC, T.NSEC3) else ()


@allowed("a chain's end loses its SOA without TC, a name too long for DNAME is NXDOMAIN", only=("knotd",))
def long_dname(query, subject, references, wrong):
    return {"authority", "rcode", "flags"} if any(len(n.to_wire()) > 190 for n in targets(subject, T.DNAME)) else ()


@allowed("NSEC records of addresses beside an answer", only=("knotd",))
def nsec_beside(query, subject, references, wrong):
    mine = [r for r in subject.additional if not {T.NSEC, T.NSEC3} & {r[2], r[3]}]
    return {"additional"} if all(truth().is_address(r) for r in mine) else ()


@allowed("signatures have the time to live of what they sign, whatever their own", only=("knotd",))
def signature_ttl(query, subject, references, wrong):
    bare = lambda response: {r[:4] + r[5:] if r[2] == T.RRSIG else r for r in response.answer}
    return {"answer"} if any(bare(subject) == bare(r) for r in references) else ()


@allowed("an OPT record may have an owner", only=("knotd",))
def opt_with_owner(query, subject, references, wrong):
    return {"flags", "edns"} if query.why == "OPT with an owner" else ()


class Report:
    def __init__(self, kind=None):
        self.kind = kind
        self.same, self.explained, self.wrong, self.shown = 0, Counter(), 0, []

    def add(self, query, subject, references):
        wrong = differences(subject, references)
        for rule in ALLOWED:
            if not wrong:
                break
            if rule.only and self.kind not in rule.only:
                continue
            left = [f for f in wrong if f not in rule(query, subject, references, wrong)]
            if left != wrong:
                self.explained[rule.reason] += 1
                wrong = left
        if wrong:
            self.wrong += 1
            self.shown.append(f"    {query}: {', '.join(wrong)}\n" + show("here", subject) + "\n" +
                              "\n".join(show(f"reference {i}", r) for i, r in enumerate(references)))
        else:
            self.same += 1


class Asked:
    """One query to several servers; by TCP, too, when one of them said that not all was there."""

    def __init__(self, servers, query, number):
        self.query, self.again = query, None
        self.first = ask_all(servers, query, number & 0xffff)
        if not query.tcp and any(r.has("TC") for r in self.first):
            self.again = Query(query.name, query.type, query.cls, query.flags, query.opcode, query.edns, True, query.given, query.why)
            self.whole = ask_all(servers, self.again, number & 0xffff)
            for first, whole in zip(self.first, self.whole):
                first.whole = whole

    def add_to(self, report, i):
        """The i-th against all others. If what it sent is whole, it must be like what the others send when there is room."""
        mine, others = self.first[i], self.first[:i] + self.first[i + 1:]
        if self.again:
            whole = self.whole[:i] + self.whole[i + 1:]
            report.add(self.again, self.whole[i], whole)
            if not mine.has("TC"):
                others = [w if r.has("TC") else r for r, w in zip(others, whole)]
        report.add(self.query, mine, others)


def compare(subject, references, queries):
    report = Report()
    for number, query in enumerate(queries):
        Asked((subject, *references), query, number).add_to(report, 0)
    return report


# ---- As a program ----

KINDS = {"nsd": "127.0.0.2", "named": "127.0.0.3", "knotd": "127.0.0.4"}


def among_themselves(variant, zones, queries):
    """Each against the two others."""
    from contextlib import ExitStack
    failed = 0
    with ExitStack() as stack:
        for kind, ip in KINDS.items():
            stack.enter_context(Server(kind, ip, zones))
        asked = [Asked([(ip, 53) for ip in KINDS.values()], query, number) for number, query in enumerate(queries)]
        for i, kind in enumerate(KINDS):
            report = Report(kind)
            for one in asked:
                one.add_to(report, i)
            print_report(f"{variant}: {kind} against the others", report)
            failed += report.wrong
    return failed


def print_report(label, report):
    print(f"  {label}: {report.same + report.wrong} responses, {report.wrong} wrong; allowed: {sum(report.explained.values())}")
    for reason, n in report.explained.most_common():
        print(f"    {n:5} {reason}")
    for text in report.shown[:int(os.environ.get("SHOW", "10"))]:
        print(text)


def main(argv):
    if argv == ["queries"]:
        print(*corpus(), sep="\n")
        return 0
    if len(argv) > 2 and argv[0] == "ask":
        report = compare(address(argv[1]), [address(a) for a in argv[2:]], corpus())
        print_report(argv[1], report)
        return 1 if report.wrong else 0
    if not enter_namespace():
        print("  skip  dns_compare: needs root, or user namespaces\ndns_compare: 0 passed, 0 failed, 1 skipped")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory(prefix="jinn-dns-") as folder:
        for variant, options in (("plain", None), ("NSEC", []), ("NSEC3", ["-3", "aabbccdd", "-H", "0"]),
                                 ("opt-out", ["-3", "-", "-H", "1", "-A"])):
            if argv and variant not in argv:
                continue
            zones = dict(ZONES)
            if options is not None:
                zones["nasty.test."] = sign(os.path.join(folder, variant), "nasty.test.", ZONES["nasty.test."], options)
            failed += among_themselves(variant, zones, signed_corpus() if options is not None else corpus())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
