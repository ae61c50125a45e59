#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The jinn command: what it does, and that all bad input costs one line and the right status.
#
# usage: test/tool/run.sh [JINN]
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD jinn=${1:-$PWD/jinn}
work=$(mktemp -d)
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
unset NO_COLOR

ok() { passed=$((passed + 1)); }
not_ok() {
	failed=$((failed + 1))
	echo "NOT OK $1"
	shift
	[ $# = 0 ] || printf '       %s\n' "$@"
}
check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >"$work/check.log" 2>&1; then ok; else not_ok "$what" "$(tail -3 "$work/check.log")"; fi
}
same() { [ "$1" = "$2" ] || { echo "wanted '$2', got '$1'"; return 1; }; }
status() { # STATUS COMMAND...
	"${@:2}" >/dev/null 2>&1
	same $? "$1"
}

# refused WHAT STATUS PATTERN COMMAND...: exactly one line on stderr that matches, nothing on stdout, this status.
refused() {
	local what=$1 status=$2 pattern=$3 got
	shift 3
	timeout 60 "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ $got = "$status" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -qE -- "$pattern" "$work/err" && [ ! -s "$work/out" ]; then
		ok
	else
		not_ok "$what" "wanted status $status and one line with: $pattern" "got status $got:" "$(head -4 "$work/err")"
	fi
}

# ---- The manifest: a good one, and one change to it that makes it bad ----

mkdir -p "$work/good/files"
cat >"$work/good/jinn.ini" <<'INI'
[unikernel]
name = good
sources = good.c

[net service]

[kv files]
from = files/

[key port]
type = port
default = 80
help = where
INI
cat >"$work/good/good.c" <<'C'
#include "good.h"
int good_start(const struct good *self)
{
    return self->port == 80 ? 0 : 3;
}
C
echo text >"$work/good/files/a.txt"

