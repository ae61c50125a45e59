#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The hosting appliance beside nsd, named and knotd: the queries of dns_compare.py over its zones, plain and signed in three ways, each
response compared field by field. An image for linux on the host's sockets of a namespace.

    dns_against.py             all queries of the plain zones; of the signed ones a third each, so that every query is asked once
    dns_against.py VARIANT...  all queries of these: plain NSEC NSEC3 opt-out

Debian's own interpreter, for dnspython; SHOW=N says how many that are wrong are shown."""
import os, shutil, sys, tempfile
from contextlib import ExitStack
from dns_compare import ZONES, compare, corpus, print_report, signed_corpus
from dns_servers import Server, enter_namespace, sign
from harness import JINN, ROOT, Image, Suite, sh

VARIANTS = {"plain": None, "NSEC": [], "NSEC3": ["-3", "aabbccdd", "-H", "0"], "opt-out": ["-3", "-", "-H", "1", "-A"]}
SIGNED = [variant for variant, options in VARIANTS.items() if options is not None]
OURS, THEIRS = "127.9.0.1", {"nsd": "127.9.0.2", "named": "127.9.0.3", "knotd": "127.9.0.4"}
suite = Suite("dns-against")


def build(folder):
    shutil.copytree(os.path.join(ROOT, "appliances/hosting"), folder, ignore=shutil.ignore_patterns("dist"))
    sh(f"sed -i 's/^block .*/from = zones/' {folder}/jinn.ini && mkdir {folder}/zones")
    sh(f"{JINN} build -t linux {folder}")
    return os.path.join(folder, "dist/hosting")


def queries(variant):
    if VARIANTS[variant] is None:
        return corpus()
    return signed_corpus() if sys.argv[1:] else signed_corpus()[SIGNED.index(variant)::len(SIGNED)]


def against(image, folder, variant):
    zones = dict(ZONES)
    if VARIANTS[variant] is not None:
        zones["nasty.test."] = sign(os.path.join(folder, "signing"), "nasty.test.", zones["nasty.test."], VARIANTS[variant])
    kv = os.path.join(folder, "zones")
    os.makedirs(kv)
    for origin, path in zones.items():
        shutil.copy(path, os.path.join(kv, f"{origin}zone"))
    argv = [image, "--net:service=host", f"--kv:zones={kv}", f"--ipv4={OURS}/8", "--cookies=false"]
    with ExitStack() as stack:
        stack.enter_context(Image(argv, serving=b"serving on port"))
        for kind, ip in THEIRS.items():
            stack.enter_context(Server(kind, ip, zones))
        report = compare((OURS, 53), [(ip, 53) for ip in THEIRS.values()], queries(variant))
    print_report(variant, report)
    assert not report.wrong, f"{report.wrong} responses are like those of nobody else"


def main():
    if not enter_namespace():
        suite.skip("needs root, or user namespaces")
        suite.end()
    with tempfile.TemporaryDirectory(prefix="jinn-dns-") as folder:
        image = build(os.path.join(folder, "hosting"))
        for variant in sys.argv[1:] or VARIANTS:
            work = os.path.join(folder, variant)
            os.makedirs(work)
            suite.case(variant, against, image, work, variant)
    suite.end()


main()
