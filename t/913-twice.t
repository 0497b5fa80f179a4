#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A command that is given twice does no harm, one without the right to it is refused, and
# lost output changes no status.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(function => 'vmlinux-function');

run_guest(26, <<'END');
apply function
says 'applied again: reported, and no failure' 'already applied' \
	ksplice-apply /updates/function.tar.gz
says 'it is in once' '^1$' grep -c '^patched: version$' /proc/version
says 'ksplice-view prints its hash' "^hash: +$(cat /sys/kernel/ksplice/function/hash)$" \
	ksplice-view --file=/updates/function.tar.gz

# Another update that was given the same id
unpack function && echo 'The same, really' > ksplice-function/description && pack other
refused 'another update of the same id' 1 \
	"another update with the id 'function' is applied: its hash is [0-9a-f]{64}, that of" \
	ksplice-apply /tmp/other.tar.gz
not_ok 'the new code cannot be unloaded' rmmod ksplice_function_vmlinux_new
not_ok 'nor the old' rmmod ksplice_function_vmlinux_old
not_ok 'nor the core' rmmod ksplice
stage=/sys/kernel/ksplice/function/stage
not_ok 'a stage that there is not' sh -c "echo nonsense > $stage"
ok 'the present stage, written again' sh -c "echo applied > $stage"
says 'it runs all the while' '^patched: version$' cat /proc/version
undo function
refused 'undone again: refused' 4 "'function'" ksplice-undo function
untouched 'nothing is left'

# The status is about the machine
says 'apply with stdout closed: a warning' 'cannot write the output: Bad file descriptor' \
	sh -c 'ksplice-apply /updates/function.tar.gz 2>&1 >&-'
says 'it is in' '^patched: version$' cat /proc/version
says 'undo into a full file: a warning' 'cannot write the output: No space left on device' \
	sh -c 'ksplice-undo function 2>&1 >/dev/full'
untouched 'nothing is left'

refused 'only root may apply' 1 root \
	perl -e '$> = 1000; $< = 1000; exec @ARGV' ksplice-apply /updates/function.tar.gz
refused 'only root may undo' 1 root \
	perl -e '$> = 1000; $< = 1000; exec @ARGV' ksplice-undo function

# By hand: the two modules of a change know what they belong to
unpack function && insmod ksplice-function/ksplice.ko || exit
not_ok 'a hash that is none' insmod ksplice-function/*-old.ko hash=xyz
insmod ksplice-function/*-old.ko hash=$(printf %064d 1) || exit
not_ok 'the new code of another update does not fit' \
	insmod ksplice-function/*-new.ko hash=$(printf %064d 2)
says 'its reason' "'0{63}2', but 'function' has '0{63}1'" cat /sys/kernel/ksplice/function/reason
cd / && rmmod ksplice_function_vmlinux_old && rmmod ksplice
untouched 'nothing is left'

memory() {
	awk '/^(Slab|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo
}
cycles() {
	i=0
	while [ $i -lt $1 ]; do
		ksplice-apply -q /updates/function.tar.gz || return 1
		grep -q '^patched: version$' /proc/version || return 1
		ksplice-undo -q function || return 1
		i=$((i + 1))
	done
}
cycles 3
before=$(memory)
ok 'ten times in and out' cycles 10
ok 'do not cost memory' sh -c "echo $before $(memory); [ $(memory) -lt $((before + 1000)) ]"
END
