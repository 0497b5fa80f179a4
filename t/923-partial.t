#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# An update is applied although a module that it changes is not loaded.  When
# the module comes, however it comes, it is patched before any of its code runs;
# if that cannot be, it runs as it is, and that is said.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Distro qw(release_image);
use Test::Ksplice;
use Test::Ksplice::Guest;

my $updates = dirname(make_update(zz => 'vmlinux-function module-function'));
make_update(aa => 'module-export');
make_update(busy => 'sleeper module-function');
alter_module("$updates/dm-mod.ko");

# A copy of the module with another instruction in a function that zz replaces.
sub alter_module ($file) {
    my $module = release_image(guest_release())->{modules_dir} . '/kernel/drivers/md/dm-mod.ko';
    spew($file, -e $module ? slurp($module) : (run_cmd('xz', '-dc', "$module.xz"))[1]);
    my ($at) = map { /^\s*\d+ \.text\s+(?:\S+\s+){3}(\S+)/ } Test::Ksplice::objdump('-h', $file);
    my ($address, $bytes) = map { /^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*mov\s/ }
        Test::Ksplice::objdump('--disassemble=dm_blk_getgeo', $file);
    my $text = slurp($file);
    my $n = () = $bytes =~ /\w+/g;
    $_ = chr(1 ^ ord) for substr $text, hex($at) + hex($address) + $n - 1, 1;
    $text =~ s/~Module signature appended~\n\z// or die "'$module' is not signed\n";
    spew($file, $text);
    return;
}

run_guest(80, <<'END', '--modules', '--tool=/sbin/dmsetup');
awaited() { cat /sys/kernel/ksplice/$1/awaited; }
name() {
	dmsetup --noudevsync create zeroes --table '0 100 zero' &&
	cat /sys/block/dm-0/dm/name
	dmsetup --noudevsync remove zeroes
}
heads() {
	dmsetup --noudevsync create zeroes --table '0 100 zero' || return
	perl -e 'my $geometry = "\0" x 16;
		open my $dev, "<", "/dev/dm-0" or die "$!\n";
		ioctl($dev, 0x301, $geometry) or die "$!\n";	# HDIO_GETGEO
		print "heads ", unpack("C", $geometry), "\n"'
	dmsetup --noudevsync remove zeroes
}
module=$(modprobe -nv dm-mod | sed -n 's/^insmod \([^ ]*dm-mod.ko[^ ]*\).*/\1/p')

refused 'without --partial it is refused' 1 "not loaded.*'dm_mod'" \
	ksplice-apply /updates/zz.tar.gz
refused 'and the remedy is reported' 1 'or apply with --partial' \
	ksplice-apply /updates/zz.tar.gz
untouched 'nothing is left'
says 'with --partial it is applied' 'is applied: 1 function of vmlinux' \
	ksplice-apply --partial /updates/zz.tar.gz
says 'what is there is patched' '^patched: version$' cat /proc/version
says 'the other one is awaited' '^dm_mod absent$' awaited zz
says 'and ksplice-view shows it' '^awaits: +dm_mod: not loaded' ksplice-view --id=zz
says 'its modules are kept where root alone can read them' '^drwx------.*root' \
	ls -ld /run/ksplice/zz
says 'an update with nothing to do now is applied, too' 'awaits its modules' \
	ksplice-apply --partial /updates/aa.tar.gz

# As what another module needs.
ok 'the module is loaded because another one needs it' modprobe dm-zero
says 'it is patched' '^dm_mod applied$' awaited zz
says 'by the second update, too' '^dm_mod applied$' awaited aa
says 'the older update was the first' '^zz aa $' sh -c \
	'dmesg | sed -n "s/.*update .\(..\). applied.*/\1/p" | tail -n 2 | tr "\n" " "'
says 'its new code runs' '^heads 66$' heads
says 'and that of the second' '^zeroes patched$' name
says 'ksplice-view shows it' '^awaits: +dm_mod: patched' ksplice-view --id=zz
rmmod dm_zero
not_ok 'it cannot go away' rmmod dm_mod
says 'ksplice-view shows which module it holds' '^holds: +dm_mod$' ksplice-view --id=zz
undo zz
not_ok 'nor without one of the two' rmmod dm_mod
says 'the other one is in' '^zeroes patched$' sh -c "$(cat <<'EOS'
modprobe dm-zero
dmsetup --noudevsync create zeroes --table '0 100 zero' &&
cat /sys/block/dm-0/dm/name
dmsetup --noudevsync remove zeroes
rmmod dm_zero
EOS
)"
undo aa
untouched 'nothing is left'
not_ok 'nor of what was kept' ls /run/ksplice
ok 'it may go now' rmmod dm_mod

# By its file.
ok 'once more' ksplice-apply -q --partial /updates/zz.tar.gz
ok 'the module is loaded by its file' insmod $module
modprobe dm-zero
says 'it is patched' '^heads 66$' heads
rmmod dm_zero
undo zz
rmmod dm_mod

