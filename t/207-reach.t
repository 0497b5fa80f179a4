#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Every source whose code a change of a header alters is found: each number, name and
# operator of the toy's headers is changed in turn, and the compiler asked what differs.
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice               qw(capture read_file);
use Ksplice::Includes     qw(find_includers);
use Ksplice::Reach        qw(reached_sources);
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $tree = { dir => $dir, jobs => 2 };
my @flags = qw(-O2 -std=gnu11 -S -o - -w -fno-ident -Iinclude -include include/linux/kconfig.h
    -DFROM_MAKEFILE=paste_me -D__KBUILD_MODNAME=kmod_toy);
my @files = toy_files();
spew("$dir/$_->{name}", $_->{text}) for @files;
my @headers = grep { m{\.h\z|/part\.c\z} } map { $_->{name} } @files;
my %compiled = map { $_ => compiled($_) } grep { !/part\.c\z/ } map { s{^\Q$dir/}{}r }
    glob "$dir/kernel/*.c";
is(scalar(grep { !defined } values %compiled), 0, 'each source of the toy compiles');

my ($n_changes, $n_altered, $n_reached, $n_included, @missed) = (0, 0, 0, 0);
for my $header (grep { !/kconfig/ } @headers) {
    my $old = read_file("$dir/$header");
    try_change($header, $old, $_) for changes_of($old);
    spew("$dir/$header", $old);
}
is_deeply(\@missed, [], 'no source that a change alters is missed');
cmp_ok($n_changes, '>=', 50, "$n_changes changes were tried");
cmp_ok($n_altered, '>=', 75, '... which altered the code of a source so many times');
cmp_ok($n_reached, '<', $n_included * 0.6, "... and reached $n_reached of $n_included");
note("$n_changes changes: $n_altered sources altered, $n_reached reached, $n_included include one");

# Each change of one number, or of one + to a -.
sub changes_of ($text) {
    my @changes;
    push @changes, substr($text, 0, $-[1]) . ($1 + 1) . substr($text, $+[1])
        while $text =~ /(?<!\w)([1-9]\d*)(?!\w)/g;
    push @changes, substr($text, 0, $-[0]) . '-' . substr($text, $+[0])
        while $text =~ /(?<=\w )\+(?= \w)/g;
    return @changes;
}

