# SPDX-License-Identifier: GPL-2.0-only
#
# Timing.pm - the time of each step
#
# timed(STEP, sub {...}) measures a step; times of steps with the same name are added.
# CPU time is that of this process and of all its children that have exited.

package Ksplice::Timing;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter    qw(import);
use Ksplice     qw(verbose write_file);
use List::Util  qw(sum);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

our @EXPORT_OK = qw(timed show_timings write_timings);

my (@order, %elapsed, %cpu);

# Returns the result of the body.
sub timed ($step, $body) {
    my ($start, $cpu) = (clock_gettime(CLOCK_MONOTONIC), sum(times));
    my @result = wantarray ? $body->() : scalar $body->();
    push @order, $step if !exists $elapsed{$step};
    $elapsed{$step} += clock_gettime(CLOCK_MONOTONIC) - $start;
    $cpu{$step} += sum(times) - $cpu;
    return wantarray ? @result : $result[0];
}

# A line for each step: its name, elapsed seconds, seconds of CPU time.
sub timings () {
    return map { sprintf "%s %.2f %.2f\n", $_, $elapsed{$_}, $cpu{$_} } @order;
}

sub show_timings () {
    return if !verbose();
    print STDERR map { sprintf "%-10s %6.2f s, %6.2f s processor\n", split } timings();
    return;
}

sub write_timings ($file) {
    write_file($file, join '', timings());
    return;
}

1;
