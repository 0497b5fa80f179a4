#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# An update takes the place of others in one stop: at no time the kernel runs without
# a fix that both have, what the new one has not is the original again, and if anything
# is refused the old ones stay.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Update qw(pack_update seal_update);
use Test::Ksplice;
use Test::Ksplice::Guest;

my $patches = root_dir() . '/t/patches';
make_updates(one => 'cumulative-1', two => 'cumulative-2', other => 'new-function-and-global',
    asleep => 'sleeper', awake => 'sleeper-2');
my $exports = make_update(exports => 'new-exports');
import_by_name(make_update('uses', 'export-user', "--on-top-of=$exports"), $exports);

# Has the new code of the update use an export by its name and CRC, as one that was built
# with the Module.symvers of the other update.
sub import_by_name ($file, $exports) {
    my $dir = scratch_dir();
    run_cmd('tar', '-xzf', $_, '-C', $dir) for $file, $exports;
    my ($update) = glob "$dir/ksplice-uses";
    my ($module) = glob "$update/*-new.ko";
    my $name = 'ksplice_test_count';
    my ($crc) = slurp("$dir/ksplice-exports/Module.symvers") =~ /^(0x\w+)\t$name\t/m or die;
    my ($symbol) = (run_cmd('nm', $module))[1] =~ / U (\w+_$name)$/m or die;
    my ($status) = run_cmd('objcopy', "--redefine-sym=$symbol=$name", $module);
    die "cannot edit '$module'" if $status;
    my ($version, $rest) = (pack('Q< a56', hex $crc, $name), 55 - length $symbol);
    spew($module, slurp($module) =~ s/.{8}\Q$symbol\E\0.{$rest}/$version/sr);
    seal_update($update);
    pack_update($update, $file);
    return;
}

run_guest(87, <<'END', '--modules', '--tool=/sbin/dmsetup', '--timeout=900');
applied() { sed -n 's/ applied$//p' /sys/kernel/ksplice/state | tr '\n' ' '; }
version() { grep '^patched' /proc/version || echo original; }
data() {
	head -1 /proc/interrupts | grep patched || echo original
	cat /sys/module/kernel/parameters/panic
}
module() { # what dm-zero says of an argument
	dmesg -c > /tmp/log
	dmsetup --noudevsync create wrong --table '0 100 zero argument' 2> /tmp/err
	dmesg | sed -n 's/.*zero: \(No arguments.*\) (.*/\1/p'
}
seen() { # TITLE COMMAND WHAT...: the lines that it prints, all of them
	title=$1
	$2 > /tmp/out
	shift 2
	printf '%s\n' "$@" > /tmp/expected
	cmp -s /tmp/expected /tmp/out
	result $? "$title"
}
# What hooks have said since the last time
said() { dmesg -c | sed -n 's/.*ksplice hook: //p'; }
digits() { cat /sys/module/kernel/parameters/panic_print; }
refuse() { echo "$1" > /sys/module/kernel/parameters/panic_print; }
replace() { ksplice-apply --partial --replace="$@"; }

# Reads /proc/version all the time, and counts the answers of the unpatched kernel.
hammer() {
	perl -e '$SIG{TERM} = sub { $end = 1 };
		until ($end) {
			open my $file, "<", "/proc/version" or die "$!\n";
			local $/;
			$n++;
			$unpatched++ unless <$file> =~ /^patched: /m;
		}
		$n = "many" if $n > 100;
		printf "%s reads, %d unpatched\n", $n, $unpatched' > /tmp/hammer &
	hammer=$!
	sleep 1
}
hammered() { # TITLE PATTERN
	sleep 1
	finish $hammer
	says "$1" "$2" cat /tmp/hammer
}

echo 5 > /sys/module/kernel/parameters/panic
modprobe dm-mod && dmesg -c > /tmp/log || exit

# What is wrong from the start
refused 'none to be replaced' 1 "is not applied: 'two' should replace 'one'" \
	replace one /updates/two.tar.gz