# manifest WHAT PATTERN SED-COMMAND: the good manifest changed must be refused with jinn.ini named in front.
manifest() {
	rm -rf "$work/bad"
	cp -r "$work/good" "$work/bad"
	sed -i "$3" "$work/bad/jinn.ini"
	refused "manifest: $1" 65 "^$work/bad/jinn.ini:$2" "$jinn" build "$work/bad"
}
#        what                            where and what it says                       change
manifest 'unknown section'               '5: no section.*did you mean .net'           's/\[net service/[nte service/'
manifest 'unknown setting'               '3: .*no setting .source.*mean .sources'     's/^sources/source/'
manifest 'unknown setting of a key'      '12: .*did you mean .default'                's/^default/defualt/'
manifest 'unknown setting of a kv'       '8: .*no setting .form.*mean .from'          's/^from/form/'
manifest 'a net device without a choice'     '6: .*ipv6 = maybe; give yes or no'       's/\[net service\]/&\nipv6 = maybe/'
manifest 'no connections at all'            '6: .*connections = 0; give a number from 1 to' 's/\[net service\]/&\nconnections = 0/'
manifest 'setting of a net device'       '6: .*no setting .ip'                        's/\[net service\]/&\nip = 1/'
manifest 'setting above all sections'    '1: .*above the first section'               '1i name = x'
manifest 'a second unikernel section'    '14: a second .unikernel'                    '$a [unikernel]'
manifest 'a setting twice'               '3: .*second time'                           's/^name.*/&\n&/'
manifest 'a shuffle without a number'    '3: shuffle = yes; give a number'            's/^name.*/&\nshuffle = yes/'
manifest 'no unikernel section'          ' there is no .unikernel'                    '1,4d'
manifest 'no name'                       '1: .*has no name'                           '/^name/d'
manifest 'no sources'                    '1: .*has no sources'                        '/^sources/d'
manifest 'an empty value'                '2: .*no value'                              's/^name.*/name =/'
manifest 'a bad name'                    '2: .*no name for an appliance'              's/^name.*/name = Good_1/'
manifest 'a name too long'               '2: .*no name for an appliance'              "s/^name.*/name = $(printf 'a%.0s' {1..64})/"
manifest 'a missing source'              '3: there is no file .*/nix.c'               's/good.c/nix.c/'
manifest 'a pattern without files'       '3: there is no file'                        's/good.c/src\/*.c/'
manifest 'a source outside'              '3: source ../good/good.c lies outside'      's/good.c/..\/good\/good.c/'
manifest 'a source that is no C'         '3: source jinn.ini is neither'              's/good.c/jinn.ini/'
manifest 'a source twice'                '3: source good.c is listed twice'           's/good.c/good.c good.c/'
manifest 'a device name with a dash'     '5: .*no name for a device'                  's/net service/net my-net/'
manifest 'a device name too long'        '5: .*no name for a device'                  "s/net service/net $(printf 'a%.0s' {1..68})/"
manifest 'a device without a name'       '5: .net. needs one name'                    's/net service/net/'
manifest 'a device with two names'       '5: .net. needs one name'                    's/net service/net a b/'
manifest 'a name used twice'             '14: .service. is the name.* line 5'         '$a [block service]'
manifest 'too many devices'              '[0-9]*: more than 62 devices'               "\$a $(printf '[block b%d]\\n' {1..61})"
manifest 'too many keys'                 ' 6[0-9] keys.*at most 64'                   "\$a $(printf '[key k%d]\\ntype=int\\noptional=true\\n' {1..50})"
manifest 'a folder and a block device' '9: .kv files. has a folder and a block device'  's/^from.*/&\nblock = yes/'
manifest 'neither yes nor no for block' '8: block = maybe; give yes or no'               's/^from.*/block = maybe/'
manifest 'a missing folder'              '8: from = .*there is no folder'             's/files\/$/nix/'
manifest 'a key of no type'              '10: .key port. has no type'                 '/^type/d'
manifest 'a key of an unknown type'      '11: no type .*mean .port'                   's/= port/= prot/'
manifest 'a bad default port'            '10: the default .99999'                     's/= 80/= 99999/'
manifest 'a default beyond the limits'   '10: the default .80. of key port is not from 81' 's/= port/= int\nleast = 81\nmost = 90/'
manifest 'limits of something else'      '10: key port: least and most are limits of an int' '$a least = 1\nmost = 2'
manifest 'limits the wrong way round'    '10: key port: least and most are limits' 's/= port/= int\nleast = 90\nmost = 80/'
manifest 'a limit that is no number'     '12: least = many: not a number from 0 to 65535' 's/= port/= int\nleast = many/'
manifest 'a key with a taken name'       '10: --ipv4 means'                           's/key port/key ipv4/'
manifest 'a bad key name'                '10: .Port. is no name'                      's/key port/key Port/'
manifest 'a default and optional'        '10: .*has a default and is optional'        '$a optional = true'
manifest 'optional neither true nor not' '14: optional = maybe'                       '$a optional = maybe'
manifest 'a device optional or not'      '15: optional = yes; give true or false'     '$a [block disk]\noptional = yes'
manifest 'a setting of a block device'   '15: .block disk. has no setting .optoinal.*mean .optional' '$a [block disk]\noptoinal = true'
manifest 'an optional kv'                '9: .kv files. can.t be optional'            's/^from.*/block = yes\noptional = true/'
manifest 'an optional net device'        '6: .net service. has no setting .optional'  's/\[net service\]/&\noptional = true/'
manifest 'a secret with a default'       '10: .*secret'                               's/= port/= secret/'
manifest 'too few stacks'                '4: stacks = 1; give a number'               '3a stacks = 1'
manifest 'too many stacks'               '4: stacks = 99999;'                         '3a stacks = 99999'
manifest 'a stack of odd size'           '4: stack = 10000;'                          '3a stack = 10000'
manifest 'too little memory'             '4: memory .in MB. = 1;'                     '3a memory = 1'
manifest 'memory in words'               '4: memory .in MB. = much;'                  '3a memory = much'
manifest 'a line without a meaning'      '4: neither a'                               '3a nonsense'
manifest 'a heading without an end'      '5: .*no .\].'                               's/service\]/service/'
manifest 'a line too long'               '4: this line has more than'                 "3a stack = $(printf '1%.0s' {1..300})"
manifest 'a zero byte'                   '4: .*zero byte'                             '3a a = \x00b'
manifest 'a prepare that fails'          '4: .*prepare. failed'                       '3a prepare = exit 1'

# ---- Files to embed ----

files() { # WHAT PATTERN COMMAND: run in the folder of files
	rm -rf "$work/bad"
	cp -r "$work/good" "$work/bad"
	(cd "$work/bad/files" && eval "$3")
	refused "files: $1" 65 "^$work/bad/jinn.ini:8: .*$2" "${as[@]}" "$jinn" build "$work/bad"
	chmod -R u+rwX "$work/bad"
}
as=()
files 'a link that leaves the folder' 'leaves the folder'     'ln -s /etc/passwd p'
files 'a link up and out'             'leaves the folder'     'ln -s ../good.c p'
files 'a link to nothing'             'link to nothing'       'ln -s nix p'
files 'a link to a folder'            'link to a folder'      'mkdir d; ln -s d e'
files 'a pipe'                        'no ordinary file'      'mkfifo p'
files 'a socket'                      'no ordinary file'      'python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"s\")"'
files 'a key too long' '1023 bytes' \
	'for i in 1 2 3 4 5; do d=$(printf "$i%.0s" {1..220}); mkdir $d; cd $d; done; touch x'
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$work"
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	give() { chown -R 65534:65534 "$work/bad"; }
else
	give() { :; }
fi
files 'an unreadable file'   "can't be read"    'chmod 0 a.txt; give'
files 'an unreadable folder' "can't be read"    'mkdir d; chmod 0 d; give'
as=()

# ---- The command line ----

