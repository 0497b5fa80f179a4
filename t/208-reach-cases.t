#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What a source can use of a header without naming it, or in a way that is easily overlooked:
# for each, a tree and one change {{FROM|TO}}.  The compiler tells which sources it alters.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::Reach;
use Test::More;

my $shared = <<'END';
=== include/linux/kconfig.h
#define EVERYWHERE(a, b) a##b
=== include/linux/paste.h
#define ___PASTE(a, b) a##b
#define __PASTE(a, b) ___PASTE(a, b)
#define PASTE3(a, b, c) __PASTE(__PASTE(a, b), c)
#define GETTER(name, n) static inline int get_##name(int a) { return a + n; }
#define CALL_GETTER(name) get_##name
#define CALL(f, a) f(a)
END

my $cases = do { local $/ = undef; <DATA> };
for my $case (split /^# /m, $cases) {
    my ($name, $text) = $case =~ /\A([^\n]*)\n(.*)\z/s or next;
    my ($file, $new) = ('');
    my %files = read_files($shared . $text);
    for (sort keys %files) {
        $file = $_ if $files{$_} =~ /\{\{/;
        $new = $files{$_} =~ s/\{\{(.*?)\|(.*?)\}\}/$2/gsr if $file eq $_;
        $files{$_} =~ s/\{\{(.*?)\|(.*?)\}\}/$1/gs;
    }
    local $TODO = 'only the names of other macros are followed' if $name =~ /^TODO /;
    subtest $name => sub {
        my $toy = new_reach_toy(scratch_dir(), %files);
        is(join('', grep { /^error/ } values %{ $toy->{compiled} }), '', 'it compiles');
        my @altered = altered_sources($toy, $file, $new);
        my %reached = map { $_ => 1 } reached_by($toy, $file, $new);
        isnt("@altered", '', 'a source is altered');
        is(join(' ', grep { !$reached{$_} } @altered), '', 'no such source is missed');
        is(join(' ', grep { /unrelated/ } keys %reached), '', 'no other one is reached');
    };
}

done_testing();

__DATA__
# an attribute of a function that a body declares
=== include/a.h
static inline int never(void) { extern int ext(int){{| __attribute__((const))}}; return ext(1); }
=== kernel/a.c
#include <a.h>
int ext(int);
int f(void) { return ext(1) + ext(1); }
# a name that goes on in the next line
=== include/a.h
static inline int split_it(int n) { return n + {{1|2}}; }
=== kernel/a.c
#include <a.h>
int f(void) { return split_\
it(3); }
# blanks in a string
=== include/a.h
static inline const char *spaced(void) { return "two{{| }} blanks"; }
=== kernel/a.c
#include <a.h>
const char *f(void) { return spaced(); }
# a comment on several lines in a macro
=== include/a.h
#define GET(x) get_ /* the name
  of it */ ## x
static inline int get_it(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return GET(it)(a); }
# a macro makes the name of a function
=== include/a.h
#include <linux/paste.h>
static inline int CALL_GETTER(named)(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return get_named(a); }
# a macro makes the head of a function
=== include/a.h
#define HEAD(name) name(int a)
static inline int HEAD(headed) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return headed(a); }
# a function returns a pointer to a function
=== include/a.h
extern int one(int), two(int);
static inline int (*chosen(int n))(int) { return n > {{5|6}} ? one : two; }
=== kernel/a.c
#include <a.h>
int f(int a) { return chosen(a)(a); }
# the name of a function is in parentheses
=== include/a.h
static inline int (guarded)(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return guarded(a); }
# a macro makes the name in a declaration
=== include/a.h
#define NAMED(name) name
extern int NAMED(outer)(char *a) __attribute__((nonnull({{1|2}})));
=== kernel/a.c
#include <a.h>
int f(char *a) { outer(a); return a != 0; }
# a word after the name of a variable
=== include/a.h
#define __quiet __attribute__((unused))
static const int trailing __quiet = {{5|6}};
=== kernel/a.c
#include <a.h>
int f(int a) { return a + trailing; }
# two variables with lists as values
=== include/a.h
static const int one[] = { 1, 2 }, two[] = { 3, {{5|6}} };
=== kernel/a.c
#include <a.h>
int f(int a) { return two[a]; }
# a volatile variable
=== include/a.h
static volatile int always_there = {{5|6}};
=== kernel/a.c
#include <a.h>
# a type that is defined in the value of a variable
=== include/a.h
static const int with_type = sizeof(enum hidden { HIDDEN = {{5|6}} });
=== kernel/a.c
#include <a.h>
int f(int a) { return a + HIDDEN; }
# a type that is defined in the size of a variable
=== include/a.h
static char holder[sizeof(struct inner { char bytes[{{5|6}}]; })];
=== kernel/a.c
#include <a.h>
int f(int a) { return a + sizeof(struct inner); }
# a function that is called by an option -D
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return OF_MAKEFILE(a); }
=== kernel/unrelated.c
#include <a.h>
int f(int a) { return a; }
=== kernel/Makefile
ccflags-y += -DOF_MAKEFILE=plain
# a source that another one includes
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== kernel/both.c
#include <a.h>
static inline int in_both(int a) { return plain(a); }
int g(int a) { return a; }
=== kernel/a.c
#include "both.c"
int f(int a) { return in_both(a); }
# a macro that moves and changes
=== include/a.h
{{|#define MOVED 2
}}
#ifdef MOVED
struct s { int a, b; };
#else
struct s { int a; };
#endif
{{#define MOVED 1
|}}
=== kernel/a.c
#include <a.h>
int f(struct s *a) { return sizeof(*a); }
# a function whose name is a macro
=== include/a.h
#define old_name new_name
static inline int old_name(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return new_name(a); }
=== kernel/unrelated.c
#include <a.h>
int f(int a) { return a; }
# a function whose name is a macro that pastes
=== include/a.h
#include <linux/paste.h>
#define old_name __PASTE(new_, name)
static inline int old_name(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return new_name(a); }
# a function whose name is a macro with arguments
=== include/a.h
#define old_name(a, b) new_name(a, b)
static inline int old_name(int a, int b) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return new_name(a, a); }
# a macro has a function kept
=== include/a.h
#define __kept __attribute__((used))
#define __kept_too __kept
static int __kept_too always(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
# a macro has a variable kept
=== include/a.h
#define __kept __attribute__((used))
static int always __kept = {{5|6}};
=== kernel/a.c
#include <a.h>
# a macro of another header, with blanks inside its parentheses, has a function kept
=== include/kept.h
#define __kept __attribute__( ( used ) )
=== include/a.h
#include <kept.h>
static int __kept always(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
# a macro of another header, on several lines, has a function kept
=== include/kept.h
#define __kept __attribute__(( \
	used))
