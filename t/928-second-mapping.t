#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The second mapping of kernel text, by which the stop writes, is read-only while
# an attempt waits, and writable for a part of the stop only.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Guest;

make_updates(sleeper => 'sleeper', data => 'interrupts');

run_guest(10, <<'END', make_modules('mapping'));
perl -e 'pipe my $in, my $out or die; sysread $in, my $text, 1' &
sleeper=$!
wait_for reads_pipe $sleeper
echo 1 > /proc/sys/kernel/kptr_restrict		# what root sees is no hash then
mapping() {	# the mapping, while an attempt waits for the task
	sed -n 's/^\(0x[0-9a-f]*\)-\(0x[0-9a-f]*\) .*\[ksplice\].* vmap.*/start=\1 end=\2/p' \
		/proc/vmallocinfo
}
ksplice-apply --wait=20 /updates/sleeper.tar.gz > /tmp/apply 2>&1 &
apply=$!
tries=400
until found=$(mapping) && [ "$found" ]; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || break
	sleep 0.05
done
says 'an attempt has a second mapping of text' '^start=0x[0-9a-f]+ end=0x' echo "$found"
insmod /modules/mapping.ko $found 2> /dev/null
says 'it can be read' 'mapping: [1-9][0-9]* pages are mapped' dmesg
says 'it cannot be written' 'mapping: [1-9][0-9]* pages are mapped, 0 are writable' dmesg
kill $sleeper
ok 'the update is applied when the task is gone' wait $apply
log=/sys/kernel/debug/ksplice
# writable ID: for less than the whole stop
writable() {
	line=$(grep 'text was writable' $log/$1/log | tail -n 1)
	ns=${line##*for } us=${line##*the last for }
	ns=${ns% ns} us=${us%% us*}
	echo "writable for $ns ns in a stop of $us us"
	[ "$ns" -gt 0 ] && [ "$ns" -lt $((us * 1000)) ]
}
says 'it could be written in a part of the stop' '^writable' writable sleeper
apply data
says 'so with data' '^writable' writable data
ksplice-undo -q data
says_not 'no mapping is left' '\[ksplice\].* vmap' cat /proc/vmallocinfo
undo sleeper
untouched 'nothing is left'
END
