#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Of the series under test, the oldest release that apt serves with its source takes an
# update as the newest one does, and so does the newest one of the flavour cloud.  With
# KSPLICE_TEST_RELEASES=all every release is tried, or those that it names.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Distro qw(known_releases is_release_of has_source);
use Test::Ksplice;
use Test::Ksplice::Release qw(test_release);
use Test::More;

my @asked = split ' ', $ENV{KSPLICE_TEST_RELEASES} // '';

# Those that have their source, in this order; only the first one unless all or some are
# asked for.
sub releases_to_try {
    my @releases;
    for my $release (@_) {
        next if @asked && !grep { $_ eq $release || $_ eq 'all' } @asked;
        if (!has_source($release)) {
            diag("$release is left out: apt no longer has its source");
            next;
        }
        push @releases, $release;
        last unless @asked;
    }
    return @releases;
}

my ($series) = test_release() =~ /\A(\d+\.\d+)\./ or die 'no series: ' . test_release();
my @known = known_releases();
my @plain = releases_to_try(grep { is_release_of($_, $series, 'amd64') } @known);
my @cloud = releases_to_try(reverse grep { is_release_of($_, $series, 'cloud-amd64') } @known);
my @releases = (@plain, @cloud);
for my $name (grep { $_ ne 'all' } @asked) {
    die "KSPLICE_TEST_RELEASES: '$name' is no release of $series that has its source\n"
        if !grep { $_ eq $name } @releases;
}
plan tests => 2 + 4 * @releases;
isnt(scalar @plain, 0, "releases that have their source: @plain");
isnt(scalar @cloud, 0, "those of the flavour cloud: @cloud");

my $patch = root_dir() . '/t/patches/vmlinux-function.patch';
for my $release (@releases) {
    my $dir = scratch_dir() . '/u';
    mkdir $dir;
    my ($status, $out, $err) = run_cmd('ksplice-create', "--kernel=$release",
        "--patch=$patch", '--id=release', "--output=$dir/u.tar.gz");
    is($status, 0, "$release: ksplice-create") or diag $err;
    ($status, $out, $err) = run_cmd('dev/vm', "--release=$release", "--dir=$dir",
        '--', 'sh', '-c', 'uname -r && ksplice-apply -q /u/u.tar.gz &&
            cat /proc/version && ksplice-undo -q release && cat /proc/version');
    is($status, 0, '  ... applied and undone') or diag $err;
    like($out, qr/^\Q$release\E$/m, '  ... on that kernel');
    is(() = $out =~ /^patched: version$/mg, 1, '  ... and seen between the two');
}
