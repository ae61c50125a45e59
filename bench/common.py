# SPDX-License-Identifier: ISC
"""What the parts of `make bench` share: the report, CPU time, the servers that are compared and the links to them."""
import json, os, re, resource, statistics, subprocess, sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.join(ROOT, "test/e2e"))
from harness import JINN, TENDER, Image, Namespace, sh

HOST = os.path.join(ROOT, "build/host")
BENCH = os.path.join(ROOT, "build/bench")
HELLO = os.path.join(ROOT, "appliances/hello/dist/hello.spt")
SITE = os.path.join(ROOT, "appliances/website/dist/website.spt")
PAGE = ("<!doctype html><title>1 KB</title>" + "x" * 1024)[:1024]
SECONDS, ROUNDS = int(os.environ.get("BENCH_SECONDS", 1)), int(os.environ.get("BENCH_ROUNDS", 5))
SERVER_CPU, CLIENT_CPU = 1, 0
CLIENT = ["taskset", "-c", str(CLIENT_CPU)]
SERVER = ["taskset", "-c", str(SERVER_CPU)]


class Report:
    """One part's lines of RESULTS.md."""

    def __init__(self):
        self.lines = []

    def say(self, text=""):
        print(text, flush=True)
        self.lines.append(text)

    def figure(self, value, what):
        """A line that the website shows on its start page (appliances/website/README.md), and README.md in its table."""
        self.lines.append(f"<!-- figure: {value} | {what} | make bench -->")


# ---- CPU time ----

def core_seconds(cpu=SERVER_CPU):
    """Busy time of a core, interrupts and softirqs included."""
    with open("/proc/stat") as f:
        for line in f:
            if line.startswith(f"cpu{cpu} "):
                user, nice, system, idle, iowait, irq, softirq, steal = [int(x) / os.sysconf("SC_CLK_TCK") for x in line.split()[1:9]]
                return user + nice + system + irq + softirq + steal


