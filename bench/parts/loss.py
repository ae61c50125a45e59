# SPDX-License-Identifier: ISC
"""Throughput under loss and delay: Jinn and Linux, each with the same fault device (test/support/forward.c) between it and the
client. Nothing but loss limits a stream there, so parallel ones are so many samples of one round."""
import json, os, statistics

from common import ROOT, TENDER, Image, sh
from harness import Path

SECONDS, ROUNDS, STREAMS = [int(os.environ.get(f"LOSS_{k}", v)) for k, v in (("SECONDS", 8), ("ROUNDS", 5), ("STREAMS", 12))]
FAULTS = {"loss": 10000, "delay": 25000}
IPERF = os.path.join(ROOT, "appliances/iperf/dist/iperf.spt")
SERVERS = {
    "Jinn": (True, [TENDER, "--mem=32", "--net:service=tap0", IPERF, "--ipv4=10.77.0.2/24"], rb"iperf: iperf 2"),
    "Linux": (False, ["iperf3", "-s", "--forceflush"], rb"Server listening"),
}


def throughput(which, seed, direction):
    """Mbit/s of a stream, as its receiver saw it."""
    image, argv, serving = SERVERS[which]
    with Path("loss", FAULTS | {"seed": seed}, image) as path, Image(argv, serving=serving, netns=path.server):
        out = sh(f"ip netns exec {path.client} iperf3 -J -C cubic -c 10.77.0.2 -t {SECONDS} -P {STREAMS} {direction}", timeout=SECONDS + 60)
    return json.loads(out)["end"]["sum_received"]["bits_per_second"] / 1e6 / STREAMS


def run(report):
    report.say("## 1 % loss each way and 50 ms of round trip: Mbit/s of a TCP stream\n")
    report.say(f"{STREAMS} streams at once for {SECONDS} s, medians of {ROUNDS} rounds in turns with the same seeds (least to most). CUBIC at both ends;\n"
               "the client is Linux with iperf3, and between the two is a fault device of ours.\n")
    report.say("| who sends | server: Jinn | server: Linux | ratio |\n|---|---|---|---|")
    ratios = []
    for what, direction in (("the server", "-R"), ("the client", "")):
        got = {which: [] for which in SERVERS}
        for seed in range(1, ROUNDS + 1):
            for which in SERVERS:
                got[which].append(throughput(which, seed, direction))
        a, b = [statistics.median(v) for v in got.values()]
        spans = [f"{statistics.median(v):.2f} ({min(v):.2f} to {max(v):.2f})" for v in got.values()]
        report.say(f"| {what} | {spans[0]} | {spans[1]} | {a / b:.2f} |")
        ratios.append(a / b)
    report.figure(f"{ratios[0]:.1f} ×", "TCP throughput sent under 1 % loss and 50 ms, Linux = 1")
