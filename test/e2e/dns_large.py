#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Name servers with much to hold: one zone of many names in no order, and many zones. The hosting appliance as a linux image reads
them from a folder, as an spt image the zones from a tar archive on a block device; the dns appliance has the zone in its image; beside
nsd and knotd. For each the seconds of CPU until it serves, its memory, and that in bytes a record; names from everywhere are
asked for.

    dns_large.py          100,000 names and 5,000 zones, without the others
    dns_large.py whole    1,000,000 names and 100,000 zones beside the others; must load the names in no more CPU time than nsd,
                          in less memory a record than any other, and ten times the names in at most fifteen times the time

Root, or user namespaces."""
import os, random, shutil, socket, struct, sys, tempfile, time
from dns_servers import Server, enter_namespace
from harness import JINN, ROOT, TENDERS, Image, Suite, equal, sh

WHOLE = sys.argv[1:] == ["whole"]
N_NAMES, N_ZONES = (1_000_000, 100_000) if WHOLE else (100_000, 5_000)
ZONE_RECORDS = 9  # of each of many zones
OURS, THEIRS, TAP = "127.9.1.1", "127.9.1.2", ("10.79.0.1", "10.79.0.2")
MEMORY_MB, SAMPLE = 512, 2000
suite = Suite("dns-large")


# ---- What is held ----

def host(i):
    return f"host{i:07}"


def write_names(folder, n):
    """The zone big.test, in an order that is none."""
    with open(os.path.join(folder, "big.test.zone"), "w") as f:
        f.write("$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.1\n")
        f.writelines(f"{host(k)} IN A {address(k)}\n" for k in (i * 7919 % n for i in range(n)))


def address(i):
    return f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"


def origin(i):
    return f"zone{i:06}.test."


def write_zones(folder, n):
    for i in range(n):
        with open(os.path.join(folder, f"{origin(i)}zone"), "w") as f:
            f.write(f"""$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300
@ IN NS ns1
@ IN NS ns2
@ IN A {address(i)}
@ IN MX 10 mail
ns1 IN A 192.0.2.1
ns2 IN A 192.0.2.2
mail IN A 192.0.2.3
www IN CNAME @
""")


# ---- Asking ----

def question(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return struct.pack(">HHHHHH", 7, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


def ask(s, name):
    """The rcode, and the address in the last record of the answer section when there is one."""
    for _ in range(30):
        try:
            s.send(question(name))
            r = s.recv(4096)
            break
        except (TimeoutError, ConnectionError):
            time.sleep(0.05)
    else:
        raise AssertionError(f"no answer for {name}")
    flags, _, n = struct.unpack(">HHH", r[2:8])
    at = len(question(name))
    last = None
    for _ in range(n):  # each owner is a pointer, or the question's own name
        length = struct.unpack(">H", r[at + 10:at + 12])[0]
        last = r[at + 12:at + 12 + length]
        at += 12 + length
    return flags & 15, last and len(last) == 4 and socket.inet_ntoa(last)


def sample(ip, names, zones):
    rng = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((ip, 53))
        for _ in range(SAMPLE if names else 0):
            i = rng.randrange(names)
            equal(ask(s, f"{host(i)}.big.test"), (0, address(i)), host(i))
            equal(ask(s, f"x{host(i)}.big.test"), (3, None), "a name that isn't there")
        for _ in range(SAMPLE if zones else 0):
            i = rng.randrange(zones)
            equal(ask(s, origin(i)), (0, address(i)), origin(i))
        for n in ([host(0) + ".big.test", host(names - 1) + ".big.test"] if names else []) + ([origin(0), origin(zones - 1)] if zones else []):
            equal(ask(s, n)[0], 0, n)


# ---- Measuring ----

def tree(pid):
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as f:
            for child in f.read().split():
                found += tree(int(child))
    return found


def what_of(names, zones):
    return f"{names:,} names" if names else f"{zones:,} zones"


def records_of(names, zones):
    return names + 3 if names else zones * ZONE_RECORDS


class Load:
    """What a server's processes have taken so far."""

    def __init__(self, what, pid, records):
        self.what, self.cpu, memory = what, 0.0, 0
        for p in tree(pid):
            with open(f"/proc/{p}/stat") as f:
                self.cpu += sum(int(n) for n in f.read().rsplit(")", 1)[1].split()[11:15]) / os.sysconf("SC_CLK_TCK")
            with open(f"/proc/{p}/smaps_rollup") as f:
                memory += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        self.memory = memory * 1024
        self.a_record = self.memory / records
        print(f"    {what:34} {self.cpu:7.2f} s of CPU {self.memory / 1e6:8.1f} MB {self.a_record:7.0f} bytes a record", flush=True)


