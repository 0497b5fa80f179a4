#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# corpus-imports.pl ID - does kallsyms have the addresses that the update found?
#
# Matching proves addresses by references of the running code.  This uses the
# names instead, which matching did not use: each address that new code was given, and
# each that is redirected, must be that of a symbol of the name; numbers that
# the compiler appended do not count.  Prints the others.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

my ($id) = @ARGV;
my @log = lines("/sys/kernel/debug/ksplice/$id/log");
print "the log lists no addresses\n" if !@log;
my @found = (
    (map { /^import (\S+) = ([0-9a-f]+)$/ ? [$1, $2] : () } @log),
    (map { /^\S+ (\S+) (?:0x)?([0-9a-f]+) / ? [$1, $2] : () }
        lines("/sys/kernel/ksplice/$id/patches")),
);
my %names = map { sprintf('%016s', $_->[1]) => {} } @found;
for (lines('/proc/kallsyms')) {
    my ($address, $name) = (split / |\t/)[0, 2];
    $names{$address}{ base($name) } = 1 if $names{$address};
}
for (@found) {
    my ($label, $address) = ($_->[0], sprintf '%016s', $_->[1]);
    my $name = base($label =~ s/[@#].*//r);
    next if $name eq '' || $name =~ /^\./ || $names{$address}{$name};
    print "'$label' is taken to be at $address, where is '",
        join("' '", sort keys %{ $names{$address} }), "'\n";
}

sub base ($name) { return $name =~ s/\.\d+(?=\.|\z)//gr }

sub lines ($file) {
    open my $in, '<', $file or return;
    chomp(my @lines = <$in>);
    return @lines;
}
