#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The functions that hooks name go into the new code with all they need, and
# the records say when each is called; what cannot be a hook is refused.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $include = '-I' . root_dir() . '/ksplice-patch';
my @kinds = map { my $stage = $_; map { "${_}$stage" } 'pre_', 'check_', '', 'post_', 'fail_' }
    qw(apply reverse);

# The source of a file with a function f that changes, and hooks behind it
sub source {
    my ($change, $hooks) = @_;
    return <<"END";
#include "ksplice-patch.h"
int ext(int);
static int counter = 5;
int known(void) { return ext(counter); }
#ifdef PATCHED
int f(int x) { return ext(x) + counter++ + $change; }
$hooks
#else
int f(int x) { return ext(x) + counter++; }
#endif
END
}

sub inspect {
    my ($file) = @_;
    my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', $file);
    is("$status $err", '0 ', 'inspect finds no fault');
    return $out;
}

# All kinds, in two units
my $all = join '', map { my $type = /^(?:pre|check)_/ ? 'int' : 'void';
    "static $type do_$_(void) { counter += ext(fresh++)"
    . ($type eq 'int' ? "; return 0; }\n" : "; }\n") . "ksplice_$_(do_$_);\n" } @kinds;
my $last = 'static void last(void) { ext(1); } ksplice_post_apply(last);';
my $diff = diff(build_pair(source(1, $last), $include),
    build_pair(source(0, "static int fresh = 7;\n$all"), $include));
is($diff->{status}, 0, 'all kinds of hooks') or diag $diff->{err};
my $new = inspect("$diff->{dir}/new.o");
is_deeply([sort $new =~ /^hook (\w+ of unit 1: \w+)$/mg],
    [sort map { "$_ of unit 1: do_$_" } @kinds], 'the records name each');
like($new, qr/^hook post_apply of unit 0: last\n(?:hook \w+ of unit 1.*\n){10}/m,
    '... unit by unit');
is_deeply([sort map { "$_->{name}" } grep { $_->{type} =~ /function|object/ }
    objdump_symbols("$diff->{dir}/new.o")], [sort 'f', 'fresh', 'last', map { "do_$_" } @kinds],
    'the functions are in the new code, and so is what they need');
like($new, qr/^needs ksplice_abc_vmlinux_\d+_counter$/m, '... or it is imported');
is_deeply([sort $diff->{summary} =~ /^hook (.*)$/mg],
    [sort 'post_apply dir/1.o last', map { "$_ dir/2.o do_$_" } @kinds],
    'the summary lists them');
my $section = objdump_sections("$diff->{dir}/new.o");
ok(!(grep { /^\.ksplice_hooks\./ } keys %$section), "the macros' own sections are gone");

# Hooks and nothing else
my @pair = build_pair(source(0, 'static int a(void) { return ext(1); } ksplice_pre_apply(a);'),
    $include);
is(compare(@pair), 0, 'a hook is a change');
$diff = diff(@pair);
is("$diff->{status} $diff->{err}", '0 ', '... for which an update is made');
is($diff->{summary}, "new function dir/1.o a (" . (($diff->{summary} =~ /\((\d+)/)[0] // '') .
    " bytes)\nhook pre_apply dir/1.o a\n", '... of that hook');
like(inspect("$diff->{dir}/new.o"), qr/^replaced spans: 0\nhook pre_apply of unit 0: a\n/m,
    '... and no function');
inspect("$diff->{dir}/old.o");

# Refusals
for (
    ['known', 'a function that is there already', 'int', 'pre_apply', ''],
    ['ext', 'a function of another file', 'int', 'pre_apply', 'int ext_(void) __asm__("ext");',
        'ext_'],
    ['gone', 'one that is gone after boot', 'void', 'post_apply',
        '__attribute__((section(".init.text"))) static void gone(void) { ext(1); }'],
) {
    my ($name, $what, $type, $kind, $before, $called) = @$_;
    $called //= $name;
    is_refused(diff_text(source(0, "$before ksplice_$kind($called);"), $include),
        "dir/1.o: hook '$name' ($kind) must be a new function of this file: call it from one",
        "$what is refused");
}
is_refused(diff_text(source(0, 'void *const odd __attribute__((used, '
        . 'section(".ksplice_hooks.apply"))) = 0;'), $include),
    'dir/1.o: the hook apply is not the address of a function', 'no address is refused');
like(diff_text(source(0, 'static void a(void) {} __ksplice_hook(void, sometimes, a);'),
        $include)->{err}, qr/^objmanip: '\S+': there is no kind of hook 'sometimes'$/,
    'a kind that is not known is refused');

# What the compiler says
my $body = 'static int a(void) { return 0; } static int b(void) { return 0; }';
eval { build_pair(source(0, "$body ksplice_pre_apply(a); ksplice_pre_apply(b);"), $include) };
like($@, qr/redefinition of '__ksplice_hook_pre_apply'/, 'two of a kind do not compile');
eval { build_pair(source(0, "$body ksplice_apply(a);"), $include, '-Werror') };
like($@, qr/incompatible pointer type/, 'nor does one that returns something else');

# Broken records
my $file = "$diff->{dir}/new.o";
my (undef, $out) = run_cmd('objdump', '-h', $file);
my ($size, $at) = $out =~ /\.ksplice_hooks\s+([0-9a-f]+)(?:\s+[0-9a-f]+){2}\s+([0-9a-f]+)/;
is(hex $size, 24, 'a record has 24 bytes');
my $bytes = slurp($file);
substr $bytes, hex($at) + 16, 1, "\x7f";
my ($status, undef, $err) = run_cmd('objmanip/objmanip', 'inspect', spew("$file.bad", $bytes));
is("$status $err", "1 objmanip: '$file.bad': broken hooks: number 0 is invalid\n",
    'inspect finds a kind that there is not');

done_testing;
