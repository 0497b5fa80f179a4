#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A function of a module is replaced; its static key works in the new code as
# in the old; the module cannot go away under the update.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(geometry => 'module-function');

run_guest(17, <<'END', '--modules', '--tool=/sbin/dmsetup');
refused 'the target is not loaded' 1 "not loaded.*'dm_mod'" \
	ksplice-apply /updates/geometry.tar.gz
untouched 'nothing is left'

modprobe dm-mod && modprobe dm-zero || exit
dmsetup --noudevsync create zeroes --table '0 100 zero' || exit
heads() {
	perl -e 'my $geometry = "\0" x 16;
		open my $dev, "<", "/dev/dm-0" or die "$!\n";
		ioctl($dev, 0x301, $geometry) or die "$!\n";	# HDIO_GETGEO
		print "heads ", unpack("C", $geometry), "\n"'
}
says 'stock: no heads' '^heads 0$' heads
apply geometry
says 'a static function of the module is replaced' '^heads 66$' heads
says 'the module is in use' '^dm_mod .* [1-9]' lsmod
not_ok 'so that it cannot go away' rmmod dm_mod
ok 'its static key is switched on' dmsetup message zeroes 0 @stats_create - 1
says 'and is on in the new code' '^heads 77$' heads
undo geometry
says 'undone: no heads' '^heads 0$' heads
apply geometry
says 'the key was on when the update came' '^heads 77$' heads
ok 'the rest of the module works' dmsetup --noudevsync remove zeroes
undo geometry
untouched 'nothing is left'
ok 'the module is free, and can go' rmmod dm_zero dm_mod
END
