# SPDX-License-Identifier: GPL-2.0-only
#
# Elf.pm - the .modinfo of a module
#
# Reads section .modinfo of a 64-bit little-endian object, strings "KEY=VALUE" that
# end with a NUL.  Each offset is checked: a bad one is a file without that section.

package Ksplice::Elf;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Ksplice  qw(read_file);

our @EXPORT_OK = qw(modinfo);

my $section_size = 64;    # of an Elf64_Shdr

# modinfo(FILE, KEY) -> the first value of that key, or undef
sub modinfo ($file, $key) {
    for my $string (split /\0+/, section(read_file($file), '.modinfo') // '') {
        return $1 if $string =~ /\A\Q$key\E=(.*)\z/s;
    }
    return undef;
}

# The contents of the first section of that name, or undef.
sub section ($elf, $wanted) {
    return undef if length $elf < 64 || substr($elf, 0, 6) ne "\x7fELF\2\1";
    my ($at, $n, $names) = (unpack('x40 Q<', $elf), unpack 'x60 S< S<', $elf);
    my @sections = map { header($elf, $at + $section_size * $_) } 0 .. $n - 1;
    my $strings = bytes($elf, @{ $sections[$names] // [] }[1, 2]) // return undef;
    for my $section (@sections) {
        my ($name, @place) = @$section;
        next if !defined $name || $name >= length $strings;
        return bytes($elf, @place)
            if substr($strings, $name, 1 + length $wanted) eq "$wanted\0";
    }
    return undef;
}

# [name, offset, size] of a section
sub header ($elf, $at) {
    my $header = bytes($elf, $at, $section_size) // return [];
    return [unpack 'V x20 Q< Q<', $header];
}

sub bytes ($elf, $at, $size) {
    return undef if !defined $at || $at > length $elf || $size > length($elf) - $at;
    return substr $elf, $at, $size;
}

1;
