#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# corpus-guest.sh - try the updates of /corpus/list ("ID TARGET...") one by one
#
# Each step is printed on stdout before it is taken, "@ID STEP TEXT", so that the
# host knows the step if the kernel dies: load, apply, undo, end; then its
# result.  The kernel log of a step is printed as log:STEP.  After a fault the
# rest is left for another boot.

bad_taints=$((1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))

tell() {
	echo "@$id $*"
}
tell_file() { # STEP FILE
	sed "s/^/@$id $1 /" "$2"
}
# What the kernel logged since the last time.
tell_log() {
	dmesg -c > /tmp/log
	tell_file "log:$1" /tmp/log
}
taint() {
	echo $(($(cat /proc/sys/kernel/tainted) & bad_taints))
}

load() {
	for target in "$@"; do
		tell load "$target"
		[ "$target" = vmlinux ] || [ -e "/sys/module/$target" ] ||
			timeout -k 5 100 modprobe "$target" > /tmp/words 2>&1 ||
			return 1
	done
}

# Its messages into /tmp/words.  If a task conflicts, once more with --kick, as a
# person would do: our own shell waits for the command in the kernel.
ksplice() { # apply|undo WHAT
	"ksplice-$1" -q "$2" > /tmp/words 2>&1 && return
	grep -q 'a task is in code' /tmp/words || return 1
	tell kick "$1"
	"ksplice-$1" -q --kick "$2" > /tmp/words 2>&1
}

# Some of what a machine does, so that new code has a chance to be wrong.
exercise() {
	mkdir -p /tmp/exercise
	cd /proc
	cat cpuinfo meminfo interrupts slabinfo vmstat zoneinfo mounts partitions \
		net/* self/maps self/status self/net/* timer_list modules \
		> /tmp/exercise/proc
	cd /
	cp /bin/busybox /tmp/exercise/file && ln /tmp/exercise/file /tmp/exercise/link
	find /proc/self /sys/class /sys/module -maxdepth 2 > /tmp/exercise/list
	sort /tmp/exercise/list | gzip | gunzip | wc -l > /dev/null
	ping -q -c 1 -W 2 127.0.0.1 > /dev/null
	mount -t tmpfs none /tmp/exercise && touch /tmp/exercise/a && umount /tmp/exercise
	rm -r /tmp/exercise
} 2> /dev/null

try() {
	before=$(taint)
	if ! load "$@"; then
		tell_file words /tmp/words
		tell unloadable
		tell_log load
		return
	fi
	tell_log load
	before=$(taint)
	tell apply
	if ! ksplice apply "/corpus/$id.tar.gz"; then
		tell_file words /tmp/words
		tell refused
		tell_log apply
	else
		tell functions "$(wc -l < "/sys/kernel/ksplice/$id/patches")"
		perl /corpus/imports.pl "$id" > /tmp/words 2>&1
		tell_file wrong /tmp/words
		exercise
		tell_log apply
		tell undo
		if ! ksplice undo "$id"; then
			tell_file words /tmp/words
			tell stays
			tell_log undo
			return 1
		fi
		exercise
		tell undone
	fi
	tell_log undo
	lsmod > /tmp/words
	if [ -e /sys/kernel/ksplice ] || grep -q ksplice /tmp/words; then
		tell_file words /tmp/words
		tell left
		return 1
	fi
	if [ "$(taint)" != "$before" ]; then
		tell tainted "$(cat /proc/sys/kernel/tainted)"
		return 1
	fi
}

dmesg -c > /dev/null
while read -r id targets; do
	tell begin
	try $targets
	status=$?
	tell end
	[ $status = 0 ] || break
done < /corpus/list
