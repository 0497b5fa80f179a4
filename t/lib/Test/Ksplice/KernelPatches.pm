# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice::KernelPatches - the tests in kernel-patches/tests, in a guest
#
# What a feature does is told by one script, whichever way it came into the
# kernel: booted with it, or put into the stock one.  The line "# tests: N" of a
# script says how many it has.  In it "tool" is kernel-patches/tests/tool.pl, C
# programs of that directory are on the PATH, and $stock_kernel says that the
# kernel was not booted with the series.

package Test::Ksplice::KernelPatches;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Test::Ksplice;
use Test::Ksplice::Guest qw(run_guest);
use lib root_dir() . '/dev/lib';
use KernelPatches qw(boot_kernel);

our @EXPORT = qw(run_booted count_tests feature_script guest_options);

my $tests = root_dir() . '/kernel-patches/tests';

# How many tests the scripts have together.
sub count_tests (@names) {
    my $n = 0;
    for my $name (@names) {
        slurp("$tests/$name.sh") =~ /^# tests: (\d+)$/m
            or die "$tests/$name.sh does not say how many tests it has\n";
        $n += $1;
    }
    return $n;
}

# What runs them, one after the other, as a part of a guest's script.
sub feature_script (@names) {
    return join '', <<'END', map { ". /tests/$_.sh\n" } @names;
PATH=$PATH:/helpers
tool() {
	perl /tests/tool.pl "$@"
}
END
}

# Compiles the C programs, and returns what the guest needs for the scripts.
sub guest_options () {
    my $helpers = scratch_dir() . '/helpers';
    mkdir $helpers;
    for my $source (glob "$tests/*.c") {
        my ($name) = $source =~ m{([^/]+)\.c\z};
        my ($status, $out, $err) = run_cmd('gcc', '-static', '-O1', '-Wall', '-Werror', '-pthread',
            '-o', "$helpers/$name", $source);
        die $err if $status;
    }
    return ("--dir=$tests", "--dir=$helpers");
}

# The scripts on the kernel of the series; never returns.
sub run_booted ($names, @options) {
    my $kernel = boot_kernel();
    if (!defined $kernel) {
        print "1..0 # skip the kernel is not in the cache: run 'make -C kernel-patches boot-kernel'"
            . " or set KSPLICE_TEST_BOOT_KERNEL\n";
        exit 0;
    }
    run_guest(count_tests(@$names), feature_script(@$names), "--kernel=$kernel",
        guest_options(), @options);
}

1;
