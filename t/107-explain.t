#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# --explain says of each replaced function what the first difference is, and
# where in the source.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

# The difference of f, which stands in line 5 of the fixture
sub explained ($old, $new) {
    my $diff = diff({ explain => 1 }, build_pair(<<"END"));
int g(void), h(int);
extern int a[];
#line 5 "fixture.c"
#ifdef PATCHED
#line 5
$new
#else
#line 5
$old
#endif
END
    my @lines = split /\n/, $diff->{summary};
    print STDERR "# $_\n" for split /\n/, $diff->{err};
    like($lines[0], qr{^replace dir/1.o f \(\d+ -> \d+ bytes\)$}, 'the function');
    return $lines[1];
}

like(explained('int f(void) { return 5; }', 'int f(void) { return 6; }'),
    qr/^    \+0x1: bytes differ \(.*fixture\.c:5\)$/, 'a byte');
like(explained('int f(void) { return g() + 1; }', 'int f(void) { return h(1) + 1; }'),
    qr/^    \+0x\w+: (?:bytes differ|refers to 'h' instead of 'g') \(.*fixture\.c:5\)$/, 'a call');
like(explained('int f(void) { return a[1]; }', 'int f(void) { return a[2]; }'),
    qr/^    \+0x2: refers to 'a\+0x8' instead of 'a\+0x4' \(/, 'an offset');
like(explained('const char *f(void) { return "one"; }', 'const char *f(void) { return "two"; }'),
    qr/^    \+0x3: refers to '"two"' instead of '"one"' \(/, 'a string');

my $diff = diff(build_pair("#ifdef PATCHED\nint f(void) { return 5;
}\n#else\nint f(void) { return 6; }\n#endif\n"));
is($diff->{summary}, "replace dir/1.o f (6 -> 6 bytes)\n", 'without it there is one line');

done_testing;