=== include/a.h
#include <kept.h>
static int __kept always(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
# a macro in the head of a function changes
=== include/a.h
#define QUALIFIER {{inline|__attribute__((used))}}
static QUALIFIER int sometimes(int a) { return a + 5; }
=== kernel/a.c
#include <a.h>
# a macro in the declaration of a variable changes
=== include/a.h
#define QUALIFIER {{__attribute__((unused))|volatile}}
static QUALIFIER int sometimes = 5;
=== kernel/a.c
#include <a.h>
# a condition of a header pastes
=== include/a.h
#include <linux/paste.h>
#define LIMIT {{10|11}}
#if __PASTE(LIM, IT) > 10
struct s { int a, b; };
#else
struct s { int a; };
#endif
=== kernel/a.c
#include <a.h>
int f(struct s *a) { return sizeof(*a); }
# a condition of a source pastes
=== include/a.h
#include <linux/paste.h>
#define LIMIT {{10|11}}
=== kernel/a.c
#include <a.h>
#if __PASTE(LIM, IT) > 10
int g;
#endif
# what all sources include pastes
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return EVERYWHERE(pl, ain)(a); }
=== kernel/unrelated.c
#include <a.h>
int f(int a) { return a; }
# a file of an unusual name is included
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== include/functions.list
static inline int listed(int a) { return plain(a); }
=== kernel/a.c
#include <a.h>
#include <functions.list>
int f(int a) { return listed(a); }
# a file of an unusual name includes it
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== include/functions.list
#include <a.h>
=== kernel/a.c
#include <functions.list>
int f(int a) { return plain(a); }
# a macro names what is included
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== kernel/a.c
#define HEADER <a.h>
#include HEADER
int f(int a) { return plain(a); }
# comments beside #include
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== kernel/a.c
/* first */ # /* second */ include /* third */ <a.h>
int f(int a) { return plain(a); }
# a digraph
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== kernel/a.c
%:include <a.h>
int f(int a) { return plain(a); }
# ## in an argument
=== include/a.h
#include <linux/paste.h>
#define NESTED(name, a) CALL(get_##name, a)
static inline int get_it(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return NESTED(it, a); }
# the last of several arguments
=== include/a.h
#define LAST(...) __VA_ARGS__##_late(1)
static inline int one_late(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return (LAST(a, one)); }
# arguments that are handed on
=== include/a.h
#define OUTER(...) INNER(__VA_ARGS__)
#define INNER(a, b, ...) get_##b(a)
static inline int get_it(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return OUTER(a, it, 0); }
# an argument that becomes several
=== include/a.h
#define INNER(a, b) get_##b(a)
#define OUTER(both) INNER(both)
#define BOTH a, it
static inline int get_it(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return OUTER(BOTH); }
# a word beside one that is nothing
=== include/a.h
#include <linux/paste.h>
#define NOTHING
static inline int one_late(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return __PASTE(one NOTHING, _late)(a); }
# nothing between two words
=== include/a.h
#include <linux/paste.h>
#define NOTHING
static inline int one_late(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return PASTE3(one, NOTHING, _late)(a); }
=== kernel/unrelated.c
#include <a.h>
int other_late(int a);
int f(int a) { return PASTE3(other, NOTHING, _late)(a); }
# a macro for a number
=== include/numbers.h
#include <linux/paste.h>
#define NUMBER 3
#define HEX 0x1f
=== include/a.h
#include <numbers.h>
static inline int get_3(int a) { return a + {{5|6}}; }
static inline int get_0x1f(int a) { return a + {{7|8}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return __PASTE(get_, NUMBER)(a); }
=== kernel/b.c
#include <a.h>
int f(int a) { return __PASTE(get_, HEX)(a); }
=== kernel/unrelated.c
#include <a.h>
int other_3(int a);
int f(int a) { return __PASTE(other_, NUMBER)(a); }
# more macros of the same name, with other parameters
=== include/a.h
static inline int get_it(int a) { return a + {{5|6}}; }
=== include/b.h
#define NAMED(a, b) a##b
=== include/unrelated.h
#define NAMED(x, y, z) (z)
=== kernel/a.c
#include <a.h>
#include <b.h>
int f(int a) { return NAMED(get, _it)(a); }
=== kernel/unrelated.c
#include <a.h>
#include <unrelated.h>
int f(int a) { return NAMED(a, a, a); }
# a parameter has the name of a macro that pastes
=== include/a.h
static inline int get_it(int a) { return a + {{5|6}}; }
=== include/b.h
#define GET(a) get_##a
#define CALL(GET, a) GET(a)
=== kernel/a.c
#include <a.h>
#include <b.h>
int f(int a) { return CALL(GET, it)(a); }
=== kernel/unrelated.c
#include <a.h>
#include <b.h>
extern int g(int);
int f(int a) { return CALL(g, a); }
# only one of the sources includes all that is between
=== include/a.h
static inline int plain(int a) { return a + {{5|6}}; }
=== include/b.h
static inline int in_b(int a) { return plain(a); }
=== include/other.h
static inline int in_b(int a) { return a; }
=== include/c.h
static inline int in_c(int a) { return in_b(a); }
=== kernel/a.c
#include <a.h>
#include <b.h>
#include <c.h>
int f(int a) { return in_c(a); }
=== kernel/unrelated.c
#include <a.h>
#include <other.h>
#include <c.h>
int f(int a) { return in_c(a); }
# TODO the name of a macro that pastes is pasted
=== include/a.h
#define GET_it(x) get_##x
#define GET(x) GET_##x
static inline int get_this(int a) { return a + {{5|6}}; }
=== kernel/a.c
#include <a.h>
int f(int a) { return GET(it)(this)(a); }
