#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Podman as Debian configures it, with crun, and with systemd as the manager of control
# groups, calls the hook that a file in its hooks.d names: on the stock kernel.
#
# tests: 23
# vm: --disk=16 --modules --mem=2048 --tool=/usr/bin/podman --tool=/usr/bin/conmon
# vm: --tool=/usr/bin/crun --tool=/usr/lib/systemd/systemd --tool=/bin/systemctl
# vm: --tool=/usr/bin/dbus-daemon

. /tests/container-words.sh

mkdir -p /sys/fs/cgroup
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
. /tests/runtime-words.sh
total=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
slice=/sys/fs/cgroup/machine.slice

# crun reaches systemd by the system bus.
mkdir -p ./etc/systemd/system/nothing.target.wants
ln -s ../dbus.service ./etc/systemd/system/nothing.target.wants/dbus.service
cat > ./etc/systemd/system/dbus.socket << 'END'
[Unit]
DefaultDependencies=no
[Socket]
ListenStream=/run/dbus/system_bus_socket
END
cat > ./etc/systemd/system/dbus.service << 'END'
[Unit]
DefaultDependencies=no
Requires=dbus.socket
[Service]
Type=notify
ExecStart=/usr/bin/dbus-daemon --config-file=/etc/bus.conf --address=systemd: --nofork --nopidfile
END
cat > ./etc/bus.conf << 'END'
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
END
. /tests/systemd-words.sh

mkdir -p ./usr/share/containers/oci/hooks.d
cat > ./usr/share/containers/oci/hooks.d/tkernel.json << 'END'
{ "version": "1.0.0", "when": { "always": true }, "stages": [ "createContainer" ],
  "hook": { "path": "/hook/tkernel-hook" } }
END
# The root is in memory, which overlayfs cannot have as its upper layer.
podman() { # ARGUMENT...
	inside "podman --storage-driver=vfs --events-backend=none $*"
}
# box OPTION... -- COMMAND...: in a container with 64 megabytes and processor 1
box() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	podman run --network=none --log-driver=none --memory=64m --cpuset-cpus=1 $options \
		--rootfs /tmp/bundle/rootfs "$@"
}
scopes() {
	find $slice -name 'libpod-*.scope'
}
no_scope() {
	scopes
	[ -z "$(scopes)" ]
}
end_box() {
	: > $root/box.stop
	podman wait box && podman rm box
}

for update in $all; do
	apply $update
done
ok 'systemd manages the control groups' wait_for manages
says 'and is what Podman uses, with crun' '^systemd crun ' \
	podman info --format "'{{.Host.CgroupManager}} {{.Host.OCIRuntime.Name}} '"

ok 'Podman has it make a scope' box -d --name=box -- /bin/sh /reader box
says 'in its slice' '/libpod-[0-9a-f]+\.scope$' scopes
ok 'with the limit it sees' wait_for has box 65536
says 'and its processor' '^0$' sed -n 2p $root/box.total
says 'a command that is executed later sees it, too' '^MemTotal: +65536 kB' \
	podman exec box cat /proc/meminfo
ok 'systemd reads its units again' inside systemctl daemon-reload
sleep 1
ok 'that changes nothing' has box 65536
says 'nor for a command that is executed now' '^MemTotal: +65536 kB' \
	podman exec box cat /proc/meminfo
ok 'it ends' end_box
ok 'none of its files failed at any time' no_trouble box
ok 'its scope is gone' wait_for no_scope
for update in $all; do
	undo $update
done
says 'with the updates undone there is all of the memory' "^MemTotal: +$total kB" \
	box --rm -- cat /proc/meminfo
untouched 'nothing is left'
# systemd runs until the guest ends.
