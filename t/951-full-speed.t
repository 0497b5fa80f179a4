#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Functions are replaced and put back as fast as it goes, while threads run them at
# full speed: new ones and those that end, woken ones, those that change their
# processor, and while a processor goes off line and comes back; also where a task
# can be preempted anywhere in the kernel.  Each call does what the old functions do
# or what the new ones do, and in the end the old ones are as they were.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(speed => 'full-speed');
make_program('speed');

run_guest(24, <<'END', '--timeout=1200');
cd /tmp
# speed KIND=N...: in the background, until `slow TITLE`
speed() {
	mkfifo fifo
	/updates/speed fifo "$@" > speed.out 2> speed.err &
	speed=$!
	wait_for grep -q ready speed.out
}
slow() {
	echo > fifo
	wait $speed
	sed 's/^/# /' speed.out speed.err
	says_not "$1: no call was a mix of old and new" 'broken [1-9]' cat speed.out
	says "$1: all ended" '^ended' cat speed.out
	rm fifo
}
uptime() { # in hundredths of a second
	read -r now rest < /proc/uptime
	now=${now%.*}${now#*.}
}
stage() { # STAGE
	echo $1 > /sys/kernel/ksplice/speed/stage
} 2> /dev/null
# cycles N: so often in and out, with as many attempts as it takes in four minutes
cycles() {
	n=0 busy=0 to=applied
	uptime
	start=$now
	while [ $n -lt $1 ] && [ $now -lt $((start + 24000)) ]; do
		if stage $to; then
			case $to in
			applied) to=reversed ;;
			*) to=applied n=$((n + 1)) ;;
			esac
		else
			busy=$((busy + 1))
			grep -q code_busy /sys/kernel/ksplice/speed/abort_cause || break
		fi
		uptime
	done
	echo "# $n cycles in $((now - start)) hundredths of a second, busy $busy times"
	[ $n = $1 ] || { sed 's/^/# /' /sys/kernel/ksplice/speed/conflicts; false; }
}
tar -xzf /updates/speed.tar.gz
for module in ksplice ksplice-speed-vmlinux-old ksplice-speed-vmlinux-new; do
	insmod ksplice-speed/$module.ko
done

# text: the code of what is replaced
text() {
	perl /t/lib/text.pl speed || exit
}
run() { # WHAT N KIND...
	what=$1 times=$2
	shift 2
	text > before
	speed $(echo " $*" | sed 's/\( [a-z]*\)/\1=1/g') cpu=1
	cycles $times
	result $? "$what: $times times in and out"
	slow "$what"
	text > after
	ok "$what: the code is as before" cmp before after
	for kind; do
		says "$what: old and new functions ran: $kind" \
			"^$kind: old [1-9][0-9]* new [1-9]" cat speed.out
	done
}
text > before
says 'the code of ten functions can be read' '^10$' grep -c '^[^ ]* [0-9a-f]*$' before
wait_for stage applied
text > applied
wait_for stage reversed
not_ok 'and is another one while they are replaced' cmp before applied
run 'fork and exit' 17 fork thread
run 'wake-ups and migration' 17 futex event move info
preempt=/sys/kernel/debug/sched/preempt
echo full > $preempt
says 'from now on a task can be preempted anywhere' '[(]full[)]' cat $preempt
# Not so many: somebody has to be preempted outside of what is replaced.
run 'preempted anywhere' 10 fork futex
rmmod ksplice_speed_vmlinux_new ksplice_speed_vmlinux_old ksplice
untouched 'nothing is left'
END
