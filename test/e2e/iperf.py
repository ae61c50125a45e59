#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The iperf and echo appliances with Debian's clients, on a tap in a namespace: iperf.py TARGET, where TARGET is spt or
linux. What one side says it sent is what the other says it got. Nothing here depends on how fast that was. Root."""
import json, os, re, signal, subprocess, sys, tempfile, time
from harness import JINN, ROOT, TENDER, Image, Namespace, Suite, equal, sh

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"iperf-{TARGET}")
ADDRESS = {4: "10.77.0.2", 6: "fd77::2"}
KEYS = ["--ipv4=10.77.0.2/24", "--ipv6=fd77::2/64"]
SECONDS = 1


def argv(appliance, offload="on"):
    folder = os.path.join(ROOT, "appliances", appliance, "dist", appliance)
    if TARGET == "spt":
        return [TENDER, "--net:service=tap0", f"--net-offload:service={offload}", folder + ".spt"] + KEYS
    return [folder, "--net:service=tap:tap0", f"--net-offload:service={offload}"] + KEYS


def both_families(ns):
    ns.run(f"sysctl -qw net.ipv6.conf.{ns.tap}.disable_ipv6=0")
    ns.run(f"ip addr add fd77::1/64 dev {ns.tap} nodad")


def near(got, sent, share=0.8):
    """Less may have arrived when the test was over, never more."""
    assert sent * share <= got <= sent, f"sent {sent}, received {got}"


# ---- iperf3 ----


def iperf3(ns, family, options):
    result = json.loads(ns.run(f"iperf3 -J -c {ADDRESS[family]} -t {SECONDS} {options}", check=False))
    assert "error" not in result, result["error"]
    return result["end"]


def iperf3_tcp(ns, family, options):
    end = iperf3(ns, family, options)
    sent, received = end["sum_sent"]["bytes"], end["sum_received"]["bytes"]
    assert received > 1_000_000, received
    if "-R" in options:  # what was acknowledged had all been received, and some more had been by the end
        assert received * 0.5 <= sent, (sent, received)
    else:
        near(received, sent)


def iperf3_both(ns, family):
    end = iperf3(ns, family, "--bidir -P 2")
    near(end["sum_received"]["bytes"], end["sum_sent"]["bytes"], 0.3)
    for direction in "sum_sent_bidir_reverse", "sum_received_bidir_reverse":
        assert end[direction]["bytes"] > 100_000, end[direction]


def iperf3_udp(ns, family, options, streams=1):
    end = iperf3(ns, family, f"-u -b 20M {options}")
    equal(len(end["streams"]), streams)
    for stream in end["streams"]:
        udp = stream["udp"]
        assert udp["packets"] > 1000 and udp["out_of_order"] == 0, udp
        assert udp["lost_packets"] * 10 < udp["packets"], udp  # of a burst that came after a pause of the image
    assert end["sum"]["bytes"] > 2_000_000, end["sum"]


def iperf3_amount(ns):
    """All of a known amount: the client counts what it sent, and what it got."""
    end = json.loads(ns.run(f"iperf3 -J -c {ADDRESS[4]} -n 5M -R"))["end"]
    assert end["sum_received"]["bytes"] >= 5 << 20, end["sum_received"]
    end = json.loads(ns.run(f"iperf3 -J -c {ADDRESS[6]} -n 5M -O 1 -b 20M"))["end"]
    near(end["sum_received"]["bytes"], end["sum_sent"]["bytes"] * 1.2, 0.6)  # each side has its own end of the omitted second


def iperf3_refusals(ns):
    out = ns.run(f"iperf3 -J -c {ADDRESS[4]} -P 64 -t 1", check=False)
    assert "number of parallel streams too large" in out, out
    first = subprocess.Popen(["ip", "netns", "exec", ns.name, "iperf3", "-J", "-c", ADDRESS[4], "-t", "2"], stdout=subprocess.PIPE)
    time.sleep(0.7)
    out = ns.run(f"iperf3 -J -c {ADDRESS[4]} -t 1", check=False)
    assert "busy running a test" in out, out
    assert "error" not in json.loads(first.communicate(timeout=30)[0])
    iperf3_tcp(ns, 4, "")


# ---- iperf 2 ----


def iperf2(ns, family, options):
    out = ns.run(f"iperf {'-V ' if family == 6 else ''}-c {ADDRESS[family]} -t {SECONDS} -f b {options} 2>&1", check=False)
    assert "failed" not in out and "WARN" not in out, out
    return out


def transfers(out):
    """Bytes of each report of a connection, the star of reversed ones cut off."""
    return [int(m) for m in re.findall(r"^\[ *\*?\d+\] 0\.00\S+ sec +(\d+) Bytes", out, re.M)]


def said(image, what):
    """The bytes of what the appliance says, in the order in which it says them."""
    time.sleep(0.3)
    return [int(m) for m in re.findall(rf"iperf2: port 5001: \S+ \S+ {what}: (\d+) bytes", image.drain(0.1).decode())]


def iperf2_tcp(ns, image, family, options, n):
    before = len(said(image, "received"))
    client = iperf2(ns, family, options)
    got = said(image, "received")[before:]
    equal(len(got), n)
    equal(sorted(got), sorted(transfers(client))[-n:], "bytes received and sent")
    assert min(got) > 1_000_000, got


def iperf2_back(ns, image, family, options, n):
    before = len(said(image, "sent"))
    client = iperf2(ns, family, options)
    sent = said(image, "sent")[before:]
    equal(len(sent), 1)
    assert sent[0] in transfers(client), f"sent {sent}, client:\n{client}"
    equal(len(transfers(client)), n)


def iperf2_udp(ns, image, family, options, n):
    out = iperf2(ns, family, f"-u -b 20M {options}")
    reports = re.findall(r"(\d+)/ *(\d+) \([\d.]+%\)", out)
    equal(len(reports), n, out)
    for lost, total in reports:
        assert int(lost) * 10 < int(total) and int(total) > 1000, out
    if "-R" not in options:
        client = int(re.search(r"Sent (\d+) datagrams", out).group(1))
        assert client - 1 <= int(reports[-1][1] if "-r" not in options else reports[0][1]) <= client or n > 1, out


# ---- The wire ----


def clean_link(offload):
    with Namespace(f"iperf-clean-{TARGET}") as ns:
        both_families(ns)
        with Image(argv("iperf", offload), serving=rb"iperf: iperf 2", netns=ns.name):
            look_at_the_wire(ns, offload)


def look_at_the_wire(ns, offload):
    """A few megabytes each way by TCP, and some UDP: tshark finds nothing wrong. With offloads the packets are larger, and
    their checksums not yet made."""
    ns.run(f"ip link set {ns.tap} txqueuelen 10000")  # a queue that holds any window, so that nothing is lost on the way
    with tempfile.TemporaryDirectory() as folder:
        pcap = os.path.join(folder, "iperf.pcap")
        capture = subprocess.Popen(["ip", "netns", "exec", ns.name, "tcpdump", "-q", "-B", "65536", "-i", ns.tap,
                                    "-w", pcap], stderr=subprocess.PIPE)
        try:
            capture.stderr.readline()
            # At a rate that leaves the image time even where others use its processor: else it closes its window, and rightly so.
            # A payload that repeats itself is never taken for some other protocol's, as a random one is once in a while.
            iperf3, six = "iperf3 --repeating-payload -c", ADDRESS[6]
            for command in (f"{iperf3} {ADDRESS[4]} -n 3M -b 50M", f"iperf -V -c {six} -n 4M -R",
                            f"{iperf3} {six} -n 3M -b 25M -P 2", f"iperf -c {ADDRESS[4]} -n 4M -R",
                            f"{iperf3} {six} -u -b 20M -t 1", f"{iperf3} {ADDRESS[4]} -u -b 20M -t 1 -R"):
                ns.run(command)
            time.sleep(0.5)
        finally:
            capture.send_signal(signal.SIGINT)
            said_last = capture.communicate(timeout=30)[1].decode()
        assert re.search(r"^0 packets dropped by kernel", said_last, re.M), said_last
        assert int(sh(f"tshark -r {pcap} -Y tcp 2>/dev/null | wc -l")) > (5000 if offload == "off" else 150), "an empty capture"
        ours = f"(ip.src == {ADDRESS[4]} || ipv6.src == {ADDRESS[6]})"
        def count(which):
            return int(sh(f"tshark -r {pcap} -Y '{which}' 2>/dev/null | wc -l"))
        # That the host fills our window is no fault. Nor is it one when this machine lets somebody wait for so long that the
        # other sends its last segment once more: then nothing was lost, and the answer is a D-SACK, on a bare acknowledgement
        # or on data. (A SYN or FIN has no data that a D-SACK could name.)
        again = "(tcp.analysis.retransmission && !tcp.analysis.fast_retransmission)"
        twice = "tcp.options.sack.dsack_le"
        wrong = sh(f"tshark -r {pcap} -o ip.check_checksum:TRUE -Y '(_ws.malformed || tcp.analysis.retransmission || "
                   "tcp.analysis.fast_retransmission || tcp.analysis.out_of_order || tcp.analysis.lost_segment || "
                   "tcp.analysis.duplicate_ack || tcp.analysis.zero_window || tcp.analysis.ack_lost_segment || "
                   f"_ws.expert.severity >= 6291456) && !{again} && !({twice} && tcp.len == 0) && !tcp.analysis.window_full' 2>/dev/null | head -5")
        equal(wrong, "", "tshark's complaints")
        equal(count(f"{again} && tcp.len > 0 && {ours}"), count(f"{twice} && !{ours}"), "segments of ours sent again, and received twice")
        equal(count(f"{again} && tcp.len > 0 && !{ours}"), count(f"{twice} && {ours}"), "segments of the host sent again, and received twice")
        assert count(ours) > 100, "nothing of ours"
        if offload == "on":
            return
        bad = sh(f"tshark -r {pcap} -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y '{ours} && "
                 "(tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0)' 2>/dev/null | head -5")
        equal(bad, "", "bad checksums")


# ---- echo, discard, chargen ----


def echo_tcp(ns, family):
    with tempfile.NamedTemporaryFile() as f:
        f.write(os.urandom(3_000_000))
        f.flush()
        ns.run(f"sh -c 'socat -t 10 - TCP{family}:[{ADDRESS[family]}]:7 < {f.name} | cmp - {f.name}'"
               if family == 6 else f"sh -c 'socat -t 10 - TCP4:{ADDRESS[4]}:7 < {f.name} | cmp - {f.name}'")


def python(ns, program):
    return ns.run(f"{sys.executable} -c '{program}'")


def echo_udp(ns, family):
    python(ns, f"""
