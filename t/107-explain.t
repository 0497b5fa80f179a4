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

# --explain of a whole text, with debug information; file names are cut
sub summary ($text, @touched) {
    my $diff = diff({ explain => 1, touched => \@touched }, build_pair($text, '-g'));
    print STDERR "# $_\n" for split /\n/, $diff->{err};
    return $diff->{summary} =~ s/\(\S*\/(?=[^\/ ]+:\d+\)$)/(/gmr;
}

# What differs is said by all compilers alike, where it is not.
my $inline = 'static inline __attribute__((always_inline)) int';
my $f = "return inner(x) + 2; }\n";
my $text = summary(<<"END");
int g(int), h(int);
#line 5 "fixture.c"
$inline inner(int x) {
#ifdef PATCHED
	return h(x);
#else
	return g(x);
#endif
}
int f(int x) { $f
END
like($text, qr/^      - call +g$/m, 'the instruction of the old code, with what it refers to');
like($text, qr/^      \+ call +h$/m, '... and of the new code');
unlike($text, qr/inlines/, '... without the patch its origin is unknown');

my $source = <<"END";
int g(int), h(int), k(int);
$inline other(int x) { return k(x); }
#line 5 "./fs/fixture.c"
$inline inner(int x) {
#ifdef PATCHED
	return g(x) + h(x);
#else
	return g(x);
#endif
}
#line 20
int f(int x) { if (other(7)) return 0; $f
END
like(summary($source, 'fs/fixture.c:7-9'), qr/^    inlines 'inner', which the patch changes$/m,
    'the patch is in another function, inlined here');
unlike(summary($source, 'fs/fixture.c:7-9'), qr/'other'/, '... and in that one only');
unlike(summary($source, 'fs/fixture.c:7-7', 'fs/fixture.c:20-20'), qr/inlines/,
    '... not if it is in this one, too');
unlike(summary($source, 'elsewhere/fixture.c:7-7'), qr/inlines/, '... nor if it is elsewhere');
unlike(summary($source, 'fs/fixture.c:19-19'), qr/inlines 'other'/, 'after a function');

$text = summary(<<"END");
int g(int);
static int waste[4] = { 1 };
#ifdef PATCHED
#line 20
int f(int x) { return g(x) + 1; }
#else
int f(int x) { return g(x) + waste[x]; }
#endif
int caller(int x) { return f(x) - 4; }
END
like($text, qr/^deleted data dir\/1\.o waste \(16 bytes; it stays\)$/m, 'data that is gone');

# Jumps that go farther are not what differs.
$text = summary(<<"END");
int g(void);
int f(int x) {
	if (x) return 7;
	g();
#ifdef PATCHED
	return g() + 77;
#else
	return g() + 7;
#endif
}
END
like($text, qr/^      - add +\$0x7,%eax\n      \+ add +\$0x4d,%eax$/m,
    'the first other instruction');

$text = summary(<<'END');
int g(const char *);
#ifdef PATCHED
int f(void) { return g("one\ntwo\n"); }
#else
int f(void) { return g("one\n"); }
#endif
END
like($text, qr/^      \+ mov .*"one\.two\."$/m, 'a string of several lines is in one');

$text = summary(<<'END');
#ifdef PATCHED
#define LINE "20"
#define VALUE 2
#else
#define LINE "10"
#define VALUE 1
#endif
#define BUG asm volatile("1: nop\n.pushsection __bug_table,\"aw\"\n" \
	".long 1b - .\n.long 0\n.word " LINE ", 1\n.popsection");
int f(void) { return VALUE; }
int g(void) { BUG; return 3; }
int h(void) { BUG; return 4; }
END
like($text, qr/^ignored dir\/1\.o 2 functions \(only line numbers differ\)$/m,
    'what is left alone');

# Other numbers are no difference, other variables of one name are.
$text = summary(<<"END");
int g(int *), h(int);
#ifdef PATCHED
void extra(void) { static int n; g(&n); static const double x = 9.5; g((int *)&x); }
int f(int x) { static int n; g(&n); return h(x) + 77; }
#else
int f(int x) { static int n; g(&n); return h(x) + 7; }
#endif
END
like($text, qr/^      - add +\$0x7,%eax\n      \+ add +\$0x4d,%eax$/m,
    'a static variable with another number is not what differs');

$text = summary(<<"END");
int h(int);
double g(double);
#ifdef PATCHED
double extra(double x) { return x * 9.5; }
double f(double x) { return g(x * 2.5) + h(77); }
#else
double f(double x) { return g(x * 2.5) + h(7); }
#endif
END
like($text, qr/^      - mov +\$0x7,%edi\n      \+ mov +\$0x4d,%edi$/m,
    '... nor is a constant with another number (.LC1 for .LC0)');

# Functions that are hard to replace
for (
    ['vfs_read',  'g()',                    'some task is always in it',  1],
    ['ksys_write', 'g()',                   'ksplice-apply itself is in it', 1],
    ['sleeper',   'schedule_timeout(100)',  'tasks sleep in it',          1],
    ['sleeper',   'wait_for_completion(0)', 'tasks sleep in it',          1],
    ['queuer',    'schedule_work(0)',       undef,                          0],
    ['quick',     'g()',                    undef,                          0],
) {
    my ($name, $call, $busy) = @$_;
    my $source = <<"END";
long g(void), schedule_timeout(long), wait_for_completion(int), schedule_work(int);
#ifdef PATCHED
long $name(void) { return $call + 1; }
#else
long $name(void) { return $call + 2; }
#endif
END
    my $words = defined $busy ? "; $busy" : '';
    like(diff_text($source)->{summary},
        qr/^replace dir\/1\.o $name \(\d+ -> \d+ bytes\Q$words\E\)$/,
        "$name that calls $call" . ($words || ' is nothing special'));
    my $advice = () = summary($source) =~ /^    ksplice_allow_running\($name\) in the patch/mg;
    is($advice, defined $busy ? 1 : 0, '... --explain prints the remedy');
}

my $diff = diff(build_pair("#ifdef PATCHED\nint f(void) { return 5;
}\n#else\nint f(void) { return 6; }\n#endif\n"));
is($diff->{summary}, "replace dir/1.o f (6 -> 6 bytes)\n", 'without it there is one line');

done_testing;
