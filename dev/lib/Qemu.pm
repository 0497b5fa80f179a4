# SPDX-License-Identifier: GPL-2.0-only
#
# Qemu.pm - the QEMU that runs the guests
#
# A guest's processors run at the same time only if each has a thread of QEMU.
# Before version 10 that is not safe: such a QEMU may go on running translated
# code that another processor has just overwritten.  When that code is the int3
# of a jump label, the kernel retries it for ever with interrupts off: also a
# stock kernel hangs when a trace event is switched on and off under load.
#
# So an older QEMU of the machine is not used for that.  The one of the
# distribution's backports takes its place, unpacked in the cache as kernels are
# (lib/Ksplice/Archive.pm).  Neither the machine's packages nor its apt change.  The
# libraries are the machine's, as its own QEMU needs nearly the same.

package Qemu;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter         qw(import);
use Ksplice          qw(fail failure_text run capture temp_dir);
use Ksplice::Archive qw(unpack_packages would_install this_debian use_suites);
use Ksplice::Cache   qw(cached);
use Ksplice::Distro  qw(cached_version);

our @EXPORT_OK = qw(parallel_qemu);

my $package = 'qemu-system-x86';
my $name = 'qemu-system-x86_64';
my $oldest = 10;

# What to run for a guest whose processors run in parallel, as a list; own is the
# machine's QEMU.
sub parallel_qemu ($own) {
    my $version = version_of($own);
    return $own if major($version) >= $oldest;
    my $cached = cached_version($package);
    $cached = undef if major($cached // 0) < $oldest;
    my $dir = eval { defined $cached ? unpacked($cached) : newer_qemu() };
    fail("'$own' is version $version, and only $oldest and newer run processors in parallel: "
        . failure_text($@) . '; with --single any version will do') if !defined $dir;
    my @command = ("$dir/usr/bin/$name",
        map { ('-L', $_) } grep { -d } map { "$dir/usr/share/$_" } qw(qemu seabios));
    my ($libraries) = glob quotemeta("$dir/usr/lib/") . '*-linux-gnu';
    unshift @command, 'env', "LD_LIBRARY_PATH=$libraries" if defined $libraries;
    return @command;
}

# Major and minor, such as 10.0.
sub version_of (@command) {
    my ($version) = capture(@command, '--version') =~ /\bversion (\d+\.\d+)/;
    return $version // fail("'$command[-1] --version' prints no version");
}

sub major ($version) { return $version =~ s/\..*//sr }

# The directory that it is in, got if need be.
sub newer_qemu () {
    my $suite = backports();
    local $ENV{APT_CONFIG} = use_suites(temp_dir(), {}, $suite);
    run('apt-get', '-qq', 'update');
    my %version = would_install($package);
    my $version = ($version{$package} // '0') =~ s/\A\d+://r;
    fail("$suite has no newer one") if major($version) < $oldest;
    return unpacked($version, %version);
}

# VERSION is without an epoch: a colon would end the path in a list of paths.
sub unpacked ($version, %packages) {
    return cached("${package}_$version", "getting $package $version", sub ($dir) {
        unpack_packages($dir, map { [$_, $packages{$_}] } sort keys %packages);
        version_of("$dir/usr/bin/$name");
    });
}

# The suite of this machine's distribution.
sub backports () {
    my $codename = this_debian();
    fail('there are backports of Debian only') if $codename eq '';
    return "$codename-backports";
}

1;