# Its parameters are bad, or its init fails: it was patched, and goes.
ok 'once more' ksplice-apply -q --partial /updates/zz.tar.gz
not_ok 'a module with a bad parameter' insmod $module major=none
says 'is awaited again' '^dm_mod absent$' awaited zz
not_ok 'a module whose init fails' insmod $module major=259
says 'is awaited again' '^dm_mod absent$' awaited zz
says_not 'the modules of its change are gone' 'ksplice_zz_dm_mod' lsmod
ok 'it is loaded again' modprobe dm-zero
says 'and is patched' '^heads 66$' heads
rmmod dm_zero
ok 'removed by force' rmmod -f dm_mod
says 'it is awaited again' '^dm_mod absent$' awaited zz
says 'the kernel log reports it' "module 'dm_mod' is removed, although update 'zz'" dmesg

# It does not match.
ok 'a module that does not match is loaded all the same' insmod /updates/dm-mod.ko
says 'the kernel log reports it' \
	"module 'dm_mod' runs without its change of update 'zz': .*dm_blk_getgeo" dmesg
says 'ksplice-view as well' '^awaits: +dm_mod: loaded, but NOT patched: .*dm_blk_getgeo' \
	ksplice-view --id=zz
says 'and in the list' 'dm_mod \(not patched\)' ksplice-view
refused 'another attempt is refused, too' 1 'dm_blk_getgeo' ksplice-apply --complete=dm-mod
says_not 'nothing of it is left' 'ksplice_zz_dm_mod' lsmod
says 'what was applied stays' '^patched: version$' cat /proc/version
ok 'it may go' rmmod dm_mod
refused 'then there is nothing to attempt' 1 "module 'dm_mod' is not loaded" \
	ksplice-apply --complete=dm-mod

# Two ways of finding out.
says 'a dry run, while one is awaited' 'already applied' ksplice-apply --dry-run /updates/zz.tar.gz
says 'a dry run of a part' 'can be applied: awaits its modules; nothing was changed' \
	ksplice-apply --dry-run --partial /updates/aa.tar.gz

# Nobody helps.
echo > /sys/kernel/ksplice/helper
ok 'a module is loaded when the helper is missing' modprobe dm-mod
says 'it runs as it is' '^dm_mod unpatched ok' awaited zz
ok 'it is completed by hand' ksplice-apply /updates/zz.tar.gz
says 'and is patched' '^dm_mod applied$' awaited zz
undo zz
ok 'it may go' rmmod dm_mod
refused 'it is no longer awaited' 1 "no update awaits the module 'dm_mod'" \
	ksplice-apply --complete=dm-mod
untouched 'nothing is left'

# An apply that waits for a task will patch the module when it is done; until then
# the old code runs anyway.  An update that is applied has it patched before it runs.
ok 'an update awaits the module' ksplice-apply -q --partial /updates/aa.tar.gz
perl -e 'pipe my $in, my $out or die; sysread $in, my $text, 1' &
sleeper=$!
wait_for reads_pipe $sleeper
ksplice-apply --partial --wait=100 /updates/busy.tar.gz > /tmp/apply 2>&1 &
apply=$!
is_busy() { grep -q code_busy /sys/kernel/ksplice/busy/abort_cause; }
wait_for is_busy
says 'an update waits for a task, and awaits the module' '^dm_mod absent$' awaited busy
uptime() { read -r now rest < /proc/uptime; now=${now%.*}; }
uptime
start=$now
ok 'the module is loaded' modprobe dm-mod
uptime
ok 'at once' [ $((now - start)) -lt 15 ]
says 'and is patched by the one that is applied' '^dm_mod applied$' awaited aa
modprobe dm-zero
says 'whose code runs' '^zeroes patched$' name
ok 'while the update still waits' is_busy
kill $sleeper
ok 'then the update is applied' wait $apply
says 'and the module is patched' '^dm_mod applied$' awaited busy
undo busy

# The same while an undo waits.
undo aa
rmmod dm_zero dm_mod
ok 'two updates await the module' ksplice-apply -q --partial /updates/aa.tar.gz
ok '... the second of a function that is in use' \
	ksplice-apply -q --partial /updates/busy.tar.gz
perl -e 'pipe my $in, my $out or die; sysread $in, my $text, 1' &
sleeper=$!
wait_for reads_pipe $sleeper
ksplice-undo --wait=100 busy > /tmp/undo 2>&1 &
undo=$!
wait_for is_busy
ok 'the module is loaded while an undo waits' modprobe dm-mod
says 'and is patched by the one that stays' '^dm_mod applied$' awaited aa
says 'and by the one that is to go' '^dm_mod applied$' awaited busy
ok 'while the undo still waits' wait_for is_busy
finish $sleeper
ok 'then it is undone' wait $undo
says_not 'nothing of it is left' '_busy_' lsmod
undo aa
untouched 'nothing is left'
END
