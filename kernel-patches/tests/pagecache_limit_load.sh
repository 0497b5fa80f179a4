#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The limit of page cache can be put into a kernel that reads and writes files all
# the while, and taken out while it is in force, with its thread and without.
#
# tests: 23
# vm: --disk=980 --modules

knob=/proc/sys/vm/pagecache_limit
ram=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1024))

make_disk() {
	modprobe virtio_blk
	modprobe ext4
	disk=$(ls /dev/vd? | tail -n 1)
	mke2fs -F "$disk" && mkdir -p /disk && mount -t ext4 "$disk" /disk &&
		dd if=/dev/zero of=/disk/big bs=1M count=400
}
reader() {
	while [ ! -e /tmp/enough ]; do
		dd if=/disk/big of=/dev/null bs=64k
	done 2> /dev/null
}
writer() {
	while [ ! -e /tmp/enough ]; do
		dd if=/dev/zero of=/disk/load bs=64k count=1600
	done 2> /dev/null
}
is_limited() {
	is=$(cache clean)
	echo "$is of $ram MiB"
	[ "$is" -le $((ram * 17 / 100)) ]
}
grows() {
	is=$(cache clean)
	echo "$is of $ram MiB"
	[ "$is" -ge $((ram * 30 / 100)) ]
}
has_thread() {
	grep -lq kpclimitd /proc/[0-9]*/comm
}

ok 'a disk with a file' make_disk
reader &
readers=$!
reader &
readers="$readers $!"
writer &
for round in sync async again; do
	ok "applied under load, $round" ksplice-apply /updates/pagecache_limit.tar.gz
	ok 'the cache grows' wait_for grows
	echo 10 > ${knob}_ratio
	[ $round = async ] && echo 1 > ${knob}_async
	ok 'limited' wait_for is_limited
	ok 'undone under load, with the limit in force' ksplice-undo pagecache_limit
	not_ok 'no thread is left' has_thread
	not_ok 'nor a sysctl' test -e ${knob}_ratio
	ok 'it grows again' wait_for grows
done
: > /tmp/enough
wait $readers $!
untouched 'nothing is left'
umount /disk
