#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# New data keeps its bytes, its alignment and what it points to; new per-cpu
# data is where the module loader looks for it.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $diff = diff_text(<<'END');
#define alone __attribute__((noipa))
#define percpu(part) __attribute__((section(".data..percpu" part)))
int ext(int);
void *reg(const void *);
alone int replaced(int x)
{
#ifdef PATCHED
	x++;
#endif
	return ext(x);
}
alone int same(int x) { return ext(x) + 2; }
#ifdef PATCHED
alone static int added(int x) { return ext(x) + 3; }
struct operations { int (*call[3])(int); const char *name; int (*far)(int); };
static const struct operations operations = { { replaced, same, added }, "name", ext };
static int wide __attribute__((aligned(256))) = 1;
static int first percpu("");
static int second percpu("..read_mostly") __attribute__((aligned(64)));
int *pointer = &wide;
alone void user(void)
{
	reg(&operations);
	first++, second++;
	pointer++;
}
alone int caller(void) { user(); return 1; }
#else
alone int caller(void) { return 1; }
#endif
END
is($diff->{status}, 0, 'new data') or diag $diff->{err};
my $new = "$diff->{dir}/new.o";
my %symbol = map { $_->{name} => $_ } objdump_symbols($new);
my $section = objdump_sections($new);
my $relocation = objdump_relocations($new);

my @in = @{ $relocation->{'.rodata.operations'} };
is_deeply([map { $_->{offset} } @in], [0, 8, 16, 24, 32], 'a structure of pointers');
like($in[0]{symbol}, qr/^ksplice_abc_vmlinux_\d+_replaced$/,
    'a replaced function in it is the old entry');
like($in[1]{symbol}, qr/^ksplice_abc_vmlinux_\d+_same$/, 'an unchanged one is imported');
is($in[2]{symbol}, 'added', 'a new one is the new one');
is($in[3]{symbol}, '.rodata', 'a string is copied');
like($in[4]{symbol}, qr/^ksplice_abc_vmlinux_\d+_ext$/, 'one of elsewhere is imported');
ok($section->{'.rodata.operations'}{flags}{READONLY}, 'it is read-only');

is($section->{'.data.wide'}{align}, 256, 'alignment is kept');
is($symbol{pointer}{global}, 1, 'a global variable is global');
is_deeply($relocation->{'.data.pointer'},
    [{ offset => 0, type => 'R_X86_64_64', symbol => 'wide', addend => 0 }],
    'and points to what it should');

is_deeply([grep { /percpu/ } keys %$section], ['.data..percpu'], 'one section of per-cpu data');
is($symbol{$_}{section}, '.data..percpu', "$_ is in it") for qw(first second);
is($symbol{second}{value} % 64, 0, 'aligned as it was');
isnt($symbol{first}{value}, $symbol{second}{value}, 'each in its own place');
is($section->{'.data..percpu'}{align}, 64, 'and so is the section');

# Assembly code: two functions that are kept stay neighbours, one may run on into the other.
my $asm = <<'END';
int ext(int);
asm(".pushsection .text.both,\"ax\"\n.balign 16\n"
    ".type one,@function\n.globl one\none:\n"
#ifdef PATCHED
    "	nop\n"
#endif
    "	nop\n	jmp two\n.size one, . - one\n.balign 16, 0xcc\n"
    ".type two,@function\n.globl two\ntwo:\n"
#ifdef PATCHED
    "	nop\n"
#endif
    "	call ext\n	ret\n.size two, . - two\n.popsection");
END
$diff = diff_text($asm);
is($diff->{status}, 0, 'two functions of assembly in one section') or diag $diff->{err};
%symbol = map { $_->{name} => $_ } objdump_symbols("$diff->{dir}/new.o");
is($symbol{two}{value} - $symbol{one}{value}, 16, 'stay as far apart as they were');
is(objdump_sections("$diff->{dir}/new.o")->{'.text.both'}{size}, 16 + 7, 'in one section');

# What there is no record for
for (['R_X86_64_16', 'movw $ext, %%ax'], ['R_X86_64_GOTPCREL', 'movq ext@GOTPCREL(%%rip), %%rax']) {
    my ($type, $code) = @$_;
    my $odd = <<"END";
int ext(int);
void odd(void) { asm volatile("$code" ::: "rax"); }
#ifdef PATCHED
int f(int x) { return ext(x + 1); }
#else
int f(int x) { return ext(x); }
#endif
END
    $diff = diff_text($odd);
    is($diff->{status}, 0, "a function with $type does not stop an update") or diag $diff->{err};
    my (undef, $out) = run_cmd('objmanip/objmanip', 'inspect', "$diff->{dir}/old.o");
    like($out, qr/: function f, /, '... of another one');
    unlike($out, qr/: function odd, /, '... and is not matched');
    $odd =~ s/(void odd.*)\n/#ifdef PATCHED\n$1\n#else\nvoid odd(void) { ext(1); }\n#endif\n/;
    $diff = diff(reverse build_pair($odd));
    is($diff->{status}, 1, '... but it cannot be replaced');
    like($diff->{err},
        qr/^objmanip: '.*\.o': relocation type \d+ in '\.text\.odd' is not supported$/m,
        '... which is reported');
}

done_testing;
