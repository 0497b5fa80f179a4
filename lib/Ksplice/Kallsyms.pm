# SPDX-License-Identifier: GPL-2.0-only
#
# Kallsyms.pm - names of the global symbols of a kernel image
#
# A distribution's System.map may be a stub, but the image contains the list behind
# /proc/kallsyms: the names of all symbols, in which frequent pieces are replaced by
# single bytes.  In the uncompressed image:
#
#   number of symbols         32 bits
#   names                     of each the length (one byte, or two if the first
#                             has its top bit set), then so many pieces; the
#                             first letter is the type, as nm(1) has it
#   markers                   32 bits each: where every 256th name starts
#   pieces                    256 strings, each with a NUL at its end
#   where these start         16 bits each
#
# Each is aligned to eight bytes; in 7.3 to four.
#
# No symbol has their addresses.  The pieces are found by the digits, which stand for
# themselves, and the rest by consistency: each table ends where the next one begins,
# and every name must be readable.

package Ksplice::Kallsyms;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Ksplice  qw(fail capture temp_dir read_file write_file);

our @EXPORT_OK = qw(read_kallsyms image_symbols);

# Of a compressed payload: its first bytes, and the program that unpacks it.
my @packers = (
    ["\xfd7zXZ\0",         qw(xz --single-stream -dc)],
    ["\x1f\x8b",           qw(gzip -dcq)],
    ["\x28\xb5\x2f\xfd",   qw(zstd -dcq)],
    ["\x02\x21\x4c\x18",   qw(lz4 -dcq)],
    ["BZh",                qw(bzip2 -dcq)],
);

# NAME => 1 of all global symbols of a bzImage.
sub image_symbols ($file) {
    return read_kallsyms(unpack_image(read_file($file))
        // fail("'$file' is compressed in an unknown format"));
}

# The kernel that a bzImage unpacks when it boots, or undef.
sub unpack_image ($image) {
    return if length $image < 0x260 || substr($image, 0x202, 4) ne 'HdrS';
    my ($start, $size) = unpack 'V V', substr $image, 0x248, 8;
    $start += (ord(substr $image, 0x1f1, 1) + 1) * 512;
    return if $start + $size > length $image;
    # The last four bytes are the size of the unpacked kernel.
    my $packed = substr $image, $start, $size - 4;
    my ($packer) = grep { substr($packed, 0, length $_->[0]) eq $_->[0] } @packers or return;
    my $file = temp_dir() . '/packed';
    write_file($file, $packed);
    my (undef, @command) = @$packer;
    my $kernel = capture(@command, $file);
    unlink $file;
    return $kernel;
}

# NAME => 1 of all global symbols of an unpacked kernel.
sub read_kallsyms ($kernel) {
    my $digits = join '', map { "$_\0" } 0 .. 9;
    for (my $at = -1; ($at = index $kernel, $digits, $at + 1) >= 0;) {
        my ($start, @pieces) = find_pieces($kernel, $at) or next;
        my @names = read_names($kernel, $start, \@pieces) or next;
        return { map { substr($_, 1) => 1 } grep { /^[A-Z]/ } @names };
    }
    fail('the kernel has no list of its symbols in a known format');
}

# Where the pieces start, and they, if the digits in them stand there.
sub find_pieces ($kernel, $digits) {
    my $start = $digits;
    for (1 .. ord '0') {
        $start = rindex($kernel, "\0", $start - 2) + 1;
    }
    # The string before the first one may have ended far before it.
    for my $try (0 .. 7) {
        my @pieces = unpack '(Z*)256', substr $kernel, $start + $try, 8192;
        next if @pieces != 256 || $pieces[ord '0'] ne '0' || $pieces[ord '9'] ne '9';
        my $where = 0;
        my $index = pack 'v256', map { my $w = $where; $where += 1 + length; $w } @pieces;
        my $end = $start + $try + $where;
        return ($start + $try, @pieces) if index(substr($kernel, $end, 8 + 512), $index) >= 0;
    }
    return;
}

# How far in front of the pieces the markers may be, as another table lies between,
# and how many a kernel has at least.
my $far = 8 << 20;
my $fewest = 3;

# The names that end where markers in front of the pieces begin: numbers that begin
# with 0 and grow with 256 names each.  The longest such list is tried first.
sub read_names ($kernel, $pieces_at, $pieces) {
    my $from = $pieces_at > $far ? ($pieces_at - $far) & ~7 : 0;
    my @words = unpack 'V*', substr $kernel, $from, ($pieces_at & ~3) - $from;
    my @lists;
    for (my $i = 0; $i < $#words; $i++) {
        next if $words[$i];
        my $last = $i;
        $last++ while $last < $#words && $words[$last + 1] - $words[$last] >= 512
            && $words[$last + 1] - $words[$last] < 256 * 128;
        push @lists, [$from + 4 * $i, @words[$i .. $last]] if $last - $i + 1 >= $fewest;
        $i = $last;
    }
    for my $list (sort { @$b <=> @$a } @lists) {
        my ($at, @markers) = @$list;
        # What follows the last one may look like one more.
        for (0 .. 2) {
            last if @markers < $fewest;
            my @names = names_before($kernel, $at, \@markers, $pieces);
            return @names if @names;
            pop @markers;
        }
    }
    return;
}

# Their number stands in front of them.
sub names_before ($kernel, $at, $markers, $pieces) {
    my $last = $at - $markers->[-1];
    for (my $names = $last & ~3; $names >= 8 && $names > $last - 65536; $names -= 4) {
        for my $n (unpack 'V2', substr $kernel, $names - 8, 8) {
            next if int(($n + 255) / 256) != @$markers;
            my @names = expand_names($kernel, $names, $n, $at, $pieces);
            return @names if @names;
        }
    }
    return;
}

# So many names, if they end where the markers begin.
sub expand_names ($kernel, $at, $n, $end, $pieces) {
    my @names;
    for (1 .. $n) {
        return if $at >= $end;
        my $length = ord substr $kernel, $at++, 1;
        $length = $length & 0x7f | ord(substr $kernel, $at++, 1) << 7 if $length & 0x80;
        push @names, join '', @$pieces[unpack 'C*', substr $kernel, $at, $length];
        $at += $length;
    }
    return $at <= $end && $end - $at < 8 ? @names : ();
}

1;
