#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A static variable of a function is known by who refers to it, whatever number
# the compiler gave it: new code gets the variable that the old code has.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $renumbered = <<'END';
#ifdef PATCHED
int early(void) { static int count; return ++count; }
#endif
int a(void) { static int count; return ++count; }
int b(void) { static int count; return --count; }
END
my ($pre, $post) = build_pair($renumbered);
my $diff = diff($pre, $post);
is($diff->{status}, 66, 'other numbers are no difference');
is($diff->{summary}, "ignored dir/1.o early (new, but nothing that is replaced refers to it)\n",
    '... and an unused new one is left out and reported');

$diff = diff_text(<<'END');
int a(void) { static int count; return ++count; }
int b(void) {
#ifdef PATCHED
	static int calls; calls++;
#endif
	static int count; return count -= 2; }
int c(void) { static int count; return count ^= 5; }
#ifdef PATCHED
int d(void) { return b() + 1; }
#else
int d(void) { return b() + 2; }
#endif
END
is($diff->{status}, 0, 'a function with a new static variable is replaced');
like($diff->{summary}, qr{^replace dir/1.o b \(}m, '... named in the summary');
like($diff->{summary}, qr{^replace dir/1.o d \(}m, '... with the other one');
unlike($diff->{summary}, qr/^replace dir\/1.o [ac]/m, '... and no other');
like($diff->{summary}, qr{^new data dir/1.o calls\.\d+ \(4 bytes\)$}m, 'its variable is new');
is(scalar(grep { /count/ } $diff->{summary} =~ /^new data .*/mg), 0, 'the old one is not');

# Two of one name in one function, one more in post: which is which?
my $ambiguous = <<'END';
int g(int *);
int a(int x) {
	{ static int count; x += g(&count); }
#ifdef PATCHED
	{ static int count; x -= g(&count); }
#endif
	{ static int count; x ^= g(&count); }
	return x;
}
END
$diff = diff_text($ambiguous);
is($diff->{status}, 1, 'one more of the same name in the same function is refused');
my $message = "cannot tell whether 'count.N', which 'a' refers to, is 'count.N' of the "
    . 'running kernel: give it a unique name';
is($diff->{err} =~ s/count\.\d+/count.N/gr, "objmanip: dir/1.o: $message\n" x 3,
    '... with the way out');

# Where initializers tell them apart it is not.
$ambiguous =~ s/(static int count)(; x \+=)/$1 = 1$2/;
$ambiguous =~ s/(static int count)(; x \^=)/$1 = 2$2/;
$diff = diff_text($ambiguous);
is($diff->{status}, 0, 'initializers tell them apart');
is(scalar(() = $diff->{summary} =~ /^new data dir\/1.o count/mg), 1, '... and only the one is new');

# The function was inlined, and is not any more.
$diff = diff_text(<<'END');
#ifdef PATCHED
__attribute__((noinline))
#else
__attribute__((always_inline))
#endif
static inline int next(void) { static int last; return ++last; }
int a(void) { return next() * 3; }
END
is($diff->{status}, 0, 'a variable may move to a function that was inlined');
like($diff->{summary}, qr/^new function dir\/1.o next /m, '... which is new');
unlike($diff->{summary}, qr/^new data/m, '... but not its variable');

# Flags of WARN_ONCE() and the like: a fresh one is as good.
$diff = diff({ lines => '' }, build_pair(<<'END'));
int warn(const char *);
#define WARN_ONCE(s) do { static _Bool __already_done; \
	if (!__already_done) { __already_done = 1; warn(s); } } while (0)
void a(int x) {
#ifdef PATCHED
	if (x == 1) WARN_ONCE("one");
#endif
	if (x == 2) WARN_ONCE("two");
}
void b(int x) { if (x == 3) WARN_ONCE("three"); }
END
is($diff->{status}, 0, 'one more WARN_ONCE() is not refused');
is(join('', $diff->{summary} =~ /^(\w.*?)(?:\.\d+)? \(/mg),
    'replace dir/1.o anew data dir/1.o __already_done', '... and has a flag of its own');

for my $name (qw(__already_done __warned __print_once _rs __key)) {
    my $more = diff({ lines => '' }, build_pair("int warn(int *);\n" . <<'END' =~ s/NAME/$name/gr));
void a(int x) {
#ifdef PATCHED
	if (x == 1) { static int NAME; warn(&NAME); }
#endif
	if (x == 2) { static int NAME; warn(&NAME); }
}
void b(int x) { static int NAME; if (x == 3) warn(&NAME); }
END
    is("$more->{status} " . join('; ', $more->{summary} =~ /^(\w.*?)(?:\.\d+)? \(/mg),
        "0 replace dir/1.o a; new data dir/1.o $name", "one more $name is a fresh one");
}

# Of several functions inlined into one, each has its own of that name.
$diff = diff_text(<<'END');
int h(int);
#define INLINE static __attribute__((always_inline)) inline
INLINE int g(int x) { static int state; state += x; return h(state); }
#ifdef PATCHED
static __attribute__((noinline))
#else
INLINE
#endif
int k(int x) { static int state; state -= x; return h(state); }
#ifdef PATCHED
INLINE int n(int x) { static int state; state ^= x; return h(state); }
int f(int x) { return g(x) + n(x); }
int other(int x) { return k(x); }
#else
int f(int x) { return g(x) + k(x); }
int other(int x) { return x; }
#endif
END
is($diff->{status}, 0, 'static variables of several inlined functions');
my $code = objdump_code("$diff->{dir}/new.o");
my ($k_state) = map { /; R_X86_64_PC32 (\S+?)-/ } map { $_->[1] } @{ $code->{k} };
like($k_state, qr/^ksplice_abc_vmlinux_\d+_state_/,
    '... one that is not inlined any more has its old one');
is(scalar(() = $diff->{summary} =~ /^new data dir\/1.o state/mg), 1, '... and one is new');
my @f_state = map { /; R_X86_64_PC32 (\S*state\S*?)-/ } map { $_->[1] } @{ $code->{f} };
is(scalar(grep { $_ eq $k_state } @f_state), 0, '... which only it uses');

# A new function is not the deleted one.
$diff = diff_text(<<'END');
int h(int);
#ifdef PATCHED
static __attribute__((noinline)) int fresh(int x) { static int count; return h(count ^= x); }
int f(int x) { return fresh(x) + 3; }
#else
static __attribute__((noinline)) int gone(int x) { static int count; return h(count += x); }
int f(int x) { return gone(x) + 2; }
#endif
END
is($diff->{status}, 1, 'a static variable of a new function may be that of one that is gone');
like($diff->{err}, qr/cannot tell whether 'count\.\d+', which 'fresh' refers to, is 'count\./,
    '... so it is refused');

done_testing;
