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

make_updates(bond => 'module-function');

run_guest(18, <<'END', '--modules');
refused 'the target is not loaded' 1 "'bonding'.* not loaded" \
	ksplice-apply /updates/bond.tar.gz
untouched 'nothing is left'

modprobe bonding || exit
statistics=/sys/class/net/bond0/statistics
send() {
	perl -e 'use Socket; socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
		setsockopt($s, SOL_SOCKET, 25, "bond0\0") or die $!;
		setsockopt($s, SOL_SOCKET, SO_BROADCAST, 1) or die $!;
		send($s, "x", 0, sockaddr_in(9, inet_aton("10.9.9.255")))
			for 1 .. 3;'
}
up() {
	ip addr add 10.9.9.1/24 broadcast 10.9.9.255 dev bond0 2> /dev/null
	ip link set bond0 up
}
counts() {
	cat $statistics/rx_nohandler $statistics/rx_dropped | tr '\n' ' '
}
grows() { # 1: rx_nohandler, 2: rx_dropped
	before=$(counts) && send && after=$(counts) &&
	echo "$before -> $after" &&
	[ "$(echo $after | cut -d' ' -f$1)" -gt "$(echo $before | cut -d' ' -f$1)" ]
}
stays() { # both
	before=$(counts) && send && after=$(counts) &&
	echo "$before -> $after" && [ "$before" = "$after" ]
}
echo 802.3ad > /sys/class/net/bond0/bonding/mode
up
# What the kernel sends by itself when the interface comes up must be over.
sleep 6
ok 'stock: it does not count' stays
apply bond
ok 'a static function of the module is replaced' grows 1
says 'the module is in use' '^bonding .* [1-9]' lsmod
not_ok 'so that it cannot go away' rmmod bonding
ip link set bond0 down
echo 1 > /sys/class/net/bond0/bonding/broadcast_neighbor
up
ok 'the static key, switched on later, is on in the new code' grows 2
ip link set bond0 down
echo 0 > /sys/class/net/bond0/bonding/broadcast_neighbor
up
ok 'and off again' grows 1
undo bond
sleep 3
ok 'undone: it does not count' stays
ip link set bond0 down
echo 1 > /sys/class/net/bond0/bonding/broadcast_neighbor
up
apply bond
ok 'the static key was on when the update came' grows 2
ip link set bond0 down
echo 0 > /sys/class/net/bond0/bonding/broadcast_neighbor
up
ok 'and off again' grows 1
undo bond
untouched 'nothing is left'
says 'the module is free' '^bonding ' lsmod
ok 'and can go' rmmod bonding
END
