#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# With /proc/tkernel/release_suffix at 1, uname(2) tells a container that it is
# one, and nothing else changes.
#
# tests: 13
# files: /proc/tkernel/release_suffix

suffix=/proc/tkernel/release_suffix
# As a pattern
release=$(uname -r | sed 's/[.+]/[&]/g')
in_container='unshare -p -f perl /tests/tool.pl'

says 'it is off at first' '^0$' cat $suffix
says 'a container sees the release' "^$release\$" $in_container uname
ok '1 turns it on' tool put $suffix '1\n'
says 'a container sees it' "^${release}_docker_guest\$" $in_container uname
says 'a container in a container does, too' "^${release}_docker_guest\$" \
	unshare -p -f $in_container uname
mkdir -p /lib/modules
refused 'modprobe looks for modules of that release' 1 "${release}_docker_guest" \
	unshare -p -f modprobe no_such_module
says 'outside it is as it was' "^$release\$" tool uname
says 'so is osrelease' "^$release\$" unshare -p -f cat /proc/sys/kernel/osrelease
ok 'what is neither 0 nor 1 is refused' tool denies EINVAL $suffix \
	2 -1 '' '\n' on 01 '1 1' 1x '1\0' 11111111
ok 'a user may read it' tool as 1000 opens r $suffix
refused 'but not write' 1 EACCES tool as 1000 opens w $suffix
refused "a container's root may not write" 1 EPERM \
	unshare -U -r -p -f perl /tests/tool.pl put $suffix 0

# Two writers at once: it is one or the other in the end, and never anything else.
for i in $(seq 100); do echo 0 > $suffix; done &
for i in $(seq 100); do echo 1 > $suffix; done
wait $!
echo 0 > $suffix
says '0 turns it off' "^$release\$" $in_container uname
