# SPDX-License-Identifier: ISC
"""From the start of an image to its end, or until it serves."""
import os, statistics, time

from common import HELLO, HOST, JINN, SERVER_CPU, SITE, TENDER, Image, sh

SPAWN, STARTS = os.path.join(HOST, "spawn"), 300


def run(report):
    say, figure = report.say, report.figure
    say(f"## Start to exit, medians of {STARTS} in turns on one core (quartiles)\n")
    commands = {"/bin/true": "/bin/true", "hello by the tender alone": f"{TENDER} --mem=2 {HELLO}",
                "hello by `jinn run`": f"{JINN} run --quiet {HELLO}"}
    stock = os.environ.get("SOLO5_SPT")
    if stock:
        commands["hello by stock solo5-spt"] = f"{stock} --mem=2 {HELLO}"
    out = sh(" ".join([f"taskset -c {SERVER_CPU} {SPAWN} {STARTS}"] + [f"'{c}'" for c in commands.values()]), timeout=300)
    say("| what | ms | above /bin/true |\n|---|---|---|")
    base = None
    for name, line in zip(commands, out.splitlines()):
        median, low, high = map(float, line.split()[:3])
        base = median if base is None else base
        say(f"| {name} | {median:.2f} ({low:.2f} to {high:.2f}) | {median - base:+.2f} |")
        if name == "hello by the tender alone":
            start_figure = f"{median - base:+.2f} ms"
    waits = []
    for _ in range(10):
        port = 20000 + os.getpid() % 10000
        start = time.monotonic()
        with Image(["taskset", "-c", str(SERVER_CPU), JINN, "run", "-p", f"{port}:80", SITE], serving=rb"website: http"):
            waits.append((time.monotonic() - start) * 1000)
    say(f"\n`jinn run` of the website with the user-mode network and DHCP, until it serves: median {statistics.median(waits):.1f} ms.\n")
    figure(start_figure, "start to exit, above /bin/true")
