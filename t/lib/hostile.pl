#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# hostile.pl MODULE DIR - take the pre image out of an -old.ko, and make bad ones of it
#
# Writes DIR/image, which has no imports, so that it can match wherever it is
# loaded from, and the bad ones DIR/0, DIR/1, ...; those with a name are linked as
# DIR/NAME, which holds the number.  Prints how many there are.  Runs in guests.

use strict;
use warnings;

my ($module, $dir) = @ARGV;
open my $in, '<:raw', $module or die "$module: $!";
my $all = do { local $/ = undef; <$in> };
my $start = index $all, "KPSPRE1\0";
$start >= 0 or die "$module: no pre image";
my $good = substr $all, $start, unpack 'V', substr $all, $start + 12, 4;

# Tables as in kmodsrc/records.h: [size of an entry, place in the header]
my @names = qw(units labels spans relocs sites imports bytes strings);
my %size = (units => 16, labels => 16, spans => 40, relocs => 24, sites => 32, imports => 16,
    bytes => 1, strings => 1);
my %header = map { $names[$_] => 16 + 8 * $_ } 0 .. 7;
substr $good, $header{imports} + 4, 4, pack 'V', 0;
write_file('image', $good);

sub write_file {
    my ($name, $text) = @_;
    open my $out, '>:raw', "$dir/$name" or die "$dir/$name: $!";
    print $out $text;
    close $out or die "$dir/$name: $!";
    return;
}
my $n = 0;
sub add {
    my ($image, $name) = @_;
    write_file($n, $image);
    write_file($name, "$n\n") if defined $name;
    $n++;
    return;
}
sub table { my ($image, $name) = @_; return unpack 'VV', substr $$image, $header{$name}, 8 }
sub at {
    my ($image, $name, $i, $field) = @_;
    return (table($image, $name))[0] + $size{$name} * $i + $field;
}
sub get { return unpack 'V', substr ${ $_[0] }, $_[1], 4 }
sub put { substr(${ $_[0] }, $_[1], 4) = pack 'V', $_[2]; return }
# More entries of a table, which moves to the end; returns the number of the first.
sub append {
    my ($image, $name, $entries) = @_;
    my ($offset, $count) = table($image, $name);
    my $old = substr $$image, $offset, $count * $size{$name};
    $$image .= "\0" x (-length($$image) % 8);
    put($image, $header{$name}, length $$image);
    put($image, $header{$name} + 4, $count + length($entries) / $size{$name});
    $$image .= "$old$entries";
    $$image .= "\0" x (-length($$image) % 8);
    put($image, 12, length $$image);
    return $count;
}
# Changes a copy: special(NAME, sub { IMAGE-REFERENCE... })
sub special {
    my ($name, $change) = @_;
    my $image = $good;
    $change->(\$image);
    add($image, $name);
    return;
}

# --- one field after the other ----------------------------------------------

for my $at (0, 8, 12) {
    for my $value (0, 8, 0x7fffffff, 0xffffffff) {
        my $image = $good;
        put(\$image, $at, $value);
        add($image);
    }
}
for my $name (@names) {
    my ($offset, $count) = table(\$good, $name);
    for ([0, 0], [0, 4], [0, 0xfffffff8], [0, length $good], [4, 0], [4, $count + 1],
        [4, 0x10000001], [4, 0xffffffff]) {
        my $image = $good;
        put(\$image, $header{$name} + $_->[0], $_->[1]);
        add($image);
    }
    next if $size{$name} == 1 || !$count;
    for my $field (map { 4 * $_ } 0 .. $size{$name} / 4 - 1) {
        for my $value (0xffffffff, 0x7fffffff, 0, 1 << 20, 5) {
            my $image = $good;
            put(\$image, at(\$image, $name, int($count / 2), $field), $value);
            add($image);
        }
    }
}

# --- by design ----------------------------------------------------------------