mkdir "$work/empty"
printf 'no image' >"$work/junk"
printf '#include "good.h"\nint good_start(const struct good *self) { return nothing; }\n' >"$work/broken.c"
listener=$(mktemp "$work/port.XXXXXX")
python3 - "$listener" <<'PY' &
import socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
open(sys.argv[1], "w").write("%d\n" % s.getsockname()[1])
time.sleep(600)
PY
listener_pid=$!
trap 'kill $listener_pid 2>/dev/null; chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
while [ ! -s "$listener" ]; do sleep 0.05; done
taken=$(cat "$listener")
"$jinn" build -q "$work/good" >"$work/build.log" 2>&1 || not_ok 'the good manifest builds' "$(tail -3 "$work/build.log")"
image=$work/good/dist/good.spt

#       what                       status line                                     command
refused 'unknown command'              64 "no command 'biuld'.*mean 'build'"       "$jinn" biuld
refused 'unknown long option'          64 'no option --targte.*mean .--target'     "$jinn" build --targte spt
refused 'unknown letter'               64 'no option -z'                           "$jinn" build -z
refused 'option without a value'       64 'needs a value'                          "$jinn" build -t
refused 'unknown target'               64 "no target.*mean 'spt'"                  "$jinn" build -t sptt "$work/good"
refused 'two folders'                  64 'one argument too many'                  "$jinn" build a b
refused 'help of an unknown command'   64 "no command 'rnu'.*mean 'run'"           "$jinn" help rnu
refused 'version with arguments'       64 'takes no arguments'                     "$jinn" version x
refused 'a folder that is missing'     66 'no such folder'                         "$jinn" build "$work/nix"
refused 'a folder without a manifest'  66 'jinn.ini: No such file'                 "$jinn" build "$work/empty"
refused 'run what is missing'          66 'nix: No such file'                      "$jinn" run "$work/nix"
refused 'run what is no image'         65 'is no image'                            "$jinn" run "$work/junk"
refused 'run an ordinary program'      65 'ordinary program'                       "$jinn" run /bin/true
refused 'describe what is no image'    65 'is no image'                            "$jinn" describe "$work/junk"
refused 'run an image for another target' 64 'for spt, not for linux'              "$jinn" run -t linux "$image"
refused 'run a machine for sim'        64 'sim are linked'                         "$jinn" run -t sim "$work/good"
refused 'new without a name'           64 'name the new appliance'                 "$jinn" new
refused 'new with a bad name'          64 'no name for an appliance'               "$jinn" new "$work/Bad"
refused 'new over something'           73 'exists already'                         "$jinn" new "$work/good"
refused 'new from no template'         64 'no template.*hello, website'            "$jinn" new "$work/x" -t nix
refused 'new where one may not write'  73 "can't be made"                          "$jinn" new /proc/x
printf '$ORIGIN a.\n@ 1 SOA b c 1 2 3 4 5\n@ 1 NS b\nb 1 A 192.0.2.1\n' >"$work/zone"
sed 's/192.0.2.1/192.0.2/' "$work/zone" >"$work/bad-zone"
: >"$work/empty-zone"
refused 'zone without a word'              64 'check FILE'                             "$jinn" zone
refused 'zone with another word'           64 'check FILE'                             "$jinn" zone print "$work/zone"
refused 'zone check without a file'        64 'name the zone.s file'                   "$jinn" zone check
refused 'zone check of a bad origin'       64 "'a..b' is no name of a zone"            "$jinn" zone check -o a..b "$work/zone"
refused 'zone check of no file'            66 "can't be read"                          "$jinn" zone check "$work/nosuch"
refused 'zone check of a bad file'         65 'bad-zone:4: not an IPv4 address$'       "$jinn" zone check "$work/bad-zone"
refused 'zone check of an empty file'      65 'name the zone with -o'                  "$jinn" zone check "$work/empty-zone"
check 'zone check' grep -q '^a\. serial 1, 2 names, 3 records$' <("$jinn" zone check "$work/zone")
check 'zone check --print' grep -q '^b\.a\. 1 IN A 192\.0\.2\.1$' <("$jinn" zone check -o a --print "$work/zone")
mkdir "$work/zones" && cp "$work/zone" "$work/zones/a.zone"
check 'zone pack' "$jinn" zone pack "$work/packed" "$work/zones"
check 'zone pack writes the zone' grep -q JZ1 "$work/packed/a.packed"
mkdir "$work/bad-zones" && cp "$work/bad-zone" "$work/bad-zones/a.zone"
refused 'zone pack of a bad file'          65 'a.zone:4: not an IPv4 address$'         "$jinn" zone pack "$work/packed" "$work/bad-zones"
refused 'zone pack of another name'        64 'has to be the zone.s'                   "$jinn" zone pack "$work/packed" "$work/zone"
refused 'zone pack without files'          64 'name a folder'                          "$jinn" zone pack "$work/packed"
refused 'clean what is no appliance'   66 'nothing was removed'                    "$jinn" clean "$work/empty"
refused 'a picture that cannot be written' 73 "can't be"                           bash -c '"$0" describe "$1" --picture /proc/x.svg 2>&1 >/dev/null | tail -1 >&2; exit "${PIPESTATUS[0]}"' "$jinn" "$image"