def of_linux(work, folder, names, zones):
    argv = [os.path.join(work, "linux/dist/hosting"), "--net:service=host", f"--kv:zones={folder}", f"--ipv4={OURS}/8"]
    return of_ours("linux", argv, OURS, names, zones)


def of_spt(image, devices, names, zones):
    argv = [TENDERS["spt"], f"--mem={MEMORY_MB}", "--net:service=tap0", *devices, image, f"--ipv4={TAP[1]}/24"]
    return of_ours("spt", argv, TAP[1], names, zones)


def of_ours(target, argv, ip, names, zones):
    with Image(argv, serving=b"serving on port", timeout=300) as image:
        load = Load(f"jinn, {target}: {what_of(names, zones)}", image.process.pid, records_of(names, zones))
        sample(ip, names, zones)
    return load


def of_other(kind, folder, names, zones, wait):
    files = {key[:-len("zone")]: os.path.join(folder, key) for key in sorted(os.listdir(folder))}
    with Server(kind, THEIRS, files, wait=wait) as server:
        return Load(f"{kind}: {what_of(names, zones)}", server.process.pid, records_of(names, zones))


# ---- Building ----

def build(target, name, folder):
    shutil.copytree(os.path.join(ROOT, "appliances", name), folder, ignore=shutil.ignore_patterns("dist"), dirs_exist_ok=True)
    if target == "linux":  # a folder of the host, which no other target can have
        sh(f"sed -i 's/^block .*/from = zones/' {folder}/jinn.ini && mkdir {folder}/zones")
    sh(f"{JINN} build -t {target} {folder}")


def embedded(work, names):
    folder = os.path.join(work, "embedded")
    shutil.copytree(names, os.path.join(folder, "zones"))
    build("spt", "dns", folder)
    return os.path.join(folder, "dist/dns.spt")


def on_a_device(work, zones):
    folder, archive = os.path.join(work, "device"), os.path.join(work, "zones.tar")
    build("spt", "hosting", folder)
    sh(f"tar --format=ustar -cf {archive} -C {zones} .")
    return os.path.join(folder, "dist/hosting.spt"), [f"--block:zones={archive}"]


# ---- Cases ----

def names_case(work):
    folder = os.path.join(work, "names")
    os.makedirs(folder)
    write_names(folder, N_NAMES)
    ours = [of_linux(work, folder, N_NAMES, 0), of_spt(embedded(work, folder), [], N_NAMES, 0)]
    if not WHOLE:
        return
    theirs = [of_other(kind, folder, N_NAMES, 0, ["big.test."]) for kind in ("nsd", "knotd")]
    write_names(folder, N_NAMES // 10)
    tenth = of_linux(work, folder, N_NAMES // 10, 0)
    for mine in ours:
        assert mine.cpu <= theirs[0].cpu, f"{mine.what} takes {mine.cpu:.2f} s, nsd {theirs[0].cpu:.2f} s"
        assert mine.a_record < min(t.a_record for t in theirs), f"{mine.what} takes {mine.a_record:.0f} bytes a record"
    assert ours[0].cpu <= 15 * max(tenth.cpu, 0.05), f"{ours[0].cpu:.2f} s, but a tenth of the names takes {tenth.cpu:.2f} s"


def zones_case(work):
    folder = os.path.join(work, "many")
    os.makedirs(folder)
    write_zones(folder, N_ZONES)
    ours = [of_linux(work, folder, 0, N_ZONES), of_spt(*on_a_device(work, folder), 0, N_ZONES)]
    if not WHOLE:
        return
    every = [origin(i) for i in range(N_ZONES)]
    theirs = [of_other("nsd", folder, 0, N_ZONES, every[-1:]), of_other("knotd", folder, 0, N_ZONES, every)]
    for mine in ours:
        assert mine.a_record < min(t.a_record for t in theirs), f"{mine.what} takes {mine.a_record:.0f} bytes a record"


def main():
    if not enter_namespace():
        suite.skip("needs root, or user namespaces")
        suite.end()
    sh(f"ip tuntap add tap0 mode tap && ip addr add {TAP[0]}/24 dev tap0 && ip link set tap0 up")
    with tempfile.TemporaryDirectory(prefix="jinn-dns-") as work:
        build("linux", "hosting", os.path.join(work, "linux"))
        suite.case(f"{N_NAMES:,} names", names_case, work)
        suite.case(f"{N_ZONES:,} zones", zones_case, work)
    suite.end()


main()