my ($spans, $n_spans) = table(\$good, 'spans');
my %of_kind;
for my $i (0 .. $n_spans - 1) {
    my ($kind, $flags) = unpack 'CC', substr $good, at(\$good, 'spans', $i, 8), 2;
    push @{ $of_kind{$kind} }, $i if $kind != 1 || !($flags & 7);
    push @{ $of_kind{patched} }, $i if $flags & 1;
}
my ($function, $second) = grep { get(\$good, at(\$good, 'spans', $_, 12)) > 40 } @{ $of_kind{1} };
my ($patched) = @{ $of_kind{patched} };
$_ //= $patched for $function, $second;    # in a unit of one function

sub sites {
    my ($image, $span, @sites) = @_;
    my $first = append($image, 'sites', join '', map {
        pack 'q< V6', 0, @$_[0, 1], $_->[2] // 1, 0xffffffff, 0xffffffff, 0 } @sites);
    put($image, at($image, 'spans', $span, 28), $first);
    put($image, at($image, 'spans', $span, 32), scalar @sites);
    return;
}
for my $depth (5, 30, 147, 4000) {
    special($depth == 147 ? 'nested' : undef, sub {
        my ($image) = @_;
        my $span = $patched;
        # Long enough a function for all of them
        my $bytes = append($image, 'bytes', "\x90" x 5000);
        put($image, at($image, 'spans', $span, 16), $bytes);
        put($image, at($image, 'spans', $span, 12), 5000);
        put($image, at($image, 'spans', $span, 24), 0);
        sites($image, $span, map { [0, 5000 - $_] } 0 .. $depth - 1);
    });
}
special('many-choices', sub { sites($_[0], $function, map { [0, 5] } 0 .. 16) });
special(undef, sub { sites($_[0], $function, map { [0, 5] } 0 .. 100_000) });
special('behind', sub {
    sites($_[0], $function, [get($_[0], at($_[0], 'spans', $function, 12)), 0, 7]);
});
special('no-label', sub { sites($_[0], $function, [0, 5, 6]) });
special('huge-function', sub {
    my ($image) = @_;
    put($image, at($image, 'spans', $function, 16), append($image, 'bytes', "\x90" x (1 << 19)));
    put($image, at($image, 'spans', $function, 12), 1 << 19);
});
special('no-bytes', sub { put($_[0], at($_[0], 'spans', $function, 12), 0) });
special('part-of-itself', sub { put($_[0], at($_[0], 'spans', $function, 36), $function) });
special('parts-of-each-other', sub {
    put($_[0], at($_[0], 'spans', $function, 36), $second);
    put($_[0], at($_[0], 'spans', $second, 36), $function);
});
special('long-name', sub {
    my ($image) = @_;
    my $name = append($image, 'strings', 'x' x (1 << 23) . "\0");
    put($image, at($image, 'labels', get($image, at($image, 'spans', $patched, 0)), 4), $name);
});
# Writable data that is to be overwritten: its label is that of the function
for my $size (0xfffffff0, 0x7fffffff, 1 << 30, 0) {
    special($size == 0xfffffff0 ? 'large-data' : undef, sub {
        my ($image) = @_;
        my $at = at($image, 'spans', $patched, 0);
        substr($$image, $at + 8, 2) = pack 'CC', 4, 1;
        put($image, $at + 12, $size);
        put($image, $at + $_, 0) for 24, 32;
    });
}
special('data-with-relocations', sub {
    my ($image) = @_;
    substr($$image, at($image, 'spans', $patched, 8), 2) = pack 'CC', 4, 1;
});
special('undefined-with-span', sub {
    my ($image) = @_;
    my $at = at($image, 'labels', get($image, at($image, 'spans', $function, 0)), 8);
    put($image, $at, get($image, $at) | 1 << 7);
});
# Contents that refer to themselves, many times
special(undef, sub {
    my ($image) = @_;
    my ($span) = @{ $of_kind{3} // [] } or return;
    my $label = get($image, at($image, 'spans', $span, 0));
    my $relocs = append($image, 'relocs', join '', map { pack 'q< V4', 0, 8 * $_, $label, 1, 0 }
        0 .. 499);
    put($image, at($image, 'spans', $span, 16), append($image, 'bytes', "\0" x 4000));
    put($image, at($image, 'spans', $span, 12), 4000);
    put($image, at($image, 'spans', $span, 20), $relocs);
    put($image, at($image, 'spans', $span, 24), 500);
});
print "$n\n";
