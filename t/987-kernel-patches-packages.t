#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The packages of a kernel with the series in kernel-patches/ hold one that boots
# and has its features, the Debian ones and the RPM one the same kernel.  Tried
# on the small kernel for tests; that of the release differs in its configuration.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(basename dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;
use lib root_dir() . '/dev/lib', root_dir() . '/lib';
use Ksplice::Cache qw(cache_dir);
use KernelPatches qw(base_release lock_trees patch_tree read_lsmod configure_kernel place);

my $dir = scratch_dir();
my (undef, $base) = base_release();
my ($number) = $base =~ /^([\d.]+)/;
my $release = "$number-tkernel";
my $environment = { KSPLICE_CACHE => cache_dir() };

# Runs it and returns what it prints; a failure is a failed test.
sub must_run ($title, @command) {
    my ($status, $out, $err) = run_cmd({ env => $environment }, @command);
    is($status, 0, $title) or diag($out, $err);
    return $out;
}

sub tool (@arguments) { return ('dev/kernel-patches', '--kernel=boot', @arguments) }

# --- refusals --------------------------------------------------------------

my ($status, $out, $err) = run_cmd('dev/kernel-patches', '--kernel=other', 'deb-kernel', $dir);
is($status, 2, 'a kernel that there is not is a usage error');
like($err, qr/--kernel: 'other' is neither release nor boot/, 'and is named');
($status, $out, $err) = run_cmd(tool('--revision=0', 'deb-kernel', $dir));
is($status, 2, 'so is a revision that is no number');
($status, $out, $err) = run_cmd(tool('objects'));
is($status, 2, 'and an option of packages for something else');
($status, $out, $err) = run_cmd(tool('--lsmod=x', 'deb-kernel', $dir));
is($status, 2, 'and a list of modules for the small kernel');
for my $case (["Module Size Used by\n", 'names no module'],
    ["ext4 1024 0\n<html>\n", q{is not what lsmod prints: '<html>'}]) {
    my ($text, $words) = @$case;
    ($status, $out, $err) = run_cmd({ env => $environment }, 'dev/kernel-patches',
        '--lsmod=' . spew("$dir/lsmod", $text), 'deb-kernel', $dir);
    is($status, 1, "a list of modules that $words is refused");
    like($err, qr/lsmod' \Q$words/, 'and named');
}

# --- some of the modules ---------------------------------------------------

{
    open my $stdout, '>&', \*STDOUT or die $!;
    open STDOUT, '>', "$dir/said" or die $!;
    my $lock = lock_trees();
    patch_tree();
    configure_kernel('release-lsmod', read_lsmod(spew("$dir/lsmod", <<~'END')));
        Module                  Size  Used by
        loop                   32768  0
        ext4                  983040  1
        mbcache                16384  1 ext4
        END
    open STDOUT, '>&', $stdout or die $!;
    like(slurp("$dir/said"), qr/^\d+ options of .* are off, because they are of modules /m,
        'what a kernel with some modules lacks is counted');
    my %is = slurp(place('release-lsmod') . '/.config') =~ /^(CONFIG_\w+)=(.*)$/mg;
    is($is{CONFIG_EXT4_FS}, 'm', 'it has the modules that are named,');
    is($is{CONFIG_BTRFS_FS}, undef, 'no others,');
    is($is{CONFIG_SMP}, 'y', 'what the release has built in,');
    is($is{CONFIG_LOCALVERSION}, '"-tkernel-amd64"', 'and its own name');
}

# A PATH with all that the kind needs but one program.
my $path = "$dir/path";
mkdir $path;
symlink "/usr/bin/$_", "$path/$_" for qw(perl env rsync);
($status, $out, $err) = run_cmd({ env => { %$environment, PATH => $path } },
    tool('rpm-kernel', "$dir/none"));
is($status, 1, 'without rpmbuild there are no RPM packages');
like($err, qr/packages of kind 'rpm' need 'rpmbuild': install the package 'rpm'/,
    'and the message names it and its package');
ok(!-e "$dir/none", 'and leaves no file');

# --- Debian's --------------------------------------------------------------

my %deb = map { basename($_) =~ /^(linux-(?:image|headers))-/ ? ($1 => $_) : ($_ => 1) }
    split /\n/, must_run('Debian packages are made',
        tool('--revision=3', 'deb-kernel', "$dir/deb"));
is_deeply([sort keys %deb], ['linux-headers', 'linux-image'], 'of the image and the headers');
is(must_run('the image has a version', 'dpkg-deb', '-f', $deb{'linux-image'}, 'Version'),
    "$base+tkernel3\n", 'that of the release and the revision');
must_run('the image unpacks', 'dpkg-deb', '-x', $deb{'linux-image'}, "$dir/image");
ok(-s "$dir/image/boot/vmlinuz-$release", 'it has the kernel,');
ok(-s "$dir/image/lib/modules/$release/modules.builtin", 'its modules');
like(slurp("$dir/image/boot/config-$release"), qr/^CONFIG_LOCALVERSION="-tkernel"$/m,
    'and its configuration');
like(must_run('the headers can be listed', 'dpkg-deb', '-c', $deb{'linux-headers'}),
    qr{/usr/src/linux-headers-\Q$release\E/Module\.symvers$}m,
    'modules can be built against the headers');

my $seen = must_run('the kernel of the package boots', 'dev/vm',
    "--kernel=$dir/image/boot/vmlinuz-$release", '--',
    'sh', '-c', 'uname -r; ls -1 /proc/tkernel; cat /proc/sys/vm/pagecache_limit_ratio');
is($seen =~ /\A(.*)\n/ ? $1 : '', $release, 'and is that kernel');
like($seen, qr/^release_suffix$/m, 'with the files of the series');
like($seen, qr/^0$/m, 'and its settings');

# --- RPM -------------------------------------------------------------------

my @rpm = split /\n/, must_run('RPM packages are made', tool('rpm-kernel', "$dir/rpm"));
is(scalar @rpm, 1, 'one, with kernel and modules');
like(must_run('it can be read', 'rpm', '-qpl', $rpm[0]), qr{^/boot/vmlinuz-\Q$release\E$}m,
    'it has the kernel');
mkdir "$dir/rpm/root";
must_run('it unpacks', 'sh', '-c', 'cd "$1" && rpm2cpio "$2" | cpio -idm --quiet', 'sh',
    "$dir/rpm/root", $rpm[0]);
like(slurp("$dir/rpm/root/boot/System.map-$release"), qr/ tkernel_/, 'with the series in it');

done_testing();
