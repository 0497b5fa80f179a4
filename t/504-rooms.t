#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A room includes headers of its own and of those that it may use: in objmanip the
# rooms before it, in kmodsrc those after it.  HACKING.md has each file in its room,
# and each module of lib/; a name that two files have is written with the room.

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

my $hacking = slurp(root_dir() . '/HACKING.md');

# The lines of a room are those up to the next one.
my ($map) = $hacking =~ /^## The files of objmanip\n(.*?)^## /ms;
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

# --- kmodsrc -------------------------------------------------------------------

my $kmodsrc = root_dir() . '/kmodsrc';
my @core_rooms = qw(core match compare stop tasks arch model kernel);
my %core_rank = map { ($core_rooms[$_] => $_) } 0 .. $#core_rooms;
my %is_common = map { $_ => 1 } qw(arch.h site-kinds.h records.h ksplice.h shadow.h
    ksplice-patch.h);
my @core_files;
File::Find::find({ no_chdir => 1, wanted => sub {
    push @core_files, s{^\Q$kmodsrc/}{}r if /\.[ch]\z/;
} }, $kmodsrc);
for my $file (sort @core_files) {
    my ($dir, $room) = $file =~ m{^((\w+)/(?:\w+/)?)} or next;
    my @includes = slurp("$kmodsrc/$file") =~ /^#include "([^"]+)"/mg;
    my @wrong = grep {
        my ($other) = m{^(\w+)/};
        defined $other
            ? !defined $core_rank{$other} || $core_rank{$other} < $core_rank{$room}
                && "$room $other" ne 'arch compare'
            : !$is_common{$_} && !($room eq 'arch' && -e "$kmodsrc/$dir$_");
    } @includes;
    is("@wrong", '', "kmodsrc/$file includes what it may use");
}

($map) = $hacking =~ /^## The core module\n(.*?)^## /ms;
%listed = ();
my $current = '';
for my $line (grep { /^ {4}/ } split /\n/, $map) {
    $current = $1 // '' if $line =~ m{^ {4}(?:(\w+)/ |(?=\S))};
    $listed{$current}{$_} = 1 for $line =~ /\b([\w-]+\.c)\b/g;
}
my %there = ('' => {}, map { $_ => {} } @core_rooms);
for my $file (grep { /\.c\z/ } @core_files) {
    my ($room, $name) = $file =~ m{^(?:(\w+)/)?(?:\w+/)?([\w-]+\.c)\z};
    $there{ $room // '' }{$name} = 1;
}
is_deeply(\%listed, \%there, 'HACKING.md has each file of the core in its room, and no other');
is(join(' ', $map =~ m{^ {4}(\w+)/ }mg), "@core_rooms", '... and the rooms in their order');

# --- lib/ -----------------------------------------------------------------------

($map) = $hacking =~ /^## The modules of lib\/\n(.*?)^## /ms;
my @modules = map { m{(\w+)\.pm\z} } glob root_dir() . '/lib/Ksplice/*.pm';
my @mapped = map { split / / } $map =~ /^ {6}((?:[A-Z]\w+ ?)+?) {2,}\S/mg;
is(join(' ', sort @mapped), join(' ', sort @modules), 'HACKING.md has each module of lib/ once');

# --- names ----------------------------------------------------------------------

my %files;
push @{ $files{ s{.*/}{}r } }, $_ for grep { /\.c\z/ } @files, @core_files;
my $root = root_dir();
for my $page ("$root/HACKING.md", "$root/README.md", glob "$root/doc/*.md") {
    my $prose = slurp($page) =~ s/^ {4}.*$//mgr;
    my @vague = grep { @{ $files{$_} // [] } > 1 } $prose =~ m{(?<![\w/-])([\w-]+\.c)\b}g;
    is("@vague", '', ($page =~ s{.*/}{}r) . ' says which file it means');
}

done_testing;
