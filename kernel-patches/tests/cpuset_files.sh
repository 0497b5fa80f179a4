#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cpuset.stat, cpuset.cpuinfo and cpuset.loadavg are the files of /proc, and
# cpuset.online that of /sys, as they would be on a machine with the CPUs or the tasks
# of the cpuset only, in both versions of control groups.
#
# tests: 80
# files: /proc/sys/kernel/cpuset_cpuinfo_show_realinfo
# files: /proc/sys/kernel/cpuset_cpuinfo_count_quota

knob=/proc/sys/kernel/cpuset_cpuinfo_show_realinfo
quota_knob=/proc/sys/kernel/cpuset_cpuinfo_count_quota

# set_up GROUP CPUS
set_up() {
	mkdir $1
	echo $2 > $1/cpuset.cpus
	echo 0 > $1/cpuset.mems
}
# spin GROUP: a process in it spins, until "stop"
spinners=
spin() {
	sh -c "echo \$\$ > $1/cgroup.procs; while :; do :; done" &
	spinners="$spinners $!"
}
stop() {
	finish $spinners
	spinners=
}
# user FILE: the column of the first line, in ticks
user() {
	sed -n '1s/^cpu  \([0-9]*\) .*/\1/p' $1
}
# load FILE: the first average, in hundredths
load() {
	sed 's/^\([0-9]*\)\.\([0-9]*\) .*/\1\2/; s/^0*\(.\)/\1/' $1
}
is_loaded() {
	[ "$(load $1)" -ge $2 ]
}
# wait_long_for COMMAND...: twice the while of wait_for
wait_long_for() {
	wait_for "$@" || wait_for "$@"
}
count() {
	grep -c "$1" $2
}
# block N FILE: that of the N-th CPU, without its number
block() {
	perl -00 -ne "print if \$. == $1" $2 | tail -n +2
}
same_block() {
	block 2 /proc/cpuinfo > /tmp/block
	grep -q apicid /tmp/block && block 1 $1 | cmp - /tmp/block
}
# same_loads FILE: those of the machine, as they were before or after
same_loads() {
	{
		cat /proc/loadavg
		cat $1
		cat /proc/loadavg
	} | cut -d ' ' -f 1-3 > /tmp/loads
	sed -n 2p /tmp/loads | grep -Eq '^([0-9]+\.[0-9]{2} ?){3}$' &&
		[ "$(uniq -d /tmp/loads | wc -l)" = 1 ]
}

