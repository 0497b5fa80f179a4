#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What is replaced must be what runs, byte for byte: a pre image that differs,
# or that lies about itself, is refused with the reason, and nothing of it stays.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(function => 'vmlinux-function', two => 'two-files', everysite => 'every-site',
    weak => 'weak', overridden => 'weak-overridden', locks => 'spin-lock');

run_guest(27, <<'END');
edited byte function
refused 'another byte in the function' 1 \
	"fs/proc/version.o: version_proc_show\+0x[59] differs: built [0-9a-f ]+, running [0-9a-f]" \
	ksplice-apply /tmp/byte.tar.gz
untouched 'nothing is left'
edited name function
refused 'a function that is not there' 1 \
	"'~ersion_proc_show' is not in the running kernel" \
	ksplice-apply /tmp/name.tar.gz
untouched 'nothing is left'
for how in label table size; do
	edited $how function
	refused "a pre image with a bad $how" 1 'pre image|span|table' \
		ksplice-apply /tmp/$how.tar.gz
done
untouched 'nothing is left'
edited keys everysite
refused 'another constant for what has no bytes' 1 "'__key[.][0-9]+' is not at [a-z_]+" \
	ksplice-apply /tmp/keys.tar.gz
untouched 'nothing is left'
edited twin two
refused 'two functions at one place' 1 \
	"'uptime_proc_show' and 'uptime_proc_show' would both be at uptime_proc_show\+0x" \
	ksplice-apply /tmp/twin.tar.gz
untouched 'nothing is left'

# What overrides it is the same code, but another unit's: with the patched source
# it would be as it was.
refused 'a weak function of which the kernel has another one' 1 \
	"kernel/signal.o: 'arch_vma_name' is weak, .* does not lie among the functions" \
	ksplice-apply /updates/overridden.tar.gz
untouched 'nothing is left'
apply weak
echo 0 > /proc/sys/kernel/watchdog
says 'a weak function that is in the kernel is replaced' 'patched: stop' dmesg
echo 1 > /proc/sys/kernel/watchdog
undo weak
untouched 'nothing is left'

ok 'a lock prefix behind another one matches' ksplice-apply --dry-run /updates/locks.tar.gz
apply function
undo function
apply everysite
matched() {
	cat /sys/kernel/ksplice/everysite/match
}
says 'all of the unit that is not overridden matches' \
	'^vmlinux matched ([0-9]+) of ([0-9]+) functions in [0-9]+ us$' matched
undo everysite

# Each function of that unit with one thing wrong in it, in so many ways
wrong_functions everysite 15
untouched 'nothing is left'
ok 'hundreds of wrong functions' test $(wc -l < /tmp/all-changed) -gt 600
says_not 'are all refused' . cat /tmp/accepted
END
