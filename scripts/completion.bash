# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# Completion of jinn's command line for bash.

_jinn()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} options=''
	local commands='new build run describe clean zone help version'
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
		return
	fi
	# --net NAME=WHERE: bash takes NAME, = and WHERE for three words.
	if [ "$before" = = ] && [ "${COMP_WORDS[COMP_CWORD - 3]-}" = --net ]; then
		mapfile -t COMPREPLY < <(compgen -W "host none $(basename -a /sys/class/net/*)" -- "$word")
		return
	fi
	case $before in
	-t | --target)
		if [ "$command" = new ]; then
			mapfile -t COMPREPLY < <(compgen -W 'hello website' -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -W 'spt hvt linux sim' -- "$word")
		fi
		return ;;
	--template) mapfile -t COMPREPLY < <(compgen -W 'hello website' -- "$word"); return ;;
	--pcap | --picture | --gdb | --core) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	help) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word"); return ;;
	esac
	case $command in
	new) options='--template --help' ;;
	build) options='--target --release --debug --shuffle --quiet --help' ;;
	run) options='--target --publish --net --net-offload --block --kv --key-file --mem --layout-seed --pcap --gdb --core --timing --quiet --help' ;;
	describe) options='--target --json --picture --help' ;;
	zone) options='--origin --print --help' ;;
	*) options=--help ;;
	esac
	if [ "$command" = zone ] && [ "$COMP_CWORD" = 2 ]; then
		mapfile -t COMPREPLY < <(compgen -W 'check pack' -- "$word")
		return
	fi
	case $word in
	-*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		if [ "$command" = run ] || [ "$command" = describe ]; then
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -X '!*.@(spt|hvt)' -- "$word")
		elif [ "$command" = zone ]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		fi
		compopt -o filenames 2>/dev/null ;;
	esac
}
complete -F _jinn jinn ./jinn
