#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# For a stock kernel ksplice-create makes small updates fast, of vmlinux, of
# modules, and from headers, and leaves the cached source as it was.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Update qw(read_update);
use Test::Ksplice;
use Test::Ksplice::Tree;
use Test::More;

kernel_release();
my $source = kernel_source();
my $show = "seq_puts(m, saved_command_line);";
my $patch = kernel_patch('fs/proc/cmdline.c' => sub { s/(\Q$show\E)/seq_puts(m, "new ");\n\t$1/ });
my $before = source_of('fs/proc/cmdline.c');
my $dir = scratch_dir();

sub source_of {
    my $lock = locked_source();
    return slurp("$source/$_[0]");
}

my ($status, $out, $err) = create_update("--patch=$patch", '--id=t300', '-o', "$dir/u.tar.gz",
    "--timings=$dir/times");
is_deeply([$status, $err], [0, ''], 'an update of one function');
like($out, qr/^vmlinux: replace fs\/proc\/cmdline\.o cmdline_proc_show \(\d+ -> \d+ bytes\)$/m,
    '... lists what it replaces');
# The core is nearly all of it.
cmp_ok(-s "$dir/u.tar.gz", '<', 120_000, '... is smaller than 120 KB');
is(read_update("$dir/u.tar.gz")->{release}, kernel_release(), '... and is for this kernel');
my %cpu = map { my ($step, undef, $cpu) = split; ($step => $cpu) }
    split /\n/, slurp("$dir/times");
my $total = 0;
$total += $_ for values %cpu;
cmp_ok($total, '<', 20, 'with the source in the cache, 20 seconds of processor time are enough');

is(source_of('fs/proc/cmdline.c'), $before, 'the source is as it was');
my $time = (stat "$source/fs/proc/cmdline.o")[9];
($status) = create_update("--patch=$patch", '--dry-run');
is((stat "$source/fs/proc/cmdline.o")[9], $time, 'the original object is not built twice');

$patch = kernel_patch('drivers/net/dummy.c' => sub {
    s/(static netdev_tx_t dummy_xmit.*\n\{\n)/$1\tpr_debug("xmit\\n");\n/ or die;
});
($status, $out, $err) = create_update("--patch=$patch", '--dry-run');
is_deeply([$status, $err], [0, ''], 'a module');
like($out, qr/^dummy: replace drivers\/net\/dummy\.o dummy_xmit /m, '... is the target');

$patch = kernel_patch('virt/kvm/irqchip.c' => sub {
    s/(int kvm_set_irq\(.*?\n\{\n)/$1\tWARN_ON(!kvm);\n/s or die;
});
($status, $out, $err) = create_update("--patch=$patch", '--dry-run');
is_deeply([$status, $err], [0, ''], 'a source that is built from another directory');
like($out, qr/^kvm: replace virt\/kvm\/irqchip\.o kvm_set_irq /m, '... is found');

$patch = kernel_patch('fs/proc/fd.h' => sub {
    s/(proc_fd\(struct inode \*inode\)\n\{\n)/$1\tWARN_ON(!inode);\n/ or die;
});
($status, $out, $err) = create_update("--patch=$patch", '--dry-run');
is_deeply([$status, $err], [0, ''], 'a header');
like($out, qr/^\d objects may include fs\/proc\/fd\.h\n(?:.*\n)*vmlinux: replace fs\/proc\/fd\.o /m,
    '... changes what includes it');

$patch = kernel_patch('arch/x86/pci/common.c' => sub {
    s/(int pcibios_enable_device\(.*?\n\{\n\tint err;\n)/$1\n\tWARN_ON(mask < 0);\n/s or die;
});
{
    my $lock = locked_source();
    unlink "$source/arch/x86/pci/common.o";
}
($status, $out, $err) = create_update("--patch=$patch", '--dry-run', '-j2');
is_deeply([$status, $err], [0, ''], 'a directory that kbuild enters twice');
like($out, qr/^vmlinux: replace arch\/x86\/pci\/common\.o pcibios_enable_device /m,
    '... compiles there once at a time');

done_testing();