import os, socket
s = socket.socket(socket.AF_INET{6 if family == 6 else ""}, socket.SOCK_DGRAM)
s.settimeout(5)
for size in 0, 1, 1400, 1473, 9000, 60000:
    data = os.urandom(size)
    s.sendto(data, ("{ADDRESS[family]}", 7))
    assert s.recv(65536) == data, size
s.bind(("", 7007)) if s.getsockname()[1] == 0 else None
p = socket.socket(socket.AF_INET{6 if family == 6 else ""}, socket.SOCK_DGRAM)
p.bind(("", 7))
p.settimeout(0.5)
for port in 7, 19:
    p.sendto(b"x", ("{ADDRESS[family]}", port))
try: p.recv(100); raise SystemExit("two services would answer each other for ever")
except TimeoutError: pass
""")


def discard(ns, family):
    python(ns, f"""
import socket
s = socket.create_connection(("{ADDRESS[family]}", 9), timeout=10)
for i in range(300): s.sendall(bytes(10000))
s.shutdown(socket.SHUT_WR)
assert s.recv(1) == b""
u = socket.socket(socket.AF_INET{6 if family == 6 else ""}, socket.SOCK_DGRAM)
u.connect(("{ADDRESS[family]}", 9))
u.settimeout(0.3)
u.send(b"x")
try: u.recv(1); raise SystemExit("an answer")
except TimeoutError: pass
""")


def chargen(ns, family):
    python(ns, f"""
