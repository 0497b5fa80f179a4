#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Entries of tables go where their function goes: those of a replaced function
# are in the new code and are about it, the others are not.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $fixture = <<'END';
#define alone __attribute__((noipa))
#define section(name, flags, text) \
	".pushsection " name ",\"" flags "\"\n" text "\n.popsection\n"
#define SITES \
	asm volatile("1: nopl 8(%%rax,%%rax)\n2: nop\n" \
		section(".return_sites", "a", ".long 1b - .") \
		section(".retpoline_sites", "a", ".long 3f - .") \
		section(".smp_locks", "a", ".balign 4\n.long 1b - .") \
		section("__mcount_loc", "a", ".quad 1b") \
		section("__ex_table", "a", ".balign 4\n.long 1b - ., 2b - ., 7") \
		section("__bug_table", "aw", ".long 1b - ., 4f - .\n.word 12, 3") \
		section("__jump_table", "aw", \
			".balign 8\n.long 1b - ., 2b - .\n.quad key + 1 - .") \
		section(".static_call_sites", "aw", ".balign 4\n.long 1b - ., key + 8 - .") \
		section(".altinstructions", "a", \
			".long 1b - ., 5f - .\n.word 0x21\n.byte 5, 5\n" \
			".long 2b - ., 6f - .\n.word 0x22\n.byte 1, 0") \
		section(".altinstr_replacement", "ax", "5: call other\n6:") \
		section(".parainstructions", "a", \
			".balign 8\n.quad 1b\n.byte 2, 5") \
		section(".rodata.str1.1", "aMS\",@progbits,1#", "4: .asciz \"file.c\"") \
		"3: call __x86_indirect_thunk_rax\n" ::: "rax")
long key[2] = { 1 };
alone void before(void) { SITES; }
#ifdef PATCHED
alone int middle(int x) { SITES; SITES; return x + 1; }
#else
alone int middle(int x) { SITES; SITES; return x; }
#endif
alone void after(void) { SITES; }
END
my %entry = (
    '.return_sites'      => 4,
    '.retpoline_sites'   => 4,
    '.smp_locks'         => 4,
    '__mcount_loc'       => 8,
    '__ex_table'         => 12,
    '__bug_table'        => 12,
    '__jump_table'       => 16,
    '.static_call_sites' => 8,
    '.altinstructions'   => 24,
);
my $diff = diff_text($fixture);
is($diff->{status}, 0, 'one of three functions changes') or diag $diff->{err};

my $new = "$diff->{dir}/new.o";
my $section = objdump_sections($new);
my $relocation = objdump_relocations($new);
my ($middle) = grep { $_->{name} eq 'middle' } objdump_symbols($new);

for my $table (sort keys %entry) {
    is($section->{$table}{size}, 2 * $entry{$table}, "$table: the two entries of the function");
    my @places = grep { $_->{offset} % $entry{$table} == 0 } @{ $relocation->{$table} };
    is_deeply([map { $_->{symbol} } @places], ['middle', 'middle'], '... are about its new code');
    ok((!grep { $_->{addend} < 0 || $_->{addend} >= $middle->{size} } @places),
        '... and about places in it');
    cmp_ok($places[0]{addend}, '<', $places[1]{addend}, '... in the order that they had');
}
is($section->{'.altinstr_replacement'}{size}, 10, 'replacements: two of five bytes');
like($relocation->{'.altinstr_replacement'}[0]{symbol}, qr/^ksplice_abc_vmlinux_\d+_other$/,
    'and they have their relocations');
is_deeply([map { $_->{addend} } grep { $_->{symbol} eq '.altinstr_replacement' }
        @{ $relocation->{'.altinstructions'} }], [0, 5], 'entries refer to them');
is($section->{'.parainstructions'}{size}, 32, 'two entries of .parainstructions');
is($section->{'.parainstructions'}{align}, 8, 'alignment is kept');
ok($section->{'__jump_table'}{flags}{DATA}, '__jump_table can be written to');
ok($section->{'.altinstr_replacement'}{flags}{CODE}, 'replacements are code');
like($relocation->{'__jump_table'}[2]{symbol}, qr/^ksplice_abc_vmlinux_\d+_key$/,
    'a static key is imported');
is($relocation->{'__jump_table'}[2]{addend}, 1, '... with its flag');
is($section->{'.rodata'}{size}, 2 * length("file.c\0"), 'the strings of bug entries are copied');

# The last entry of .parainstructions in an object is six bytes shorter.
(my $last = $fixture) =~ s/return x \+ 1;/return x;/;
$last =~ s/(void after\(void\) \{ SITES;)/$1 asm("nop");/;
$last =~ s{(#ifdef PATCHED\n.*?)(#else\n.*?)(#endif\n)(.*\n)}
    {$1$4$2void after(void) { SITES; }\n$3}s;
(my $next = $last) =~ s/\b(before|middle|after|key)\b/${1}_2/g;
$diff = diff(build_pair($last), build_pair($next));
is($diff->{status}, 0, 'the last function changes, in two units') or diag $diff->{err};
is(objdump_sections("$diff->{dir}/new.o")->{'.parainstructions'}{size}, 16 + 10,
    'a short entry is filled up before the next one');

# A pre function with other entries is another function; with none, an unchanged object.
(my $same = $fixture) =~ s/return x \+ 1/return x/;
is(diff_text($same)->{status}, 66, 'the same entries are no change');
(my $only = $same) =~ s/SITES; SITES; return x;/SITES; return x;/;
is(diff_text($only)->{status}, 0, 'fewer of them are one');

done_testing;
