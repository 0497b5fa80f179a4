#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What runs in a container has its group's files in /proc, if the runtime calls
# the hook of kernel-patches/container: on the stock kernel, with the updates.
#
# tests: 45
# vm: --disk=16 --modules

PATH=$PATH:/container:/hook
all='memcg_files blkio_diskstats cpuset_files cpuacct_uptime'

# in_box COMMAND...: in a container
in_box() {
	GROUPS=$groups run-container /tmp/bundle "$@"
}
# What the hook says when there is nothing for it to do.
hook_words() {
	in_box true 2>&1
}
# As many seconds older is the machine than the container, at least.
is_younger() {
	age=$(in_box cut -d. -f1 /proc/uptime)
	[ $(($(cut -d. -f1 /proc/uptime) - age)) -ge "$1" ]
}
# hook TEXT: with that on stdin, here
hook() {
	echo "$1" | tkernel-hook
}
# hook_in_namespace BUNDLE
hook_in_namespace() {
	echo "{\"bundle\": \"$1\"}" | unshare -m tkernel-hook
}

modprobe -q virtio_blk
wait_for test -b /dev/vda
total=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
mkdir /cg
mount -t cgroup2 none /cg
echo '+cpuset +memory' > /cg/cgroup.subtree_control
mkdir -p /cg/pod
echo '+cpuset +memory' > /cg/pod/cgroup.subtree_control
mkdir /cg/pod/box
groups=/cg/pod/box
echo 64M > /cg/pod/box/memory.max
echo 1 > /cg/pod/box/cpuset.cpus

says 'without the updates there is all of the memory' \
	"^MemTotal: +$total kB" in_box cat /proc/meminfo
says 'the hook says that there is nothing' 'is the kernel patched' hook_words
for update in $all; do
	apply $update
done
rmdir /cg/pod/box
mkdir /cg/pod/box
echo 64M > /cg/pod/box/memory.max
echo 1 > /cg/pod/box/cpuset.cpus

# see: what a container has
see() {
	says "$1: the memory" '^MemTotal: +65536 kB' in_box cat /proc/meminfo
	says "$1: free pages" '^nr_free_pages 1[0-9]{4}$' in_box cat /proc/vmstat
	says "$1: the processors" '^1$' in_box grep -c ^processor /proc/cpuinfo
	says "$1: their times" '^1$' in_box grep -c '^cpu[0-9]' /proc/stat
	says "$1: the load" \
		'^0\.[0-9]{2} 0\.[0-9]{2} 0\.[0-9]{2} [0-9]/[0-9] ' in_box cat /proc/loadavg
	ok "$1: how long it is up" is_younger 5
	says "$1: the disks" ' vda 0 0 0 0 0 0 0 0 0 0 0 ' in_box cat /proc/diskstats
	refused "$1: nothing of it can be written" 1 'Read-only' \
		in_box sh -c 'echo 0 > /proc/diskstats'
}
see 'version 2'
says 'the controller that was missing' '(^| )io( |$)' cat /cg/pod/cgroup.subtree_control
says 'outside all is as it was' "^MemTotal: +$total kB" cat /proc/meminfo
says 'what it reads is counted' ' vda [1-9][0-9]* [0-9]+ 8192 ' \
	in_box sh -c 'dd if=/dev/vda of=/dev/null bs=1M skip=12; cat /proc/diskstats'

export CGROUPNS=1
says 'a namespace of groups hides where it is' '^0::/$' in_box cat /proc/self/cgroup
says 'the hook finds it' '^MemTotal: +65536 kB' in_box cat /proc/meminfo
unset CGROUPNS

refused "in the machine's own namespace it does nothing" 1 "machine's mount namespace" \
	hook '{ "bundle": "/tmp/bundle" }'
refused 'no state' 1 'is no JSON' hook ''
refused 'half a state' 1 'is no JSON' hook '{ "bundle": "/tmp/bundle'
refused 'a state without a bundle' 1 "no 'bundle'" hook '{ "id": "x", "pid": 1 }'
refused 'a bundle that is not absolute' 1 'no absolute path' hook '{ "bundle": "bundle" }'
refused 'no such bundle' 1 "cannot read '/none/config.json'" hook '{ "bundle": "/none" }'
refused 'arguments' 2 'no arguments' tkernel-hook /tmp/bundle
mkdir -p /tmp/link/rootfs /tmp/empty/rootfs/proc
echo '{ "root": { "path": "rootfs" } }' | tee /tmp/link/config.json > /tmp/empty/config.json
ln -s /proc /tmp/link/rootfs/proc
refused "an image whose /proc is a link" 1 "cannot open 'rootfs/proc'|cannot open '.*rootfs/proc'" \
	hook_in_namespace /tmp/link
refused 'a root without a procfs' 1 'is no procfs' hook_in_namespace /tmp/empty

# Its files go while it runs.
in_box sh -c 'until test -e /go; do sleep 0.1; done; cat /proc/meminfo' > /tmp/ended 2>&1 &
wait_for grep -q . /cg/pod/box/cgroup.procs
sleep 1
undo memcg_files
: > /go
wait
says 'who was started before has none any more' 'No such device' cat /tmp/ended
says "who is started then has the machine's" "^MemTotal: +$total kB" in_box cat /proc/meminfo
apply memcg_files

# Version 1: a hierarchy for each controller.
rmdir /cg/pod/box /cg/pod
echo '-cpuset -memory -io' > /cg/cgroup.subtree_control
umount /cg
# The controller of memory is free when nothing is charged to the groups any more.
mount_version_1() {
	echo 3 > /proc/sys/vm/drop_caches
	mount -t cgroup -o $1 none /cg/$1
}
groups=
for controller in memory cpuset cpuacct blkio; do
	mkdir -p /cg/$controller
	wait_for mount_version_1 $controller || wait_for mount_version_1 $controller ||
		wait_for mount_version_1 $controller
	mkdir /cg/$controller/box
	groups="$groups /cg/$controller/box"
done
echo 64M > /cg/memory/box/memory.limit_in_bytes
echo 1 > /cg/cpuset/box/cpuset.cpus
echo 0 > /cg/cpuset/box/cpuset.mems
see 'version 1'

# They go while somebody is counted.
in_box sh -c 'while dd if=/dev/vda of=/dev/null bs=64k 2> /dev/null; do :; done' &
wait_for grep -q ' vda [1-9]' /cg/blkio/box/blkio.diskstats
for update in $all; do
	undo $update
done
kill -9 $(cat /cg/blkio/box/cgroup.procs)
wait 2> /dev/null
untouched 'nothing is left'
