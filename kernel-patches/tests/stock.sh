#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the stock kernel can do by itself, so that no patch is needed for it:
# statistics of tasks in containers, some sysctls of TCP by network namespace,
# a place for a second kernel, and proportional shares of disks and processors.
#
# tests: 24

# --- taskstats: what iotop asks ---
says 'a process gets its own' statistics tool taskstats
says 'in a PID and a network namespace, too' '^has statistics$' \
	unshare -n -p -f perl /tests/tool.pl taskstats
refused 'not if a user has made them' 1 EPERM unshare -U -r -n -p -f perl /tests/tool.pl taskstats
# The capability to administer networks is 12; 24 drops it for what is executed.
refused 'nor without CAP_NET_ADMIN' 1 EPERM perl -e 'syscall 157, 24, 12, 0, 0, 0; exec @ARGV' \
	perl /tests/tool.pl taskstats
says 'delays are counted when wanted' '^1$' \
	sh -c 'echo 1 > /proc/sys/kernel/task_delayacct && cat /proc/sys/kernel/task_delayacct'

# --- TCP by network namespace ---
ipv4=/proc/sys/net/ipv4
unshare -n sleep 1000 &
other=$!
wait_for sh -c "[ \$(readlink /proc/$other/ns/net) != \$(readlink /proc/self/ns/net) ]"
# differs NAME VALUE: set to it elsewhere it is something else here
differs() {
	nsenter -t $other -n sh -c "echo $2 > $ipv4/$1 &&
		[ \"\$(echo \$(cat $ipv4/$1))\" = '$2' ]" &&
		[ "$(echo $(cat $ipv4/$1))" != "$2" ]
}
ok 'tcp_rmem' differs tcp_rmem '4096 65536 123456'
ok 'tcp_wmem' differs tcp_wmem '4096 65536 123456'
ok 'tcp_workaround_signed_windows' differs tcp_workaround_signed_windows 1
ok 'udp_rmem_min' differs udp_rmem_min 8192
ok 'udp_wmem_min' differs udp_wmem_min 8192
not_ok 'udp_mem is the machine'\''s' nsenter -t $other -n test -e $ipv4/udp_mem
kill $other

# --- a second kernel for when this one crashes ---
says 'there is memory for it' '^67108864$' cat /sys/kernel/kexec_crash_size
says 'it has its place' 'Crash kernel' cat /proc/iomem
says 'it can be loaded' '^0$' cat /sys/kernel/kexec_crash_loaded

# --- cgroup v2 ---
mkdir -p /tmp/cgroup
mount -t cgroup2 none /tmp/cgroup
cd /tmp/cgroup
ok 'the controllers are there' sh -c 'echo "+cpu +io" > cgroup.subtree_control'
mkdir busy idle

# io.cost: shares of a disk by weight, in place of those of a driver
modprobe virtio_pci && modprobe virtio_blk
wait_for test -b /dev/vda
disk=$(cat /sys/block/vda/dev)
ok 'a disk gets a model of its costs' tool put io.cost.model \
	"$disk ctrl=user model=linear rbps=100000000 rseqiops=9000 rrandiops=9000 \
wbps=100000000 wseqiops=9000 wrandiops=9000"
ok 'shares are turned on' tool put io.cost.qos "$disk enable=1 ctrl=user"
says 'they are' "^$disk enable=1 " cat io.cost.qos
ok 'a group gets a share' tool put busy/io.weight 'default 400'
says 'it has' '^default 400$' cat busy/io.weight
ok 'more than there is is refused' tool denies EINVAL busy/io.weight 'default 10001'

# cpu.idle: processes that run if no other one can
ok 'a group is for idle time' tool put idle/cpu.idle 1
for group in busy idle; do
	sh -c "echo \$\$ > $group/cgroup.procs; exec taskset 1 sh -c 'while :; do :; done'" &
	eval "$group=\$!"
done
used() {
	sed -n 's/usage_usec //p' $1/cpu.stat
}
ok 'both run' wait_for sh -c '[ $(sed -n "s/usage_usec //p" idle/cpu.stat) -gt 0 ]'
busy_before=$(used busy) idle_before=$(used idle)
sleep 4
shares() {
	kill $busy $idle
	echo "busy $(($(used busy) - busy_before)) us, idle $(($(used idle) - idle_before)) us"
	[ $(($(used busy) - busy_before)) -gt $((20 * ($(used idle) - idle_before))) ]
}
ok 'the other group gets more than twenty times as much' shares
cd /
