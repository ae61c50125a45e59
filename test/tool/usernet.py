#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""jinn-net from the guest's side: this program is the guest, frame by frame.

usage: usernet.py JINN-NET
"""
import os
import socket
import struct
import subprocess
import sys
import time

ROUTER, RESOLVER, GUEST = "10.0.2.2", "10.0.2.3", "10.0.2.15"
MAC = bytes.fromhex("020000000001")
passed = failed = 0


def check(what, good):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok     " if good else "NOT OK ") + what)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def ip_packet(source, to, protocol, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(to))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def transport(source, to, protocol, segment, at):
    pseudo = socket.inet_aton(source) + socket.inet_aton(to) + struct.pack("!HH", protocol, len(segment))
    return segment[:at] + struct.pack("!H", checksum(pseudo + segment)) + segment[at + 2:]


def tcp(to, sport, dport, flags, seq=1000, ack=0, data=b"", source=GUEST):
    segment = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 64000, 0, 0) + data
    return ip_packet(source, to, 6, transport(source, to, 6, segment, 16))


def udp(source, to, sport, dport, data):
    segment = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
    return ip_packet(source, to, 17, transport(source, to, 17, segment, 6))


class Guest:
    def __init__(self, program, *options):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.set_inheritable(theirs.fileno(), True)
        self.process = subprocess.Popen([program, "--fd=%d" % theirs.fileno(), *options], close_fds=False,
                                        stderr=subprocess.PIPE, text=True)
        theirs.close()

    def send(self, packet, kind=0x0800):
        self.socket.send(b"\xff" * 6 + MAC + struct.pack("!H", kind) + packet)

    def answer_arp(self, frame):
        who = socket.inet_ntoa(frame[38:42])
        if frame[20:22] == b"\0\1" and who == GUEST:
            self.send(frame[14:20] + b"\0\2" + MAC + frame[38:42] + frame[22:32], 0x0806)

    def receive(self, want, seconds):
        """The first IP packet for which want(packet) is true; ARP is answered meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame = self.socket.recv(65536)
            except (TimeoutError, ConnectionError):
                return None
            if not frame:
                return None
            if frame[12:14] == b"\x08\x06":
                self.answer_arp(frame)
            elif want(frame[14:]):
                return frame[14:]
        return None

    def close(self):
        self.socket.close()
        try:
            return self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listener(address="127.0.0.1"):
    s = socket.create_server((address, 0))
    s.settimeout(0.3)
    return s


def reached(server):
    try:
        server.accept()[0].close()
        return True
    except TimeoutError:
        return False


def test_dhcp(guest):
    bootp = struct.pack("!BBBBIHH4s4s4s4s6s10x64x128x", 1, 1, 6, 0, 7, 0, 0, *[b"\0" * 4] * 4, MAC)
    guest.send(udp("0.0.0.0", "255.255.255.255", 68, 67, bootp + bytes.fromhex("63825363350101ff")))
    offer = guest.receive(lambda p: p[9] == 17 and p[20:22] == struct.pack("!H", 67), 3)
    check("DHCP offers the address", offer and offer[28 + 16:28 + 20] == socket.inet_aton(GUEST))
    check("DHCP names the router", offer and b"\x03\x04" + socket.inet_aton(ROUTER) in offer)
    check("DHCP names the name server", offer and b"\x06\x04" + socket.inet_aton(RESOLVER) in offer)


def test_no_way_in(guest):
    server = listener()
    port = server.getsockname()[1]
    for sport, (to, what) in enumerate([(ROUTER, "through the router's address"), ("127.0.0.1", "by its own address"),
                                        ("127.1.2.3", "by another address of it"), ("0.0.0.0", "as 0.0.0.0"),
                                        (RESOLVER, "through the name server's address")], 40000):
        guest.send(tcp(to, sport, port, 2))
        check("the host's loopback can't be reached " + what, not reached(server))
    server.close()
    # The check above must be able to fail: an address that is not the loopback's is reached.
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        out.connect(("192.0.2.1", 9))
        own = out.getsockname()[0]
    except OSError:
        return print("skip   the host has no other address than its loopback's")
    server = listener(own)
    guest.send(tcp(own, 40100, server.getsockname()[1], 2))
    check("what listens on another address of the host is reached", reached(server))


def test_forward(guest, port, udp_port):
    client = socket.create_connection(("127.0.0.1", port))
    syn = guest.receive(lambda p: p[9] == 6 and p[33] & 0x12 == 2, 3)
    check("a connection to a published port reaches the guest", syn and syn[22:24] == b"\0\x50")
    if syn:
        sport, seq = struct.unpack("!HxxI", syn[20:28])
        guest.send(tcp(socket.inet_ntoa(syn[12:16]), 80, sport, 0x12, 5000, seq + 1))
        guest.send(tcp(socket.inet_ntoa(syn[12:16]), 80, sport, 0x18, 5001, seq + 1, b"hello"))
        client.settimeout(3)
        check("what the guest sends arrives", client.recv(100) == b"hello")
    client.close()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"ping", ("127.0.0.1", udp_port))
    got = guest.receive(lambda p: p[9] == 17 and p[22:24] == b"\0\x35", 3)
    check("a datagram to a published port reaches the guest", got and got.endswith(b"ping"))


def datagrams(guest, want, seconds=3):
    return guest.receive(lambda p: p[9] == 17 and want in p, seconds)


