#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What cpuset_files.sh and cpuset_files_v2.sh share.

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
# hold DIR: has a group there whose files are open and being read
hold() {
	set_up $1/held 1
	exec 6< $1/held/cpuset.loadavg 7< $1/held/cpuset.cpuinfo
	dd bs=10 count=1 <&7 > /dev/null 2>&1
	while :; do
		cat $1/held/cpuset.* $1/cpuset.stat
	done > /dev/null 2>&1 &
	reader=$!
	echo $reader > $1/held/cgroup.procs
	wait_for is_loaded $1/held/cpuset.loadavg 1
}
# held DIR: nothing is left of the files in that group
held() {
	ok 'the process that reads them is still there' kill $reader
	refused 'a file that was open' 1 'No such device' cat <&6
	refused 'and one that was read in part' 1 'No such device' cat <&7
	exec 6<&- 7<&-
	says_not 'the group has none' 'cpuset\.(stat|cpuinfo|loadavg|online)' ls $1/held
	mkdir $1/new
	says_not 'nor has a new one' 'cpuset\.(stat|cpuinfo|loadavg|online)' ls $1/new
	wait $reader 2> /dev/null
	rmdir $1/new
	wait_for rmdir $1/held
}
