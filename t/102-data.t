#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Data that the running kernel has is not changed behind its back: what would
# need that is refused by the variable's name, and nothing is written.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

sub patch {
    my ($old, $new, $rest) = @_;
    return "#ifdef PATCHED\n$new\n#else\n$old\n#endif\n$rest\n";
}

my $wants = 'the variable already holds a live value: mark it with ksplice_keep_data() or '
    . 'ksplice_replace_data(), see ' . root_dir() . '/doc/patch-author.md';
my $use = 'int f(int i) { return x + i; }';
is_refused(diff_text(patch('int x = 1;', 'int x = 2;', $use)),
    "dir/1.o: initializer of 'x' changes: $wants",
    'an initializer');
is_refused(diff_text(patch('int x;', 'int x = 2;', $use)),
    "dir/1.o: initializer of 'x' changes: $wants",
    'an initializer where there was none');
is_refused(diff_text(patch('long x[2] = {1};', 'long x[3] = {1};',
        'long f(int i) { return x[i]; }')),
    "dir/1.o: the size of 'x' changes from 16 to 24: the running kernel keeps the old one",
    'a size');
is_refused(diff_text(patch('int g(void); int (*x)(void) = g;',
        'int h(void); int (*x)(void) = h;', '')),
    "dir/1.o: initializer of 'x' changes: $wants",
    'a pointer');

# All of them are listed.
my $diff = diff_text(patch('int x = 1, y = 1;', 'int x = 2, y = 2;', ''));
is(join('', sort $diff->{err} =~ /of '(.)'/g), 'xy', 'every refusal is listed');

# What may change: numbers that only code reads go along with the code.
$diff = diff_text(patch('static const int x[] = { 1, 2, 3, 5 };',
    'static const int x[] = { 1, 2, 3, 4, 5 };',
    'int f(int i) { return x[i]; } int g(int i) { return i; }'));
