# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice::Release - the kernel that the tests are run with
#
# The default one of the distribution, or the one that KSPLICE_TEST_RELEASE names: a
# release, or a series for the newest one of that.  The latter was asked for, so a test that
# cannot have it fails, where it would else skip.

package Test::Ksplice::Release;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/../../../../lib';
use Ksplice         qw(failure_text);
use Ksplice::Distro qw(default_release named_release);
use Test::More;

our @EXPORT_OK = qw(test_release no_kernel);

sub test_release () {
    state $release = defined asked_for() ? named_release(asked_for()) : default_release();
    return $release;
}

sub asked_for () {
    my $name = $ENV{KSPLICE_TEST_RELEASE} // '';
    return $name eq '' ? undef : $name;
}

# Skips the whole test, with what an eval has caught; never returns.
sub no_kernel ($error) {
    my $why = failure_text($error) =~ s/\s*\n\s*/; /gr;
    die "no kernel '" . asked_for() . "' for this test: $why\n" if defined asked_for();
    plan(skip_all => "no kernel for this test: $why");
}

1;
