# shellcheck shell=bash disable=SC2154  # whoever sources it sets the variables
# SPDX-License-Identifier: ISC
#
# An apt of our own, derived from the machine's: its mirrors, another suite. It leaves the machine's own alone and needs no
# root. Sourced with these set: kind (deb, deb-src), suite, cache (a folder that can be written), log, offline (what to do
# without apt), and the functions say and die.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# debian_entries: prints "URI suffix" ("" or "-security") for each entry of the
# machine's apt that is Debian's own: a suite of Debian's, component main, and
# no key but Debian's. Both formats: one line an entry, and stanzas.
debian_entries() {
	local dir list
	dir=$(apt-config shell d Dir::Etc/d | sed "s/^d='\(.*\)'\$/\1/")
	list=$(printf '%s\n' "${dir%/}"/sources.list "${dir%/}"/sources.list.d/*.list "${dir%/}"/sources.list.d/*.sources)
	while read -r list; do
		[ -r "$list" ] || continue
		case $list in
		*.list) sed -nE 's/^\s*deb(-src)?\s+//p' "$list" | awk '
			{ key = ""
			  if (match($0, /^\[[^]]*\] */)) {
				opts = substr($0, 1, RLENGTH); $0 = substr($0, RLENGTH + 1)
				if (match(opts, /signed-by=[^] ]*/)) key = substr(opts, RSTART + 10, RLENGTH - 10)
			  }
			  parts = ""; for (i = 3; i <= NF; i++) parts = parts " " $i
			  print $1 "\t" $2 "\t" parts " \t" key }' ;;
		*) awk -v RS= -v FS='\n' '
			{ uris = suites = parts = key = on = ""
			  for (i = 1; i <= NF; i++) {
				if ($i ~ /^#/) continue
				if ($i ~ /^[ \t]/) { if (field == "signed-by") key = key " inline"; continue }
				field = tolower(substr($i, 1, index($i, ":") - 1))
				value = substr($i, index($i, ":") + 1); gsub(/^[ \t]+|[ \t]+$/, "", value)
				if (field == "uris") uris = value
				if (field == "suites") suites = value
				if (field == "components") parts = " " value " "
				if (field == "signed-by") key = value
				if (field == "enabled" && value == "no") on = "no"
			  }
			  n = split(uris, u, /[ \t]+/); m = split(suites, s, /[ \t]+/)
			  if (on != "no") for (i = 1; i <= n; i++) for (j = 1; j <= m; j++)
				print u[i] "\t" s[j] "\t" parts "\t" key }' "$list" ;;
		esac
	done <<<"$list" | awk -F '\t' '
		$3 ~ / main / && ($4 == "" || $4 ~ /\/debian-archive-[a-z-]*\.(gpg|pgp|asc)$/) &&
		match($2, /^(bullseye|bookworm|trixie|forky|sid|(old)?stable|testing|unstable)/) {
			rest = substr($2, RLENGTH + 1)
			if (rest == "" || rest == "-security") print $1 " " rest }' | sort -u
}

# private_apt: an apt of our own for this suite under $root, its lists at most a day old.
private_apt() {
	local uri suffix entries
	root=$cache/apt/$suite
	[ "$kind" = deb-src ] || root=$root-$kind
	mkdir -p "$root/lists/partial" "$root/archives/partial" "$root/parts"
	exec 9>"$root/lock"
	flock 9
	command -v apt-get >/dev/null ||
		die "no apt on this machine; $offline"
	[ -r "$keyring" ] || die "$keyring is missing; install debian-archive-keyring"
	entries=$(debian_entries)
	[ -n "$entries" ] ||
		die "apt on this machine names no Debian mirror; $offline"
	while read -r uri suffix; do
		# Only a plain suite has a security suite beside it.
		case $suite$suffix in *-*-security|sid-security|unstable-security) continue ;; esac
		echo "$kind [signed-by=$keyring] $uri $suite$suffix main"
	done <<<"$entries" >"$root/sources.list.new"
	# Other sources need other lists.
	cmp -s "$root/sources.list.new" "$root/sources.list" || rm -f "$root/fresh"
	mv "$root/sources.list.new" "$root/sources.list"
	{
		echo "Dir::Etc::main \"/dev/null\";"
		echo "Dir::Etc::parts \"$root/parts\";"
		echo "Dir::Etc::sourcelist \"$root/sources.list\";"
		echo "Dir::Etc::sourceparts \"$root/parts\";"
		echo "Dir::State::lists \"$root/lists\";"
		echo "Dir::State::status \"/dev/null\";"
		echo "Dir::Cache \"$root\";"
		echo "APT::Sandbox::User \"$(id -un)\";"
		echo "Acquire::Languages \"none\";"
		# How this machine reaches its mirrors: proxies, and leave to use a dated snapshot.
		apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries)' || true
	} >"$root/apt.conf"
	export APT_CONFIG=$root/apt.conf LC_ALL=C
	if [ -z "$(find "$root/fresh" -mtime -1 2>/dev/null)" ]; then renew_lists; fi
}

renewed=''
renew_lists() {
	renewed=1
	say "reading the list of Debian's $suite"
	rm -f "$root/fresh"
	apt-get update --error-on=any >>"$log" 2>&1 || return 0
	touch "$root/fresh"
}
