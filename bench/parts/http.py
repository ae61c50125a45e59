# SPDX-License-Identifier: ISC
"""HTTP, 1 KB: requests on kept connections, new connections, the latency of one; Jinn, nginx and lwIP in turns."""
import re

from common import CLIENT, ROUNDS, SECONDS, Busy, Image, Links, jinn, jinn_plain, lwip, median, nginx, plot, prepare_onekb

COUNTS = (1, 16, 64, 256, 1024)
URLS = {"Jinn": "http://10.77.0.2/", "Jinn, plain frames": "http://10.76.0.2/", "nginx": "http://10.78.0.2/", "lwIP": "http://10.79.0.2/"}


def measure(links, server, url, connections, extra=""):
    """Requests a second, per second of the core's busy time, and per second of the server's own time."""
    with Busy(server) as busy:
        out = links.client.run(f"{' '.join(CLIENT)} wrk -t1 -c{connections} -d{SECONDS}s {extra} {url}")
    assert "Non-2xx" not in out, out
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    assert not errors or not any(map(int, errors.groups())), out
    n = int(re.search(r"(\d+) requests in", out).group(1))
    return n / SECONDS, n / busy.whole, n / busy.own


def turns(links, servers, connections, extra=""):
    """Medians of each server, which take turns."""
    values = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            values[name].append(measure(links, server, URLS[name], connections, extra))
    return {name: median(v) for name, v in values.items()}


def table(report, links, servers, counts, extra=""):
    """A row for each number of connections; gives {count: {server: (a second, per busy second, per own second)}}."""
    others = [n for n in servers if n not in ("Jinn", "nginx")]
    report.say("| connections | " + " | ".join(servers) + " | Jinn : nginx | the same, others left out | " +
               "".join(f"{n} : nginx, others left out | " for n in others) + " | ".join(f"{n}, a second" for n in servers) + " |")
    report.say("|---" * (3 + len(others) + 2 * len(servers)) + "|")
    rows = {}
    for count in counts:
        rows[count] = m = turns(links, servers, count, extra)
        cells = [f"{m[n][1]:,.0f}" for n in servers] + [f"{m['Jinn'][k] / m['nginx'][k]:.2f}" for k in (1, 2)]
        cells += [f"{m[n][2] / m['nginx'][2]:.2f}" for n in others] + [f"{m[n][0]:,.0f}" for n in servers]
        report.say(f"| {count} | " + " | ".join(cells) + " |")
    report.say()
    return rows


def latency(report, links):
    report.say("### Latency of one connection\n")
    report.say("One request after the other, microseconds by the client's clock; medians of the rounds.\n")
    report.say("| server | 50 % | 99 % |\n|---|---|---|")
    for name, url in URLS.items():
        values = []
        for _ in range(ROUNDS):
            out = links.client.run(f"{' '.join(CLIENT)} wrk -t1 -c1 -d{SECONDS}s --latency {url}")
            unit = {"us": 1, "ms": 1e3, "s": 1e6}
            values.append([float(v) * unit[u] for v, u in re.findall(r"(?:50|99)%\s+([\d.]+)(us|ms|s)", out)])
        p50, p99 = median(values)
        report.say(f"| {name} | {p50:,.0f} | {p99:,.0f} |")
    report.say()


def curves(rows_by_label, names):
    """What the plots show: per second of the server's own time."""
    return {f"{name}{label}": [(count, m[name][2]) for count, m in rows.items()]
            for label, rows in rows_by_label.items() for name in names}


def run(report):
    report.say(f"## HTTP, 1 KB: per CPU second of the server's core, medians of {ROUNDS} rounds of {SECONDS} s in turns\n")
    report.say("Jinn: spt on a tap with offloads, and with plain frames. nginx: one worker, on a veth. lwIP: raw API on a tap like Jinn's, with a trivial handler that answers\n"
               "one constant. wrk on the other core.\n\n"
               "The core's whole busy time counts, softirq included; beside it the ratio by the server's own time (with the softirqs\n"
               "that interrupted it or ran in the core's thread for them), which is the truer one when others use that core, too.\n")
    with Links("http") as links:
        image, where = prepare_onekb(), links.client.name
        with Image(nginx(4096), netns=links.peer) as theirs, Image(jinn(image), netns=where) as ours, \
                Image(jinn_plain(image), netns=where) as plain, Image(lwip(), netns=where) as third:
            servers = {"Jinn": ours, "Jinn, plain frames": plain, "nginx": theirs, "lwIP": third}
            links.wait_for(*URLS.values())
            kept, fresh = {}, {}
            for steered in (False, True):
                links.steer(steered)
                label, how = (", steered", "steered") if steered else ("", "not steered")
                report.say(f"### Kept connections, {how}\n")
                report.say("Each end's protocol work is done on its own core (receive packet steering)." if steered else
                           "As it comes: the kernel works on what one end sends where that end runs. On the server's core is the client's part\n"
                           "of receiving, for all servers alike; nginx's own part of receiving is on the client's core, that of Jinn and lwIP on theirs.")
                report.say()
                kept[label] = table(report, links, servers, COUNTS)
                report.say(f"### New connections, one request each, {how}\n")
                two = {n: servers[n] for n in ("Jinn", "nginx")}
                fresh[label] = table(report, links, two, (1, 64), "-H 'Connection: close'")
            links.steer(False)
            latency(report, links)
    plot("http", "HTTP 1 KB, kept connections", "connections", "requests per CPU second", curves(kept, URLS))
    report.say("![Requests per CPU second by the number of connections](http.svg)\n")
    for label, how in (("", "not steered"), (", steered", "steered")):
        m = kept[label][64]
        report.figure(f"{m['Jinn'][2] / m['nginx'][2]:.1f} ×", f"HTTP requests per CPU second, 64 connections, nginx = 1 ({how})")
    m = fresh[""][64]
    report.figure(f"{m['Jinn'][2] / m['nginx'][2]:.1f} ×", "new connections per CPU second, nginx = 1")