# ---- Running: ports, devices, memory, keys ----

run() { refused "run: $1" "$2" "$3" "$jinn" run -q "${@:4}" "$image"; }
run 'a taken port'             69 "port $taken of 127.0.0.1 is taken; choose another" -p "$taken:80"
run 'a port of no address here' 69 "can't be had"                     -p 192.0.2.1:8080:80
run 'a port too large'         64 '65536:80: write'                   -p 65536:80
run 'a guest port of zero'     64 '8080:0: write'                     -p 8080:0
run 'a port alone'             64 '8080: write'                       -p 8080
run 'a port in words'          64 'http:80: write'                    -p http:80
run 'a bad protocol'           64 'sctp: write'                       -p 8080:80/sctp
run 'a bad address'            64 'write'                             -p 1.2.3:8080:80
run 'an empty address'         64 'write'                             -p :8080:80
run 'a port twice'             64 'published twice'                   -p 8099:80 -p 8099:81
run 'no such net device'       66 "no net device.*there is service.*mean 'service'" --net servise=tap0
run 'no such interface'        66 'no such interface; make it: ip tuntap' --net service=nix0
run 'no such descriptor'       66 'no open descriptor'                --net service=@99
run 'a net device twice'       64 'given twice'                       --net service=none --net service=none
run 'a net device of no value' 64 'NAME=VALUE'                        --net service
run 'a block device it lacks'  66 'has no block device'               --block disk=/dev/null
run 'ports without a network'  64 'attached every device'             --net service=none -p 8099:80
run 'a capture of no network'  64 '--pcap'                            --net service=none --pcap "$work/x.pcap"
run 'a capture that cannot be' 73 "can't be written"                  --pcap /proc/x.pcap
run 'a layout seed in words'   64 '--layout-seed x: write a number'   --layout-seed x
run 'a layout seed too large'  64 '--layout-seed 18446744073709551616: write' --layout-seed 18446744073709551616
run 'too little memory'        64 '--mem 1: write megabytes'          --mem 1
run 'memory in words'          64 '--mem lots: write'                 --mem lots
run 'a folder in a sealed image' 64 'sealed image'                    --kv files="$work/good/files"
run 'a missing secret file'    66 'no such file'                      --key-file token="$work/nix"
refused 'run: a secret that nobody wants' 64 '--key-file tokne: good has no secret key of that name; there is token' \
	bash -c 'cp -r "$1/good" "$1/secretive" && printf "\\n[key token]\ntype = secret\noptional = true\n" >>"$1/secretive/jinn.ini"
		echo x >"$1/x" && exec "$0" run -q --key-file tokne="$1/x" "$1/secretive"' "$jinn" "$work"
# An image has one console; what it says comes on standard output.
key() { refused "key: $1" 64 "$2" bash -c '"$0" "$@" >&2' "$jinn" run -q "$image" -- "${@:3}"; }
key 'unknown'      'there is no key --prt; did you mean --port'  --prt=1
key 'a bad value'  '--port=x: not a port'                        --port=x
key 'no value'     '--port needs a value'                        --port
key 'given twice'  'given twice'                                 --port=1 --port=2
refused 'run: a damaged image'   65 ': '  bash -c 'head -c 9000 "$1" >"$2/cut.spt"; exec "$0" run "$2/cut.spt"' "$jinn" "$image" "$work"

cat >"$work/block.ini" <<'INI'
[unikernel]
name = good
sources = good.c
[block disk]
[key port]
type = port
default = 80
INI
cp -r "$work/good" "$work/disk" && cp "$work/block.ini" "$work/disk/jinn.ini"
"$jinn" build -q "$work/disk" >"$work/build.log" 2>&1 || not_ok 'an appliance with a disk builds' "$(tail -3 "$work/build.log")"
image=$work/disk/dist/good.spt
run 'a block device of no file'  66 'needs a file.*add --block disk=FILE'
run 'a block file that is missing' 66 "truncate -s"                   --block disk="$work/nix"
run 'a folder as block device'   66 'neither a file nor'              --block disk="$work"
# One that it can do without: the same image with and without, on each target; its status says which.
cp -r "$work/good" "$work/optional" && sed 's/^.block disk.$/&\noptional = true/' "$work/block.ini" >"$work/optional/jinn.ini"
cat >"$work/optional/good.c" <<'C'
#include "good.h"
int good_start(const struct good *self)
{
    return self->disk ? 5 : 6;
}
C
truncate -s 1M "$work/disk.img"
for target in spt linux hvt; do
	if [ $target = hvt ] && ! { : <>/dev/kvm; } 2>/dev/null; then
		skipped=$((skipped + 1))
		echo '  skip  optional devices on hvt: no /dev/kvm'
		continue
	fi
	"$jinn" build -q -t $target "$work/optional" >"$work/build.log" 2>&1 || not_ok "an optional device builds for $target" "$(tail -3 "$work/build.log")"
	image=$work/optional/dist/good
	[ $target = linux ] || image=$image.$target
	check "$target: a folder, without its optional device" status 6 "$jinn" run -t $target "$work/optional"
	check "$target: an image without it" status 6 "$jinn" run "$image"
	check "$target: and with it" status 5 "$jinn" run "$image" --block disk="$work/disk.img"
	run "$target: an optional device of a missing file" 66 "truncate -s" --block disk="$work/nix"