def test_udp_answers(guest, udp_port):
    """Who asked a published port is answered, and nobody else on the host's loopback can be reached from it."""
    asker, other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for s in (asker, other):
        s.bind(("127.0.0.1", 0))
        s.settimeout(0.5)
    asker.sendto(b"question", ("127.0.0.1", udp_port))
    got = datagrams(guest, b"question")
    check("a question comes from the router's address", got and got[12:16] == socket.inet_aton(ROUTER))
    port = other.getsockname()[1]
    for to in (ROUTER, "255.255.255.255", "10.0.2.255"):
        for sport in (53, 54):
            guest.send(udp(GUEST, to, sport, port, b"intruder"))
    guest.send(udp(GUEST, ROUTER, 54, asker.getsockname()[1], b"intruder from another port"))
    guest.send(udp(GUEST, ROUTER, 53, asker.getsockname()[1], b"answer"))
    check("the answer arrives, and only it", asker.recv(100) == b"answer")
    try:
        check("no other port of the loopback is reached", not other.recv(100))
    except TimeoutError:
        check("no other port of the loopback is reached", True)
    # A connection can't be opened by parts either: the first, then one with the flags.
    server = listener()
    syn = tcp(ROUTER, 41000, server.getsockname()[1], 2)
    for offset, part, more in ((0, syn[20:28], 0x2000), (1, syn[28:], 0)):
        packet = bytearray(ip_packet(GUEST, ROUTER, 6, part))
        packet[6:8], packet[10:12] = struct.pack("!H", more | offset), b"\0\0"
        packet[10:12] = struct.pack("!H", checksum(bytes(packet[:20])))
        guest.send(bytes(packet))
    check("nor a connection to it opened in fragments", not reached(server))
    server.close()


def arp_request():
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + MAC + socket.inet_aton(GUEST) + b"\0" * 6 + socket.inet_aton(ROUTER)


def test_slow_guest(guest, udp_port):
    """A guest that reads nothing for a while: the host's senders are held back, the guest's own frames are still taken, what
    is too much is lost, and it goes on afterwards."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(2000):
        sender.sendto(b"flood" + bytes(1000), ("127.0.0.1", udp_port))
        time.sleep(0.0002)
    guest.socket.settimeout(5)
    for i in range(4000):
        guest.send(arp_request(), 0x0806)
    check("it takes the guest's frames while the guest takes none", True)
    check("it lives on", guest.process.poll() is None)
    got = 0
    while guest.receive(lambda p: p[9] == 17 and b"flood" in p, 1):
        got += 1
    check("what had waited arrives (%d datagrams)" % got, got >= 50)
    sender.sendto(b"afterwards", ("127.0.0.1", udp_port))
    check("and it works afterwards", datagrams(guest, b"afterwards"))


def link_local(program):
    """In a network namespace of its own, whose loopback has an address like those at which clouds keep credentials."""
    for command in ("link set lo up", "addr add 169.254.169.254/32 dev lo", "addr add 192.0.2.7/32 dev lo"):
        subprocess.run(["ip"] + command.split(), check=True)
    guest = Guest(program)
    for address, allowed in (("169.254.169.254", False), ("192.0.2.7", True)):
        server, peer = listener(address), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        peer.bind((address, 0))
        peer.settimeout(0.5)
        guest.send(tcp(address, 42000, server.getsockname()[1], 2))
        guest.send(udp(GUEST, address, 42001, peer.getsockname()[1], b"x"))
        try:
            datagram = peer.recv(10) == b"x"
        except TimeoutError:
            datagram = False
        word = "can" if allowed else "can't"
        check("%s %s be reached by TCP" % (address, word), reached(server) == allowed)
        check("%s %s be reached by UDP" % (address, word), datagram == allowed)
    guest.close()
    return failed


def test_link_local(program):
    namespace = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run(namespace + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        return print("skip   link-local addresses: the host allows no network namespace")
    r = subprocess.run(namespace + [sys.executable, __file__, program, "link-local"])
    check("link-local addresses are out of the guest's reach", r.returncode == 0)


def test_confined(guest):
    status = open("/proc/%d/status" % guest.process.pid).read()
    check("the helper runs under seccomp", "Seccomp:\t2" in status)
    check("the helper can't get new privileges", "NoNewPrivs:\t1" in status)
    if os.geteuid() == 0:
        check("the helper gives up root", "Uid:\t65534" in status)


def main():
    program = sys.argv[1]
    if sys.argv[2:] == ["link-local"]:
        return link_local(program)
    port, udp_port = free_port(), free_port(socket.SOCK_DGRAM)
    guest = Guest(program, "--forward=tcp,127.0.0.1,%d,80" % port, "--forward=udp,127.0.0.1,%d,53" % udp_port)
    test_dhcp(guest)
    test_confined(guest)
    test_no_way_in(guest)
    test_forward(guest, port, udp_port)
    test_udp_answers(guest, udp_port)
    test_slow_guest(guest, udp_port)
    for junk in (b"", b"\0", b"\x45" + b"\0" * 19, b"\x4f" + b"\xff" * 19, os.urandom(1400)):
        guest.send(junk)
    check("it survives junk and ends when the guest is gone", guest.close() == 0)
    said = guest.process.stderr.read()
    check("lost frames are told once: " + said.strip(), said.count("\n") == 1 and "some are lost" in said)
    test_link_local(program)

    taken = listener()
    guest = Guest(program, "--forward=tcp,127.0.0.1,%d,80" % taken.getsockname()[1])
    check("a taken port is status 69", guest.process.wait(5) == 69)
    text = guest.process.stderr.read()
    check("and one line that names it", text.count("\n") == 1 and str(taken.getsockname()[1]) in text)
    print("usernet: %d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
