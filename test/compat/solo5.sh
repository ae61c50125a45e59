#!/bin/bash
# SPDX-License-Identifier: ISC
#
# solo5.sh [--markdown] [--under-qemu] [--control] TREE [TARGET...]: Solo5's test guests on our tenders and our appliances on its
# tenders, as a table with a closing line of counts. TREE is a built Solo5 (./configure.sh && make). Fails when an
# expectation is not met. Build ours before: make, then jinn build -t spt and -t hvt of appliances/hello, website and echo.
#
#   --under-qemu  hvt on a KVM of real semantics (test/kvm/under-qemu), emulated: right, and slow
#   --control     Solo5's guests on its own tenders as well
#   --markdown    the table as doc/compat.md has it
#
# Needs root, or user namespaces, for taps. PATIENCE: seconds for one guest (60, under QEMU 600).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
usage() { sed -n 's/^# \{0,1\}//; 4,13p' "$0" >&2; exit 2; }
markdown='' qemu='' control=''
while [ $# -gt 0 ]; do
	case $1 in
	--markdown) markdown=1 ;;
	--under-qemu) qemu=1 ;;
	--control) control=control ;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
[ $# -ge 1 ] || usage
tree=$1
shift
[ $# -ge 1 ] || set -- spt hvt
version=$(sed -n 's/.*SOLO5_VERSION "\(.*\)".*/\1/p' "$tree/include/version.h")
[ -n "$version" ] || { echo "solo5.sh: $tree: no built Solo5 is there" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# All that a run needs, in one folder: a machine under QEMU gets nothing else.
gather() {
	mkdir "$folder"/{solo5,jinn,tools}
	cp "$tree"/tests/*/*.{spt,hvt} "$tree"/tenders/*/solo5-{spt,hvt} "$folder/solo5/"
	cp "$root"/build/host/jinn-{spt,hvt} "$folder/jinn/"
	for name in hello website echo; do
		cp "$root/appliances/$name/dist/$name".{spt,hvt} "$folder/jinn/"
	done
	for tool in bash ip ping curl; do
		cp -L "$(command -v $tool)" "$folder/tools/"
	done
	cp "$here/rows.sh" "$folder/"
}

rows() { # target
	if [ "$1" = hvt ] && [ -n "$qemu" ]; then
		local most=${PATIENCE:-600}
		"$root/test/kvm/under-qemu" "$folder" "PATIENCE=$most PATH=/files/tools:\$PATH tools/bash rows.sh hvt $control" $((most * 20))
	else
		unshare --net --map-root-user -- bash "$folder/rows.sh" "$1" $control
	fi
}

print() { # markdown? the cells come between tabs
	awk -F '\t' -v markdown="$markdown" '
	BEGIN { format = markdown ? "| %s | %s | %s | %s | %s | %s |\n" : "%-26s %-6s %-6s %-18s %-70s %s\n" }
	function cells() { printf format, $1, $2, $3, $4, $5, $6; fflush() }
	NF != 6 { print "solo5.sh: " $0 >"/dev/stderr"; strange++; next }
	$1 == "guest" { if (n == 0) { cells(); if (markdown) print "|---|---|---|---|---|---|" } next }
	{ cells(); n++; if ($6 == "met") met++; else if ($6 == "NOT MET") failed++; else differs++ }
	END {
		printf "\n%d guests: %d as Solo5 has it, %d otherwise on purpose, %d not met\n", n, met, differs, failed
		exit n == 0 || failed > 0 || strange > 0
	}'
}

gather
{
	printf 'guest\ttarget\ttender\texpected\tgot\tresult\n'
	for target; do
		rows "$target" || echo "the run for $target ended with status $?"
	done
} | print
