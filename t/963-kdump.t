#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The crash dump of a kernel with an update applied is complete: the log, the redirect,
# the new code and its module are in it, also if the crash kernel was loaded before.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use File::Copy qw(copy);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Distro qw(release_image);
use Test::Ksplice;
use Test::Ksplice::Guest;

make_update(function => 'vmlinux-function');

# The crash kernel is the same one.
my $boot = scratch_dir() . '/boot';
mkdir $boot or die "cannot make '$boot': $!";
copy(release_image(guest_release())->{vmlinuz}, $boot . '/vmlinuz') or die "no kernel: $!";

my @options = ('--mem=1280', '--append=crashkernel=256M',
    map({ "--tool=/sbin/$_" } qw(kexec vmcore-dmesg)),
    # What the kernel reports when it is crashed
    '--allow=sysrq triggered crash', '--allow=\A.*\] Call Trace:');

# It boots from what the guest has booted from.  So this script runs a second time, with
# the files that the first run has left in /, and its output goes to the same place.
run_guest(13, <<'END', "--dir=$boot", @options);
core() {
	perl /t/guest/core.pl "$@"
}
address_of() { # SYMBOL
	awk -v name="$1" '$3 == name { print $1 }' /proc/kallsyms
}
# In the log, so that it is found in that of the crashed kernel
note() {
	echo "<6>vmcore test: $*" > /dev/kmsg
}
log() {
	vmcore-dmesg /proc/vmcore
}
noted() { # WHAT
	log | sed -n "s/.*vmcore test: $1 //p"
}
make_initrd() {
	(cd / && find . -xdev -path ./boot -prune -o -print | cpio -o -H newc) > /tmp/initrd
}
load() {
	kexec -p /boot/vmlinuz --initrd=/tmp/initrd --reuse-cmdline --append=nr_cpus=1 &&
		rm /tmp/initrd
}
is_in_dump() { # WHAT ADDRESS
	core /proc/vmcore read $2 32
	[ "$(core /proc/vmcore read $2 32)" = "$(noted $1)" ]
}

if [ ! -e /proc/vmcore ]; then
	echo "old=$(address_of version_proc_show) modules=$(address_of modules)" > /addresses
	. /addresses
	ok 'what the crash kernel boots from' make_initrd
	ok 'the crash kernel is loaded' load
	apply function
	new=$(address_of version_proc_show.ksplice_function)
	says 'the running kernel has the redirect' "^$new$" core /proc/kcore jump $old
	says 'and the module' '^ksplice_function_vmlinux_new$' core /proc/kcore modules $modules
	note new $new
	note old-code $(core /proc/kcore read $old 32)
	note new-code $(core /proc/kcore read $new 32)
	# Until all of the output has been sent
	stty -F /dev/ttyS1 raw -echo 115200
	echo c > /proc/sysrq-trigger
	exit 1
fi

test_number=5
. /addresses
new=$(noted new)
says_not 'the kernel that reads the dump has no update' patched cat /proc/version
says 'the log of the crashed one: it was crashed' 'sysrq triggered crash' log
says '  ... after the update was applied' "ksplice.*: update 'function' applied" log
ok 'what was noted' test -n "$new"
says 'the old code begins with a jump to the new code' "^$new$" core /proc/vmcore jump $old
ok '  ... and is otherwise as it was' is_in_dump old-code $old
ok 'the new code is in the dump' is_in_dump new-code $new
says 'the list of modules is' '^ksplice_function_vmlinux_new$' core /proc/vmcore modules $modules
END
