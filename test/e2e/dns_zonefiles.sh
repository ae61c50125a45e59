#!/bin/bash
# SPDX-License-Identifier: ISC
#
# dns_zonefiles.sh: `jinn zone check` beside BIND's named-checkzone, for each file of zones/ and for one with every type of
# record. Both must say the same of it, but where zones/differences says why not; of a bad one we name file, line and reason; of a
# good one both read the same records, and what we print reads back as the same.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
jinn=$PWD/jinn

ok() { passed=$((passed + 1)); }
not_ok() { # WHAT LINE...
	failed=$((failed + 1))
	echo "NOT OK $1"
	shift
	[ $# = 0 ] || printf '       %s\n' "$@"
}
expect() { # WHAT WANTED GOT LOG
	if [ "$2" = "$3" ]; then ok; else not_ok "$1: wanted $2, got $3" "$(head -n 3 "$4")"; fi
}

# All records as BIND has them, one a line, in its order.
by_bind() { named-compilezone -i local -k ignore -n ignore -r ignore -s full -o - example "$1" 2>/dev/null | grep -v '^OK$\|^zone \|^dump '; }

cd test/e2e/zones || exit 1
for zone in good-* bad-*; do
	verdict=good
	case $zone in bad-*) verdict=bad ;; esac

	"$jinn" zone check -o example "$zone" >"$work/ours" 2>&1
	case $? in 0) ours=good ;; 65) ours=bad ;; *) ours=neither ;; esac
	expect "$zone: our verdict" $verdict $ours "$work/ours"

	named-checkzone -i local example "$zone" >"$work/theirs" 2>&1
	theirs=$([ $? = 0 ] && echo good || echo bad)
	if grep -q "^$zone " differences; then
		if [ $theirs != $verdict ]; then ok; else not_ok "$zone: BIND agrees; differences still lists it"; fi
		[ $theirs = good ] || continue
	else
		expect "$zone: BIND's verdict" $verdict $theirs "$work/theirs"
	fi

	if [ $verdict = bad ]; then
		# "FILE:LINE: REASON", or "FILE: NAME: REASON" where no line is at fault
		if grep -qE '^(bad-|included)[a-z0-9-]+:([0-9]+:| [^ ]+:) [a-z$]' "$work/ours"; then ok; else not_ok "$zone: file, line and reason" "$(head -n 3 "$work/ours")"; fi
		continue
	fi
	"$jinn" zone check -o example --print "$zone" >"$work/printed" 2>/dev/null
	by_bind "$zone" >"$work/a"
	by_bind "$work/printed" >"$work/b"
	if [ -s "$work/a" ] && cmp -s "$work/a" "$work/b"; then ok; else not_ok "$zone: the same records" "$(diff "$work/a" "$work/b" | head -n 6)"; fi
	"$jinn" zone check --print "$work/printed" >"$work/again" 2>/dev/null
	if cmp -s "$work/printed" "$work/again"; then ok; else not_ok "$zone: what was printed reads back as it was" "$(diff "$work/printed" "$work/again" | head -n 6)"; fi
done
while read -r zone _; do
	case $zone in '#'*) continue ;; esac
	[ -e "$zone" ] || not_ok "differences lists $zone, which isn't there"
done <differences

# ---- The lines that errors have ----

at_line() { # LINE REASON FILE
	if "$jinn" zone check -o example "$3" 2>&1 | grep -q "^$3:$1: $2"; then ok; else not_ok "$3: line $1: $2" "$("$jinn" zone check -o example "$3" 2>&1 | head -n 3)"; fi
}
at_line 5 'not an IPv4 address' bad-address
at_line 5 'an unknown type: .NOSUCH' bad-type
at_line 5 'a class that is not' bad-class
at_line 5 'quotes that are not closed' bad-quote
at_line 5 'a parenthesis that is not closed' bad-parenthesis
at_line 5 'nosuch can.t be read' bad-include-missing
at_line 5 'a SOA record that is not at the top' bad-soa-below
at_line 2 'no name' bad-no-name
"$jinn" zone check -o example bad-include-bad 2>&1 | grep -q '^included-bad:2: not an IPv4 address' && ok || not_ok 'an error in an included file has its name and line'

echo "dns_zonefiles: $passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
