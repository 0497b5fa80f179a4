#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A process that has protected itself by /dev/ttools can not be looked into, in
# any of the ways that there are; others can, as ever.
#
# tests: 32
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

start peek wait
for way in attach attach32 seize read write mem getfd; do
	ok "nobody asked for protection: $way" peek $way $pid
done
stop

start peek protect
for way in attach attach32 seize read write mem getfd; do
	refused "it is protected: $way" 1 'EPERM|EACCES' peek $way $pid
done
ok 'ps can see it' grep -q . /proc/$pid/cmdline /proc/$pid/maps
kill -USR1 $pid
ok 'when it says so the protection ends' wait_for peek attach $pid
ok 'that is so for its memory, too' peek read $pid
stop

start peek protect exec
refused 'an exec changes nothing' 1 EPERM peek attach $pid
stop
start peek protect fork
ok 'a child is not protected' peek attach $pid
stop

refused 'twice is refused' 1 EEXIST peek ioctl 0xee00 0xee00
ok 'ending what is not is nothing' peek ioctl 0xee01
ok 'again after the end' peek ioctl 0xee00 0xee01 0xee00
refused 'a traced process can not' 1 EBUSY peek traced
refused 'no descriptor of that number' 1 EBADF peek ioctl 0xc010ee02
refused 'no such ioctl' 1 EINVAL peek ioctl 0xee03
echo x > /tmp/opened
says 'two more times open are two more' '^2$' \
	sh -c 'echo $(($(peek refs /tmp/opened 3) - $(peek refs /tmp/opened 1)))'

refused 'a user may not' 1 EPERM tool as 1000 opens rw /dev/ttools
refused "nor a container's root" 1 EPERM unshare -U -r perl /tests/tool.pl opens rw /dev/ttools
ok 'the sysctl' tool put /proc/sys/kernel/ttools_for_all_users 1
ok 'a user may' tool as 1000 opens rw /dev/ttools
ok 'only 0 and 1' tool denies EINVAL /proc/sys/kernel/ttools_for_all_users 2 -1 x
echo 0 > /proc/sys/kernel/ttools_for_all_users

# Many at once, with an end that nobody tells of: their places are free again.
for i in $(seq 40); do
	peek ioctl 0xee00 &
done
wait
ok 'processes that are gone keep no place' peek ioctl 0xee00
