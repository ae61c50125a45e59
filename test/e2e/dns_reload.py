#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Zones that change while somebody asks for them without a pause: dns_reload.py TARGET. On spt and hvt they lie in a tar archive on a
block device, on linux in a folder. Every query is answered, from a whole version of the zone. Root; Debian's own interpreter, for dnspython."""
import os, shutil, subprocess, sys, threading, time
import dns.exception, dns.flags, dns.message, dns.query, dns.rcode
from harness import JINN, ROOT, TENDERS, Image, Namespace, Suite, equal, sh

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
suite = Suite(f"dns-reload-{TARGET}")
FOUR = "10.77.0.2"
FOLDER = os.path.join(ROOT, f"build/test/dns-reload-{TARGET}-{os.getpid()}")
ZONES, DISK = f"{FOLDER}/live", f"{FOLDER}/zones.img"
NAMES, DISK_BYTES = 3000, 16 << 20


def write(name, text):
    """As editors do: no half of a file is ever seen."""
    with open(f"{ZONES}/{name}.new", "w") as f:
        f.write(text)
    os.rename(f"{ZONES}/{name}.new", f"{ZONES}/{name}")


def zone(serial, extra=""):
    """All its TTLs say which version it is."""
    hosts = "".join(f"h{i} IN A 192.0.{i // 250}.{i % 250}\n" for i in range(NAMES))
    return f"$TTL {serial}\n@ IN SOA ns hostmaster {serial} 3600 600 86400 60\n@ IN NS ns\nns IN A 192.0.2.53\n{hosts}{extra}"


def publish():
    """In the place of what is on the device, whose size stays. Without the times at which files were read: that tar does so is no change."""
    if TARGET == "linux":
        return
    archive = f"{FOLDER}/zones.tar"
    sh(f"tar --format=pax --pax-option=delete=atime -C {ZONES} -cf {archive} .")
    assert os.path.getsize(archive) < DISK_BYTES
    with open(archive, "rb") as f, open(DISK, "r+b") as disk:
        disk.write(f.read())


def build():
    os.makedirs(ZONES)
    for part in ("hosting.c", "jinn.ini"):
        shutil.copy(os.path.join(ROOT, "appliances/hosting", part), FOLDER)
    write("example.test.zone", zone(1))
    write("stays.test.zone", zone(1))
    write("broken.test.zone", "$TTL 60\n@ IN SOA ns hostmaster 1 3600 600 86400 60\nwww IN A 192.0.2\n")
    with open(DISK, "wb") as f:
        f.truncate(DISK_BYTES)
    publish()
    if TARGET == "linux":
        sh(f"sed -i '/^block /d' {FOLDER}/jinn.ini")
    sh(f"{JINN} build -t {TARGET} {FOLDER}")


def argv():
    image = f"{FOLDER}/dist/hosting"
    keys = [f"--ipv4={FOUR}/24", "--reload=100ms"]
    if TARGET == "linux":
        return [image, "--net:service=tap:tap0", f"--kv:zones={ZONES}", *keys]
    return [TENDERS[TARGET], "--net:service=tap0", f"--block:zones={DISK}", f"{image}.{TARGET}", *keys]


def ask(name, rdtype="A", timeout=10):
    q = dns.message.make_query(name, rdtype)
    q.flags &= ~dns.flags.RD
    return dns.query.udp(q, FOUR, timeout=timeout)


def version(of="example.test"):
    r = ask(of, "SOA")
    return r.answer[0][0].serial if r.answer else None


def wait_for(value, of="example.test"):
    for _ in range(600):
        if version(of) == value:
            return
        time.sleep(0.05)
    raise AssertionError(f"{of} is {version(of)}, not {value}; output:\n{image.drain(0.1).decode()}")


class Asker(threading.Thread):
    """Asks one name after the other, and each once."""

    def __init__(self):
        super().__init__()
        self.n, self.seen, self.wrong, self.done = 0, set(), [], False

    def run(self):
        while not self.done and not self.wrong:
            name = f"h{self.n * 7 % NAMES}.example.test"
            self.n += 1
            try:
                r = ask(name)
                assert r.rcode() == dns.rcode.NOERROR and r.flags & dns.flags.AA and len(r.answer) == 1, str(r)
                self.seen.add(r.answer[0].ttl)
            except (dns.exception.Timeout, AssertionError) as e:
                self.wrong.append(f"{name}: {e!r}")


def a_bad_zone_at_the_start_is_left_out():
    image.wait_for(rb"broken\.test\.zone:3: not an IPv4 address; broken\.test\.zone is not served\n", 30)
    equal(ask("broken.test").rcode(), dns.rcode.REFUSED, "the zone that is left out")
    write("other.test.zone", zone(1))
    publish()
    wait_for(1, "other.test")
    equal(image.drain(0.1).count(b"broken.test.zone is not"), 1, "once, not at each change")
    write("broken.test.zone", zone(2))
    publish()
    wait_for(2, "broken.test")


def no_query_is_lost():
    asker = Asker()
    asker.start()
    try:
        for serial in range(2, 12):
            write("example.test.zone", zone(serial))
            publish()
            wait_for(serial)
    finally:
        asker.done = True
        asker.join()
    equal(asker.wrong, [], "queries without their answer")
    assert asker.n > 100 and asker.seen <= set(range(1, 12)) and 11 in asker.seen | {version()}, (asker.n, asker.seen)
    equal(version("stays.test"), 1, "the other zone")


def a_bad_zone_changes_nothing():
    write("example.test.zone", zone(12, "www IN A 192.0.2\n"))
    publish()
    image.wait_for(rb"example\.test\.zone:3005: .*; example\.test\.zone is not taken, what was served before still is\n", 30)
    equal(version(), 11, "the version that is served")
    write("example.test.zone", zone(13))
    publish()
    wait_for(13)


def zones_come_and_go():
    write("new.test.zone", zone(5))
    publish()
    wait_for(5, "new.test")
    os.unlink(f"{ZONES}/new.test.zone")
    publish()
    wait_for(None, "new.test")
    equal(ask("new.test").rcode(), dns.rcode.REFUSED, "a zone that is gone")


def what_is_no_archive_changes_nothing():
    with open(DISK, "r+b") as disk:
        disk.write(b"x" * 4096)
    image.wait_for(rb"can't be looked at again: malformed; those of before are served", 30)
    equal(version(), 13, "the version that is served")
    write("example.test.zone", zone(14))
    publish()
    wait_for(14)


def main():
    global image
    suite.needs(TARGET)
    try:
        build()
        with Namespace(f"dns-reload-{TARGET}") as ns:
            ns.enter()
            with Image(argv(), serving=rb"serving on port") as image:
                wait_for(1)
                cases = [a_bad_zone_at_the_start_is_left_out, no_query_is_lost, a_bad_zone_changes_nothing, zones_come_and_go]
                for case in cases if TARGET == "linux" else cases + [what_is_no_archive_changes_nothing]:
                    suite.case(case.__name__.replace("_", " "), case)
                suite.case("stops at SIGTERM with status 0", lambda: equal(image.stop(), 0))
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    suite.end()


main()
