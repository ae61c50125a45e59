#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The website appliance, served to real clients: website.py TARGET, where TARGET is spt, hvt or linux, on the user-mode network, or
host: linux on the sockets of this host."""
import gzip, os, re, signal, socket, subprocess, sys, tempfile, time
from harness import JINN, ROOT, Image, Suite, equal, free_port, sh

TARGET = sys.argv[1] if len(sys.argv) > 1 else "spt"
PORT = free_port()
URL = f"http://localhost:{PORT}"
PAGE = "/"
suite = Suite(f"website-{TARGET}")


def curl(arguments):
    return sh(f"curl -sS --max-time 20 {arguments}")


def headers(arguments):
    text = curl(f"-o /dev/null -D - {arguments}")
    lines = text.strip().splitlines()
    return int(lines[0].split()[1]), {k.lower(): v.strip() for k, v in (l.split(":", 1) for l in lines[1:] if ":" in l)}


def body(arguments):
    r = subprocess.run(f"curl -sS --max-time 20 {arguments}", shell=True, stdout=subprocess.PIPE, check=True)
    return r.stdout


def raw(data, pause=0.0, parts=None, timeout=5):
    """Sends bytes on a new connection and reads until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=timeout) as s:
        for part in parts or [data]:
            s.sendall(part)
            time.sleep(pause)
        s.settimeout(2)
        got = b""
        try:
            while chunk := s.recv(65536):
                got += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return got


def start_page():
    status, h = headers(URL + PAGE)
    equal(status, 200)
    assert h["content-type"].startswith("text/html"), h
    assert re.fullmatch(r'"[0-9a-f-]{16,}[a-z-]*"', h["etag"]), h
    text = body(URL + PAGE).decode()
    equal(str(len(text.encode())), h["content-length"])
    assert "<title>" in text and "Jinn" in text


