#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# An update of two modules, of which one uses the other.  THIS_MODULE is that of the
# module whose code it is, whatever else is applied: at first, and when the
# modules are loaded after the update; then hooks are called for each.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(two => 'two-modules', function => 'vmlinux-function', export => 'module-export');

run_guest(33, <<'END', '--modules', '--tool=/sbin/dmsetup');
awaited() { cat /sys/kernel/ksplice/two/awaited; }
zeroes() {
	dmsetup --noudevsync create zeroes --table '0 100 zero' || return
	perl -e 'my $geometry = "\0" x 16;
		open my $dev, "<", "/dev/dm-0" or die "$!\n";
		ioctl($dev, 0x301, $geometry) or die "$!\n"'	# HDIO_GETGEO
	dmsetup --noudevsync remove zeroes
}
said() { # what the update has said since then
	dmesg -c | sed -n 's/.*two-modules: //p'
}
# each THING...: it said of which module it is, and nothing else was said
each() {
	said > /tmp/said
	for line; do
		says "$line" "^$line\$" cat /tmp/said
	done
	says 'and no more' "^$#\$" sh -c 'wc -l < /tmp/said'
}

modprobe dm-zero
apply function
apply two
each 'pre_apply of dm_zero' 'post_apply of dm_zero'
ok 'a device is made and asked' zeroes
each 'ctr of dm_zero' 'getgeo of dm_mod'
undo two
each 'pre_reverse of dm_zero' 'post_reverse of dm_zero'
rmmod dm_zero
rmmod dm_mod

# The modules are loaded when it and others are applied.
ok 'an update that awaits' ksplice-apply -q --partial /updates/export.tar.gz
ok 'another one' ksplice-apply -q --partial /updates/two.tar.gz
each
ok 'both modules are loaded' modprobe dm-zero
says 'one is patched' '^dm_mod applied$' awaited
says 'the other one as well' '^dm_zero applied$' awaited
each 'pre_apply of dm_zero' 'post_apply of dm_zero'
ok 'a device is made and asked' zeroes
each 'ctr of dm_zero' 'getgeo of dm_mod'
undo two
each 'pre_reverse of dm_zero' 'post_reverse of dm_zero'
undo export
undo function
untouched 'nothing is left'
END