done
check 'describe says what is optional' grep -q '^  block    disk (optional)$' <("$jinn" describe "$work/optional" 2>/dev/null)
check 'of an image, too' grep -q '^  block    disk (optional)$' <("$jinn" describe "$work/optional/dist/good.spt")
for what in optional:True optional/dist/good.spt:True optional/dist/good:True disk:False disk/dist/good.spt:False; do
	check "describe --json of $what" python3 -c '
import json, subprocess, sys
d = json.loads(subprocess.run([sys.argv[1], "describe", "--json", sys.argv[2]], capture_output=True).stdout)
assert d["devices"] == [{"type": "block", "name": "disk", "optional": sys.argv[3] == "True"}], d["devices"]' "$jinn" "$work/${what%:*}" "${what#*:}"
done
cp -r "$work/good" "$work/many" && sed -i 's/\[net service\]/&\nconnections = 1000000/' "$work/many/jinn.ini"
"$jinn" build -q "$work/many" >"$work/build.log" 2>&1 || not_ok 'an appliance for many connections builds' "$(tail -3 "$work/build.log")"
refused 'run: too many connections for the memory' 66 'too little memory for its connections' \
	bash -c '"$0" run -q "$1" >&2' "$jinn" "$work/many/dist/good.spt"
image=$work/good/dist/good.spt

# ---- What it does ----

app=$work/made
check 'new makes an appliance' "$jinn" new "$app"
check 'it builds' "$jinn" build "$app"
check 'the image is where it belongs' test -s "$app/dist/made.spt"
check 'a second build does nothing' same "$("$jinn" build "$app" 2>&1)" "  $app/dist/made.spt is up to date"
check 'compile_commands.json is JSON' python3 -m json.tool "$app/compile_commands.json"
said() { "$jinn" run -q "$@" 2>&1 | sed 's/^[0-9.]* info  made: //'; }
check 'a key of the default'   same "$(said "$app")" 'Hello, world!'
check 'arguments arrive whole' same "$(said "$app" -- --greeting="a  'b' \"c\" \$d")" "a  'b' \"c\" \$d"
check 'the same on linux'      same "$(said -t linux "$app" -- --greeting="a  'b' \"c\" \$d")" "a  'b' \"c\" \$d"
check 'the image alone runs'   same "$(said "$app/dist/made.spt" -- --greeting=x)" x
check 'escapes are made visible' same "$(said "$app" -- --greeting=$'\033[31mred' | tr -d '\n' | grep -c $'\033')" 0
touch -d '2 seconds' "$app/made.c"
check 'a changed source is compiled alone' same "$("$jinn" build "$app" 2>&1 | grep -c compile)" 1
sed -i 's/return 0/return 7/' "$app/made.c"
"$jinn" run -q "$app" >/dev/null 2>&1
check "the image's exit status comes through" same $? 7
sed -i 's/return 0/return 7/' "$app/made.c"
"$jinn" run -q -t linux "$app" >/dev/null 2>&1
check 'on linux, too' same $? 7
sed -i 's/return 7/return nothing/' "$app/made.c"
"$jinn" build -q "$app" >/dev/null 2>"$work/err"
check 'a source with an error is status 65' same $? 65
check "and the compiler's message is there" grep -q 'made.c:.*nothing' "$work/err"
check 'and the last line says so' same "$(tail -1 "$work/err" | grep -c 'does not compile')" 1
sed -i 's/return nothing/return 0/' "$app/made.c"

cp "$app/made.c" "$work/made.c"
sed -i 's/return 0/return *(volatile int *)8/' "$app/made.c"
"$jinn" build -q "$app" 2>/dev/null
"$jinn" run -q "$app" >/dev/null 2>"$work/err"
check 'a crash is status 70' same $? 70
check 'its report says what' grep -q 'the image read.*null pointer' "$work/err"
check 'and names the line in the source' grep -q 'made_start at .*made.c:10' "$work/err"
seed=$(sed -n 's/.*--layout-seed=\([0-9]*\)$/\1/p' "$work/err")
"$jinn" run -q --layout-seed "${seed:-none}" "$app" >/dev/null 2>"$work/again"
check 'its seed repeats it, registers and all' cmp <(grep -v '^0\.' "$work/err") <(grep -v '^0\.' "$work/again")
"$jinn" run -q "$app" >/dev/null 2>"$work/again"
check 'without it, it lies elsewhere' bash -c '! cmp -s <(grep "layout: " "$1") <(grep "layout: " "$2") && grep -q "layout: " "$2"' - "$work/err" "$work/again"
check 'and the line is the same' grep -q 'made_start at .*made.c:10' "$work/again"
cp "$work/made.c" "$app/made.c"

