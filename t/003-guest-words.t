#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The words of guest scripts that wait for a process: they see where it sleeps without
# reading its stack, and end it without a word of the shell.  No script does
# either in another way, or knows where in a function an instruction is.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();

# A script with the words, run by the guests' shell.
sub words ($text) {
    my $script = spew("$dir/script", $text);
    return run_cmd({ dir => $dir }, 'dash', root_dir() . '/t/lib/guest.sh', $script);
}

my ($status, $out, $err) = words(<<'END');
sleep 100 &
plain=$!
sleep 100 &
finish $plain $!
sh -c 'trap "" TERM; echo ready > ready; while :; do sleep 1; done' &
stubborn=$!
wait_for test -s ready
finish -KILL $stubborn
kill -0 $stubborn 2> gone || echo finished
finish $stubborn && echo again
END
is("$status$err", '0', 'the shell prints nothing about processes that a script ends');
is($out, "finished\nagain\n", 'they have ended then, also those that heed KILL only');

($status, $out, $err) = words(<<'END');
mkfifo fifo
sleep 100 > fifo &
writer=$!
perl -e 'sysread STDIN, $_, 1; sleep 100' < fifo &
reader=$!
wait_for reads_pipe $reader && echo reads
reads_pipe $writer || echo 'the other one does not'
echo > fifo
still_reads() { ! reads_pipe $reader; }
wait_for still_reads && echo 'no more'
perl -e 'select undef, undef, undef, 100' &
selects=$!
wait_for sleeps_in 23 $selects || wait_for sleeps_in 270 $selects && echo selects
sleeps_in 0 $selects || echo 'does not read'
finish $reader $writer $selects
END
is($status, 0, 'a script that waits for processes');
is($out, "reads\nthe other one does not\nno more\nselects\ndoes not read\n",
    'where they sleep is seen');

my @scripts = (glob(root_dir() . '/t/9*.t'), glob(root_dir() . '/kernel-patches/tests/*.sh'));
cmp_ok(scalar @scripts, '>', 40, 'the scripts of guests');
for my $file (@scripts) {
    my ($name) = $file =~ m{([^/]+)\z};
    my $text = slurp($file);
    ok($text !~ m{/proc/\S*/(?:stack|wchan)\b}, "$name reads no task's stack");
    ok($text !~ /\w_show[\w.]*\+(?!0x)\d/, "$name names no offset in code");
    ok($text !~ /^[^\n#]*\bkill\b[^\n]*\n\s*wait(?:[ \t]+\S+)?$/m,
        "$name lets no shell tell that it ends a process");
}

done_testing();
