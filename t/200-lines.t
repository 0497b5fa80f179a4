#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Code that a patch does not touch keeps its line numbers, and is never broken.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Lines qw(find_hunks neutralise neutralise_file safe_lines);
use Test::Ksplice;
use Test::More;

sub unsafe {
    my @lines = split /^/m, $_[0];
    my @safe = safe_lines(@lines);
    return join ' ', grep { !$safe[$_ - 1] } 1 .. @lines;
}

is(unsafe("int a;\nint b;\n"), '', 'a directive fits anywhere in plain code');
is(unsafe("/* one\n   two\n   three */\nint a;\n"), '2 3', 'not inside a comment');
is(unsafe("int a; // it's\nint b;\n"), '', 'a comment of C++ ends with its line');
is(unsafe("f(a,\n  b,\n  c);\nint d;\n"), '2 3', 'not between parentheses');
is(unsafe("#define F(a) \\\n\tg(a, \\\n\t  b)\nint c;\n"), '2 3', 'not inside a definition');
is(unsafe("char *s = \"one\\\n(two\";\nint c;\n"), '2', 'not inside a string');
is(unsafe("char c = '(';\nchar d = '\\'';\nchar *s = \"/*\\\"(\";\nint e;\n"), '',
    'parentheses in literals do not count');
is(unsafe("#define OPEN f((\nint a;\n"), '', 'an odd parenthesis in a definition does not count');
is(unsafe("#ifdef A\nif (f(a) &&\n#else\nif (f(b) &&\n#endif\n    c)\nd();\n"), '3 5 6',
    'an #if whose branches open the same parenthesis counts it once');
is(unsafe("#if 0\nisn't )) real (\n#endif\nint a;\n"), '3 4',
    'in doubt it is unsafe');

is(neutralise("1\nnew\n2\n", '1a2'), "1\nnew\n#line 2\n2\n", 'after an added line');
is(neutralise("1\n3\n", '2d1'), "1\n#line 3\n3\n", 'after a removed line');
is(neutralise("1\nx\n3\n", '2c2'), "1\nx\n3\n", 'nothing after as many lines as before');
is(neutralise("new\nf(a,\n  b);\n2\n", '0a1'), "new\n#line 1\nf(a,\n  b);\n2\n", 'at the start');
is(neutralise("f(new,\na,\nb);\n4\n", '1c1,2'), "f(new,\na,\nb);\n#line 3\n4\n",
    'after the statement if the hunk ends inside');
is(neutralise("a\nnew\nb\nnew\nc\n", '1a2', '2a4'), "a\nnew\n#line 2\nb\nnew\n#line 3\nc\n",
    'each hunk has its own');
is(neutralise("#ifdef A\nnew\nb\n#endif\nc\n", '1a2'),
    "#ifdef A\nnew\n#line 2\nb\n#endif\n#line 4\nc\n", 'again after an #endif');
is(neutralise("#ifdef A\nnew\nb\n#else\nc\n#endif\nd\n", '1a2'),
    "#ifdef A\nnew\n#line 2\nb\n#else\n#line 4\nc\n#endif\n#line 6\nd\n",
    '... also if all branches have one: those that are not compiled are lines more');
is(neutralise("new\n#line 7\nb\n", '0a1'), "new\n#line 7\nb\n",
    'a file with directives of its own is left alone');

my $dir = scratch_dir();
my $old = spew("$dir/old.c", <<'C');
#define SHOW(x) int line_##x(void) { return __LINE__; }
SHOW(first)
#ifdef MISSING
int never(void);
#endif
SHOW(second)
#ifndef MISSING
int there(void);
#else
int elsewhere(void);
#endif
SHOW(behind)
int call(int (*f)(int, int))
{
	return f(1,
		 __LINE__);
}
SHOW(third)
C
my $new = "$dir/new.c";
my $text = slurp($old);
$text =~ s/(int never)/\n\n$1/;
$text =~ s/(int there)/\n\n$1/;
$text =~ s/(f\(1,\n)/$1\n\n/;
spew($new, $text);
neutralise_file($new, find_hunks($old, $new));
my @code = map { objdump_code($_) }
    map { build_object($_, "$_.o", '-g0') } $old, $new;
is_deeply([@{ $code[1] }{qw(line_first line_second line_behind line_third)}],
    [@{ $code[0] }{qw(line_first line_second line_behind line_third)}],
    'the compiler counts the lines of unchanged functions as before');

done_testing();
