#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What an instruction refers to is known where a section holds several
# variables: the addend of the relocation depends on the immediate behind it.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

# Each variable's neighbour is right before or behind it, without a gap, and
# in post all of them stand elsewhere in the section.
my $source = <<'END';
#define V __attribute__((section(".data..read_mostly"), used)) static volatile
#ifdef PATCHED
V long a0; V int b0; V short c0; V char d0; V short c00; V char d00;
#endif
V char d1; V char d2; V char d3; V char d4; V short c1; V short c2; V short c3;
V int b1; V int b2; V int b3; V long a1; V long a2; V long a3;
void set(void) { a2 = 1000000; b2 = 1000000; c2 = 10000; d2 = 100; }
void add(void) { a2 += 1000000; b2 += 1000000; c2 += 10000; d2 += 100; }
void and(void) { a2 &= 3; b2 &= 3; c2 &= 3; d3 &= 3; }
void inc(void) { a2++; b2++; c2++; d2++; }
void shift(void) { a2 <<= 3; b2 >>= 3; c2 <<= 3; d2 <<= 3; }
int test(void) { return (a2 & 7) || (b2 & 0x10000) || (c2 & 7) || (d3 & 1); }
int compare(void) { return a2 == 77777 || b2 == 77777 || c2 == 7777 || d2 == 77; }
int copy(void) { a2 = b2; b3 = a2; c3 = d3; return c1 * 7 + b1 * 100000 + d4; }
volatile void *address(int i) { return i ? &a1 : (volatile void *)&d4; }
void locked(int x) { __atomic_fetch_add(&b2, x, 5); __atomic_fetch_add(&a3, 5, 5); }
END
my ($pre, $post) = build_pair($source);
my $relocations = objdump_relocations($pre);
my @several = grep { $_->{symbol} eq '.data..read_mostly' } map { @$_ } values %$relocations;
cmp_ok(scalar @several, '>', 30, 'the fixture has references to the section');
cmp_ok(scalar(my %addend = map { $_->{addend} => 1 } @several), '>', 10, '... of several sorts');
my $diff = diff($pre, $post);
is($diff->{status}, 66, 'all of them are understood');
print STDERR "# $_\n" for split /\n/, $diff->{err} . $diff->{summary} =~ s/^ignored data .*\n//mgr;

# The neighbour instead of the variable is noticed.
for my $function (qw(set add and inc shift test compare copy address locked)) {
    my ($line) = $source =~ /^(.* \**$function\(.*)$/m;
    my $other = $line =~ s/\b([a-d])2\b/${1}1/r =~ s/&a1/&a2/r;
    $diff = diff_text($source =~ s/^\Q$line\E$/#ifdef PATCHED\n$other\n#else\n$line\n#endif/mr);
    is($diff->{summary} =~ s/^ignored data .*\n//mgr =~ s/ \(.*//mgr, "replace dir/1.o $function\n",
        "the neighbour in $function()");
}

# A field that is no operand of an instruction: relative to itself or to its end?
is_refused(diff_text($source =~ s/V char d1;/V int b4; $&/r . <<'END'),
#ifdef PATCHED
#define RETURN "nop; ret"
#else
#define RETURN "ret"
#endif
asm(".pushsection .text.odd,\"ax\"\n.globl odd\n.type odd,@function\nodd: nop\n"
    ".long d1 - .\n" RETURN "\n.size odd,.-odd\n.popsection");
END
    "dir/1.o: cannot tell what 'odd' refers to in section '.data..read_mostly' at offset 0x1",
    'what cannot be understood is refused');

done_testing;
