#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Hooks are called when and in the order that ksplice-patch.h says, in all
# targets of an update.  One that refuses leaves the kernel as it was, and the
# next attempt succeeds.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(hooks => 'hooks', only => 'hooks-only');

run_guest(55, <<'END', '--modules');
# said TITLE WHAT...: what the hooks have said since the last time, a line each
said() {
	title=$1
	shift
	printf '%s\n' "$@" > /tmp/expected
	dmesg -c | sed -n 's/.*ksplice hook: //p' > /tmp/out
	cmp -s /tmp/expected /tmp/out
	result $? "$title"
}
# refuse WHICH: that hook will say no; "0": none
refuse() { echo "$1" > /sys/module/kernel/parameters/panic; }
flag() { cat /proc/sys/kernel/kptr_restrict; }

modprobe dm-mod || exit
echo 0 > /proc/sys/kernel/kptr_restrict
dmesg -c > /tmp/log

# pre_apply: only those whose turn it was are told
refuse 101
refused 'pre_apply of a file refuses' 1 \
	"hook pre_apply 'hook_pre_apply' of 'vmlinux' returned -1$" \
	ksplice-apply /updates/hooks.tar.gz
said 'it is the first' \
	'uptime pre_apply'
untouched 'nothing is left'
refuse 102
refused 'that of the next file refuses' 1 \
	"hook pre_apply 'hook_pre_apply' of 'vmlinux' returned -16$" \
	ksplice-apply /updates/hooks.tar.gz
said 'the earlier ones are notified' \
	'uptime pre_apply' 'version pre_apply' 'uptime fail_apply'
untouched 'nothing is left'

# check_apply: inside the stop
refuse 202
refused 'check_apply refuses' 1 \
	"hook check_apply 'hook_check_apply' of 'vmlinux' returned -11$" \
	ksplice-apply /updates/hooks.tar.gz
said 'all are notified, in reverse order' \
	'uptime pre_apply' 'version pre_apply' 'dm pre_apply' 'dm fail_apply' \
	'version fail_apply check_apply' 'uptime fail_apply'
untouched 'nothing is left'
says_not 'nothing is replaced' patched cat /proc/version
says 'nor is the flag set' '^0$' flag
refuse 202
refused 'its word for scripts' 1 '^ksplice-apply: call_failed: hook check_apply' \
	ksplice-apply --raw-errors /updates/hooks.tar.gz
untouched 'nothing is left'
dmesg -c > /tmp/log

refuse 0
apply hooks
said 'no hook refuses: in their order' \
	'uptime pre_apply' 'version pre_apply' 'dm pre_apply' \
	'version post_apply check_apply apply' 'dm post_apply'
says 'the flag is set' '^1$' flag
says 'the function is replaced' '^patched: version$' cat /proc/version

# pre_reverse: it stays as it is
refuse 302
refused 'pre_reverse refuses' 1 \
	"hook pre_reverse 'hook_pre_reverse' of 'vmlinux' returned -16$" ksplice-undo hooks
said 'the earlier one is notified' \
	'dm pre_reverse' 'version pre_reverse' 'dm fail_reverse'
says 'it stays applied' '^hooks .*applied' ksplice-view
refuse 301
refused 'that of another file refuses' 1 \
	"hook pre_reverse 'hook_pre_reverse' of 'vmlinux' returned -1$" ksplice-undo hooks
said 'the earlier ones are notified, in reverse order' \
	'dm pre_reverse' 'version pre_reverse' 'uptime pre_reverse' 'version fail_reverse' \
	'dm fail_reverse'
refuse 402
refused 'check_reverse refuses' 1 \
	"hook check_reverse 'hook_check_reverse' of 'vmlinux' returned -11$" ksplice-undo hooks
said 'all are notified' \
	'dm pre_reverse' 'version pre_reverse' 'uptime pre_reverse' 'uptime fail_reverse' \
	'version fail_reverse check_reverse' 'dm fail_reverse'
says 'the flag stays set' '^1$' flag
says 'and the function replaced' '^patched: version$' cat /proc/version
says 'and the module in use' '^dm_mod .* [1-9]' lsmod

refuse 0
undo hooks
said 'no hook refuses: in the other order' \
	'dm pre_reverse' 'version pre_reverse' 'uptime pre_reverse' 'dm post_reverse' \
	'version post_reverse check_reverse reverse'
says 'the flag is cleared' '^0$' flag
says_not 'the function is put back' patched cat /proc/version
untouched 'nothing is left'
says 'the module is free' '^dm_mod +[0-9]+ +0' lsmod

# Something else stands in the way: nobody is asked to check, all are told.
echo p:here version_proc_show+$(body_of version_proc_show) > /sys/kernel/tracing/kprobe_events
echo 1 > /sys/kernel/tracing/events/kprobes/here/enable
refused 'a kprobe is where the redirect goes' 1 kprobe \
	ksplice-apply /updates/hooks.tar.gz
said 'all are notified of that, too' \
	'uptime pre_apply' 'version pre_apply' 'dm pre_apply' 'dm fail_apply' \
	'version fail_apply' 'uptime fail_apply'
untouched 'nothing is left'
echo 0 > /sys/kernel/tracing/events/kprobes/here/enable

# Hooks and nothing else
refused 'the file is not there' 1 'No such file' cat /proc/added
apply only
says 'a file that a hook has made is there' '^added by an update$' cat /proc/added
says 'no function is replaced' '^0$' sh -c 'wc -l < /sys/kernel/ksplice/only/patches'
undo only
refused 'the file is gone' 1 'No such file' cat /proc/added
untouched 'nothing is left'

# Records that are broken
for how in kind call name; do
	unpack hooks &&
		perl /t/lib/edit-module.pl hook-$how ksplice-hooks/*-vmlinux-new.ko &&
		pack bad || exit
	refused "a hook of a bad $how" 1 \
		"hook record 0 of '[a-z_]*_new' is invalid" ksplice-apply /tmp/bad.tar.gz
done
untouched 'nothing is left'
for how in unit count; do
	unpack hooks &&
		perl /t/lib/edit-module.pl hook-$how ksplice-hooks/*-vmlinux-new.ko &&
		pack $how || exit
done
refused 'hooks in another order than units' 1 \
	"hook record [1-9][0-9]* of 'ksplice_hooks_vmlinux_new' is invalid" \
	ksplice-apply /tmp/unit.tar.gz
refused 'more hooks than the module has room for' 1 \
	"the records of '[a-z_]+_new' are outside of it" ksplice-apply /tmp/count.tar.gz
untouched 'nothing is left'
refuse 0
dmesg -c > /tmp/log

echo > /sys/kernel/tracing/kprobe_events
# The module goes by force: nobody asks the hooks of its change any more.
apply hooks
ok 'the module is removed by force' rmmod -f dm_mod
dmesg -c > /tmp/log
refused 'it is undone, but its new code has to stay' 3 \
	"'hooks' is reversed, but cannot be removed: .*ksplice_hooks_dm_mod_new is in use" \
	ksplice-undo hooks
said 'the hooks of the others are called' \
	'version pre_reverse' 'uptime pre_reverse' 'version post_reverse check_reverse reverse'
says_not 'the function is put back' patched cat /proc/version
END
