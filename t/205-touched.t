#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# A change counts for the function that it is in, and for none outside of functions.
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Lines   qw(find_hunks);
use Ksplice::Touched qw(touched_lines);
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();

# The lines of functions that change if the line with one text gets another.
sub touched ($source, $from, $to) {
    my $new = $source;
    my $at = index $new, $from;
    die "no '$from'" if $at < 0;
    substr $new, $at, length $from, $to;
    my @hunks = find_hunks(spew("$dir/old.c", $source), spew("$dir/new.c", $new));
    return join ' ', map { "$_->[0]-$_->[1]" } touched_lines($source, $new, @hunks);
}

my $source = <<'C';
/* The head: {
 */
#include <linux/x.h>
#define F(x) do { \
	x(); } while (0)

struct thing {
	int (*call)(void);
};

static int
f(int a,
  int b)
{
	/* why */
	if (a) {
		return b;
	}
out:
	return '}';
}

/*
 * What g is (or was).
 */
static const struct thing things[ARRAY_SIZE(x)] = {
	{ .call = f },
};
DEFINE_THING(one);

/* One. */
// Two {
int g(void) { return 1; }
SYSCALL_DEFINE2(h, int, a, int, b)
{
#ifdef X
	if (a) {
#else
	if (b) {
#endif
		return 0;
	}
	return 1;
}
static __printf(1, 2) void k(void) __releases(lock)
{
	k("}\" /* ");
	k('{', '\'');
	last();
}
int z(void)
{
	k();
}
C
for (
    ['a comment between functions',      ' * What g is',       ' * That g is',          ''],
    ['... that is added',                ' * What g is',       " *\n * What g is",      ''],
    ['... that goes',                    "/* One. */\n",       '',                      ''],
    ['... that ends with another one',   '// Two {',           '// Three {',            ''],
    ['... inside of a function',         '/* why */',          '/* so */',              ''],
    ['code for a comment',               '/* why */',          'why();',                '14-14'],
    ['... outside',                      '/* One. */',         'int one;',              ''],
    ['a comment for code',               'return b;',          '/* b */',               '17-17'],
    ['a declaration between functions',  '{ .call = f }',      '{ .call = h }',         ''],
    ['a struct before the first one',    '(*call)(void)',      '(*call)(int)',          ''],
    ['a macro',                          'x(); }',             'y(); }',                ''],
    ['a call of a macro',                'DEFINE_THING(one)',  'DEFINE_THING(two)',     ''],
    ['a new function',                   'DEFINE_THING(one);', "int n(void)\n{\n}\nDEF(one);", ''],
    ['a line of a function',             'return b;',          'return b + 1;',         '17-17'],
    ['a new line',                       "'}';\n",             "'}';\n\tmore();\n",     '20-20'],
    ['a line after a label',             "return '}'",         "return '{'",            '20-20'],
    ['the end of a function',            "\treturn '}';\n}\n", "}\n",                   '20-20'],
    ['a parameter',                      '  int b)',           '  long b)',             '13-13'],
    ['a type in the line before the name', "static int\n",     "static long\n",         '12-12'],
    ['... and the name',                 "static int\nf(int a", "static long\nf(long a", '12-12'],
    ['a function in one line',           'return 1; }',        'return 2; }',           '33-33'],
    ['a function that a macro defines',  "\treturn 1;\n}",     "\treturn 2;\n}",        '43-43'],
    ['... after an #if with two braces', 'k("',                'l("',                   '47-47'],
    ['... after braces in literals',     'last()',             'lost()',                '49-49'],
    ['... and the next one',             "\tk();",             "\tl();",                '53-53'],
    ['a comment and the function after it', "// Two {\nint g(void)", "int g(int a)",    '33-33'],
    ['the end of one and the next one',  "return 1; }\nSYSCALL", "return 2; }\nSYSCALX", '33-34'],
) {
    my ($what, $from, $to, $expected) = @$_;
    is(touched($source, $from, $to), $expected, $what);
}
is(touched("x\n{", 'x', 'y'), '', 'what is not C has no functions');

done_testing;
