#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Tasks that could run are checked like those that sleep, also while a kretprobe
# keeps return addresses of theirs: the kernel's unwinder warns if it is asked about
# such a task.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(sleeper => 'sleeper');
make_program('threads');

run_guest(9, <<'END', '--timeout=600');
tracing=/sys/kernel/tracing
mkfifo /tmp/end
nice -n 19 /updates/threads wake 6 /tmp/end > /tmp/threads &
threads=$!
ok 'threads wake each other by pipes' wait_for grep -q ready /tmp/threads
refused 'they conflict' 3 'in pipe_read\+0x' ksplice-apply --wait=2 /updates/sleeper.tar.gz

# Where they go on after schedule() is not on their stacks now.
ok 'a kretprobe' sh -c "echo r400:t/ret_schedule schedule > $tracing/kprobe_events"
echo 0 > $tracing/tracing_on
echo 1 > $tracing/events/t/enable
sleep 1
says 'it fires' 'ret_schedule +[1-9]' cat $tracing/kprobe_profile
refused 'they still conflict' 3 'in pipe_read\+0x' \
	ksplice-apply --wait=5 /updates/sleeper.tar.gz
says_not 'the kernel has no warning' 'WARNING|Call Trace' dmesg
echo 0 > $tracing/events/t/enable
ok 'the probe is removed' sh -c ": > $tracing/kprobe_events"
echo > /tmp/end
wait $threads
says 'all of them end well' 'wake: 6 of 6 ended well' cat /tmp/threads
untouched 'nothing is left'
END
