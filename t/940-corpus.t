#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Real fixes of a stable kernel, one of every kind: what comes of each is what
# bench/lib/dozen says, in an update and in the stock kernel that it is for.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Cache qw(cache_dir);
use Test::Ksplice;
use Test::More;

my $list = root_dir() . '/bench/lib/dozen';
my @expected = slurp($list) =~ /^# ([^:\n]+): (?:(\d+), )?(.*)\n(\S+)$/mg;
plan tests => 3 + @expected / 4;

my ($status, $out, $err) = run_cmd({ env => { KSPLICE_CACHE => cache_dir() } }, 'bench/corpus',
    "--files=$list");
is($status, 0, 'bench/corpus') or diag $err;
my ($n, $applied) = (0, 0);
while (my ($what, $functions, $result, $name) = splice @expected, 0, 4) {
    my ($line) = $out =~ /^(\Q$name\E .*)/m;
    my $number = defined $functions ? qr/$functions +/ : qr//;
    like($line // '', qr/^\S+ +$number[\d.]+ +[\d.]+  \Q$result\E(?:\z|\W)/, "$what: $result");
    $n++;
    $applied++ if $result eq 'applied';
}
is($n, 12, 'a dozen');
like($out, qr/^corpus: $applied of $applied applied and undone\n\z/m, 'the score') or diag $out;
