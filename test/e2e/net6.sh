#!/bin/bash
# SPDX-License-Identifier: ISC
#
# net6.sh TARGET: IPv6 beside Linux, over a tap in a network namespace of its own, with an image for linux or spt: pings of
# odd sizes and in fragments, UDP, closed ports, curl to the website; addresses and name servers from radvd, dnsmasq and kea;
# a path through two routers that is narrower than the link; a switch that snoops. tshark looks at every packet.
# Needs root (or a user namespace), ping, tracepath, curl, radvd, dnsmasq, kea-dhcp6, python3, tshark.
set -euo pipefail
cd "$(dirname "$0")/../.."

. test/e2e/net_common.sh
net_capture fd00:9::1/64 nodad

start() { # how the address begins, folder, keys
	local begin=$1
	shift
	launch "$@"
	addressed "$begin"
}

radvd_with() { # options of the interface, options of the prefix
	cat >"$folder/radvd.conf" <<-CONF
		interface jinn0 {
			AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; $1
			prefix fd00:aa::/64 { AdvOnLink on; $2 };
		};
	CONF
	chmod 644 "$folder/radvd.conf"
	radvd -n -C "$folder/radvd.conf" -p "$folder/radvd.pid" -m stderr >"$folder/radvd.log" 2>&1 & pids+=($!)
	radvd=$!
}

quit_radvd() {
	kill "$radvd"
	wait "$radvd" || true
}

kea_with() { # a pool
	cat >"$folder/kea.conf" <<-CONF
		{ "Dhcp6": {
			"interfaces-config": { "interfaces": ["jinn0"], "service-sockets-max-retries": 50, "service-sockets-retry-wait-time": 200 },
			"data-directory": "$folder", "server-id": { "type": "LL", "htype": 1, "identifier": "020000000001", "persist": false },
			"lease-database": { "type": "memfile", "persist": false },
			"preferred-lifetime": 30, "valid-lifetime": 60, "renew-timer": 3, "rebind-timer": 20, "mac-sources": ["duid"],
			"option-data": [ { "name": "dns-servers", "data": "fd00:aa::54" } ],
			"subnet6": [ { "id": 1, "subnet": "fd00:aa::/64", "interface": "jinn0", "rapid-commit": ${2-false},
				"pools": [ { "pool": "$1" } ] } ],
			"loggers": [ { "name": "kea-dhcp6", "output_options": [ { "output": "stdout" } ], "severity": "INFO" } ]
		} }
	CONF
	kea dhcp6
}

# ---- A fixed address ----

start fd00:9 test/e2e/peer --ipv6=fd00:9::2/64 --ipv6-only
link=$(sed -n 's/.*address \(fe80[^/]*\).*/\1/p' "$folder/peer.log")
for size in 0 1 7 55 56 1231 1232 1451 1452 1453 2000 2895 2896 2897 9001 40000 65507; do
	answers "$size"
done
ping -6 -q -c 1 -W 5 "$link%jinn0" >"$folder/ping.log" || fail "ping of the link-local address"
ping -6 -q -c 1 -W 5 "ff02::1%jinn0" >"$folder/ping.log" || fail "ping of all nodes"
ping -6 -q -f -c 2000 "$address" >"$folder/ping.log" || fail "flood of pings"
say "pings answered"
udp AF_INET6 0 1 2 1231 1451 1452 1453 3000 40001 65507 || fail "UDP"
say "UDP echoed, a closed port refused"
stop

start fe80 appliances/website --ipv6-only --ipv6=fd00:9::3/64
for host in "$address%jinn0" fd00:9::3; do
	for _ in 1 2 3; do
		curl -gsS --max-time 10 -o "$folder/page" "http://[$host]/" || fail "curl to $host"
		[ -s "$folder/page" ] || fail "an empty page from $host"
	done
done
say "pages served over IPv6"
stop

# ---- Routers and servers ----

ip addr add fd00:aa::1/64 dev jinn0 nodad
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
radvd_with "AdvLinkMTU 1400; RDNSS fd00:aa::53 { };" "AdvAutonomous on;"
start fd00:aa test/e2e/peer --ipv6-only
for size in 56 1353 5000; do
	answers "$size"
