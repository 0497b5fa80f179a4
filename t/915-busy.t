#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A function that a task sleeps in is not replaced, and the refusal names the
# task; when it has left, the update is applied.  The same for undo.  And when
# the watch has no room for all who have run, or nobody is looked at before the
# stop, the stop looks at everyone.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(sleeper => 'sleeper', function => 'vmlinux-function');

run_guest(31, <<'END');
mkfifo /tmp/fifo
cat > /tmp/reader <<'EOS'
#!/usr/bin/perl
open my $comm, '>', '/proc/self/comm'; print $comm $ARGV[0]; close $comm;
open my $in, '<', '/tmp/fifo' or die;
defined sysread($in, my $text, 100) or print("$!\n"), exit 1;
print $text;
EOS
blocked() { # the reader is in pipe_read
	reads_pipe $reader
}
start_reader() {
	sleep 1000 > /tmp/fifo &
	writer=$!
	perl /tmp/reader "$1" < /dev/null > /tmp/read &
	reader=$!
	wait_for blocked
}
end_reader() {
	echo something > /tmp/fifo
	wait $reader
	kill $writer
}
start_reader sleeping-beauty
ok 'a task sleeps in pipe_read' blocked
refused 'the update is busy, and the task is named' 3 \
	"$reader.*sleeping-beauty.*pipe_read\+0x" \
	ksplice-apply /updates/sleeper.tar.gz
refused 'a dry run reports the same' 3 \
	"$reader.*sleeping-beauty.*pipe_read\+0x" \
	ksplice-apply --dry-run /updates/sleeper.tar.gz
untouched 'nothing is left'
ok 'the task is where it was' blocked
end_reader
says 'and continues unharmed' something cat /tmp/read
apply sleeper
start_reader nopipe
says 'the new code runs' 'not permitted' cat /tmp/read
kill $writer
start_reader awake
ok 'a task sleeps in the new pipe_read' blocked
refused 'the undo is busy, and the task is named' 3 \
	"$reader.*awake.*pipe_read.ksplice_sleeper\+0x" ksplice-undo sleeper
says 'it stays applied' '^sleeper .*applied' ksplice-view
end_reader
says 'the task continues unharmed' something cat /tmp/read
undo sleeper
start_reader nopipe
ok 'the old code runs' blocked
end_reader
says 'and reads' something cat /tmp/read
untouched 'nothing is left'

# Twenty processes that run all the time; the core stays while 'function' does.
perl -e 'setpgrp; for (1 .. 20) { fork or do { select undef, undef, undef, 0.02 while 1 } }
	sleep 1000' &
nappers=$!
looked_at() { # TITLE FROM TO: so many tasks in the stop
	line=$(tail -n 1 /sys/kernel/debug/ksplice/sleeper/log)
	n=${line%% in it;*}
	n=${n##* }
	echo "$line" > /tmp/out
	[ "$n" -ge $2 ] && [ "$n" -le $3 ]
	result $? "$1"
}
everyone() { # TITLE FROM TO
	start_reader sleeping-beauty
	refused "$1: a task that sleeps is found" 3 \
		"$reader.*sleeping-beauty.*pipe_read\+0x" \
		ksplice-apply --wait=0 /updates/sleeper.tar.gz
	end_reader
	apply sleeper
	looked_at "$1: that many are looked at in the stop" $2 $3
	undo sleeper
}
parameters=/sys/module/ksplice/parameters
# Who asks for the stop waits for it, and so is one to be recorded.
apply function
everyone 'room enough' 1 40
echo 1 > $parameters/watch_entries
everyone 'no room to watch' 50 1000
echo 4096 > $parameters/watch_entries
echo 0 > $parameters/precheck
everyone 'no look before the stop' 50 1000
kill -- -$nappers
undo function
untouched 'nothing is left'
END
