#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""xdp.py: images on links by AF_XDP (--net NAME=xdp:LINK): by the driver of a veth and by the kernel for a link whose driver can't;
what happens to long frames, when the link goes down or away, when the image is killed; what is refused. Root."""
import hashlib, os, signal, socket, subprocess, sys, time
from harness import JINN, ROOT, TENDERS, Image, Suite, equal, sh

AF_XDP = 44
suite = Suite("xdp")
IP, IP6 = "10.75.0.2", "fd75::2"
WEBSITE, DNS = [os.path.join(ROOT, f"appliances/{a}/dist/{a}.spt") for a in ("website", "dns")]
TENDER = TENDERS["spt"]
PCAP = os.path.join(ROOT, "build/test/xdp.pcap")

# What crosses a veth has no checksum yet unless its other end is told to sum: ETHTOOL_STXCSUM.
SUM = r"""
import array, fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    value = array.array("B", struct.pack("II", 0x17, 0))
    fcntl.ioctl(s, 0x8946, struct.pack("16sP", sys.argv[1].encode(), value.buffer_info()[0]) + bytes(16))
"""

# So many queries, 64 under way at a time on one socket; each answered once.
ASK = r"""
import socket, sys
n, at, got = int(sys.argv[1]), 0, set()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.settimeout(10)
    s.connect(("10.75.0.2", 53))
    name = b"\7example\3com\0\0\6\0\1"
    while len(got) < n:
        while at < n and at - len(got) < 64:
            s.send(at.to_bytes(2, "big") + b"\0\0\0\1\0\0\0\0\0\0" + name)
            at += 1
        reply = s.recv(1500)
        assert reply[2] & 0x84 == 0x84 and reply[6:8] == b"\0\1", reply
        i = int.from_bytes(reply[:2], "big")
        assert i not in got
        got.add(i)
