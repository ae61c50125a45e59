#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Published ports of the user-mode network: ports.py TARGET. Several at once, UDP, which addresses they are on; and what
`jinn run` says when its network helper is lost."""
import os, signal, socket, sys
from harness import JINN, Image, Suite, equal, free_port

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"ports-{TARGET}")
suite.needs(TARGET)
LOCAL, OTHER = "127.0.0.1", "127.0.0.2"


TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
PORTS = {name: free_port(kind, "0.0.0.0") for name, kind in (("tcp", TCP), ("udp", UDP), ("udp2", UDP), ("named", TCP), ("any", TCP))}
COMMAND = [JINN, "run", "-t", TARGET, "-p", f"{PORTS['tcp']}:7", "-p", f"{PORTS['udp']}:7/udp", "-p", f"{PORTS['udp2']}:9/udp",
           "-p", f"{OTHER}:{PORTS['named']}:7", "-p", f"0.0.0.0:{PORTS['any']}:7", "test/e2e/echo"]


def ask_udp(port, text):
    with socket.socket(socket.AF_INET, UDP) as s:
        s.settimeout(5)
        s.connect((LOCAL, port))
        s.send(text)
        return s.recv(2000)


def ask_tcp(address, port, text):
    with socket.create_connection((address, port), timeout=5) as s:
        s.sendall(text)
        s.shutdown(socket.SHUT_WR)
        got = b""
        while chunk := s.recv(4096):
            got += chunk
        return got


def udp_and_several():
    for i in range(3):
        equal(ask_udp(PORTS["udp"], b"one %d" % i), b"udp 7 one %d" % i)
        equal(ask_udp(PORTS["udp2"], b"two %d" % i), b"udp 9 two %d" % i)
        equal(ask_tcp(LOCAL, PORTS["tcp"], b"three"), b"tcp 7 three")
    big = os.urandom(1390)
    equal(ask_udp(PORTS["udp"], big), b"udp 7 " + big, "a datagram that fills a packet")


def refused(address, port):
    try:
        ask_tcp(address, port, b"")
    except ConnectionRefusedError:
        return True
    return False


def listening(kind, port):
    """The addresses on which the host has this port bound, of both families."""
    found = set()
    for table in (kind, kind + "6"):
        with open(f"/proc/net/{table}") as f:
            for line in f.readlines()[1:]:
                address, number = line.split()[1].split(":")
                if int(number, 16) == port and line.split()[3] in ("0A", "07"):
                    found.add(socket.inet_ntoa(bytes.fromhex(address)[::-1]) if len(address) == 8 else address)
    return found


def local_only():
    equal(listening("tcp", PORTS["tcp"]), {LOCAL})
    equal(listening("udp", PORTS["udp"]), {LOCAL})
    equal(listening("udp", PORTS["udp2"]), {LOCAL})
    assert refused(OTHER, PORTS["tcp"]), "another address answers"


def named_address():
    equal(listening("tcp", PORTS["named"]), {OTHER})
    equal(listening("tcp", PORTS["any"]), {"0.0.0.0"})
    assert refused(LOCAL, PORTS["named"]), "an address that was not named answers"
    for address, port in ((OTHER, PORTS["named"]), (LOCAL, PORTS["any"]), (OTHER, PORTS["any"])):
        equal(ask_tcp(address, port, b"x"), b"tcp 7 x")


def helper_of(image):
    with open(f"/proc/{image.process.pid}/task/{image.process.pid}/children") as f:
        for pid in f.read().split():
            with open(f"/proc/{pid}/comm") as name:
                if name.read().strip() == "jinn-net":
                    return int(pid)
    raise AssertionError("no helper runs")


def helper_lost(sig, word):
    """Which of the two ends is seen first is a matter of chance, and nothing for the user to see."""
    for _ in range(5):
        with Image(COMMAND, serving=rb"serves tcp port 7|tcp localhost", timeout=60) as image:
            os.kill(helper_of(image), sig)
            equal(image.wait(), 69, "status")
            lines = image.drain(0.5).decode().splitlines()
            said = [l for l in lines if l.startswith("jinn: ") and "jinn-net" in l]
            equal(len(said), 1, "lines of jinn about the helper")
            assert any(word in l for l in lines), lines


with Image(COMMAND, serving=rb"tcp localhost:%d" % PORTS["tcp"], timeout=60) as image:
    suite.case("UDP, and several ports at once", udp_and_several)
    suite.case("ports are on 127.0.0.1 and nowhere else", local_only)
    suite.case("ports are where an address was named, and only there", named_address)
    suite.case("stops at SIGTERM with status 0", lambda: equal(image.stop(signal.SIGTERM), 0))
suite.case("a helper killed is status 69 and one line", helper_lost, signal.SIGKILL, "signal 9 (Killed)")
suite.case("a forbidden call of the helper is told", helper_lost, signal.SIGSYS, "forbidden call")
suite.end()
