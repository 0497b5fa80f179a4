#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Each test has a number of its own, in a family that t/README.md describes, and
# what is named in documents exists.

use v5.32;
use warnings;
use File::Basename qw(basename dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $root = root_dir();
my @tests = map { basename($_) } glob "$root/t/*.t";
my @bad = grep { !/^\d{3}-[a-z0-9-]+\.t\z/ } @tests;
is("@bad", '', 'the name of each test is NNN-subject.t');

my %with;
push @{ $with{ substr $_, 0, 3 } }, $_ for @tests;
my @shared = map { "@{ $with{$_} }" } grep { @{ $with{$_} } > 1 } sort keys %with;
is(join('; ', @shared), '', 'no two tests have one number');

my $readme = slurp("$root/t/README.md");
my %family;
while ($readme =~ /^\| (\d{3})-(\d{3}) \|/mg) {
    $family{$_} = 1 for 0 + $1 .. 0 + $2;
}
my @homeless = grep { !$family{ 0 + substr $_, 0, 3 } } @tests;
is("@homeless", '', 'README.md has the family of each');

# A document names a test as t/NNN-subject.t, or t/NNN for short.
my @documents = ("$root/README.md", "$root/HACKING.md", "$root/t/README.md",
    "$root/kernel-patches/README.md", glob "$root/doc/*.md");
for my $document (@documents) {
    my $text = slurp($document);
    my @missing = grep { !-e "$root/t/$_" } $text =~ m{\bt/(\d{3}-[a-z0-9-]+\.t)\b}g;
    push @missing, grep { !$with{$_} } $text =~ m{\bt/(\d{3})\b(?!-)}g;
    is("@missing", '', basename($document) . ' names tests that exist');
}

done_testing;
