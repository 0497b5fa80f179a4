#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# pause.pl - the guest's part of bench/pause
#
# pause.pl WAY STOPS THREADS...: for each number of sleeping threads so many stops
# of each kind, one after the other, each by a core that has just been loaded.
# Prints "functions NAME N" and "core THREADS KIND NS", as the core measures the
# stop; if WAY is gap, also "gap THREADS KIND NS", as guest/gap sees it.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

my ($way, $stops, @threads) = @ARGV;
my $sys = '/sys/kernel/ksplice';
my $empty = '/sys/kernel/debug/ksplice/empty_stop';
my @names = (1, 10, 100);

sub run (@command) {
    system(@command) == 0 or die "@command: status $?\n";
    return;
}

sub get ($name) {
    open my $file, '<', $name or die "$name: $!\n";
    local $/ = undef;
    return scalar readline $file;
}

sub put ($name, $text) {
    open my $file, '>', $name or die "$name: $!\n";
    syswrite $file, $text or die "$name: $!\n";
    return;
}

# -> the longest gap while the file is read or the text written to it, what was read
sub gap (@arguments) {
    open my $program, '-|', '/guest/gap', @arguments or die "gap: $!\n";
    my @words = split ' ', readline $program;
    close $program or die "gap @arguments: status $?\n";
    return @words;
}

sub insert ($name) {
    run('insmod', '/tmp/ksplice.ko');
    run('insmod', "/tmp/ksplice-f$name-vmlinux-$_.ko") for qw(old new);
    return;
}

sub remove ($name) {
    return run('rmmod', (map { "ksplice_f${name}_vmlinux_$_" } qw(new old)), 'ksplice');
}

# What is replaced is run, by a process that is gone then.
sub use_proc () {
    my $pid = fork // die "fork: $!\n";
    if ($pid) {
        waitpid $pid, 0;
        return;
    }
    for my $name (grep { !m{/(?:mem|clear_refs|pagemap|kmsg)\z} } glob '/proc/self/*') {
        if (-f $name && open my $file, '<', $name) { sysread $file, my $text, 4096 }
    }
    opendir my $dir, '/proc/self/fd';
    readdir $dir;
    exit;
}

sub say_empty ($threads) {
    my @ns = $way eq 'gap' ? gap($empty) : (undef, get($empty) =~ /(\d+)/);
    print "gap $threads empty $ns[0]\n" if $way eq 'gap';
    print "core $threads empty $ns[1]\n";
    return;
}

# The stage of an update of that name is changed.
sub say_stage ($threads, $kind, $name, $stage) {
    if ($way eq 'gap') {
        my ($ns) = gap("$sys/f$name/stage", $stage);
        print "gap $threads $kind $ns\n";
    }
    else { put("$sys/f$name/stage", $stage) }
    print "core $threads $kind ", get("$sys/f$name/pause_ns") if $stage ne 'try';
    return;
}

sub measure ($threads, $kind) {
    my ($name) = $kind =~ /(\d+)/ ? $1 : 1;
    insert($name);
    put('/sys/module/ksplice/parameters/precheck', '0') if $kind eq 'full';
    use_proc() if $kind =~ /used/;
    say_empty($threads);
    say_stage($threads, 'try', $name, 'try') if $way eq 'gap';
    say_stage($threads, $kind, $name, 'applied');
    say_stage($threads, "undo-$kind", $name, 'reversed');
    remove($name);
    return;
}

$| = 1;
run('tar', '-C', '/tmp', '-xzf', "/guest/f$_.tar.gz", '--strip-components=1') for @names;
for my $name (@names) {
    insert($name);
    my $n = () = get("$sys/f$name/patches") =~ /\n/g;
    print "functions $name $n\n";
    remove($name);
}
my (@running, $n);
for my $threads (@threads) {
    my $pid = open my $program, '-|', '/guest/threads', $threads - ($n // 0)
        or die "threads: $!\n";
    readline $program or die "there are no threads\n";
    push @running, [$pid, $program];
    $n = $threads;
    for my $turn (1 .. $stops) {
        measure($threads, $_) for @names, '10-used';
        measure($threads, 'full') if $turn <= 3;
    }
}
kill 'KILL', map { $_->[0] } @running;
