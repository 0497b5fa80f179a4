# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of the hook with a real runtime share; $runtime is its name.  Read it
# when the control groups are mounted.

# pivot_root(2) cannot leave the root that a guest has been booted with.  Over it comes
# the same once more, which is the current directory from here on.
mkdir /machine
mount --rbind / /machine
cd /machine
mount --move . /

# runtime COMMAND...: in the bundle's directory
runtime() {
	chroot . sh -c 'cd /tmp/bundle && exec "$@"' sh $runtime "$@"
}
# The runtime's own proposal, which bundle.pl changes.
new_spec() {
	rm -f /tmp/bundle/config.json
	runtime spec
	mv /tmp/bundle/config.json /tmp/bundle/spec.json
}
# bundle ARGUMENT...: of bundle.pl
bundle() {
	(cd /tmp/bundle && perl /tests/bundle.pl "$@")
}
# run_box [OPTION] COMMAND...: in a container of that name
run_box() {
	bundle "$@" && runtime run oci-box
}

root=/tmp/bundle/rootfs
mkdir -p $root/bin $root/dev $root/proc $root/sys
cp /usr/bin/busybox $root/bin
for name in cat cut grep sh sleep true; do
	ln -s busybox $root/bin/$name
done
# On the machine that is the user who is root in a user namespace; others can read it.
chown -R 100000:100000 $root
