#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What runs in a container has its group's files in /proc, if the runtime calls
# the hook of kernel-patches/container: on the stock kernel, with the updates,
# with version 2 of control groups.
#
# tests: 45
# vm: --disk=16 --modules

. /tests/container-words.sh

# What the hook says when there is nothing for it to do.
hook_words() {
	in_box true 2>&1
}
# hook TEXT: with that on stdin, here
hook() {
	echo "$1" | tkernel-hook
}
# hook_in_namespace BUNDLE
hook_in_namespace() {
	echo "{\"bundle\": \"$1\"}" | unshare -m tkernel-hook
}

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

see 'version 2'
says 'the controller that was missing' '(^| )io( |$)' cat /cg/pod/cgroup.subtree_control
says 'free of busybox asks sysinfo(2)' "^Mem: +$total " in_box busybox free
says_not 'no file of /proc is one of a control group' ' /proc/.* - cgroup' \
	in_box cat /proc/self/mountinfo
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

# Controllers are turned off and on while it runs, as managers of control groups do:
# then the limits of the group are those of a new one.
in_box perl /tests/reader.pl /total /stop 2> /tmp/trouble &
reader=$!
ok 'it reads all the while' wait_for grep -qx 65536 /total
echo '-memory -cpuset' > /cg/pod/cgroup.subtree_control
ok "without the controllers it has the machine's memory" wait_for grep -qx $total /total
says 'a new one, too' "^MemTotal: +$total kB" in_box cat /proc/meminfo
ok 'the hook has turned them on again' grep -qw memory /cg/pod/cgroup.subtree_control
echo 64M > /cg/pod/box/memory.max
ok 'what ran meanwhile has its own again' wait_for grep -qx 65536 /total
: > /stop
wait $reader
ok 'nothing of it failed' cmp /tmp/trouble /dev/null

# Its files are removed while it runs.
in_box sh -c 'until test -e /go; do sleep 0.1; done; cat /proc/meminfo' > /tmp/ended 2>&1 &
wait_for grep -q . /cg/pod/box/cgroup.procs
sleep 1
undo memcg_files
: > /go
wait
says 'a process that was started before has none any more' 'No such file' cat /tmp/ended
says "one that is started then has the machine's" "^MemTotal: +$total kB" in_box cat /proc/meminfo
for update in blkio_diskstats cpuset_files cpuacct_uptime; do
	undo $update
done
untouched 'nothing is left'
