# SPDX-License-Identifier: ISC
"""Virtual machines beside processes: hvt and spt in turns. Sizes, memory, start to exit, HTTP."""
import os, re

from common import CLIENT, HOST, JINN, ROUNDS, SECONDS, SERVER, SERVER_CPU, Busy, Image, Links, median, prepare_onekb, sh
from harness import ROOT, TENDERS

SPAWN, STARTS, ENTRIES = os.path.join(HOST, "spawn"), 300, 31
HELLO = os.path.join(ROOT, "appliances/hello/dist/hello.hvt")
COUNTS = (1, 16, 64, 256, 1024)
BARE = "a bare program that makes a machine, a processor and a memory slot"


def start(report):
    report.say(f"### Start to exit, medians of {STARTS} in turns on one core (quartiles)\n")
    commands = {"/bin/true": "/bin/true", BARE: os.path.join(HOST, "bare_vm"),
                "hello on hvt": f"{TENDERS['hvt']} --mem=2 {HELLO}",
                "hello on spt": f"{TENDERS['spt']} --mem=2 {HELLO.replace('.hvt', '.spt')}"}
    out = sh(" ".join([f"taskset -c {SERVER_CPU} {SPAWN} {STARTS}"] + [f"'{c}'" for c in commands.values()]), timeout=300)
    report.say("| what | ms | above the bare program |\n|---|---|---|")
    rows = {name: tuple(map(float, line.split()[:3])) for name, line in zip(commands, out.splitlines())}
    for name, (middle, low, high) in rows.items():
        report.say(f"| {name} | {middle:.2f} ({low:.2f} to {high:.2f}) | {middle - rows[BARE][0]:+.2f} |")
    report.say()
    return rows["hello on hvt"][0] - rows[BARE][0]


def entry(report):
    """The time in hello's first line counts from the image's entry, and it is main's first."""
    times = {}
    for target, tender in TENDERS.items():
        image = HELLO.replace(".hvt", "." + target)
        said = [sh(f"taskset -c {SERVER_CPU} {tender} --mem=2 {image}") for _ in range(ENTRIES)]
        times[target] = median([(float(line.split()[0]) * 1e6,) for line in said])[0]
    report.say(f"Image's entry to the first line of its main, medians of {ENTRIES}: {times['hvt']:.0f} us on hvt, "
               f"{times['spt']:.0f} us on spt.\n")
    return times["hvt"]


def requests(links, server, connections):
    with Busy(server) as busy:
        out = links.client.run(f"{' '.join(CLIENT)} wrk -t1 -c{connections} -d{SECONDS}s http://10.77.0.2/")
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    n = int(re.search(r"(\d+) requests in", out).group(1))
    return n / busy.own, n / SECONDS


def http(report, images):
    """Both on the same tap, so one after the other; in turns all the same."""
    values = {(target, count): [] for target in images for count in COUNTS}
    rss = {}
    with Links("hvt") as links:
        for _ in range(ROUNDS):
            for target, image in images.items():
                argv = SERVER + [TENDERS[target], "--mem=16", "--net:service=tap0", image, "--ipv4=10.77.0.2/24", "-l", "*:warning"]
                with Image(argv, netns=links.client.name) as server:
                    links.wait_for("http://10.77.0.2/")
                    rss.setdefault(target, server.rss_kb())
                    for count in COUNTS:
                        values[target, count].append(requests(links, server, count))
    report.say(f"### HTTP, 1 KB, kept connections on a tap with offloads: medians of {ROUNDS} rounds of {SECONDS} s\n")
    report.say("Per second of the server's own time, which is tender and guest together.\n")
    report.say("| connections | spt | hvt | hvt : spt | spt, a second | hvt, a second |\n|---|---|---|---|---|---|")
    for count in COUNTS:
        (a, a_rate), (b, b_rate) = (median(values[target, count]) for target in ("spt", "hvt"))
        report.say(f"| {count} | {a:,.0f} | {b:,.0f} | {b / a:.2f} | {a_rate:,.0f} | {b_rate:,.0f} |")
    report.say()
    report.say(f"Resident after one request, in 16 MB: {rss['spt']} KB on spt, {rss['hvt']} KB on hvt, each with its tender.\n")
    return median(values["hvt", 64])[0] / median(values["spt", 64])[0]


def run(report):
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        report.say("## hvt beside spt\n\nNot measured: there is no /dev/kvm here.\n")
        return
    for target in ("spt", "hvt"):
        sh(f"{JINN} build -t {target} {ROOT}/appliances/hello")
    spt = prepare_onekb("onekb-hvt")
    sh(f"{JINN} build -t hvt {os.path.dirname(os.path.dirname(spt))}")
    report.say("## hvt beside spt\n")
    report.say(f"hello.hvt, stripped: {os.path.getsize(HELLO) / 1024:.1f} KB (limit 80 KB). An exit to the tender costs what the host's KVM makes\n"
               "of it, and that is most of what the two differ by: several times more where /dev/kvm is itself emulated.\n")
    above, entered = start(report), entry(report)
    ratio = http(report, {"spt": spt, "hvt": spt.replace(".spt", ".hvt")})
    report.figure(f"{above:+.2f} ms", "hvt: start to exit, above a bare program that makes a virtual machine")
    report.figure(f"{entered:.0f} us", "hvt: the image's entry to the first line of hello's main")
    report.figure(f"{ratio:.2f}", "hvt: HTTP requests per CPU second, 64 connections, spt = 1")
