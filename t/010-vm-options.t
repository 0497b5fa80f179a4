#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# dev/vm refuses what it cannot do by name, and what became of a guest is told
# by its exit status.  There is no guest here: a script takes QEMU's place, and
# says on the guest's ports what a kernel and its /init would.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use File::Path     qw(make_path);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $release = '6.1.0-1-none';

# --- usage -----------------------------------------------------------------

sub refused ($status, $message, @arguments) {
    my ($got, $out, $err) = run_cmd('dev/vm', @arguments);
    my ($line) = split /\n/, $err;
    is("$got $out$line", "$status vm: $message", "vm @arguments");
    return;
}
make_path(map { "$dir/$_" } qw(tmp a/same b/same));

refused(2, "no command; it follows '--'");
refused(2, "no command; it follows '--'", '--');
refused(2, "'true' is not an option; put '--' before the command", 'true');
refused(2, "unknown option '--no-such'", '--no-such', '--', 'true');
refused(2, "unsupported architecture 'arm64': there is only x86_64", '--arch=arm64', '--', 'true');
refused(2, "'hvf' is no accelerator: use tcg or kvm", '--accel=hvf', '--', 'true');
refused(2, "'--icount' counts what is emulated, not what kvm runs", '--icount', '--accel=kvm',
    '--', 'true');
for my $name (qw(cpus mem timeout disk)) {
    for my $value ('0', '-1', 'two', '') {
        refused(2, "'--$name=$value' is not a positive number", "--$name=$value", '--', 'true');
    }
}
refused(2, "'--allow=(' is not a pattern", '--allow=(', '--', 'true');
refused(2, "'--tool=mkfs' is not an absolute path", '--tool=mkfs', '--', 'true');
refused(1, "there is no program '$dir/mkfs'", "--tool=$dir/mkfs", '--', 'true');
refused(1, "there is no kernel '$dir/vmlinuz'", "--kernel=$dir/vmlinuz", '--', 'true');
refused(2, '--kernel and --modules are mutually exclusive', "--kernel=$0", '--modules', '--',
    'true');
refused(2, '--kernel and --release are mutually exclusive', "--kernel=$0", '--release=x', '--',
    'true');
refused(1, "there is no directory '$dir/x'", "--dir=$dir/x", '--', 'true');
refused(2, "'--dir=$dir/tmp' would cover the guest's own '/tmp'", "--dir=$dir/tmp", '--', 'true');
refused(2, "'--dir=$dir/a/same' and '--dir=$dir/b/same' would both be '/same'",
    "--dir=$dir/a/same", "--dir=$dir/b/same", '--', 'true');
{
    my ($status, $out, $err) =
        run_cmd({ env => { PATH => $dir } }, 'dev/vm', '--', 'true');
    is("$status $err", "1 vm: there is no 'qemu-system-x86_64' here:"
        . " install the package 'qemu-system-x86'\n", 'a missing QEMU names its package');
}
{
    my ($status, $out, $err) = run_cmd('dev/vm', '--help');
    is($status, 0, '--help succeeds');
    for my $option (qw(release kernel disk arch cpus mem append dir tool modules timeout accel
        icount single plugin cpu allow)) {
        like($out, qr/^  --$option\b/m, "and tells of --$option");
    }
}

# --- a script for a guest --------------------------------------------------

my $package = "$dir/cache/packages/linux-image-${release}_6.1.1-1";
spew("$package/boot/vmlinuz-$release", 'a kernel');
spew("$package/boot/config-$release", '');
spew("$package/lib/modules/$release/modules.dep", "kernel/fs/9p/9p.ko:\n");

# Runs vm with a QEMU that does this with the files $console, $out, $err, $report.
sub with_guest ($script, @arguments) {
    spew("$dir/bin/qemu-system-x86_64", <<'END' . $script);
#!/bin/sh
[ "$*" != --version ] || { echo 'QEMU emulator version 10.0.2 (of a test)'; exit; }
echo "$*" >"$0.arguments"
echo $$ >"$0.pid"
for argument; do
    case $argument in
        file,id=*,path=*)
            name=${argument#file,id=}
            eval "${name%%,*}=${argument#*,path=}" ;;
    esac
done
END
    chmod 0755, glob "$dir/bin/*";
    my @option = grep { $_ ne '--' } @arguments;
    return run_cmd({ env => { PATH => "$dir/bin:$ENV{PATH}", KSPLICE_CACHE => "$dir/cache" } },
        'dev/vm', "--release=$release", @option, '--', 'true');
}
my $log = "$dir/console.log";
my $ended = 'echo "<1>vm: the command has ended" >$console';

my ($status, $out, $err) = with_guest(<<"END");
echo up >\$report
printf 'on stdout\\r\\n' >\$out
printf 'on stderr' >\$err
$ended
echo "status 42 taint 4096" >\$report
exec sleep 60
END
is($status, 42, "the command's status is passed on");
is($out, "on stdout\r\n", 'its stdout as it is');
is($err, 'on stderr', 'and its stderr apart');
ok(!kill(0, slurp("$dir/bin/qemu-system-x86_64.pid")), 'QEMU has exited');
like(slurp("$dir/bin/qemu-system-x86_64.arguments"),
    qr/ -accel tcg,thread=multi -cpu max -smp 2 -m 1024 -kernel \Q$package\E/,
    'it has two emulated processors, which run in parallel, and 1 GiB');
