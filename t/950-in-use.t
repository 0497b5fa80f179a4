#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Functions that are always in use: hundreds of tasks sleep in what is replaced.
# With a mark old calls end in the old body and later ones take the new; without,
# --kick has the tasks leave the kernel, and none of them notices but in the few
# system calls that are known for it.  What the one who asks is in himself is
# replaced like anything else.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(every => 'every-sleeper',
    map { $_ => $_ } qw(writer running loop sleepers schedule));
make_program($_) for qw(threads calls);

run_guest(77, <<'END', '--timeout=600');
cd /tmp
# threads KIND N: in the background, until `release KIND`
threads() {
	mkfifo "$1"
	/updates/threads "$1" "$2" "$1" > "$1.out" &
	wait_for grep -q ready "$1.out"
}
release() {
	echo > "$1"
	wait_for grep -q ended "$1.out"
	says "all of $1 ended well" ': ([0-9]+) of \1 ended well' cat "$1.out"
	rm "$1" "$1.out"
}
# as NAME CALL: what a process of that name is told
as() { perl /tmp/as "$@"; }
cat > /tmp/as <<'EOS'
open my $in, '<', '/proc/version';
open my $out, '>', '/dev/null';
my $name = shift;
my %call = (
	read => sub { sysread $in, my $x, 1 },
	pipe => sub { sysread STDIN, my $x, 1 },
	write => sub { syswrite $out, 1 },
);
$0 = $name;
my $result = defined $call{$ARGV[0]}->() ? 'done' : "$!";
$0 = 'perl';
print "$result\n";
EOS
# log ID: the last line of the log of an update
log() { tail -n 1 /sys/kernel/debug/ksplice/"$1"/log; }

says 'before' done as nowrite write
apply writer
says 'vfs_write is replaced, though write(2) asked for it' 'not permitted' as nowrite write
undo writer
says 'and put back' done as nowrite write

# With marks: poll, read, a timer that fires all the time, the loop of a task
threads read 200
threads poll 200
says 'before' done as newread read
apply running
says 'new calls of read take the new body' 'not permitted' as newread read
says_not 'no writable mapping of kernel text is left' 'ksplice_pieces_map|map_pages' \
	cat /proc/vmallocinfo
says 'all tasks were checked before the stop, and hardly any in it' \
	'replaced 4 functions; [0-9]{3,} tasks checked before the stop, [0-9]{1,2} in it' \
	log running
release read
release poll
cd /sys/kernel/tracing
echo 'update_process_times*' > set_ftrace_filter
echo function > current_tracer
ok 'the timer takes the new body' wait_for grep -q update_process_times.ksplice trace
echo nop > current_tracer
echo > set_ftrace_filter
cd /tmp
threads read 5
refused 'undo is refused while a task is in new code' 3 \
	'task [0-9]+ \(threads\) is in ksys_read.ksplice_running\+0x' \
	ksplice-undo --wait=1 running
release read
undo running
says 'the old body is back' done as newread read
threads read 100
apply running
undo running
says 'undo does not mind tasks in old code' done as newread read
release read
untouched 'nothing is left'
refused 'a mark does not help a function that jumps back to its start' 1 \
	"'hrtimer_active' cannot be replaced while tasks are in it: it jumps back" \
	ksplice-apply /updates/loop.tar.gz
untouched 'nothing is left'

# Without: busy, and nothing is stopped for it; or kicked
for kind in read poll select nanosleep; do
	threads $kind 100
done
refused 'sleeping tasks conflict' 3 'task [0-9]+ \(threads\) is in' \
	ksplice-apply --wait=0 /updates/sleepers.tar.gz
refused '  ... and the machine is not stopped to find out' 3 \
	'the machine was stopped 0 times' \
	ksplice-apply --wait=0 --debug /updates/sleepers.tar.gz
refused '--json' 3 '[0-9]+ conflicting tasks' \
	sh -c 'ksplice-apply --wait=0 --json /updates/sleepers.tar.gz > /tmp/json'
says '  ... names them' '^      "command": "threads"' cat /tmp/json
says '  ... and where they are' \
	'^      "function": "((anon_)?pipe_read|do_sys_poll|do_select|do_nanosleep)"' cat /tmp/json
untouched 'nothing is left'
ksplice-apply --wait=60 /updates/sleepers.tar.gz 2> /tmp/stopped &
waiting() { [ "$(cat /sys/kernel/ksplice/sleepers/request)" = running ]; }
wait_for waiting
finish -INT $!
says 'it can be interrupted' SIGINT cat /tmp/stopped
untouched 'nothing is left'
ok '--kick' ksplice-apply --kick --wait=20 /updates/sleepers.tar.gz
says '  ... the requesting task leaves the kernel like the sleepers' \
	'asked to leave the kernel, including the requesting task' \
	cat /sys/kernel/debug/ksplice/sleepers/log
says '  ... so the machine was stopped once' 'stopped 1 times' log sleepers
says 'the new code runs' 'not permitted' sh -c 'echo | perl /tmp/as newread pipe'
threads futex 3
ok 'undo with --kick' ksplice-undo --kick --wait=20 sleepers
for kind in read poll select nanosleep futex; do
	release $kind
done
untouched 'nothing is left'

# What the system calls make of it: some kernel thread is always in the way of
# this one, but the programs are asked all the same.
mkfifo calls
/updates/calls calls > calls.out &
ok 'a process sleeps in each of many system calls' wait_for grep -q ready calls.out
refused 'they are kicked' 3 'is in schedule\+0x' \
	ksplice-apply --kick --wait=0 /updates/every.tar.gz
echo > calls
wait $!
for call in read write poll poll-limit select nanosleep futex futex-limit wait4 accept \
	connect recv send flock pause sigsuspend msgrcv; do
	says "$call is restarted" "^$call restarted$" cat calls.out
done
for call in epoll_wait epoll_pwait semop semtimedop sigtimedwait sigwaitinfo io_getevents \
	recv-limit send-limit select-read-only; do
	says "$call ends with EINTR" "^$call EINTR" cat calls.out
done
untouched 'nothing is left'

# The scheduler itself: every task sleeps in it
apply schedule
ok 'the machine keeps running' sleep 1
refused 'it cannot be undone: some task is always in it' 3 '__schedule.ksplice_schedule\+0x' \
	ksplice-undo --wait=0 schedule
says 'it stays applied' '^schedule .*applied' ksplice-view
END