untouched 'nothing is left'
ok 'all of none: it is applied' replace all /updates/two.tar.gz
says 'it runs' '^patched: two$' version
undo two
untouched 'nothing is left'

# Without --replace: by whom it is replaced, and what can be done
ok 'apply one' ksplice-apply --partial /updates/one.tar.gz
refused 'a function that another update has replaced' 1 \
	"replaces: fs/proc/[a-z]+.o: '[a-z_]+' is replaced by update 'one'" \
	ksplice-apply --partial /updates/two.tar.gz
refused '... and the cures' 1 'ksplice-undo.*--replace.*--on-top-of' \
	ksplice-apply --partial /updates/two.tar.gz
refused 'itself' 1 "'one' cannot replace itself" replace one /updates/one.tar.gz
refused 'one of two is not applied' 1 "'two' should replace 'nothere'" \
	replace one,nothere /updates/two.tar.gz
says 'the first is applied, nothing else' '^one $' applied

# Undo and apply: there is a gap.  Then the same in one stop.
hammer
undo one
ok 'apply two' ksplice-apply --partial /updates/two.tar.gz
hammered 'between undo and apply the kernel is unpatched' '^many reads, [1-9]'
undo two
echo 5 > /sys/module/kernel/parameters/panic
ok 'apply one again' ksplice-apply --partial /updates/one.tar.gz
says 'version is patched' '^patched: one$' version
says 'so is loadavg' loadavg cat /proc/loadavg
seen 'data of the first' data 'patched: interrupts one' 77
says 'it awaits a module' '^dm_zero absent$' cat /sys/kernel/ksplice/one/awaited

# Dry run
ok 'a dry run' replace one --dry-run /updates/two.tar.gz
says 'changes nothing' '^one $' applied
says 'the first runs' '^patched: one$' version

# Hooks that refuse: those that were called before are told, in reverse order
refuse 13
dmesg -c > /tmp/log
refused 'pre_reverse of the old one refuses' 1 \
	"hook pre_reverse 'hook_pre_reverse' of 'vmlinux' in update 'one' returned -1" \
	replace one /updates/two.tar.gz
seen 'it was the first' said 'one pre_reverse'
refuse 11
refused 'pre_apply of the new one refuses' 1 \
	"hook pre_apply 'hook_pre_apply' of 'vmlinux' returned -1" replace one /updates/two.tar.gz
seen 'the old one is notified' said 'one pre_reverse' 'two pre_apply' 'one fail_reverse'
refuse 14
refused 'check_reverse refuses' 1 \
	"hook check_reverse 'hook_check_reverse' of 'vmlinux' in update 'one' returned -11" \
	replace one /updates/two.tar.gz
seen 'both are notified' said 'one pre_reverse' 'two pre_apply' 'two fail_apply' 'one fail_reverse'
refuse 12
refused 'check_apply refuses' 1 \
	"hook check_apply 'hook_check_apply' of 'vmlinux' returned -11" \
	replace one /updates/two.tar.gz
seen 'both are notified' said 'one pre_reverse' 'two pre_apply' 'two fail_apply' 'one fail_reverse'
says 'the first stays' '^one $' applied
says 'it runs' '^patched: one$' version
seen 'with its data' data 'patched: interrupts one' 77
says_not 'nothing of the new one is left' '_two_' lsmod
refuse 0

# A task that sleeps in what is to be replaced, and in new code that is to go
sleeping() {
	mkfifo /tmp/fifo
	sleep 1000 > /tmp/fifo &
	writer=$!
	perl -e '$0 = "sleeper"; sysread STDIN, $_, 100; print' < /tmp/fifo > /tmp/read &
	sleeper=$!
	wait_for reads_pipe $sleeper
}
awake() {
	echo something > /tmp/fifo
	wait $sleeper
	kill $writer
	rm /tmp/fifo
	says 'the sleeper is unharmed' something cat /tmp/read
}
nopipe() { perl -e '$0 = "nopipe"; print defined sysread(STDIN, $_, 1) ? "read" : "$!", "\n"'; }
piped() { echo text | nopipe; }
sleeping
refused 'a task is in a function that the new one replaces' 3 \
	"task $sleeper .sleeper. is in (anon_)?pipe_read\+" \
	replace one --wait=0 /updates/asleep.tar.gz
