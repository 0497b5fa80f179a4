#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What a running kernel cannot take is refused with the reason, and nothing of
# it stays.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(function => 'vmlinux-function');

run_guest(50, <<'END');
# changed NAME SED-SCRIPT: the update with other contents, as /tmp/NAME.tar.gz
changed() {
	unpack function && sed -i "$2" ksplice-*/contents && pack "$1"
}
changed release 's/^release .*/release 6.1.0-1-other/'
refused 'made for another release' 1 "'6.1.0-1-other'.*'$(uname -r | sed 's/[.+]/\\&/g')'" \
	ksplice-apply /tmp/release.tar.gz
changed arch 's/^arch .*/arch aarch64/'
refused 'made for another architecture' 1 "'aarch64'.*'x86_64'" \
	ksplice-apply /tmp/arch.tar.gz
untouched 'nothing is left'

# The core finds a need missing: our insmod tells it so.
mkdir /tmp/bin
cat > /tmp/bin/insmod <<'EOS'
#!/bin/sh
case $1 in
*/ksplice.ko) PATH=${PATH#/tmp/bin:}; exec insmod "$@" without=$WITHOUT ;;
*) PATH=${PATH#/tmp/bin:}; exec insmod "$@" ;;
esac
EOS
chmod +x /tmp/bin/insmod
for need in kallsyms_lookup_name text_poke insn_decode get_kprobe kernel_symbol \
		module_use; do
	refused "a kernel without $need" 1 "kernel has no '$need', which is needed to" \
		env PATH=/tmp/bin:$PATH WITHOUT=$need \
		ksplice-apply /updates/function.tar.gz
done
untouched 'nothing is left'
for want in kallsyms_on_each_match_symbol kallsyms_lookup kallsyms_lookup_size_offset; do
	ok "a kernel without $want will do" env PATH=/tmp/bin:$PATH WITHOUT=$want \
		ksplice-apply /updates/function.tar.gz
	undo function
done

# A core of another api version is in: our sysfs cannot show one, so the tarball's
# version is what differs.
unpack function && echo 999 > ksplice-function/api-version && pack api
refused 'another api version' 1 999 ksplice-apply /tmp/api.tar.gz

# A module with one bit changed, anywhere: no byte of it reaches the kernel.
for place in 1 50 99; do
	unpack function && perl -0777 -pi -e "substr(\$_, $place / 100 * length, 1) ^= chr 4" \
		ksplice-function/*-new.ko && pack_as_is altered || exit
	refused "a module that was altered at $place %" 1 \
		"damaged or modified: 'ksplice-function-vmlinux-new.ko' has the hash" \
		ksplice-apply /tmp/altered.tar.gz
done
unpack function && for file in ksplice-function/*-function-*; do
	mv $file $(echo $file | sed 's/-function-/-another-/') || exit
done
sed -i 's/^kid .*/kid another/; s/-function-/-another-/g' ksplice-function/contents &&
	pack another || exit
refused 'modules of another id' 1 \
	"is the module 'ksplice_function_vmlinux_(old|new)', not 'ksplice_another_" \
	ksplice-apply /tmp/another.tar.gz
untouched 'nothing is left'

# The pre image does not begin as one does.
unpack function && perl -0777 -pi -e 's/KPSPRE1/XPSPRE1/ or die' ksplice-function/*-old.ko &&
	pack bad || exit
refused 'a damaged pre image' 1 'pre image' ksplice-apply /tmp/bad.tar.gz
untouched 'nothing is left'

# Ids that the commands refuse: the core does so, too.
awaits() { printf "$1  1\n" > /sys/kernel/ksplice/await; }
unpack function && insmod ksplice-function/ksplice.ko || exit
ok 'the core takes an id' awaits abc_1
for id in all state ABC 'f\344' abcdefghijklmnopq ''; do
	not_ok "it refuses the id '$id'" awaits "$id"
done
not_ok '... also in the list of those that an update replaces' \
	sh -c 'echo all > /sys/kernel/ksplice/abc_1/replaces'
hash=$(echo | sha256sum | sed 's/ .*//')
needs() { echo "$*" > /sys/kernel/ksplice/abc_1/needs; }
ok 'it takes two ids with hashes' needs first=$hash second=$hash
for list in first "first=$hash second" "first=$hash=$hash" "first=${hash}0" "first=$hash,$hash" \
	"first=" "all=$hash" "first=$(echo $hash | tr a-f A-F)"; do
	not_ok "it refuses the needs '$list'" needs "$list"
done
echo abc_1 > /sys/kernel/ksplice/forget
rmmod ksplice
untouched 'nothing is left'

says 'a dry run reports what would be done' 'can be applied: 1 function of vmlinux;' \
	ksplice-apply --dry-run /updates/function.tar.gz
untouched 'nothing is left'
says_not 'and nothing was changed' patched cat /proc/version

apply function
undo function

echo 1 > /sys/module/module/parameters/sig_enforce
refused 'a kernel that takes signed modules only' 1 \
	'cannot load the ksplice core.*(signed|Key was rejected|not permitted)' \
	ksplice-apply /updates/function.tar.gz
untouched 'nothing is left'
echo 1 > /proc/sys/kernel/modules_disabled
refused 'a kernel that takes no modules any more' 1 \
	'cannot load the ksplice core.*not permitted' \
	ksplice-apply /updates/function.tar.gz
END
