#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What cannot be replaced in a running kernel is refused by name: what boot
# has registered, exports, sections that objmanip does not know, code that
# cannot be redirected.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

sub patched ($old, $new, $rest = '') {
    return diff_text("#ifdef PATCHED\n$new\n#else\n$old\n#endif\n$rest\n");
}

sub in ($section) { return "__attribute__((used, section(\"$section\")))" }

# Sections that we do not know
my $odd = in('.odd');
is_refused(patched("int x $odd = 1;", "int x $odd = 2;"),
    "dir/1.o: 'x' changes, in the unknown section '.odd'", 'a changed one');
is_refused(patched('', "int x $odd = 2;"),
    "dir/1.o: 'x' is new, in the unknown section '.odd'", 'a new one');
is_refused(patched("int x $odd = 2;", ''),
    "dir/1.o: 'x' is gone, in the unknown section '.odd'", 'one that is gone');
is_refused(patched('int f(void) { return 1; }', 'int f(void) { return 2; }',
        "int (*x)(void) $odd = f;"),
    "dir/1.o: 'f' changes, and the unknown section '.odd' refers to it",
    'one that describes a changed function');
is(patched('int f(void) { return 1; }', 'int f(void) { return 2; }',
        "int x $odd = 1;")->{status}, 0,
    'one that has nothing to do with it is no problem');

# For the build only: the tracepoints that are used (7.3)
is(patched('int f(void) { return 1; }', 'int f(void) { return 2; }'
        . ' static const char x[] ' . in('__tracepoint_check') . ' = "event";')->{status}, 0,
    'that a tracepoint is used is no problem either');

# Registered at boot
my $param = in('__param');
is_refused(patched("int x $param = 1;", "int x $param = 2;"),
    "dir/1.o: 'x' changes: the contents of section '__param' are registered at boot",
    'a parameter');
is_refused(patched('', 'int x ' . in('__tracepoints') . ' = 2;'),
    "dir/1.o: 'x' is new: the contents of section '__tracepoints' are registered at boot",
    'a new tracepoint');

# Exports
sub export ($name, $kind) {
    return "asm(\".pushsection ___ksymtab$kind+$name,\\\"a\\\"\\n.long $name - .\\n"
        . ".popsection\\n\");";
}
my $f = 'int f(void) { return 1; } int g(void) { return 2; }';
is_refused(patched(export('f', ''), '', $f),
    "dir/1.o: the export of 'f' is gone: modules may use it",
    'an export that is gone');
is_refused(patched(export('f', ''), export('f', '_gpl'), $f),
    "dir/1.o: the export of 'f' changes its licence", 'one for other modules');
is(patched('int g(void) { return 2; }', 'int g(void) { return 3; }',
        "int f(void) { return 1; }\n" . export('g', ''))->{status},
    0, 'an exported function may change');

# Code
my $entry = in('.entry.text');
is_refused(patched("int $entry f(void) { return 1; }", "int $entry f(void) { return 2; }"),
    "dir/1.o: 'f' in section '.entry.text' changes: it runs before the kernel's memory is mapped",
    'entry code');
my $new = "__attribute__((noipa)) int $entry g(void) { return 2; }";
is_refused(patched('int f(void) { return 1; }', "$new int f(void) { return g(); }"),
    "dir/1.o: 'g' is new in section '.entry.text': it runs before the kernel's memory is mapped",
    '... and new entry code');
my $trampoline = '__attribute__((noipa)) int ' . in('.static_call.text') . ' g(void) { return N; }';
is(patched('int f(void) { return 1; }', "#define N 2\n$trampoline int f(void) { return g(); }")
    ->{status}, 0, 'a new static call is one of the module');
is_refused(patched('#define N 1', '#define N 2', $trampoline),
    "dir/1.o: 'g' in section '.static_call.text' changes: the kernel rewrites it as a whole",
    '... and a changed one is none');
sub assembly ($text) {
    return 'asm(".pushsection .text.asm,\"ax\"\n' . $text . '\n.popsection\n");';
}
is_refused(patched(assembly('movl $1,%eax\nret'), assembly('movl $2,%eax\nret'), $f),
    "dir/1.o: code without a symbol changes in section '.text.asm'", 'code without a symbol');

# Sections that are freed after boot
my $init = '__attribute__((noipa, section(".init.text")))';
is_refused(patched('int f(void) { return 1; }', 'int g(void); int f(void) { return g(); }',
        "int $init g(void) { return 3; }"),
    "dir/1.o: 'f' refers to 'g' in section '.init.text', which is freed after boot",
    'a reference to what is gone after boot');
my $diff = patched("int $init g(void) { return 2; }", "int $init g(void) { return 3; }",
    'int f(void) { return 1; }');
is($diff->{status}, 66, 'a change in init code only is no change');
is($diff->{summary}, "ignored dir/1.o g (.init.text: will not run)\n", '... which is reported');

done_testing;
