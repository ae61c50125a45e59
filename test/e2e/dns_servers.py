# SPDX-License-Identifier: ISC
"""Name servers of others, each on an address of its own in the namespace that the caller is in: nsd, named, knotd. They
serve zone files as they are: no rate limits, no transfers in, nothing on the machine's own folders."""
import os, shutil, socket, struct, subprocess, sys, tempfile, time


def enter_namespace():
    """Starts the program again in a network namespace of its own, with lo up. Returns there; False: it can't be had."""
    if os.environ.get("JINN_DNS_INSIDE") == "1":
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return True
    probe = ["unshare", "--net", "--map-root-user", "true"]
    if subprocess.run(probe, stderr=subprocess.DEVNULL).returncode != 0:
        return False
    os.environ["JINN_DNS_INSIDE"] = "1"
    os.execvp("unshare", probe[:-1] + ["--", sys.executable] + sys.argv)


def nsd_config(folder, ip, zones):
    text = f"""server:
  ip-address: {ip}
  port: 53
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  server-count: 1
  hide-version: no
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
"""
    for origin, path in zones.items():
        text += f'zone:\n  name: "{origin}"\n  zonefile: "{path}"\n  provide-xfr: 0.0.0.0/0 NOKEY\n'
    return text, ["nsd", "-d", "-c", f"{folder}/conf"]


def named_config(folder, ip, zones):
    text = f"""options {{
  directory "{folder}"; listen-on port 53 {{ {ip}; }}; listen-on-v6 {{ none; }};
  recursion no; pid-file none; session-keyfile none; dnssec-validation no; notify no; allow-transfer {{ any; }};
  check-names primary ignore; check-integrity no; minimal-any no; max-records 0; answer-cookie no;
  empty-zones-enable no;
}};
controls {{ }};
"""
    for origin, path in zones.items():
        text += f'zone "{origin}" {{ type primary; file "{path}"; journal "{folder}/{origin}jnl"; }};\n'
    return text, ["named", "-g", "-n", "1", "-c", f"{folder}/conf"]


def knotd_config(folder, ip, zones):
    text = f"""server:
    listen: {ip}@53
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
log:
  - target: stderr
    any: info
acl:
  - id: all
    address: 0.0.0.0/0
    action: transfer
template:
  - id: default
    semantic-checks: off
    zonefile-sync: -1
    journal-content: none
    acl: all
zone:
"""
    for origin, path in zones.items():
        text += f"  - domain: {origin}\n    file: {path}\n"
    return text, ["knotd", "-c", f"{folder}/conf"]


CONFIGS = {"nsd": nsd_config, "named": named_config, "knotd": knotd_config}


class Server:
    """A running server of this kind; stopped and its folder removed at the end of the block. It answers for all zones, or
    those of `wait`, when the block begins."""

    def __init__(self, kind, ip, zones, wait=None):
        self.kind, self.ip, self.zones, self.wait = kind, ip, zones, wait or zones

    def __enter__(self):
        if self.ip.startswith("127."):  # named listens on what a device has by name
            subprocess.run(["ip", "addr", "replace", f"{self.ip}/32", "dev", "lo"], check=True)
        self.folder = tempfile.mkdtemp(prefix=f"jinn-{self.kind}-")
        text, argv = CONFIGS[self.kind](self.folder, self.ip, self.zones)
        with open(f"{self.folder}/conf", "w") as f:
            f.write(text)
        self.log = open(f"{self.folder}/log", "wb")
        env = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        self.process = subprocess.Popen(argv, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=env)
        try:
            for origin in self.wait:
                self.wait_for(origin)
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_for(self, origin, seconds=300):
        """Until it answers for this zone with authority."""
        labels = b"".join(bytes([len(label)]) + label.encode() for label in origin.split(".") if label) + b"\0"
        query = struct.pack(">HHHHHH", 1, 0, 1, 0, 0, 0) + labels + struct.pack(">HH", 6, 1)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(0.2)
                try:
                    s.connect((self.ip, 53))
                    s.send(query)
                    if s.recv(4096)[2] & 0x04:
                        return
                except (TimeoutError, ConnectionError, IndexError):
                    pass
            time.sleep(0.05)
        with open(f"{self.folder}/log", errors="replace") as f:
            raise AssertionError(f"{self.kind} does not serve {origin}:\n{f.read()[-3000:]}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def sign(folder, origin, path, options=()):
    """The zone signed in this new folder by dnssec-signzone: with NSEC, or what its options say. Its file."""
    env = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    os.mkdir(folder)
    out, dump = os.path.join(folder, "signed"), ["named-checkzone", "-q", "-D", "-i", "none", "-k", "ignore", "-s", "full", "-o", "-", origin]
    if "-3" in options:  # dnssec-signzone hashes the wildcard below each name, and ends where there is no room for that
        lines = subprocess.run([*dump, path], env=env, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
        path = os.path.join(folder, "plain")
        with open(path, "w") as f:
            f.writelines(line + "\n" for line in lines if len(line.split()[0]) < 252)
    for command in (["dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", origin], ["dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", origin],
                    ["dnssec-signzone", "-S", "-q", "-K", folder, "-o", origin, "-f", out, *options, path]):
        made = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert made.returncode == 0, made.stdout
    lines = subprocess.run([*dump, out], env=env, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    with open(out, "w") as f:
        f.writelines(for_knot(line) + "\n" for line in lines if not line.startswith(";"))
    return out


def for_knot(line):
    """Knot does not know the names X25 and ISDN, which BIND writes: as unknown types (RFC 3597)."""
    numbers = {"X25": "TYPE19", "ISDN": "TYPE20"}
    owner, ttl, cls, rdtype, data = line.split(None, 4)
    if rdtype in numbers:
        strings = [s.encode() for s in data.replace('"', "").split()]
        wire = b"".join(bytes([len(s)]) + s for s in strings)
        return f"{owner} {ttl} {cls} {numbers[rdtype]} \\# {len(wire)} {wire.hex()}"
    if rdtype in ("RRSIG", "NSEC", "NSEC3"):
        line = " ".join(numbers.get(word, word) for word in line.split())
    return line