is($diff->{status}, 0, 'a constant table that only code reads may change');
is($diff->{summary} =~ s/ \(.*//mgr, "replace dir/1.o f\nnew data dir/1.o x\n",
    '... with the code that reads it');

# So may an array that grows, whatever it points to.
my $entries = 'struct entry { int id; int *what; }; int one, two, three;' . "\n";
my $search = 'int f(int i) { for (const struct entry *e = x; e->id; e++)'
    . ' if (e->id == i) return *e->what; return 0; }';
my @arrays = map { "static const struct entry x[] = { $_, {} };" }
    '{ 1, &one }, { 3, &three }', '{ 1, &one }, { 2, &two }, { 3, &three }';
$diff = diff_text($entries . patch(@arrays, $search));
is($diff->{status}, 0, 'an array of entries that only code reads may grow');
is($diff->{summary} =~ s/ \(.*//mgr, "replace dir/1.o f\nnew data dir/1.o x\n",
    '... and the code that reads it has a new one');
is_deeply([map { $_->{symbol} =~ s/.*_//r }
    @{ objdump_relocations("$diff->{dir}/new.o")->{'.rodata.x'} }], [qw(one two three)],
    '... which points to the variables that there are');
is_refused(diff_text($entries . patch(@arrays,
        "$search struct user { const struct entry *e; } user = { x };")),
    "dir/1.o: the size of 'x' changes from 48 to 64: the running kernel keeps the old one",
    'one that a variable points to may not');

# Variables that become constant, or no longer are.
my $stays = ': the variable of the running kernel stays where it is: give the new one another name';
my ($const, $free) = map { "$_ x[9] = { 1, 2 };" } 'const int', 'int';
my $read = 'int f(int i) { return ((volatile int *)x)[i]; }';
my $grow = patch('int g(int i) { return i; }', 'int g(int i) { return ++x[i]; }', $read);
$diff = diff_text(patch("static $const", "static $free", $grow));
is($diff->{summary} =~ s/ \(.*//mgr,
    "replace dir/1.o g\nreplace dir/1.o f\nnew data dir/1.o x\n",
    'numbers that are no longer constant: all code that reads them is replaced');
$diff = diff_text(patch("static $free int g(int i) { return ++x[i]; }",
    "static $const int g(int i) { return i; }", $read));
is($diff->{summary} =~ s/ \(.*//mgr,
    "replace dir/1.o g\nreplace dir/1.o f\nnew data dir/1.o x\ndeleted data dir/1.o x\n",
    '... and so with numbers that become constant');
is_refused(diff_text(patch($const, $free, $grow)),
    "dir/1.o: 'x' moves from read-only data to data$stays", '... global ones are refused');

my ($kept, $fixed, $other) =
    map { "static int *${_} x[2] = { &one, &two };" } '', 'const ', 'const';
$other =~ s/two/one/;
$read = 'int *f(int i) { return ((int *volatile *)x)[i]; }';
my $variables = "int one, two;\n";
$diff = diff_text($variables . patch("$kept int g(void) { return 1; }",
    "$fixed int g(void) { return 2; }", $read));
is($diff->{summary} =~ s/ \(.*//mgr, "replace dir/1.o g\n",
    'pointers that become constant are those of the running kernel');
is_refused(diff_text($variables . patch($kept, $other, $read)),
    "dir/1.o: 'x' moves from data to read-only data$stays", '... if they are the same');
is_refused(diff_text($variables . patch($fixed, $kept, $read)),
    "dir/1.o: 'x' moves from read-only data to data$stays", 'pointers that no longer are');

$diff = diff_text(patch('', 'static int y = 3; int z;', <<'END'));
#ifdef PATCHED
int f(void) { return y++ + z++; }
#else
int f(void) { return 1; }
#endif
END
is($diff->{status}, 0, 'new variables are no problem');
is(join(' ', sort map { $_->{name} } grep { $_->{name} =~ /^[fyz]$/ && $_->{section} ne '*UND*' }
    objdump_symbols("$diff->{dir}/new.o")), 'f y z', '... and are in the new code');

# __func__ is known by its contents.
my $func = "void say(const char *);\n";
($diff) = diff_text("$func void a(void) { say(__func__); }\n"
    . patch('', 'void n(void) { say(__func__); }', 'void b(void) { say(__func__); }'));
is($diff->{status}, 66, 'another number of __func__ is no difference');

# Names of flags of which a fresh one will do are those of static locals only.
is_refused(diff_text(<<'END'), "dir/1.o: initializer of 'descriptor' changes: $wants",
#ifdef PATCHED
static int descriptor = 6;
#else
static int descriptor = 5;
#endif
int get(void) { return descriptor++; }
END
    "a file's variable is no debug message");

# The new body must not jump into the old one.
like(diff_text(<<'END')->{err}, qr/^objmanip: dir\/1\.o: initializer of 'table\.\d+' changes:/,
int h(int);
void *volatile *leak;
int f(unsigned i, int x)
{
	static void *table[] = { &&a, &&b, &&c };
	leak = table;
	goto *table[i];
a:	x = h(x);
b:	x = h(x + 1);
c:	x = h(x + 2);
#ifdef PATCHED
	return x + 12;
#else
	return x + 11;
#endif
}
END
    'a writable table of places inside a changed function is refused');

# The end of one array is where another variable starts.
my $end = <<'END';
#define READ_MOSTLY __attribute__((section(".data..read_mostly")))
int h(int *);
static READ_MOSTLY int a[4] = { 1, 2, 3, 4 };
#ifdef PATCHED
static READ_MOSTLY int n = 7;
#endif
static READ_MOSTLY int b[4] = { 5, 6, 7, 8 };
int f(void) { return a[0]++
#ifdef PATCHED
	+ n++
#endif
	; }
int g(void) { int s = 0; for (int *p = b; p < b + 4; p++) s += h(p); return s; }
int k(void) { int s = 0; for (int *p = a; p < a + 4; p++) s += h(p); return s; }
END
my $ends = diff_text($end);
is($ends->{status}, 1, 'a new variable after an array whose end is referred to is refused');
like($ends->{err},
    qr/^objmanip: dir\/1\.o: cannot tell what '[gk]' refers to in section '.data\.\.read_mo/m,
    '... as it may be either');
$end =~ s/^int [gk].*\n//mg;
is(diff_text($end)->{status}, 0, '... but not if the end is unused');

# Strings stand behind one another, too, but nobody asks for the end of one.
my $strings = diff_text(<<'END');
int say(const char *);
#ifdef PATCHED
int f(void) { return say("one") + say("changed"); }
#else
int f(void) { return say("one") + say("two"); }
#endif
END
is("$strings->{status} $strings->{err}", '0 ', 'a string may follow one that both know');

# Nor for that of a debug message: one of two goes behind the other.
my $messages = diff_text(<<'END');
struct message { const char *text; long line, flags; };
void say(struct message *, ...);
#define debug(text, line) do { \
	static struct message __attribute__((section("__dyndbg"), aligned(8))) descriptor = \
		{ text, line, 0 }; \
	if (descriptor.flags) \
		say(&descriptor, text); \
} while (0)
void f(int *p)
{
#ifdef PATCHED
	debug("gone", 30);
	if (--*p > 0)
		return;
	debug("less", 20);
#else
	if (--*p > 0)
		debug("less", 20);
	else
		debug("gone", 10);
#endif
}
END
is("$messages->{status} $messages->{err}", '0 ', 'debug messages may change their order');

# A static variable that moves to another unit, and is global there
is_refused(diff(build_pair(<<'END1'), build_pair(<<'END2')), "dir/1.o: 'shared' moves to dir/2.o: "
#ifdef PATCHED
extern int shared;
#else
static int shared = 3;
#endif
int a(void) { return shared++; }
END1
#ifdef PATCHED
int shared = 3;
int b(void) { return shared; }
#else
int b(void) { return 1; }
#endif
END2
    . 'not supported', 'a static variable that moves to another unit is refused');

done_testing;
