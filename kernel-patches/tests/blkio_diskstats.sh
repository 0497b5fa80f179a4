#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# blkio.diskstats and io.diskstats of a control group tell what it has read from
# and written to each disk, as /proc/diskstats does of the machine.
#
# tests: 35
# vm: --disk=96 --modules
# before: mkdir /blkio && mount -t cgroup -o blkio none /blkio
# files: /blkio/blkio.diskstats

disk=vda
cg=/blkio

# row FILE DEVICE FIELD...: these fields of a device's line, counted as in the
# kernel's documentation, where 4 is the reads
row() {
	awk -v device="$2" -v fields="$3" '$3 == device {
		n = split(fields, f, " ")
		for (i = 1; i <= n; i++)
			printf "%s%s", $f[i], i < n ? " " : "\n"
	}' "$1"
}
# inside GROUP COMMAND...
inside() {
	(
		sh -c 'echo $PPID' > "$1/cgroup.procs"
		shift
		"$@"
	) 2> /dev/null
}
# The last megabytes of the disk, of which nothing is cached: no more is read.
read_disk() {
	echo 3 > /proc/sys/vm/drop_caches
	dd if=/dev/$disk of=/dev/null bs=1M skip=$((size - $1))
}
write_disk() {
	dd if=/dev/zero of=/dev/$disk bs=1M count="$1" seek=8 conv=fsync,notrunc
}

modprobe -q virtio_blk
wait_for test -b /dev/$disk
size=$(($(cat /sys/block/$disk/size) / 2048))

# --- version 2 -----------------------------------------------------------

if grep -q " $cg " /proc/mounts; then
	umount $cg
fi
mkdir -p $cg
mount -t cgroup2 none $cg
controls_io() {
	echo +io > $cg/cgroup.subtree_control
}
ok 'version 2 has the controller' wait_for controls_io
mkdir $cg/a $cg/b
a=$cg/a/io.diskstats b=$cg/b/io.diskstats
ok 'the root group has no such file' test ! -e $cg/io.diskstats
says 'it is off at first' '^0$' sh -c "wc -l < $a"
echo 1 > $a
echo 1 > $b
inside $cg/a read_disk 20
says 'twenty megabytes are read' '^40960$' row $a $disk 6
says 'io.stat has it, too' ' rbytes=20971520 ' cat $cg/a/io.stat
says 'another group has nothing of it' '^0 0$' row $b $disk '4 6'
rmdir $cg/a $cg/b
echo -io > $cg/cgroup.subtree_control
umount $cg

# --- version 1 -----------------------------------------------------------

version_1() {
	mount -t cgroup -o blkio none $cg
}
ok 'version 1 has it again' wait_for version_1
mkdir $cg/a $cg/b $cg/a/inner
a=$cg/a/blkio.diskstats b=$cg/b/blkio.diskstats root=$cg/blkio.diskstats
echo 3 > /proc/sys/vm/drop_caches
sync

inside $cg/a read_disk 4
says 'it is off at first, and empty' '^0$' sh -c "wc -l < $a"
ok '1 turns it on' tool put $a '1\n'
echo 1 > $b
before=$(row /proc/diskstats $disk '4 5 6 8 9 10')
echo 1 > $root
awk '{ print $1, $2, $3 }' /proc/diskstats > /tmp/devices
ok 'the lines are those of /proc' \
	sh -c "awk '{ print \$1, \$2, \$3 }' $a | diff /tmp/devices -"
says 'it starts from nothing' '^0 0 0 0 0 0 0 0 0 0 0$' row $a $disk '4 5 6 7 8 9 10 11 12 13 14'
says 'all lines have 16 fields' '^16$' sh -c "awk '{ print NF }' $a | sort -u"

inside $cg/a read_disk 20
says 'twenty megabytes are read' '^40960$' row $a $disk 6
says 'by requests' '^[1-9]' row $a $disk 4
says 'another group has nothing of it' '^0 0$' row $b $disk '4 6'
inside $cg/a/inner read_disk 10
says 'what a group below does is counted' '^61440$' row $a $disk 6
says 'though it is off itself' '^0$' sh -c "wc -l < $cg/a/inner/blkio.diskstats"
inside $cg/b write_disk 4
says 'four megabytes are written' '^0 8192$' row $b $disk '6 10'
says 'by requests' '^[1-9]' row $b $disk 8
says 'not by the first group' '^0 0 0$' row $a $disk '8 9 10'
same_time() {
	[ "$(row $a $disk '15 16')" = "$(row /proc/diskstats $disk '13 14')" ]
}
ok "the last two fields are the machine's" wait_for same_time

