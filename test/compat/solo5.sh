#!/bin/bash
# SPDX-License-Identifier: ISC
#
# solo5.sh [--markdown] [--under-qemu] [--control] TREE [TARGET...]: Solo5's test guests on our tenders and our appliances on its
# tenders, as a table with a closing line of counts. TREE is a built Solo5 (./configure.sh && make). Fails when an
# expectation is not met.
#
#   --under-qemu  hvt on a KVM of real semantics (test/kvm/under-qemu), emulated: right, and slow
#   --control     Solo5's guests on its own tenders as well
#   --markdown    the page doc/compat.md
#
# Needs root, or user namespaces, for taps. PATIENCE: seconds for one guest (60, under QEMU 600).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
usage() { sed -n 's/^# \{0,1\}//; 4,12p' "$0" >&2; exit 2; }
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
if [ -z "$qemu" ] && [[ " $* " = *" hvt "* ]] && ! { : <>/dev/kvm; } 2>/dev/null; then
	echo 'solo5.sh: this machine has no /dev/kvm, or this user may not open it; --under-qemu emulates one' >&2
	exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# All that a run needs, in one folder: a machine under QEMU gets nothing else.
gather() {
	local name target
	(cd "$root" && MAKEFLAGS='' make -s all >&2)
	mkdir "$folder"/{solo5,jinn,tools}
	cp "$tree"/tests/*/*.{spt,hvt} "$tree"/tenders/*/solo5-{spt,hvt} "$folder/solo5/"
	cp "$root"/build/host/jinn-{spt,hvt} "$folder/jinn/"
	for name in hello nameserver website echo; do
		for target in spt hvt; do
			(cd "$root" && ./jinn build -t $target "appliances/$name" >/dev/null 2>"$folder/log") || { cat "$folder/log" >&2; exit 71; }
			cp "$root/appliances/$name/dist/$name.$target" "$folder/jinn/"
		done
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

# Lines of cells between tabs come in; fails when one is not met, or is no such line.
print() {
	local format='%-18s %-6s %-6s %-20s %-84s %s\n' cells n=0 met=0 failed=0 strange=0
	[ -z "$markdown" ] || format='| %s | %s | %s | %s | %s | %s |\n'
	# shellcheck disable=SC2059  # the formats are ours
	printf "$format" guest target tender expected got result
	[ -z "$markdown" ] || echo '|---|---|---|---|---|---|'
	while IFS=$'\t' read -r -a cells; do
		[ ${#cells[@]} -eq 6 ] || { echo "solo5.sh: ${cells[*]}" >&2; strange=1; continue; }
		# shellcheck disable=SC2059
		printf "$format" "${cells[@]}"
		n=$((n + 1))
		case ${cells[5]} in met) met=$((met + 1)) ;; 'NOT MET') failed=$((failed + 1)) ;; esac
	done
	printf '\n%d guests: %d as Solo5 has it, %d otherwise on purpose, %d not met\n' $n $met $((n - met - failed)) $failed
	[ $n -gt 0 ] && [ $failed -eq 0 ] && [ $strange -eq 0 ]
}

page() {
	cat <<END
<!-- SPDX-License-Identifier: ISC -->
# Solo5 both ways

Images that Solo5 builds run on Jinn's tenders, and Jinn's images on Solo5's. This page is a real run, with Solo5 $version:

\`test/compat/solo5.sh --markdown --under-qemu TREE >doc/compat.md\`

TREE is a built Solo5 (\`./configure.sh && make\`); it is no package of Debian's, so CI runs without it. What is expected is what
Solo5's own \`tests/tests.bats\` asks for. The last column says \`met\`, or what Jinn's tender does otherwise on purpose, which
the script checks as strictly; anything else would be NOT MET.

Left out are Solo5's tests of other things than a tender: its \`elftool\`, and that a host does not start images by itself. A device of the
manifest that isn't attached is refused by Solo5's tenders even where the manifest has it as \`optional\`: only Jinn's start without. What an
image of Jinn's does without under Solo5's tenders: [security](security.md#what-depends-on-the-tender).

END
	if [ -n "$qemu" ]; then
		printf 'hvt ran on an emulated machine whose KVM has real semantics (`test/kvm/under-qemu`). '
	else
		printf "hvt ran on the machine's own KVM. "
	fi
	cat <<END
Where \`/dev/kvm\` is PVM, guests at CPL 0
are emulated, and end at their first SSE instruction on either's tender (\`fpu\`, the website).

END
}

gather
[ -z "$markdown" ] || page
for target; do
	rows "$target" || echo "the run for $target ended with status $?"
done | print
