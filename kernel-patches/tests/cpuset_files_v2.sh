#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The same as cpuset_files.sh with version 2 of control groups, for kernels without
# cpusets in version 1.
#
# tests: 36
# update: cpuset_files
# files: /proc/sys/kernel/cpuset_cpuinfo_show_realinfo
# files: /proc/sys/kernel/cpuset_cpuinfo_count_quota

. /tests/cpuset-words.sh

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

ok 'what is neither 0 nor 1 is refused' tool denies EINVAL $knob 2 -1 on
ok 'by the other knob, too' tool denies EINVAL $quota_knob 2 -1 on
refused 'a user may not change it' 1 EACCES tool as 1000 opens w $knob
says 'it is as it was' '^0$' cat $knob

# For cpuset_files_v2-undone.sh, if this is not a part of cpuset_files.sh
if [ -n "$stock_kernel" ] && [ -z "$v1" ]; then
	echo +cpuset > $v2/cgroup.subtree_control
	hold $v2
else
	umount $v2
fi
