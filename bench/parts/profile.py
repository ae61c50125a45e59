# SPDX-License-Identifier: ISC
"""Where the time of an HTTP request goes on the server's core, by perf: our own code by library and function, the
kernel by what was asked of it."""
import bisect, collections, os, re, shutil, subprocess, time

from common import BENCH, CLIENT, SECONDS, Image, Links, jinn, prepare_onekb, sh

CONNECTIONS, SAMPLES_A_SECOND, TOP = 64, 4999, 25
DATA = os.path.join(BENCH, "perf.data")
# The first that occurs in a sample's chain of calls says what the kernel was doing.
WORK = (("netif_receive_skb", "the client's part of receiving, in softirq"), ("net_rx_action", "the client's part of receiving, in softirq"),
        ("softirq", "other softirqs"), ("do_writev", "writev: a frame to the tap"), ("ksys_write", "write: a frame to the tap"),
        ("ksys_read", "read: a frame from the tap"), ("epoll", "waiting"), ("timerfd", "setting the timer"), ("sysvec", "interrupts"),
        ("syscall_trace_enter", "the sandbox's filter"))
LINKED_AT = 0x100000  # where the image's text is if nobody moves it (plat/spt/image.ld)


class Symbols:
    """Which function and library an address of the image belongs to, wherever its tender put it."""

    def __init__(self, folder, pid):
        with open(f"/proc/{pid}/maps") as f:
            text = next(line for line in f if line.split()[1].startswith("r-x"))
        self.start = int(text.split("-")[0], 16)
        debug = os.path.join(folder, "dist/.spt/onekb.spt.debug")
        lines = [line.split() for line in sh(f"nm -n {debug}").splitlines()]
        self.names = [(int(a, 16), name) for a, kind, name in (f for f in lines if len(f) == 3) if kind in "tTwW"]
        self.starts = [a for a, _ in self.names]
        with open(os.path.join(folder, "dist/.spt/onekb.map")) as f:
            placed = re.findall(r"^ \.text\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$", f.read(), flags=re.M)
        self.places = sorted((int(a, 16), int(size, 16), source) for a, size, source in placed if int(size, 16))
        self.place_starts = [a for a, _, _ in self.places]
        self.end = max(a + size for a, size, _ in self.places)

    def linked(self, address):
        """perf names what it has no symbol for by its place in the file."""
        return LINKED_AT + (address - self.start if address >= self.start else address)

    def function(self, address):
        return self.names[bisect.bisect_right(self.starts, self.linked(address)) - 1][1]

    def library(self, address):
        a, size, source = self.places[bisect.bisect_right(self.place_starts, self.linked(address)) - 1]
        archive = re.search(r"([^/]*)\.a\(", source)
        if not archive:
            return "appliance"
        return "musl" if archive.group(1) == "libc" else archive.group(1).removeprefix("lib")

    def has(self, address):
        return self.starts[0] <= self.linked(address) < self.end


def kernel_work(chain):
    for function, work in WORK:
        if any(function in name for name in chain):
            return work
    return "the rest of the kernel"


def record(links, server):
    """Chains of (address, name), the innermost first."""
    load = subprocess.Popen(["ip", "netns", "exec", links.client.name, *CLIENT, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{2 * SECONDS + 2}s", "http://10.77.0.2/"],
                            stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    sh(f"perf record -q -e cycles -F {SAMPLES_A_SECOND} -g -p {server.process.pid} -o {DATA} -- sleep {2 * SECONDS}")
    load.wait()
    text = sh(f"perf script -i {DATA} -F ip,sym 2>/dev/null")
    return [[(int(a, 16), name) for a, name in re.findall(r"^\s*([0-9a-f]+) (.*)$", sample, flags=re.M)] for sample in text.split("\n\n") if sample.strip()]


def count(samples, symbols):
    libraries, functions, kernel, inner = [collections.Counter() for _ in range(4)]
    for chain in samples:
        address, name = chain[0]
        if symbols.has(address):
            libraries[symbols.library(address)] += 1
            functions[symbols.function(address)] += 1
        elif address >> 63:
            kernel[kernel_work([n for _, n in chain])] += 1
            inner[name.split("+")[0]] += 1
        else:
            libraries["the host's clock"] += 1
    return libraries, functions, kernel, inner


def table(report, head, counter, total, top):
    report.say(f"| {head} | share |\n|---|---|")
    for name, n in counter.most_common(top):
        report.say(f"| {name} | {n / total:.1%} |")
    report.say()


def run(report):
    report.say("## Where the time of a request goes\n")
    if not shutil.which("perf"):
        report.say("Not measured: there is no perf here.")
        return
    image = prepare_onekb()
    with Links("profile") as links, Image(jinn(image), netns=links.client.name) as server:
        links.wait_for("http://10.77.0.2/")
        symbols = Symbols(os.path.join(BENCH, "onekb"), server.process.pid)
        samples = record(links, server)
    libraries, functions, kernel, inner = count(samples, symbols)
    total = sum(libraries.values()) + sum(kernel.values())
    report.say(f"perf's samples of the server's process (cycles), {CONNECTIONS} kept connections, not steered: {total:,} samples. In a virtual machine samples slip a little\n"
               "behind what they mean, so single functions are approximate.\n")
    report.say(f"Our own code has {sum(libraries.values()) / total:.0%}, the kernel {sum(kernel.values()) / total:.0%}.\n")
    table(report, "the kernel's work", kernel, total, len(kernel))
    table(report, "our own code by library", libraries, total, len(libraries))
    table(report, "our own code by function", functions, total, TOP)
    table(report, "the kernel by function", inner, total, TOP)