# In parts that lie side by side, so that requests are merged.
mixed() {
	dd if=/dev/zero of=/dev/$disk bs=4k count=600 seek=3000 conv=notrunc &
	dd if=/dev/zero of=/dev/$disk bs=4k count=600 seek=3600 conv=notrunc
	wait
	sync
	echo 3 > /proc/sys/vm/drop_caches
	dd if=/dev/$disk of=/dev/null bs=512 count=9000 &
	dd if=/dev/$disk of=/dev/null bs=64k count=100 skip=300
	wait
}
inside $cg/a mixed
inside $cg/b mixed
sync
# The machine's numbers since the root group was turned on are the root group's.
whole() {
	row /proc/diskstats $disk '4 5 6 8 9 10' > /tmp/after
	row $root $disk '4 5 6 8 9 10' > /tmp/root
	echo "$before" | cat - /tmp/after /tmp/root | awk '
		NR == 1 { split($0, first) }
		NR == 2 { for (i = 1; i <= NF; i++) machine[i] = $i - first[i] }
		NR == 3 { for (i = 1; i <= NF; i++) bad += $i != machine[i] }
		{ print }
		END { exit bad > 0 }'
}
ok 'all groups together are the machine' whole

# Two at once: each has what it has read itself.
read_part() {
	dd if=/dev/$disk of=/dev/null bs=1M skip=$(($1 - $2)) count="$2"
}
echo 0 > $a; echo 1 > $a; echo 0 > $b; echo 1 > $b
echo 3 > /proc/sys/vm/drop_caches
echo 0 > /sys/block/$disk/queue/read_ahead_kb
inside $cg/a read_part $size 12 &
inside $cg/b read_part $((size - 20)) 7
wait
says 'one of two at once' '^24576$' row $a $disk 6
says 'the other one' '^14336$' row $b $disk 6
echo 128 > /sys/block/$disk/queue/read_ahead_kb

# A partition that is added while it is on.
printf 'n\np\n1\n\n+6M\nw\n' | fdisk /dev/$disk > /tmp/fdisk 2>&1
wait_for test -b /dev/${disk}1
sectors=$(cat /sys/block/$disk/${disk}1/size)
echo 0 > $a; echo 1 > $a
read_partition() {
	dd if=/dev/${disk}1 of=/dev/null bs=64k
}
echo 3 > /proc/sys/vm/drop_caches
inside $cg/b read_partition
says 'a partition that is added later is counted' "^$sectors\$" row $b ${disk}1 6
says 'and its disk with it' "^$((14336 + sectors))\$" row $b $disk 6
says 'it is in /proc as well' '^1$' sh -c "grep -c ' ${disk}1 ' $a"

ok 'what is neither 0 nor 1 is refused' \
	tool denies EINVAL $a 2 -1 on 01 '1 1' 1x 99999999999999999999
ok 'a user may read it' tool as 1000 opens r $a
refused 'but not write' 1 EACCES tool as 1000 opens w $a
ok '0 turns it off' tool put $a 0
says 'then it is empty' '^0$' sh -c "wc -l < $a"
echo 1 > $a
says 'turned on again it starts from nothing' '^0 0 0$' row $a $disk '4 6 10'

# Turned on and off, read, and its group removed, while there is something to count.
busy() {
	for i in 1 2 3; do
		read_disk 6
		write_disk 2
	done
}
inside $cg/b busy &
for i in $(seq 20); do
	mkdir $cg/c
	echo 1 > $cg/c/blkio.diskstats
	inside $cg/c dd if=/dev/$disk of=/dev/null bs=64k count=4 skip=$((i * 8))
	cat $a $cg/c/blkio.diskstats > /tmp/seen
	echo $((i % 2)) > $a
	rmdir $cg/c
done
wait
ok 'groups are made and removed while others are counted' test ! -e $cg/c

exec 7< $b
rmdir $cg/b
refused 'nothing can be read of a removed group' 1 'No such device' cat <&7
exec 7<&-
echo 0 > $root
rmdir $cg/a/inner $cg/a
