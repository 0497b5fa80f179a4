#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# In trees of random headers, every source that a random change of a header alters is found.
# KSPLICE_TEST_TREES=FROM-TO tries others of the trees than 1-12.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::RandomTree;
use Test::Reach;
use Test::More;

my $n_changes = 4;
my ($from, $to) = ($ENV{KSPLICE_TEST_TREES} // '1-12') =~ /^(\d+)-(\d+)\z/
    or die 'KSPLICE_TEST_TREES is not FROM-TO', "\n";
my ($n_altered, $n_reached, $n_all, @missed) = (0, 0, 0);
for my $seed ($from .. $to) {
    my %files = random_tree($seed);
    my $toy = new_reach_toy(scratch_dir(), %files);
    for my $n (1 .. $n_changes) {
        my ($file, $text) = random_change($n_changes * $seed + $n, %files) or next;
        my @altered = altered_sources($toy, $file, $text);
        my %reached = map { $_ => 1 } reached_by($toy, $file, $text);
        $n_altered += @altered;
        $n_reached += keys %reached;
        $n_all += @{ $toy->{sources} };
        next if !grep { !$reached{$_} } @altered;
        push @missed, "$seed/$n: $file: " . join ' ', grep { !$reached{$_} } @altered;
        diag($missed[-1]);
    }
}
is_deeply(\@missed, [], 'no source is missed');
cmp_ok($n_altered, '>=', 2 * ($to - $from + 1), 'enough changes altered a source');
cmp_ok($n_reached, '<', $n_all, 'not all were reached');
note("of $n_all sources $n_altered were altered, $n_reached reached");

done_testing();
