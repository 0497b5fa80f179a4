#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What memcg_files.sh and memcg_files_v2.sh share.

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
	ok 'memory.vmstat has it in pages' \
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

# ends GROUP: it is removed while its files are open
ends() {
	exec 7< $1/memory.meminfo 8< $1/memory.vmstat
	rmdir $1
	refused 'nothing can be read of a removed group' 1 'No such device' cat <&7
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
