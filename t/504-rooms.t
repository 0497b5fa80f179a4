#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A room of objmanip includes headers of its own and of the rooms before it, and
# HACKING.md has each file in its room.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use File::Find     ();
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $objmanip = root_dir() . '/objmanip';
my @rooms = qw(util model arch read decide report write);
my %rank = map { ($rooms[$_] => $_) } 0 .. $#rooms;

my @files;
File::Find::find({ no_chdir => 1, wanted => sub {
    push @files, s{^\Q$objmanip/}{}r if /\.[ch]\z/;
} }, $objmanip);
for my $file (sort @files) {
    my ($room) = $file =~ m{^(\w+)/};
    my @includes = slurp("$objmanip/$file") =~ /^#include "([^"]+)"/mg;
    my @wrong = grep {
        my ($other) = m{^(\w+)/};
        !m{\Akmodsrc/(?:records|arch/\w+/site-kinds)\.h\z} && (!defined $rank{$other // ''}
            || defined $room && $rank{$other} > $rank{$room});
    } @includes;
    is("@wrong", '', "$file includes what stands before it");
    ok(!defined $room || defined $rank{$room}, '... and is in a room');
}

# The lines of a room are those up to the next one.
my ($map) = slurp(root_dir() . '/HACKING.md') =~ /^## The files of objmanip\n(.*?)^## /ms;
my @parts = split m{^ {4}(?:(?=main\.c)|(\w+)/ )}m, $map;
my %listed;
shift @parts;
while (@parts) {
    my ($room, $lines) = splice @parts, 0, 2;
    $room //= '';
    $listed{$room} = { map { ($_ => 1) } ($lines // '') =~ /[\w-]+/g };
}
for my $file (sort @files) {
    my ($room, $name) = $file =~ m{^(?:(\w+)/)?(?:.*/)?([\w-]+)\.};
    ok($listed{$room // ''}{$name}, "HACKING.md has $file");
}
is(join(' ', grep { $_ ne '' } sort keys %listed), join(' ', sort @rooms), '... and all rooms');

done_testing;
