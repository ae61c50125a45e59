#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Throughput under loss and delay: Jinn and Linux, each between two namespaces with the same fault device in the middle
(test/support/forward.c), CUBIC at both ends. By itself it prints the table; bench/run makes it a part of RESULTS.md.

Parallel streams are so many samples of one round: nothing but loss limits them. Rounds take turns A B A B, with the same seed
for A and B. Needs root."""
import json, os, statistics, sys, time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.join(ROOT, "test/e2e"))
from harness import JINN, TENDER, Image, Path, sh

SECONDS, ROUNDS, STREAMS = [int(os.environ.get(f"LOSS_{k}", v)) for k, v in (("SECONDS", 8), ("ROUNDS", 5), ("STREAMS", 8))]
FAULTS = {"loss": int(os.environ.get("LOSS_PPM", 10000)), "delay": int(os.environ.get("LOSS_DELAY_US", 25000))}
KEYS = ["--ipv4=10.77.0.2/24", "--ipv6=fd77::2/64"]
SERVERS = {
    "jinn": (True, [TENDER, "--mem=32", "--net:service=tap0", os.path.join(ROOT, "appliances/iperf/dist/iperf.spt")] + KEYS, rb"iperf: iperf 2"),
    "linux": (False, ["iperf3", "-s", "--forceflush"], rb"Server listening"),
}


def throughput(which, seed, direction):
    """Mbit/s of a stream, as its receiver saw it."""
    image, argv, serving = SERVERS[which]
    with Path(f"loss-{which}", FAULTS | {"seed": seed}, image) as path, Image(argv, serving=serving, netns=path.server):
        out = sh(f"ip netns exec {path.client} iperf3 -J -C cubic -c 10.77.0.2 -t {SECONDS} -P {STREAMS} {direction}", timeout=SECONDS + 60)
    return json.loads(out)["end"]["sum_received"]["bits_per_second"] / 1e6 / STREAMS


def measure(say):
    sh(f"{JINN} build -q -t spt {ROOT}/appliances/iperf")
    sh("make -s build/host/forward")
    figures = {}
    say(f"## Throughput at {FAULTS['loss'] / 10000:g} % loss each way and {FAULTS['delay'] / 500:g} ms of round trip: Mbit/s of a stream\n")
    say(f"{STREAMS} streams at once for {SECONDS} s, medians of {ROUNDS} rounds in turns with the same seeds (least to most). CUBIC at both "
        "ends;\nthe other end is Linux's in all of them, the client is iperf3.\n")
    say("| who sends | Jinn | Linux | ratio of medians |\n|---|---|---|---|")
    for what, direction in (("the server", "-R"), ("the client (Linux)", "")):
        got = {which: [] for which in SERVERS}
        for seed in range(1, ROUNDS + 1):
            for which in SERVERS:
                got[which].append(throughput(which, seed, direction))
        a, b = [statistics.median(got[which]) for which in SERVERS]
        spans = [f"{statistics.median(v):.2f} ({min(v):.2f} to {max(v):.2f})" for v in got.values()]
        say(f"| {what} | {spans[0]} | {spans[1]} | {a / b:.2f} |")
        figures[direction] = a / b
    say("")
    return figures


if __name__ == "__main__":
    measure(lambda text: print(text, flush=True))
