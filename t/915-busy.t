#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A function that a thread sleeps in is not replaced, and the refusal names the
# thread; when it has left, the update goes in.  The same for the way out.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(sleeper => 'sleeper');

run_guest(16, <<'END');
mkfifo /tmp/fifo
cat > /tmp/reader <<'EOS'
#!/usr/bin/perl
open my $comm, '>', '/proc/self/comm'; print $comm $ARGV[0]; close $comm;
open my $in, '<', '/tmp/fifo' or die;
defined sysread($in, my $text, 100) or print("$!\n"), exit 1;
print $text;
EOS
blocked() { # the reader is in pipe_read
	grep -q pipe_read /proc/$reader/stack
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
ok 'a thread sleeps in pipe_read' blocked
refused 'the update is busy, and the thread is named' 3 \
	"$reader.*sleeping-beauty.*pipe_read\+0x" \
	ksplice-apply /updates/sleeper.tar.gz
refused 'a dry run says the same' 3 \
	"$reader.*sleeping-beauty.*pipe_read\+0x" \
	ksplice-apply --dry-run /updates/sleeper.tar.gz
untouched 'nothing is left'
ok 'the thread is where it was' blocked
end_reader
says 'and goes on unharmed' something cat /tmp/read
apply sleeper
start_reader nopipe
says 'the new code runs' 'not permitted' cat /tmp/read
kill $writer
start_reader awake
ok 'a thread sleeps in the new pipe_read' blocked
refused 'the undo is busy, and the thread is named' 3 \
	"$reader.*awake.*pipe_read.ksplice_sleeper\+0x" ksplice-undo sleeper
says 'it stays applied' '^sleeper .*applied' ksplice-view
end_reader
says 'the thread goes on unharmed' something cat /tmp/read
undo sleeper
start_reader nopipe
ok 'the old code runs' blocked
end_reader
says 'and reads' something cat /tmp/read
untouched 'nothing is left'
END
