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

# systemd with nothing to do, and beside it a shell that does what inside() says.
mkdir -p ./etc/systemd/system
printf '[Unit]\nDescription=Nothing\nDefaultDependencies=no\n' \
	> ./etc/systemd/system/nothing.target
cat > ./tmp/start << 'END'
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
(
	while read -r line < /tmp/lines; do
		sh -c "$line" > /tmp/answer 2>&1 < /dev/null
		echo $? > /tmp/status.new
		mv /tmp/status.new /tmp/status
	done
) &
container=other exec /usr/lib/systemd/systemd --system --unit=nothing.target
END
mkfifo ./tmp/lines
unshare -p -f -m chroot . sh /tmp/start > /tmp/systemd.log 2>&1 &

# inside LINE: a command of the shell
inside() {
	rm -f ./tmp/status
	echo "$*" > ./tmp/lines
	wait_for test -e ./tmp/status || wait_for test -e ./tmp/status || return 1
	cat ./tmp/answer
	[ "$(cat ./tmp/status)" = 0 ] || { cat ./tmp/answer >&2; return 1; }
}
manages() {
	inside systemctl --no-pager show -p Version
}
# box NAME OPTION-OF-RUNC BUNDLE-OPTION...: has a container read its files over and over
box() {
	name=$1 how=$2
	shift 2
	mkdir -p /tmp/$name
	rm -f $root/$name.*
	bundle --write "$@" /bin/sh /reader $name
	inside "cd /tmp/bundle && runc $how run -d $name > /tmp/$name.said 2>&1 < /dev/null"
}
# has NAME KIB: that is the memory that it sees
has() {
	grep -q " $2 kB" $root/$1.total
}
end_box() {
	: > $root/$1.stop
	inside "until runc $2 state $1 | grep -q stopped; do sleep 0.1; done; runc $2 delete $1"
}
turn_off() {
	echo '-memory -cpuset -io -cpu' > $slice/cgroup.subtree_control &&
		! grep -qw memory $slice/cgroup.subtree_control
}

cat > $root/reader << 'END'
until [ -e /$1.stop ]; do
	for file in /proc/cpuinfo /proc/diskstats /proc/loadavg /proc/meminfo /proc/stat \
		/proc/swaps /proc/uptime /proc/vmstat /sys/devices/system/cpu/online; do
		cat $file > /$1.one 2>> /$1.trouble
		[ -s /$1.one ] || echo "$file is empty" >> /$1.trouble
	done
	grep MemTotal /proc/meminfo > /$1.new
	cat /sys/devices/system/cpu/online >> /$1.new
	mv /$1.new /$1.total
	sleep 0.1
done
END
ln -s busybox $root/bin/mv
chmod 777 $root
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
no_trouble() {
	cat $root/scope.trouble $root/hand.trouble
	! [ -s $root/scope.trouble ] && ! [ -s $root/hand.trouble ]
}
ok 'none of their files failed at any time' no_trouble
for update in $all; do
	undo $update
done
# systemd runs until the guest ends.
