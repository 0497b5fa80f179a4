#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# pagecache.pl - reads a file under a limit of the page cache, for bench/pagecache
#
#   pagecache.pl TURNS
#
# Prints a line "WAY ms pages calls" for each turn, and "set ms MiB MiB".

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

my $knob = '/proc/sys/vm/pagecache_limit';
my ($turns) = @ARGV;

# Seconds since boot: perl-base has no Time::HiRes.
sub now () {
    my $time = "\0" x 16;
    syscall(228, 1, $time) == 0 or die "cannot read the clock: $!\n";
    my ($seconds, $nsecs) = unpack 'qq', $time;
    return $seconds + $nsecs / 1e9;
}

sub run (@command) {
    system(@command) == 0 or die "'@command' failed\n";
    return;
}

sub put ($file, $text) {
    open my $out, '>', $file or die "cannot open '$file': $!\n";
    syswrite $out, $text or die "cannot write '$file': $!\n";
    return;
}

sub count_of ($name) {
    open my $in, '<', '/proc/tkernel/pagecache_limit' or die "no counts: $!\n";
    my ($count) = map { /^$name (\d+)/ ? $1 : () } readline $in;
    return $count;
}

sub read_all () {
    open my $in, '<', '/disk/file' or die "cannot open '/disk/file': $!\n";
    my $text;
    1 while sysread $in, $text, 256 << 10;
    return;
}

sub cached () { return int(count_of('cache_pages') / 256) }

run(qw(modprobe virtio_blk));
run(qw(modprobe ext4));
run('sh', '-c', '(mke2fs -F /dev/vda && mkdir /disk && mount -t ext4 /dev/vda /disk &&
    dd if=/dev/zero of=/disk/file bs=1M count=400 && sync &&
    ksplice-apply /guest/update.tar.gz) > /tmp/out 2>&1 || { cat /tmp/out >&2; exit 1; }');

for my $turn (1 .. $turns) {
    for my $way (qw(none sync async)) {
        put("${knob}_ratio", $way eq 'none' ? 0 : 20);
        put("${knob}_async", 1) if $way eq 'async';
        put('/proc/sys/vm/drop_caches', 1);
        my @before = map { count_of($_) } qw(reclaimed sync_calls);
        my $start = now();
        read_all();
        my $took = now() - $start;
        my @after = map { count_of($_) } qw(reclaimed sync_calls);
        printf "%s %.3f %d %d\n", $way, $took * 1000, $after[0] - $before[0],
            $after[1] - $before[1];
        put("${knob}_async", 0) if $way eq 'async';
    }
}
put("${knob}_ratio", 0);
read_all();
my ($before, $start) = (cached(), now());
put("${knob}_ratio", 20);
printf "set %.3f %d %d\n", (now() - $start) * 1000, $before, cached();
