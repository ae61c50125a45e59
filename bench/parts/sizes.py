# SPDX-License-Identifier: ISC
"""How large images are, and how much memory they touch."""
import json, os

from common import HELLO, HOST, JINN, ROOT, SITE, TENDER, Image, Namespace, onekb_code_kb, sh

RESIDENT = os.path.join(HOST, "resident")


def run(report):
    say, figure = report.say, report.figure
    say("## Size and memory\n")
    say("| what | measured | limit |\n|---|---|---|")
    say(f"| hello.spt, stripped | {os.path.getsize(HELLO) / 1024:.1f} KB | 60 KB |")
    content = json.loads(sh(f"{JINN} describe --json {ROOT}/appliances/website"))["content_bytes"]
    say(f"| website.spt beside its content, dual stack | {(os.path.getsize(SITE) - content) / 1024:.1f} KB (content {content / 1024:.1f} KB) | 220 KB |")
    say(f"| onekb.spt, the same server with IPv4 only, beside its content | {onekb_code_kb():.1f} KB | 160 KB |")
    guest, whole = map(int, sh(f"{RESIDENT} {TENDER} --mem=2 {HELLO}").split())
    say(f"| hello.spt in 2 MB: resident of the guest | {guest} KB (the whole process {whole} KB) | 1024 KB |")
    with Namespace("mem") as ns, Image([TENDER, "--mem=4", "--net:service=tap0", SITE, "--ipv4=10.77.0.2/24"], netns=ns.name) as image:
        ns.run("curl -sS --retry 20 --retry-connrefused --retry-delay 1 -o /dev/null --max-time 10 http://10.77.0.2/")
        say(f"| website.spt in 4 MB, after a request: resident, with its tender | {image.rss_kb()} KB | 4096 KB |")
    say()
    figure(f"{os.path.getsize(HELLO) / 1024:.0f} KB", "the smallest image")
    figure(f"{(os.path.getsize(SITE) - content) / 1024:.0f} KB", "the website's image beside its content")
    figure(f"{guest} KB", "memory the smallest image touches")
