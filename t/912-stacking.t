#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A second update of a function goes on top of the first; they come out in the
# reverse order only, and one of another function in any order.  What was matched
# with the first fits that only as long as it stays applied.  A task that may stay
# in an old body is in the way of a later update that does not allow it.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

my %update = map { $_->[0] => make_update(@$_) } [first => 'vmlinux-function'],
    [other => 'string-only'], [marked => 'reader'];
make_update(second => 'version-again', "--on-top-of=$update{first}");
make_update(beside => 'string-only', "--on-top-of=$update{first}");
make_update(strict => 'reader-again', "--on-top-of=$update{marked}");

run_guest(66, <<'END');
# The second needs the first, and not only one of its id.
unpack first && echo 'another one' > ksplice-first/description && pack first2 || exit
unchecked() {
	perl -I/opt/ksplice/lib -MKsplice::Apply -e 'no warnings;
		*Ksplice::Apply::check_needed = sub {};
		$0 = "/opt/ksplice/ksplice-apply";
		do $0' "$@"
}
ok 'another update with the id of the first' ksplice-apply /tmp/first2.tar.gz
refused 'the second was not built on top of that' 1 \
	"'second' was built on top of the update 'first' with the hash [0-9a-f]{64}," \
	ksplice-apply /updates/second.tar.gz
refused '... which is named, too' 1 "the 'first' that is applied has the hash [0-9a-f]{64}$" \
	ksplice-apply /updates/second.tar.gz
refused 'the core refuses it, too' 1 \
	"'second' needs the 'first' with the hash [0-9a-f]{64}, but the applied one has [0-9a-f]" \
	unchecked /updates/second.tar.gz
undo first
untouched 'nothing is left'

refused 'the second needs the first' 1 "is not applied: 'second' needs 'first'" \
	ksplice-apply /updates/second.tar.gz
untouched 'nothing is left'
apply first
apply second
says 'both run' '^patched: again$' cat /proc/version
says 'the first as well' '^patched: version$' cat /proc/version
apply other
says 'a third, of another function' 'loadavg$' cat /proc/loadavg
refused 'the first cannot go before the second' 1 "'?second'?" ksplice-undo first
refused 'nor be replaced without it' 1 "'second' replaces 'version_proc_show' of 'first' again" \
	ksplice-apply --replace=first /updates/marked.tar.gz
refused 'nor by one that was built on top of it' 1 "'beside' was built on top of 'first'" \
	ksplice-apply --replace=first,second /updates/beside.tar.gz
says 'both still run' '^patched: again$' cat /proc/version
says 'and are still applied' '^first .*applied' ksplice-view
undo second
says_not 'the second is gone' again cat /proc/version
says 'the first runs' '^patched: version$' cat /proc/version
apply second
says 'the second is applied again' '^patched: again$' cat /proc/version
undo second
undo first
says 'the third is still in' 'loadavg$' cat /proc/loadavg
undo other
untouched 'nothing is left'

# Both by another one, and one that touches nothing of what it was made on top of.
apply first
apply second
ok 'both are replaced' ksplice-apply --replace=first,second /updates/other.tar.gz
says_not 'the original runs' patched cat /proc/version
says 'the new one is applied' '^other applied$' cat /sys/kernel/ksplice/state
undo other
apply first
apply beside
refused 'the first cannot go before it' 1 "'beside' was built on top of 'first'; undo it first" \
	ksplice-undo first
undo beside
undo first
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
says '... and the reason is reported' "^'version_proc_show' is not the version that was matched" \
	cat $stage/reason
rmmod ksplice_second_vmlinux_new ksplice_second_vmlinux_old
undo first

# A mark of the first update, none of the second
sleeping() { # NAME: a process of that name sleeps in read
	mkfifo /tmp/$1
	sleep 1000 > /tmp/$1 &
	eval $1_writer=$!
	perl -e '$0 = shift; sysread STDIN, $_, 100; print' $1 < /tmp/$1 > /tmp/$1.read &
	eval $1=$!
	wait_for reads_pipe $!
}
awake() { # NAME
	echo something > /tmp/$1
	eval wait \$$1
	eval kill \$$1_writer
	says "$1 is unharmed" something cat /tmp/$1.read
}
newread() { perl -e '$0 = "newread"; print defined sysread(STDIN, $_, 1) ? "read" : "$!", "\n"'; }
sleeping early
apply marked
says 'the marked one runs' 'not permitted' newread
sleeping late
refused 'the strict one finds the task that is in the first body' 3 \
	"task $early .early. is in ksys_read\+0x" \
	ksplice-apply --wait=0 /updates/strict.tar.gz
refused '... and the one that is in the second' 3 \
	"task $late .late. is in ksys_read\+0x" \
	ksplice-apply --wait=0 /updates/strict.tar.gz
awake late
refused 'only the task in the first body conflicts' 3 \
	"task $early .early. is in ksys_read\+0x" \
	ksplice-apply --wait=0 /updates/strict.tar.gz
ok 'it sleeps on' reads_pipe $early
says 'the marked one still runs' 'not permitted' newread
awake early
apply strict
says 'the strict one runs' 'denied' newread
sleeping third
refused 'undo is refused while a task is in it' 3 \
	"task $third .third. is in ksys_read.ksplice_strict\+0x" ksplice-undo --wait=0 strict
awake third
undo strict
says 'the marked one runs again' 'not permitted' newread
undo marked
untouched 'nothing is left'
END
