#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""offload.py TARGET: streams in both directions between an image on a tap and a client behind a router that makes the
host's kernel finish what the image left to it, so that a capture at the client shows what a wire would carry: both families,
with offloads and without, on one tap that remembers. Root."""
import hashlib, os, signal, struct, subprocess, sys, time
from harness import JINN, ROOT, TENDERS, Image, Namespace, Suite, equal, sh

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"offload-{TARGET}")
IP4, IP6, MTU = "10.77.0.2", "fd00:77::2", 1500
FOLDER = os.path.join(ROOT, f"build/e2e/offload-{TARGET}")
PAGE = os.urandom(1 << 20) * 16

ECHO = r"""
import hashlib, os, socket, sys, threading
address, size = sys.argv[1], int(sys.argv[2])
sent, got, n = hashlib.sha256(), hashlib.sha256(), 0
with socket.create_connection((address, 7), timeout=30) as s:
    def send():
        for _ in range(size >> 16):
            b = os.urandom(1 << 16)
            sent.update(b)
            s.sendall(b)
        s.shutdown(socket.SHUT_WR)
    t = threading.Thread(target=send)
    t.start()
    assert s.recv(6, socket.MSG_WAITALL) == b"tcp 7 "
    while b := s.recv(1 << 16):
        got.update(b)
        n += len(b)
    t.join()
assert n == size >> 16 << 16 and sent.digest() == got.digest(), n
"""

# What a network card would do, the kernel does in software: ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO.
PLAIN = r"""
import array, fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    for command in (0x17, 0x1f, 0x24):
        value = array.array("B", struct.pack("II", command, 0))
        fcntl.ioctl(s, 0x8946, struct.pack("16sP", sys.argv[1].encode(), value.buffer_info()[0]) + bytes(16))
"""


def script(ns, text, *arguments):
    return subprocess.run(["ip", "netns", "exec", ns, sys.executable, "-c", text, *arguments], check=True, timeout=120, stdout=subprocess.PIPE)


class Router:
    """The tap's namespace with a second one behind it, joined by a pair of interfaces without offloads."""

    def __init__(self, ns):
        self.ns, self.far = ns.name, f"{ns.name}-far"

    def __enter__(self):
        sh(f"ip netns add {self.far}")
        for where, command in (
                (self.ns, f"ip link add near0 type veth peer name far0 netns {self.far}"),
                (self.ns, "ip addr add 10.78.0.1/24 dev near0"), (self.ns, "ip addr add fd00:78::1/64 dev near0 nodad"),
                (self.ns, "sysctl -qw net.ipv6.conf.tap0.disable_ipv6=0"), (self.ns, "ip addr add fd00:77::1/64 dev tap0 nodad"),
                (self.ns, "ip link set near0 up"), (self.ns, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"),
                (self.far, "ip addr add 10.78.0.2/24 dev far0"), (self.far, "ip addr add fd00:78::2/64 dev far0 nodad"),
                (self.far, "ip link set lo up"), (self.far, "ip link set far0 up"), (self.far, "ip route add default via 10.78.0.1"),
                (self.far, "ip route add default via fd00:78::1")):
            sh(f"ip netns exec {where} {command}")
        script(self.ns, PLAIN, "near0")
        script(self.far, PLAIN, "far0")
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.far])


def command(image, offload):
    start = [TENDERS[TARGET], "--mem=32"] if TARGET in TENDERS else [image]
    end = [image] if TARGET in TENDERS else []
    return start + ["--net:service=tap0", f"--net-offload:service={offload}"] + end + [
        f"--ipv4={IP4}/24", "--ipv4-gateway=10.77.0.1", f"--ipv6={IP6}/64", "--ipv6-gateway=fd00:77::1"]


