#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# text.pl ID - the running kernel's code where an update replaces functions
#
# Prints "NAME BYTES" for each function of the update, its redirected entry and all
# up to the next symbol.  Read by /proc/kcore, an ELF core (elf(5)).  Runs in
# guests.

use strict;
use warnings;
no warnings 'portable';

my ($id) = @ARGV;

# Name and end by the address, which is 16 digits.
my (%name, %end);
open(my $patches, '<', "/sys/kernel/ksplice/$id/patches") or die "$id: $!";
while (<$patches>) {
    my ($target, $function, $old) = split ' ';
    $name{$old} = $function;
}

# Those of vmlinux are in order.
open(my $symbols, '<', '/proc/kallsyms') or die "/proc/kallsyms: $!";
my $from = '';
while (<$symbols>) {
    my $at = substr $_, 0, 16;
    next if $at eq $from;
    $end{$from} = hex $at if $from;
    last if keys %end == keys %name;
    $from = $name{$at} ? $at : '';
}

open(my $kcore, '<:raw', '/proc/kcore') or die "/proc/kcore: $!";
sub kcore {
    my ($offset, $size) = @_;
    sysseek $kcore, $offset, 0;
    my $bytes = '';
    my $n = sysread($kcore, $bytes, $size);
    die "/proc/kcore: cannot read $size bytes at $offset" if ($n // 0) != $size;
    return $bytes;
}
my ($headers, $n) = unpack 'x32 Q< x16 S<', kcore(0, 64);
my @segments = map { [unpack 'L< x4 Q< Q< x8 Q<', $_] } unpack '(a56)*', kcore($headers, 56 * $n);

sub memory {
    my ($start, $end) = @_;
    for (@segments) {
        my ($type, $offset, $first, $length) = @$_;
        return kcore($offset + ($start - $first), $end - $start)    # no sum above 2**64
            if $type == 1 && $start >= $first && $start - $first < $length;
    }
    die sprintf "no segment has %x\n", $start;
}

print "$name{$_} ", unpack('H*', memory(hex, $end{$_})), "\n" for sort keys %end;
