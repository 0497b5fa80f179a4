#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The pre image describes the original code: its spans with their labels and
# relocations, and each place that the kernel may have rewritten.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $diff = diff_text(<<'END');
#define alone __attribute__((noipa))
#define section(name, flags, text) \
	".pushsection " name ",\"" flags "\"\n" text "\n.popsection\n"
int ext(int);
void *reg(const void *);
extern int far_away[];
int unused_but_global = 1;
static int unused = 2;
static int counter;
long key[2] = { 1 };
static volatile int per_cpu __attribute__((__section__(".data..percpu")));
static const struct { int (*call)(int); } operations = { ext };
__attribute__((__section__(".init.text"))) alone static int setup(int x) { return ext(x + 1); }
alone static int sites(int x)
{
	asm volatile("1: nopl 8(%%rax,%%rax)\n2: nop\n"
		section("__jump_table", "aw",
			".balign 8\n.long 1b - ., 2b - .\n.quad key + 1 - .")
		section(".static_call_sites", "aw", ".balign 4\n.long 1b - ., key + 8 + 1 - .")
		section(".altinstructions", "a",
			".long 1b - ., 5f - .\n.word 0x21\n.byte 5, 5\n"
			".long 2b - ., 6f - .\n.word 0x22\n.byte 1, 0")
		section(".altinstr_replacement", "ax", "5: movl $far_away + 4, %%eax\n6:")
		section(".smp_locks", "a", ".balign 4\n.long 2b - .")
		section(".retpoline_sites", "a", ".balign 4\n.long 3f - .")
		section("__ex_table", "a", ".balign 4\n.long 3f - ., 2b - ., 7")
		"3: call __x86_indirect_thunk_rax\n" ::: "rax");
	return x;
}
asm(section(".entry.text", "ax", ".skip 16, 0x90\n.globl padded\n.type padded, @function\n"
	"padded: ret\n.size padded, . - padded"));
asm(section(".text.code", "ax", "push %rax\n.globl pushes\n.type pushes, @function\n"
	"pushes: ret\n.size pushes, . - pushes"));
alone void starter(void) { reg((const void *)setup); }
alone int changed(int x)
{
#ifdef PATCHED
	reg("patched");
#endif
	reg("a\tstring\n");
	reg(&operations);
	counter++;
	per_cpu = far_away[3];
	return sites(x);
}
END
is($diff->{status}, 0, 'there is a pre image') or diag $diff->{err};

sub inspect {
    my ($file) = @_;
    my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', $file);
    is("$status $err", '0 ', 'inspect finds no fault');
    return $out;
}
my $text = inspect("$diff->{dir}/old.o");
my $unit = 'dir/1.o';

# The lines below the one of a span
sub span_of {
    my ($name) = @_;
    my ($lines) = $text =~ /^(  span \d+: [^\n]* \Q$name\E, .*?\n(?:    .*\n)*)/m;
    return $lines // '';
}
sub number_of { return span_of(@_) =~ /^  span (\d+):/ ? $1 : -1 }

like($text, qr/^pre image: 1 units, /, 'it starts with the numbers');
like($text, qr/^unit \Q$unit\E$/m, 'the unit is named');

my $changed = span_of('changed');
like($changed, qr/: function changed, \d+ bytes, \.text\.changed, replaced$/m,
    'the function that is replaced');
like($changed, qr/^    0x[0-9a-f]+ (?:plt|pc)32 sites\@\Q$unit\E-0x4$/m,
    'its call of a static function');
like($changed, qr/^    0x[0-9a-f]+ pc32 far_away\+0x8$/m,
    'a reference into a variable: 12 bytes in, 4 bytes before the end of the instruction');
like($changed, qr/^    0x[0-9a-f]+ pc32 per_cpu\@\Q$unit\E-0x\d$/m, 'one to a static one');
like(span_of('starter'), qr/^    0x[0-9a-f]+ abs32s? setup\@\Q$unit\E$/m,
    'one to code that is gone after boot');

like(span_of("sites\@$unit"), qr/: function .*\.text\.sites$/m, 'a function that stays');
like(span_of('padded'), qr/: function padded, 1 bytes, \.entry\.text$/m, 'one of assembly');
is(span_of(".entry.text+0x0\@$unit"), '', '... without the padding before it');
like(span_of(".text.code+0x0\@$unit"), qr/: function /, '... but with code that has no name');
like($text, qr/: contents \S+, 10 bytes, \.rodata\S* "a\\011string\\n"$/m,
    'a string, and what is in it');
