#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The oldest release that apt serves with its source takes an update as the newest
# one does.  With KSPLICE_TEST_RELEASES=all every one is tried.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Distro qw(known_releases has_source);
use Test::Ksplice;
use Test::More;

my $all = ($ENV{KSPLICE_TEST_RELEASES} // '') eq 'all';
my @releases;
for my $release (grep { /^6\.1\.0-\d+-amd64\z/ } known_releases()) {
    if (!has_source($release)) {
        diag("$release is left out: apt no longer has its source");
        next;
    }
    push @releases, $release;
    last unless $all;
}
plan tests => 1 + 4 * @releases;
isnt(scalar @releases, 0, "releases that have their source: @releases");

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
