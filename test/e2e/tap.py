#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tap.py TARGET: the website appliance on a tap in a namespace of its own, for spt or hvt: what a capture of it shows, and that nothing grows. Without
offloads, so that checksums are whole where the capture is made; offload.py has the others. Root."""
import os, signal, subprocess, sys, time
from harness import JINN, ROOT, TENDERS, Image, Namespace, Suite, equal, sh

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"tap-{TARGET}")
IP = "10.77.0.2"
IMAGE = os.path.join(ROOT, "appliances/website/dist/website." + TARGET)
PCAP = os.path.join(ROOT, f"build/test/tap-{TARGET}.pcap")

CHURN = r"""
import socket, sys
for i in range(int(sys.argv[1])):
    with socket.create_connection(("10.77.0.2", 80), timeout=10) as s:
        s.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = b""
        while chunk := s.recv(4096):
            got += chunk
        assert got.startswith(b"HTTP/1.1 404"), got[:60]
"""


def clean_link(ns):
    """A page, a range, a missing page, pings of odd sizes: tshark finds nothing wrong with what the wire shows."""
    os.makedirs(os.path.dirname(PCAP), exist_ok=True)
    capture = subprocess.Popen(["ip", "netns", "exec", ns.name, "tcpdump", "-q", "-U", "--immediate-mode", "-i", ns.tap, "-w", PCAP],
                               stderr=subprocess.PIPE)
    try:
        capture.stderr.readline()
        for path in ("/", "/nothing"):
            ns.run(f"curl -sS -o /dev/null --max-time 10 http://{IP}{path}")
        ns.run(f"curl -sS -o /dev/null -r 0-99 --max-time 10 http://{IP}/")
        for size in (0, 1, 56, 1472, 1473, 4000, 20000):
            ns.run(f"ping -c 1 -W 2 -s {size} {IP}")
        time.sleep(0.5)
    finally:
        capture.send_signal(signal.SIGINT)
        capture.wait(10)
        capture.stderr.close()
    assert int(sh(f"tshark -r {PCAP} -Y tcp 2>/dev/null | wc -l")) > 20, "an empty capture"
    wrong = sh(f"tshark -r {PCAP} -o ip.check_checksum:TRUE -Y '_ws.malformed || tcp.analysis.retransmission || "
               f"tcp.analysis.fast_retransmission || tcp.analysis.out_of_order || tcp.analysis.lost_segment || "
               f"tcp.analysis.zero_window || _ws.expert.severity >= 6291456' 2>/dev/null")
    equal(wrong, "", "tshark's complaints")
    # Checksums of what the image sent (the host's own may be left to its device).
    bad = sh(f"tshark -r {PCAP} -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE "
             f"-Y 'ip.src == {IP} && (tcp.checksum.status == 0 || ip.checksum.status == 0)' 2>/dev/null")
    equal(bad, "", "bad checksums")


def closed_port(ns):
    r = ns.run(f"curl -sS --max-time 3 http://{IP}:81/", check=False)
    out = subprocess.run(f"ip netns exec {ns.name} curl -sS --max-time 3 http://{IP}:81/", shell=True, stderr=subprocess.PIPE)
    equal(out.returncode, 7, "refused at once")
    r = subprocess.run(["ip", "netns", "exec", ns.name, sys.executable, "-c",
                        f"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('{IP}', 9)); "
                        "s.send(b'x'); s.settimeout(3)\n"
                        "try: s.recv(1)\nexcept ConnectionRefusedError: print('refused')"], stdout=subprocess.PIPE)
    equal(r.stdout, b"refused\n", "an ICMP port unreachable")


def no_growth(ns, image):
    run = lambda n: sh(f"ip netns exec {ns.name} {sys.executable} -c '{CHURN}' {n}")
    run(2000)
    before = image.rss_kb()
    run(10000)
    after = image.rss_kb()
    assert after - before <= 64, f"{before} KB before 10,000 connections, {after} KB after"


def main():
    suite.needs(TARGET)
    if os.geteuid() != 0:
        suite.skip("needs root, for a tap in a namespace: sudo make e2e")
        suite.end()
    sh(f"{JINN} build -t {TARGET} appliances/website")
    with Namespace(f"tap-{TARGET}") as ns:
        with Image([TENDERS[TARGET], "--mem=4", f"--net:service={ns.tap}", "--net-offload:service=off", IMAGE, f"--ipv4={IP}/24", "-l", "*:warning"], netns=ns.name) as image:
            for _ in range(50):
                if subprocess.run(f"ip netns exec {ns.name} curl -s -o /dev/null --max-time 1 http://{IP}/", shell=True).returncode == 0:
                    break
                time.sleep(0.1)
            suite.case("tshark finds nothing wrong", clean_link, ns)
            suite.case("closed ports answer", closed_port, ns)
            suite.case("10,000 connections without growth, in 4 MB", no_growth, ns, image)
            suite.case("stops at SIGTERM with status 0", lambda: equal(image.stop(), 0))
    suite.end()


main()