unlike($text, qr/patched/, 'nothing of the new code');
like(span_of("operations\@$unit"), qr/: read-only data .*\n    0x0 abs64 ext$/m,
    'read-only data with a pointer');
like(span_of("counter\@$unit"), qr/: data .* 4 bytes, \.bss\.counter$/m, 'a variable that is used');
like(span_of('unused_but_global'), qr/: data /, 'a global one, which others may use');
is(span_of("unused\@$unit"), '', 'but no unused one');
is(span_of("setup\@$unit"), '', 'and no code that is gone after boot');

like($text, qr/^label changed, global, function, span @{[number_of('changed')]}$/m,
    'a global label');
like($text, qr/^label counter\@\Q$unit\E, symbol counter, span @{[number_of("counter\@$unit")]}$/m,
    'a label of something static: with its unit');
like($text, qr/^label per_cpu\@\S+, symbol per_cpu, percpu, span/m, 'one of per-cpu data');
like($text, qr/^label setup\@\S+, symbol setup, function, ignored$/m, 'one that is never learnt');
like($text, qr/^label ext, global, undefined$/m, 'one of another object');
like($text, qr/^label \S+, content, span \d+$/m, 'one of a string: it has no symbol');

my $sites = span_of("sites\@$unit");
my ($place) = $sites =~ /^    (0x[0-9a-f]+) jump label/m;
my $behind = sprintf '0x%x', hex($place) + 5;
like($sites, qr/^    $place jump label, sites\@\Q$unit\E\+$behind, value 0x1$/m,
    'a jump label: where it jumps, and the likely bit');
like($sites, qr/^    $place static call, key\+0x8, value 0x1$/m,
    'a static call: its key, and its flag');
like($sites, qr/^    $place alternative, 5 bytes, span \d+, value 0x21$/m, 'an alternative');
like($sites, qr/^    $behind alternative, 1 bytes, value 0x22$/m,
    'one without a replacement: nops');
like($sites, qr/^    $behind smp lock, 1 bytes$/m, 'a lock prefix');
like($sites, qr/^    0x[0-9a-f]+ retpoline, __x86_indirect_thunk_rax/m, 'a retpoline: its thunk');
like($sites, qr/^    0x[0-9a-f]+ extable, sites\@\Q$unit\E\+$behind, value 0x7$/m,
    'a fault: where it continues, and its type');
my ($replacement) = $sites =~ /alternative, 5 bytes, span (\d+)/;
like($text, qr/^  span $replacement: replacement \S+, 5 bytes, \.altinstr_replacement$/m,
    'the replacement is as long as its entry says');

my $new = inspect("$diff->{dir}/new.o");
my ($body) = grep { $_->{name} eq 'changed' } objdump_symbols("$diff->{dir}/new.o");
is(($new =~ /\A(.*\n.*\n)/)[0],
    "replaced spans: 1\nreplaced span @{[number_of('changed')]}: changed.ksplice_abc, "
    . "$body->{size} bytes\n",
    'the record names the span');
like($new, qr/^needs ksplice_abc_vmlinux_\d+_sites$/m, 'and what the new code needs is listed');

# The entries of .altinstructions have had three sizes.
for (
    ['12 bytes',                    '.word 0x8021\n.byte 5, 1',     '0x8021'],
    ['13 bytes, until Linux 5.12',  '.word 0x21\n.byte 5, 1, 2',    '0x21'],
    ['14 bytes, since Linux 6.3',   '.word 0x21, 1\n.byte 5, 1',    '0x10021'],
) {
    my ($what, $fields, $value) = @$_;
    my $other = diff_text(<<"END");
int f(int x)
{
	asm volatile("1: nopl 8(%%rax,%%rax)\\n"
		".pushsection .altinstructions,\\"a\\"\\n.long 1b - ., 2f - .\\n$fields\\n"
		".long 1b - ., 3f - .\\n$fields\\n.popsection\\n"
		".pushsection .altinstr_replacement,\\"ax\\"\\n2: nop\\n3: cld\\n"
		".popsection" ::: "rax");
#ifdef PATCHED
	x++;
#endif
	return x;
}
END
    is($other->{status}, 0, "entries of $what") or diag $other->{err};
    $text = inspect("$other->{dir}/old.o");
    my ($first, $second) = span_of('f') =~
        /0x\w+ alternative, 5 bytes, span (\d+), value $value\n.*span (\d+), value $value\n/;
    ok(defined $second && $second == $first + 1, '... two with their fields, in order');
}

done_testing;
