#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Others who change or watch kernel code go on working with updates, and
# updates with them: BPF programs, livepatches, profiling, the unwinder; and
# NMIs that run into what is just being written.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Guest;

make_updates(function => 'vmlinux-function', sleeper => 'sleeper',
    nmi => root_dir() . '/bench/guest/call.patch');

run_guest(51, <<'END', make_modules(qw(storm live_version live_cmdline unwind)));
stage() { # ID STAGE
	echo $2 > /sys/kernel/ksplice/$1/stage
}
toggle() { # ID TIMES
	for turn in $(seq $2); do
		stage $1 reversed && stage $1 applied || return 1
	done
}
# A program that works until its stdin ends: start, and stop.
mkfifo /tmp/in
start() { # COMMAND...
	"$@" < /tmp/in > /tmp/helper 2>&1 &
	helper=$!
	exec 7> /tmp/in
	wait_for grep -q ready /tmp/helper
}
stop() {
	exec 7>&-
	wait $helper
}

# BPF
tracing=/sys/kernel/tracing
traced() {
	: > $tracing/trace
	cat /proc/version
	grep -ow 'fentry\|fexit' $tracing/trace | xargs echo bpf:
}
attach() { start perl /t/guest/bpf.pl version_proc_show; }
ok 'BPF programs at the entry and the exit' attach
says 'work before the update' '^bpf: fentry fexit$' traced
apply function
says 'while it is applied' '^bpf: fentry fexit$' traced
says 'and the new code runs' '^patched: version$' cat /proc/version
undo function
says 'and afterwards' '^bpf: fentry fexit$' traced
apply function
stop
says 'they go while it is applied' '^patched: version$' cat /proc/version
ok 'and are attached again' attach
says 'and work' '^bpf: fentry fexit$' traced
says 'around the new code' '^patched: version$' cat /proc/version
undo function
stop
says_not 'nothing is left of either' patched cat /proc/version

# Live patches
settled() { # NAME
	[ "$(cat /sys/kernel/livepatch/$1/transition)" = 0 ]
}
live() { insmod /modules/$1.ko && wait_for settled $1; }
gone() { [ ! -e /sys/kernel/livepatch/$1 ]; }
no_live() {
	echo 0 > /sys/kernel/livepatch/$1/enabled && wait_for gone $1 && rmmod $1
}
ok 'a livepatch of another function' live live_cmdline
apply function
says 'works together' '^patched: version$' cat /proc/version
says 'with an update' '^live: cmdline$' cat /proc/cmdline
ok 'it is removed first' no_live live_cmdline
undo function
ok 'a livepatch of the same function' live live_version
refused 'conflicts' 1 "'version_proc_show' is replaced by a livepatch" \
	ksplice-apply /updates/function.tar.gz
says 'and still works' '^live: version$' cat /proc/version
ok 'it is removed' no_live live_version
apply function
ok 'one that is applied later' live live_version
says 'takes over' '^live: version$' cat /proc/version
undo function
says 'it does not need what it took over from' '^live: version$' cat /proc/version
ok 'it is removed' no_live live_version
says 'and leaves the old code' '^Linux version' cat /proc/version
apply function
ok 'once more' live live_version
ok 'it is removed first' no_live live_version
says 'and gives back to the update' '^patched: version$' cat /proc/version
undo function

# The unwinder
insmod /modules/unwind.ko
mkfifo /tmp/fifo
apply sleeper
sleep 1000 > /tmp/fifo &
writer=$!
cat /tmp/fifo > /dev/null &
reader=$!
ok 'a task sleeps in new code' wait_for reads_pipe $reader
echo $reader > /sys/module/unwind/parameters/pid
says 'its stack is reliable' 'pipe_read.ksplice_sleeper\+0x' \
	cat /sys/module/unwind/parameters/stack
echo t > /proc/sysrq-trigger
trace_of() { # the task's part of the log
	dmesg | sed -n "/task:cat .* pid:$reader /,/<\/TASK>/p" | grep 'pipe_read'
}
says 'and what the kernel prints of it is not in doubt' '] +pipe_read.ksplice_sleeper\+' trace_of
finish $reader $writer
undo sleeper

# NMIs and profiling
insmod /modules/storm.ko
count() { # WHAT
	sed "s/.*$1 \([0-9]*\).*/\1/" /sys/module/storm/parameters/counts
}
storm() { echo $1 > /sys/module/storm/parameters/run; }
apply nmi
ok 'samples are taken' start perl /t/guest/sample.pl
storm 1
ok 'an update is undone and applied under NMIs that call its function' toggle nmi 20
storm 0
stop
says 'it is sampled' '^[1-9][0-9]+ samples' cat /tmp/helper
cat /sys/module/storm/parameters/counts | sed 's/^/# /'
ok 'NMIs met the old function' [ "$(count old)" -gt 0 ]
ok 'and the new one' [ "$(count new)" -gt 0 ]
ok 'and what was just being written' [ "$(count caught)" -gt 0 ]
ok 'and nothing else' [ "$(count other)" = 0 ]
undo nmi
untouched 'nothing is left'
END
