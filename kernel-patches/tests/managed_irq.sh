#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# User space may move a managed interrupt among the processors that it is for,
# unless kernel.irq_force_manage is 1; what it is for does not change.
#
# The disk has one queue for both processors.
#
# tests: 26
# files: /proc/sys/kernel/irq_force_manage
# before: refused 'stock: it cannot be moved' 1 'EIO|EPERM' sh -c 'modprobe virtio_blk;
# before: for queue in /proc/irq/*/virtio*-req.0; do
# before: perl /tests/tool.pl put "${queue%/*}/smp_affinity" 1; done'
# vm: --disk=96 --modules --append=virtio_blk.num_request_queues=1

knob=/proc/sys/kernel/irq_force_manage
modprobe -q virtio_blk
wait_for test -b /dev/vda

device=$(readlink /sys/block/vda/device)
irq=$(dirname /proc/irq/*/"${device##*/}"-req.0)
mask=$irq/smp_affinity

read_disk() {
	dd if=/dev/vda of=/dev/null bs=4k count="${1:-20}" iflag=direct
}
# goes_to CPU: its interrupts do, from the second on: the first one moves it
goes_to() {
	read_disk && [ "$(cat $irq/effective_affinity_list)" = "$1" ] || return 1
	before=$(interrupts "$1")
	read_disk && [ $(($(interrupts "$1") - before)) -ge 20 ]
}
# interrupts CPU: how many it had
interrupts() {
	awk -v cpu="$1" -v irq="${irq##*/}:" '$1 == irq { print $(cpu + 2) }' /proc/interrupts
}

says 'the interrupt is for both' '^0-1$' cat $irq/smp_affinity_list
says 'user space may move it' '^0$' cat $knob
ok 'a mask of CPU 1 is accepted' tool put $mask 2
ok 'the interrupt is routed to CPU 1' goes_to 1
ok 'a mask of CPU 0 is accepted' tool put $mask 1
ok 'the interrupt is routed to CPU 0' goes_to 0
ok 'a list is accepted' tool put $irq/smp_affinity_list 1
ok 'the interrupt is routed to CPU 1 again' goes_to 1
ok 'a mask of both is accepted' tool put $mask 3
ok 'the interrupt stays on CPU 1' goes_to 1
says 'what it is for is as it was' '^0-1$' cat $irq/smp_affinity_list
ok 'no processor, or no list of them' tool denies EINVAL $mask 0 x
refused 'a user may not' 1 EACCES tool as 1000 opens w $mask

# With its processor offline it has to go to the other one.
ok 'its processor is taken offline' tool put /sys/devices/system/cpu/cpu1/online 0
ok 'it is routed to the other' goes_to 0
ok 'not to one that is offline' tool denies EINVAL $mask 2
ok 'its processor is back' tool put /sys/devices/system/cpu/cpu1/online 1
ok 'a mask of CPU 1 is accepted again' tool put $mask 2
ok 'the interrupt is routed to CPU 1 once more' goes_to 1

# Back and forth while it comes.
read_disk 4000 2> /dev/null &
for i in $(seq 200); do
	echo $((i % 2 + 1)) > $mask
done
ok 'back and forth under load' wait $!
ok 'a mask of CPU 0 is accepted after that' tool put $mask 1
ok 'the interrupt is routed to CPU 0 after that' goes_to 0

ok 'irq_force_manage is 0 or 1' tool denies EINVAL $knob 2 -1 x
ok 'with 1' tool put $knob 1
refused 'user space may not' 1 'EIO|EPERM' tool put $mask 2
echo 0 > $knob
ok 'with 0 it may' tool put $mask 2
