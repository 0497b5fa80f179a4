#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cpuacct.uptime, or cpu.uptime in version 2 of control groups, is /proc/uptime
# counted from when the group was made.
#
# tests: 29
# files: /tmp/cpuacct/cpuacct.uptime
# before: mkdir -p /tmp/cpuacct; mount -t cgroup -o cpuacct cpuacct /tmp/cpuacct;
# before: mkdir -p /tmp/cpuacct/old/below /tmp/cpuacct/none; sleep 1000 &
# before: echo $! > /tmp/cpuacct/old/below/cgroup.procs; sleep 3

cgroup() {
	perl /tests/cgroup.pl "$@"
}
come_and_go() {
	for i in $(seq 100); do
		mkdir $1
		cat $1/$2 > /dev/null || echo failed
		rmdir $1
	done
}
at_once() {
	come_and_go $1/a $2 > /tmp/come1 2>&1 &
	pids=$!
	come_and_go $1/b $2 > /tmp/come2 2>&1 &
	pids="$pids $!"
	come_and_go $1/c $2 > /tmp/come3 2>&1
	wait $pids
	cat /tmp/come1 /tmp/come2 /tmp/come3
	! [ -s /tmp/come1 -o -s /tmp/come2 -o -s /tmp/come3 ]
}
# both_versions DIR FILE
both_versions() {
	dir=$1 file=$2
	ok 'it counts from when the group is made' cgroup born 2 $file $dir/one
	ok 'one is made later' cgroup born 1 $file $dir/two
	ok 'which changes nothing for another' cgroup older 2 60 $dir/one/$file $dir/two/$file
	rmdir $dir/one
	ok 'one of the same name begins again' cgroup born 0.1 $file $dir/one
	ok 'it cannot be written' tool denies EINVAL $dir/one/$file 0 1 x
	refused 'a user may not even try' 1 EACCES tool as 1000 opens w $dir/one/$file
	ok 'but may read' tool as 1000 opens r $dir/one/$file
	says 'over /proc/uptime' '^[0-9]\.' unshare -m sh -c \
		"mount --bind $dir/one/$file /proc/uptime && cat /proc/uptime"
	ok 'groups that are made and removed at once' at_once $dir $file
	exec 5< $dir/two/$file
	rmdir $dir/one $dir/two
	refused 'of a removed group' 1 'No such device' cat <&5
	exec 5<&-
}

# unmount DIR CONTROLLER: it goes to version 2, if no group of version 1 is left
unmount() {
	wait_for grep -Eq "^$2	[0-9]+	1	" /proc/cgroups
	umount $1
}

# --- version 1 ---

v1=/tmp/cpuacct
mkdir -p $v1
if [ -n "$stock_kernel" ]; then
	mkdir $v1/late
	ok 'a group of before is as old as its oldest task' \
		cgroup older 3 60 $v1/old/below/cpuacct.uptime $v1/none/cpuacct.uptime
	ok 'or as one below it' \
		cgroup older 3 60 $v1/old/cpuacct.uptime $v1/none/cpuacct.uptime
	ok 'or else as the update' \
		cgroup older 0 60 $v1/none/cpuacct.uptime $v1/late/cpuacct.uptime
	finish $!
	rmdir $v1/old/below $v1/old $v1/none $v1/late
else
	mount -t cgroup -o cpuacct cpuacct $v1
	for what in 'as its oldest task' 'as one below it' 'as the update'; do
		ok "a group of before is as old $what # skip there is no group of before" true
	done
fi
ok 'the first group has the time of the machine' \
	cgroup between /proc/uptime $v1/cpuacct.uptime
both_versions $v1 cpuacct.uptime
ok 'a group in a group has a time of its own' \
	cgroup born 0.5 cpuacct.uptime $v1/one $v1/one/below
rmdir $v1/one/below $v1/one
unmount $v1 cpuacct

# --- version 2 ---

v2=/tmp/cgroup2
mkdir -p $v2
mount -t cgroup2 cgroup2 $v2
ok 'cgroup v2' wait_for grep -qw cpu $v2/cgroup.controllers
says_not 'the first group has no such file' uptime ls $v2
mkdir $v2/early
sleep 1
says_not 'nor one without the controller' uptime ls $v2/early
echo +cpu > $v2/cgroup.subtree_control
mkdir $v2/late
ok 'it counts from when that is turned on' \
	cgroup older 0 0.9 $v2/early/cpu.uptime $v2/late/cpu.uptime
both_versions $v2 cpu.uptime
rmdir $v2/early $v2/late
umount $v2
wait_for mount -t cgroup -o cpuacct cpuacct $v1

# For cpuacct_uptime-undone.sh: groups that come and go, and an open file.
if [ -n "$stock_kernel" ]; then
	mkdir $v1/held
	exec 6< $v1/held/cpuacct.uptime
	while :; do
		mkdir $v1/come
		rmdir $v1/come
	done &
	mover=$!
fi
