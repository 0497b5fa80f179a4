#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A command to the core takes CAP_SYS_MODULE, of whoever opened the file and of
# whoever writes; a user id of 0 is not enough.  So does setting a parameter of it.  All
# files that can be written are tried, whatever they are called.  The helper is a program
# that root alone can change.  What everybody may read has no addresses and no other user's
# tasks in it, kptr_restrict counts for root too, and no name of a task can pass for
# a line or for a terminal's command.  All of it, with 500 updates in the kernel.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(function => 'vmlinux-function', sleeper => 'sleeper');

run_guest(54, <<'END', '--tool=/usr/bin/unshare');
sysfs=/sys/kernel/ksplice
# capless COMMAND...: as uid 0, but what it runs can never have CAP_SYS_MODULE
capless() {
	perl -e 'syscall(157, 24, 16, 0, 0, 0) == 0 or die "prctl: $!\n";
		exec { $ARGV[0] } @ARGV or die "exec: $!\n"' "$@"
}
# swapped open|write|never FILE WORDS: the capability is there but for that
cat > /tmp/swapped <<'EOS'
my ($when, $name, $words) = @ARGV;
sub capability {
	my ($on) = @_;
	my $header = pack 'LL', 0x20080522, 0;
	my $data = "\0" x 24;
	syscall(125, $header, $data) == 0 or die "capget: $!\n";
	my @sets = unpack 'L6', $data;
	$sets[0] = $on ? $sets[0] | 1 << 16 : $sets[0] & ~(1 << 16);
	$data = pack 'L6', @sets;
	syscall(126, $header, $data) == 0 or die "capset: $!\n";
}
capability($when ne 'open') if $when ne 'never';
open my $file, $words eq 'READ' ? '<' : '>', $name or die "$!\n";
capability($when ne 'write') if $when ne 'never';
if ($words eq 'READ') { defined sysread($file, my $text, 100) or die "$!\n" }
else { defined syswrite($file, $words) or die "$!\n" }
EOS
swapped() { perl /tmp/swapped "$@"; }
nobody() {
	perl -e '$) = "65534 65534"; $( = 65534; $< = $> = 65534;
		exec { $ARGV[0] } @ARGV or die "exec: $!\n"' "$@"
}

# writable: the files of the core, and of an update, with a write permission
writable() {
	find $sysfs /sys/kernel/debug/ksplice /sys/module/ksplice*/parameters -type f -perm /222 |
		sort
}
settings() {
	writable | while read -r file; do
		echo "$file $(cat "$file" 2> /dev/null)"
	done
}
# What would have an effect
words_for() {
	case ${1##*/} in
	stage | request) echo reversed ;;
	forget) echo function ;;
	await) echo other 1 dm_mod ;;
	helper) echo /bin/true ;;
	needs | replaces) echo other ;;
	precheck) echo 0 ;;
	*) echo 1 ;;
	esac
}
# all_refuse COMMAND...: which of the files on stdin do not when it writes
all_refuse() {
	accepting=
	while read -r file; do
		"$@" "$file" "$(words_for "$file")" 2>&1 | grep -q '^Operation not permitted' ||
			accepting="$accepting $file"
	done
	echo "accepting:$accepting"
}

tar -xzf /updates/function.tar.gz ksplice-function/ksplice.ko
ok 'a parameter that is yes or no needs no value' insmod ksplice-function/ksplice.ko precheck
says 'it is yes then' '^Y$' cat /sys/module/ksplice/parameters/precheck
rmmod ksplice
apply function
writable > /tmp/writable
settings > /tmp/settings
for file in $sysfs/forget $sysfs/await $sysfs/helper $sysfs/function/stage \
	$sysfs/function/request $sysfs/function/kick $sysfs/function/needs \
	$sysfs/function/replaces /sys/module/ksplice/parameters/precheck \
	/sys/module/ksplice/parameters/watch_entries; do
	ok "${file##*/} is among the files that can be written" grep -x $file /tmp/writable
done
says 'none can be written without the capability' '^accepting:$' \
	all_refuse capless perl /tmp/swapped never < /tmp/writable
says 'nor by root of another user namespace' '^accepting:$' \
	all_refuse unshare -Ur perl /tmp/swapped never < /tmp/writable
says 'nor when it is written without it' '^accepting:$' \
	all_refuse swapped write < /tmp/writable
# The kernel does not tell who opened a parameter.
grep -v /parameters/ /tmp/writable > /tmp/commands
says 'nor, if it is a command, when it was opened without it' '^accepting:$' \
	all_refuse swapped open < /tmp/commands
settings > /tmp/settings-now
ok 'nothing has changed' diff /tmp/settings /tmp/settings-now
for when in open write; do
	refused "the machine is not stopped when the capability is lost at $when" 1 \
		'Operation not permitted' \
		swapped $when /sys/kernel/debug/ksplice/empty_stop READ
