#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Calls and jumps of new code that the kernel rewrites have entries in their
# tables, which objtool makes, or the update is refused.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice qw(document);
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

sub assembly (@lines) {
    return 'asm("' . join('', map { s/"/\\"/gr =~ s/\n/\\n/gr . '\n' } @lines) . '");';
}

# A function in assembly of these lines, in a section of its own or that one.
sub function ($name, $section, @lines) {
    return ".pushsection $section,\"ax\"", ".globl $name", ".type $name,\@function", "$name:",
        @lines, ".size $name,.-$name", '.popsection';
}

# An instruction and its entry in a table
sub listed ($instruction, $table, $entry = '.long 1b - .') {
    return "1: $instruction", ".pushsection $table,\"a\"", $entry, '.popsection';
}

# The lines are those of f, after an instruction that changes.
sub changed (@lines) {
    return patched(map { assembly(function('f', ".text.f", "mov \$$_,%edi", @lines)) } 1, 2);
}

sub patched ($old, $new) {
    return diff_text("int other(void) { return 1; }\n#ifdef PATCHED\n$new\n#else\n$old\n#endif\n");
}

sub is_done ($diff, $title) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$diff->{status}: $diff->{err}", '0: ', $title);
    return;
}

my $troubleshooting = document('troubleshooting.md');

sub lacks ($function, $table, $to, $offset) {
    return "dir/1.o: '$function' changes or is new, and '$table' has no entry for its branch to "
        . "'$to' at offset $offset: the build has to run objtool on the object, see "
        . $troubleshooting;
}

my %entry = (
    '.static_call_sites' => ".long 1b - .\n.long key - .",
    '__mcount_loc'       => '.quad 1b',
);
for (
    ['.return_sites',      'jmp __x86_return_thunk',        6],
    ['.return_sites',      'jne __x86_return_thunk',        7],
    ['.retpoline_sites',   'call __x86_indirect_thunk_rax', 6],
    ['.retpoline_sites',   'jmp __x86_indirect_thunk_rdx',  6],
    ['.retpoline_sites',   'je __x86_indirect_thunk_rax',   7],
    ['.retpoline_sites',   '.byte 0x2e; call __x86_indirect_thunk_r11', 7],
    ['.retpoline_sites',   'call __x86_indirect_call_thunk_rax',   6],
    ['.static_call_sites', 'call __SCT__cond_resched',      6],
    ['.static_call_sites', 'jmp __SCT__cond_resched',       6],
    ['.static_call_sites', 'jle __SCT__cond_resched',       7],
    ['__mcount_loc',       'call __fentry__',               6],
) {
    my ($table, $instruction, $offset) = @$_;
    my $to = $instruction =~ s/.* //r;
    my $entry = $entry{$table} // '.long 1b - .';
    is_done(changed(listed($instruction, $table, $entry), 'ret'), "$instruction: with an entry");
    is_refused(changed($instruction, 'ret'), lacks('f', $table, $to, sprintf '0x%x', $offset),
        '... without one');
    is_refused(changed('2: nop', listed($instruction, $table, $entry =~ s/1b/2b/r), 'ret'),
        lacks('f', $table, $to, sprintf '0x%x', $offset + 1),
        '... with one of another instruction');
}

is_refused(changed(listed('call __x86_indirect_thunk_rax', '.return_sites'), 'ret'),
    lacks('f', '.retpoline_sites', '__x86_indirect_thunk_rax', '0x6'), 'an entry of another table');
is_refused(changed(listed('call __x86_indirect_thunk_rax', '.retpoline_sites'),
        ('call __x86_indirect_thunk_rdx') x 2, 'jmp __x86_return_thunk'),
    lacks('f', '.return_sites', '__x86_return_thunk', '0x15') . "\nobjmanip: "
        . lacks('f', '.retpoline_sites', '__x86_indirect_thunk_rdx', '0xb'),
    'some of several: the first of each table');
is_done(changed('lea __x86_return_thunk(%rip),%rax', 'mov $__x86_indirect_thunk_rax,%rcx', 'ret'),
    'an address alone');
is_done(changed('call __x86_other', 'call *%rax', 'ret'), 'other calls');

# What does not go into the new code does not count.
my $unlisted = assembly(function('g', '.text.g', 'jmp __x86_return_thunk'));
is_done(patched('int f(int x) { return x + 1; }' . $unlisted,
        'int f(int x) { return x + 2; }' . $unlisted),
    'a function that does not change');
is_refused(patched('int f(void) { return 0; }',
        "int g(void); int f(void) { return g(); } $unlisted"),
    lacks('g', '.return_sites', '__x86_return_thunk', '0x1'), 'a new function');

# Where functions share a section, an entry is about the one that it stands in.
my $g = assembly(function('g', '.text.f', listed('jmp __x86_return_thunk', '.return_sites')));
is_refused(patched(map { assembly(function('f', '.text.f', "mov \$$_,%edi",
        'jmp __x86_return_thunk')) . $g } 1, 2),
    lacks('f', '.return_sites', '__x86_return_thunk', '0x6'), 'an entry of its neighbour');

# objtool lists returns in the code of alternatives, and nothing else there.
sub alternative ($replacement) {
    return '1: .nops 5', '.pushsection .altinstructions,"a"', '.long 1b - ., 2f - .',
        '.word 5', '.byte 5, 5', '.popsection', '.pushsection .altinstr_replacement,"ax"',
        "2: $replacement", '.popsection', 'ret';
}
is_done(changed(alternative('call __x86_indirect_thunk_rax')),
    'a thunk in the code of an alternative');
is_done(changed(alternative('call __SCT__cond_resched')), 'a trampoline there');
is_done(changed(alternative("jmp __x86_return_thunk\n.pushsection .return_sites,\"a\"\n"
        . ".long 2b - .\n.popsection")), 'a return there, with an entry');
my $diff = changed(alternative('jmp __x86_return_thunk'));
like($diff->{err}, qr/'\.return_sites' has no entry for its branch to '__x86_return_thunk'/,
    '... without one');

done_testing;