def own_seconds(pid):
    """CPU time of a process, threads that have ended included, and of its children."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        children = f.read().split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(own_seconds(p) for p in children)


def softirq_thread(cpu=SERVER_CPU):
    """The kernel's thread that takes over a core's softirqs when there are many."""
    return int(sh(f"ps -eo pid,comm | awk '$2 == \"ksoftirqd/{cpu}\" {{ print $1 }}'"))


class Busy:
    """Seconds that the server's core was busy, and those of the server alone, from the beginning of the `with` to its
    end. The server's time includes softirqs that ran in its place (this kernel does not tell them apart), and those of
    the core's softirq thread are added, and of others of the kernel's that work for it. Without a server, those alone."""

    def __init__(self, server=None, threads=()):
        self.pids = [softirq_thread(), *threads] + ([server.process.pid] if server else [])

    def now(self):
        return core_seconds(), sum(own_seconds(pid) for pid in self.pids)

    def __enter__(self):
        self.start = self.now()
        return self

    def __exit__(self, *_):
        self.whole, self.own = [max(b - a, 1e-3) for a, b in zip(self.start, self.now())]


def median(values):
    """Of tuples, place by place."""
    return [statistics.median(v) for v in zip(*values)]


# ---- Servers ----

def prepare_onekb(name="onekb", connections=None):
    """Builds the server of one page, in a folder of its own; `connections` in the place of those in its sources."""
    folder = os.path.join(BENCH, name)
    os.makedirs(os.path.join(folder, "htdocs"), exist_ok=True)
    with open(os.path.join(folder, "htdocs/index.html"), "w") as f:
        f.write(PAGE)
    for part in ("onekb.c", "jinn.ini"):
        with open(os.path.join(ROOT, "bench/onekb", part)) as f, open(os.path.join(folder, part), "w") as g:
            text = f.read()
            g.write(re.sub(r"(connections = |CONNECTIONS = )\d+", rf"\g<1>{connections}", text) if connections else text)
    sh(f"{JINN} build -t spt {folder}")
    return os.path.join(folder, "dist/onekb.spt")


def onekb_code_kb():
    prepare_onekb()
    folder = os.path.join(BENCH, "onekb")
    content = json.loads(sh(f"{JINN} describe --json {folder}"))["content_bytes"]
    return (os.path.getsize(os.path.join(folder, "dist/onekb.spt")) - content) / 1024


def nginx(connections=2048):
    folder = os.path.join(BENCH, "nginx")
    os.makedirs(os.path.join(folder, "www"), exist_ok=True)
    with open(os.path.join(folder, "www/index.html"), "w") as f:
        f.write(PAGE)
    # It closes idle connections when less than a sixteenth of its places is free: hence twice as many.
    conf = os.path.join(folder, "nginx.conf")
    with open(conf, "w") as f:
        f.write(f"""daemon off; worker_processes 1; worker_cpu_affinity {1 << SERVER_CPU:b}; pid {folder}/pid; error_log {folder}/error.log;
            worker_rlimit_nofile {min(connections + 90, resource.getrlimit(resource.RLIMIT_NOFILE)[1])};
            events {{ worker_connections {2 * connections}; multi_accept on; }}
            http {{ access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000; open_file_cache max=100;
              keepalive_timeout 300; default_type text/html; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
              fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
              server {{ listen 80 backlog=2048; root {folder}/www; }} }}""")
    return SERVER + ["/usr/sbin/nginx", "-p", folder, "-c", conf]


def jinn(image, mem=16, prefix=24):
    return SERVER + [TENDER, f"--mem={mem}", "--net:service=tap0", image, f"--ipv4=10.77.0.2/{prefix}", "-l", "*:warning"]


def jinn_plain(image):
    """On a tap of its own, since the host leaves offloads of a tap switched on."""
    return SERVER + [TENDER, "--mem=16", "--net:service=tap2", "--net-offload:service=off", image, "--ipv4=10.76.0.2/24", "-l", "*:warning"]


def lwip():
    return SERVER + [os.path.join(HOST, "lwip-server"), "tap1", "10.79.0.2", "10.79.0.1"]


# ---- Links ----

class Links:
    """The client's namespace with tap0 for Jinn, tap2 (10.76.0.1) for Jinn without offloads and tap1 for lwIP, and a namespace for
    servers on the kernel's stack, joined by a veth: v0 at the client's end (10.78.0.1), v1 at the server's (10.78.0.2)."""

    def __init__(self, name, prefix=24):
        self.client = Namespace(name, address=f"10.77.0.1/{prefix}")
        self.peer = f"jinn-{name}-peer-{os.getpid()}"
        self.prefix = prefix
        self.taps = ["tap0"]

    def __enter__(self):
        self.client.__enter__()
        try:
            sh(f"ip netns add {self.peer}")
            sh(f"ip link add v0 netns {self.client.name} type veth peer name v1 netns {self.peer}")
            self.add_tap("tap1", "10.79.0.1/24")
            self.add_tap("tap2", "10.76.0.1/24")
            for command in (f"ip addr add 10.78.0.1/{self.prefix} dev v0", "ip link set v0 up"):
                self.client.run(command)
            for command in ("ip link set lo up", f"ip addr add 10.78.0.2/{self.prefix} dev v1", "ip link set v1 up"):
                self.on_peer(command)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.peer], stderr=subprocess.DEVNULL)
        self.client.__exit__()

    def add_tap(self, tap, address):
        self.client.add_tap(tap, address)
        self.taps.append(tap)

    def on_peer(self, command, **options):
        return sh(f"ip netns exec {self.peer} {command}", **options)

    def steer(self, on):
        """Receive packet steering: what arrives for the client is worked on by the client's core, what arrives for a server
        on the kernel's stack by the server's. Without it either end's work is done where the other end sent."""
        for run, devices, cpu in ((self.client.run, (*self.taps, "v0"), CLIENT_CPU), (self.on_peer, ("v1",), SERVER_CPU)):
            for device in devices:
                run(f"sh -c 'echo {1 << cpu if on else 0:x} > /sys/class/net/{device}/queues/rx-0/rps_cpus'")

    def wait_for(self, *urls):
        for url in urls:
            self.client.run(f"curl -sS --retry 30 --retry-connrefused --retry-delay 1 -o /dev/null --max-time 20 {url}")


# ---- Plots ----

def plot(name, title, x, y, series, log_x=2):
    """Writes bench/NAME.svg: `series` is {label: [(x, y), ...]}."""
    blocks = "".join(f"$d{i} << EOD\n" + "".join(f"{a} {b}\n" for a, b in points) + "EOD\n" for i, points in enumerate(series.values()))
    lines = ", ".join(f'$d{i} using 1:2 with linespoints lw 2 pt 7 ps 0.5 title "{label}"' for i, label in enumerate(series))
    script = f"""set terminal svg size 720,400 font "sans,12" background "white" noenhanced
        set output "{os.path.join(ROOT, 'bench', name)}.svg"
        set title "{title}"
        set xlabel "{x}"
        set ylabel "{y}"
        set key outside right
        set grid
        set format y "%'.0f"
        set yrange [0:*]
        {f"set logscale x {log_x}" if log_x else ""}
        """
    subprocess.run(["gnuplot"], input=re.sub(r"(?m)^ +", "", script) + blocks + "plot " + lines + "\n", text=True, check=True)