check 'describe prints libraries' grep -q '^  musl ' <("$jinn" describe "$app" 2>/dev/null)
check 'describe says what is moved' grep -qE '^  addresses +[1-9][0-9]* words are moved' <("$jinn" describe "$app" 2>/dev/null)
check 'describe --json is JSON' python3 -c '
import json, subprocess, sys
d = json.loads(subprocess.run([sys.argv[1], "describe", "--json", sys.argv[2]], capture_output=True).stdout)
assert d["name"] == "made" and d["libraries"]["musl"]["text"] > 1000 and d["keys"][0]["name"] == "greeting"
assert sum(l["in_file"] for l in d["libraries"].values()) == d["together"]["in_file"] < d["image_bytes"]' "$jinn" "$app"
check 'describe draws' "$jinn" describe "$app" --picture "$work/p.svg"
check 'the picture is XML' python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$work/p.svg"
check 'a bare image is described' grep -q 'guard pages' <(cp "$app/dist/made.spt" "$work/bare.spt"; "$jinn" describe "$work/bare.spt")
check 'the origin names dependencies' grep -qE 'musl 1\.|mbedtls 3\.' <("$jinn" describe "$work/bare.spt")
check 'no colour in a pipe' bash -c '! "$0" describe "$1" | grep -q $'"'\\033'" "$jinn" "$work/bare.spt"
for command in new build run describe clean zone help version; do
	check "$command --help" grep -q "^usage: jinn $command" <("$jinn" "$command" --help)
	check "help $command" grep -q "^usage: jinn $command" <("$jinn" help "$command")
done

# Reproducible: other folders, another time, the same bytes.
for n in one two; do
	mkdir -p "$work/$n/deep$n"
	cp -r "$work/good" "$work/$n/deep$n/app"
	rm -rf "$work/$n/deep$n/app/dist"
	seq 1 2000 >"$work/$n/deep$n/app/files/numbers.txt"
	"$jinn" build -q "$work/$n/deep$n/app" >/dev/null 2>&1
done
check 'the same source gives the same bytes' cmp "$work/one/deepone/app/dist/good.spt" "$work/two/deeptwo/app/dist/good.spt"
check 'no folder of this machine is in the image' bash -c '! grep -qaF -e "$1" -e "$2" "$1/one/deepone/app/dist/good.spt"' - "$work" "$root"
check 'files that compress are embedded compressed' grep -q 'content_files_1_brotli' "$work/one/deepone/app/dist/.spt/good_content.S"
check 'files too small to gain are not' bash -c '! grep -q content_files_0_gzip "$0"' "$work/one/deepone/app/dist/.spt/good_content.S"

