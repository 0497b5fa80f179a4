#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The documents for authors of patches agree with the code: the kinds of hooks are the
# same everywhere, and the example of the documentation is the one that is
# tested.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $root = root_dir();
my ($enum) = slurp("$root/kmodsrc/records.h") =~ /^enum ksplice_hook_kind \{(.*?)KSPLICE_N_/ms;
my @kinds = map { lc } $enum =~ /KSPLICE_HOOK_(\w+)/g;
is(scalar @kinds, 10, 'ten kinds of hooks');

my %objmanip = slurp("$root/objmanip/decide/hooks.c") =~ /\[KSPLICE_HOOK_(\w+)\]\s*=\s*"(\w+)"/g;
is_deeply(\%objmanip, { map { (uc, $_) } @kinds }, 'objmanip has a name for each, its own');
my %core = reverse slurp("$root/kmodsrc/stop/hooks.c") =~ /\{ "(\w+)", KSPLICE_HOOK_(\w+) \}/g;
is_deeply(\%core, { map { (uc, $_) } @kinds }, 'and so has the core');
my $header = slurp("$root/ksplice-patch/ksplice-patch.h");
my %macro = $header =~ /^#define ksplice_(\w+)\(f\)\s+__ksplice_hook\(\w+, (\w+), f\)$/mg;
is_deeply(\%macro, { map { ($_, $_) } @kinds }, 'the header has a macro for each');
for my $kind (@kinds) {
    my ($type) = $header =~ /^#define ksplice_$kind\(f\)\s+__ksplice_hook\((\w+),/m;
    is($type, $kind =~ /^(?:pre|check)_/ ? 'int' : 'void', "$kind: whether it can refuse");
}

my $text = slurp("$root/doc/patch-author.md");
ok($text =~ /\b(?:ksplice_)?$_\b/, "patch-author.md has $_")
    for @kinds, $header =~ /^#define ksplice_(\w+_(?:data|running))/mg;
my ($example) = slurp("$root/examples/eventfd-writes.patch") =~ /^(--- .*)/ms;
$example =~ s/^/    /mg;
ok(index($text =~ s/[ \t]+$//gmr, $example =~ s/[ \t]+$//gmr) >= 0,
    '... and the example as it is tested');

done_testing;
