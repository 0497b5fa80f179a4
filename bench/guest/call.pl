#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# call.pl - the guest's part of bench/call
#
# call.pl THREADS: prints "call NAME RESULT PICOSECONDS" for the function as it
# is, in an update and in a live patch, three times; and "active NAME
# MILLISECONDS" with so many sleeping threads, five times, unless that is 0.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use constant { CLOCK_GETTIME => 228, CLOCK_MONOTONIC => 1 };

my $threads = shift;
my $live = '/sys/kernel/livepatch/live';

sub now () {
    syscall CLOCK_GETTIME, CLOCK_MONOTONIC, my $time = "\0" x 16;
    my ($seconds, $ns) = unpack 'q2', $time;
    return $seconds + $ns / 1e9;
}

sub run (@command) {
    system(@command) == 0 or die "@command: status $?\n";
    return;
}

sub get ($name) {
    open my $file, '<', $name or die "$name: $!\n";
    return scalar readline $file;
}

sub put ($name, $text) {
    open my $file, '>', $name or die "$name: $!\n";
    syswrite $file, $text or die "$name: $!\n";
    return;
}

sub rest ($seconds) { return select undef, undef, undef, $seconds }

sub insert_modules () {
    run('insmod', "/tmp/update/$_.ko")
        for 'ksplice', 'ksplice-call-vmlinux-old', 'ksplice-call-vmlinux-new';
    put('/sys/kernel/ksplice/call/stage', 'applied');
    return;
}

sub apply () { return run(qw(ksplice-apply -q /guest/call.tar.gz)) }
sub undo ()  { return run(qw(ksplice-undo -q call)) }

sub live () {
    run(qw(insmod /guest/live.ko));
    rest(0.001) while get("$live/transition") != 0;
    return;
}

sub no_live () {
    put("$live/enabled", '0');
    rest(0.01) while -e $live;
    return run(qw(rmmod live));
}

sub measure ($name) {
    print "call $name ", get('/sys/module/call/parameters/measure');
    return;
}

$| = 1;
mkdir '/tmp/update' or die $!;
run(qw(tar -xzf /guest/call.tar.gz -C /tmp/update --strip-components=1));
run(qw(insmod /guest/call.ko));
for (1 .. 3) {
    measure('unpatched');
    apply();
    measure('update');
    undo();
    live();
    measure('livepatch');
    no_live();
}
exit if !$threads;

my $pid = open my $sleepers, '-|', '/guest/threads', $threads or die $!;
readline $sleepers;
for (1 .. 5) {
    for my $way ([update => \&insert_modules, \&undo], [apply => \&apply, \&undo],
        [livepatch => \&live, \&no_live]) {
        my ($name, $in, $out) = @$way;
        my $start = now();
        $in->();
        printf "active %s %.1f\n", $name, 1000 * (now() - $start);
        $out->();
    }
}
kill 'KILL', $pid;