# one_cpu GROUP OTHER: GROUP has the second CPU, OTHER the first; both files of CPUs
one_cpu() {
	one=$1 two=$2
	says 'a CPU, a line' '^1$' count '^cpu[0-9]' $one/cpuset.stat
	says 'its number is 0' '^cpu0 [0-9]+( [0-9]+){9}$' cat $one/cpuset.stat
	says 'a CPU, a block' '^1$' count '^processor' $one/cpuset.cpuinfo
	says 'its number is 0' '^processor	: 0$' cat $one/cpuset.cpuinfo
	says 'and in cpuset.online' '^0$' cat $one/cpuset.online
	ok 'the rest is what the machine says of that CPU' same_block $one/cpuset.cpuinfo
	ok '1 shows real numbers' tool put $knob 1
	says 'in cpuset.cpuinfo' '^processor	: 1$' cat $one/cpuset.cpuinfo
	says 'and in cpuset.stat' '^cpu1 ' cat $one/cpuset.stat
	says 'and in cpuset.online, too' '^1$' cat $one/cpuset.online
	echo 0 > $knob

	mine=$(user $one/cpuset.stat) others=$(user $two/cpuset.stat)
	sleep 2
	mine=$(($(user $one/cpuset.stat) - mine))
	others=$(($(user $two/cpuset.stat) - others))
	ok 'user time grows where a process spins' test $mine -ge 50
	ok 'and not elsewhere' test $others -lt 50
}
# loads GROUP OTHER LOAD: two spin in GROUP, one of them in a group below, none in OTHER
loads() {
	one=$1 two=$2 wanted=$3
	says 'two run, of two' '^[0-9.]+ [0-9.]+ [0-9.]+ 2/2 [0-9]+$' cat $one/cpuset.loadavg
	says 'one of them below' ' 1/1 [0-9]+$' cat $one/below/cpuset.loadavg
	ok 'the load climbs' wait_long_for is_loaded $one/cpuset.loadavg $wanted
	ok 'half of it is below' test \
		"$(load $one/below/cpuset.loadavg)" -lt "$(load $one/cpuset.loadavg)"
	ok 'but that climbs, too' is_loaded $one/below/cpuset.loadavg $((wanted / 2))
	says 'another group has none of it' '^0\.00 0\.00 0\.00 0/0 [0-9]+$' \
		cat $two/cpuset.loadavg
	ok 'the machine has' wait_long_for is_loaded /proc/loadavg $wanted
}
# mounted GROUP FILE COMMAND...: with the file of the group over that of /proc
mounted() {
	sh_group=$1 sh_file=$2
	shift 2
	unshare -m -p -f sh -c 'mount --bind $0/cpuset.$1 /proc/$1 && shift && "$@"' \
		$sh_group $sh_file "$@"
}
# Reads all of it again and again.
read_all() {
	for i in $(seq 40); do
		cat $1/cpuset.stat $1/cpuset.cpuinfo $1/cpuset.loadavg > /dev/null || echo failed
	done
}
change_cpus() {
	for i in $(seq 40); do
		for cpus in 0 1 0-1; do
			echo $cpus > $1/cpuset.cpus
		done
	done
}
come_and_go() {
	for i in $(seq 100); do
		mkdir $1/come
		cat $1/come/cpuset.loadavg > /dev/null
		rmdir $1/come
	done
}
# at_once GROUP
at_once() {
	read_all $1 > /tmp/read1 2>&1 &
	pids=$!
	read_all $1 > /tmp/read2 2>&1 &
	pids="$pids $!"
	change_cpus $1 &
	pids="$pids $!"
	change_cpus $1
	come_and_go $1 > /tmp/come 2>&1
	wait $pids
	cat /tmp/read1 /tmp/read2 /tmp/come
	! [ -s /tmp/read1 -o -s /tmp/read2 -o -s /tmp/come ]
}

# unmount DIR CONTROLLER: it goes to version 2, if no group of version 1 is left
unmount() {
	wait_for grep -Eq "^$2	[0-9]+	1	" /proc/cgroups
	umount $1
}

# --- version 1 ---

v1=/tmp/cpuset
mkdir -p $v1
ok 'cgroup v1' mount -t cgroup -o cpuset cpuset $v1
says 'real numbers are not shown at first' '^0$' cat $knob
for file in stat cpuinfo loadavg; do
	ok "the first group has cpuset.$file" test -e $v1/cpuset.$file
done
ok 'which is /proc/stat' perl /tests/cgroup.pl between /proc/stat $v1/cpuset.stat
ok '/proc/cpuinfo' cmp /proc/cpuinfo $v1/cpuset.cpuinfo
ok 'the CPUs that are online' cmp /sys/devices/system/cpu/online $v1/cpuset.online
ok 'and the loads of /proc/loadavg' same_loads $v1/cpuset.loadavg

mkdir $v1/empty
says 'a cpuset without CPUs has no block' '^0$' sh -c "wc -c < $v1/empty/cpuset.cpuinfo"
says 'nor anything online' '^$' cat $v1/empty/cpuset.online
says 'and all zero' '^cpu  0 0 0 0 0 0 0 0 0 0$' cat $v1/empty/cpuset.stat
rmdir $v1/empty

set_up $v1/one 1
set_up $v1/one/below 1
set_up $v1/two 0
spin $v1/one
spin $v1/one/below
one_cpu $v1/one $v1/two
set_up $v1/both 0-1
ok 'a cpuset of all CPUs has all blocks' cmp /proc/cpuinfo $v1/both/cpuset.cpuinfo
ok 'in small pieces, too' sh -c "dd if=$v1/both/cpuset.cpuinfo bs=100 | cmp - /proc/cpuinfo"
dd if=$v1/one/cpuset.cpuinfo bs=7 of=/tmp/pieces 2> /dev/null
ok 'also where numbers are replaced' cmp /tmp/pieces $v1/one/cpuset.cpuinfo
ok 'and the same lines in cpuset.stat' \
	perl /tests/cgroup.pl between /proc/stat $v1/both/cpuset.stat
