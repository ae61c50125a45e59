#!/bin/bash
# SPDX-License-Identifier: ISC
#
# net.sh TARGET: IPv4 beside Linux, in network namespaces of its own, with an image for linux or spt on a tap that is a port
# of a bridge: pings of odd sizes and in fragments, UDP, closed ports, a multicast group behind a bridge that snoops, addresses
# from dnsmasq and kea, two gateways on the link, redirects, a path that is narrower than the link. tshark looks at every packet.
#
#	image --tap-- bridge (here, 10.9.0.1) --+-- a (10.9.0.11) ---- 1400 ----+-- far (10.5.0.1, 10.6.0.1, 10.7.0.1)
#	                                        +-- b (10.9.0.12) -------------+
#
# Needs root (or a user namespace), ping, tracepath, curl, dnsmasq, kea-dhcp4, python3, tshark. SLOW=1 also waits for a gateway
# to come back.
set -euo pipefail
cd "$(dirname "$0")/../.."

. test/e2e/net_common.sh
net_capture

# ---- The links ----

gateway() { # number, MTU of its other side
	ip link add "g$1" type veth peer name near netns "$room"
	ip link set "g$1" master br0 up
	on "$room" ip addr add "10.9.0.1$1/24" dev near
	on "$room" ip link set near up
	on "$room" ip link add wide type veth peer name "w$1" netns "$far"
	on "$room" ip addr add "10.8.$1.1/24" dev wide
	on "$room" ip link set wide mtu "$2" up
	on "$far" ip addr add "10.8.$1.2/24" dev "w$1"
	on "$far" ip link set "w$1" mtu "$2" up
	on "$room" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	on "$room" ip route add 10.4.0.0/14 via "10.8.$1.2"
	on "$room" ip -o link show near | sed 's/.*link.ether \([0-9a-f:]*\).*/\1/'
}

ip link add br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_igmp_version 3
ip link set jinn0 master br0
ip addr add 10.9.0.1/24 dev br0
ip link set br0 up
room
far=$room
for ip in 10.5.0.1 10.6.0.1 10.7.0.1; do on "$far" ip addr add "$ip/32" dev lo; done
room
a=$room
mac_a=$(gateway 1 1400)
room
b=$room
mac_b=$(gateway 2 1500)
on "$far" ip route add 10.9.0.0/24 via 10.8.2.1

# ---- Helpers ----

# Each image has another MAC address, and for a second after it was confirmed Linux does not believe that one changed.
start() { # folder, keys
	ip neigh flush dev br0
	on "$a" ip neigh flush dev near
	on "$b" ip neigh flush dev near
	launch "$@" --ipv4-only
	addressed 10.9
}

answers_far() { # from one of far's addresses
	on "$far" ping -q -c 3 -i 0.3 -W 5 -I "$1" "$address" >"$folder/ping.log" || fail "ping from $1"
}

dnsmasq_with() {
	serve dnsmasq --no-daemon --conf-file=/dev/null --interface=br0 --bind-interfaces --port=0 --dhcp-authoritative --user=root \
		--dhcp-range=10.9.0.50,10.9.0.60,255.255.255.0,2m --dhcp-leasefile="$folder/leases" --log-dhcp "$@"
	sleep 0.5
}

kea_with() { # a pool, options
	cat >"$folder/kea.conf" <<-CONF
		{ "Dhcp4": {
			"interfaces-config": { "interfaces": ["br0"], "dhcp-socket-type": "raw" },
			"lease-database": { "type": "memfile", "persist": false },
			"valid-lifetime": 60, "renew-timer": 3, "rebind-timer": 20,
			"option-def": [ { "name": "routes", "code": 121, "type": "binary" } ],
			"subnet4": [ { "id": 1, "subnet": "10.9.0.0/24", "pools": [ { "pool": "$1" } ],
				"option-data": [ { "name": "routers", "data": "10.9.0.11, 10.9.0.12" }${2-} ] } ],
			"loggers": [ { "name": "kea-dhcp4", "output_options": [ { "output": "stdout" } ], "severity": "INFO" } ]
		} }
	CONF
	kea dhcp4
}

# ---- A fixed address ----

start test/e2e/peer --ipv4=10.9.0.2/24
for size in 0 1 7 55 56 1471 1472 1473 2000 2959 2960 2961 9001 40000 65507; do
	answers "$size"
