#!/bin/bash
# SPDX-License-Identifier: ISC
#
# rows.sh TARGET [control]: runs the guests of the folder that it lies in (solo5.sh filled it), in a network namespace or a machine
# of its own, and prints for each: guest, target, whose tender, expected, got, result, between tabs. What is expected is
# what Solo5's tests/tests.bats asks for. Where our tenders do otherwise on purpose, the last cell says what they do, and
# that is checked as strictly.
set -u
target=$1 control=${2-}
files=$(cd "$(dirname "$0")" && pwd)
patience=${PATIENCE:-60}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The most that hvt has, and the least that starts on spt: what Solo5's tests take. No host need have that much.
memory=2
[ "$target" = spt ] || memory=4096
[ ! -w /proc/sys/vm/overcommit_memory ] || echo 1 2>/dev/null >/proc/sys/vm/overcommit_memory || true

said() { grep -qaF -- "$1" "$scratch/out"; }
last() { tr -d '\0\t\r' <"$scratch/out" | grep -av '^ *$' | tail -1; }
# The line that says most: of a tender of ours, of an abort, or the last one.
telling() {
	{ grep -a '^jinn-' "$scratch/out" || grep -a 'trap: type' "$scratch/out" || grep -a ABORT "$scratch/out" || last; } |
		head -1 | tr -d '\0\t\r' | sed "s,[^ ]*/,,g; s/^jinn-[a-z]*: //; s/ rsp=.*//; s/; .*//" | cut -c1-80
}

got() {
	case $status in
	0) if said SUCCESS; then echo success; else echo "status 0: $(last | cut -c1-60)"; fi ;;
	124 | 143) echo "no end within $patience s" ;;
	139 | 159) echo "status $status" ;;
	*) echo "status $status: $(telling)" ;;
	esac
}

# What Solo5's tests expect_success, expect_abort and so on look for.
as_solo5() { # expected
	case $1 in
	success) [ "$status" = 0 ] && said SUCCESS ;;
	'success, quiet') [ "$status" = 0 ] && said SUCCESS && ! said Solo5: ;;
	'success, MTU 9000') [ "$status" = 0 ] && said SUCCESS && said 'MTU is 9000' ;;
	'status 0') [ "$status" = 0 ] ;;
	abort) [ "$status" = 255 ] && said ABORT ;;
	SIGSEGV) [ "$status" = 139 ] ;;
	SIGSYS) [ "$status" = 159 ] ;;
	fault) [ "$status" = 1 ] && said 'host/guest translation fault' ;;
	'fault, on OpenBSD' | 'abort, a core') false ;;
	refused) [ "$status" = 1 ] && { said 'must be' || said 'does not fall within'; } ;;
	esac
}

# What ours do instead, and what the guest or the tender must say then.
on_purpose() { # expected, what is said
	[ $# -eq 2 ] || return 1
	case $1 in
	SIGSEGV | SIGSYS) [ "$status" = 70 ] && said "jinn-$target: the image $2" && why='a report instead of a signal' ;;
	fault) [ "$status" = 255 ] && said ABORT && said "$2" && why='the page tables forbid it before the host has to' ;;
	'fault, on OpenBSD') [ "$status" = 255 ] && said ABORT && said "$2" && why='asked on OpenBSD only, held here too' ;;
	'abort, a core') [ "$status" = 255 ] && said "$2" && why='the same end; jinn-hvt writes no core' ;;
	refused) [ "$status" -ge 64 ] && [ "$status" -le 66 ] && said "jinn-$target: " && said "$2" && why='our own words and status' ;;
	*) return 1 ;;
	esac
}

judge() { # guest, whose, expected, what ours say
	local guest=$1 whose=$2 expected=$3 why='NOT MET'
	shift 2
	if as_solo5 "$expected"; then
		why=met
	elif [ "$whose" = Jinn ]; then
		on_purpose "$@" || true
	fi
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$guest" "$target" "$whose" "$expected" "$(got)" "$why"
}

tender_of() { # whose
	case $1 in
	Jinn) echo "$files/jinn/jinn-$target" ;;
	Solo5) echo "$files/solo5/solo5-$target" ;;
	esac
}

