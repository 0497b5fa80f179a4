#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel's loader and its tables do for code works in new code, too:
# exceptions, warnings, debug messages, static keys and calls, per-cpu data,
# tracepoints, alternatives, locks; and so does assembly.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Guest;

make_updates(new => 'new-code hrtimeout', asm => 'assembly');

# The warning is so many lines before the debug message; the lines themselves depend on
# where in the file the patch applies.
my @lines = split /\n/, slurp(root_dir() . '/t/patches/new-code.patch');
my ($warning, $debug) = map { my $what = $_; grep { $lines[$_] =~ $what } 0 .. $#lines }
    qr/^\+.*WARN\(/, qr/^\+.*pr_debug\(/;

my $distance = $debug - $warning;

run_guest(33, "distance=$distance\n" . <<'END', '--allow=WARNING: .* test_warn\+0x');
cat > /tmp/try.pl <<'EOS'
for my $what (@ARGV) {
	open my $comm, '>', '/proc/self/comm' or die;
	print $comm "try-$what";
	close $comm;
	open my $show, '<', '/proc/cmdline' or die;
	print <$show>;
}
EOS
try() {
	perl /tmp/try.pl "$@"
}
apply new
says 'a function that a neighbour in its section calls without a relocation' timeout \
	perl -e 'select undef, undef, undef, 0.01; print "timeout\n"'
says '... is the one that new code calls' 'ksplice_test: hrtimeout$' dmesg
says 'faults of get_user, copy_from_user and unsafe_get_user are mended' '^user 0$' try user
says '... and one that gives its error in a register' '^futex 0$' try futex
says 'per-cpu variables count' '^percpu 3$' try percpu percpu percpu
says 'static and other locks, and a work item' '^locks 0$' try locks
says 'a table made of a switch' '^switch six$' try switch
says 'alternatives are applied' '^feature 1, tsc 1$' try none
says 'a static key is off at first' '^key off$' try none
says '... and can be switched on' '^key on$' try key-on
says '... and stays so' '^key on$' try none
says '... and off again' '^key off$' try key-off
says 'a static call' '^call 14$' try none
says '... can go elsewhere' '^call 21$' try call
try none > /dev/null
ok 'a message that is logged once' sh -c '[ $(dmesg | grep -c "ksplice_test: once") = 1 ]'

control=/sys/kernel/debug/dynamic_debug/control
[ -e $control ] || mount -t debugfs none /sys/kernel/debug
says 'a debug message is known' 'fs/proc/cmdline.c:[0-9]+ .*try =_ ' grep ksplice_test $control
says_not '... and off' debugging dmesg
ok '... can be switched on' sh -c "echo 'func try +p' > $control"
try none > /dev/null
says '... and is logged' 'ksplice_test: debugging none' dmesg

echo 1 > /sys/kernel/tracing/events/task/task_rename/enable
try trace > /dev/null
says 'a tracepoint of the kernel fires' 'task_rename: .*newcomm=ksplice_test' \
	cat /sys/kernel/tracing/trace
echo 0 > /sys/kernel/tracing/events/task/task_rename/enable

line=$(sed -n 's/.*cmdline.c:\([0-9]*\) .*ksplice_test: debugging.*/\1/p' $control)
line=$((line - distance))
try warn > /dev/null
# 7.3 has the message before it, and "at" in another place.
dmesg | sed -n '/WARNING: .*fs.proc.cmdline/,/end trace/p' | sed 's/^\[[^]]*\] //' > /tmp/warning
says 'a warning has its file and line' \
	"^WARNING: .*fs/proc/cmdline.c:$line (at )?test_warn\+0x.*\[ksplice_new" cat /tmp/warning
says '... and its text' 'ksplice_test: a warning$' dmesg
trace=$(sed -n '/<TASK>/,/<\/TASK>/s/^ *\([a-z_][^+]*\)+0x.*/\1/p' /tmp/warning | tr '\n' ' ')
# A tail call to seq_read_iter() leaves no frame.
says 'the stack is followed through new code' \
	'^try cmdline_proc_show.ksplice_new seq_read_iter (proc_reg_read_iter )?vfs_read ' \
	echo "$trace"
undo new
says_not 'the old code runs again' '^key' try none

cat > /tmp/put.pl <<'EOS'
pipe my $read, my $write or die;
syswrite $write, "12345";
my $n = "\0" x 4;
ioctl $read, 0x541b, $n or die "$!\n";		# FIONREAD
print "bytes ", unpack('V', $n), "\n";
print "nowhere: ", ioctl($read, 0x541b, 8) ? "done\n" : "$!\n";
EOS
apply asm
says 'a function of assembly' '^bytes 5$' perl /tmp/put.pl
says '... and its exception' '^nowhere: Bad address$' perl /tmp/put.pl
says '... has a redirect at each entry' '__put_user_4' cat /sys/kernel/ksplice/asm/patches
says '... and the other one' '__put_user_nocheck_4' cat /sys/kernel/ksplice/asm/patches
undo asm
says 'and the old one again' '^bytes 5$' perl /tmp/put.pl
END
