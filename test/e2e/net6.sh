#!/bin/bash
# SPDX-License-Identifier: ISC
#
# IPv6 beside Linux, over a tap in a network namespace of its own: pings of odd sizes and in fragments, UDP, closed ports,
# a path that is narrower than the link, curl to the website, an address from radvd. tshark looks at every packet.
# Needs root (or a user namespace), ping, curl, radvd, python3, tshark.
set -euo pipefail
cd "$(dirname "$0")/../.."

name=net6
. test/e2e/net_common.sh
if [ "${1-}" != inside ]; then
	MAKEFLAGS="" make -s all
	./jinn build -t linux appliances/website >/dev/null
	net_enter
fi
net_capture fd00:9::1/64 nodad

# Starts an image; waits until its log names an address that begins as the first argument says, and sets `address`.
start() {
	local begin=$1
	shift
	"$@" >"$folder/peer.log" 2>&1 & pids+=($!)
	peer=$!
	for _ in $(seq 150); do
		address=$(sed -n "s/.*address \\(${begin}[0-9a-f:]*\\).*/\\1/p" "$folder/peer.log" | tail -1)
		[ -z "$address" ] || return 0
		sleep 0.1
	done
	fail "the image got no address that begins with $begin"
}

start fd00 build/e2e/net_peer --net:service=jinn0 --net-offload:service=off --ipv6=fd00:9::2/64 --ipv6-only
link=$(sed -n 's/.*address \(fe80[^/]*\).*/\1/p' "$folder/peer.log")
for size in 0 1 7 55 56 1231 1232 1451 1452 1453 2000 2895 2896 2897 9001 40000 65507; do
	ping -6 -q -c 1 -s "$size" -W 5 "$address" >"$folder/ping.log" || fail "ping of $size bytes"
done
ping -6 -q -c 1 -W 5 "$link%jinn0" >"$folder/ping.log" || fail "ping of the link-local address"
ping -6 -q -c 1 -W 5 "ff02::1%jinn0" >"$folder/ping.log" || fail "ping of all nodes"
ping -6 -q -f -c 2000 "$address" >"$folder/ping.log" || fail "flood of pings"
say "pings answered"
udp AF_INET6 0 1 2 1231 1451 1452 1453 3000 40001 65507 || fail "UDP"
say "UDP echoed, a closed port refused"
stop

start fe80 appliances/website/dist/website --net:service=jinn0 --net-offload:service=off --ipv6-only --ipv6=fd00:9::3/64
for host in "$address%jinn0" fd00:9::3; do
	for _ in 1 2 3; do
		curl -gsS --max-time 10 -o "$folder/page" "http://[$host]/" || fail "curl to $host"
		[ -s "$folder/page" ] || fail "an empty page from $host"
	done
done
say "pages served over IPv6"
stop

cat >"$folder/radvd.conf" <<'CONF'
interface jinn0 {
	AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvLinkMTU 1400;
	prefix fd00:aa::/64 { AdvOnLink on; AdvAutonomous on; };
	RDNSS fd00:aa::53 { };
};
CONF
chmod 644 "$folder/radvd.conf"
ip addr add fd00:aa::1/64 dev jinn0 nodad
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
radvd -n -C "$folder/radvd.conf" -p "$folder/radvd.pid" -m stderr >"$folder/radvd.log" 2>&1 & pids+=($!)
sleep 0.5
start fd00:aa build/e2e/net_peer --net:service=jinn0 --net-offload:service=off --ipv6-only
for size in 56 1353 5000; do
	ping -6 -q -c 1 -s "$size" -W 5 "$address" >"$folder/ping.log" || fail "ping of $address, $size bytes"
done
say "radvd's prefix gave $address"
stop

sleep 0.5
kill "${pids[0]}"
wait "${pids[0]}" || true
[ "$(tshark -r "$folder/all.pcap" -Y icmpv6 2>/dev/null | wc -l)" -gt 100 ] || fail "an empty capture"
[ -z "${KEEP-}" ] || cp "$folder/all.pcap" "$KEEP"
bad=$(tshark -r "$folder/all.pcap" -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE \
	-Y '_ws.malformed || icmpv6.checksum.status == 0 || udp.checksum.status == 0 || (tcp.srcport == 80 && tcp.checksum.status == 0) || ipv6.fragment.error || tcp.analysis.retransmission' \
	2>/dev/null | head -5)
[ -z "$bad" ] || fail "tshark finds fault: $bad"
say "nothing malformed"
echo "net6: $n passed, 0 failed"
