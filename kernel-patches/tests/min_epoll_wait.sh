#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A timeout of epoll that is shorter than kernel.min_epoll_wait_time is as long as
# that; none at all, and no end, stay what they are.
#
# tests: 25
# before: epoll wait 100000 & waiter=$!
# files: /proc/sys/kernel/min_epoll_wait_time

knob=/proc/sys/kernel/min_epoll_wait_time
# Microseconds: less than two milliseconds, four and more
short='^(1?[0-9]{1,3})$'
long='^([4-9][0-9]{3}|[0-9]{5,})$'

says 'it is a tick at first' '^4$' cat $knob
for way in wait pwait wait32 pwait32; do
	says "$way: a millisecond is four" "$long" epoll $way 1
done
says 'pwait2: is left alone' '^[1-3][0-9]{3}$' epoll pwait2 1
says 'what is longer is as ever' '^[1-9][0-9]{4}$' epoll wait 10
says 'no timeout is none' "$short" epoll wait 0
says 'not ending is not ending' "$short" epoll wait -1 ready
says 'pwait: not ending is not ending' "$short" epoll pwait -1 ready
ok 'it is set' tool put $knob 50
for way in wait pwait; do
	says "$way: a millisecond is as long" '^[5-9][0-9]{4}$' epoll $way 1
done
says 'what happens is not waited for' "$short" epoll wait 1 ready
ok 'it is turned off' tool put $knob 0
for way in wait pwait wait32 pwait32; do
	says "$way: a millisecond is one" '^[1-3][0-9]{3}$' epoll $way 1
done
ok 'other values are refused' tool denies EINVAL $knob -1 1001 x
refused 'a user may not' 1 EACCES tool as 1000 put $knob 1

# Two writers at once: it is one or the other in the end, and never anything else.
for i in $(seq 100); do echo 5 > $knob; done &
for i in $(seq 100); do echo 6 > $knob; done
wait $!
says 'two writers at once' '^[56]$' cat $knob
echo 4 > $knob

# Applied while a process waits, undone when none does
if [ -n "$stock_kernel" ]; then
	ok 'a process that waited before still waits' kill -0 $waiter
	finish $waiter
	epoll pwait 100000 &
	waiter=$!
	wait_for sleeps_in 281 $waiter	# epoll_pwait
	refused 'undo waits for a waiting process' 3 epoll ksplice-undo --wait=0 min_epoll_wait
	finish $waiter
	says 'the update is still there' "$long" epoll wait 1
else
	ok 'a process that waited before still waits # skip it was there from the start' true
	ok 'undo waits for a waiting process # skip it was there from the start' true
	ok 'the update is still there # skip it was there from the start' true
fi
