#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A process that has protected itself by /dev/ttools cannot be looked into, in
# any of the ways that there are; others can, as ever.
#
# tests: 60
# files: /dev/ttools /proc/sys/kernel/ttools_for_all_users

# start COMMAND...: a process that waits, its number in $pid
start() {
	rm -f /tmp/pid
	"$@" > /tmp/pid &
	wait_for grep -q . /tmp/pid
	pid=$(cat /tmp/pid)
}
stop() {
	kill -9 $pid
	wait_for sh -c "! test -e /proc/$pid || grep -q 'State:.Z' /proc/$pid/status"
}

ways='attach attach32 seize read write mem getfd environ auxv maps pagemap exe fd map_files ns
	madvise perf kcmp'
start env WHO=me peek wait
for way in $ways; do
	ok "without protection: $way" peek $way $pid
done
stop

start env WHO=me peek protect
for way in $ways; do
	refused "it is protected: $way" 1 'EPERM|EACCES' peek $way $pid
done
ok 'ps can see it' cat /proc/$pid/cmdline /proc/$pid/stat /proc/$pid/status /proc/$pid/statm
says 'and its name' '^peek' cat /proc/$pid/comm
kill -USR1 $pid
ok 'on its request the protection ends' wait_for peek attach $pid
ok 'that is so for its memory, too' peek read $pid
stop

# The CPU samples what runs, without a permission check
start peek spin
says 'samples without protection' '^seen, registers seen, stack seen$' peek samples $pid
stop
start peek protect spin
says 'samples of a protected process' '^seen, registers not seen, stack not seen$' \
	peek samples $pid
stop

# cores FIRST...: whether that leaves a core when it is killed
cores() {
	rm -f /tmp/core
	(ulimit -c unlimited; cd /tmp; exec "$@" > /tmp/pid) &
	wait_for grep -q . /tmp/pid
	kill -SEGV $(cat /tmp/pid)
	wait $! 2> /dev/null
	test -e /tmp/core
	left=$?
	: > /tmp/pid
	return $left
}
echo core > /proc/sys/kernel/core_pattern
: > /tmp/pid
ok 'a core without protection' cores peek wait
not_ok 'none of a protected process' cores peek protect

start peek protect exec
refused 'an exec changes nothing' 1 EPERM peek attach $pid
stop
start peek protect fork
ok 'a child is not protected' peek attach $pid
stop

refused 'twice is refused' 1 EEXIST peek ioctl 0xee00 0xee00
ok 'ending what is not is nothing' peek ioctl 0xee01
ok 'again after the end' peek ioctl 0xee00 0xee01 0xee00
refused 'a traced process cannot' 1 EBUSY peek traced
refused 'no descriptor of that number' 1 EBADF peek ioctl 0xc010ee02
refused 'no such ioctl' 1 EINVAL peek ioctl 0xee03
echo x > /tmp/opened
says 'two more times open are two more' '^2$' \
	sh -c 'echo $(($(peek refs /tmp/opened 3) - $(peek refs /tmp/opened 1)))'

mkdir -p /etc/modprobe.d
cp /helpers/ttools.conf /etc/modprobe.d
ok 'modprobe ttools, as programs have it' modprobe ttools

refused 'a user may not' 1 EPERM tool as 1000 opens rw /dev/ttools
refused "nor a container's root" 1 EPERM unshare -U -r perl /tests/tool.pl opens rw /dev/ttools
ok 'the sysctl' tool put /proc/sys/kernel/ttools_for_all_users 1
ok 'a user may' tool as 1000 opens rw /dev/ttools
ok 'only 0 and 1' tool denies EINVAL /proc/sys/kernel/ttools_for_all_users 2 -1 x
echo 0 > /proc/sys/kernel/ttools_for_all_users

# Many at once, which end without notice: their places are free again.
for i in $(seq 40); do
	peek ioctl 0xee00 &
done
wait
ok 'processes that are gone keep no place' peek ioctl 0xee00
