#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cpuset.stat, cpuset.cpuinfo and cpuset.loadavg are the files of /proc, and
# cpuset.online that of /sys, as they would be on a machine with the CPUs or the tasks
# of the cpuset only, in both versions of control groups.
#
# tests: 80
# without: CONFIG_CPUSETS_V1 cpuset_files_v2
# files: /proc/sys/kernel/cpuset_cpuinfo_show_realinfo
# files: /proc/sys/kernel/cpuset_cpuinfo_count_quota

. /tests/cpuset-words.sh

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

ok 'reading, changing, coming and going at once' at_once $v1/both
exec 5< $v1/both/cpuset.cpuinfo
rmdir $v1/both
refused 'of a removed group' 1 'No such device' cat <&5
exec 5<&-
rmdir $v1/one/below $v1/one $v1/two
unmount $v1 cpuset

. /tests/cpuset_files_v2.sh

# For cpuset_files-undone.sh
if [ -n "$stock_kernel" ]; then
	# Not before the groups of version 2 are gone for good
	wait_for mount -t cgroup -o cpuset cpuset $v1
	hold $v1
fi