def head_has_no_body():
    got = raw(f"HEAD {PAGE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head, rest = got.split(b"\r\n\r\n", 1)
    equal(rest, b"")
    equal(re.search(rb"(?i)content-length: (\d+)", head).group(1), headers(URL + PAGE)[1]["content-length"].encode())


def ranges():
    whole = body(URL + PAGE)
    equal(body(f"-r 0-99 {URL}{PAGE}"), whole[:100], "first 100")
    equal(body(f"-r 100-199 {URL}{PAGE}"), whole[100:200], "next 100")
    equal(body(f"-r -50 {URL}{PAGE}"), whole[-50:], "last 50")
    status, h = headers(f"-r 5-9 {URL}{PAGE}")
    equal((status, h["content-range"]), (206, f"bytes 5-9/{len(whole)}"))
    status, h = headers(f"-r {len(whole)}- {URL}{PAGE}")
    equal((status, h["content-range"]), (416, f"bytes */{len(whole)}"))
    status, h = headers(f"-r 0-0,10-19 {URL}{PAGE}")
    equal(status, 206)
    boundary = re.search(r"multipart/byteranges; boundary=(\S+)", h["content-type"]).group(1).strip('"')
    parts = body(f"-r 0-0,10-19 {URL}{PAGE}").split(b"--" + boundary.encode())
    equal(parts[1].split(b"\r\n\r\n", 1)[1], whole[:1] + b"\r\n")
    equal(parts[2].split(b"\r\n\r\n", 1)[1], whole[10:20] + b"\r\n")


def conditional():
    tag = headers(URL + PAGE)[1]["etag"]
    equal(headers(f"-H 'If-None-Match: {tag}' {URL}{PAGE}")[0], 304)
    equal(headers(f"-H 'If-None-Match: \"x\", W/{tag}' {URL}{PAGE}")[0], 304)
    equal(headers(f"-H 'If-None-Match: \"other\"' {URL}{PAGE}")[0], 200)
    equal(headers(f"-H 'If-Match: \"other\"' {URL}{PAGE}")[0], 412)
    equal(headers(f"-r 0-4 -H 'If-Range: \"other\"' {URL}{PAGE}")[0], 200)
    equal(headers(f"-r 0-4 -H 'If-Range: {tag.replace(chr(34), chr(92) + chr(34))}' {URL}{PAGE}".replace('\\"', '"'))[0], 206)


def encodings():
    whole = body(URL + PAGE)
    equal(gzip.decompress(body(f"-H 'Accept-Encoding: gzip' {URL}{PAGE}")), whole)
    equal(headers(f"-H 'Accept-Encoding: gzip' {URL}{PAGE}")[1]["content-encoding"], "gzip")
    equal(headers(f"-H 'Accept-Encoding: gzip, br' {URL}{PAGE}")[1]["content-encoding"], "br")
    equal(body(f"--compressed {URL}{PAGE}"), whole, "brotli by curl")
    equal(headers(f"-H 'Accept-Encoding: br;q=0, gzip;q=0.5' {URL}{PAGE}")[1]["content-encoding"], "gzip")
    assert "content-encoding" not in headers(URL + PAGE)[1]
    assert "accept-encoding" in headers(URL + PAGE)[1]["vary"].lower()
    tags = {headers(f"-H 'Accept-Encoding: {e}' {URL}{PAGE}")[1]["etag"] for e in ("identity", "gzip", "br")}
    equal(len(tags), 3, "a tag for each encoding")


def pipelined():
    n = 40
    got = raw(b"".join(f"GET {PAGE}?{i} HTTP/1.1\r\nHost: x\r\n\r\n".encode() if i % 2 else
                       f"GET /nothing-{i} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for i in range(n)))
    statuses = [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", got)]
    equal(statuses, [200 if i % 2 else 404 for i in range(n)])


MALFORMED = [
    (b"GET / HTTP/1.1\r\n\r\n", 400, "no Host"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "two Hosts"),
    (b"GET / HTTP/1.1\nHost: a\n\n", 400, "bare LF"),
    (b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400, "bare CR"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400, "folded line"),
    (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "blank before colon"),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, "two lengths"),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "length and chunked"),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400, "signed length"),
    (b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad escape"),
    (b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "NUL in path"),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "a TLS hello"),
    (b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method"),
    (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", (405, 501), "unknown method"),
    (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "long target"),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"b" * 20000 + b"\r\n\r\n", 431, "long header"),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: b\r\n" * 500 + b"\r\n", 431, "many headers"),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", (405, 413), "huge body"),
]


def malformed():
    for data, want, what in MALFORMED:
        got = raw(data)
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", got)
        assert found, f"{what}: no response: {got[:80]!r}"
        status = int(found.group(1))
        assert status in (want if isinstance(want, tuple) else (want,)), f"{what}: {status}, want {want}"
    equal(headers(URL + PAGE)[0], 200, "served afterwards")


def traversal():
    for path in ("/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/.%00/etc/passwd"):
        got = raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert b"root:" not in got and re.match(rb"HTTP/1\.1 (400|404|301|308) ", got), (path, got[:100])


def keep_alive():
    with socket.create_connection(("127.0.0.1", PORT), timeout=10) as s:
        f = s.makefile("rb")
        for i in range(500):
            s.sendall(f"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert f.readline().startswith(b"HTTP/1.1 404"), i
            length = 0
            while (line := f.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            equal(len(f.read(length)), length)


def byte_by_byte():
    request = f"GET {PAGE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    got = raw(None, pause=0.003, parts=[bytes([b]) for b in request])
    assert got.startswith(b"HTTP/1.1 200 ")


def load_by_wrk():
    out = sh(f"wrk -t1 -c32 -d2s {URL}{PAGE}")
    assert "Socket errors" not in out and "Non-2xx" not in out, out
    assert int(re.search(r"(\d+) requests in", out).group(1)) > 100, out


def slow_readers():
    """64 clients that ask for the page many times and read nothing, beside one that must be served."""
    slow = []
    try:
        for _ in range(64):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", PORT))
            s.sendall(f"GET {PAGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 30)
            slow.append(s)
        for _ in range(20):
            equal(headers(URL + PAGE)[0], 200)
        whole = body(URL + PAGE)
        s = slow[0]  # a slow reader gets every byte all the same
        s.settimeout(20)
        got = b""
        while got.count(b"HTTP/1.1 200") < 30 or not got.endswith(whole[-20:]):
            chunk = s.recv(65536)
            assert chunk, "closed early"
            got += chunk
        equal(got.count(whole), 30)
    finally:
        for s in slow:
            s.close()


def browser():
    shot = os.path.join(ROOT, "build/test/website.png")
    os.makedirs(os.path.dirname(shot), exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        chromium = (f"chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
                    f"--disable-component-update --disable-sync --user-data-dir={profile} --window-size=1280,1600")
        dom = sh(f"{chromium} --dump-dom {URL}/ 2>/dev/null")
        assert "Jinn" in dom and "</html>" in dom, dom[:200]
        sh(f"{chromium} --screenshot={shot} {URL}/ 2>/dev/null")
    assert os.path.getsize(shot) > 20000, "an empty picture"


def main():
    suite.needs(TARGET)
    command, serving = [JINN, "run", "-t", TARGET, "-p", f"{PORT}:80", "appliances/website"], rb"website: http://localhost:%d/" % PORT
    if TARGET == "host":
        command = [JINN, "run", "-t", "linux", "--net", "service=host", "appliances/website", "--", f"--port={PORT}"]
        serving = rb"website: tcp localhost:%d\n" % PORT
    with Image(command, serving=serving, timeout=120) as image:
        for label, test in (("start page", start_page), ("HEAD", head_has_no_body), ("ranges", ranges),
                            ("conditional requests", conditional), ("encodings", encodings), ("pipelined", pipelined),
                            ("malformed requests", malformed), ("no way out of the root", traversal),
                            ("keep-alive", keep_alive), ("byte by byte", byte_by_byte), ("wrk", load_by_wrk),
                            ("64 slow readers beside a fast one", slow_readers), ("chromium", browser)):
            suite.case(label, test)
        suite.case("stops at SIGTERM with status 0", lambda: equal(image.stop(signal.SIGTERM), 0))
    with Image(command, serving=serving) as image:
        suite.case("stops at SIGINT with status 0", lambda: equal(image.stop(signal.SIGINT), 0))
    suite.end()


main()
