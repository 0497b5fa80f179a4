#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# With systemd as the manager of control groups a container has the files that it has
# without, and keeps them when controllers are turned off beneath it: on the stock kernel.
# systemd runs in a PID namespace here, with all of the control groups.
#
# tests: 22
# vm: --disk=16 --modules --mem=1536 --tool=/usr/sbin/runc --tool=/usr/lib/systemd/systemd
# vm: --tool=/bin/systemctl

. /tests/container-words.sh

mkdir -p /sys/fs/cgroup
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
. /tests/runtime-words.sh
runtime=runc
total=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
slice=/sys/fs/cgroup/system.slice

. /tests/systemd-words.sh

# box NAME OPTION-OF-RUNC BUNDLE-OPTION...: has a container read its files over and over
box() {
	name=$1 how=$2
	shift 2
	mkdir -p /tmp/$name
	rm -f $root/$name.*
	bundle --write "$@" /bin/sh /reader $name
	inside "cd /tmp/bundle && runc $how run -d $name > /tmp/$name.said 2>&1 < /dev/null"
}
end_box() {
	: > $root/$1.stop
	inside "until runc $2 state $1 | grep -q stopped; do sleep 0.1; done; runc $2 delete $1"
}
turn_off() {
	echo '-memory -cpuset -io -cpu' > $slice/cgroup.subtree_control &&
		! grep -qw memory $slice/cgroup.subtree_control
}

for update in $all; do
	apply $update
done
ok 'systemd manages the control groups' wait_for manages
new_spec

ok 'runc has it make a scope' box scope --systemd-cgroup
ok 'in its slice' test -d $slice/runc-scope.scope
ok 'with the limit it sees' wait_for has scope 65536
says 'and its processor' '^0$' sed -n 2p $root/scope.total
ok 'systemd reads its units again' inside systemctl daemon-reload
sleep 1
ok 'that changes nothing' has scope 65536
# A group that systemd knows nothing of, in a slice of its own
ok 'runc makes a group by itself' box hand '' --group=/system.slice/hand
ok 'which has its limit, too' wait_for has hand 65536
ok 'the scope ends' end_box scope --systemd-cgroup
# What systemd does when no unit of the slice needs them, at a time of its own choice
ok 'the controllers are turned off in the slice' turn_off
ok "the other container has the machine's memory then" wait_for has hand $total
ok 'it ends' end_box hand ''
ok 'none of their files failed at any time' no_trouble scope hand
for update in $all; do
	undo $update
done
# systemd runs until the guest ends.
