#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A second update of a function goes on top of the first; they come out in the
# reverse order only, and one of another function in any order.  What was matched
# with the first fits that only as long as it stays applied.

use v5.32;
use warnings;
use Fcntl          qw(LOCK_EX);
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Distro qw(cache_dir);
use Test::Ksplice;
use Test::Ksplice::Guest;

my $top = root_dir();

# The first update's result as a source tree: what the second is made against.
# Nobody may build in the tree while it is copied.
sub patched_source {
    my $cache = cache_dir() . '/' . guest_release();
    my $source = scratch_dir() . '/source';
    open my $lock, '<', "$cache/source" or die "cannot open the source: $!";
    flock $lock, LOCK_EX or die "cannot lock the source: $!";
    system('cp', '-a', "$cache/source", $source) == 0 or die 'cannot copy the source';
    close $lock;
    system('patch', '-s', '-p1', '-d', $source, '-i',
        "$top/t/patches/vmlinux-function.patch") == 0 or die 'cannot patch the source';
    return ("--config=$cache/config", $source);
}

make_updates(first => 'vmlinux-function', other => 'string-only');
make_update(second => 'version-again', patched_source());

run_guest(28, <<'END');
refused 'the second does not fit without the first: function and place' 1 \
	'fs/proc/version.o: version_proc_show\+0x[0-9a-f]+ ' \
	ksplice-apply /updates/second.tar.gz
untouched 'nothing is left'
apply first
apply second
says 'both run' '^patched: again$' cat /proc/version
says 'the first as well' '^patched: version$' cat /proc/version
apply other
says 'a third, of another function' 'loadavg$' cat /proc/loadavg
refused 'the first cannot go before the second' 1 "'?second'?" ksplice-undo first
says 'both still run' '^patched: again$' cat /proc/version
says 'and are still applied' '^first .*applied' ksplice-view
undo second
says_not 'the second is gone' again cat /proc/version
says 'the first runs' '^patched: version$' cat /proc/version
apply second
says 'the second goes in again' '^patched: again$' cat /proc/version
undo second
undo first
says 'the third is still in' 'loadavg$' cat /proc/loadavg
undo other
untouched 'nothing is left'

# What was matched is gone, and the same address has a body again.
tar -xzf /updates/second.tar.gz -C /tmp
apply first
ok 'the second is matched' insmod /tmp/ksplice-second/ksplice-second-vmlinux-old.ko
ok '... and linked' insmod /tmp/ksplice-second/ksplice-second-vmlinux-new.ko
undo first
apply first
stage=/sys/kernel/ksplice/second
not_ok 'it is not applied to a body that it was not matched with' \
	sh -c "echo applied > $stage/stage"
says '... and says why' "^'version_proc_show' is not the version that was matched" \
	cat $stage/reason
END