done
ping -q -f -c 2000 "$address" >"$folder/ping.log" || fail "flood of pings"
say "pings answered"
udp AF_INET 0 1 2 1471 1472 1473 3000 40001 65507 || fail "UDP"
say "UDP echoed, a closed port refused"
stop

# ---- Routes ----

start test/e2e/peer --ipv4=10.9.0.2/24 --ipv4-gateway=10.9.0.11 --ipv4-route=10.7.0.0/16,10.9.0.12
answers_far 10.6.0.1
answers_far 10.7.0.1
[ "$(seen "icmp.type == 0 && ip.dst == 10.6.0.1 && eth.dst == $mac_a")" = 3 ] || fail "10.6.0.1 not by the gateway"
[ "$(seen "icmp.type == 0 && ip.dst == 10.7.0.1 && eth.dst == $mac_b")" = 3 ] || fail "10.7.0.1 not by its route"
say "a route beside the gateway"
stop

on "$a" ip route add 10.5.0.0/16 via 10.9.0.12
start test/e2e/peer --ipv4=10.9.0.2/24 --ipv4-gateway=10.9.0.11
answers_far 10.5.0.1
answers_far 10.5.0.1
[ "$(seen 'icmp.type == 5 && ip.dst == 10.9.0.2')" -ge 1 ] || fail "the router sent no redirect"
[ "$(seen "icmp.type == 0 && ip.dst == 10.5.0.1 && eth.dst == $mac_b")" -ge 3 ] || fail "the redirect was not heeded"
say "a redirect heeded"
stop

# ---- Servers ----

dnsmasq_with --dhcp-option=3,10.9.0.99 --dhcp-option=121,10.7.0.0/16,10.9.0.12,0.0.0.0/0,10.9.0.11 --dhcp-option=26,1300 \
	--dhcp-option=6,10.9.0.53
start test/e2e/peer
case $address in 10.9.0.5? | 10.9.0.60) ;; *) fail "not from the range: $address" ;; esac
grep -q ' peer ' "$folder/leases" || fail "the server does not know the name"
answers
answers_far 10.6.0.1
answers_far 10.7.0.1
[ "$(seen "icmp.type == 0 && ip.src == $address && ip.dst == 10.6.0.1 && eth.dst == $mac_a")" = 3 ] || fail "10.6.0.1"
[ "$(seen "icmp.type == 0 && ip.src == $address && ip.dst == 10.7.0.1 && eth.dst == $mac_b")" = 3 ] || fail "10.7.0.1"
answers 3000
[ "$(seen "ip.src == $address && ip.len > 1300")" = 0 ] || fail "packets longer than the MTU of the lease"
[ "$(seen "ip.src == $address && ip.flags.mf == 1 && ip.len > 1200")" -ge 1 ] || fail "no fragments of the lease's MTU"
said "name server 10.9.0.53"
say "dnsmasq gave $address, classless routes, an MTU"
stop
sleep 0.3
grep -q "DHCPRELEASE(br0) $address" "$folder/server.log" || fail "the lease was not given back"
say "the lease was given back"
quit

ip link set g1 down # the first gateway is dead
dnsmasq_with --dhcp-option=3,10.9.0.11,10.9.0.12
start test/e2e/peer
on "$far" ping -q -c 8 -i 1 -W 5 -I 10.6.0.1 "$address" >"$folder/ping.log" || fail "no way by the second gateway"
[ "$(seen "icmp.type == 0 && ip.src == $address && ip.dst == 10.6.0.1 && eth.dst == $mac_b")" -ge 3 ] || fail "not by b"
say "a dead gateway passed over"
ip link set g1 up
if [ -n "${SLOW-}" ]; then
	sleep 35
	answers_far 10.6.0.1
	[ "$(seen "icmp.type == 0 && ip.src == $address && ip.dst == 10.6.0.1 && eth.dst == $mac_a")" -ge 3 ] || fail "a not back"
	say "and taken again when it was back"
fi
stop
quit

kea_with "10.9.0.100 - 10.9.0.199"
start test/e2e/peer
case $address in 10.9.0.1??) ;; *) fail "not from kea's pool: $address" ;; esac
answers
answers_far 10.6.0.1
sleep 4
grep -q 'DHCP4_LEASE_ALLOC.*' "$folder/server.log" || fail "kea gave nothing"
[ "$(grep -c "DHCP4_LEASE_ALLOC.*$address" "$folder/server.log")" -ge 2 ] || fail "kea did not renew"
answers
say "kea gave $address and renewed it"
stop
sleep 0.3
grep -q "DHCP4_RELEASE .*$address" "$folder/server.log" || fail "kea got nothing back"
say "kea got it back"
quit

