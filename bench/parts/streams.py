# SPDX-License-Identifier: ISC
"""One TCP stream in each direction: Gbit per CPU second of the server's core. Beside it what a tap gives without a stack
(bench/frames.c), and Linux's own iperf on a veth."""
import os

from common import CLIENT, CLIENT_CPU, HOST, ROOT, ROUNDS, SECONDS, SERVER, SERVER_CPU, TENDER, Busy, Image, Links, median

IPERF = os.path.join(ROOT, "appliances/iperf/dist/iperf.spt")
BARE = "10.75.0.2"
ROOFS = {"Bare frames": ("write", "read"), "Bare TCP segments": ("send", "receive")} # (to send, to receive)


def stream(links, server, address, sends):
    """Gbit a second by the clock, per second of the core's busy time, and of the server's own."""
    with Busy(server) as busy:
        out = links.client.run(f"{' '.join(CLIENT)} iperf -c {address} -t {SECONDS} -f b -y C {'-R' if sends else ''}")
    bits = [float(line.split(",")[7]) * 8 for line in out.splitlines() if line.count(",") >= 8]
    assert bits, out
    gbit = max(bits) / 1e9
    return gbit / SECONDS, gbit / busy.whole, gbit / busy.own


def bare(links, how):
    """The same without any stack, by bench/frames.c, which says what the CPU time of its server's process was."""
    address = BARE if how in ROOFS["Bare TCP segments"] else ""
    with Busy() as busy:
        out = links.client.run(f"{os.path.join(HOST, 'frames')} {how} tap3 {SECONDS} {SERVER_CPU} {CLIENT_CPU} {address}")
    length, own = out.split()
    gbit = int(length) * 8 / 1e9
    return gbit / SECONDS, gbit / busy.whole, gbit / (busy.own + float(own))


def appliance(tap, address, offload):
    return SERVER + [TENDER, "--mem=16", f"--net:service={tap}", f"--net-offload:service={offload}", IPERF, f"--ipv4={address}/24", "-l", "*:warning"]


def turns(links, servers, sends):
    values = {name: [] for name in [*servers, *ROOFS]}
    for _ in range(ROUNDS):
        for name, (server, address) in servers.items():
            values[name].append(stream(links, server, address, sends))
        for name, (out, back) in ROOFS.items():
            values[name].append(bare(links, out if sends else back))
    return {name: median(v) for name, v in values.items()}


def table(report, both, steered):
    """Of `both` the first is sending, the second receiving."""
    report.say("### Each end's protocol work on its own core (receive packet steering)\n" if steered else
               "### As it comes: what the server sends the client receives on the server's core\n")
    report.say("| server | sends: of its own time | of the core's | a second | receives: of its own time | of the core's | a second |")
    report.say("|---|---|---|---|---|---|---|")
    for name in both[0]:
        report.say(f"| {name} | " + " | ".join(f"{m[name][k]:.2f}" for m in both for k in (2, 1, 0)) + " |")
    report.say()
    for roof in ROOFS:
        shares = [m["Jinn, plain frames"][2] / m[roof][2] for m in both]
        report.say(f"- Of what {roof[0].lower()}{roof[1:]} give, Jinn with plain frames has {shares[0]:.0%} when it sends, {shares[1]:.0%} when it receives.")
    report.say()


def run(report):
    report.say(f"## One TCP stream: Gbit per CPU second of the server's core, medians of {ROUNDS} rounds of {SECONDS} s in turns\n")
    report.say("Jinn: the iperf appliance, spt on a tap. Linux: iperf on a veth. The client is Debian's iperf on the other core. Bare: a program\n"
               "without any stack on a tap, `bench/frames.c`; its frames, too, are of 1514 bytes, and the 1448 of a stream count.\n\n"
               "- Bare frames: of a protocol that the kernel does not know. What is written it drops at once: the roof of writing to a tap.\n"
               "- Bare TCP segments: one connection with an ordinary socket of the client's, which is read or written. The kernel does for them\n"
               "  what it does for Jinn's: the roof of a stream in plain frames.\n")
    with Links("streams") as links:
        where = links.client.name
        links.add_tap("tap3", "10.75.0.1/24")
        links.client.run(f"ip neigh add {BARE} lladdr 02:00:00:00:00:02 dev tap3 nud permanent")
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
        table(report, [result[steered, sends] for sends in (True, False)], steered)
    best = [result[False, sends]["Jinn, offloads"][2] for sends in (True, False)]
    report.figure(f"{best[0]:.0f} and {best[1]:.0f} Gbit", "one TCP stream per CPU second, sent and received, with offloads")