# Waits until the guest has said something, or has ended.
await() { # process, what
	for _ in $(seq $((patience * 5))); do
		! said "$2" || return 0
		kill -0 "$1" 2>/dev/null || return 1
		sleep 0.2
	done
	return 1
}

run() { # tender, options and image
	{ timeout "$patience" "$@" >"$scratch/out" 2>&1 </dev/null; } 2>/dev/null # the shell's own word on a signal is no output
	status=$?
}

# As run; once the guest serves, it is flooded with pings at each address.
flooded() { # addresses with options of ping in one word each, --, tender, options and image
	local targets=() pings=() pid
	while [ "$1" != -- ]; do targets+=("$1"); shift; done
	shift
	: >"$scratch/out"
	timeout "$patience" "$@" >"$scratch/out" 2>&1 </dev/null &
	pid=$!
	if await $pid 'Serving ping'; then
		for options in "${targets[@]}"; do
			# shellcheck disable=SC2086  # options are words
			ping -fq $options >/dev/null 2>&1 & pings+=($!)
		done
	fi
	wait $pid
	status=$?
	[ ${#pings[@]} -eq 0 ] || { kill "${pings[@]}"; wait "${pings[@]}"; } 2>/dev/null
}

FLOOD=()
guest() { # name, expected, what ours say if they do otherwise (or -), then options and arguments, @ for the image
	local name=$1 expected=$2 ours=$3 image=$files/solo5/test_${1%% *}.$target whose words=()
	shift 3
	[ -e "$image" ] || image=$files/solo5/${name%% *}.$target
	[ $# -gt 0 ] || set -- @
	for word; do
		if [ "$word" = @ ]; then words+=("$image"); else words+=("$word"); fi
	done
	for whose in Jinn ${control:+Solo5}; do
		case $whose$expected in Solo5fault,* | Solo5*core) continue ;; esac # not asked of solo5-hvt on Linux
		if [ ${#FLOOD[@]} -gt 0 ]; then
			flooded "${FLOOD[@]}" -- "$(tender_of "$whose")" --mem=$memory "${words[@]}"
		else
			run "$(tender_of "$whose")" --mem=$memory "${words[@]}"
		fi
		if [ "$ours" = - ]; then judge "$name" "$whose" "$expected"; else judge "$name" "$whose" "$expected" "$ours"; fi
	done
	FLOOD=()
}

disk() { # bytes
	rm -f "$scratch/disk"
	truncate -s "$1" "$scratch/disk"
}

plain_guests() {
	guest hello success - @ Hello_Solo5
	guest quiet 'success, quiet' - -- @ --solo5:quiet
	guest output 'status 0' - @ Output_Solo5
	guest globals success -
	guest tls success -
	guest ssp abort -
	guest fpu success -
	guest time success -
}

# A process gets a signal; a virtual machine's guest has handlers, and reports for itself.
wrong_guests() {
	if [ "$target" = spt ]; then
		guest exception SIGSEGV 'wrote outside its memory, at 0x400000000'
		guest zeropage SIGSEGV 'wrote through a null pointer, at 0x8'
		guest notls SIGSEGV 'read through a null pointer, at 0x28'
		guest xnow SIGSEGV 'wrote to its text, which is read-only'
		guest wnox SIGSEGV 'tried to execute data'
		guest seccomp SIGSYS 'made the forbidden system call 32'
	else
		guest exception abort -
		guest zeropage abort -
		guest notls abort -
		guest xnow fault 'trap: type=#PF ec=0x3'
		guest rnow 'fault, on OpenBSD' 'trap: type=#PF ec=0x3'
		guest rnox 'fault, on OpenBSD' 'trap: type=#PF ec=0x11'
		guest wnox 'fault, on OpenBSD' 'trap: type=#PF ec=0x11'
		guest dumpcore 'abort, a core' 'solo5_abort() called'
		guest buggyelf refused 'a note breaks off'
	fi
}

block_guests() {
	local all=() i
	disk 4M
	guest blk success - --block:storage="$scratch/disk" -- @
	guest 'blk of 4096 bytes' success - --block:storage="$scratch/disk" --block-sector-size:storage=4096 -- @
	disk 6K
	guest 'blk misaligned' refused 'is not a multiple of its block size' \
		--block:storage="$scratch/disk" --block-sector-size:storage=4096 -- @
	disk 1563
	guest 'blk odd' refused 'a power of two' --block:storage="$scratch/disk" --block-sector-size:storage=521 -- @
	disk 768
	guest 'blk too small' refused 'a power of two' --block:storage="$scratch/disk" --block-sector-size:storage=256 -- @
	for i in $(seq 0 62); do
		truncate -s 4K "$scratch/disk$i"
		all+=("--block:storage$i=$scratch/disk$i")
	done
	guest 'mft_maxdevices' success - "${all[@]}" -- @
}

net_guests() {
	FLOOD=(10.0.0.2)
	guest net success - --net:service0=tap100 -- @ limit
	FLOOD=(10.0.0.2 10.1.0.2)
	guest net_2if success - --net:service0=tap100 --net:service1=tap101 -- @ limit
	guest net_mtu 'success, MTU 9000' - --net:service0=tap102 -- @
	FLOOD=('-p deadbeef 10.0.0.2')
	guest net_ring success - --net:service0=tap100 -- @
}

taps() {
	ip link set lo up
	for i in 0 1 2; do
		ip tuntap add tap10$i mode tap && ip addr add 10.$i.0.1/24 dev tap10$i || return 1
		[ $i != 2 ] || ip link set tap102 mtu 9000
		ip link set tap10$i up || return 1
	done
}

# An appliance of ours on Solo5's tender, while a client has its way with it.
serve() { # name, expected, client
	local pid result='NOT MET' found='no answer' until=$((SECONDS + patience))
	: >"$scratch/out"
	"$(tender_of Solo5)" --mem=16 --net:service=tap100 -- "$files/jinn/$1.$target" --ipv4=10.0.0.2/24 >"$scratch/out" 2>&1 </dev/null &
	pid=$!
	while [ $SECONDS -lt $until ]; do
		kill -0 $pid 2>/dev/null || { found="ended: $(telling)"; break; }
		! found=$("$3") || { result=met; break; }
		sleep 1
	done
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
	printf '%s\t%s\tSolo5\t%s\t%s\t%s\n' "$1" "$target" "$2" "$found" "$result"
}

fetch_pages() {
	local page
	for page in / /doc/appliance.html; do
		curl -gsSf --max-time 20 -o "$scratch/page" "http://10.0.0.2$page" 2>"$scratch/curl" || { head -1 "$scratch/curl"; return 1; }
		grep -q '</html>' "$scratch/page" || { echo "$page is not whole"; return 1; }
	done
	echo 'both, whole'
}

# RFC 862, a thousand lines there and back.
echo_lines() {
	local back
	exec 3<>/dev/tcp/10.0.0.2/7 || { echo 'no connection'; return 1; }
	seq 1000 >&3
	back=$(timeout 30 head -n 1000 <&3 | cksum)
	exec 3>&-
	[ "$back" = "$(seq 1000 | cksum)" ] || { echo 'other lines'; return 1; }
	echo 'all of them'
}

our_appliances() {
	run "$(tender_of Solo5)" --mem=16 "$files/jinn/hello.$target"
	if [ "$status" = 0 ] && said 'Hello, world!'; then
		printf 'hello\t%s\tSolo5\tits line\t%s\tmet\n' "$target" "$(last)"
	else
		printf 'hello\t%s\tSolo5\tits line\t%s\tNOT MET\n' "$target" "$(got)"
	fi
	# It can do without its journal, which only our tenders know.
	run "$(tender_of Solo5)" --mem=32 --net:service=tap100 "$files/jinn/nameserver.$target"
	if [ "$status" = 1 ] && said "Device 'journal' of type BLOCK_BASIC declared but not attached"; then
		printf 'nameserver\t%s\tSolo5\trefused, no journal\t%s\tmet\n' "$target" "$(got)"
	else
		printf 'nameserver\t%s\tSolo5\trefused, no journal\t%s\tNOT MET\n' "$target" "$(got)"
	fi
	serve website 'two pages over a tap' fetch_pages
	serve echo '1000 lines over TCP' echo_lines 2>/dev/null
}

taps || exit 1
our_appliances
plain_guests
wrong_guests
block_guests
net_guests
