#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Where functions share a section the assembler works out the distance from one
# to another by itself: a copy of one still reaches the others, or is refused.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

sub summary ($diff) {
    diag $diff->{err} if $diff->{err} ne '';
    return "$diff->{status} " . join ' ',
        map { s/^replace //r } map { s/ dir\/1\.o//r =~ s/ \(.*//r } split /\n/, $diff->{summary};
}

# What a function of the new code refers to
sub targets ($diff, $function) {
    my $relocations = objdump_relocations("$diff->{dir}/new.o");
    my ($symbol) = grep { $_->{name} eq $function } objdump_symbols("$diff->{dir}/new.o");
    return join ' ', map { "$_->{symbol} $_->{type}" }
        grep { $_->{offset} >= $symbol->{value}
            && $_->{offset} < $symbol->{value} + $symbol->{size} }
        @{ $relocations->{ $symbol->{section} } };
}

my $sched = '#define S __attribute__((noipa, section(".sched.text")))' . "\nint h(int);\n";
my $pair = $sched . <<'END';
static S int a(int x) { return h(x) + A; }
S int b(int x) { return a(x) * B; }
S int c(int x) { return a(x) - 1; }
END
my ($pre) = build_pair("#define A 1\n#define B 2\n$pair");
is_deeply([map { $_->{symbol} } @{ objdump_relocations($pre)->{'.sched.text'} }], ['h'],
    'the fixture has calls without a relocation');
my $patch = sub ($old, $new) { "#ifdef PATCHED\n$new\n#else\n$old\n#endif\n$pair" };
my $diff = diff_text($patch->("#define A 1\n#define B 2", "#define A 1\n#define B 3"));
is(summary($diff), '0 b', 'one of several functions of a section');
like(targets($diff, 'b'), qr/^ksplice_abc_vmlinux_\d+_a R_X86_64_PLT32$/,
    '... calls the one beside it');
is((run_cmd('objdump', '-s', '-j.sched.text', "$diff->{dir}/new.o"))[1] =~ /e8000000 00/, 1,
    '... with nothing in the field, as the loader wants it');
like((run_cmd('objmanip/objmanip', 'inspect', "$diff->{dir}/old.o"))[1],
    qr/^label a\@dir\/1\.o, /m, '... which the pre image knows');
$diff = diff_text($patch->("#define A 1\n#define B 2", "#define A 5\n#define B 3"));
is(summary($diff), '0 a b', 'both of them');
is(targets($diff, 'b'), 'a R_X86_64_PLT32', '... the call is to the new one');
$diff = diff_text($patch->("#define A 1\n#define B 2", "#define A 1\n#define B 2\n"
    . 'S int first(int x) { return h(x) ^ 4; }' =~ s/^S/__attribute__((section(".sched.text")))/r)
    =~ s/(?=#ifdef)/int h(int);\n/r);
is(summary($diff), '66 ignored first', 'other distances alone are no difference');

# A jump of two bytes
my $short = $sched . <<'END';
static S int a(int x) { return h(x) + 1; }
#ifdef PATCHED
S int b(int x) { return a(x * 3); }
#else
S int b(int x) { return a(x * 2); }
#endif
S int k(int x) { return h(x) + 7; }
END
$diff = diff_text($short);
is(summary($diff), '0 b copy a', 'a short jump to one that does not change: it is copied as well');
my ($jump) = grep { /^jmp/ } map { $_->[1] } @{ objdump_code("$diff->{dir}/new.o")->{b} };
like($jump, qr/<a\.ksplice_abc>$/, '... and is the target of the jump');
is(scalar @{ objdump_relocations("$diff->{dir}/new.o")->{'.ksplice_replaced'} }, 1,
    '... but the old one is not replaced');
$diff = diff_text($short =~ s/\+ 1; \}/+\n#ifdef PATCHED\n2\n#else\n1\n#endif\n; }/r);
is(summary($diff), '0 a b', 'a short jump to one that changes');

# Assembly
sub assembly (@parts) {
    return 'asm(".pushsection .text.asm,\"ax\"\n' . join('', map { s/\n/\\n/gr } @parts)
        . '.popsection");';
}

sub function ($name, $code, $align = 16) {
    return ".balign $align\n.globl $name\n.type $name,\@function\n$name: $code\n"
        . ".size $name,.-$name\n";
}

sub patched ($old, $new) {
    return diff_text("#ifdef PATCHED\n" . assembly(@$new) . "\n#else\n" . assembly(@$old)
        . "\n#endif\nint other(void) { return 1; }\n");
}
my $behind = function('behind', 'xor %eax,%eax; ret', 1);
$diff = patched([function('f', 'mov $1,%eax'), $behind], [function('f', 'mov $2,%eax'), $behind]);
is(summary($diff), '0 f copy behind', 'code that falls through is copied with the code after it');
is(summary(patched([function('f', 'mov $1,%eax'), function('g', 'mov $1,%eax; ret', 1)],
    [function('f', 'mov $2,%eax'), function('g', 'mov $2,%eax; ret', 1)])), '0 f g',
    '... whether that changes or not');
is_refused(patched([function('f', 'mov $1,%eax; ret'), $behind],
    [function('f', 'mov $2,%eax; .byte 6; ret'), $behind]),
    "dir/1.o: 'f' changes or is new, and has no instruction at offset 0x5 that is known: it "
    . 'cannot be copied',
    'code that is not understood');
$diff = patched([function('f', 'lea table(%rip),%rax; ret'), function('table', 'ret', 1)],
    [function('f', 'nop; lea table(%rip),%rax; ret'), function('table', 'ret', 1)]);
like(targets($diff, 'f'), qr/^ksplice_abc_vmlinux_\d+_table R_X86_64_PC32$/,
    'an address beside it');
$diff = patched([function('f', 'mov $1,%eax; 1: ret'), function('g', 'jmp 1b')],
    [function('f', 'mov $2,%eax; 1: ret'), function('g', 'jmp 1b')]);
is(summary($diff), '0 f g', 'one that jumps into the middle of a changed one is replaced, too');

# A function with a second entry: both are replaced, side by side.
my $two = sub ($number, $operation) {
    return [function('one', "mov \$$number,%eax\njmp 1f\n.globl two\n"
        . "two: $operation %eax,%eax\n1: ret")];
};
for ([2, 'xor', 'the first'], [1, 'or', 'the second']) {
    my $which = $_->[2];
    $diff = patched($two->(1, 'xor'), $two->(@$_[0, 1]));
    is(summary($diff), '0 one two', "a function with two entries of which $which changes");
    is(scalar @{ objdump_relocations("$diff->{dir}/new.o")->{'.ksplice_replaced'} }, 2,
        '... has a redirect at each');
    my %at = map { $_->{name} => $_->{value} } objdump_symbols("$diff->{dir}/new.o");
    is($at{two} - $at{one}, 7, '... and stays one piece');
}

$diff = patched([function('f', 'mov $1,%eax; ret')],
    [function('f', 'jmp one'), @{ $two->(1, 'xor') }]);
is(summary($diff), '0 f new function one new function two', 'a new one is in one piece, too');

# Copied together, both are aligned as they were.
my @old = (function('f', 'mov $1,%eax'), function('g', 'mov $1,%eax; ret', 64), $behind);
$diff = patched(\@old, [map { s/\$1/\$2/r } @old]);
is(summary($diff), '0 f g', 'two that follow one another');
my %symbol = map { $_->{name} => $_ } objdump_symbols("$diff->{dir}/new.o");
is($symbol{g}{value} % 64, 0, '... keep their places');
is(objdump_sections("$diff->{dir}/new.o")->{'.text.asm'}{align}, 64, '... and their alignment');

done_testing;