loads $v1/one $v1/two 20
says 'over /proc/cpuinfo it counts' '^1$' mounted $v1/one cpuinfo grep -c ^processor /proc/cpuinfo
says 'over /proc/stat it does' '^cpu0 ' mounted $v1/one stat cat /proc/stat
says "the last PID is the container's" ' 2/2 [0-9]$' mounted $v1/one loadavg cat /proc/loadavg
stop
says 'no process is left' ' 0/0 [0-9]+$' cat $v1/one/cpuset.loadavg

ok 'it cannot be written' tool denies EINVAL $v1/one/cpuset.stat 0 1 x
refused 'a user may not even try' 1 EACCES tool as 1000 opens w $v1/one/cpuset.stat
ok 'but may read' tool as 1000 opens r $v1/one/cpuset.stat
ok 'what is neither 0 nor 1 is refused' tool denies EINVAL $knob 2 -1 on
ok 'by the other knob, too' tool denies EINVAL $quota_knob 2 -1 on
refused 'a user may not change it' 1 EACCES tool as 1000 opens w $knob
says 'it is as it was' '^0$' cat $knob

ok 'reading, changing, coming and going at once' at_once $v1/both
exec 5< $v1/both/cpuset.cpuinfo
rmdir $v1/both
refused 'of a removed group' 1 'No such device' cat <&5
exec 5<&-
rmdir $v1/one/below $v1/one $v1/two
unmount $v1 cpuset

# --- version 2 ---

v2=/tmp/cgroup2
mkdir -p $v2
mount -t cgroup2 cgroup2 $v2
ok 'cgroup v2' wait_for grep -qw cpuset $v2/cgroup.controllers
says_not 'the first group has no such files' 'cpuset\.(stat|cpuinfo|loadavg|online)' ls $v2
mkdir $v2/early
says_not 'nor one without the controller' 'cpuset\.' ls $v2/early
echo +cpuset > $v2/cgroup.subtree_control
ok 'it has all CPUs when that is turned on' cmp /proc/cpuinfo $v2/early/cpuset.cpuinfo
ok 'and is the machine' perl /tests/cgroup.pl between /proc/stat $v2/early/cpuset.stat
set_up $v2/one 1
set_up $v2/two 0
# Here a group that has groups has no tasks.
echo +cpuset > $v2/one/cgroup.subtree_control
mkdir $v2/one/below $v2/one/beside
spin $v2/one/below
spin $v2/one/beside
one_cpu $v2/one $v2/two
loads $v2/one $v2/two 10
exec 5< $v2/early/cpuset.stat
stop

# A quota alone leaves all CPUs, unless it is to count.
echo +cpu > $v2/cgroup.subtree_control
set_up $v2/quota 0-1
echo '50000 100000' > $v2/quota/cpu.max
says 'half of the time is on all CPUs' '^0-1$' cat $v2/quota/cpuset.online
ok 'unless quotas count' tool put $quota_knob 1
says 'then it is one CPU' '^0$' cat $v2/quota/cpuset.online
says 'in cpuset.cpuinfo' '^1$' count '^processor' $v2/quota/cpuset.cpuinfo
says 'and in cpuset.stat' '^1$' count '^cpu[0-9]' $v2/quota/cpuset.stat
echo '150000 100000' > $v2/quota/cpu.max
says 'one and a half are two' '^0-1$' cat $v2/quota/cpuset.online
echo 0 > $quota_knob
rmdir $v2/quota
echo -cpu > $v2/cgroup.subtree_control
rmdir $v2/one/below $v2/one/beside $v2/one $v2/two
echo -cpuset > $v2/cgroup.subtree_control
says_not 'they go with the controller' 'cpuset\.' ls $v2/early
refused 'and one that is open is no more' 1 'No such device' cat <&5
exec 5<&-
rmdir $v2/early
umount $v2

# For cpuset_files-undone.sh: a group whose files are open and being read.
if [ -n "$stock_kernel" ]; then
	# Not before the groups of version 2 are gone for good
	wait_for mount -t cgroup -o cpuset cpuset $v1
	set_up $v1/held 1
	exec 6< $v1/held/cpuset.loadavg 7< $v1/held/cpuset.cpuinfo
	dd bs=10 count=1 <&7 > /dev/null 2>&1
	while :; do
		cat $v1/held/cpuset.* $v1/cpuset.stat
	done > /dev/null 2>&1 &
	reader=$!
	echo $reader > $v1/held/cgroup.procs
	wait_for is_loaded $v1/held/cpuset.loadavg 1
fi
