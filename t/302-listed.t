#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# An object of a stock kernel lists all calls and jumps that the kernel rewrites.
# Without one of the tables each function with such a branch is refused.
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::Ksplice::Tree;
use Test::More;

kernel_release();
my $source = kernel_source();
my ($status, $out, $err) =
    create_update("--patch=$RealBin/patches/every-site.patch", '--id=t302', '--dry-run');
is($status, 0, 'the object is compiled') or diag $err;

my $object = scratch_dir() . '/fork.o';
{
    my $lock = locked_source();
    spew($object, slurp("$source/kernel/fork.o"));
}

my %prefix = (
    '.return_sites'      => '__x86_return_thunk',
    '.retpoline_sites'   => '__x86_indirect_',
    '.static_call_sites' => '__SCT__',
    '__mcount_loc'       => '__fentry__',
);
my $relocations = objdump_relocations($object);
my @functions = grep { $_->{type} eq 'function' } objdump_symbols($object);

# A function can have several names.
my %place = map { $_->{name} => "$_->{section}+$_->{value}" } @functions;

# The functions that may go into an update and have such a branch
sub with_branch ($prefix) {
    my %found;
    for my $function (grep { $_->{section} !~ /^\.(?:mem)?(?:init|exit)/ } @functions) {
        $found{ $place{ $function->{name} } } = 1
            if grep {
                   $_->{symbol} =~ /^\Q$prefix\E/
                && $_->{offset} >= $function->{value}
                && $_->{offset} < $function->{value} + $function->{size}
            } @{ $relocations->{ $function->{section} } };
    }
    return sort keys %found;
}

sub refused ($diff, $table) {
    my %found = map { $place{$_} => 1 }
        $diff->{err} =~ /^objmanip: dir\/1\.o: '(\S+)' changes .*'\Q$table\E' has no entry for /mg;
    return sort keys %found;
}

my $n = 0;
for my $table (sort keys %prefix) {
    my @branches = with_branch($prefix{$table}) or next;
    my $without = scratch_dir() . '/without.o';
    my @failed = run_cmd('objcopy', "--remove-section=$table", $object, $without);
    is_deeply(\@failed, [0, '', ''], "an object without $table");
    is_deeply([refused(diff($without, $object), $table)], [], '... the other one lists all');
    my $diff = diff($object, $without);
    is($diff->{status}, 1, '... this one is refused');
    is_deeply([refused($diff, $table)], \@branches, '... for each function with such a branch');
    $n += @branches;
}
cmp_ok($n, '>', 100, 'which are many') or diag $n;

done_testing;
