#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# corrupt.pl SEED MODULE OUT - make every function of a pre image a wrong one
#
# Copies an -old.ko; in each function that will not be replaced one thing is
# changed, chosen by the seed: a byte or a bit of an instruction, a relocation's
# addend, label or kind, or what is done on a fault.  Prints "UNIT: FUNCTION HOW"
# for each.  Left alone is what says nothing of the running code: relocations'
# fields, the places that boot may have rewritten, what refers to code that is
# gone, the trampolines of static calls.  Runs in guests.

use strict;
use warnings;

my ($seed, $from, $to) = @ARGV;
srand $seed;
open my $in, '<:raw', $from or die "$from: $!";
my $all = do { local $/ = undef; <$in> };
my $start = index $all, "KPSPRE1\0";
$start >= 0 or die "$from: no pre image";

# Tables as in kmodsrc/records.h
my %size = (units => 16, labels => 16, spans => 40, relocs => 24, sites => 32, bytes => 1,
    strings => 1);
my %table;
@table{qw(units labels spans relocs sites imports bytes strings)} =
    map { [unpack 'VV', substr $all, $start + 16 + 8 * $_, 8] } 0 .. 7;

sub at { my ($name, $i) = @_; return $start + $table{$name}[0] + $size{$name} * $i }
sub entry { my ($name, $i, $format) = @_; return unpack $format, substr $all, at($name, $i), 40 }
sub string {
    my $at = at('strings', $_[0]);
    return substr $all, $at, index($all, "\0", $at) - $at;
}
sub xor_byte {
    my ($at, $bits) = @_;
    substr($all, $at, 1) = chr(ord(substr $all, $at, 1) ^ $bits);
    return;
}

my %flag = (function => 4, content => 16, ignored => 64);
my @functions = grep { (entry('labels', $_, 'x8 V'))[0] & $flag{function} }
    0 .. $table{labels}[1] - 1;

for my $unit (0 .. $table{units}[1] - 1) {
    my ($unit_name, $first, $n) = entry('units', $unit, 'V3');
    for my $span ($first .. $first + $n - 1) {
        my ($label, undef, $kind, $flags, undef, $size, $bytes, @lists) =
            entry('spans', $span, 'V2 C2 v V6');
        my ($reloc, $n_relocs, $site, $n_sites) = @lists;
        my (undef, $symbol, $label_flags) = entry('labels', $label, 'V3');
        next if $kind != 1 || $flags || $label_flags & $flag{ignored};
        next if string($symbol) =~ /^__SCT__/;
        my $how = change($size, $bytes, [$reloc .. $reloc + $n_relocs - 1],
            [$site .. $site + $n_sites - 1]) or next;
        printf "%s: %s %s\n", string($unit_name), string($symbol), $how;
    }
}
open my $out, '>:raw', $to or die "$to: $!";
print $out $all;
close $out or die "$to: $!";

# Changes one thing and says what, or does nothing.
sub change {
    my ($size, $bytes, $relocs, $sites) = @_;
    my $way = int rand 7;
    my %taken;
    my @fixups = grep { (entry('sites', $_, 'x16 V'))[0] == 10 } @$sites;
    return change_fixup($fixups[rand @fixups]) if $way == 6 && @fixups;
    for (@$sites) {
        my (undef, undef, $offset, $length, $kind) = entry('sites', $_, 'V5');
        next if $kind == 9 || $kind == 10;    # only told about, never rewritten
        $taken{$_} = 1 for $offset .. $offset + ($length || 6) - 1;
    }
    my @plain = grep { !$taken{ (entry('relocs', $_, 'x8 V'))[0] } } @$relocs;
    return change_reloc($way, $bytes, @plain) if $way > 2 && $way < 6 && @plain;
    for (@$relocs) {
        my (undef, undef, $offset, undef, $howto) = entry('relocs', $_, 'V5');
        $taken{$_} = 1 for $offset .. $offset + ($howto == 1 || $howto == 6 ? 7 : 3);
    }
    my @free = grep { !$taken{$_} } 0 .. $size - 1 or return;
    my $offset = $free[rand @free];
    my $bits = $way == 0 ? 1 + int rand 255 : 1 << int rand 8;
    xor_byte(at('bytes', $bytes + $offset), $bits);
    return sprintf 'byte 0x%x ^ %02x', $offset, $bits;
}

sub change_fixup {
    my ($site) = @_;
    my ($offset, undef, undef, $label, undef, $value) = entry('sites', $site, 'x8 V6');
    return if (entry('labels', $label, 'x8 V'))[0] & $flag{ignored};
    my $at = at('sites', $site);
    if (int rand 2) {
        xor_byte($at + 28, 2);
        return sprintf 'type of fix-up at 0x%x', $offset;
    }
    xor_byte($at, 1);
    return sprintf 'fix-up at 0x%x', $offset;
}

sub change_reloc {
    my ($way, $bytes, @relocs) = @_;
    my $reloc = $relocs[rand @relocs];
    my ($low, $high, $offset, $label, $howto) = entry('relocs', $reloc, 'V5');
    my $flags = (entry('labels', $label, 'x8 V'))[0];
    return if $flags & $flag{ignored};
    my $at = at('relocs', $reloc);
    my $before = substr $all, at('bytes', $bytes), $offset;
    my $name = string((entry('labels', $label, 'x4 V'))[0]);
    if ($way == 3) {
        # They lie in a row, so another one may be just there.
        return if $name =~ /^(?:__already_done|__key)\./;
        my $add = (1, 4, 8, 16, 4096)[rand 5];
        my $sum = $low + $add;
        substr($all, $at, 8) = pack 'VV', $sum & 0xffffffff, ($high + ($sum >> 32)) & 0xffffffff;
        return sprintf 'addend at 0x%x + %d, of %s', $offset, $add, $name;
    }
    if ($way == 4) {
        my $other = $functions[rand @functions];
        my $other_name = string((entry('labels', $other, 'x4 V'))[0]);
        return if $other_name eq $name;
        substr($all, $at + 12, 4) = pack 'V', $other;
        return sprintf 'label at 0x%x is %s, not %s', $offset, $other_name, $name;
    }
    # To an address instead of a distance or the other way round, but not that of a
    # jump or call, which is what its instruction says.
    return if $howto == 1 || $howto == 6 || $howto == 5;
    return if $before =~ /(?:[\xe8\xe9]|\x0f[\x80-\x8f])\z/;
    substr($all, $at + 16, 4) = pack 'V', $howto == 4 || $howto == 5 ? 3 : 4;
    return sprintf 'kind at 0x%x', $offset;
}
