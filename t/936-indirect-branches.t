#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Neither the core nor an update makes an indirect branch that indirect branch
# tracking would stop: a plugin of the emulation tracks those of the whole kernel.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Cache qw(cache_dir);
use Test::Ksplice;
use Test::Ksplice::Guest;
use Test::More;

my $release = guest_release();
my %update = (function => make_update('function', 'vmlinux-function'));
plan skip_all => "the kernel '$release' is not built for indirect branch tracking"
    if slurp(cache_dir() . "/$release/config/.config") !~ /^CONFIG_X86_KERNEL_IBT=y$/m;
$update{exported} = make_update('exported', 'pointer-exported');
$update{pointer} = make_update('pointer', 'pointer');

my $dir = scratch_dir();
my ($status, $out, $err) = run_cmd($ENV{CC} // 'gcc', qw(-O2 -Wall -Wextra -shared -fPIC -o),
    "$dir/plugin.so", root_dir() . '/t/fixtures/indirect-branches.c');
die "cannot compile the plugin:\n$out$err" if "$status$out$err" ne '0';

# Retpolines hide where a branch leads: they return there.
sub tracked ($name, $script) {
    spew("$dir/guest/$_.tar.gz", slurp($update{$_})) for keys %update;
    spew("$dir/guest/script", $script);
    ($status, $out, $err) = run_cmd('dev/vm', "--release=$release", '--single',
        "--plugin=file=$dir/plugin.so,out=$dir/$name", '--append=mitigations=off',
        "--dir=$dir/guest", '--', 'sh', '/guest/script');
    return [map { [split] } split /\n/, slurp("$dir/$name")];
}

my $branches = tracked('good', <<'END');
set -e
ksplice-apply /guest/function.tar.gz
cat /proc/version
ksplice-apply --replace=function /guest/exported.tar.gz
cat /proc/version
ksplice-undo exported
END
is($status, 0, 'updates are applied, replaced and undone') or diag $err;
like($out, qr/^patched: version\n.*^converted: 1000\n/ms, '... and their code runs');
is_deeply($branches, [], '... and each indirect branch leads to endbr64');

# What the core refuses on a CPU that tracks is what the plugin sees.
$branches = tracked('bad', <<'END');
set -e
ksplice-apply /guest/pointer.tar.gz
cat /proc/version
grep ' nr_running$' /proc/kallsyms
END
is($status, 0, 'new code calls a sealed function by a pointer') or diag $err;
my ($sealed) = $out =~ /^([0-9a-f]+) T nr_running$/m;
my %leads_to = map { $_->[1] => 1 } @$branches;
is_deeply([keys %leads_to], [$sealed], '... which is the only wrong branch');

done_testing;