# The order of functions: from a seed, which the image records; the same functions, and the same bytes each time.
shuffled=$work/one/deepone/app two=$work/two/deeptwo/app
functions() { nm -n "$1/dist/.spt/good.spt.debug" | awk '$2 ~ /^[tT]$/ {print $3}'; }
functions "$shuffled" >"$work/unshuffled"
check 'functions are shuffled by a seed' "$jinn" build -q --shuffle 7 "$shuffled"
cp "$shuffled/dist/good.spt" "$work/seven.spt"
functions "$shuffled" >"$work/shuffled"
check 'all of them, and no others' cmp <(sort "$work/unshuffled") <(sort "$work/shuffled")
check 'hardly one stays behind the one before' bash -c '[ "$(comm -12 <(paste -d+ "$1" <(tail -n +2 "$1") | sort) <(paste -d+ "$2" <(tail -n +2 "$2") | sort) | wc -l)" -lt $(($(wc -l <"$1") / 20)) ]' - "$work/unshuffled" "$work/shuffled"
check 'and the image runs' "$jinn" run -q --net service=none "$work/seven.spt" -- --ipv4=10.0.0.2/24
check 'and says what it was' grep -q '^  shuffle 7$' <("$jinn" describe "$work/seven.spt")
check 'a shuffled image is not built again' grep -q 'is up to date' <("$jinn" build --shuffle 7 "$shuffled" 2>&1)
"$jinn" build -q --shuffle 8 "$shuffled" >/dev/null 2>&1
functions "$shuffled" >"$work/eight"
check 'another seed is another order' bash -c '! cmp -s "$1" "$2"' - "$work/shuffled" "$work/eight"
"$jinn" build -q --shuffle 7 "$shuffled" >/dev/null 2>&1
check 'the same seed gives the same bytes again' cmp "$shuffled/dist/good.spt" "$work/seven.spt"
# What runs or looks at the folder keeps that order, and says so; a change of the source does, too; a build without a seed ends it.
kept() { "$jinn" run --net service=none "$shuffled" -- --ipv4=10.0.0.2/24; }
check 'jinn run keeps a shuffle' bash -c 'grep -q "in the order of --shuffle 7" <<<"$1"' - "$(kept 2>&1)"
check 'and the image' cmp "$shuffled/dist/good.spt" "$work/seven.spt"
check 'jinn describe keeps it' grep -q '^  shuffle 7$' <("$jinn" describe "$shuffled" 2>/dev/null)
cp "$shuffled/jinn.ini" "$work/kept.ini"
sed -i 's/^name.*/&\nmemory = 9/' "$shuffled/jinn.ini"
kept >/dev/null 2>&1
check 'a changed source is built in that order' grep -q '^  shuffle 7$' <("$jinn" describe "$shuffled/dist/good.spt")
sed -i 's/^name.*/&\nshuffle = 9/' "$shuffled/jinn.ini"
kept >/dev/null 2>&1
check 'what the manifest says since then counts' grep -q '^  shuffle 9$' <("$jinn" describe "$shuffled/dist/good.spt")
cp "$work/kept.ini" "$shuffled/jinn.ini"
"$jinn" build -q "$shuffled" >/dev/null 2>&1
kept >/dev/null 2>&1
check 'a build without a seed is run as it was built' bash -c '! grep -q shuffle "$1"' - <("$jinn" describe "$shuffled/dist/good.spt")
check 'a virtual machine is shuffled, too' "$jinn" build -q -t hvt --shuffle 7 "$shuffled"
check 'and records it' grep -q '^  shuffle 7$' <("$jinn" describe "$shuffled/dist/good.hvt")
sed -i 's/^name.*/&\nshuffle = 7/' "$two/jinn.ini" "$shuffled/jinn.ini"
check 'a shuffle in the manifest' bash -c '"$1" build -q "$2" && "$1" build -q "$3"' - "$jinn" "$shuffled" "$two"
check 'gives the same bytes in other folders' cmp "$shuffled/dist/good.spt" "$two/dist/good.spt"
check 'and the order that the option gives' cmp <(functions "$two") "$work/shuffled"
refused 'a shuffle in words'               64 '--shuffle x: write a number'            "$jinn" build --shuffle x "$shuffled"
refused 'a layout of a process'            64 "laid out by the host's kernel"          "$jinn" run -q -t linux --net service=none --layout-seed 7 "$shuffled"
refused 'a shuffle of a process'           64 'only sealed images'                     "$jinn" build -t linux --shuffle 7 "$shuffled"

check 'clean removes what was built' "$jinn" clean "$app"
check 'and nothing is left of it' test ! -e "$app/dist" -a ! -e "$app/compile_commands.json"

# ---- A server: it says where it serves, and stops ----

site=$work/site
"$jinn" new "$site" --template website >/dev/null
"$jinn" build -q "$site" 2>"$work/err" || not_ok 'the website template builds' "$(tail -3 "$work/err")"
gone() { # the children are no more, or dead and not yet buried
	while read -r child; do
		! grep -q '^State:.[^ZX]' "/proc/$child/status" 2>/dev/null || { echo "process $child is left"; return 1; }
	done <"$work/children"
}
# served TARGET SIGNAL: runs it, fetches its page, stops it; the status must be 0.
served() {
	local pid url=''
	: >"$work/out"
	env --default-signal=INT "$jinn" run -t "$1" "$site" -p 0:80 >"$work/out" 2>&1 &
	pid=$!
	for _ in $(seq 200); do
		url=$(sed -n 's/^site: \(http:.*\)/\1/p' "$work/out")
		[ -z "$url" ] || break
		sleep 0.05
	done
	[ -n "$url" ] || { cat "$work/out"; kill "$pid"; return 1; }
	curl -sS --max-time 5 "$url" | cmp - "$site/htdocs/index.html" || { kill "$pid"; return 1; }
	[ "$(pgrep -c -P "$pid")" = 2 ] || { echo 'wanted two children'; return 1; }
	pgrep -P "$pid" >"$work/children"
	kill "-$2" "$pid"
	wait "$pid" || { echo "status $?"; return 1; }
	gone
}
check 'spt serves, SIGTERM stops it' served spt TERM
check 'spt serves, SIGINT stops it' served spt INT
check 'linux serves, SIGTERM stops it' served linux TERM
# stopped TARGET: what waits for ever, for nothing, is ended by a stop.
deaf=$work/deaf
mkdir "$deaf"
printf '[unikernel]\nname = deaf\nsources = deaf.c\n' >"$deaf/jinn.ini"
printf '#include "deaf.h"\n#include <jinn/fiber.h>\n#include <jinn/log.h>\nstatic struct log_source source = LOG_SOURCE("deaf");\nint deaf_start(const struct deaf *self)\n{\n    log_info(&source, "waiting");\n    return fiber_park(TIME_NEVER);\n}\n' >"$deaf/deaf.c"
stopped() {
	local pid status=0
	: >"$work/out"
	env --default-signal=INT "$jinn" run -t "$1" "$deaf" >"$work/out" 2>&1 &
	pid=$!
	for _ in $(seq 200); do
		grep -q waiting "$work/out" && break
		sleep 0.05
	done
	kill "-$2" "$pid"
	wait "$pid" || status=$?
	[ $status = 143 ] || { cat "$work/out"; echo "status $status"; return 1; }
}
check 'spt: what never looks for a stop is ended by one' stopped spt TERM
check 'linux: likewise' stopped linux INT
if { : <>/dev/kvm; } 2>/dev/null; then
	check 'hvt: likewise' stopped hvt TERM