done
said "name server fd00:aa::53"
say "radvd's prefix gave $address"
stop
start fd00:aa test/e2e/peer --ipv6-only --ipv6-temporary
answers
[ "$(grep -c 'address fd00:aa' "$folder/peer.log")" = 2 ] || fail "no temporary address"
say "a temporary address beside it, $address"
stop
quit_radvd

radvd_with "AdvManagedFlag on; AdvOtherConfigFlag on;" "AdvAutonomous off;"
kea_with "fd00:aa::100 - fd00:aa::1ff"
start fd00:aa test/e2e/peer --ipv6-only
case $address in fd00:aa::1??) ;; *) fail "not from kea's pool: $address" ;; esac
answers
answers 5000
said "name server fd00:aa::54"
say "kea gave $address"
sleep 5
[ "$(seen 'dhcpv6.msgtype == 5')" -ge 1 ] || fail "no renewal"
grep -q 'DHCP6_LEASE_RENEW' "$folder/server.log" || fail "kea did not renew"
answers
say "kea renewed it"
stop
quit

ip addr add "$address/64" dev jinn0 nodad # somebody else has it now
kea_with "$address - fd00:aa::1ff"
taken=$address
start fd00:aa test/e2e/peer --ipv6-only
leaves "$taken" fd00:aa
answers
grep -q 'DHCP6_DECLINE_LEASE' "$folder/server.log" || fail "kea heard of no conflict"
say "$taken was declined, kea gave $address"
stop
quit
ip addr del "$taken/64" dev jinn0

kea_with "fd00:aa::100 - fd00:aa::1ff" true
n_requests=$(seen 'dhcpv6.msgtype == 3')
start fd00:aa test/e2e/peer --ipv6-only
answers
[ "$(seen 'dhcpv6.msgtype == 3')" = "$n_requests" ] || fail "a Request in spite of rapid commit"
say "kea gave $address at once (rapid commit)"
stop
grep -q 'DHCP6_RELEASE_NA ' "$folder/server.log" || fail "kea did not get its address back"
start fe80 test/e2e/peer --ipv6-only --ipv6-dhcp=false
sleep 3
! grep -q 'address fd00' "$folder/peer.log" || fail "an address in spite of --ipv6-dhcp=false"
say "nothing was asked with --ipv6-dhcp=false"
stop
quit
quit_radvd

dnsmasq_with() {
	serve dnsmasq --no-daemon --conf-file=/dev/null --interface=jinn0 --bind-interfaces --port=0 --enable-ra --user=root \
		--dhcp-leasefile="$folder/leases" --log-dhcp --dhcp-option="option6:dns-server,[fd00:aa::55]" "$@"
}
launch test/e2e/peer --ipv6-only # dnsmasq wants a link that is up
sleep 0.5
dnsmasq_with --dhcp-range=fd00:aa::200,fd00:aa::2ff,64,2m
addressed fd00:aa
case $address in fd00:aa::2??) ;; *) fail "not from dnsmasq's range: $address" ;; esac
answers
grep -q "DHCPREPLY(jinn0) $address" "$folder/server.log" || fail "dnsmasq knows nothing of $address"
say "dnsmasq gave $address"
stop
quit
launch test/e2e/peer --ipv6-only
sleep 0.5
dnsmasq_with --dhcp-range=fd00:aa::,ra-stateless --dhcp-option=option6:information-refresh-time,700
addressed fd00:aa
answers
said "name server fd00:aa::55"
[ "$(seen 'dhcpv6.msgtype == 11')" -ge 1 ] || fail "dnsmasq was not asked"
grep -q 'DHCPINFORMATION-REQUEST' "$folder/server.log" || fail "dnsmasq heard no question"
say "dnsmasq's prefix gave $address, and a name server without state"
stop
quit

# ---- What the wire showed so far ----

sleep 0.5
kill "${pids[0]}"
wait "${pids[0]}" || true
[ "$(seen icmpv6)" -gt 100 ] || fail "an empty capture"
[ "$(seen dhcpv6)" -gt 20 ] || fail "a capture without DHCPv6"
faultless "$folder/all.pcap" '_ws.expert.severity >= 6291456 || icmpv6.checksum.status == 0 || udp.checksum.status == 0 || (tcp.srcport == 80 && tcp.checksum.status == 0) || ipv6.fragment.error || tcp.analysis.retransmission' \
	-o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE
