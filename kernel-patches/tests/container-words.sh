# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of the hook in kernel-patches/container share: in_box, see.

PATH=$PATH:/container:/hook
all='memcg_files blkio_diskstats cpuset_files cpuacct_uptime'

# in_box COMMAND...: in a container
in_box() {
	GROUPS=$groups run-container /tmp/bundle "$@"
}
# As many seconds older is the machine than the container, at least.
is_younger() {
	age=$(in_box cut -d. -f1 /proc/uptime) &&
		[ $(($(cut -d. -f1 /proc/uptime) - age)) -ge "$1" ]
}
# see: what a container has
see() {
	says "$1: the memory" '^MemTotal: +65536 kB' in_box cat /proc/meminfo
	says "$1: free pages" '^nr_free_pages 1[0-9]{4}$' in_box cat /proc/vmstat
	says "$1: the processors" '^1$' in_box grep -c ^processor /proc/cpuinfo
	says "$1: those that are online" '^0$' in_box cat /sys/devices/system/cpu/online
	says "$1: what it may swap to" '^Filename.*Priority$' in_box cat /proc/swaps
	says "$1: their times" '^1$' in_box grep -c '^cpu[0-9]' /proc/stat
	says "$1: the load" \
		'^0\.[0-9]{2} 0\.[0-9]{2} 0\.[0-9]{2} [0-9]/[0-9] ' in_box cat /proc/loadavg
	ok "$1: how long it is up" is_younger 5
	says "$1: the disks" ' vda 0 0 0 0 0 0 0 0 0 0 0 ' in_box cat /proc/diskstats
	refused "$1: nothing of it can be written" 1 'Read-only' \
		in_box sh -c 'echo 0 > /proc/diskstats'
}

modprobe -q virtio_blk
wait_for test -b /dev/vda
