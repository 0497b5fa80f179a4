# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice::Strict - with KSPLICE_TEST_STRICT=1 a skip is a failure
#
# A test that skips because of a mistake looks like one that passes.  So where all
# that the tests need is there, a skip fails, but for those that the file
# t/allowed-skips lists, each with the reason why it is unavoidable.  This holds for
# skips of Test::More, and for those in the TAP of a guest (strict_line).
#
# Loaded by Test::Ksplice, which every test uses.

package Test::Ksplice::Strict;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter       qw(import);
use File::Basename qw(basename dirname);
use Test::Builder;

our @EXPORT_OK = qw(is_strict is_allowed read_allowed strict_line);

my $list = dirname(__FILE__) . '/../../../allowed-skips';

sub is_strict () { return ($ENV{KSPLICE_TEST_STRICT} // '') !~ /\A0?\z/ }

# -> [[FILE, PATTERN, WHY]...].  A line without a blank in front is "FILE: PATTERN", those
# after it say why; dies of one that is not understood or has no why.
sub read_allowed ($name = $list) {
    open my $file, '<', $name or die "cannot read '$name': $!\n";
    my @allowed;
    while (my $line = readline $file) {
        next if $line =~ /\A#|\A\s*\z/;
        if    ($line =~ /\A(t\/\S+\.t): (\S.*)/)       { push @allowed, [$1, qr/\A(?:$2)\z/, ''] }
        elsif ($line =~ /\A\s+(\S.*)/ && @allowed)     { $allowed[-1][2] .= "$1\n" }
        else                                           { die "$name:$.: cannot read this line\n" }
    }
    my ($bare) = grep { $_->[2] eq '' } @allowed;
    die "$name: the entry of '$bare->[0]' does not say why\n" if $bare;
    return \@allowed;
}

# Whether the test of that file may skip for that reason.
sub is_allowed ($file, $reason) {
    state $allowed = read_allowed();
    return scalar grep {
        basename($_->[0]) eq basename($file) && $reason =~ $_->[1]
    } @$allowed;
}

# A line of TAP, as it is or turned into a failure.
sub strict_line ($line) {
    return $line if !is_strict() || $line !~ /\A(?:ok\b|1\.\.0).*?#\s*skip\S*\s*(.*?)\s*\z/is;
    my $reason = $1;
    return $line if is_allowed($0, $reason);
    return "1..1\nnot ok 1 - skipped: $reason\n" if $line =~ /\A1\.\.0/;
    return $line =~ s/\Aok/not ok/r =~ s/#\s*skip\S*/- skipped:/ir;
}

# Test::More's skip() ends in Test::Builder's, its skip_all in plan().
sub refuse_skips () {
    no warnings 'redefine';
    my ($skip, $plan) = (\&Test::Builder::skip, \&Test::Builder::plan);
    *Test::Builder::skip = sub ($builder, $reason = '', @more) {
        return $skip->($builder, $reason, @more) if is_allowed($0, $reason);
        return $builder->ok(0, "skipped: $reason");
    };
    *Test::Builder::plan = sub ($builder, $what = '', $reason = '', @more) {
        return $plan->($builder, $what, $reason, @more)
            if $what ne 'skip_all' || is_allowed($0, $reason);
        $plan->($builder, tests => 1);
        $builder->ok(0, "skipped: $reason");
        exit 1;
    };
    return;
}

refuse_skips() if is_strict();

1;
