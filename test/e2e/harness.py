# SPDX-License-Identifier: ISC
"""What the end-to-end tests share: starting appliances, namespaces, counting."""
import ctypes, os, re, select, signal, socket, subprocess, sys, time, traceback

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
JINN = os.path.join(ROOT, "jinn")
FORWARD = os.path.join(ROOT, "build/host/forward")
TENDER = os.path.join(ROOT, "build/host/jinn-spt")
TENDERS = {target: os.path.join(ROOT, f"build/host/jinn-{target}") for target in ("spt", "hvt")}


def free_port(kind=socket.SOCK_STREAM, address="127.0.0.1"):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind((address, 0))
        return s.getsockname()[1]


class Image:
    """A running image; its output is kept for the report of a failure."""

    def __init__(self, argv, serving=None, netns=None, timeout=30):
        self.output, self.asked = b"", False
        prefix = ["ip", "netns", "exec", netns] if netns else []
        self.process = subprocess.Popen(prefix + argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, cwd=ROOT)
        os.set_blocking(self.process.stdout.fileno(), False)
        if serving:
            self.wait_for(serving, timeout)

    def drain(self, seconds=0.0):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if ready:
            self.output += self.process.stdout.read() or b""
        return self.output

    def wait_for(self, pattern, timeout):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if re.search(pattern, self.drain(0.1)):
                return
            if self.process.poll() is not None:
                self.drain(0.1)
                break
        raise AssertionError(f"'{pattern}' was not said; output:\n{self.output.decode(errors='replace')}")

    def rss_kb(self):
        """Resident memory of this process and its children, by name of the program."""
        total = 0
        todo = [self.process.pid]
        while todo:
            pid = todo.pop()
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as f:
                    todo += [int(p) for p in f.read().split()]
                with open(f"/proc/{pid}/status") as f:
                    total += sum(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))
            except FileNotFoundError:
                pass
        return total

    def stop(self, sig=signal.SIGTERM, timeout=10):
        if self.process.poll() is None:
            self.asked = True
            self.process.send_signal(sig)
        end = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < end:
            self.drain(0.1)
        if self.process.poll() is None:
            self.process.kill()
            raise AssertionError("the image did not stop")
        self.drain(0.1)
        return self.process.returncode

    def wait(self, timeout=10):
        """The status of an image that the test has brought to its end."""
        self.asked = True
        return self.process.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is not None and not self.asked:
            print(f"  the image ended unasked, status {self.process.returncode}; what it said last:\n"
                  + "\n".join(self.drain(0.1).decode(errors="replace").splitlines()[-30:]), flush=True)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.stdout.close()


class Namespace:
    """A network namespace with one tap in it, removed at the end. Needs root."""

    def __init__(self, name, tap="tap0", address="10.77.0.1/24"):
        self.name, self.tap = f"jinn-{name}-{os.getpid()}", tap
        self.address = address

    def __enter__(self):
        sh(f"ip netns add {self.name}")
        self.run("ip link set lo up")
        self.add_tap(self.tap, self.address)
        return self

    def add_tap(self, tap, address):
        for command in (f"ip tuntap add {tap} mode tap", f"sysctl -qw net.ipv6.conf.{tap}.disable_ipv6=1",
                        f"ip addr add {address} dev {tap}", f"ip link set {tap} up"):
            self.run(command)

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.name])

    def enter(self):
        """The caller itself goes in, for what it asks without a command."""
        with open(f"/run/netns/{self.name}") as f:
            assert ctypes.CDLL(None, use_errno=True).setns(f.fileno(), 0) == 0

    def run(self, command, **options):
        return sh(f"ip netns exec {self.name} {command}", **options)


class Path:
    """Two namespaces with a fault device between them (test/support/forward.c): the client's has the device c0, the server's f0,
    by default on a bridge with tap0, which is for an image. `faults` are forward's options. Needs root."""

    def __init__(self, name, faults, image=True):
        self.client, self.server = [f"jinn-{name}-{end}-{os.getpid()}" for end in "cs"]
        self.faults, self.image, self.forward = faults, image, None

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def set_up(self):
        for ns in (self.client, self.server):
            sh(f"ip netns add {ns}")
            sh(f"ip netns exec {ns} sysctl -qw net.ipv4.tcp_no_metrics_save=1")  # each connection begins anew
            sh(f"ip -n {ns} link set lo up")
        options = [f"{k}={v}" for k, v in self.faults.items()]
        self.forward = subprocess.Popen([FORWARD] + options + [self.client, "c0", self.server, "f0"], stdout=subprocess.PIPE, text=True)
        equal(self.forward.stdout.readline(), "ready\n")
        self.addresses(self.client, "c0", 1)
        if self.image:
            for command in ("link add br0 type bridge mcast_snooping 0", "tuntap add tap0 mode tap", "link set tap0 master br0",
                            "link set f0 master br0", "link set tap0 txqueuelen 10000"):
                sh(f"ip -n {self.server} {command}")
            for device in ("br0", "tap0", "f0"):
                sh(f"ip netns exec {self.server} sysctl -qw net.ipv6.conf.{device}.disable_ipv6=1")
                sh(f"ip -n {self.server} link set {device} up")
        else:
            self.addresses(self.server, "f0", 2)

    def addresses(self, ns, device, host):
        for command in (f"link set {device} txqueuelen 10000", f"addr add 10.77.0.{host}/24 dev {device}",
                        f"addr add fd77::{host}/64 dev {device} nodad", f"link set {device} up"):
            sh(f"ip -n {ns} {command}")

    def report(self):
        """What the fault device did; it does no more after that."""
        self.forward.terminate()
        return self.forward.communicate(timeout=10)[0]

    def __exit__(self, *_):
        if self.forward and self.forward.poll() is None:
            self.report()
        for ns in (self.client, self.server):
            subprocess.run(["ip", "netns", "delete", ns])


def sh(command, check=True, timeout=120):
    r = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, cwd=ROOT)
    if check and r.returncode != 0:
        raise AssertionError(f"{command}: status {r.returncode}\n{r.stdout.decode()}{r.stderr.decode()}")
    return r.stdout.decode(errors="replace")


class Suite:
    def __init__(self, name):
        self.name, self.passed, self.failed, self.skipped = name, 0, 0, 0

    def case(self, label, function, *arguments):
        try:
            function(*arguments)
            self.passed += 1
            print(f"  ok    {self.name}: {label}", flush=True)
        except Exception:
            self.failed += 1
            print(f"  FAIL  {self.name}: {label}\n{traceback.format_exc()}", flush=True)

    def skip(self, why):
        self.skipped += 1
        print(f"  skip  {self.name}: {why}", flush=True)

    def needs(self, target):
        """Ends here, and says so, where the target's images can't run."""
        try:
            if target == "hvt":
                os.close(os.open("/dev/kvm", os.O_RDWR))
        except OSError as e:
            self.skip(f"/dev/kvm: {e.strerror}")
            self.end()

    def end(self):
        print(f"{self.name}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        sys.exit(1 if self.failed else 0)


def equal(got, want, what=""):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def until(what, check, patience=30):
    """The first value of check() that is true."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come in {patience} s")
