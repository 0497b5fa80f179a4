#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The same as container.sh with version 1 of control groups, a hierarchy for each
# controller.  In a guest of its own: version 2 gives the controller of memory
# back when nothing refers to its groups any more, and there is no way to wait for that.
#
# tests: 22
# vm: --disk=16 --modules --tool=/usr/sbin/runc

. /tests/container-words.sh

for update in $all; do
	apply $update
done
groups=
for controller in memory cpuset cpuacct blkio; do
	mkdir -p /cg/$controller
	mount -t cgroup -o $controller none /cg/$controller
	mkdir /cg/$controller/box
	groups="$groups /cg/$controller/box"
done
echo 64M > /cg/memory/box/memory.limit_in_bytes
echo 1 > /cg/cpuset/box/cpuset.cpus
echo 0 > /cg/cpuset/box/cpuset.mems
see 'version 1'

# A real runtime makes such groups by itself; without those for devices it does nothing.
mkdir /cg/devices
mount -t cgroup -o devices none /cg/devices
. /tests/runtime-words.sh
runtime=runc
new_spec
says 'runc: the memory' '^MemTotal: +65536 kB' run_box cat /proc/meminfo
says 'runc: the disks' ' vda 0 0 0 0 0 0 0 0 0 0 0 ' run_box cat /proc/diskstats

# They are undone while a process is counted.
in_box sh -c 'while dd if=/dev/vda of=/dev/null bs=64k; do :; done' 2> /dev/null &
ok 'a process is counted' wait_for grep -q ' vda [1-9]' /cg/blkio/box/blkio.diskstats
for update in $all; do
	undo $update
done
kill -9 $(cat /cg/blkio/box/cgroup.procs)
wait 2> /dev/null
untouched 'nothing is left'