sub try_change ($header, $old, $new) {
    spew("$dir/$header", $new);
    my @sources = find_includers($tree, $header);
    @sources = grep { defined $compiled{$_} } @sources;
    my @altered = grep { (compiled($_) // '') ne $compiled{$_} } @sources;
    spew("$dir/$header", $old);
    my %reached = map { $_ => 1 } reached_sources($tree, { $header => [$old, $new] }, @sources);
    $n_changes++;
    $n_altered += @altered;
    $n_reached += keys %reached;
    $n_included += @sources;
    my ($line) = grep { !grep_line($old, $_) } split /\n/, $new;
    push @missed, map { "$header: $line: $_" } grep { !$reached{$_} } @altered;
    return;
}

sub grep_line ($text, $line) { return index("\n$text\n", "\n$line\n") >= 0 }

sub compiled ($source) {
    my $out = eval { join "\n", capture({ dir => $dir }, 'gcc', @flags, $source) };
    return $out;
}

sub toy_files () {
    local $/ = undef;
    return map { /\A(\S+)\n(.*)\z/s ? { name => $1, text => $2 } : () } split /^=== /m, <DATA>;
}

done_testing();

__DATA__
=== .config
# Linux/x86 1.2.3 Kernel Configuration
=== include/linux/kconfig.h
#define inline inline
=== arch/x86/include/asm/other.h
static inline int other(int a) { return a; }
=== include/linux/paste.h
#define ___PASTE(a, b) a##b
#define __PASTE(a, b) ___PASTE(a, b)
#define CONCAT3(a, b, c) a ## b ## c
#define UNIQUE(x) __PASTE(__PASTE(__unique_, x), __COUNTER__)
#define PREFIX made_
#define GETTER(name, n) static inline int get_##name(int a) { return a + n; }
#define CALL_GETTER(name) get_ ## name
#define OTHER_NAME CALL_GETTER
#define WITH_PREFIX(x) __PASTE(PREFIX, x)
#define FOR_EACH_ITEM(F) F(one) F(two)
#define LATE(name) (name##_late(2))
=== include/linux/base.h
#ifndef BASE_H
#define BASE_H
#include <linux/paste.h>
#define LIMIT 10
#define TWICE(x) ((x) * 2)
#define BIG TWICE(LIMIT)
#ifdef CONFIG_NOT_THERE
static inline int never(int a) { return a + 11; }
#else
static inline int never(int a) { return a + 12; }
#endif
enum colour { RED = 3, GREEN };
struct point { int x, y; char pad[4]; };
typedef int triple[3];
static inline int plain(int a)
{
	/* 5 is a number here */
	return a + 5;
}
static inline int uses_plain(int a) { return plain(a) + 1; }
static inline int uses_macro(int a) { return a + BIG; }
static inline int size_of_point(void) { return sizeof(struct point); }
static const int table[] = { 7, 8, 9 };
static inline int uses_table(int i) { return table[i]; }
extern int outside(int a);
#define outside_twice(a) (outside(a) + outside(2))
GETTER(first, 21)
GETTER(second, 22)
static inline int made_here(int a) { return a + 31; }
static inline int made_there(int a) { return a + 32; }
static inline int paste_me_late(int a) { return a + 33; }
static inline int one_late(int a) { return a + 34; }
static inline int item_one(int a) { return a + 35; }
static inline int item_two(int a) { return a + 36; }
#endif
=== include/linux/more.h
#ifndef MORE_H
#define MORE_H
#include <linux/base.h>
#if LIMIT > 10
static inline int limit(void) { return 41; }
#else
static inline int limit(void) { return 42; }
#endif
#ifndef arch_hook
static inline int arch_hook(int a) { return a + 51; }
#define arch_hook arch_hook
#endif
static inline __attribute__((noinline)) int
split_head(int a,
	   int b)
{
	return a + b + 52;
}
static inline int in_buffer(void) { char buffer[LIMIT]; return sizeof(buffer); }
struct sized { char bytes[BIG]; };
static inline int size_of_sized(struct sized *s) { return sizeof(*s); }
#define ITEM_SUM(name) + item_##name(1)
#define SUM_OF_ITEMS (0 FOR_EACH_ITEM(ITEM_SUM))
#define CHOOSE(n) CONCAT3(made_, he, re)(n)
#define JOINED(n) \
	(plain(n) \
	 + 61)
#define SHADOW(plain) ((plain) + 62)
static int __attribute__((used)) always(int a) { return a + 63; }
int file_level = LIMIT;
#endif
=== include/linux/loose.h
#include <linux/base.h>
static inline int loose(int a) { return uses_plain(a) + 71; }
#define LOOSE_NAME loose
#define LOOSE_CALL(f, a) f(a)
=== kernel/part.c
static int part(int a) { return plain(a) + 81; }
static int unused_part(int a) { return a + 82; }
=== kernel/plain.c
#include <linux/base.h>
int f(int a) { return plain(a); }
=== kernel/indirect.c
#include <linux/base.h>
int f(int a) { return uses_plain(a); }
=== kernel/macro.c
#include <linux/base.h>
int f(int a) { return uses_macro(a) + TWICE(a); }
=== kernel/types.c
#include <linux/base.h>
int f(triple *t, struct point *p) { return sizeof(*t) + (p + 1)->y + GREEN + size_of_point(); }
=== kernel/tables.c
#include <linux/base.h>
int f(int i) { return uses_table(i); }
=== kernel/getters.c
#include <linux/base.h>
int f(int a) { return CALL_GETTER(first)(a) + OTHER_NAME(second)(a); }
=== kernel/getter-direct.c
#include <linux/base.h>
int f(int a) { return get_first(a); }
=== kernel/pasted.c
#include <linux/base.h>
int f(int a) { return WITH_PREFIX(here)(a) + __PASTE(ma, de_there)(a); }
=== kernel/from-makefile.c
#include <linux/base.h>
#define NAME FROM_MAKEFILE
#define LATE_OF(x) LATE(x)
int f(void) { return LATE_OF(NAME); }
=== kernel/Makefile
ccflags-y += -DFROM_MAKEFILE=paste_me
=== kernel/late.c
#include <linux/base.h>
int f(void) { return LATE(one); }
=== kernel/own-macro.c
#include <linux/base.h>
#define GLUE(x, y) x##_##y
#define LOCAL(y) GLUE(made, y)
int f(int a) { return LOCAL(there)(a); }
=== kernel/outside.c
#include <linux/base.h>
int f(int a) { return outside_twice(a) + never(a); }
=== kernel/nothing.c
#include <linux/base.h>
int f(int a) { return a; }
=== kernel/unique.c
#include <linux/base.h>
int UNIQUE(x);
=== kernel/more-nothing.c
#include <linux/more.h>
int f(int a) { return a; }
=== kernel/limit.c
#include <linux/more.h>
int f(void) { return limit() + in_buffer(); }
=== kernel/hook.c
#include <linux/more.h>
int f(int a) { return arch_hook(a) + split_head(a, 1); }
=== kernel/sized.c
#include <linux/more.h>
int f(struct sized *s) { return size_of_sized(s) + (s + 1)->bytes[0]; }
=== kernel/items.c
#include <linux/more.h>
int f(void) { return SUM_OF_ITEMS; }
=== kernel/choose.c
#include <linux/more.h>
int f(int n) { return CHOOSE(n) + JOINED(n); }
=== kernel/shadow.c
#include <linux/more.h>
int f(int n) { return SHADOW(n); }
=== kernel/handed-on.c
#include <linux/loose.h>
int f(int n) { return LOOSE_CALL(LOOSE_NAME, n); }
=== kernel/string.c
#include <linux/loose.h>
int f(int n) { /* loose(plain) */ return n; }
=== kernel/includes-part.c
#include <linux/base.h>
#include "part.c"
int f(int n) { return part(n); }
=== kernel/includes-part-unused.c
#include <linux/base.h>
#include "part.c"
int f(int n) { return n; }
=== kernel/own-of-same-name.c
#include <linux/paste.h>
static int plain(int a) { return a * 3; }
int f(int n) { return plain(n); }
