#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh - what a container sees before and after the updates; run in a guest by
# "make -C kernel-patches demo"
set -e
PATH=$PATH:/container:/helpers

say() {
	echo
	echo "== $*"
}
# show COMMAND: with a prompt, in a container of 64 megabytes and one processor; what
# the hook has to say each time is kept for later
show() {
	echo "box# $*"
	GROUPS=/cg/box run-container /tmp/bundle sh -c "$*" 2>> /tmp/said || {
		cat /tmp/said
		exit 1
	}
}
look() {
	: > /tmp/said
	show 'head -3 /proc/meminfo'
	show 'grep ^cpu /proc/stat'
	show 'grep ^processor /proc/cpuinfo'
	show 'cat /proc/loadavg /proc/uptime'
	show 'top -bn1 | head -3'
	sort -u /tmp/said
}

mkdir /cg
mount -t cgroup2 none /cg
echo '+cpuset +memory' > /cg/cgroup.subtree_control
mkdir /cg/box
echo 64M > /cg/box/memory.max
echo 1 > /cg/box/cpuset.cpus

say "A container with 64 megabytes and processor 1, on $(uname -r) as it came"
look
say 'The updates are applied to the running kernel'
for update in /updates/*.tar.gz; do
	echo "# ksplice-apply ${update##*/}"
	ksplice-apply $update
done
say 'The same container, started again'
look
say 'Outside, all is as it was'
echo '# head -1 /proc/meminfo'
head -1 /proc/meminfo
say 'The updates are undone'
for update in /updates/*.tar.gz; do
	id=${update##*/ksplice-}
	echo "# ksplice-undo ${id%.tar.gz}"
	ksplice-undo ${id%.tar.gz}
done
show 'head -1 /proc/meminfo'
sort -u /tmp/said
