#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# An update of vmlinux changes what the running kernel does, and its undo
# changes it back, whatever kind of change the patch is.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(
    function  => 'vmlinux-function',
    ambiguous => 'ambiguous-static',
    string    => 'string-only',
    twofiles  => 'two-files',
    newthings => 'new-function-and-global',
    everysite => 'every-site',
);

run_guest(44, <<'END');
says_not 'stock: /proc/version' patched cat /proc/version
apply function
says 'a static function is replaced' '^patched: version$' cat /proc/version
says 'and the rest of it still runs' '^Linux version' cat /proc/version
says 'ksplice-view lists it' '^function .*applied' ksplice-view
says 'and what it replaced' version_proc_show ksplice-view --id=function
says 'matching is logged' 'matched [0-9]+ of [0-9]+ functions' \
	cat /sys/kernel/ksplice/function/match
undo function
says_not 'the old function runs again' patched cat /proc/version
untouched 'nothing is left'

says_not 'stock: /proc/modules' patched cat /proc/modules
apply ambiguous
says 'the right one of two functions of one name is replaced' ' patched$' \
	cat /proc/modules
says 'the other one is as it was' '/proc proc' cat /proc/mounts
undo ambiguous
untouched 'nothing is left'

apply string
says 'a string is replaced' 'loadavg$' cat /proc/loadavg
undo string
says_not 'the old string is back' loadavg cat /proc/loadavg

apply twofiles
says 'the function of the first file is replaced' '^patched: uptime$' cat /proc/uptime
says 'the function of the second file is replaced' '^patched: version too$' cat /proc/version
undo twofiles
says_not 'the first file is undone' patched cat /proc/uptime
says_not 'the second file is undone' patched cat /proc/version

apply newthings
says 'a new function and a new global are used' '^readers: 101$' cat /proc/cmdline
says 'the global keeps its value' '^readers: 102$' cat /proc/cmdline
says 'its symbols are in kallsyms' 'ksplice_test_readers.*\[ksplice_newthings' \
	cat /proc/kallsyms
undo newthings
says_not 'they are gone' readers cat /proc/cmdline
apply newthings
says 'applied anew, it starts anew' '^readers: 101$' cat /proc/cmdline
undo newthings

echo 'sh -c /bin/true && echo forked' > /tmp/try
cat > /tmp/nofork <<'EOS'
#!/usr/bin/perl
open my $comm, '>', '/proc/self/comm'; print $comm $ARGV[0]; close $comm;
my $pid = fork;
print defined $pid ? "forked\n" : "no fork: $!\n" if !defined $pid || $pid;
exit 0 if !defined $pid || !$pid;
waitpid $pid, 0;
EOS
says 'stock: anyone can fork' '^forked' perl /tmp/nofork nofork
apply everysite
says 'a function with every kind of site: new code' \
	'^no fork: Operation not permitted' perl /tmp/nofork nofork
says 'and all else that it does' '^forked' perl /tmp/nofork other
ok 'a hundred processes' sh -c \
	'i=0; while [ $i -lt 100 ]; do /bin/true || exit 1; i=$((i + 1)); done'
ok 'tracepoints in it work' sh -c 'cd /sys/kernel/tracing &&
	echo 1 > events/task/task_newtask/enable && /bin/true &&
	grep -q task_newtask trace && echo 0 > events/task/task_newtask/enable'
undo everysite
says 'undone: anyone can fork again' '^forked' perl /tmp/nofork nofork
untouched 'nothing is left in the end'
END
