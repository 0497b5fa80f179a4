#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The words of guest scripts that wait for a process: they see where it sleeps without
# reading its stack, and end it without a word of the shell.  No script does
# either in another way, or knows where in a function an instruction is.  And a guest that
# the emulation has broken is started anew.

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

# --- a guest that the emulation breaks ---------------------------------------

# So many times, then it ends with a status.
sub guest_broken ($times, $status, $word = 'ok') {
    my $vm = spew("$dir/vm", "#!/bin/sh\necho >> $dir/runs\n"
        . "echo \"$word 1 - run \$(wc -l < $dir/runs)\"\n"
        . "[ \$(wc -l < $dir/runs) -gt $times ] || exit 126\nexit $status\n");
    chmod 0755, $vm;
    unlink "$dir/runs";
    return run_cmd($^X, '-I' . root_dir() . '/t/lib', '-e', 'use Test::Ksplice::Guest;'
        . "\$Test::Ksplice::Guest::vm = '$vm'; run_guest(1, 'true', '--release=none')");
}
my $again = "# attempt 1 of 3: QEMU has made a fault; once more\n";
is_deeply([guest_broken(0, 0)], [0, "1..1\nok 1 - run 1\n", ''], 'a sound guest runs once');
is_deeply([guest_broken(1, 0)], [0, "1..1\nok 1 - run 2\n", $again],
    'one that QEMU breaks runs again, and only that counts');
is_deeply([guest_broken(0, 125)],
    [125, "1..1\nok 1 - run 1\n# the guest ended with status 125\n", ''],
    'no other fault is repeated');
is_deeply([guest_broken(1, 0, 'not ok')],
    [126, "1..1\nnot ok 1 - run 1\n# the guest ended with status 126\n", ''],
    'nor is one in which a check has failed');
is_deeply([guest_broken(9, 0)],
    [126, "1..1\nok 1 - run 3\n# the guest ended with status 126\n", $again . $again =~ s/1/2/r],
    'the third time it is a failure');

done_testing();
