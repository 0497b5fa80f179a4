#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The new code holds the replaced functions and what is new, and refers to the
# rest: calls go to new bodies, pointers keep the original entry.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $diff = diff_text(<<'END');
#define alone __attribute__((noipa))
int ext(int);
void *reg(void *);
int counter = 3;
static int hidden = 4;
static const int table[4] = { 1, 2, 3, 4 };
alone static int helper(int x) { return ext(x) + hidden; }
alone int untouched(int x) { return helper(x) + 7; }
#ifdef PATCHED
alone static int added(int x) { return x * 3; }
static int fresh = 5;
static int zeroes[4];
alone static int changed(int x) { return helper(x) + 2; }
alone int caller(int x)
{
	fresh += x;
	zeroes[x & 3]++;
	return changed(x) + helper(x) + added(x) + counter + table[x & 3];
}
alone void *taker(void) { return reg(changed) + (long)reg(added) + (long)reg("new"); }
#else
alone static int changed(int x) { return helper(x) + 1; }
alone int caller(int x) { return changed(x) + helper(x) + counter + table[x & 3]; }
alone void *taker(void) { return reg(changed); }
#endif
END
is($diff->{status}, 0, 'there is new code') or diag $diff->{err};

my $new = "$diff->{dir}/new.o";
my %symbol = map { $_->{name} => $_ } grep { $_->{name} } objdump_symbols($new);
my $relocation = objdump_relocations($new);
my $section = objdump_sections($new);

is_deeply([sort map { $_->{name} } grep { $_->{type} eq 'function' } values %symbol],
    [qw(added caller changed taker)], 'changed and new functions are in it, and no others');
is_deeply([sort map { $_->{name} } grep { $_->{type} eq 'object' } values %symbol],
    [qw(fresh zeroes)], 'and so is new data');
my (undef, $names) = run_cmd('nm', $new);
like($names, qr/ t changed\.ksplice_\w+$/m,
    'a replaced function does not take the name of the running one');
like($names, qr/ t added$/m, 'a new one has its own');
is($symbol{caller}{global},  1, 'a global function stays one');
is($symbol{changed}{global}, 0, 'and a static one');
is($symbol{$_}{section}, ".text.$_", "$_ has its own section") for qw(changed caller taker);
ok($symbol{$_}{size} > 0, "$_ has its size") for qw(changed caller taker added fresh zeroes);
is($section->{'.data.fresh'}{size}, 4, 'initialized data has its bytes');
ok(!$section->{'.bss.zeroes'}{flags}{CONTENTS}, 'zeroes take no room in the file');
ok($section->{'.data.fresh'}{flags}{DATA} && !$section->{'.data.fresh'}{flags}{READONLY},
    'and it can be written to');
ok($section->{'.text.caller'}{flags}{CODE}, 'code is code');

sub targets {
    my ($function) = @_;
    return join ' ', sort map { $_->{symbol} } @{ $relocation->{".text.$function"} };
}
my $import = qr/ksplice_abc_vmlinux_\d+/;
like(targets('caller'), qr/^(?=.*\bchanged\b)(?=.*\badded\b)/, 'calls go to the new code');
like(targets('caller'), qr/\b${import}_helper\b/,  'an unchanged static function is imported');
like(targets('caller'), qr/\b${import}_counter\b/, 'so is a global variable');
like(targets('caller'), qr/\b${import}_table\b/,   'and read-only data');
like(targets('caller'), qr/\bfresh\b/,             'new data is not');
like(targets('taker'), qr/\b${import}_changed\b/, 'a pointer to a replaced one is the old entry');
like(targets('taker'), qr/\badded\b/,             'a pointer to a new one is the new one');
like(targets('taker'), qr/(^| )\.rodata( |$)/, 'a string is copied');
is($section->{'.rodata'}{size}, length("new") + 1, 'and only that string');

my @records = @{ $relocation->{'.ksplice_replaced'} };
is_deeply([map { $_->{type} } @records], [('R_X86_64_64') x 3], 'three functions are replaced');
is_deeply([sort map { $_->{symbol} } @records], [qw(caller changed taker)],
    'by the new ones');
is($symbol{ksplice_replaced}{value}, 0, 'their records start at the symbol');
is($symbol{ksplice_replaced_end}{value}, $section->{'.ksplice_replaced'}{size}, 'and end there');
ok($symbol{$_}{global}, "$_ is global") for qw(ksplice_replaced ksplice_replaced_end);

my ($status, $out, $err) = run_cmd('ld', '-r', '-o', "$diff->{dir}/linked.o", $new);
is("$status $err", '0 ', 'ld -r takes it');

# Two units: one calls a function and uses a variable that are new in the other.
my @one = build_pair(<<'END');
#define alone __attribute__((noipa))
#ifdef PATCHED
int shared;
alone int in_first(int x) { return shared++ + x; }
alone int service(int x) { return in_first(x) * 2; }
#else
alone int service(int x) { return x * 2; }
#endif
END
my @two = build_pair(<<'END');
int service(int);
void *reg(void *);
#ifdef PATCHED
extern int shared;
int user(int x) { return service(x) + shared; }
void *pointer(void) { return reg(service) + 1; }
#else
int user(int x) { return service(x); }
void *pointer(void) { return reg(service); }
#endif
END
$diff = diff(@one, @two);
is($diff->{status}, 0, 'two units make one object') or diag $diff->{err};
$relocation = objdump_relocations("$diff->{dir}/new.o");
is(targets('user'), 'service shared', 'a call into the other unit is to the new body there');
like(targets('pointer'), qr/${import}_service/, 'a pointer to the old entry there');

# A cold part, and a function whose own address is in it.
$diff = diff_text(<<'END');
void report(void *, const char *) __attribute__((cold, noreturn));
int ext(int);
int split(int x)
{
#ifdef PATCHED
	x++;
#endif
	if (__builtin_expect(ext(x) < 0, 0))
		report(split, "cold");
	return ext(x);
}
END
is($diff->{status}, 0, 'a function with a cold part') or diag $diff->{err};
%symbol = map { $_->{name} => $_ } objdump_symbols("$diff->{dir}/new.o");
$relocation = objdump_relocations("$diff->{dir}/new.o");
is($symbol{'split.cold'}{section}, '.text.unlikely.split', 'the part is copied as well');
ok((grep { /^split\.cold|^\.text\.unlikely/ } split / /, targets('split')),
    'and the function jumps to its copy');
is(scalar @{ $relocation->{'.ksplice_replaced'} }, 1, 'it is not replaced by itself');
like(join(' ', targets('split'), targets('unlikely.split')), qr/${import}_split/,
    'its own address stays the old entry');

done_testing;
