#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# dev/repeat-tests runs tests again and again and lists what failed, continues after
# it was stopped, and leaves no process.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my @tests = map { "$dir/$_.t" } qw(good seldom bad);

# Each writes a line when it runs.  One at a time: seldom.t fails the second time.
sub test_file ($name, $code) {
    return spew("$dir/$name.t", "use Test::More tests => 1;\n"
        . "open my \$file, '>>', '$dir/ran'; print \$file \"$name\\n\"; close \$file;\n$code\n");
}
test_file(good   => 'pass();');
test_file(bad    => 'fail("always");');
test_file(seldom => "ok(!-e '$dir/second' || -e '$dir/third', 'the second time'); my \$n = -e"
    . " '$dir/second' ? 'third' : 'second'; open my \$mark, '>', \"$dir/\$n\";");

sub repeat (@options) {
    return run_cmd('dev/repeat-tests', qw(--load=1 --jobs=1), "--dir=$dir/results", @options,
        @tests);
}

sub ran () { return scalar(() = (-e "$dir/ran" ? slurp("$dir/ran") : '') =~ /\n/g) }

my ($status, $out, $err) = repeat('--times=3');
is("$status$err", '1', 'a test that fails is status 1') or diag $out;
is(ran(), 9, 'each is run three times');
like($out, qr{^seldom\.t failed 1 of 3 times:\n  \Q$dir\E/results/2/seldom\.t\.log$}m,
    'one that fails once is listed');
like($out, qr/^bad\.t failed 3 of 3 times:$/m, 'and one that always fails');
unlike($out, qr/^good\.t failed/m, 'but none that passes');
like($out, qr/^9 of 9 runs, 2 tests failed\n\z/m, 'in one line at the end');
like(slurp("$dir/results/2/seldom.t.log"), qr/^not ok 1 - the second time$/m, 'a log is kept');

($status, $out) = repeat('--times=3', '--list');
is("$status " . ran(), '1 9', '--list runs nothing');
unlink "$dir/results/3/good.t.result";
($status, $out) = repeat('--times=3');
is("$status " . ran(), '1 10', 'only what is missing is run');
($status, $out) = repeat('--times=4');
is(ran(), 13, 'or one more round');

spew("$dir/results/commit", 'another one');
($status, $out, $err) = repeat('--times=3');
is("$status$err", "1repeat-tests: the results in '$dir/results' are of another commit:"
    . " use --anew or another --dir\n", 'results of another commit are not mixed with new ones');
@tests = ("$dir/good.t");
($status, $out) = repeat('--times=2', '--anew');
is("$status $out" =~ s/round.*\n//gr, "0 2 of 2 runs, 0 tests failed\n",
    '--anew begins again, and status 0 is that all passed');

# --- being stopped ---------------------------------------------------------

@tests = (test_file(slow => "kill 'TERM', slurp('$dir/pid'); sleep 60; pass();"));
spew("$dir/slow.t", slurp("$dir/slow.t") . "sub slurp { open my \$f, '<', shift; <\$f> }\n");
spew("$dir/start", "echo \$\$ > $dir/pid; exec " . root_dir()
    . "/dev/repeat-tests --load=1 --dir=$dir/stopped --times=1 $tests[0]\n");
($status) = run_cmd('sh', "$dir/start");
is($status, 'signal 15', 'it can be stopped');
ok(!-e "$dir/stopped/1/slow.t.result", 'what was running has no result');
my @commands = map { eval { slurp($_) } // () } glob '/proc/[0-9]*/cmdline';    # or it has ended
my @left = grep { s/\0/ /gr =~ m{\Q$dir\E/slow} } @commands;
is_deeply(\@left, [], 'and nothing is left running');

for (['--times=0', 'times'], ['--jobs=x', 'jobs'], ['--load=-1', 'load']) {
    my ($option, $name) = @$_;
    ($status, $out, $err) = run_cmd('dev/repeat-tests', $option, @tests);
    is("$status $err", "2 repeat-tests: '$option' is not a number of $name\n"
        . "try 'repeat-tests --help'\n", "$option is refused");
}
($status, $out, $err) = run_cmd('dev/repeat-tests', "$dir/none.t");
is("$status$err", "1repeat-tests: there is no test '$dir/none.t'\n",
    'so is a test that is not there');

done_testing();
