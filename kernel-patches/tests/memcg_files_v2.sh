#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The same as memcg_files.sh with version 2 of control groups.  In a guest of its
# own: a kernel whose groups of one version had memory must not be asked for the
# other.  What it still keeps of that memory for later is taken off a counter that
# it was never added to (memory and swap together is counted by version 1 only), and
# it says "page_counter underflow" when a processor goes offline, patched or not.
#
# tests: 17
# update: memcg_files
# vm: --disk=96 --modules
# before: mkdir /memory && mount -t cgroup2 none /memory &&
# before: echo +memory > /memory/cgroup.subtree_control &&
# before: mkdir /memory/kept
# files: /memory/kept/memory.meminfo /memory/kept/memory.vmstat /memory/kept/memory.swaps

. /tests/memcg-words.sh

if ! grep -q " $cg " /proc/mounts; then
	mkdir $cg
	mount -t cgroup2 none $cg
	echo +memory > $cg/cgroup.subtree_control
fi
says 'it is version 2' '(^| )memory( |$)' cat $cg/cgroup.subtree_control
mkdir $cg/a $cg/b
ok 'the root group has no such files' sh -c "! ls $cg/memory.meminfo $cg/memory.vmstat 2> /dev/null"
ok 'the lines of meminfo' same_names $info /proc/meminfo
ok 'those of vmstat' same_names $cg/a/memory.vmstat /proc/vmstat
echo 64M > $cg/a/memory.max
says 'a limit of 64 megabytes' '^65536$' field $info MemTotal
echo 8M > $cg/a/memory.swap.max
ok 'the limit of swap' holds "$(field $info SwapTotal) == 8192"
says 'which memory.swaps tells, too' '^none +virtual[[:space:]]+8192[[:space:]]+0[[:space:]]+0$' \
	cat $cg/a/memory.swaps

counts $cg/a $cg/b

echo +memory > $cg/a/cgroup.subtree_control
mkdir $cg/a/inner
says 'the limit counts for the group below' '^65536$' field $inner MemTotal
echo 0 > $cg/a/inner/memory.max
says 'there is never nothing at all' '^4$' field $inner MemTotal
rmdir $cg/a/inner
ends $cg/a
rmdir $cg/b
swapoff /dev/vda
