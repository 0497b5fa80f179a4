#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# With indirect branch tracking, new code may point only to functions that the kernel
# lets pointers lead to.  QEMU has no CPU with it: a parameter has the core check as on one.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(
    pointer  => 'pointer',
    exported => 'pointer-exported',
    function => 'vmlinux-function',
);

run_guest(20, <<'END');
mkdir /tmp/bin
cat > /tmp/bin/insmod <<'EOS'
#!/bin/sh
PATH=${PATH#/tmp/bin:}
case $1 in
*/ksplice.ko) exec insmod "$@" ibt=1 ;;
*) exec insmod "$@" ;;
esac
EOS
chmod +x /tmp/bin/insmod
tracked() { PATH=/tmp/bin:$PATH "$@"; }

refused 'a pointer to a function that the kernel calls by its name only' 1 \
	"new code has a pointer to 'nr_running', which does not begin with endbr64.*ibt=off" \
	tracked ksplice-apply /updates/pointer.tar.gz
untouched 'nothing is left'
says_not 'nothing was changed' '^running:' cat /proc/version

ok 'new code without one is applied' tracked ksplice-apply /updates/function.tar.gz
says '... by a core that checks' '^Y$' cat /sys/module/ksplice/parameters/ibt
says '... and runs' '^patched: version' cat /proc/version
undo function

# A kernel that is not built for it has no endbr64 at all.
if grep -q ' __ibt_endbr_seal$' /proc/kallsyms; then
	ok 'so is a pointer to a function that has endbr64' \
		tracked ksplice-apply /updates/exported.tar.gz
	says '... and the function is called' '^converted: 1000$' cat /proc/version
	undo exported
else
	refused 'without endbr64 in the kernel, any pointer is refused' 1 \
		"new code has a pointer to 'jiffies_to_msecs', which does not begin with" \
		tracked ksplice-apply /updates/exported.tar.gz
	untouched 'nothing is left'
	says_not 'nothing was changed' '^converted:' cat /proc/version
fi

# No CPU here tracks, so there all of it works.
for update in pointer exported; do
	apply $update
	says '... and the function is called' '^(running: [0-9]|converted: 1000)' \
		cat /proc/version
	unpack $update && cd ksplice-*
	ok '... and no function of the new code gets sealed' sh -c \
		'grep -q ksplice_replaced *-new.ko && ! grep -q ibt_endbr_seal *-new.ko'
	cd /
	undo $update
	untouched 'nothing is left'
done
END
