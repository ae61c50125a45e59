#!/bin/sh
# SPDX-License-Identifier: ISC
# stacks.ld.sh NUMBER BYTES: the linker script of an image's stacks, on standard output. NUMBER fiber stacks (1 to 1024) of
# BYTES each (a multiple of 4096), and before them the boot stack, each above a guard page. A guard is a segment without
# any permission. It must have a byte in the file, or tenders pass it over; the other 4095 are only in memory. One
# more guard ends the image, so that its end, where the heap begins, is behind the last stack.
set -eu
number=$1 bytes=$2 boot=65536
[ "$number" -ge 1 ] && [ "$number" -le 1024 ] || { echo "stacks.ld.sh: $number stacks: 1 to 1024 can be laid out" >&2; exit 64; }
[ "$bytes" -ge 4096 ] && [ $((bytes % 4096)) -eq 0 ] || { echo "stacks.ld.sh: $bytes bytes: a stack is a multiple of 4096" >&2; exit 64; }

echo "PHDRS {"
i=0
while [ $i -le $((number + 1)) ]; do echo "guard$i PT_LOAD FLAGS(0);"; i=$((i + 1)); done
echo "}"
echo "SECTIONS {"
echo ". = ALIGN(4096);"
i=0
while [ $i -le $((number + 1)) ]; do
    echo ".guard$i : { BYTE(0) } :guard$i .guardrest$i (NOLOAD) : { . += 4095; } :guard$i"
    if [ $i -eq 0 ]; then
        echo ". += $boot; jinn_boot_stack_end = .;"
    elif [ $i -le "$number" ]; then
        [ $i -ne 1 ] || echo "jinn_first_stack = .;"
        echo ". += $bytes;"
    fi
    i=$((i + 1))
done
echo "jinn_stack_bytes = $bytes; jinn_stack_stride = $((bytes + 4096)); jinn_stacks_n = $number;"
echo "}"
