#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The dns appliance beside nsd, named and knotd: the queries of dns_compare.py over its zones, plain and signed in three ways, each
response compared field by field. An image for linux on the host's sockets of a namespace. Debian's own interpreter, for
dnspython; SHOW=N says how many that are wrong are shown."""
import os, shutil, sys, tempfile
from contextlib import ExitStack
from dns_compare import ZONES, compare, corpus, print_report
from dns_servers import Server, enter_namespace, sign
from harness import JINN, ROOT, Image, Suite, sh

VARIANTS = {"plain": None, "NSEC": (), "NSEC3": ("",), "NSEC3 opt-out": ("-A",)}
OURS, THEIRS = "127.9.0.1", {"nsd": "127.9.0.2", "named": "127.9.0.3", "knotd": "127.9.0.4"}
suite = Suite("dns-against")


def build(folder):
    os.makedirs(os.path.join(folder, "zones"))
    for part in ("dns.c", "jinn.ini"):
        shutil.copy(os.path.join(ROOT, "appliances/dns", part), folder)
    sh(f"{JINN} build -t linux {folder}")
    return os.path.join(folder, "dist/dns")


def against(image, folder, nsec3):
    zones = dict(ZONES)
    if nsec3 is not None:
        zones["nasty.test."] = sign(folder, "nasty.test.", zones["nasty.test."], tuple(o for o in nsec3 if o) if nsec3 == () else nsec3)
    kv = os.path.join(folder, "zones")
    os.makedirs(kv)
    for origin, path in zones.items():
        shutil.copy(path, os.path.join(kv, f"{origin}zone"))
    argv = [image, "--net:service=host", f"--kv:zones={kv}", f"--ipv4={OURS}/8", "--cookies=false"]
    with ExitStack() as stack:
        stack.enter_context(Image(argv, serving=b"serving on port"))
        for kind, ip in THEIRS.items():
            stack.enter_context(Server(kind, ip, zones))
        report = compare((OURS, 53), [(ip, 53) for ip in THEIRS.values()], corpus())
    print_report("ours", report)
    assert not report.wrong, f"{report.wrong} responses are like those of nobody else"


def main():
    if not enter_namespace():
        suite.skip("needs root, or user namespaces")
        suite.end()
    with tempfile.TemporaryDirectory(prefix="jinn-dns-") as folder:
        image = build(os.path.join(folder, "dns"))
        for variant, nsec3 in VARIANTS.items():
            if sys.argv[1:] and variant not in sys.argv[1:]:
                continue
            work = os.path.join(folder, variant.replace(" ", "-"))
            os.makedirs(work)
            suite.case(variant, against, image, work, nsec3)
    suite.end()


main()
