#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# edit-module.pl HOW MODULE - make a module of an update a wrong one
#
# Changes the pre image of an -old.ko, or the hooks of a -new.ko; offsets as in
# kmodsrc/records.h and elf(5).  Runs in guests.

use strict;
use warnings;

my ($how, $file) = @ARGV;
open my $in, '<:raw', $file or die "$file: $!";
my $all = do { local $/ = undef; <$in> };

# --- the pre image ---------------------------------------------------------

my $start = index $all, "KPSPRE1\0";
my (%table, @patched);
if ($start >= 0) {
    @table{qw(units labels spans relocs sites imports bytes strings)} =
        map { [unpack 'VV', substr $all, $start + 16 + 8 * $_, 8] } 0 .. 7;
    @patched = grep { unpack('C', substr $all, at('spans', 40 * $_ + 9), 1) & 1 }
        0 .. $table{spans}[1] - 1;
}
sub at { my ($name, $offset) = @_; return $start + $table{$name}[0] + $offset }
sub span_at { return at('spans', 40 * $patched[0] + $_[0]) }
sub number { return unpack 'V', substr $all, $_[0], 4 }
sub put { substr($all, $_[0], 4) = pack 'V', $_[1]; return }

# --- the hooks -------------------------------------------------------------

sub section {
    my ($name) = @_;
    my ($headers, $n, $names) = unpack 'x40 Q< x12 S< S<', substr $all, 0, 64;
    my @headers = map { [unpack 'V2 x16 Q< Q< V', substr $all, $headers + 64 * $_, 44] }
        0 .. $n - 1;
    my $strings = $headers[$names][2];
    for (@headers) {
        my $at = $strings + $_->[0];
        return @$_[2 .. 4] if substr($all, $at, length($name) + 1) eq "$name\0";
    }
    die "$file: no section '$name'";
}
sub move_hook {
    my ($offset) = @_;
    my ($at, $size) = section('.rela.ksplice_hooks');
    for (map { $at + 24 * $_ } 0 .. $size / 24 - 1) {
        put($_ + 16, number($_ + 16) + (1 << 28)) if number($_) == $offset;
    }
    return;
}
sub move_symbol {
    my ($name, $distance) = @_;
    my ($at, $size) = section('.symtab');
    my ($strings) = section('.strtab');
    for (map { $at + 24 * $_ } 0 .. $size / 24 - 1) {
        put($_ + 8, number($_ + 8) + $distance)
            if substr($all, $strings + number($_), length($name) + 1) eq "$name\0";
    }
    return;
}

my %edit = (
    # the instruction behind the ftrace site, which may have an endbr64 before it
    byte => sub {
        my $code = at('bytes', number(span_at(16)));
        my $site = substr($all, $code, 4) eq "\xf3\x0f\x1e\xfa" ? 4 : 0;
        substr($all, $code + $site + 5, 1) ^= "\x01";
    },
    name => sub {
        my $name = number(at('labels', 16 * number(span_at(0)) + 4));
        substr($all, at('strings', $name), 1) = '~';
    },
    label => sub { put(span_at(0), 1 << 30) },
    table => sub { put($start + 16 + 8 * 3, 0xfffffff8) },
    size  => sub { put(span_at(12), 0xffffffff) },
    # the second thing that is replaced is the first once more, by another label
    twin => sub {
        my $label = at('spans', 40 * $patched[1]);
        substr($all, $label + 4, 36) = substr $all, span_at(4), 36;
        substr($all, at('labels', 16 * number($label) + 4), 8) =
            substr $all, at('labels', 16 * number(span_at(0)) + 4), 8;
    },
    weak => sub { put(at('labels', 16 * number(span_at(0)) + 8), 3) },
    # a reference to what has no bytes is a distance, not an address
    keys => sub {
        for (map { at('relocs', 24 * $_) } 0 .. $table{relocs}[1] - 1) {
            my $symbol = at('strings', number(at('labels', 16 * number($_ + 12) + 4)));
            put($_ + 16, 4) if substr($all, $symbol, 6) eq '__key.' && number($_ + 16) == 3;
        }
    },
    'hook-kind'  => sub { put((section('.ksplice_hooks'))[0] + 16, 11) },
    'hook-call'  => sub { move_hook(0) },
    'hook-name'  => sub { move_hook(8) },
    'hook-unit'  => sub { put((section('.ksplice_hooks'))[0] + 20, 1000) },
    'hook-count' => sub { move_symbol('ksplice_hooks_end', 24 << 16) },
);
my $before = $all;
$edit{$how}->();
die "$file: nothing to edit" if $all eq $before;
open my $out, '>:raw', $file or die "$file: $!";
print $out $all;
close $out or die "$file: $!";
