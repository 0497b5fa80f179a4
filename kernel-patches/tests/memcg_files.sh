#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# memory.meminfo and memory.vmstat of a control group have the lines of the files
# in /proc, and its limits and counters, in both versions of control groups.
#
# tests: 45
# vm: --disk=96 --modules
# before: mkdir /memory && mount -t cgroup -o memory none /memory
# files: /memory/memory.meminfo /memory/memory.vmstat

# field FILE NAME: its number
field() {
	awk -v name="$2" '$1 == name || $1 == name ":" { print $2 }' "$1"
}
# holds EXPRESSION: as awk has it
holds() {
	echo "$*"
	awk "BEGIN { exit !($*) }"
}
# names FILE: of the lines, in their order
names() {
	grep -v '^DirectMap' "$1" | sed 's/[: ].*//'
}
# layout FILE: the length of each line, but for what the machine's size decides
layout() {
	grep -v '^DirectMap\|^VmallocTotal' "$1" | awk '{ print $1, length }'
}
same_names() {
	names "$1" > "/tmp/names$3"
	names "$2" | diff "/tmp/names$3" - && [ -s "/tmp/names$3" ]
}
same_layout() {
	layout "$1" > /tmp/layout
	layout "$2" | diff /tmp/layout - && [ -s /tmp/layout ]
}
# inside GROUP COMMAND...
inside() {
	(
		sh -c 'echo $PPID' > "$1/cgroup.procs"
		shift
		"$@"
	)
}
# Megabytes of a file system that has no pages to give back.
fill() {
	dd if=/dev/zero of="$1" bs=1M count="$2" 2> /dev/null
}
# hold MEGABYTES: has so much, tells, and waits
hold() {
	exec perl -e '$x = "x" x ($ARGV[0] << 20); open $f, ">", "/var/tmp/held"; close $f;
		sleep' "$1"
}

# counts GROUP OTHER: what the group's files say when something is going on in it
counts() {
	cached=$(field $1/memory.meminfo Cached)
	free=$(field $1/memory.meminfo MemFree)
	pages=$(field $1/memory.vmstat nr_file_pages)
	inside $1 fill /var/tmp/file 20
	ok 'what it reads and writes is cached' \
		holds "$(field $1/memory.meminfo Cached) - $cached >= 20480"
	ok 'and no longer free' holds "$free - $(field $1/memory.meminfo MemFree) >= 20480"
	ok 'memory.vmstat says so in pages' \
		holds "$(field $1/memory.vmstat nr_file_pages) - $pages >= 5120"
	free=$(field $1/memory.meminfo MemFree)
	ok 'with the same free memory' \
		holds "$(field $1/memory.vmstat nr_free_pages) * 4 - $free < 512"
	ok 'another group has nothing of it' holds "$(field $2/memory.meminfo Cached) < 1024"
	rm /var/tmp/file
	freed() {
		holds "$(field $1/memory.meminfo Cached) - $cached < 1024"
	}
	ok 'it falls again' wait_for freed $1
}

# ends GROUP: it is removed while somebody has its files open
ends() {
	exec 7< $1/memory.meminfo 8< $1/memory.vmstat
	rmdir $1
	refused 'of a group that is gone nothing can be read' 1 'No such device' cat <&7
	refused 'nor its other file' 1 'No such device' cat <&8
	exec 7<&- 8<&-
}

modprobe -q virtio_blk
wait_for test -b /dev/vda
mkswap /dev/vda > /dev/null
swapon /dev/vda
swap_total=$(field /proc/meminfo SwapTotal)
total=$(field /proc/meminfo MemTotal)
cg=/memory
info=$cg/a/memory.meminfo
inner=$cg/a/inner/memory.meminfo

# --- version 2 -----------------------------------------------------------

if grep -q " $cg " /proc/mounts; then
	umount $cg
fi
mkdir -p $cg
mount -t cgroup2 none $cg
controls_memory() {
	echo +memory > $cg/cgroup.subtree_control
}
ok 'version 2 has the controller' wait_for controls_memory
mkdir $cg/a $cg/b
ok 'the root group has no such files' sh -c "! ls $cg/memory.meminfo $cg/memory.vmstat 2> /dev/null"
ok 'the lines of meminfo' same_names $info /proc/meminfo
ok 'those of vmstat' same_names $cg/a/memory.vmstat /proc/vmstat
echo 64M > $cg/a/memory.max
says 'a limit of 64 megabytes' '^65536$' field $info MemTotal
echo 8M > $cg/a/memory.swap.max
ok 'the limit of swap' holds "$(field $info SwapTotal) == 8192"

counts $cg/a $cg/b

echo +memory > $cg/a/cgroup.subtree_control
mkdir $cg/a/inner
says 'the limit counts for the group below' '^65536$' field $inner MemTotal
echo 0 > $cg/a/inner/memory.max
says 'there is never nothing at all' '^4$' field $inner MemTotal
rmdir $cg/a/inner
ends $cg/a
rmdir $cg/b
echo -memory > $cg/cgroup.subtree_control
umount $cg

# --- version 1 -----------------------------------------------------------

version_1() {
	mount -t cgroup -o memory none $cg
}
ok 'version 1 has it again' wait_for version_1
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
inside $cg/a hold 40 &
wait_for test -e /var/tmp/held
swapped() {
	holds "$(field $info SwapTotal) - $(field $info SwapFree) > 20480 &&
		$(field $info MemFree) < 8192"
}
ok 'what is swapped out is not free' wait_for swapped
kill $(cat $cg/a/cgroup.procs)
wait

ok 'they can not be written' tool denies EINVAL $info 1 x
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