done
says 'it is stopped with it' '^[0-9]+$' cat /sys/kernel/debug/ksplice/empty_stop
refused 'ksplice-undo reports the missing capability' 1 'CAP_SYS_MODULE .* is required' \
	capless ksplice-undo function
says 'after all that it is applied' '^applied$' cat $sysfs/function/stage
says 'no update was added' '^1$' sh -c "wc -l < $sysfs/state"

# The helper
helper() { echo "$1" > $sysfs/helper; }
mkdir -p /tmp/mine /usr/safe
printf '#!/bin/sh\n' | tee /usr/safe/open /usr/safe/theirs /usr/safe/good > /tmp/mine/helper
chmod 755 /usr/safe/* /tmp/mine/helper
chmod 757 /usr/safe/open
chown 65534 /usr/safe/theirs
chmod 755 /usr/safe
ln -s good /usr/safe/link
for name in /tmp/mine/helper /usr/safe/open /usr/safe/theirs /usr/safe/link /usr/safe \
	/usr/safe/none good; do
	not_ok "the helper cannot be '$name'" swapped never $sysfs/helper $name
done
ok 'it can be a file of root alone' helper /usr/safe/good
says 'and is that' '^/usr/safe/good$' cat $sysfs/helper

# A task in the way, whose name is no name
perl -e 'pipe my $in, my $out or die;
	open my $comm, ">", "/proc/self/comm"; syswrite $comm, "x\n66 \e[2Jno y"; close $comm;
	sysread $in, my $text, 1' &
sleeper=$!
wait_for reads_pipe $sleeper
tar -xzf /updates/sleeper.tar.gz -C /tmp
insmod /tmp/ksplice-sleeper/*-old.ko && insmod /tmp/ksplice-sleeper/*-new.ko || exit
refused 'a task is in the code' 16 'busy' swapped never $sysfs/sleeper/stage applied
says 'root sees its id' "^1 conflicting task, the first is $sleeper \(x.66 .\[2Jno y\)" \
	cat $sysfs/sleeper/reason
says 'in one line, with no command to the terminal' '^1 [0-9]+$' sh -c \
	"printf '%d %d\n' \$(wc -l < $sysfs/sleeper/reason) \
	\$(tr -d '\33' < $sysfs/sleeper/reason | wc -c)"
says 'nor in the list of tasks' "^$sleeper x.66 .\[2Jno y (anon_)?pipe_read" \
	cat $sysfs/sleeper/conflicts
says_not 'nor in the log' "$(printf '\33')" cat /sys/kernel/debug/ksplice/sleeper/log
nobody find $sysfs -type f ! -name hash -exec cat {} + > /tmp/seen 2> /dev/null
says 'other users see that it is busy' '^code_busy$' cat /tmp/seen
says_not 'but no task and no address' "\b$sleeper\b|[0-9a-f]{10}" cat /tmp/seen
says 'and so with ksplice-view' '^refused: ' nobody ksplice-view --id=sleeper
kill $sleeper

# Addresses
says 'root sees addresses' '^vmlinux version_proc_show f{8}' cat $sysfs/function/patches
echo 2 > /proc/sys/kernel/kptr_restrict
says 'but not if kptr_restrict is 2' '^vmlinux version_proc_show 0{16} 0{16}$' \
	cat $sysfs/function/patches
echo 0 > /proc/sys/kernel/kptr_restrict
says_not 'in the logs there is none' 'f{8}[0-9a-f]{8}' sh -c \
	"cat /sys/kernel/debug/ksplice/*/log && dmesg | grep ksplice:"
rmmod ksplice_sleeper_vmlinux_new ksplice_sleeper_vmlinux_old

# Many updates: what awaits a module needs none of its own.  Without a hash they were made by
# hand, so ksplice-apply leaves them.
hash=$(printf %064d 0)
for i in $(seq 500); do
	echo "awaiting_$i  1 no_such_module" > $sysfs/await || exit
done
lines() { wc -l < $sysfs/state; }
says 'all 501 are in the list' '^501$' lines
says 'the first' '^function applied$' cat $sysfs/state
says 'the last' '^awaiting_500 matched$' cat $sysfs/state
apply sleeper
says 'a list of all for people' '^sleeper +applied' ksplice-view
undo sleeper
refused 'too many words at once are no command' 7 'Argument list too long' \
	swapped never $sysfs/await "many $hash 9 $(seq -s ' ' 2000)"
for i in $(seq 500); do
	echo awaiting_$i > $sysfs/forget || exit
done
says 'and all are forgotten' '^1$' lines
undo function
untouched 'nothing is left'
END
