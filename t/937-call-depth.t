#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that counts the depth of calls sends each direct call to an instruction
# before the function.  Such code is compared, with what is wrong in it found, and
# replaced.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Cache qw(cache_dir);
use Test::Ksplice;
use Test::Ksplice::Guest;

my $release = guest_release();
make_updates(everysite => 'every-site', module => 'module-function');
my $config = slurp(cache_dir() . "/$release/config/.config");
skip_guest("the kernel '$release' cannot count the depth of calls")
    if $config !~ /^CONFIG_(?:MITIGATION_)?CALL_DEPTH_TRACKING=y$/m;
make_updates(pvcall => 'pv-call');

my @machine = ('--modules', '--cpu=Skylake-Server',
    '--append=spectre_v2=retpoline retbleed=stuff');
run_guest(15, <<'END', @machine);
says 'calls are counted' '^Mitigation: Stuffing' \
	cat /sys/devices/system/cpu/vulnerabilities/retbleed
apply everysite
cat > /tmp/fork <<'EOS'
open my $comm, '>', '/proc/self/comm' or die $!;
print {$comm} 'nofork';
close $comm;
defined(my $pid = fork) or die "no fork: $!\n";
exit if !$pid;
print "forked\n";
EOS
not_ok 'the new code runs' perl /tmp/fork
sed 's/^/# /' /sys/kernel/ksplice/everysite/match
all_match() {
	awk '$2 == "matched" && $3 < $5 - 2 { exit 1 }' /sys/kernel/ksplice/everysite/match
}
ok 'all functions of the unit match, but for two that are overridden' all_match
undo everysite
says 'and the old code is back' forked perl /tmp/fork
modprobe dm_mod
apply module
undo module
modprobe cpuid
apply pvcall
says 'a function that calls a member of pv_ops is replaced' kspl \
	dd if=/dev/cpu/0/cpuid bs=16 count=1
undo pvcall
says 'and restored' Genu dd if=/dev/cpu/0/cpuid bs=16 count=1
untouched 'nothing is left'

# A call of another function than the one that was built
wrong_functions everysite 3
ok 'a hundred wrong functions' test $(wc -l < /tmp/all-changed) -gt 100
says_not 'are all refused' . cat /tmp/accepted
END