for my $option ('--single', '--icount') {
    with_guest("echo status 0 taint 0 >\$report; $ended\n", $option);
    like(slurp("$dir/bin/qemu-system-x86_64.arguments"), qr/ -accel tcg,thread=single /,
        "$option: they take turns");
}

with_guest("echo status 0 taint 0 >\$report; $ended\n", '--accel=kvm', '--cpus=4',
    '--mem=2048', '--append=one', '--append=two three', '--disk=8', '--plugin=file=x.so,y=z');
like(slurp("$dir/bin/qemu-system-x86_64.arguments"),
    qr/ -accel kvm -cpu host -smp 4 -m 2048 .* one two three .*-plugin file=x\.so,y=z /,
    'options reach QEMU');
like(slurp("$dir/bin/qemu-system-x86_64.arguments"),
    qr{ -drive \S+,file=\S+/disk0 -device virtio-blk-pci,drive=disk0,num-queues=4 },
    'a disk has a queue for each processor');

($status, $out, $err) = with_guest("echo '[ 1.0] Booting' >\$console; exec sleep 60\n",
    '--timeout=1');
is("$status $err", "124 vm: the time is up, 1 s, before the guest was:\n  [ 1.0] Booting\n",
    'a guest that takes too long is status 124');
ok(!kill(0, slurp("$dir/bin/qemu-system-x86_64.pid")), 'and is killed');

($status, $out, $err) = with_guest("echo '[    1.5] last words' >\$console\n");
is("$status $err", "125 vm: the guest ended without a status:\n  [    1.5] last words\n",
    'one that ends by itself is status 125');

($status, $out, $err) = with_guest(<<'END');
echo "qemu: warning: TCG doesn't support requested feature: CPUID.0DH:EAX.xsavec [bit 1]" >&2
echo "qemu: no such thing" >&2
exit 1
END
is("$status $err", "1 qemu: no such thing\nvm: QEMU could not start the guest\n",
    'a QEMU that fails is status 1, and its words are shown');

my $warning = <<'END';
cat >$console <<'EOT'
[    1.0] ------------[ cut here ]------------
[    1.0] WARNING: CPU: 0 PID: 9 at fs/file.c:1 f+0x1/0x2
[    1.0] ---[ end trace 0000000000000000 ]---
EOT
END
my $words = join '', map { "  $_\n" } grep { /^\[/ } split /\n/, $warning;
my $well = "$ended; echo status 0 taint 512 >\$report\n";

($status, $out, $err) = with_guest($warning . $well);
is("$status", 125, "a kernel's warning is status 125, though the command succeeded");
like($err, qr/\Avm: the guest's kernel reported a fault:\n\Q$words\E/, 'and the words are shown');

($status, $out, $err) = with_guest("$warning exec sleep 60\n", '--timeout=1');
is($status, 125, 'a fault before the time is up is still a fault');

($status, $out, $err) = with_guest($warning . $well, '--allow=fs/file\.c', "--console=$log");
is("$status$err", '0', 'a report that is allowed is no fault');
like(slurp($log), qr/^\[    1\.0\] WARNING: /m, '--console keeps the console');

($status, $out, $err) = with_guest($warning . $well, '--allow=fs/open\.c');
is($status, 125, 'but only the one that matches');

($status, $out, $err) = with_guest($well);
is("$status $err", "125 vm: the guest's kernel is tainted (warning), which its console"
    . " does not tell of\n", 'a warning that the console does not show is a fault');

# The emulation can make an oops only if its CPUs are parallel.
my @int3 = ('Oops: int3: 0000 [#1] PREEMPT SMP NOPTI', 'RIP: 0010:f+0x20/0x30',
    'Code: 74 c2 e9 <d0> 02');
for my $case ([126, '', @int3], [125, '--single', @int3], [125, '', @int3[0, 1]]) {
    my ($expected, $mode, @lines) = @$case;
    my $says = join '', map { "echo '[    1.0] $_' >\$console\n" } @lines;
    ($status, $out, $err) = with_guest($says, grep { $_ ne '' } $mode);
    is($status, $expected, 'an unexpected breakpoint' . ($mode ? " with $mode" : ''));
    my $said = $expected == 126 ? 'QEMU has executed an int3 that is no longer there'
        : $mode eq '' ? 'QEMU, with CPUs in parallel, can execute an int3' : 'reported a fault:';
    like($err, qr/$said/, "... $said");
}

# --- being stopped ---------------------------------------------------------

for my $signal (2, 15) {
    ($status, $out, $err) = with_guest("kill -$signal \$PPID\nexec sleep 60\n");
    is($status, "signal $signal", "signal $signal ends it");
    ok(!kill(0, slurp("$dir/bin/qemu-system-x86_64.pid")), 'and QEMU');
}

done_testing();