say "tshark finds no fault"

# ---- A narrow path: image - 1500 - here - 1400 - router - 1500 - far ----

room
router=$room
room
far=$room
ip link add narrow0 type veth peer name narrow1 netns "$router"
on "$router" ip link add wide0 type veth peer name wide1 netns "$far"
ip addr add fd00:8::1/64 dev narrow0 nodad
ip link set narrow0 mtu 1400 up
on "$router" ip addr add fd00:8::2/64 dev narrow1 nodad
on "$router" ip link set narrow1 mtu 1400 up
on "$router" ip addr add fd00:7::1/64 dev wide0 nodad
on "$router" ip link set wide0 up
on "$router" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
on "$far" ip addr add fd00:7::2/64 dev wide1 nodad
on "$far" ip link set wide1 up
on "$far" ip route add default via fd00:7::1
on "$router" ip route add fd00:9::/64 via fd00:8::1
ip route add fd00:7::/64 via fd00:8::2

tshark -q -i jinn0 -w "$folder/path.pcap" 2>"$folder/tshark2.log" & pids+=($!)
tshark=$!
start fd00:9 test/e2e/peer --ipv6=fd00:9::2/64 --ipv6-gateway=fd00:9::1 --ipv6-only
on "$far" ping -6 -q -c 1 -W 5 "$address" >"$folder/ping.log" || fail "no way to $address"
on "$far" ping -6 -q -M want -c 4 -i 0.3 -s 1452 -W 2 "$address" >"$folder/ping.log" || fail "pings over the narrow path"
grep -Eq ' [23] received' "$folder/ping.log" || fail "pings over the narrow path: 2 of 4 may be lost, one for each way"
narrow_path "$far" 3
stop
launch appliances/website --ipv6-only --ipv6=fd00:9::3/64 --ipv6-gateway=fd00:9::1
said "address fd00:9"
narrow_pages "$far" '[fd00:9::3]'
stop
sleep 1
[ -z "${KEEP-}" ] || cp "$folder"/*.pcap "$KEEP" # a folder
kill "$tshark"
wait "$tshark" || true
n_too_big=$(tshark -r "$folder/path.pcap" -Y 'icmpv6.type == 2 && ipv6.dst == fd00:9::/64' 2>/dev/null | wc -l)
[ "$n_too_big" -ge 2 ] || fail "the image was not told of the narrow path"
# What was sent again in smaller parts overlaps what was lost, which is no fault: streams are not put together here.
faultless "$folder/path.pcap" 'icmpv6.checksum.status == 0 || ipv6.fragment.error' -o tcp.desegment_tcp_streams:FALSE -o udp.check_checksum:TRUE
say "nothing malformed there"

# ---- A switch that snoops: it passes on to us what we asked for alone, and forgets it after 6 s without an answer ----

ip addr flush dev jinn0 scope global
for version in 1 2; do
	ip link add "snoop$version" type bridge mcast_snooping 1 mcast_querier 1 mcast_mld_version "$version" \
		mcast_startup_query_interval 100 mcast_query_interval 200 mcast_query_response_interval 100 mcast_membership_interval 600
	ip link set jinn0 master "snoop$version"
	ip addr add fd00:9::1/64 dev "snoop$version" nodad
	ip link set "snoop$version" up
	start fd00:9 test/e2e/peer --ipv6=fd00:9::2/64 --ipv6-only --group=ff05::77
	for after in 2 8; do
		sleep "$after"
		bridge -6 mdb show dev "snoop$version" >"$folder/mdb.log"
		for group in ff05::77 ff02::1:ff00:2; do
			grep -q "port jinn0 grp $group " "$folder/mdb.log" || fail "MLD version $version: the switch knows nothing of $group"
		done
	done
	answers 5000
	python3 - "snoop$version" <<-'PYTHON' || fail "MLD version $version: the group hears nothing"
		import socket, sys
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		s.settimeout(5)
		s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex(sys.argv[1]))
		s.sendto(b'hello', ('ff05::77', 7))
		data, peer = s.recvfrom(100)
		assert data == b'hello' and peer[0] == 'fd00:9::2', (data, peer)
	PYTHON
	stop
	ip link del "snoop$version"
done
say "a switch that snoops knows our groups, by MLD of both versions"
echo "$name: $n passed, 0 failed"