"""


class Links:
    """A client's namespace with c0 and a server's with s0, joined by a veth."""

    def __init__(self):
        self.client, self.server = [f"jinn-xdp-{end}-{os.getpid()}" for end in ("client", "server")]

    def __enter__(self):
        try:
            for ns in (self.client, self.server):
                sh(f"ip netns add {ns}")
                sh(f"ip -n {ns} link set lo up")
            self.join()
        except BaseException:
            self.__exit__()
            raise
        return self

    def join(self):
        sh(f"ip link add c0 netns {self.client} type veth peer name s0 netns {self.server}")
        sh(f"ip netns exec {self.server} sysctl -qw net.ipv6.conf.s0.disable_ipv6=1")
        for command in ("addr add 10.75.0.1/24 dev c0", "addr add fd75::1/64 dev c0 nodad", "link set c0 up"):
            sh(f"ip -n {self.client} {command}")
        sh(f"ip -n {self.server} link set s0 up")
        subprocess.run(["ip", "netns", "exec", self.client, sys.executable, "-c", SUM, "c0"], check=True)

    def __exit__(self, *_):
        for ns in (self.client, self.server):
            subprocess.run(["ip", "netns", "delete", ns])

    def ask(self, command, **options):
        return sh(f"ip netns exec {self.client} {command}", **options)

    def image(self, image, link="s0", *more):
        argv = [TENDER, "--mem=16", f"--net:service=xdp:{link}", *more, image, f"--ipv4={IP}/24", f"--ipv6={IP6}/64", "-l", "*:warning"]
        return Image(argv, netns=self.server)

    def refused(self, *argv):
        """Status and the line of a tender that must end at once."""
        r = subprocess.run(["ip", "netns", "exec", self.server, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, cwd=ROOT)
        return r.returncode, r.stdout.decode()

    def attached(self, link="s0"):
        return "prog/xdp" in sh(f"ip -n {self.server} link show {link}")


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def reaches(links, size=56):
    return subprocess.run(f"ip netns exec {links.client} ping -c 1 -W 1 -s {size} {IP}", shell=True, stdout=subprocess.DEVNULL).returncode == 0


def pings(links):
    until(lambda: reaches(links))
    for size in (0, 1, 56, 1472, 1473, 4000, 20000):
        links.ask(f"ping -c 1 -W 5 -s {size} {IP}")
    until(lambda: subprocess.run(f"ip netns exec {links.client} ping -6 -c 1 -W 1 {IP6}", shell=True, stdout=subprocess.DEVNULL).returncode == 0)
    for size in (56, 1452, 4000):
        links.ask(f"ping -6 -c 1 -W 5 -s {size} {IP6}")


def pages(links):
    """Each file as it is on the disk, in a capture that tshark finds nothing wrong with."""
    os.makedirs(os.path.dirname(PCAP), exist_ok=True)
    capture = subprocess.Popen(["ip", "netns", "exec", links.client, "tcpdump", "-q", "-U", "--immediate-mode", "-i", "c0", "-w", PCAP], stderr=subprocess.PIPE)
    try:
        capture.stderr.readline()
        for address in (IP, f"[{IP6}]"):
            page = subprocess.run(f"ip netns exec {links.client} curl -sS --max-time 20 http://{address}/", shell=True, stdout=subprocess.PIPE, check=True).stdout
            with open(os.path.join(ROOT, "appliances/website/dist/htdocs/index.html"), "rb") as f:
                equal(hashlib.sha256(page).hexdigest(), hashlib.sha256(f.read()).hexdigest(), "the page")
        time.sleep(0.5)
    finally:
        capture.send_signal(signal.SIGINT)
        capture.wait(10)
        capture.stderr.close()
    assert int(sh(f"tshark -r {PCAP} -Y tcp 2>/dev/null | wc -l")) > 20, "an empty capture"
    equal(sh(f"tshark -r {PCAP} -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -Y '_ws.malformed || _ws.expert.severity >= 6291456 || "
             "tcp.checksum.status == 0 || ip.checksum.status == 0' 2>/dev/null"), "", "tshark's complaints")


def load(links):
    links.ask("wrk -t1 -c64 -d2 --timeout 20s http://10.75.0.2/ > /dev/null")
    out = links.ask("wrk -t1 -c64 -d2 --timeout 20s http://10.75.0.2/")
    assert "Socket errors" not in out and "Non-2xx" not in out, out


def long_frames(links):
    """The client may send longer ones than the link takes: they are lost, and nothing else is."""
    sh(f"ip -n {links.client} link set c0 mtu 3000")
    assert subprocess.run(f"ip netns exec {links.client} ping -c 3 -i 0.2 -W 1 -M do -s 2900 {IP}", shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 1
    sh(f"ip -n {links.client} link set c0 mtu 1500")
    until(lambda: reaches(links, 1472))


def down_and_up(links):
    sh(f"ip -n {links.server} link set s0 down")
    assert not reaches(links)
    sh(f"ip -n {links.server} link set s0 up")
    until(lambda: reaches(links))


def stops(links, image):
    equal(image.stop(), 0, "the status")
    until(lambda: not links.attached())


def queries(links):
    until(lambda: reaches(links))
    links.ask("kdig @10.75.0.2 example.com SOA | grep -q NOERROR")
    links.ask("kdig +tcp @10.75.0.2 example.com SOA | grep -q NOERROR")
    links.ask("kdig @fd75::2 example.com SOA | grep -q NOERROR")
    subprocess.run(["ip", "netns", "exec", links.client, sys.executable, "-c", ASK, "20000"], check=True, timeout=120)


def killed(links):
    with links.image(DNS) as image:
        until(lambda: reaches(links))
        assert links.attached()
        image.process.kill()
        image.wait()
        until(lambda: not links.attached())
    with links.image(DNS) as image:
        until(lambda: reaches(links))
        image.stop()


def removed(links):
    with links.image(DNS) as image:
        until(lambda: reaches(links))
        sh(f"ip -n {links.server} link add other type bridge")
        sh(f"ip -n {links.server} link del other")  # another link's end is nothing to it
        assert reaches(links)
        sh(f"ip -n {links.server} link del s0")
        equal(image.wait(), 66, "the status")
        assert b"the host closed a network device" in image.drain(0.2)
    links.join()


def generic(links):
    """A macvlan's driver knows no XDP: the kernel does it in its place. With the link's own address, as for a card."""
    sh(f"ip -n {links.server} link add m0 link s0 type macvlan mode bridge")
    sh(f"ip -n {links.server} link set m0 up")
    try:
        with links.image(DNS, "m0") as image:
            until(lambda: reaches(links))
            assert "xdpgeneric" in sh(f"ip -n {links.server} link show m0")
            own = sh(f"ip netns exec {links.server} cat /sys/class/net/m0/address").strip()
            assert own in links.ask(f"ip neigh show {IP}"), "not the link's own hardware address"
            queries(links)
            equal(image.stop(), 0, "the status")
    finally:
        sh(f"ip -n {links.server} link del m0")


def by_jinn_run(links):
    argv = [JINN, "run", "-q", "--net", "service=xdp:s0", DNS, "--", f"--ipv4={IP}/24"]
    with Image(argv, netns=links.server) as image:
        until(lambda: reaches(links))
        equal(image.stop(signal.SIGINT), 0, "the status")
    status, text = links.refused(JINN, "run", "-q", "--net", "service=xdp:none0", DNS)
    assert status != 0 and "there is no such link" in text, text


def note(links):
    """Where both ends are in sight."""
    sh(f"ip -n {links.server} link add a0 type veth peer name b0")
    try:
        for end in ("a0", "b0"):
            sh(f"ip -n {links.server} link set {end} up")
        for wanted in (True, False):
            with links.image(DNS, "b0") as image:
                until(lambda: links.attached("b0"))
                image.stop()
                equal(b"note: a0 sends without checksums" in image.drain(0.1), wanted, "a note")
            subprocess.run(["ip", "netns", "exec", links.server, sys.executable, "-c", SUM, "a0"], check=True)
    finally:
        sh(f"ip -n {links.server} link del a0")


def refusals(links):
    def check(words, *argv):
        status, text = links.refused(*argv)
        equal(status, 66, text)
        assert words in text and text.count("\n") == 1, text

    def tender(link, kind="spt", image=DNS):
        return [TENDERS[kind], f"--net:service=xdp:{link}", image]

    run = lambda command: sh(f"ip -n {links.server} {command}")
    check("there is no such link", *tender("none0"))
    check("1 to 15 characters", *tender("longer-than-any-link"))
    check("1 to 15 characters", *tender(""))
    run("tuntap add t0 mode tap")
    run("link set t0 up")
    check("this is a tap", *tender("t0"))
    run("link add d0 type bridge")
    check("the link is down", *tender("d0"))
    run("link set d0 mtu 9000 up")
    check("longer than the 1500 bytes", *tender("d0"))
    run("link add q0 numrxqueues 2 numtxqueues 2 type veth peer name q1")
    run("link set q0 up")
    check("several receive queues", *tender("q0"))
    check("it needs root", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *tender("s0"))
    assert not links.attached()
    with links.image(DNS):
        until(lambda: reaches(links))
        check("another program", *tender("s0"))
        assert reaches(links)
    for t in ("t0", "d0", "q0"):
        run(f"link del {t}")
    sh(f"{JINN} build -q -t linux appliances/dns")
    check("only spt images have AF_XDP", os.path.join(ROOT, "appliances/dns/dist/dns"), "--net:service=xdp:s0")
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        sh(f"{JINN} build -q -t hvt appliances/dns")
        check("only spt images have AF_XDP", *tender("s0", "hvt", DNS[:-3] + "hvt"))


def main():
    if os.geteuid() != 0:
        suite.skip("needs root, for links in namespaces: sudo make e2e")
        suite.end()
    try:
        socket.socket(AF_XDP, socket.SOCK_RAW).close()
    except OSError as e:
        suite.skip(f"the host's kernel has no AF_XDP: {e.strerror}")
        suite.end()
    for a in ("website", "dns"):
        sh(f"{JINN} build -q -t spt appliances/{a}")
    with Links() as links:
        with links.image(WEBSITE) as image:
            suite.case("answers pings of all sizes, both families", pings, links)
            suite.case("serves pages whole, and tshark finds nothing wrong", pages, links)
            suite.case("serves 64 connections at once", load, links)
            suite.case("loses frames that are too long, and nothing else", long_frames, links)
            suite.case("serves on after the link was down", down_and_up, links)
            suite.case("stops at SIGTERM and leaves the link as it was", stops, links, image)
        with links.image(DNS, "s0", "--net-mac:service=02:00:00:00:00:75"):
            suite.case("answers 20,000 queries, each once", queries, links)
            suite.case("has the hardware address that is named", lambda: links.ask(f"ip neigh show {IP} | grep -q 02:00:00:00:00:75"))
        suite.case("leaves the link as it was when killed", killed, links)
        suite.case("ends when the link is removed", removed, links)
        suite.case("serves on a link whose driver knows no XDP", generic, links)
        suite.case("jinn run attaches it", by_jinn_run, links)
        suite.case("says when the other end leaves checksums out", note, links)
        suite.case("refuses what can't be with one line", refusals, links)
    suite.end()


main()
