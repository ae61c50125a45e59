#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Zone files that the hosting appliance doesn't take: what it says of each, with file and line. It serves the others, unless they are all
in the image: then nobody could mend them. What happens to such files while it serves is for dns_reload.py. A linux image on the
host's sockets of a namespace; Debian's own interpreter, for dnspython."""
import os, re, shutil, sys, tempfile
import dns.message, dns.query, dns.rcode
from dns_servers import enter_namespace
from harness import JINN, ROOT, Image, Suite, equal, sh

suite = Suite("dns-bad-zones")
HEAD = "$TTL 60\n@ IN SOA ns host 1 2 3 4 5\n@ IN NS ns\nns IN A 192.0.2.1\n"
ADDRESS = "127.9.2.1"

# A name, the files, and what the one line says of it.
CASES = (
    ("bad data", {"a.test.zone": HEAD + "www IN A 192.0.2\n"}, [r"a\.test\.zone:5: not an IPv4 address.*"]),
    ("an unknown type", {"a.test.zone": HEAD + "www IN NOSUCH 1\n"}, [r"a\.test\.zone:5: an unknown type: NOSUCH"]),
    ("data missing", {"a.test.zone": HEAD + "\n\n; nothing\nwww IN MX 10\n"}, [r"a\.test\.zone:8: a field is missing.*"]),
    ("an unclosed parenthesis", {"a.test.zone": HEAD + "x IN TXT (\n a\n b\n"}, [r"a\.test\.zone:5: a parenthesis that is not closed"]),
    ("unclosed quotes", {"a.test.zone": HEAD + "x IN TXT \"a\ny IN A 192.0.2.2\n"}, [r"a\.test\.zone:5: quotes that are not closed.*"]),
    ("a long label", {"a.test.zone": HEAD + "x" * 64 + " IN A 192.0.2.2\n"}, [r"a\.test\.zone:5: .*63.*"]),
    ("a name of another zone", {"a.test.zone": HEAD + "www.b.test. IN A 192.0.2.2\n"}, [r"a\.test\.zone:5: not a name of this zone.*"]),
    ("another class", {"a.test.zone": HEAD + "www CH A 192.0.2.2\n"}, [r"a\.test\.zone:5: a class that is not the zone's: CH"]),
    ("no TTL", {"a.test.zone": "www IN A 192.0.2.2\n" + HEAD}, [r"a\.test\.zone:1: no TTL: .*"]),
    ("an unknown directive", {"a.test.zone": HEAD + "$NOSUCH x\n"}, [r"a\.test\.zone:5: an unknown directive: \$NOSUCH"]),
    ("a file that isn't there", {"a.test.zone": HEAD + "$INCLUDE more\n"}, [r"a\.test\.zone:5: not found: more"]),
    ("an error in an included file", {"a.test.zone": HEAD + "$INCLUDE more\n", "more": "www IN A 192.0.2.2\nx IN A x\n"},
     [r"more:2: not an IPv4 address.*"]),
    ("a file that includes itself", {"a.test.zone": HEAD + "$INCLUDE a.test.zone\n"}, [r"a\.test\.zone:5: files that include each other.*"]),
    ("two errors", {"a.test.zone": HEAD + "www IN A x\nok IN A 192.0.2.2\nwww IN AAAA x\n"},
     [r"a\.test\.zone:5: not an IPv4 address.*"]),
    ("a hundred errors", {"a.test.zone": HEAD + "www IN A x\n" * 100}, [r"a\.test\.zone:5: not an IPv4 address.*"]),
    ("no SOA", {"a.test.zone": "$TTL 60\n@ IN NS ns\nns IN A 192.0.2.1\n"}, [r"a\.test\.zone: no SOA record: a\.test\."]),
    ("an empty file", {"a.test.zone": ""}, [r"a\.test\.zone: no SOA record: a\.test\."]),
    ("binary", {"a.test.zone": "\x00\x01\x02\x7f" * 64}, [r"a\.test\.zone:1: .*"]),
    ("a file name that is none", {"a..test.zone": HEAD}, [r"a\.\.test\.zone: no zone's name: .*"]),
)

# It serves these, and says what is odd about them.
ODD = (
    ("no NS", {"a.test.zone": "$TTL 60\n@ IN SOA ns host 1 2 3 4 5\n"}, [r"a\.test\.zone: no NS record: a\.test\."]),
    ("data beside a CNAME", {"a.test.zone": HEAD + "x IN CNAME ns\nx IN A 192.0.2.2\n"}, [r"a\.test\.zone: other records beside a CNAME: x\.a\.test\."]),
    ("a server without an address", {"a.test.zone": HEAD + "@ IN NS ns2\n"}, [r"a\.test\.zone: a name server without an address: a\.test\."]),
)


def lines(image, level):
    return re.findall(rf"^[0-9.]+ {level} +dns: (.*)$", image.output.decode(errors="replace"), re.M)


def run(folder, files):
    kv = os.path.join(folder, "kv")
    shutil.rmtree(kv, ignore_errors=True)
    os.makedirs(kv)
    for name, text in files.items():
        with open(os.path.join(kv, name), "w") as f:
            f.write(text)
    return Image([os.path.join(folder, "hosting/dist/hosting"), "--net:service=host", f"--kv:zones={kv}", f"--ipv4={ADDRESS}/8"])


def said(got, want):
    assert len(got) == len(want) and all(re.fullmatch(w, g) for w, g in zip(want, got)), f"got {got}, want {want}"


def ask(name):
    return dns.query.udp(dns.message.make_query(name, "SOA"), ADDRESS, timeout=10)


def left_out(folder, files, want):
    bad = next(name for name in files if name.endswith(".zone"))
    with run(folder, files | {"good.test.zone": HEAD}) as image:
        image.wait_for(b"serving on port", 30)
        named = "no zone's name" in want[0]
        said(lines(image, "(?:error|warn)"), [want[0] if named else rf"{want[0]}; {re.escape(bad)} is not served"])
        equal(len(ask("good.test").answer), 1, "the other zone")
        equal(ask("a.test").rcode(), dns.rcode.REFUSED, "the zone that is left out")


def several(folder):
    """Each has its lines, wherever it stands among those that are good."""
    bad = {f"{letter}.test.zone": HEAD + f"www IN A {letter}\n" for letter in "bdf"}
    good = {f"{letter}.test.zone": HEAD for letter in "aceg"}
    with run(folder, bad | good) as image:
        image.wait_for(b"serving on port", 30)
        equal(sorted(lines(image, "error")), [f"{name}:5: not an IPv4 address; {name} is not served" for name in sorted(bad)], "lines")
        equal([len(ask(f"{letter}.test").answer) for letter in "abcdefg"], [1, 0, 1, 0, 1, 0, 1], "answers")
        equal(image.stop(), 0, "status")


def in_the_image(folder):
    with open(f"{folder}/hosting/zones/good.test.zone", "w") as f:
        f.write(HEAD)
    with open(f"{folder}/hosting/zones/a.test.zone", "w") as f:
        f.write(HEAD + "www IN A x\n" * 12)
    sh(f"{JINN} build -t linux {folder}/hosting")
    with Image([f"{folder}/hosting/dist/hosting", "--net:service=host", f"--ipv4={ADDRESS}/8"]) as image:
        equal(image.wait(30), 1, "status")
        image.drain(0.1)
        said(lines(image, "error"), [rf"a\.test\.zone:{i}: not an IPv4 address" for i in range(5, 15)] + [
            r"a\.test\.zone is not served: malformed", "not serving on port 53: malformed"])


def odd(folder, files, want):
    with run(folder, files) as image:
        image.wait_for(b"serving on port", 30)
        said(lines(image, "warn"), want)
        equal(lines(image, "error"), [], "errors")


def main():
    if not enter_namespace():
        suite.skip("needs root, or user namespaces")
        suite.end()
    with tempfile.TemporaryDirectory(prefix="jinn-dns-") as folder:
        shutil.copytree(os.path.join(ROOT, "appliances/hosting"), f"{folder}/hosting", ignore=shutil.ignore_patterns("dist"))
        sh(f"sed -i 's/^block .*/from = zones/' {folder}/hosting/jinn.ini && mkdir {folder}/hosting/zones")
        sh(f"{JINN} build -t linux {folder}/hosting")
        for label, files, want in CASES:
            suite.case(label, left_out, folder, files, want)
        for label, files, want in ODD:
            suite.case(f"served: {label}", odd, folder, files, want)
        suite.case("several among good ones", several, folder)
        suite.case("zones in the image", in_the_image, folder)
    suite.end()


main()
