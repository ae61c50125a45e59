#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""An image for linux on an interface of the host, by a packet socket: `--net:service=packet:v1`. Root."""
import hashlib, os, select, socket, subprocess, sys, time, zlib
from harness import JINN, ROOT, Image, Path, Suite, equal, sh

FOLDER = os.path.join(ROOT, "build/e2e/packet")
BINARY = os.path.join(FOLDER, "dist/files")
CONTENT = hashlib.shake_256(b"packet").digest(12 << 20)
KEYS = ["--ipv4=10.77.0.2/24", "--ipv6=fd77::2/64"]
HOSTS = ("10.77.0.2", "[fd77::2]")
suite = Suite("packet")


def prepare():
    os.makedirs(os.path.join(FOLDER, "htdocs"), exist_ok=True)
    for name in ("files.c", "jinn.ini"):
        with open(os.path.join(ROOT, "test/e2e/files", name)) as f, open(os.path.join(FOLDER, name), "w") as g:
            g.write(f.read())
    with open(os.path.join(FOLDER, "htdocs/large.png"), "wb") as f:
        f.write(CONTENT)
    sh(f"{JINN} build -t linux {FOLDER}")


class Pair:
    """Two namespaces: the client's has v0 with 10.77.0.1, the image's v1 with an address of the host's own, 10.77.0.3."""

    def __enter__(self):
        self.client, self.server = [f"jinn-packet-{end}-{os.getpid()}" for end in "cs"]
        for ns in (self.client, self.server):
            sh(f"ip netns add {ns}")
        sh(f"ip -n {self.client} link add v0 type veth peer name v1 netns {self.server}")
        for ns, device, host in ((self.client, "v0", 1), (self.server, "v1", 3)):
            for command in (f"addr add 10.77.0.{host}/24 dev {device}", f"addr add fd77::{host}/64 dev {device} nodad", f"link set {device} up"):
                sh(f"ip -n {ns} {command}")
        return self

    def __exit__(self, *_):
        for ns in (self.client, self.server):
            subprocess.run(["ip", "netns", "delete", ns])

    def on(self, ns, command, **options):
        return sh(f"ip netns exec {ns} {command}", **options)

    def image(self, *options):
        return Image([BINARY, "--net:service=packet:v1", *options] + KEYS, serving=rb"address 10\.77", netns=self.server)

    def reach(self, host):
        self.on(self.client, f"ping -c 3 -i 0.2 -W 5 {host}")


def transfer(client):
    for host in HOSTS:
        url = f"http://{host}"
        curl = f"ip netns exec {client} curl -gsS --max-time 60 -H Expect:".split()
        got = subprocess.run(curl + [f"{url}/large.png"], stdout=subprocess.PIPE, check=True).stdout
        assert got == CONTENT, f"{len(got)} bytes from {host}"
        sum_ = subprocess.run(curl + ["-T", f"{FOLDER}/htdocs/large.png", f"{url}/put"], stdout=subprocess.PIPE, check=True).stdout
        equal(sum_.decode().strip(), f"{zlib.crc32(CONTENT):08x}", host)


def test_large_frames():
    """A veth joins segments: frames of up to 64 KB go both ways, most of them too long for a slot of the ring."""
    with Pair() as pair, pair.image() as image:
        transfer(pair.client)
        equal(image.stop(), 0, "status")


def test_plain_frames():
    """On the tap of a fault device, whose other end loses a frame now and then."""
    with Path("packet", {"loss": 1000, "seed": 1}, image=False) as path:
        sh(f"ip -n {path.server} addr flush dev f0")
        with Image([BINARY, "--net:service=packet:f0", "--net-offload:service=off"] + KEYS, serving=rb"address 10\.77", netns=path.server):
            transfer(path.client)


def test_beside_the_host():
    """The interface's own address stays the kernel's, and the image is one more host."""
    with Pair() as pair, pair.image():
        for host in (3, 2):
            pair.reach(f"10.77.0.{host}")
            pair.reach(f"fd77::{host}")


def answered(tag):
    """Whether a request by ARP for the image's address, with this behind the frame's addresses, is answered."""
    request = bytes.fromhex("ffffffffffff 02000000aa01" + tag + "0806 0001080006040001 02000000aa01 0a4d0063 000000000000 0a4d0002")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as s:
        s.bind(("v0", 0x0806))
        s.send(request)
        end = time.monotonic() + 1
        while (left := end - time.monotonic()) > 0:
            if select.select([s], [], [], left)[0] and (got := s.recv(100))[:6] == request[6:12] and got[20:22] == b"\0\2":
                return True
    return False


def test_vlan():
    """What belongs to a VLAN doesn't reach the image, although the kernel takes the tag out of the frame."""
    with Pair() as pair, pair.image():
        for tag, wanted in (("", True), ("81000005", False), ("", True)):
            equal(pair.on(pair.client, f"{sys.executable} {__file__} ask {tag}"), f"{wanted}\n", f"tag {tag}")


def test_link_down():
    with Pair() as pair, pair.image() as image:
        pair.reach("10.77.0.2")
        sh(f"ip -n {pair.server} link set v1 down")
        assert "0 received" in pair.on(pair.client, "ping -c 2 -i 0.2 -W 1 10.77.0.2", check=False)
        sh(f"ip -n {pair.server} link set v1 up")
        pair.reach("10.77.0.2")
        sh(f"ip -n {pair.server} link del v1")
        image.drain(0.3)
        spent = cpu_ticks(image)
        image.drain(1)
        assert cpu_ticks(image) - spent < 50, "it turns round and round without its interface"
        equal(image.stop(), 0, "status")


def cpu_ticks(image):
    with open(f"/proc/{image.process.pid}/stat") as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))


def refused(argv, words):
    r = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=20)
    equal(r.returncode, 66, r.stderr)
    equal(len(r.stderr.splitlines()), 1, r.stderr)
    assert words in r.stderr, r.stderr


def test_refusals():
    refused([BINARY, "--net:service=packet:nowhere0"] + KEYS, "packet socket on 'nowhere0': there is no such interface")
    refused(["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", BINARY, "--net:service=packet:lo"] + KEYS, "it takes root, or CAP_NET_RAW")
    r = subprocess.run([JINN, "run", "-t", "spt", "--net", "service=packet:lo", FOLDER], capture_output=True, text=True, cwd=ROOT)
    assert r.returncode == 64 and "a sealed image has no packet socket" in r.stderr, r.stderr


if sys.argv[1:2] == ["ask"]:
    print(answered("".join(sys.argv[2:])))
    sys.exit()
if os.geteuid() != 0:
    suite.skip("needs root, for packet sockets and namespaces: sudo make e2e")
    suite.end()
prepare()
suite.case("large frames both ways", test_large_frames)
suite.case("plain frames", test_plain_frames)
suite.case("the interface's own traffic stays the kernel's", test_beside_the_host)
suite.case("other VLANs", test_vlan)
suite.case("the link goes down, comes back, and goes for ever", test_link_down)
suite.case("refusals", test_refusals)
suite.end()