import socket
pattern = b"".join(bytes(32 + (line + i) % 95 for i in range(72)) + b"\\r\\n" for line in range(95))
s = socket.create_connection(("{ADDRESS[family]}", 19), timeout=10)
s.sendall(b"thrown away")
got = b""
while len(got) < 1000000: got += s.recv(65536)
assert got == (pattern * (len(got) // len(pattern) + 1))[:len(got)]
s.close()
u = socket.socket(socket.AF_INET{6 if family == 6 else ""}, socket.SOCK_DGRAM)
u.settimeout(5)
u.sendto(b"", ("{ADDRESS[family]}", 19))
line = u.recv(1000)
assert len(line) == 74 and line in pattern, line
""")


def idle_and_slow(ns):
    """More idle connections and more that do not read than there are fibers: the others are served."""
    python(ns, f"""
import socket
all = [socket.create_connection(("{ADDRESS[4]}", 7), timeout=10) for i in range(150)]
for s in all[:40]:
    s.setblocking(False)
    for i in range(100):
        try: s.send(bytes(10000))
        except BlockingIOError: break
for s in all[100:]:
    s.sendall(b"abc")
    assert s.recv(10) == b"abc"
""")


def switched_off():
    with Namespace(f"echo-off-{TARGET}") as ns, Image(argv("echo") + ["--chargen=false"], serving=rb"echo: serving", netns=ns.name):
        equal(python(ns, f"""
import socket
for port in 7, 9: socket.create_connection(("{ADDRESS[4]}", port), timeout=5)
try: socket.create_connection(("{ADDRESS[4]}", 19), timeout=5)
except ConnectionRefusedError: print("refused")
"""), "refused\n")


def main():
    if os.geteuid() != 0:
        suite.skip("needs root, for a tap in a namespace: sudo make e2e")
        suite.end()
    for appliance in ("iperf", "echo"):
        sh(f"{JINN} build -t {TARGET} appliances/{appliance}")
    with Namespace(f"iperf-{TARGET}") as ns:
        both_families(ns)
        with Image(argv("iperf"), serving=rb"iperf: iperf 2", netns=ns.name) as image:
            for family in 4, 6:
                for options in "", "-R", "-P 4", "-R -P 4":
                    suite.case(f"iperf3 {options} over IPv{family}", iperf3_tcp, ns, family, options)
                suite.case(f"iperf3 --bidir -P 2 over IPv{family}", iperf3_both, ns, family)
                suite.case(f"iperf3 -u over IPv{family}", iperf3_udp, ns, family, "")
                suite.case(f"iperf3 -u -R over IPv{family}", iperf3_udp, ns, family, "-R")
                suite.case(f"iperf3 -u -P 2 over IPv{family}", iperf3_udp, ns, family, "-P 2", 2)
                suite.case(f"iperf over IPv{family}", iperf2_tcp, ns, image, family, "", 1)
                suite.case(f"iperf -P 3 over IPv{family}", iperf2_tcp, ns, image, family, "-P 3", 3)
                for options, n in (("-R", 1), ("-r", 2), ("-d", 2), ("--full-duplex", 2)):
                    suite.case(f"iperf {options} over IPv{family}", iperf2_back, ns, image, family, options, n)
                for options, n in (("", 1), ("-R", 1), ("-r", 2), ("-d", 2)):
                    suite.case(f"iperf -u {options} over IPv{family}", iperf2_udp, ns, image, family, options, n)
            suite.case("iperf3 with amounts, an omitted second and a rate", iperf3_amount, ns)
            suite.case("iperf3 is refused streams beyond the limit, and a second test", iperf3_refusals, ns)
            suite.case("iperf stops at SIGTERM with status 0", lambda: equal(image.stop(), 0))
        with Image(argv("echo"), serving=rb"echo: serving", netns=ns.name) as image:
            for family in 4, 6:
                suite.case(f"echo over TCP and IPv{family}", echo_tcp, ns, family)
                suite.case(f"echo over UDP and IPv{family}", echo_udp, ns, family)
                suite.case(f"discard over IPv{family}", discard, ns, family)
                suite.case(f"chargen over IPv{family}", chargen, ns, family)
            suite.case("idle and slow connections keep nobody from being served", idle_and_slow, ns)
            suite.case("echo stops at SIGTERM with status 0", lambda: equal(image.stop(), 0))
    suite.case("a service that is switched off", switched_off)
    for offload in "off", "on":
        suite.case(f"tshark finds nothing wrong on a clean link, offloads {offload}", clean_link, offload)
    suite.end()


main()
