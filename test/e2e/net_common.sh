# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# What net.sh and net6.sh share. Sourced by a script whose argument is a TARGET, it builds the images and starts the script again
# in a network namespace; there it returns, and `net_capture ADDRESS...` makes the tap with these addresses, if any, and
# records it. The image runs without offloads, so that the recorded checksums are whole; offload.py looks at what offloads become on
# a wire.
folder='' pids=() n=0
script=test/e2e/${0##*/}
[ "${1-}" = inside ] || set -- outside "${1:?linux or spt}"
target=$2
name=$(basename "$script" .sh)-$target

say() { echo "  ok    $name: $*"; n=$((n + 1)); }
fail() { [ -z "${KEEP-}" ] || { sleep 1; cp "$folder"/*.pcap "$KEEP"; }; echo "$name: FAILED: $*" >&2; cat "$folder"/*.log >&2; echo "$name: $n passed, 1 failed"; exit 1; }
finish() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait
	rm -rf "$folder"
}

net_enter() { # builds the images of `target`
	MAKEFLAGS="" make -s all
	./jinn build -t "$target" appliances/website >/dev/null
	./jinn build -t "$target" test/e2e/peer >/dev/null
	if ! unshare --net --map-root-user true 2>/dev/null; then
		echo "  skip  $name: needs root, or user namespaces, for a tap"
		echo "$name: 0 passed, 0 failed, 1 skipped"
		exit 0
	fi
	exec unshare --net --map-root-user -- "$script" inside "$target"
}
[ "$1" = inside ] || net_enter

net_capture() {
	folder=$(mktemp -d)
	trap finish EXIT
	ip link set lo up
	ip tuntap add jinn0 mode tap
	[ $# = 0 ] || ip addr add "$@" dev jinn0
	ip link set jinn0 up
	tshark -q -i jinn0 -w "$folder/all.pcap" 2>"$folder/tshark.log" & pids+=($!)
	for _ in $(seq 100); do
		! grep -q 'Capture started' "$folder/tshark.log" || break
		sleep 0.1
	done
}

stop() {
	kill "$peer"
	wait "$peer" || fail "the image ended with status $?"
}

udp() { # AF_INET or AF_INET6, then sizes
	python3 - "$address" "$@" <<'PYTHON'
import os, socket, sys
s = socket.socket(getattr(socket, sys.argv[2]), socket.SOCK_DGRAM)
s.settimeout(5)
for size in map(int, sys.argv[3:]):
    data = os.urandom(size)
    s.sendto(data, (sys.argv[1], 7))
    assert s.recv(65536) == data, size
s.connect((sys.argv[1], 9))
s.send(b'x')
try:
    s.recv(10)
    sys.exit('an answer from a closed port')
except ConnectionRefusedError:
    pass
PYTHON
}

# Starts an image; sets `peer`.
launch() { # folder, keys
	local program
	program=$1/dist/$(basename "$1")
	shift
	: >"$folder/peer.log"
	if [ "$target" = spt ]; then
		build/host/jinn-spt --mem=4 --net:service=jinn0 --net-offload:service=off "$program.spt" "$@" >"$folder/peer.log" 2>&1 & pids+=($!)
	else
		"$program" --net:service=jinn0 --net-offload:service=off "$@" >"$folder/peer.log" 2>&1 & pids+=($!)
	fi
	peer=$!
}

said() { # what the image's log must say, seconds
	for _ in $(seq $((${2:-15} * 10))); do
		! grep -q "$1" "$folder/peer.log" || return 0
		sleep 0.1
	done
	fail "the image never said '$1'"
}

serve() { # a server that runs until `quit`
	: >"$folder/server.log"
	"$@" >"$folder/server.log" 2>&1 & pids+=($!)
	server=$!
}

quit() {
	kill "$server"
	wait "$server" || true
}

# Waits until the image's log names an address that begins so, and sets `address` to the last one.
addressed() {
	said "address $1"
	address=$(sed -n "s/.*address \\($1[0-9a-f.:]*\\).*/\\1/p" "$folder/peer.log" | tail -1)
}

leaves() { # an address, how those of the link begin
	for _ in $(seq 200); do
		addressed "$2"
		[ "$address" = "$1" ] || return 0
		sleep 0.1
	done
	fail "the image keeps $1"
}

answers() { # a ping of so many bytes
	ping -q -c 1 -s "${1:-56}" -W 5 "$address" >"$folder/ping.log" || fail "ping of $address, ${1:-56} bytes"
}

kea() { # dhcp4 or dhcp6, by $folder/kea.conf
	KEA_LOCKFILE_DIR=none KEA_PIDFILE_DIR=$folder serve "kea-$1" -c "$folder/kea.conf"
	for _ in $(seq 100); do
		! grep -qi "$1_started" "$folder/server.log" || return 0
		sleep 0.1
	done
	fail "kea did not start"
}

seen() { # frames of the capture so far that a filter lets through
	sleep 0.5
	tshark -r "$folder/all.pcap" -Y "$1" 2>/dev/null | wc -l
}

# Fails with the first frames of a capture in which tshark sees what the filter names.
faultless() { # file, filter, options of tshark
	local bad
	bad=$(tshark -r "$1" "${@:3}" -Y "_ws.malformed || $2" 2>/dev/null | head -5)
	[ -z "$bad" ] || fail "tshark finds fault: $bad"
}

room() { # sets `room` to a process in a network namespace of its own
	unshare --net -- sleep infinity & pids+=($!)
	room=$!
	sleep 0.2
	on "$room" ip link set lo up
}

# Over a path of 1400 bytes: a ping in fragments, and tracepath.
narrow_path() { # process at its far end, routers to the image and one
	on "$1" ping -q -c 1 -s 65000 -W 5 "$address" >"$folder/ping.log" || fail "65000 bytes over the narrow path"
	on "$1" tracepath -n "$address" >"$folder/trace.log" || fail "tracepath"
	grep -q "Resume: pmtu 1400 hops $2" "$folder/trace.log" || fail "tracepath: $(cat "$folder/trace.log")"
	say "pings and tracepath over a narrow path"
}

narrow_pages() { # process at its far end, host
	local path
	for path in / /doc/appliance.html; do
		on "$1" curl -gsS --max-time 10 -o "$folder/page" "http://$2$path" || fail "curl of $path over a narrow path"
		[ -s "$folder/page" ] || fail "an empty page over a narrow path"
	done
	say "pages over a narrow path"
}

on() { # process, command
	nsenter -t "$1" -n -- "${@:2}"
}