else
	skipped=$((skipped + 1))
	echo '  skip  a stop on hvt: no /dev/kvm'
fi
orphans() {
	: >"$work/out"
	"$jinn" run "$site" >"$work/out" 2>&1 &
	local pid=$!
	for _ in $(seq 200); do grep -q serves "$work/out" && break; sleep 0.05; done
	pgrep -P "$pid" >"$work/children"
	[ "$(wc -l <"$work/children")" = 2 ] || return 1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	sleep 0.3
	gone
}
# The host's sockets: no helper, the image's own child only.
on_host() {
	local pid
	: >"$work/out"
	"$jinn" run -t linux --net service=host "$site" -- --port="$1" "${@:3}" >"$work/out" 2>&1 &
	pid=$!
	for _ in $(seq 200); do ! grep -q "^site: tcp localhost:$1\$" "$work/out" || break; sleep 0.05; done
	grep -q "^site: tcp localhost:$1\$" "$work/out" || { cat "$work/out"; kill "$pid"; return 1; }
	curl -sS --max-time 5 "http://$2:$1/" | cmp - "$site/htdocs/index.html" || { kill "$pid"; return 1; }
	[ "$(pgrep -c -P "$pid")" = 1 ] || { echo 'wanted one child'; kill "$pid"; return 1; }
	pgrep -P "$pid" >"$work/children"
	kill "$pid"
	wait "$pid" || { echo "status $?"; return 1; }
	gone
}
free=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
check 'linux serves on the sockets of the host' on_host "$free" localhost
if grep -q . /proc/net/if_inet6 2>/dev/null; then
	check 'by IPv6, too' on_host "$free" '[::1]'
else
	skipped=$((skipped + 1))
	echo '  skip  tool: the host has no IPv6'
fi
check 'at one address' on_host "$free" 127.0.0.1 --ipv4=127.0.0.1/8
not_on_host() { ! on_host "$@" 2>"$work/err" && grep -q "connect to 127.0.0.2" "$work/err"; }
check 'and then at no other' not_on_host "$free" 127.0.0.2 --ipv4=127.0.0.1/8
host() { refused "host: $1" "$2" "$3" "${as[@]}" "$site/dist/site" --net:service=host -l '*:error' "${@:4}"; }
host 'a taken port'              66 "tcp port $taken is taken on this host; choose another one, as in --port=" --port="$taken"
host 'an address of nobody'      66 '192.0.2.1 is no address of this host' --ipv4=192.0.2.1/24 --port="$free"
host 'a device twice'            66 'attached twice'    --net:service=none
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod -R a+rX "$site"
fi
if [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 79 ]; then
	host 'a port of root' 66 'tcp port 79 is for root on this host; choose one from 1024 on, as in --port=8079, or allow it' --port=79
fi
as=()
refused 'host: a sealed image' 64 "a sealed image can't reach the host's sockets; use -t linux" "$jinn" run -q --net service=host "$site"
check 'nothing is left when jinn itself is killed' orphans

# ---- The network helper, gdb and core files, and an installed jinn ----

# Programs of their own print a line for each check.
program() {
	if python3 "$@" >"$work/out" 2>&1; then
		passed=$((passed + $(grep -c '^ok' "$work/out")))
		skipped=$((skipped + $(grep -c '^skip' "$work/out")))
		sed -n 's/^skip /  skip  tool:/p' "$work/out"
	else
		failed=$((failed + 1))
		grep -v '^ok' "$work/out"
	fi
}
program test/tool/usernet.py build/host/jinn-net
program test/tool/debug.py "$jinn" spt
program test/tool/debug.py "$jinn" hvt
check 'make install' make -s install PREFIX="$work/prefix"
check 'the installed command makes an appliance' "$work/prefix/bin/jinn" new "$work/away"
check 'and builds it' "$work/prefix/bin/jinn" build "$work/away"
check 'and runs it' "$work/prefix/bin/jinn" run "$work/away"
check 'both give the same bytes' bash -c '"$0" build -q "$1" && cmp "$1/dist/away.spt" "$2"' "$jinn" "$work/away" \
	<(cat "$work/away/dist/away.spt")
check 'make uninstall' make -s uninstall PREFIX="$work/prefix"
check 'leaves nothing' same "$(find "$work/prefix" -type f | wc -l)" 0

echo "tool: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
