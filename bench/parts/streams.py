# SPDX-License-Identifier: ISC
"""One TCP stream in each direction: Gbit per CPU second of the server's core. Beside it what a tap gives without a stack,
and Linux's own iperf on a veth."""
import os, re

from common import BENCH, CLIENT, CLIENT_CPU, HOST, ROOT, ROUNDS, SECONDS, SERVER, SERVER_CPU, TENDER, Busy, Image, Links, median

IPERF = os.path.join(ROOT, "appliances/iperf/dist/iperf.spt")
FRAME_BITS = 1514 * 8


def stream(links, server, address, sends):
    """Gbit a second by the clock, per second of the core's busy time, and of the server's own."""
    with Busy(server) as busy:
        out = links.client.run(f"{' '.join(CLIENT)} iperf -c {address} -t {SECONDS} -f b -y C {'-R' if sends else ''}")
    bits = [float(line.split(",")[7]) * 8 for line in out.splitlines() if line.count(",") >= 8]
    assert bits, out
    gbit = max(bits) / 1e9
    return gbit / SECONDS, gbit / busy.whole, gbit / busy.own


def bare(links, how):
    """The same of frames that no stack has touched; it counts its own time only."""
    out = links.client.run(f"{os.path.join(HOST, 'frames')} {how} tap3 {SECONDS} {SERVER_CPU} {CLIENT_CPU}")
    frames, seconds = out.split()
    return int(frames) * FRAME_BITS / 1e9 / float(seconds)


def appliance(tap, address, offload):
    return SERVER + [TENDER, "--mem=16", f"--net:service={tap}", f"--net-offload:service={offload}", IPERF, f"--ipv4={address}/24", "-l", "*:warning"]


def turns(links, servers, sends):
    values = {name: [] for name in [*servers, "bare"]}
    for _ in range(ROUNDS):
        for name, (server, address) in servers.items():
            values[name].append(stream(links, server, address, sends))
        values["bare"].append((bare(links, "write" if sends else "read"),))
    return {name: median(v) for name, v in values.items()}


def table(report, servers, both, steered):
    """Of `both` the first is sending, the second receiving."""
    report.say("### Each end's protocol work on its own core (receive packet steering)\n" if steered else
               "### As it comes: what the server sends the client receives on the server's core\n")
    report.say("| server | sends: of its own time | of the core's | a second | receives: of its own time | of the core's | a second |")
    report.say("|---|---|---|---|---|---|---|")
    for name in servers:
        report.say(f"| {name} | " + " | ".join(f"{m[name][k]:.2f}" for m in both for k in (2, 1, 0)) + " |")
    roof = [m["bare"][0] for m in both]
    report.say(f"| Bare frames | {roof[0]:.2f} | | | {roof[1]:.2f} | | |")
    shares = [m["Jinn, plain frames"][2] / r for m, r in zip(both, roof)]
    report.say(f"\nWith plain frames Jinn has {shares[0]:.0%} of the roof when it sends, {shares[1]:.0%} when it receives.\n")


def run(report):
    report.say(f"## One TCP stream: Gbit per CPU second of the server's core, medians of {ROUNDS} rounds of {SECONDS} s in turns\n")
    report.say("Jinn: the iperf appliance, spt on a tap. Linux: iperf on a veth. The client is Debian's iperf on the other core. Bare: a program\n"
               "that writes or reads frames of 1514 bytes on a tap, without any stack; the kernel drops what it writes at once, so it is the\n"
               "roof of plain frames.\n")
    with Links("streams") as links:
        where = links.client.name
        for command in ("ip tuntap add tap3 mode tap", "sysctl -qw net.ipv6.conf.tap3.disable_ipv6=1", "ip link set tap3 up"):
            links.client.run(command)
        linux = SERVER + ["iperf", "-s"]
        with Image(appliance("tap0", "10.77.0.2", "on"), netns=where) as on, Image(appliance("tap2", "10.76.0.2", "off"), netns=where) as off, \
                Image(linux, netns=links.peer) as theirs:
            servers = {"Jinn, offloads": (on, "10.77.0.2"), "Jinn, plain frames": (off, "10.76.0.2"), "Linux, veth": (theirs, "10.78.0.2")}
            for _, address in servers.values():
                links.client.run(f"sh -c 'for i in 1 2 3 4 5 6 7 8 9; do iperf -c {address} -t 1 >/dev/null 2>&1 && exit; sleep 0.3; done'")
            result = {}
            for steered in (False, True):
                links.steer(steered)
                for sends in (True, False):
                    result[steered, sends] = turns(links, servers, sends)
    for steered in (False, True):
        table(report, servers, [result[steered, sends] for sends in (True, False)], steered)
    best = [result[False, sends]["Jinn, offloads"][2] for sends in (True, False)]
    report.figure(f"{best[0]:.0f} and {best[1]:.0f} Gbit", "one TCP stream per CPU second, sent and received, with offloads")
