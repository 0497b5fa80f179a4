#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The core knows its architecture in one folder: common code names no processor and
# none of its instructions, kmodsrc/arch/README has each function of the contract, and
# HACKING.md has each file.

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
    my @names = grep { $_ ne 'KSPLICE_MAX_SITE_BYTES' } declared($header);
    ok(scalar @names, basename($header) . ' declares something') or next;
    is(join(' ', grep { !$in_readme{$_} } @names), '', '... and README describes it');
}
my %stub = map { $_ => 1 } map { declared($_) } glob root_dir() . '/t/fixtures/arch-stub/*.h';
my %x86 = map { $_ => 1 } map { declared($_) } map { "$kmodsrc/arch/x86/$_" }
    qw(arch.h site-kinds.h);
is_deeply(\%x86, \%stub, 'the stubs have the same in arch.h and site-kinds.h');

# --- the map -----------------------------------------------------------------

my $map = slurp(root_dir() . '/HACKING.md');
my @files = map { basename($_) } glob "$kmodsrc/*.c $kmodsrc/*/*.c $kmodsrc/arch/*/*.c";
is(join(' ', grep { $map !~ /\b\Q$_\E/ } @files), '', 'HACKING.md has each file');
my ($section) = $map =~ /^## The core module\n(.*?)^## /ms;
my %is_file = map { $_ => 1 } @files;
is(join(' ', grep { !$is_file{$_} } $section =~ /\b([\w-]+\.c)\b/g), '', '... and no other');

done_testing();
