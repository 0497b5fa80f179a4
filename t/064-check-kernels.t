#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# dev/check-kernels runs the tests that use a kernel with each kernel, continues after it
# was stopped, and prints one table.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my @tests = map { "$dir/$_.t" } qw(good bad skips skipped);
my $kernel = "\$ENV{KSPLICE_TEST_RELEASE}";

# Each writes a line when it runs.
sub test_file ($name, $code) {
    return spew("$dir/$name.t", "use Test::More;\nopen my \$file, '>>', '$dir/ran';"
        . " print \$file \"$name $kernel\\n\"; close \$file;\n$code\n");
}
test_file(good    => 'is($ENV{KSPLICE_TEST_STRICT}, 1, "strict"); done_testing;');
test_file(bad     => "isnt($kernel, '2-b', 'only the other kernel'); pass('more'); done_testing;");
test_file(skips   => 'pass("some"); SKIP: { skip "none", 2 } done_testing;');
test_file(skipped => "plan(skip_all => 'no reason') if $kernel eq '2-b'; pass; done_testing;");

sub check (@options) {
    my @defaults = grep {
        my ($name) = /(.*=)/;
        !grep { /^\Q$name\E/ } @options
    } '--kernels=1-a,2-b', "--dir=$dir/results";
    return run_cmd('dev/check-kernels', @defaults, @options);
}

sub ran () { return -e "$dir/ran" ? scalar(() = slurp("$dir/ran") =~ /\n/g) : 0 }

# What is not known before: how long it took.
sub table ($out) { return $out =~ s/\b\d+ s\b/N s/gr =~ s/ +/ /gr }

my ($status, $out, $err) = check(@tests[0, 1]);
is($status, 1, 'a test that fails with one kernel is status 1') or diag $err;
is(ran(), 4, 'each is run with each kernel');
my $log = "$dir/results/2-b/bad.t.log";
like($out, qr/^2-b: bad\.t$/m, 'each is named when it has ended');
is(table($out =~ s/\A.*?\n\n//sr), <<"END", 'a table of tests and kernels, and what failed');
 1-a 2-b
good passed N s passed N s
bad passed N s failed N s
all 2 passed, N s 1 passed, 1 failed, N s

$log:
 not ok 1 - only the other kernel
END

unlink "$dir/results/1-a/bad.t.result";
($status, $out) = check('--list', @tests[0, 1]);
is($status . ' ' . ran(), '1 4', '--list runs nothing');
like(table($out),
    qr/^bad not run failed N s\nall 1 passed, 1 not run, N s 1 passed, 1 failed, N s$/m,
    '... and shows what has not run');
check(@tests);
is(ran(), 9, 'only what is missing is run');
($status, $out) = check('--list', @tests[2, 3]);
is("$status\n" . table($out), <<'END', 'skips are shown, and are no failure');
0

 1-a 2-b
skips passed N s, 2 skipped passed N s, 2 skipped
skipped passed N s skipped N s
all 2 passed, N s 1 passed, 1 skipped, N s
END
($status, $out) = check('--anew', $tests[0]);
is($status . ' ' . ran(), '0 11', '--anew begins again');

spew("$dir/results/commit", 'another one');
($status, $out, $err) = check($tests[0]);
is("$status$err", "1check-kernels: the results in '$dir/results' are of another commit:"
    . " use --anew or another --dir\n", 'results of another commit are not mixed with new ones');

# --- what it is asked for --------------------------------------------------

($status, $out) = check('--list', "--dir=$dir/none");
like($out, qr/^$_ +not run +not run$/m, "$_ depends on the kernel")
    for qw(300-create 400-kmodsrc-builds 910-vmlinux);
unlike($out, qr/^$_ /m, "$_ does not") for qw(000-commands 100-compare 940-corpus);

($status, $out, $err) = check('--kernels=0.1', $tests[0]);
like("$status$err", qr/\A1check-kernels: no kernel 0\.1-amd64 is installed, cached or known/,
    'a series is its newest release of the flavour amd64');
($status, $out, $err) = check('--kernels=0.1-cloud-amd64', $tests[0]);
like("$status$err", qr/\A1check-kernels: no kernel 0\.1-cloud-amd64 is installed/,
    '... or of another');
for (['--jobs=0', "'--jobs=0' is not a number of jobs"], ['--kernels=,', '--kernels names none']) {
    my ($option, $message) = @$_;
    ($status, $out, $err) = check($option, $tests[0]);
    is("$status $err", "2 check-kernels: $message\ntry 'check-kernels --help'\n",
        "$option is refused");
}
($status, $out, $err) = check("$dir/none.t");
is("$status$err", "1check-kernels: there is no test '$dir/none.t'\n",
    'so is a test that is not there');

done_testing();
