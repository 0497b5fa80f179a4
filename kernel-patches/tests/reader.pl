#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# reader.pl - reads the files of /proc that a container has, over and over
#
#   reader.pl TOTAL STOP
#
# Writes the memory of /proc/meminfo, which it keeps open, into TOTAL, until there is
# a file STOP.  What cannot be read, or is empty, it reports on stderr.

use v5.32;
use warnings;

my ($total, $stop) = @ARGV;
my @files = ((map { "/proc/$_" } qw(cpuinfo diskstats loadavg meminfo stat swaps uptime vmstat)),
    '/sys/devices/system/cpu/online');
open my $held, '<', '/proc/meminfo' or die "/proc/meminfo: $!\n";

until (-e $stop) {
    for my $file (@files) {
        open my $handle, '<', $file or do { say STDERR "$file: $!"; next };
        say STDERR "$file: " . ($! || 'empty') if !sysread $handle, my $text, 65536;
    }
    sysseek $held, 0, 0;
    sysread $held, my $text, 65536;
    my ($kib) = ($text // '') =~ /^MemTotal: +(\d+)/ or say STDERR "held: $!";
    open my $out, '>', "$total.new" or die "$total.new: $!\n";
    say {$out} $kib // 'none';
    close $out;
    rename "$total.new", $total;
    select undef, undef, undef, 0.05;
}
