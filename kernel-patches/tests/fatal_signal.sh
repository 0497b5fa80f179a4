#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# With kernel.print-fatal-signals-src-dst at 1 the log has sender and receiver of
# each signal that dumps core, and nothing of other signals.
#
# tests: 10
# allow: \A[^\n]*Call Trace:\z
# files: /proc/sys/kernel/print-fatal-signals-src-dst

knob=/proc/sys/kernel/print-fatal-signals-src-dst

# victim SIGNAL: sends it to a process; its number in $pid
victim() {
	sleep 1000 &
	pid=$!
	finish -$1 $pid
}

says 'it is off at first' '^0$' cat $knob
victim SEGV
says_not 'and logs nothing' 'fatal sig' dmesg
ok '1 turns it on' tool put $knob 1
victim TERM
victim KILL
says_not 'signals that dump no core are not told of' 'fatal sig' dmesg
victim SEGV
says 'one that does is' \
	"pid: $$, comm: sh try to send fatal sig: 11 to pid: $pid, comm: s(h|leep)" dmesg
says "with the sender's stack" 'Call Trace' dmesg
kill -0 $$
says_not 'signal 0 is none' 'fatal sig: 0' dmesg
for i in $(seq 30); do
	victim ABRT
done
says 'many are not all told of' '^[1-5]$' sh -c "dmesg | grep -c 'fatal sig: 6'"
ok 'what is neither 0 nor 1 is refused' tool denies EINVAL $knob 2 -1 on
echo 0 > $knob
dmesg -c > /dev/null
sleep 6
victim SEGV
says_not '0 turns it off' 'fatal sig' dmesg
