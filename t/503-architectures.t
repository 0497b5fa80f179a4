#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# All that objmanip knows of an architecture is in its folder of objmanip/arch: the
# rest compiles with another one, names none, and has no bytes of its code.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use File::Find     ();
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $root = root_dir();
my $scratch = scratch_dir();

# --- it compiles ---------------------------------------------------------------

my $stub = "$scratch/objmanip";
is_deeply([run_cmd({ dir => $root }, 'make', '-s', 'CHECK_ARCH=1', "stub=$stub")],
    [0, "  CC      $stub\n", ''], 'the common code compiles with an architecture of stubs');
spew("$scratch/one.c", "int one;\n");
run_cmd('gcc', '-c', '-o', "$scratch/one.o", "$scratch/one.c");
is_deeply([run_cmd($stub, 'compare', ("$scratch/one.o") x 2)],
    [1, '', "objmanip: '$scratch/one.o' is not for no machine: no other machine is supported\n"],
    '... and that is the only one it knows');

my $name_of_one = qr/(\w*(?:x86|i386|amd64|arm64|aarch64)\w*
    | (?-i:\bR_[A-Z]\w+ | \bEM_(?!NONE)\w+)
    | \b(?:modrm|rip|retpoline|paravirt|endbr|orc)\w*)/xi;

# --- it names none -------------------------------------------------------------

my @files;
File::Find::find({ no_chdir => 1, wanted => sub { push @files, $_ if /\.[ch]\z/ } },
    "$root/objmanip");
my @common = grep { !m{/arch/[^/]+/} } @files;
cmp_ok(scalar @common, '>', 60, 'there is common code');
cmp_ok(scalar @files - @common, '>', 5, '... and that of architectures');
for my $file (@common) {
    my $name = $file =~ s{^\Q$root/}{}r;
    my $text = slurp($file);
    my @names = $text =~ /$name_of_one/g;
    is("@names", '', "$name names no architecture");
    my $code = $text =~ s{/\*.*?\*/}{}gsr;
    my @bytes = $code =~ /\b(0x[0-9a-f]{2}|\\x[0-9a-f]{2})\b/gi;
    is("@bytes", '', '... and has no byte of an instruction');
}

# --- each is whole -------------------------------------------------------------

# What arch.h asks for is described, and each architecture has it.
my ($struct) = slurp("$root/objmanip/arch/arch.h") =~ /^struct arch \{\n(.*?)^\};/ms;
my @members = $struct =~ /(?:\(\*|[ *])(\w+)(?:;|\)\()/g;
cmp_ok(scalar @members, '>', 15, 'an architecture has members');
my $contract = slurp("$root/objmanip/arch/README.md");
for my $member (@members) {
    next if $member =~ /^n_/;
    like($contract, qr/`\Q$member\E\b/, "README.md has $member");
}
for my $dir (glob "$root/objmanip/arch/*/") {
    my $all = join '', map { slurp($_) } glob "$dir*.c";
    my @missing = grep { $all !~ /^\t\.\Q$_\E = /m } @members;
    is("@missing", '', ($dir =~ s{.*/(\w+)/\z}{$1}r) . ' gives them all');
}

done_testing;
