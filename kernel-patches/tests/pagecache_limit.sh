#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# With vm.pagecache_limit_ratio set there is no more unmapped page cache than
# that, whether the process that adds it reclaims or kpclimitd; mapped pages stay,
# and dirty ones are treated as vm.pagecache_limit_ignore_dirty states.
#
# tests: 48
# files: /proc/sys/vm/pagecache_limit_ratio /proc/sys/vm/pagecache_limit_reclaim_ratio
# files: /proc/sys/vm/pagecache_limit_ignore_dirty /proc/sys/vm/pagecache_limit_async
# files: /proc/tkernel/pagecache_limit
# vm: --disk=980 --modules

vm=/proc/sys/vm
knob=$vm/pagecache_limit
counts=/proc/tkernel/pagecache_limit

mount_disk() {
	modprobe virtio_blk
	modprobe ext4
	disk=$(ls /dev/vd? | tail -n 1)
	mke2fs -F "$disk" && mkdir -p /disk && mount -t ext4 "$disk" /disk
}
# fill FILE MIB
fill() {
	dd if=/dev/zero of="/disk/$1" bs=1M count="$2"
}
# reading FILE: the most clean cache meanwhile, in MiB
reading() {
	cache peak dd if="/disk/$1" of=/dev/null bs=256k
}
all_knobs() {
	echo $(cat ${knob}_ratio ${knob}_reclaim_ratio ${knob}_ignore_dirty ${knob}_async)
}
count_of() {
	sed -n "s/^$1 //p" $counts
}
# pages_a_call: what one call has reclaimed on average
pages_a_call() {
	echo $(($(count_of reclaimed) / $(count_of sync_calls)))
}
# at_most MIB COMMAND...: the number that it prints
at_most() {
	most=$1
	shift
	is=$("$@") || return 1
	echo "$is MiB, and $most are allowed"
	[ "$is" -le "$most" ]
}
at_least() {
	least=$1
	shift
	is=$("$@") || return 1
	echo "$is, and $least are wanted"
	[ "$is" -ge "$least" ]
}
drop() {
	sync
	echo 1 > $vm/drop_caches
}
has_thread() {
	grep -lq kpclimitd /proc/[0-9]*/comm
}

ram=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1024))
# What counters of two processors may be wrong by, and a batch
slack=$((ram / 50 + 8))
# limit PERCENT: in MiB, with that
limit() {
	echo $((ram * $1 / 100 + slack))
}

ok 'a disk' mount_disk
says 'there is no limit at first' '^0 0 1 0$' all_knobs
ok 'what is not 0 to 99 is refused' tool denies EINVAL ${knob}_ratio 100 101 -1 x 4294967297 ' '
ok 'without a limit there is no reclaim_ratio' tool denies EINVAL ${knob}_reclaim_ratio 0 2 50
ok 'and no thread' tool denies EINVAL ${knob}_async 0 1
says 'nothing has changed' '^0 0 1 0$' all_knobs
ok 'a limit' tool put ${knob}_ratio 40
says 'sets reclaim_ratio to 2 more' '^40 42 1 0$' all_knobs
ok 'which cannot be less' tool denies EINVAL ${knob}_reclaim_ratio 41 0 -1 101 x
ok 'but more' tool put ${knob}_reclaim_ratio 60
ok 'ignore_dirty is not negative' tool denies EINVAL ${knob}_ignore_dirty -1 x
ok 'async is 0 or 1' tool denies EINVAL ${knob}_async 2 -1 x
says 'all of these changed nothing' '^40 60 1 0$' all_knobs
tool put ${knob}_ratio ''
says 'nor does a write of nothing' '^40 60 1 0$' all_knobs
ok 'another limit' tool put ${knob}_ratio 99
says 'sets it again, to 100 at most' '^99 100 1 0$' all_knobs
for name in ratio reclaim_ratio ignore_dirty async; do
	refused "a user may not: $name" 1 EACCES tool as 1000 opens w ${knob}_$name
done
says 'a user may look' '^limit_pages [0-9]+$' \
	sh -c "perl /tests/tool.pl as 1000 opens r $counts && cat $counts"

