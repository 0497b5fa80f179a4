#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A pre image of objects that nothing is changed in: all their functions are in
# it, and none of them will be replaced.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my @pair = build_pair(<<'END');
int ext(int);
static const int table[4] = { 1, 2, 3, 4 };
__attribute__((noipa)) static int inner(int x) { return ext(table[x]) + 1; }
int outer(int x) { return inner(x) + 2; }
END
my $dir = scratch_dir();
my $symvers = spew("$dir/Module.symvers", "0x00000001\text\tvmlinux\tEXPORT_SYMBOL\t\n");
my @image = ('objmanip/objmanip', 'image', "--symvers=$symvers", "--out=$dir");

my ($status, $out, $err) = run_cmd(@image, map { "dir/$_.o=$pair[$_]" } 0, 1);
is("$status $out$err", '0 ', 'an image is made');
($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', "$dir/old.o");
is($status, 0, 'inspect finds no fault') or diag $err;
like($out, qr/^pre image: 2 units, /, 'both units are there');
is(() = $out =~ /: function (?:inner|outer)\b/g, 4, '... with all their functions');
unlike($out, qr/replaced/, '... none of which is replaced');
like($out, qr/ 0 imports/, 'and nothing is imported') or diag $out;
is(() = slurp("$dir/imports.h") =~ /^KSPLICE_IMPORT/mg, 0, '... nor in imports.h');

for my $bad ([], ["dir/1.o"], ["=$pair[0]"], ['dir/1.o=']) {
    ($status, $out, $err) = run_cmd(@image, @$bad);
    is($status, 2, "usage: '@$bad'");
}
($status, $out, $err) = run_cmd(@image, "dir/1.o=$dir/none.o");
is($status, 1, 'an object that is not there is a failure');
like($err, qr{^objmanip: .*'\Q$dir\E/none\.o'}, '... that is named');

done_testing;
