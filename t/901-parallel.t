#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The processors of a guest run at the same time, so that what races on a real
# machine can race here; with --single they take turns.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Guest;
use Ksplice::Cache qw(cache_dir);
use Test::More;

# Two that run at the same time take turns some millions of times, on a busy
# machine less often; two that share a thread some 500 times, whatever else runs.
use constant { SECONDS => 5, ENOUGH => 20_000 };

my $dir = scratch_dir();
my @build = (qw(gcc -O2 -Wall -Wextra -static -pthread -o), "$dir/turns",
    root_dir() . '/t/guest/turns.c');
is((run_cmd(@build))[0], 0, 'a program that has two processors take turns') or die "@build", "\n";

sub turns (@option) {
    my ($status, $out, $err) = run_cmd({ env => { KSPLICE_CACHE => cache_dir() } }, 'dev/vm',
        '--release=' . guest_release(), "--dir=$dir", @option, '--',
        '/' . ($dir =~ s{.*/}{}r) . '/turns', SECONDS);
    is($status, 0, join ' ', 'vm', @option, 'runs it') or diag($err);
    return int($out || 0);
}

my $parallel = turns();
cmp_ok($parallel, '>', ENOUGH, 'they see each other all the time');
my $single = turns('--single');
cmp_ok($single, '>', 1, 'with --single they do, too');
cmp_ok($single, '<', ENOUGH, 'but only once each time that the other has run');

done_testing();
