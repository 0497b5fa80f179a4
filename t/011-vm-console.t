#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What a kernel says against itself is found on its console, and nothing else
# is taken for it.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../dev/lib';
use Console qw(faults_in is_stale_int3);
use Test::Ksplice;
use Test::More;

# Of each kind the line that is known by it.
my @faults = (
    '------------[ cut here ]------------',
    'WARNING: CPU: 1 PID: 102 at mm/slab.c:18 f+0x29/0x1000 [m]',
    'WARNING: possible circular locking dependency detected',
    'BUG: kernel NULL pointer dereference, address: 0000000000000010',
    'BUG: unable to handle page fault for address: ffffc90000000000',
    'BUG: scheduling while atomic: sh/112/0x00000002',
    'BUG: sleeping function called from invalid context at mm/slab.h:1',
    'BUG: Bad rss-counter state mm:0000 type:MM_ANONPAGES val:1',
    'kernel BUG at fs/file.c:20!',
    'invalid opcode: 0000 [#1] PREEMPT SMP NOPTI',
    'int3: 0000 [#1] PREEMPT SMP NOPTI',
    'Oops: 0002 [#1] PREEMPT SMP NOPTI',
    'Internal error: Oops: 96000004 [#1] SMP',
    'general protection fault, probably for non-canonical address 0x1: 0000 [#1]',
    'Kernel panic - not syncing: sysrq triggered crash',
    'watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [insmod:102]',
    'NMI watchdog: Watchdog detected hard LOCKUP on cpu 1',
    'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
    'rcu: INFO: rcu_preempt self-detected stall on CPU',
    'rcu: rcu_preempt kthread starved for 5250 jiffies!',
    'INFO: task insmod:101 blocked for more than 5 seconds.',
    'INFO: rcu_tasks detected stalls on tasks:',
    'list_add corruption. prev->next should be next',
    'refcount_t: underflow; use-after-free.',
    'UBSAN: array-index-out-of-bounds in fs/file.c:1:2',
    'unchecked MSR access error: RDMSR from 0x1',
    'Call Trace:',
);
for my $line (@faults) {
    my ($expected, @found) =
        faults_in("[    1.0] Linux\r\n[   24.369387] $line\r\n[   24.4] more\r\n");
    is_deeply(\@found, ["[   24.369387] $line", '[   24.4] more'], $line);
}
is((faults_in("[    2.5][   T12] $faults[3]\n"))[1], "[    2.5][   T12] $faults[3]",
    'also after the number of a thread');

# A sound kernel, as seen with several kinds of processors and modules of ours.
my @harmless = (
    'faults: loading out-of-tree module taints kernel.',
    'faults: module verification failed: signature and/or required key missing - tainting kernel',
    'NMI watchdog: Perf NMI watchdog permanently disabled',
    'watchdog: Delayed init of the lockup detector failed: -2',
    'Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible',
    'Spectre V2 : WARNING: LFENCE mitigation is not recommended for this CPU, data leaks possible',
    'RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks',
    'mtrr: your CPUs had inconsistent fixed MTRR settings',
    'ima: No TPM chip found, activating TPM-bypass!',
    'AMD-Vi: AMD IOMMUv2 functionality not available on this system - This is not a bug.',
    'rcu: 	Max phase no-delay instances is 1000.',
    'acpi PNP0A03:00: fail to add MMCONFIG information',
    'x86/mm: Checked W+X mappings: passed, no W+X pages found.',
    'ksplice: update abc: cannot be matched, see the log',
);
my ($expected, @found) = faults_in(join '', map { "[    0.716060] $_\n" } @harmless);
is("$expected @found", '0 ', 'nothing that a sound kernel prints is a fault');

# An int3 is stale if the byte before the one in <> is another now.  Within the first bytes of
# a function it may have been ours.
sub int3 {
    my ($kind, $place, $before) = @_;
    return map { "[   62.9] $_" } "${kind}int3: 0000 [#1] PREEMPT SMP NOPTI",
        "CPU: 1 PID: 390 Comm: sh Not tainted 6.1.0 #1  Debian", "RIP: 0010:$place/0x520",
        "Code: 41 83 e4 01 74 c2 $before <d0> 02 00 00", 'RIP: 0033:0x7f98c45d3409';
}
for ([1, '', 'f+0x111', 'e9'], [1, 'Oops: ', 'f.part.0+0x11', '66'], [0, '', 'f+0x111', 'cc'],
    [0, '', 'f+0xe', 'e9'], [1, '', 'f+0xf', 'e9'], [0, '', 'f+0x5', '0f']) {
    my ($is_stale, @of_it) = @$_;
    is(is_stale_int3(int3(@of_it)), $is_stale, "@of_it: " . ($is_stale ? 'stale' : 'perhaps not'));
}
my @next = int3('', 'f+0x111', 'e9');
is(is_stale_int3(int3('', '0xffffffffc0001005', 'e9'), @next), 0,
    '... nor is the place of the next one taken for that of the first');
is(is_stale_int3(map({ s/Code: .*/Code: Unable to access opcode bytes/r }
    int3('', 'f+0x111', 'e9')), @next), 0, '... nor its bytes');
is(is_stale_int3((int3('', 'f+0x111', 'e9'))[0, 1, 3]), 0, 'without its place it is not known');
is(is_stale_int3((int3('', 'f+0x111', 'e9'))[0 .. 2]), 0, '... nor without its bytes');
is(is_stale_int3(report('fs/file.c:1'), int3('', 'f+0x111', 'e9')), 0,
    '... nor is another fault that comes first');

sub report {
    my ($place) = @_;
    return map { "[    3.0] $_" } '------------[ cut here ]------------',
        "WARNING: CPU: 1 PID: 1 at $place f+0x1/0x2", 'Call Trace:',
        '---[ end trace 0000000000000000 ]---';
}
my @two = (report('fs/file.c:1'), '[    3.5] between', report('fs/open.c:1'), '[    4.0] after');
my $two = join "\n", @two;

($expected, @found) = faults_in($two, 'fs/file\.c');
is($expected, 1, 'a report that is expected is counted');
is_deeply(\@found, [@two[5 .. 9]], 'and does not hide the next one');
($expected, @found) = faults_in($two, 'open', 'fs/file');
is("$expected @found", '2 ', 'of several patterns each may match');
($expected, @found) = faults_in($two, 'after');
is_deeply(\@found, \@two, 'what is outside of a report does not count as in it');

($expected, @found) = faults_in(join '', "[ 1.0] Call Trace:\n", "[ 1.1] line\n" x 500);
is(scalar @found, 200, 'an endless report is cut');

done_testing();