# As many routes as are kept: six to documentation's networks, then the two that count here (RFC 3442's own way to write them).
routes=$(printf '18CB00%02X0A09000C' 1 2 3 4 5 6)100A070A09000C000A09000B
kea_with "10.9.0.100 - 10.9.0.199" ", { \"name\": \"routes\", \"data\": \"$routes\", \"always-send\": true }"
start test/e2e/peer
answers_far 10.6.0.1
answers_far 10.7.0.1
[ "$(seen "icmp.type == 0 && ip.src == $address && ip.dst == 10.7.0.1 && eth.dst == $mac_b")" -ge 3 ] || fail "10.7.0.1"
say "kea gave classless routes"
stop
quit

ip addr add "$address/32" dev br0 # somebody else has it now
taken=$address
kea_with "$taken - 10.9.0.199"
start test/e2e/peer
leaves "$taken" 10.9
answers
grep -q 'DHCP4_DECLINE_LEASE' "$folder/server.log" || fail "kea heard of no conflict"
say "$taken was declined, kea gave $address"
stop
quit
ip addr del "$taken/32" dev br0

# ---- Groups ----

members() { # port jinn0's groups, as the bridge knows them
	bridge mdb show dev br0 | grep -c "port jinn0 grp $1" || true
}
start test/e2e/peer --ipv4=10.9.0.2/24 --group=239.1.2.3
sleep 1
[ "$(members 239.1.2.3)" = 1 ] || fail "the bridge knows no member: $(bridge mdb show dev br0)"
python3 - <<'PYTHON' || fail "the group"
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('10.9.0.1'))
s.bind(('10.9.0.1', 0))
s.sendto(b'anybody?', ('239.1.2.3', 7))
data, who = s.recvfrom(100)
assert (data, who) == (b'anybody?', ('10.9.0.2', 7)), (data, who)
r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
r.settimeout(5)
r.bind(('239.1.2.3', 7777))
r.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton('239.1.2.3') + socket.inet_aton('10.9.0.1'))
data, who = r.recvfrom(100)
assert (data, who) == (b'here', ('10.9.0.2', 7)), (data, who)
PYTHON
[ "$(seen 'igmp.type == 0x22 && ip.src == 10.9.0.2')" -ge 2 ] || fail "no reports"
say "the bridge knows the group of the image; datagrams both ways"
n_reports=$(seen 'igmp.type == 0x22 && ip.src == 10.9.0.2')
ip link set br0 type bridge mcast_query_response_interval 100 mcast_querier 0
ip link set br0 type bridge mcast_querier 1
sleep 3
[ "$(seen 'igmp.type == 0x11 && igmp.version == 3')" -ge 1 ] || fail "the bridge asked nothing"
[ "$(seen 'igmp.type == 0x22 && ip.src == 10.9.0.2')" -gt "$n_reports" ] || fail "the query was not answered"
say "queries of version 3 answered"
ip link set br0 type bridge mcast_igmp_version 2 mcast_querier 0
ip link set br0 type bridge mcast_querier 1
sleep 3
[ "$(seen 'igmp.type == 0x16 && ip.src == 10.9.0.2')" -ge 1 ] || fail "no report of version 2"
say "queries of version 2 answered"
stop

# ---- What the wire showed ----

start test/e2e/peer --ipv4=10.9.0.2/24 --ipv4-gateway=10.9.0.11
on "$far" ip route replace 10.9.0.0/24 via 10.8.1.1
narrow_path "$far" 2
stop
sleep 0.5
kill "${pids[0]}"
wait "${pids[0]}" || true
[ -z "${KEEP-}" ] || cp "$folder"/*.pcap "$KEEP" # a folder
[ "$(seen icmp)" -gt 100 ] || fail "an empty capture"
# Each image has another MAC address, so addresses seem to be used twice.
faultless "$folder/all.pcap" '(_ws.expert.severity >= 6291456 && !arp.duplicate-address-detected) || ip.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0 || igmp.checksum.status == 0' \
	-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE
say "tshark finds no fault"

launch appliances/website --ipv4=10.9.0.3/24 --ipv4-gateway=10.9.0.11 --ipv4-only
addressed 10.9
narrow_pages "$far" 10.9.0.3
stop
echo "$name: $n passed, 0 failed"
