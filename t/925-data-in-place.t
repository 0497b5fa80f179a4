#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Tables of operations are replaced where they are, in vmlinux and in a module,
# and writable data as the patch says; undo puts back what was there.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(data => 'interrupts data-in-place', same => 'interrupts data-in-place',
    again => 'data-again', meddler => 'meddler');

run_guest(52, <<'END', '--modules', '--tool=/sbin/dmsetup');
modprobe dm-mod && modprobe dm-zero || exit
dmsetup --noudevsync create zeroes --table '0 100 zero' || exit
heads() {
	perl -e 'my $geometry = "\0" x 16;
		open my $dev, "<", "/dev/dm-0" or die "$!\n";
		ioctl($dev, 0x301, $geometry) or die "$!\n";	# HDIO_GETGEO
		print "heads ", unpack("C", $geometry), "\n"'
}
panic=/sys/module/kernel/parameters/panic
kept=/sys/module/kernel/parameters/crash_kexec_post_notifiers
echo 5 > $panic

exec 3< /proc/interrupts
apply data
says 'a new function in a table of vmlinux is called' '^patched: interrupts$' cat /proc/interrupts
read_open() { cat <&3; }
says 'and by a file that was open' '^patched: interrupts$' read_open
exec 3<&-
says 'and the others as before' '^ *0: ' cat /proc/interrupts
says 'one in a table of a module' '^heads 55$' heads
says 'a variable is replaced' '^77$' cat $panic
says 'and one is kept' '^N$' cat $kept
says_not 'no writable mapping of it is left' 'ksplice_pieces_map|map_pages' \
	cat /proc/vmallocinfo
says 'the list of patches has them' '^dm_mod dm_blk_dops [0-9a-f]+ [0-9a-f]+ data$' \
	cat /sys/kernel/ksplice/data/patches
echo 6 > $panic
undo data
says_not 'undone: the table' patched cat /proc/interrupts
says 'undone: that of the module' '^heads 0$' heads
says 'undone: the variable has what it had before' '^5$' cat $panic
says 'the other is kept' '^N$' cat $kept
untouched 'nothing is left'

# What has been replaced is not what a second update was made for.
apply data
refused 'the same table in another update' 1 "'dm_blk_dops' is replaced by update 'data'" \
	ksplice-apply /updates/same.tar.gz

# Writable data: the last one first
apply again
says 'a variable is replaced again' '^88$' cat $panic
refused 'the first update has to stay' 1 "'again' replaces data of 'data' again; undo it" \
	ksplice-undo data
says 'as it does' '^88$' cat $panic
undo again
says 'what the first one wrote is back' '^77$' cat $panic
undo data
says 'and what was there before it' '^5$' cat $panic
untouched 'nothing is left'

# One place twice: in the same target, or in two, where the variable is known by
# being exported.
edited twin data vmlinux
refused 'the same data twice in a target' 1 "'(\w+)' and '\1' would both be at [a-z_]+\+0x" \
	ksplice-apply /tmp/twin.tar.gz
untouched 'nothing is left'
cd /tmp && tar xzf /updates/again.tar.gz && cd ksplice-again || exit
perl -pe 's/vmlinux/dm_zero/g' ksplice-again-vmlinux-old.ko > ksplice-again-dm_zero-old.ko
insmod ksplice.ko && insmod ksplice-again-vmlinux-old.ko || exit
not_ok 'the same data in two targets' insmod ksplice-again-dm_zero-old.ko
says 'its reason' "^'panic_timeout' and 'panic_timeout' would both be at panic_timeout\+0x" \
	cat /sys/kernel/ksplice/again/reason
rmmod ksplice-again-vmlinux-old && rmmod ksplice
untouched 'nothing is left'
edited weak again vmlinux
refused 'weak data' 1 "'panic_timeout' is weak" ksplice-apply /tmp/weak.tar.gz
untouched 'nothing is left'

# Two are matched before one of them is applied.
cd /tmp && tar xzf /updates/data.tar.gz && tar xzf /updates/same.tar.gz &&
	tar xzf /updates/meddler.tar.gz || exit
insmod ksplice-data/ksplice.ko
for id in data same; do
	for target in dm_mod vmlinux; do
		insmod ksplice-$id/ksplice-$id-$target-old.ko &&
			insmod ksplice-$id/ksplice-$id-$target-new.ko || exit
	done
done
stage() { echo "$2" > /sys/kernel/ksplice/"$1"/stage; }
ok 'the first is applied' stage data applied
not_ok 'the second is not' stage same applied
says 'its reason' '^text_changed$' cat /sys/kernel/ksplice/same/abort_cause
says 'and what has changed' "^the data '\w+' has changed since it was matched$" \
	cat /sys/kernel/ksplice/same/reason
says 'nothing was written' '^heads 55$' heads
ok 'the first is undone' stage data reversed
ok 'then the second can be applied' stage same applied
says 'and is' '^heads 55$' heads
ok 'and undone' stage same reversed
says 'all is as before' '^heads 0$' heads

# Somebody else writes where the update did.
insmod /tmp/ksplice-meddler/ksplice-meddler-vmlinux-old.ko &&
	insmod /tmp/ksplice-meddler/ksplice-meddler-vmlinux-new.ko || exit
ok 'the first once more' stage data applied
ok 'a table is written to' stage meddler applied
not_ok 'then it is not undone' stage data reversed
says 'its reason' '^text_changed$' cat /sys/kernel/ksplice/data/abort_cause
says 'and what has changed' "^the data 'int_seq_ops' has changed since the update was applied$" \
	cat /sys/kernel/ksplice/data/reason
says 'it stays' '^heads 55$' heads
ok 'that is put right' stage meddler reversed
ok 'and it can be undone' stage data reversed
says 'all is as before' '^heads 0$' heads
END
