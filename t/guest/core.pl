#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# core.pl - reads the memory of a kernel from its core file
#
#   core.pl CORE read ADDRESS LENGTH    the bytes there, in hex
#   core.pl CORE jump ADDRESS           where the jump goes that the function there
#                                       begins with, after its ftrace site
#   core.pl CORE body ADDRESS           the offset of what follows the ftrace site of the
#                                       function there; no tracer, no probe is at it
#   core.pl CORE modules ADDRESS        the names of the modules; their list is there
#
# CORE is /proc/kcore for the running kernel, /proc/vmcore for a crashed one.  The
# segments of /proc/vmcore have virtual addresses for the kernel and for all memory, and
# none for modules.  These are found by the page tables of the crashed kernel.

use v5.32;
use warnings;
use feature 'signatures';
no warnings qw(experimental::signatures portable);

use constant { LOAD => 1, NOTE => 4, TEXT_BASE => 0xffffffff80000000, PAGE => 4096,
    PRESENT => 1, HUGE => 0x80, ADDRESS_BITS => 0x000ffffffffff000 };

my ($name, $command, $address, $length) = @ARGV;
$address = hex $address;
open my $core, '<:raw', $name or die "core.pl: cannot open '$name': $!\n";

my ($table, $n) = unpack '@32 Q @56 S', bytes(0, 64);
my @segments = map {
    my %segment;
    @segment{qw(type offset virtual physical size)} =
        unpack 'L x4 Q4', bytes($table + 56 * $_, 56);
    \%segment;
} 0 .. $n - 1;
my $info = join '', map { bytes($_->{offset}, $_->{size}) } grep { $_->{type} == NOTE } @segments;

if ($command eq 'read') {
    say unpack 'H*', memory($address, $length);
}
elsif ($command eq 'jump') {
    my $code = memory($address, 16);
    my $at = index $code, "\xe9";
    die 'core.pl: there is no jump in ' . unpack('H*', $code) . "\n" if $at < 0;
    say sprintf '%x', $address + $at + 5 + unpack 'l', substr $code, $at + 1;
}
elsif ($command eq 'body') {
    # The site is five bytes of nop, or a call; what endbr64 becomes may be before it.
    my $code = memory($address, 16);
    $code =~ /\A(?:.{4})?(?:\x0f\x1f\x44\0\0|\xe8.{4})/s
        or die 'core.pl: there is no ftrace site in ' . unpack('H*', $code) . "\n";
    say $+[0];
}
elsif ($command eq 'modules') {
    # A struct module begins with its state and its place in the list; the name follows.
    my $module = $address;
    while (($module = unpack 'Q', memory($module, 8)) != $address) {
        say unpack 'Z*', memory($module + 16, 56);
    }
}
else {
    die "core.pl: there is no '$command'\n";
}

# Of the file.
sub bytes ($offset, $size) {
    my $bytes = '';
    sysseek $core, $offset, 0 or die "core.pl: cannot seek to $offset: $!\n";
    while (length $bytes < $size) {
        sysread $core, $bytes, $size - length $bytes, length $bytes
            or die sprintf "core.pl: cannot read at %x: %s\n", $offset, $! || 'it ends';
    }
    return $bytes;
}

# At a virtual address.
sub memory ($at, $size) {
    my $bytes = '';
    while (length $bytes < $size) {
        my $left = $size - length $bytes;
        my $in_page = PAGE - ($at & PAGE - 1);
        my $part = $left < $in_page ? $left : $in_page;
        my $offset = find(virtual => $at) // find(physical => translate($at));
        $bytes .= bytes($offset, $part);
        $at += $part;
    }
    return $bytes;
}

# Where the file has an address, of that kind.
sub find ($kind, $at) {
    my ($segment) = grep { $_->{type} == LOAD && $at >= $_->{$kind}
        && $at - $_->{$kind} < $_->{size} } @segments;
    return defined $segment ? $at - $segment->{$kind} + $segment->{offset} : undef;
}

# What the kernel says of itself in the file.
sub told ($what) {
    my ($value) = $info =~ /^\Q$what\E=(-?\w+)$/m or die "core.pl: '$name' has no $what\n";
    return $value;
}

# The physical address, by the page tables.
sub translate ($at) {
    my $entry = hex(told('SYMBOL(swapper_pg_dir)')) - TEXT_BASE + told('NUMBER(phys_base)');
    my $levels = told('NUMBER(pgtable_l5_enabled)') ? 5 : 4;
    for my $level (reverse 1 .. $levels) {
        my $shift = 12 + 9 * ($level - 1);
        my $place = find(physical => ($entry & ADDRESS_BITS) + 8 * ($at >> $shift & 511));
        $entry = unpack 'Q', bytes($place, 8);
        die sprintf "core.pl: nothing is mapped at %x\n", $at if !($entry & PRESENT);
        my $inside = (1 << $shift) - 1;
        return ($entry & ADDRESS_BITS & ~$inside) + ($at & $inside)
            if $level == 1 || $entry & HUGE;
    }
    die;
}
