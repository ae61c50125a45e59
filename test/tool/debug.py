#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""jinn run --gdb and --core with Debian's gdb: a person's session, command by command, and what it must see.

usage: debug.py JINN TARGET
"""
import fcntl
import os
import re
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

TIMEOUT = 60
JINN = os.path.abspath(sys.argv[1])
TARGET = sys.argv[2]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
passed = failed = 0

MANIFEST = "[unikernel]\nname = %s\nsources = guest.c\nstacks = 6\n"
# Three fibers that count, each at a pace of its own; one that can end the image.
GUEST = """#include "%s.h"
#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/must.h>
static struct log_source log = LOG_SOURCE("guest");
struct place { int x, y; };
struct place place = {3, 4};
volatile int counter;
volatile int *nowhere;
__attribute__((noinline)) static void count(int by) { counter += by; place.x += by; }
static void worker(void *arg)
{
    unsigned long pace = (unsigned long)arg;
    for (;;) {
        count((int)pace);
        if (fiber_sleep(sched_now() + pace * 20000000) != OK)
            return;
        %s
    }
}
int %s_start(const struct %s *self)
{
    struct scope s;
    scope_open(&s);
    for (unsigned long i = 1; i <= 3; i++)
        must(scope_spawn(&s, i == 1 ? "first" : i == 2 ? "second" : "third", worker, (void *)i) == OK);
    log_info(&log, "counting");
    scope_join(&s);
    return 0;
}
"""


def check(what, good, *shown):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok     " if good else "NOT OK ") + what)
    if not good:
        for text in shown:
            print("       | " + str(text).strip().replace("\n", "\n       | "))


def matches(what, text, *patterns):
    missing = [p for p in patterns if not re.search(p, text)]
    check(what, not missing, "missing: %s in" % missing, text)


class Run:
    """An image under jinn run."""

    def __init__(self, *arguments, limit=None):
        def set_limit():
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        self.process = subprocess.Popen([JINN, "run", "-t", TARGET, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        preexec_fn=set_limit)
        self.text = ""
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self):
        self.text += (self.process.stdout.read() or b"").decode()
        return self.text

    def wait_for(self, pattern):
        end = time.monotonic() + TIMEOUT
        while not re.search(pattern, self.read()):
            if time.monotonic() > end or self.process.poll() is not None and not re.search(pattern, self.read()):
                raise AssertionError("no '%s' in: %s" % (pattern, self.text))
            time.sleep(0.02)
        return re.search(pattern, self.text)

    def end(self):
        self.process.wait(TIMEOUT)
        self.read()
        return self.process.returncode

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        return self.end()


class Gdb:
    """A session: each command's answer is what comes before the next prompt."""

    def __init__(self, debug_file):
        self.process = subprocess.Popen(["gdb", "-nx", "-q", *([debug_file] if debug_file else [])], cwd=ROOT,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.rest = ""  # what came behind an answer
        self.answer()
        for setting in ("pagination off", "confirm off", "width 0", "debuginfod enabled off"):
            self.do("set " + setting)

    def answer(self, until=r"\(gdb\) $"):
        text, end = self.rest, time.monotonic() + TIMEOUT
        while not (found := re.search(until, text)):
            text += (self.process.stdout.read() or b"").decode(errors="replace")
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError("gdb says no more than: " + text)
            time.sleep(0.005)
        self.rest = text[found.end():]
        return text[:found.end()]

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def do(self, command):
        self.say(command)
        return self.answer()

    def value(self, expression):
        return self.do("print " + expression).split(" = ", 1)[-1].split("\n")[0]

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.answer()

    def end(self):
        self.process.kill()
        self.process.wait()


def has_avx():
    """Has an image the wide registers? In a virtual machine it has what KVM says, which may be less than the processor has."""
    if TARGET == "spt":
        return "avx2" in open("/proc/cpuinfo").read()
    cpuid = bytearray(struct.pack("II", 256, 0) + bytes(256 * 40))
    with open("/dev/kvm", "rb") as kvm:
        fcntl.ioctl(kvm, 0xc008ae05, cpuid)  # KVM_GET_SUPPORTED_CPUID
    entries = [struct.unpack_from("7I", cpuid, 8 + 40 * i) for i in range(struct.unpack_from("I", cpuid)[0])]
    return any(function == 1 and ecx >> 26 & 1 and ecx >> 28 & 1 for function, _, _, _, _, ecx, _ in entries)


def debug_file_of(path):
    return "%s/dist/.%s/%s.%s.debug" % (path, TARGET, os.path.basename(path), TARGET)


def appliance(folder, name, trouble=""):
    path = os.path.join(folder, name)
    os.makedirs(path)
    with open(path + "/jinn.ini", "w") as f:
        f.write(MANIFEST % name)
    with open(path + "/guest.c", "w") as f:
        f.write(GUEST % (name, trouble, name, name))
    subprocess.run([JINN, "build", "-q", "-t", TARGET, path], check=True)
    return path, debug_file_of(path)


def stacks_end_well(text):
    """Each thread's last frame is where its stack begins, and none is unknown."""
    frames = [[line for line in part.split("\n") if line.startswith("#")] for part in text.split("\nThread ")[1:]]
    return len(frames) > 0 and all(f and re.search("context_start|start_main|_start", f[-1]) for f in frames) and \
        "??" not in text and "corrupt" not in text


# ---- A session ----

def test_first_stop(run, gdb, path):
    mode = os.stat(path).st_mode
    check("the socket is its owner's alone", stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600, oct(mode))
    matches("a line says that the image is open", run.wait_for(".*waits for gdb.*\n").group(0),
            "target remote " + path, "whoever can reach this socket can do anything with the image")
    matches("gdb comes before the first instruction", gdb.do("target remote " + path), r"_start \(\)")
    check("a backtrace of it has one frame", gdb.do("backtrace").count("#") == 1)
    check("nothing ran so far", gdb.value("counter") == "0" and gdb.value("sched.running") == "false")


def test_breakpoints(gdb):
    gdb.do("break count")
    matches("a software breakpoint is hit, in the fiber of that name", gdb.do("continue"), 'Thread . "first" hit Breakpoint 1',
            r"count \(by=by@entry=1\) at \./guest.c:10")
    matches("backtrace", gdb.do("backtrace"), r"#1 .*worker", r"#2 .*fiber_main", r"#3 .*context_start \(\)")
    check("globals", gdb.value("counter") == "0" and gdb.value("place") == "{x = 3, y = 4}", gdb.value("place"))
    matches("fibers are threads", gdb.do("info threads"), r'"scheduler" \(waits\)', r'"main" \(joining\)',
            r'\* .*"first" \(running\)', r'"second" \(runnable\)', r'"third" \(runnable\)')
    text = gdb.do("thread apply all backtrace")
    check("every fiber has a whole backtrace", text.count("\nThread ") == 5 and stacks_end_well(text), text)
    matches("memory shows no breakpoint", gdb.do("x/i count"), r"<count>:\s+(?!int3)")
    gdb.do("delete")
    gdb.do("hbreak count")
    matches("a hardware breakpoint is hit", gdb.do("continue"), '"second" hit Breakpoint 2')
    gdb.do("delete")


def test_steps(gdb):
    before = int(gdb.value("$pc").split()[-2], 16)
    gdb.do("stepi")
    check("stepi goes on by one instruction", before < int(gdb.value("$pc").split()[-2], 16) <= before + 15)
    matches("finish", gdb.do("finish"), r"worker \(arg=0x2\)|Run till exit")
    check("what it did is there", gdb.value("counter") == "3", gdb.value("counter"))
    gdb.do("next")
    gdb.do("next")
    matches("next over a sleep stays in the fiber", gdb.do("info threads"), r'\* .*"second" \(running\) +worker')
    number = re.search(r'  (\d+) +Thread \S+ "main"', gdb.do("info threads")).group(1)
    gdb.do("thread " + number)
    matches("a fiber that waits shows its stack", gdb.do("backtrace"), "fiber_wait", "scope_join", "_start")
    check("what it has lost is not made up", gdb.value("$rax") == "<unavailable>", gdb.value("$rax"))
    number = re.search(r'  (\d+) +Thread \S+ "third"', gdb.do("info threads")).group(1)
    gdb.do("thread " + number)
    gdb.do("stepi")
    matches("a step of a fiber that waits ends when it has the processor", gdb.do("info threads"),
            r'\* .*"third" \(running\)')


def test_watchpoints(run, gdb):
    gdb.do("watch counter")
    text = gdb.do("continue")
    found = re.search(r"Old value = (\d+)\s+New value = (\d+)", text)
    check("a watchpoint is the hardware's and stops after the write",
          "Hardware watchpoint" in text and found and int(found.group(2)) > int(found.group(1)), text)
    gdb.do("delete")
    gdb.do("rwatch counter")
    text = gdb.do("continue")
    if "no debug registers for images" in run.read():
        matches("reads can't be watched without debug registers", text, "Could not insert hardware watchpoint")
        gdb.do("delete")
        return
    matches("reads are watched", text, r"Hardware read watchpoint \d+: counter\s+Value = ")
    gdb.do("delete")
    gdb.do("finish")  # it has read the counter and not written it yet


def test_changes(gdb):
    gdb.do("set var counter = 100000")
    check("a variable is written", gdb.value("counter") == "100000")
    gdb.do("set var place.y = 77")
    check("another", gdb.value("place.y") == "77")
    pc = gdb.value("$pc")
    check("a function is called", int(gdb.value("sched_now()")) > 0 and gdb.value("$pc") == pc)
    gdb.do("set $xmm3.v2_int64[0] = 4660")
    check("vector registers", gdb.value("$xmm3.v2_int64[0]") == "4660", gdb.value("$xmm3"))
    if has_avx():
        check("AVX registers", gdb.value("$ymm3.v4_int64[0]") == "4660" and gdb.value("$ymm3.v8_int32[7]") == "0",
              gdb.value("$ymm3"))


def test_interrupt_and_detach(gdb, path):
    gdb.say("continue")
    gdb.answer("Continuing")
    matches("interrupt", gdb.interrupt(), "received signal SIGINT")
    text = gdb.do("thread apply all backtrace")
    check("every fiber has a whole backtrace then", stacks_end_well(text), text)
    before = int(gdb.value("counter"))
    gdb.do("break count")
    gdb.do("continue")
    matches("detach", gdb.do("detach"), "detached")
    gdb.do("delete")
    gdb.do("target remote " + path)
    check("the image ran on", int(gdb.value("counter")) >= before >= 100000, before, gdb.value("counter"))
    matches("text is as it was", gdb.do("x/i count"), r"<count>:\s+(?!int3)")


def test_lost_gdb(gdb, debug_file, path, run):
    gdb.do("break count")
    gdb.say("continue")
    gdb.answer(r"hit Breakpoint[^$]*\(gdb\) $")
    gdb.say("continue")
    gdb.end()
    gdb = Gdb(debug_file)
    gdb.do("target remote " + path)
    matches("an image whose gdb was killed can be had again, whole", gdb.do("x/i count"), r"<count>:\s+(?!int3)")
    check("and ran on", run.process.poll() is None and int(gdb.value("counter")) > 0)
    gdb.do("kill")
    check("kill ends it, as by a signal", run.end() == 128 + 9, run.text)
    check("the socket is gone", not os.path.exists(path))
    check("no crash was told", "the image " not in run.text, run.text)
    gdb.end()


def session(folder):
    path, debug_file = appliance(folder, "fibers")
    where = folder + "/gdb"
    run = Run("--gdb", where, path)
    run.wait_for("waits for gdb")
    gdb = Gdb(debug_file)
    test_first_stop(run, gdb, where)
    test_breakpoints(gdb)
    test_steps(gdb)
    test_watchpoints(run, gdb)
    test_changes(gdb)
    test_interrupt_and_detach(gdb, where)
    test_lost_gdb(gdb, debug_file, where, run)
    return path, debug_file


def test_port(path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    run = Run("--gdb", "127.0.0.1:%d" % port, path)
    matches("a port says that everybody on the host can reach it", run.wait_for("waits for gdb.*").group(0), "reach this port")
    gdb = Gdb(None)
    matches("gdb finds the symbols by itself", gdb.do("target remote 127.0.0.1:%d" % port), r"_start \(\)", "fibers.%s.debug" % TARGET)
    gdb.do("kill")
    check("and ends it", run.end() == 137)
    gdb.end()


def test_aborts_under_gdb(path, debug_file, where):
    run = Run("--gdb", where, path)
    run.wait_for("waits for gdb")
    gdb = Gdb(debug_file)
    gdb.do("target remote " + where)
    matches("an image that aborts stops there", gdb.do("continue"), "received signal SIGABRT")
    matches("with what led to it", gdb.do("backtrace"), "plat_abort", "must_fail", "worker")
    matches("and then ends", gdb.do("continue"), "exited with code 0106")
    check("with the status of a bug", run.end() == 70)
    gdb.end()


def test_spins_under_gdb(folder, where):
    path, debug_file = appliance(folder, "spins", "while (place.y == 4) counter++;")
    run = Run("--gdb", where, path)
    run.wait_for("waits for gdb")
    gdb = Gdb(debug_file)
    gdb.do("target remote " + where)
    for _ in range(3):
        gdb.say("continue")
        gdb.answer("Continuing")
        run.wait_for("counting")
        time.sleep(0.05)
        matches("an image that never waits is interrupted", gdb.interrupt(), r"received signal SIGINT", r"worker \(")
    before = int(gdb.value("counter"))
    gdb.do("stepi 100")
    check("steps go on from there", int(gdb.value("counter")) > before)
    gdb.do("kill")
    check("and it is ended", run.end() == 137)
    gdb.end()


def test_faults_under_gdb(path, debug_file, where):
    run = Run("--gdb", where, path)
    run.wait_for("waits for gdb")
    gdb = Gdb(debug_file)
    gdb.do("target remote " + where)
    matches("a fault stops where it is", gdb.do("continue"), "received signal SIGSEGV", r"worker \(.*guest.c:18")
    matches("with a backtrace", gdb.do("backtrace"), "#. .*fiber_main", "context_start")
    pc = gdb.value("$pc")
    check("a function is called all the same", int(gdb.value("sched_now()")) > 0 and gdb.value("$pc") == pc)
    matches("without the signal it comes to it again", gdb.do("signal 0"), "received signal SIGSEGV")
    check("at the same place", gdb.value("$pc") == pc, pc, gdb.value("$pc"))
    matches("and with it ends", gdb.do("continue"), "exited with code 0106")
    check("with its status", run.end() == 70)
    matches("and its report", run.text, "the image wrote through a null pointer", "in the source:")
    gdb.end()


# ---- Serving ----

def test_website(folder):
    where = folder + "/website.gdb"
    core = folder + "/website.core"
    run = Run("--gdb", where, "--core", core, "-p", "0:80", os.path.join(ROOT, "appliances/website"))
    run.wait_for("waits for gdb")
    gdb = Gdb(debug_file_of(os.path.join(ROOT, "appliances/website")))
    gdb.do("target remote " + where)
    gdb.say("continue")
    gdb.answer("Continuing")
    url = "http://127.0.0.1:%s/" % run.wait_for("http://localhost:([0-9]+)").group(1)
    size = len(urllib.request.urlopen(url, timeout=TIMEOUT).read())
    check("the website serves under gdb", size > 500)
    run.process.send_signal(signal.SIGQUIT)
    run.wait_for("its core is in")
    check("a core under gdb, which notices nothing", len(urllib.request.urlopen(url, timeout=TIMEOUT).read()) == size)
    matches("interrupted", gdb.interrupt(), "received signal SIGINT")
    gdb.do("break tcp_input")
    gdb.say("continue")
    gdb.answer("Continuing")
    client = subprocess.Popen(["curl", "-s", "-o", "/dev/null", "-m", str(TIMEOUT), "-w", "%{http_code}", url],
                              stdout=subprocess.PIPE)
    gdb.answer(r"hit Breakpoint[^$]*\(gdb\) $")
    text = gdb.do("backtrace")
    check("a breakpoint in the stack", "tcp_input" in text and "??" not in text and re.search("start_main|context_start", text), text)
    gdb.do("detach")
    check("after detaching it serves on", client.communicate(timeout=TIMEOUT)[0] == b"200")
    check("and others", len(urllib.request.urlopen(url, timeout=TIMEOUT).read()) == size)
    gdb.end()
    run.process.terminate()
    check("and stops when asked to", run.end() == 0, run.text)


# ---- Core files ----

def core_session(debug_file, core):
    gdb = Gdb(debug_file)
    text = gdb.do("core-file " + core)
    return gdb, text


def test_core_of_abort(folder, path, debug_file):
    core = folder + "/core"
    run = Run("--core", core, path)
    check("an image that aborts has its status", run.end() == 70, run.text)
    matches("and a line that says where its core is", run.text, "gdb .*%s.* %s" % (debug_file, core))
    check("which is its owner's alone", stat.S_IMODE(os.stat(core).st_mode) == 0o600)
    check("and sparse", os.stat(core).st_blocks * 512 < os.stat(core).st_size / 4, os.stat(core))
    gdb, text = core_session(debug_file, core)
    matches("gdb opens it", text, "Program terminated with signal SIGABRT")
    check("without a warning", "warning" not in text, text)
    matches("the thread that aborted is the current one", gdb.do("backtrace"), "#0 .*arch_(syscall|hypercall)", "plat_abort",
            "must_fail .*counter < 0", "worker", "context_start")
    text = gdb.do("thread apply all backtrace")
    check("every fiber is there with a whole backtrace", text.count("\nThread ") == 5 and stacks_end_well(text), text)
    matches("by what it waits for", text, "scope_join", "fiber_sleep", "run_round|sched_run")
    check("globals are", int(gdb.value("counter")) > 0 and gdb.value("place.y") == "4")
    gdb.end()


def test_core_of_crash(folder):
    path, debug_file = appliance(folder, "crash", "*nowhere = counter;")
    test_faults_under_gdb(path, debug_file, folder + "/gdb")
    core = folder + "/core2"
    run = Run("--core", core, path)
    check("an image that crashes has its status", run.end() == 70, run.text)
    matches("and its report", run.text, "wrote through a null pointer", "in the source:", "its core is in")
    gdb, text = core_session(debug_file, core)
    matches("the core has the fault", text, "Program terminated with signal SIGSEGV", r"worker \(.*guest.c")
    text = gdb.do("thread apply all backtrace")
    check("and every fiber", text.count("\nThread ") == 5 and stacks_end_well(text), text)
    gdb.end()


def test_core_on_demand(folder, path, debug_file):
    core = folder + "/core3"
    run = Run("--core", core, path)
    run.wait_for("counting")
    for _ in range(2):
        if os.path.exists(core):
            os.unlink(core)
        run.text = ""
        run.process.send_signal(signal.SIGQUIT)
        run.wait_for("its core is in")
    check("SIGQUIT leaves a core, and the image goes on", run.process.poll() is None and os.path.exists(core))
    gdb, text = core_session(debug_file, core)
    matches("of an image that waits", gdb.do("thread apply all backtrace"), "plat_wait", "fiber_sleep", "scope_join")
    gdb.end()
    run.stop()


def test_no_room(folder, path):
    core = folder + "/core4"
    run = Run("--core", core, path, limit=8192)
    check("a core that can't be written changes no status", run.end() == 70, run.text)
    matches("and is one line", run.text, r"jinn: --core \S*core4: no core file was written: File too large\n")
    check("of which nothing is left", not [f for f in os.listdir(folder) if f.startswith("core4")], os.listdir(folder))


# ---- Refusals ----

def refused(what, status, pattern, *arguments):
    p = subprocess.run([JINN, "run", "-q", "-t", TARGET, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                       timeout=TIMEOUT)
    check("refused: " + what, p.returncode == status and re.search(pattern, p.stderr) and p.stderr.count("\n") == 1 and
          not p.stdout, p.returncode, p.stderr)


def test_refusals(folder, path):
    refused("gdb on linux", 64, "an image for linux is an ordinary process", "-t", "linux", "--gdb", folder + "/s", path)
    refused("a core on linux", 64, "an ordinary process", "-t", "linux", "--core", folder + "/c", path)
    refused("another host", 64, "must be on this machine", "--gdb", "192.0.2.1:1234", path)
    refused("any address", 64, "must be on this machine", "--gdb", "0.0.0.0:1234", path)
    refused("no port", 64, "a port from 1 to 65535", "--gdb", ":0", path)
    refused("a long path", 64, "at most 107 characters", "--gdb", folder + "/" + "x" * 120, path)
    refused("no such folder", 73, "can't listen there: No such file", "--gdb", folder + "/none/s", path)
    refused("no folder for a core", 73, "--core .*: No such file", "--core", folder + "/none/core", path)
    refused("a folder as a core", 73, "that is a folder", "--core", folder, path)
    with open(folder + "/file", "w") as f:
        f.write("mine")
    refused("a file that is there", 69, "can't listen there: Address already in use", "--gdb", folder + "/file", path)
    check("which stays", open(folder + "/file").read() == "mine")
    taken = socket.socket(socket.AF_UNIX)
    taken.bind(folder + "/taken")
    taken.listen()
    refused("a socket that is in use", 69, "Address already in use", "--gdb", folder + "/taken", path)
    taken.close()
    run = Run("--gdb", folder + "/taken", path)
    run.wait_for("waits for gdb")
    check("a dead socket is taken over", run.process.poll() is None)
    run.process.send_signal(signal.SIGQUIT)
    run.wait_for("no core was written: start fibers with --core FILE")
    run.process.terminate()
    check("an image that stands still is ended at once", run.end() == 137 and "did not stop" not in run.text, run.text)


def main():
    folder = tempfile.mkdtemp(prefix="jinn-debug.")
    if not shutil.which("gdb"):
        print("skip gdb is not installed")
        return 0
    if TARGET == "hvt" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("skip gdb on hvt: this machine has no /dev/kvm, or this user may not open it")
        return 0
    try:
        path, debug_file = session(folder)
        test_port(path)
        bad, bad_debug = appliance(folder, "aborts", "must(counter < 0);")
        test_aborts_under_gdb(bad, bad_debug, folder + "/gdb")
        test_spins_under_gdb(folder, folder + "/gdb")
        test_website(folder)
        test_core_of_abort(folder, bad, bad_debug)
        test_core_of_crash(folder)
        test_core_on_demand(folder, path, debug_file)
        test_no_room(folder, bad)
        test_refusals(folder, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("debug on %s: %d passed, %d failed" % (TARGET, passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
