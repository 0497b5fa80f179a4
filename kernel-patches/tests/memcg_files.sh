#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# memory.meminfo, memory.vmstat and memory.swaps of a control group have the lines of
# the files in /proc, and its limits and counters, in version 1 of control groups.
#
# tests: 30
# without: CONFIG_MEMCG_V1 memcg_files_v2
# vm: --disk=96 --modules
# before: mkdir /memory && mount -t cgroup -o memory none /memory
# files: /memory/memory.meminfo /memory/memory.vmstat /memory/memory.swaps

. /tests/memcg-words.sh

if ! grep -q " $cg " /proc/mounts; then
	mkdir $cg
	mount -t cgroup -o memory none $cg
fi
mkdir $cg/a $cg/b

ok 'the root group is the machine' holds "$(field $cg/memory.meminfo MemTotal) == $total"
ok 'the lines of meminfo are those of /proc' same_names $cg/memory.meminfo /proc/meminfo
ok 'a group has them, too' same_names $info /proc/meminfo
ok 'those of vmstat' same_names $cg/memory.vmstat /proc/vmstat
ok 'in a group' same_names $cg/a/memory.vmstat /proc/vmstat
ok 'each is as long as in /proc' same_layout $info /proc/meminfo
ok 'without a limit there is all' holds "$(field $info MemTotal) == $total"
echo 64M > $cg/a/memory.limit_in_bytes
says 'a limit of 64 megabytes' '^65536$' field $info MemTotal
echo 96M > $cg/a/memory.memsw.limit_in_bytes
ok 'what may be had beyond it is swap' holds \
	"$(field $info SwapTotal) == ($swap_total < 32768 ? $swap_total : 32768)"
says 'which memory.swaps tells in a line' \
	"^none +virtual[[:space:]]+$(field $info SwapTotal)[[:space:]]+0[[:space:]]+0$" \
	cat $cg/a/memory.swaps
says 'the machine has it, too' \
	"^none +virtual[[:space:]]+$swap_total[[:space:]]+0[[:space:]]+0$" cat $cg/memory.swaps
ok 'another group has all of it' holds "$(field $cg/b/memory.meminfo SwapTotal) == $swap_total"

counts $cg/a $cg/b

mkdir $cg/a/inner
says 'the limit counts for the group below' '^65536$' field $inner MemTotal
echo 32M > $cg/a/inner/memory.limit_in_bytes
says 'a smaller one of its own' '^32768$' field $inner MemTotal
echo 1G > $cg/a/inner/memory.limit_in_bytes
says 'a larger one does not' '^65536$' field $inner MemTotal
inside $cg/a fill /var/tmp/file 40
ok 'what others use of it is not available' holds "$(field $inner MemAvailable) <= 24576"
rm /var/tmp/file

echo 16M > $cg/a/memory.limit_in_bytes
rm -f /var/tmp/held
inside $cg/a hold 40 2> /dev/null &	# no word of the subshell when it is ended
wait_for test -e /var/tmp/held
swapped() {
	holds "$(field $info SwapTotal) - $(field $info SwapFree) > 20480 &&
		$(field $info MemFree) < 8192"
}
ok 'what is swapped out is not free' wait_for swapped
kill $(cat $cg/a/cgroup.procs)
wait 2> /dev/null

ok 'they cannot be written' tool denies EINVAL $info 1 x
ok 'nor memory.vmstat' tool denies EINVAL $cg/a/memory.vmstat 1 x
ok 'a user may read' tool as 1000 opens r $info
refused 'but not write' 1 EACCES tool as 1000 opens w $info

# Readers at once, while the group's memory and its limit change.
echo 64M > $cg/a/memory.limit_in_bytes
reader() {
	for i in $(seq 20); do
		cat $info > /tmp/seen$1
		seen=$(field /tmp/seen$1 MemTotal)
		holds "$(field /tmp/seen$1 MemFree) <= $seen && $seen <= 65536" > /dev/null ||
			echo "$seen kB"
		same_names $cg/a/memory.vmstat /proc/vmstat $1
	done > /tmp/reader$1
}
reader 1 &
first=$!
reader 2 &
second=$!
for i in $(seq 10); do
	inside $cg/a fill /var/tmp/file 10
	echo 32M > $cg/a/memory.limit_in_bytes
	rm /var/tmp/file
	echo 64M > $cg/a/memory.limit_in_bytes
done
wait $first $second
cat /tmp/reader1 /tmp/reader2 > /tmp/readers
ok 'two readers at once, of what changes' cmp /tmp/readers /dev/null

rmdir $cg/a/inner
ends $cg/a
rmdir $cg/b
swapoff /dev/vda