says 'the old one stays' '^one $' applied
says 'and runs' '^patched: one$' version
awake
ok 'apply asleep' ksplice-apply /updates/asleep.tar.gz
says 'it runs' 'not permitted' piped
sleeping
refused 'a task is in new code that is to go' 3 \
	"task $sleeper .sleeper. is in (anon_)?pipe_read.ksplice_asleep" \
	replace asleep --wait=0 /updates/awake.tar.gz
says 'the old one stays' '^one asleep $' applied
says 'and runs' 'not permitted' piped
awake
ok 'then it is replaced' replace asleep /updates/awake.tar.gz
says 'the new one runs' 'denied' piped
says 'the other update was not touched' '^one awake $' applied
undo awake
says 'the kernel reads again' read piped

# In one stop
hammer
dmesg -c > /tmp/log
says 'it is replaced' "^update 'one' is replaced by 'two'$" replace one /updates/two.tar.gz
seen 'hooks of both, the old first' said 'one pre_reverse' 'two pre_apply' 'one post_reverse' \
	'two post_apply'
hammered 'no request has seen the unpatched kernel' '^many reads, 0 unpatched'
says 'in the stop: checks, then reverse, then apply' '^1234$' digits
says 'the new one runs' '^patched: two$' version
says 'a function that it has not is the original' '[0-9]$' cat /proc/loadavg
says 'one that it has more is replaced' ' cumulative$' cat /proc/cmdline
seen 'data is that of the second' data 'patched: interrupts two' 88
says 'only the new one is applied' '^two $' applied
says_not 'no module of the old one is left' '_one_' lsmod
not_ok 'nor is anything kept of it' test -e /run/ksplice/one
says 'the module is awaited by the new one' '^dm_zero absent$' \
	cat /sys/kernel/ksplice/two/awaited
modprobe dm-zero
says 'it is patched when it is loaded' '^No arguments: two$' module
refused 'once more: it is applied' 1 "'two' cannot replace itself" replace two /updates/two.tar.gz
ok 'all but itself: nothing is left to do' replace all /updates/two.tar.gz

# Back, now with the module loaded: all of it is changed in the one stop.
ok 'the first in place of the second' replace all /updates/one.tar.gz
says 'it runs' '^patched: one$' version
says 'what it has not is the original' '[^e]$' sh -c "sed 's/cumulative\$/&e/' /proc/cmdline"
says 'in the module as well' '^No arguments: one$' module

# Two by one that has nothing to do with them: both targets are as they were
apply other
ok 'all by one of something else' replace all /updates/awake.tar.gz
says 'version is the original' '^original$' version
says 'so is loadavg' '[0-9]$' cat /proc/loadavg
seen 'data is what it was' data original 5
says 'so is the module, and it is no longer awaited' '^No arguments required$' module
says 'one is applied' '^awake $' applied
says 'dm_zero is free' '^dm_zero +[0-9]+ +0' lsmod
undo awake

# Two, one of which uses what the other exports
ok 'one that exports something' ksplice-apply --partial /updates/exports.tar.gz
apply uses
says 'the second uses it' '^ksplice_exports_vmlinux_new .*ksplice_uses_vmlinux_new' lsmod
refused 'the first alone cannot be replaced' 3 \
	"module 'ksplice_uses_vmlinux_new' uses exports of update 'exports'" \
	replace exports /updates/awake.tar.gz
ok 'both can' replace exports,uses /updates/awake.tar.gz
says 'they are gone' '^awake $' applied
undo awake
untouched 'nothing is left'
END
