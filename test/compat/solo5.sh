#!/bin/bash
# SPDX-License-Identifier: ISC
# solo5.sh TREE: Solo5's own test guests on our tenders beside its own, and our images on its tenders, as a table (doc/compat.md).
# TREE is a built Solo5 (./configure.sh && make). Needs root for taps. JINN is where our build is (build), IMAGES where
# hello and website are in dist/ (appliances), if not here. PATIENCE: seconds for each guest (120). TARGETS: "spt hvt".
#
# A cell says "good", or what was got instead of what Solo5's own tests ask for. Where a guest must be stopped, any end but
# an orderly one is good; our tenders say why, with status 70.
set -u
tree=${1:?the folder of a built Solo5}
here=$(cd "$(dirname "$0")/../.." && pwd)
jinn=${JINN:-$here/build} images=${IMAGES:-$here/appliances}
if [ "${2-}" != inside ]; then
    exec unshare -n "$0" "$tree" inside
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ip link set lo up
for i in 0 1 2; do
    ip tuntap add tap$i mode tap && ip addr add 10.$i.0.1/24 dev tap$i && ip link set tap$i up || exit 1
done
ip link set tap2 mtu 9000

# run WANTED COMMAND...: prints "good" or what was got. WANTED: success, abort, stopped (an abort, a signal, a report).
run() {
    local wanted=$1 status
    shift
    timeout "${PATIENCE:-120}" "$@" >"$scratch/out" 2>&1 </dev/null
    status=$?
    case $wanted in
    success) [ $status -eq 0 ] && grep -qa SUCCESS "$scratch/out" && { echo good; return; } ;;
    quiet) [ $status -eq 0 ] && grep -qa SUCCESS "$scratch/out" && ! grep -qa 'Solo5:' "$scratch/out" && { echo good; return; } ;;
    ended) [ $status -eq 0 ] && { echo good; return; } ;;
    abort) [ $status -eq 255 ] && grep -qa ABORT "$scratch/out" && { echo good; return; } ;;
    stopped) [ $status -ge 128 ] || [ $status -eq 70 ] || grep -qa 'translation fault' "$scratch/out" && { echo good; return; } ;;
    esac
    echo "status $status: $(tr -d '\0' <"$scratch/out" | grep -av '^ *$' | tail -1 | cut -c1-60)"
}

# row TARGET GUEST WANTED [OPTION...] [-- ARGUMENT...]: the guest on both tenders.
row() {
    local target=$1 guest=$2 wanted=$3 options=() arguments=() pings=0
    shift 3
    while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
    [ $# -eq 0 ] || shift
    arguments=("$@")
    local file=$tree/tests/test_$guest/test_$guest.$target cells=()
    [ -e "$file" ] || { echo "| $target | $guest | $wanted | not built | not built |"; return; }
    case $guest in net | net_2if | net_ring) pings=1 ;; esac
    for tender in "$tree/tenders/$target/solo5-$target" "$jinn/host/jinn-$target"; do
        truncate -s 0 "$scratch/disk" && truncate -s 4M "$scratch/disk"
        if [ $pings -eq 1 ]; then
            (sleep 1; timeout 100 ping -fq -c 100000 10.0.0.2 >/dev/null 2>&1) & (sleep 1; timeout 100 ping -fq -c 100000 10.1.0.2 >/dev/null 2>&1) &
        fi
        cells+=("$(run "$wanted" "$tender" --mem=64 "${options[@]}" -- "$file" "${arguments[@]}")")
        if [ $pings -eq 1 ]; then
            mapfile -t left < <(jobs -p)
            kill "${left[@]}" 2>/dev/null
            wait
        fi
    done
    echo "| $target | $guest${options[*]:+ ${options[*]//$scratch\//}} | $wanted | ${cells[0]} | ${cells[1]} |"
}

echo "| target | Solo5's guest | must | on Solo5's tender | on Jinn's |"
echo "|---|---|---|---|---|"
for target in ${TARGETS:-spt hvt}; do
    # What a process is killed for, a machine's guest may see as a trap and report itself.
    trap_end=abort
    [ "$target" = hvt ] || trap_end=stopped
    row $target hello success -- Hello_Solo5
    row $target quiet quiet -- --solo5:quiet
    row $target output ended -- Output_Solo5
    row $target globals success
    row $target fpu success
    row $target tls success
    row $target notls $trap_end
    row $target time success
    row $target ssp abort
    row $target exception $trap_end
    row $target zeropage $trap_end
    row $target xnow stopped
    row $target wnox stopped
    [ $target = hvt ] || row spt seccomp stopped
    row $target blk success --block:storage="$scratch/disk"
    row $target blk success --block:storage="$scratch/disk" --block-sector-size:storage=4096
    row $target net success --net:service0=tap0 -- limit
    row $target net_2if success --net:service0=tap0 --net:service1=tap1 -- limit
    row $target net_mtu success --net:service0=tap2
done

echo
echo "| target | our image | on Solo5's tender |"
echo "|---|---|---|"
for target in ${TARGETS:-spt hvt}; do
    tender=$tree/tenders/$target/solo5-$target
    echo "| $target | hello | $(run ended "$tender" --mem=64 "$images/hello/dist/hello.$target") |"
    "$tender" --mem=64 --net:service=tap0 "$images/website/dist/website.$target" --ipv4=10.0.0.2/24 >"$scratch/web" 2>&1 &
    pid=$! got="it did not answer: $(tail -1 "$scratch/web")"
    for _ in $(seq 100); do
        curl -s --max-time 5 http://10.0.0.2/ 2>/dev/null | grep -q Jinn && { got=good; break; }
        kill -0 $pid 2>/dev/null || { got="ended: $(tail -1 "$scratch/web")"; break; }
        sleep 0.2
    done
    kill $pid 2>/dev/null
    wait $pid 2>/dev/null
    echo "| $target | website, a page over a tap | $got |"
done
