#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# sample.pl - sample all processors with call chains, two thousand times a second
#
# Says "ready", and goes on until stdin ends; then the number of samples.

use v5.32;
use warnings;
use constant { PERF_EVENT_OPEN => 298, SOFTWARE => 1, CPU_CLOCK => 0, PERIOD_NS => 500_000,
    IP_TID_CALLCHAIN => 0x23 };

my @events;
for my $cpu (0 .. `nproc` - 1) {
    my $attributes = pack 'L2 Q6 L2 Q6', SOFTWARE, 112, CPU_CLOCK, PERIOD_NS, IP_TID_CALLCHAIN,
        0, 0, 0, 0, (0) x 6;
    my $event = syscall PERF_EVENT_OPEN, $attributes, -1, $cpu, -1, 0;
    die "perf_event_open: $!\n" if $event < 0;
    open my $file, '<&=', $event or die;
    push @events, $file;
}
syswrite STDOUT, "ready\n";
readline STDIN;
my $ns = 0;
for my $event (@events) {
    sysread $event, my $count, 8 or die "perf event: $!\n";
    $ns += unpack 'Q', $count;
}
print int($ns / PERIOD_NS), " samples\n";