def wait_for(ns, address, port):
    for _ in range(100):
        if subprocess.run(["ip", "netns", "exec", ns, sys.executable, "-c",
                           f"import socket; socket.create_connection(('{address}', {port}), 1)"], stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on {address} {port}")


def download(router):
    for where in (router.ns, router.far):
        for host in (IP4, f"[{IP6}]"):
            page = subprocess.run(["ip", "netns", "exec", where, "curl", "-gsS", "--max-time", "60", f"http://{host}/page"],
                                  stdout=subprocess.PIPE, check=True).stdout
            equal(hashlib.sha256(page).hexdigest(), hashlib.sha256(PAGE).hexdigest(), f"the page from {where} by {host}")


def echo(router):
    for where in (router.ns, router.far):
        for host in (IP4, IP6):
            script(where, ECHO, host, str(8 << 20))


def capture(router, act):
    """Runs act and gives the file that the client's side was captured to."""
    path = os.path.join(FOLDER, "wire.pcap")
    tcpdump = subprocess.Popen(["ip", "netns", "exec", router.far, "tcpdump", "-q", "-B", "65536", "--immediate-mode", "-i", "far0", "-w", path, "tcp"],
                               stderr=subprocess.PIPE)
    try:
        tcpdump.stderr.readline()
        act()
        time.sleep(0.5)
    finally:
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.wait(10)
        tcpdump.stderr.close()
    return path


def clean(router, act):
    path = capture(router, act)
    tshark = f"tshark -r {path} -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE"
    assert int(sh(f"{tshark} -Y 'tcp.len > 0' 2>/dev/null | wc -l")) > 1000, "an empty capture"
    # Linux writes the sum 0 as 0xffff, whatever the protocol (skb_checksum_help), which every receiver takes as the same; tshark doesn't.
    wrong = sh(f"{tshark} -Y '_ws.malformed || (tcp.checksum.status == 0 && tcp.checksum != 0xffff) || ip.checksum.status == 0 || frame.len > {MTU + 14}' 2>/dev/null | head -5")
    equal(wrong, "", "what is wrong on the wire")


def small(router):
    """1 MB by each family, slowly enough for a capture."""
    for host in (IP4, IP6):
        script(router.far, ECHO, host, str(1 << 20))


def no_errors(router):
    for where in (router.ns, router.far):
        counters = sh(f"ip netns exec {where} nstat -asz TcpInErrs TcpExtTCPChecksumErrors UdpInErrors TcpInCsumErrors 2>/dev/null")
        for line in counters.splitlines()[1:]:
            name, n = line.split()[:2]
            equal(int(n), 0, f"{name} in {where}")


def large_frames(ns, want):
    """Whether frames between host and image are longer than the MTU, both ways, while a stream comes back."""
    out = subprocess.Popen(["ip", "netns", "exec", ns, "tcpdump", "-q", "-nn", "-l", "-i", "tap0", "-c", "2000", "tcp and greater 1515"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out.stderr.readline()
        script(ns, ECHO, IP4, str(2 << 20))
        time.sleep(0.5)
    finally:
        out.send_signal(signal.SIGINT)
    text = out.communicate(timeout=10)[0]
    equal(f"IP {IP4}.7 >" in text, want, "large frames from the image")
    equal(f"> {IP4}.7:" in text, want, "large frames to the image")


def changed(image, change):
    """A copy of a sealed image with another private entry in its manifest: name, type, version, features."""
    with open(image, "rb") as f:
        content = f.read()
    entry = b"jinn" + bytes(64) + struct.pack("<II", 0x40004a4e, 1)
    at = content.index(entry)
    features = struct.unpack_from("<I", content, at + len(entry))[0]
    name, features = change(b"jinn", features)
    copy = os.path.join(FOLDER, f"changed.{TARGET}")
    with open(copy, "wb") as f:
        f.write(content[:at] + name + entry[4:] + struct.pack("<I", features) + content[at + len(entry) + 4:])
    os.chmod(copy, 0o755)
    return copy


def build():
    os.makedirs(os.path.join(FOLDER, "www/htdocs"), exist_ok=True)
    with open(os.path.join(FOLDER, "www/htdocs/page"), "wb") as f:
        f.write(PAGE)
    with open(os.path.join(ROOT, "appliances/website/website.c")) as f, open(os.path.join(FOLDER, "www/website.c"), "w") as g:
        g.write(f.read())
    with open(os.path.join(FOLDER, "www/jinn.ini"), "w") as f:
        f.write("[unikernel]\nname = website\nsources = website.c\n[net service]\n[kv htdocs]\nfrom = htdocs/\n"
                "[key port]\ntype = port\ndefault = 80\n")
    sh(f"{JINN} build -t {TARGET} {FOLDER}/www")
    sh(f"{JINN} build -t {TARGET} test/e2e/echo")
    end = f".{TARGET}" if TARGET in TENDERS else ""
    return os.path.join(FOLDER, f"www/dist/website{end}"), os.path.join(ROOT, f"test/e2e/echo/dist/echo{end}")


def main():
    suite.needs(TARGET)
    if os.geteuid() != 0:
        suite.skip("needs root, for a tap in a namespace: sudo make e2e")
        suite.end()
    website, echoer = build()
    with Namespace(f"offload-{TARGET}") as ns, Router(ns) as router:
        for offload in ("on", "off", "on"):
            with Image(command(website, offload), netns=ns.name):
                wait_for(ns.name, IP4, 80)
                suite.case(f"{offload}: pages of 16 MB arrive whole", download, router)
            with Image(command(echoer, offload), netns=ns.name):
                wait_for(ns.name, IP4, 7)
                suite.case(f"{offload}: streams of 8 MB come back whole", echo, router)
                suite.case(f"{offload}: on the wire all checksums are right, and nothing is longer than the MTU", clean, router,
                           lambda: small(router))
                suite.case(f"{offload}: frames between image and host are {'large' if offload == 'on' else 'plain'}", large_frames, ns.name,
                           offload == "on")
        for what, change in (("an image from before there were headers", lambda name, features: (name, features & ~(1 << 7))),
                             ("an image without extensions, as under a stock tender", lambda name, features: (b"jinx", features))):
            # Without extensions an image for hvt runs privileged, which not every KVM can do: test/compat does it.
            if TARGET not in TENDERS or (TARGET == "hvt" and "without extensions" in what):
                continue
            with Image(command(changed(echoer, change), "on"), netns=ns.name):
                wait_for(ns.name, IP4, 7)
                suite.case(f"{what} has plain frames", large_frames, ns.name, False)
                suite.case(f"{what}: streams of 8 MB come back whole", echo, router)
        suite.case("no errors counted by the host's kernel", no_errors, router)
    suite.end()


main()
