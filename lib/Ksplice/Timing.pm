# SPDX-License-Identifier: GPL-2.0-only
#
# Timing.pm - how long each step took
#
# timed(STEP, sub {...}) around a step; the time of a step of the same name is
# added.  The processor time is that of ours and of all programs that ended.

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

# Returns what the body does.
sub timed ($step, $body) {
    my ($start, $cpu) = (clock_gettime(CLOCK_MONOTONIC), sum(times));
    my @result = wantarray ? $body->() : scalar $body->();
    push @order, $step if !exists $elapsed{$step};
    $elapsed{$step} += clock_gettime(CLOCK_MONOTONIC) - $start;
    $cpu{$step} += sum(times) - $cpu;
    return wantarray ? @result : $result[0];
}

# One line a step: its name, seconds, seconds of processor time.
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
