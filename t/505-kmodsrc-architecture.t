#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The core knows its architecture in one folder: common code names no processor and
# none of its instructions, and kmodsrc/arch/README has each function of the contract and
# each member of its structs.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(basename dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $kmodsrc = root_dir() . '/kmodsrc';
my @common = grep { !m{/arch/\w+/} }
    split /\n/, (run_cmd('find', $kmodsrc, '-name', '*.[chS]', '-o', '-name', 'Kbuild'))[1];
cmp_ok(scalar @common, '>', 80, 'there is common code');

my $foreign = qr{
    x86 | amd64 | arm64 | aarch64 | i386
    | asm/(?!unaligned\b|barrier\b)\w+          # what a header of one has is its own
    | int3 | endbr | retpoline | paravirt | smp_lock | \bthunk | \brip\b
    | adrp | \bbrk\b | invlpg | cpuid | \binsn_ | \bstruct\ insn\b | text_poke
    | (?:CALL|JMP32|JMP8|RET|NOP|INT3)_INSN
    | 0x(?:90|cc|c3|e8|e9|eb|f0|0f)\b          # opcodes
}xi;
for my $file (@common) {
    my @found = grep { $_ =~ $foreign } split /\n/, slurp($file);
    is(join("\n", @found), '', substr($file, 1 + length $kmodsrc) . ' is of no architecture');
}

# --- the contract ------------------------------------------------------------

my $readme = slurp("$kmodsrc/arch/README");

# What a header declares, without comments.
sub declared ($file) {
    my $text = slurp($file) =~ s{/\*.*?\*/}{}gsr;
    return $text =~ /^(?:[\w ]+[ *])?(?:\n)?(ksplice_\w+)\([^;{]*[;{]/mg,
        $text =~ /^\#define (KSPLICE_\w+)[ \t]/mg,
        $text =~ /^extern const struct \w+ (ksplice_\w+)\[/mg;
}

my %in_readme = map { $_ => 1 } $readme =~ /\b(ksplice_\w+|KSPLICE_\w+)/gi;
$in_readme{ksplice_redirect_exit} = 1;    # "_init(), _exit()"
for my $header (glob "$kmodsrc/arch/*.h $kmodsrc/arch/x86/arch.h $kmodsrc/arch/x86/site-kinds.h") {
    my @names = declared($header);
    ok(scalar @names, basename($header) . ' declares something') or next;
    is(join(' ', grep { !$in_readme{$_} } @names), '', '... and README describes it');
}
# The lines of a struct are those up to the next name at the left, or a blank one.
sub paragraph ($struct) {
    my ($text) = $readme =~ /^struct \Q$struct\E +(.*\n(?: .*\n)*)/m;
    return $text // '';
}

# Those of struct ksplice_site_env are for the rules alone.
my %struct = map { slurp($_) =~ s{/\*.*?\*/}{}gsr =~ /^struct (\w+) \{\n(.*?)^\};/msg }
    glob "$kmodsrc/arch/*.h";
cmp_ok(scalar keys %struct, '>=', 4, 'there are structs');
for my $name (sort keys %struct) {
    my @members = $struct{$name} =~ /(\w+)(?:\[\w+\])?\s*(?:;|\)\()/g;
    my $text = paragraph($name);
    is(join(' ', grep { $text !~ /\b\Q$_\E\b/ } @members), '',
        "README has the members of $name");
}
my %stub = map { $_ => 1 } map { declared($_) } glob root_dir() . '/t/fixtures/arch-stub/*.h';
my %x86 = map { $_ => 1 } map { declared($_) } map { "$kmodsrc/arch/x86/$_" }
    qw(arch.h site-kinds.h);
is_deeply(\%x86, \%stub, 'the stubs have the same in arch.h and site-kinds.h');

done_testing();
