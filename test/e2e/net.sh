#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The stack below TCP beside Linux, over a tap in a network namespace of its own: pings of odd sizes and in fragments,
# UDP of odd sizes, closed ports, and addresses from dnsmasq with renewal.
# Needs root (or a user namespace), ping, dnsmasq, python3, tshark.
set -euo pipefail
cd "$(dirname "$0")/../.."

name=net
. test/e2e/net_common.sh
if [ "${1-}" != inside ]; then
	net_enter
fi
net_capture 10.9.0.1/24

# Starts the image; waits until its log says what address it has, and prints that.
start() {
	build/e2e/net_peer --net:service=jinn0 --net-offload:service=off "$@" >"$folder/peer.log" 2>&1 & pids+=($!)
	peer=$!
	for _ in $(seq 100); do
		address=$(sed -n 's/.*address \([0-9.]*\).*/\1/p' "$folder/peer.log" | tail -1)
		[ -z "$address" ] || return 0
		sleep 0.1
	done
	fail "the image got no address"
}

start --ipv4=10.9.0.2/24
for size in 0 1 7 55 56 1471 1472 1473 2000 2959 2960 2961 9001 40000 65507; do
	ping -q -c 1 -s "$size" -W 5 "$address" >"$folder/ping.log" || fail "ping of $size bytes"
done
ping -q -f -c 2000 "$address" >"$folder/ping.log" || fail "flood of pings"
say "pings answered"
udp AF_INET 0 1 2 1471 1472 1473 3000 40001 65507 || fail "UDP"
say "UDP echoed, a closed port refused"
stop

dnsmasq --no-daemon --conf-file=/dev/null --interface=jinn0 --bind-interfaces --port=0 --dhcp-authoritative \
	--dhcp-range=10.9.0.50,10.9.0.60,255.255.255.0,2m --dhcp-option=3,10.9.0.1 --dhcp-leasefile="$folder/leases" \
	--log-dhcp >"$folder/dnsmasq.log" 2>&1 & pids+=($!)
sleep 0.5
start
case $address in 10.9.0.5? | 10.9.0.60) ;; *) fail "not from the range: $address" ;; esac
grep -q 'net-peer' "$folder/leases" || fail "the server does not know the name"
ping -q -c 1 -W 5 "$address" >"$folder/ping.log" || fail "ping of $address"
say "DHCP gave $address"
if [ -n "${SLOW-}" ]; then
	sleep 65
	[ "$(grep -c DHCPACK "$folder/dnsmasq.log")" -ge 2 ] || fail "the lease was not renewed"
	say "the lease was renewed"
fi
stop

sleep 0.5
kill "${pids[0]}"
wait "${pids[0]}" || true
[ "$(tshark -r "$folder/all.pcap" -Y icmp 2>/dev/null | wc -l)" -gt 100 ] || fail "an empty capture"
bad=$(tshark -r "$folder/all.pcap" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
	-Y '_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0' 2>/dev/null | head -5)
[ -z "$bad" ] || fail "tshark finds fault: $bad"
say "nothing malformed"
echo "net: $n passed, 0 failed"
