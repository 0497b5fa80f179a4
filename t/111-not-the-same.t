#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What looks the same and is not, and what looks like something else than it is:
# new code never gets the wrong variable, nor one that is not as it expects.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

sub source ($old, $new, $rest = '') { return "#ifdef PATCHED\n$new\n#else\n$old\n#endif\n$rest\n" }
sub patched (@parts) { return diff_text(source(@parts)) }
sub in ($section) { return "__attribute__((section(\"$section\")))" }

sub summary ($diff) {
    diag $diff->{err} if $diff->{err} ne '';
    return "$diff->{status}: " . join '; ',
        map { s/ dir\/1\.o//r =~ s/ \(\d.*//r } split /\n/, $diff->{summary};
}

# Several of one name in one function
my $add = '{ static int n; n += x; g(&n); }';
my $subtract = '{ static int n; n -= x; g(&n); }';
my $function = sub (@parts) { "int g(int *);\nint f(int x) { @parts return x; }" };
my $diff = patched($function->($add, $subtract), $function->($subtract, $add));
is($diff->{status}, 1, 'two static variables of one name that change places');
like($diff->{err}, qr/^objmanip: dir\/1\.o: cannot tell which 'n\.\d' of the running kernel is /,
    '... are not told apart by their order');
my $both = "int g(int *);\nint a(void) { return A; }\n"
    . $function->($add, $subtract) =~ s/.*\n//r;
is(summary(diff_text(source('#define A 1', '#define A 2', $both))), '0: replace a',
    '... unless their function does not change');
my $inline = 'static inline __attribute__((always_inline)) int q(int x) '
    . "{ $add $subtract return x; }";
$diff = patched('#define A 1', '#define A 2',
    "int g(int *);\n$inline\nint f(int x) { return q(x); }\nint k(int x) { return q(x) + A; }");
is(summary($diff), '0: replace k', '... or another that they are inlined into does not');
is(summary(patched($function->($add), $function->($add, 'x++;'))),
    '0: replace f', 'one alone is known by its name');

# The state of DO_ONCE(): once more would make a new secret for an old table.
my $once = '{ static _Bool ___done; if (!___done) { ___done = 1; g(&x); } }';
$diff = patched($function->($once), $function->($once, $once));
like($diff->{err}, qr/^objmanip: dir\/1\.o: cannot tell whether '___done\.\d', which 'f' refers to/,
    'what is done once is not done again');
my $own = '{ static int descriptor; descriptor++; g(&descriptor); }';
$diff = patched($function->($own), $function->($own, $own));
like($diff->{err}, qr/^objmanip: dir\/1\.o: cannot tell whether 'descriptor\.\d', which 'f' ref/,
    'a descriptor is that of a debug message in its section only');

# Not where, or as, new code expects it
is_refused(patched('', 'static int x[4] __attribute__((aligned(64)));', <<'END'),
int g(int *);
static int x[4];
int f(int i) { x[i]++; return (long)x & 63 ? g(x) : 7; }
END
    "dir/1.o: 'x' is aligned to 64 instead of 16 bytes: the variable of the running kernel "
        . 'stays as it is',
    'a variable of another alignment');
my $write = 'int f(int i) { return x += i; }';
my $read = 'int f(int i) { return x; }';
is_refused(patched('static int x ' . in('.data..ro_after_init') . " = 1; $read",
        "static int x = 1; $write"),
    "dir/1.o: 'x' is no longer read-only after boot: the variable of the running kernel stays as "
        . 'it is',
    'a variable that can be written to from now on');
is(summary(patched('static int x = 1; int f(int i) { return x += i + 1; }',
        'static int x ' . in('.data..read_mostly') . " = 1; $write")), '0: replace f',
    'a variable of another section is the same one');
my $init = in('.init.text') . ' void i(void) { x++; }';
is_refused(patched('static int x ' . in('.init.data') . ' = 1; int f(void) { return 1; }',
        'static int x = 1; int f(void) { return x; }', $init),
    "dir/1.o: 'x', which 'f' refers to, was freed after boot, and its value is lost",
    'a variable that was there at boot only');

# Functions of several names, weak ones
my $unit = 'int g(int); __attribute__((weak, noipa)) int w(int x) { return g(x) + ONE; }'
    . "\nint u(int x) { return w(x) * TWO; }";
my @weak = build_pair(source("#define ONE 1\n#define TWO 1",
    "#define ONE 2\n#define TWO 3", $unit));
my @strong = build_pair('int g(int); int w(int x) { return g(x) - 1; }' . "\n");
$diff = diff(@weak);
is(summary($diff), '0: replace w; replace u', 'a weak function');
$diff = diff(@weak, @strong);
is(summary($diff), '0: replace u; ignored w (weak, overridden by another unit)',
    '... that another unit overrides changes nothing');
my @targets = map { $_->{symbol} } @{ objdump_relocations("$diff->{dir}/new.o")->{'.text.u'} };
like("@targets", qr/^ksplice_abc_vmlinux_\d+_w$/, '... and calls are to the other one');
my @changed = build_pair(source('#define ONE 1', '#define ONE 2',
    'int g(int); int w(int x) { return g(x) - ONE; }'));
$diff = diff(@weak, @changed);
@targets = map { $_->{symbol} } @{ objdump_relocations("$diff->{dir}/new.o")->{'.text.u'} };
is("@targets", 'w', '... also if it changes');
my @new = build_pair(source('', 'int w(int x) { return 7; }', 'int o(void) { return 1; }'));
is_refused(diff(@weak, @new), "dir/1.o: 'w' is weak, and dir/2.o gets a strong definition: "
    . 'unchanged callers keep using the weak one',
    'a function that overrides a weak one from now on');

# The same under another name?
$diff = diff_text("int g(int *);\n" . source('static int old; int f(int x) { return g(&old) + x; }',
    'static int new; int f(int x) { return g(&new) + x + 1; }'));
is("$diff->{status} $diff->{err}", "0 objmanip: warning: dir/1.o: 'new' is new and 'old' is "
    . "gone: if the patch renames it, its value is lost\n",
    'a variable that is renamed');

# The end of an array, where something new stands now, asked for the first time
my $end = <<'END';
#define READ_MOSTLY __attribute__((section(".data..read_mostly")))
int h(int *);
static READ_MOSTLY int b = 5;
#ifdef PATCHED
static READ_MOSTLY int n = 7;
#endif
static READ_MOSTLY int a[4] = { 1, 2, 3, 4 };
int f(int x) { return a[0] += x
#ifdef PATCHED
	+ n++
#endif
	; }
#ifdef PATCHED
int k(void) { int s = 0; for (int *p = a; p < a + 4; p++) s += h(p); return s; }
#else
int k(void) { return h(a); }
#endif
int m(void) { return b++; }
END
$diff = diff_text($end);
is($diff->{status}, 1, 'a new loop to the end of an array with a new neighbour');
like($diff->{err}, qr/^objmanip: dir\/1\.o: cannot tell what 'k' refers to in section /,
    '... is refused');

# Tables, strings
my $table = <<'END';
asm(".pushsection .text.f,\"ax\"\n.globl f\n.type f,@function\nf: jmp *.Lt(,%rdi,8)\n"
    ".La: ret\n.Lb: nop; ret\n.size f,.-f\n.popsection\n"
    ".pushsection .rodata.f,\"a\"\n.balign 8\n.Lt: .quad " TABLE "\n.popsection");
int o(void) { return 1; }
END
is(summary(patched('#define TABLE ".La, .Lb"', '#define TABLE ".Lb, .La"', $table)),
    '0: replace f; new data .rodata.f', 'a switch of other places');
$diff = patched('#define N 3', '#define N 4', <<'END');
int g(const char *);
int f(void)
{
	int s = 0;
	for (const char *p = "0123"; p < (const char *)"0123" + 5; p++)
		s += g(p);
	return s + g("other") + N;
}
END
is(summary($diff), '0: replace f', 'a loop to the end of a string');
my @at = sort { $a <=> $b } map { $_->{addend} }
    grep { $_->{symbol} eq '.rodata' } @{ objdump_relocations("$diff->{dir}/new.o")->{'.text.f'} };
is("@at", '0 5 5', '... which is right after it');

# Code of an alternative with an exception entry of its own
my $alternative = <<'END';
int f(void)
{
	asm volatile("1: nop; nop; nop; nop; nop\n"
		".pushsection .altinstructions,\"a\"\n.long 1b - ., 3f - .\n.word 5\n.byte 5, 5\n"
		".popsection\n.pushsection .altinstr_replacement,\"ax\"\n"
		"3: .byte 0x0f, 0x1f, 0x44, 0, 0\n.popsection\n"
		".pushsection __ex_table,\"a\"\n.long 3b - ., 1b - ., " TYPE "\n.popsection");
	return 1;
}
END
is(summary(patched('#define TYPE "1"', '#define TYPE "1"', $alternative)), '66: ',
    'the same exception entry in code of an alternative');
is(summary(patched('#define TYPE "1"', '#define TYPE "2"', $alternative)), '0: replace f',
    '... and another');

done_testing;
