#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What container.sh has with a runtime of its own is so with runc and crun, too: on
# the stock kernel, with version 2 of control groups, mounted as systemd does.
#
# tests: 47
# vm: --disk=16 --modules --tool=/usr/sbin/runc --tool=/usr/bin/crun

. /tests/container-words.sh

mkdir -p /sys/fs/cgroup
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
. /tests/runtime-words.sh

# What see looks into.
in_box() {
	run_box "$@"
}
# As managers of containers do it.
enter_box() {
	bundle sleep 100 && runtime create oci-box && runtime start oci-box &&
		runtime exec oci-box cat /proc/meminfo
}
# With what the hook has to say, whether the runtime tells of it or not.
without_proc() {
	: > /tmp/said
	in_box --no-proc true
	status=$?
	cat /tmp/said >&2
	return $status
}
no_groups() {
	find /sys/fs/cgroup -mindepth 1 -type d
	runtime list
	[ -z "$(find /sys/fs/cgroup -mindepth 1 -type d; runtime list -q)" ]
}

: > /tmp/said
chmod 666 /tmp/said
total=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)

for runtime in crun runc; do
	new_spec
	says "$runtime: without the updates there is all of the memory" \
		"^MemTotal: +$total kB" in_box cat /proc/meminfo
done
says 'the hook says that there is nothing' 'is the kernel patched' cat /tmp/said
for update in $all; do
	apply $update
done

for runtime in crun runc; do
	new_spec
	see $runtime
	says "$runtime: a command that is executed later sees it, too" \
		'^MemTotal: +65536 kB' enter_box
	ok "$runtime: it is ended" runtime delete --force oci-box
	says "$runtime: the memory, in a user namespace" \
		'^MemTotal: +65536 kB' in_box --user cat /proc/meminfo
	says "$runtime: the disks are the machine's there" \
		' vda [1-9]' in_box --user cat /proc/diskstats
	refused "$runtime: what has no procfs does not start" 1 'is no procfs' without_proc
	ok "$runtime: of no container anything is left" no_groups
done
says 'outside all is as it was' "^MemTotal: +$total kB" cat /proc/meminfo
for update in $all; do
	undo $update
done
for runtime in crun runc; do
	says "$runtime: with the updates undone there is all of the memory" \
		"^MemTotal: +$total kB" in_box cat /proc/meminfo
done
untouched 'nothing is left'