# --- the process that adds reclaims ---
echo 0 > ${knob}_ratio
fill big 400 2> /dev/null
fill other 200 2> /dev/null
fill small 60 2> /dev/null
drop
ok 'the files are larger than the limit will be' [ $((2 * $(limit 20))) -lt 660 ]
ok 'without a limit a file of 400 MiB is all there' at_least 380 reading big
echo 20 > ${knob}_ratio
reading other > /dev/null 2>&1
ok 'with 20 percent there is less' at_most $(limit 20) cache clean
ok 'and never more' at_most $(limit 20) reading big
ok 'what was reclaimed is counted' at_least 20000 count_of reclaimed
ok 'and the calls' at_least 20 count_of sync_calls
ok 'a call reclaims many pages' at_least 200 pages_a_call
# What was written becomes clean cache without a page being added, and is reclaimed when
# one is added: between two of them at most all that is dirty becomes clean.
dirty_mib=16
echo $((dirty_mib << 20)) > $vm/dirty_bytes
ok 'writing exceeds it by no more than was dirty' at_most $(($(limit 20) + dirty_mib)) \
	cache peak dd if=/dev/zero of=/disk/written bs=256k count=1000
echo 20 > $vm/dirty_ratio
drop
rm /disk/written
cp /disk/big /dev/null &
ok 'two at once' at_most $(limit 20) reading other
ok 'both come to an end' wait $!
echo 0 > ${knob}_ratio
drop
reading big > /dev/null 2>&1
echo 20 > ${knob}_ratio
echo 35 > ${knob}_reclaim_ratio
reading small > /dev/null 2>&1
ok 'reclaim_ratio tells how far down' at_most $(($(limit 5) + 60)) cache clean

# --- what is mapped ---
echo 0 > ${knob}_ratio
cache hold /disk/small > /tmp/holder &
holder=$!
wait_for grep -q . /tmp/holder
echo 4 > ${knob}_ratio
reading big > /dev/null 2>&1
says 'what is mapped stays' '^15360 of 15360$' cache resident /disk/small
ok 'what is not is limited as ever' at_most $(($(limit 4) + 60)) cache clean
kill $holder

# --- kpclimitd ---
echo 20 > ${knob}_ratio
not_ok 'there is no thread' has_thread
ok 'async starts it' tool put ${knob}_async 1
ok 'kpclimitd' wait_for has_thread
calls=$(count_of sync_calls)
drop
ok 'it holds the limit' at_most $(($(limit 20) + ram / 20)) reading big
ok 'it was woken' at_least 1 count_of async_wakeups
says 'and no other process reclaimed' "^$calls$" count_of sync_calls
echo 5 > ${knob}_ratio
ok 'a new limit wakes it' wait_for at_most $(limit 5) cache clean
echo 0 > ${knob}_ratio
ok 'without a limit it sleeps' has_thread
echo 20 > ${knob}_ratio
ok 'async 0 ends it' tool put ${knob}_async 0
not_ok 'it is gone' has_thread

# --- other lists ---
drop
echo y > /sys/kernel/mm/lru_gen/enabled
ok 'multi-generational lists are limited, too' at_most $(limit 20) reading big
echo n > /sys/kernel/mm/lru_gen/enabled

# --- what is dirty ---
drop
echo 0 > ${knob}_ratio
for name in dirty_background_ratio dirty_ratio; do
	echo 80 > $vm/$name
done
echo 60000 > $vm/dirty_writeback_centisecs
echo 5 > ${knob}_ratio
fill dirty 150 2> /dev/null
ok 'what is dirty does not count' at_least 130 cache dirty
echo 0 > ${knob}_ignore_dirty
rm /disk/dirty
# A new file: ext4 writes one that has been truncated when it is closed.  Nothing else
# writes: the flusher looks by itself once in ten minutes.
fill counted 150 2> /dev/null
ok 'unless ignore_dirty is 0: it is written' wait_for at_most 100 cache dirty
echo 1 > ${knob}_ignore_dirty

echo 0 > ${knob}_ratio
reading big > /dev/null 2>&1
ok 'without a limit the cache grows again' at_least 380 cache clean
umount /disk
