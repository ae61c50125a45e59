#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Large files with curl over a path that loses, delays, reorders, duplicates and corrupts: loss.py [TARGET]. Every byte arrives,
both ways, over both families at once. How long that takes is for bench/parts/loss.py to say. Root."""
import hashlib, os, re, subprocess, sys, zlib
from harness import FORWARD, JINN, ROOT, TENDER, Image, Path, Suite, equal, sh

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"loss-{TARGET}")
FOLDER = os.path.join(ROOT, "build/e2e/files")
HOSTS = {4: "10.77.0.2", 6: "[fd77::2]"}
MB = 1 << 20
SIZES = (3 * MB, 12 * MB)


def prepare():
    """The appliance, with files of random content that compresses no further."""
    os.makedirs(os.path.join(FOLDER, "htdocs"), exist_ok=True)
    for name in ("files.c", "jinn.ini"):
        with open(os.path.join(ROOT, "test/e2e/files", name)) as f, open(os.path.join(FOLDER, name), "w") as g:
            g.write(f.read())
    for size in SIZES:
        with open(os.path.join(FOLDER, f"htdocs/{size}.png"), "wb") as f:
            f.write(hashlib.shake_256(str(size).encode()).digest(size))
    sh(f"{JINN} build -t {TARGET} {FOLDER}")


def server():
    keys = ["--ipv4=10.77.0.2/24", "--ipv6=fd77::2/64"]
    if TARGET == "spt":
        return [TENDER, "--mem=32", "--net:service=tap0", os.path.join(FOLDER, "dist/files.spt")] + keys
    return [os.path.join(FOLDER, "dist/files"), "--net:service=tap:tap0"] + keys


def transfers(path, size):
    """A download and an upload over each family, at the same time."""
    with open(os.path.join(FOLDER, f"htdocs/{size}.png"), "rb") as f:
        content = f.read()
    running = []
    for family in HOSTS:
        url = f"http://{HOSTS[family]}"
        for what, options, wanted in (("download", f"{url}/{size}.png", hashlib.sha256(content).hexdigest()),
                                      ("upload", f"-T {FOLDER}/htdocs/{size}.png {url}/put", f"{zlib.crc32(content):08x}")):
            argv = ["ip", "netns", "exec", path.client, "curl", "-gsS", "--max-time", "120", "-H", "Expect:"] + options.split()
            running.append((f"{what} over IPv{family}", wanted, subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)))
    for what, wanted, process in running:
        out, complaint = process.communicate(timeout=150)
        equal(process.returncode, 0, f"{what}: {complaint.decode()}")
        got = hashlib.sha256(out).hexdigest() if what.startswith("download") else out.decode().strip()
        equal(got, wanted, what)


def over(name, faults, size, happened):
    """The transfers over such a path; `happened` are the faults that must have occurred, in both directions."""
    with Path(f"{name}-{TARGET}", faults) as path, Image(server(), serving=rb"address 10\.77", netns=path.server) as image:
        transfers(path, size)
        report = path.report()
        for fault in happened:
            counts = [int(n) for n in re.findall(rf"(\d+) {fault}", report)]
            assert len(counts) == 2 and min(counts) > 0, f"{fault} in {report}"
        equal(image.stop(), 0)


def main():
    if os.geteuid() != 0:
        suite.skip("needs root, for taps in namespaces: sudo make e2e")
        suite.end()
    sh(f"make -s {os.path.relpath(FORWARD, ROOT)}")
    prepare()
    suite.case("1 % loss and 50 ms", over, "far", {"loss": 10000, "delay": 25000, "seed": 1}, SIZES[0], ["lost"])
    suite.case("12 MB over a path with everything", over, "odd",
               {"loss": 500, "duplicate": 2000, "corrupt": 500, "reorder": 5000, "reorder-by": 1000, "delay": 1000, "jitter": 500,
                "rate": 200_000_000, "queue": 200_000, "seed": 2},
               SIZES[1], ["lost", "duplicated", "corrupted", "reordered"])
    suite.end()


main()
