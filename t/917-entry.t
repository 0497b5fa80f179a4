#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Where the redirect goes, the kernel may have rewritten code at boot, but it
# must not do so later: a jump label there is refused.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(
    returns => 'return-at-entry',
    locks   => 'lock-at-entry',
    jumps   => 'jump-label-at-entry',
);

run_guest(10, <<'END', '--modules');
seek() {
	perl -e 'open my $f, "<", "/dev/urandom" or die "$!\n";
		print "at ", sysseek($f, 0, 0), "\n"'
}
says 'stock: nothing is sought' '^at 0' seek
apply returns
says 'a return under the redirect' '^at 4242$' seek
undo returns
says 'undone' '^at 0' seek
apply locks
modprobe ipip
says 'a lock prefix under the redirect' 'patched: polling tunl0' dmesg
undo locks
refused 'a jump label under the redirect' 1 \
	"'__netif_receive_skb' cannot be redirected: a jump label" \
	ksplice-apply /updates/jumps.tar.gz
untouched 'nothing is left'
END
