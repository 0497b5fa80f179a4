# SPDX-License-Identifier: GPL-2.0-only
#
# KernelPackages.pm - packages of a kernel that has the series, to boot it
#
# The kernel's own packaging makes them, bindeb-pkg and binrpm-pkg, both of the
# same objects: what one has compiled the other packs.  A build that was stopped
# continues.  The packages of the C library's headers are left out:
# they would replace those of the distribution.

package KernelPackages;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Cwd            qw(abs_path);
use Exporter       qw(import);
use File::Basename qw(basename);
use File::Copy     qw(move);
use File::Path     qw(make_path remove_tree);
use Ksplice        qw(fail note capture progress read_file);
use KernelPatches  qw(base_release place lock_trees patch_tree configure_kernel make_kernel);

our @EXPORT_OK = qw(build_packages);

# What makes packages of a kind: make's target, the program that it needs and the
# package with it, where the packages appear, and what to tell make.
my %kinds = (
    deb => {
        target  => 'bindeb-pkg',
        needs   => { 'dpkg-buildpackage' => 'dpkg-dev', rsync => 'rsync' },
        place   => sub ($build) { place('.') },
        pattern => 'linux-*.deb',
        left    => 'linux-upstream_*',
        options => sub ($version) {
            return ("KDEB_PKGVERSION=$version", 'KDEB_COMPRESS=zstd', 'DPKG_FLAGS=-d',
                'KDEB_CHANGELOG_DIST=unstable', 'KBUILD_BUILD_HOST=localhost',
                'KBUILD_PKG_ROOTCMD=env');    # no part of it needs root
        },
    },
    rpm => {
        target  => 'binrpm-pkg',
        needs   => { rpmbuild => 'rpm', rsync => 'rsync' },
        place   => sub ($build) { place("$build-rpm/RPMS/x86_64") },
        pattern => 'kernel-*.rpm',
        options => sub ($version) { return 'INSTALL_MOD_STRIP=1' },
    },
);

# build_packages(KIND, BUILD, REVISION, DIR[, MODULE...]): of kind deb or rpm, of the
# kernel boot, release, or release-lsmod with those modules, into the directory; the names
# of the files there.
sub build_packages ($name, $build, $revision, $dir, @modules) {
    my $kind = $kinds{$name} // fail("there are no packages of kind '$name'");
    check_programs($name, %{ $kind->{needs} });
    make_path($dir);
    my $to = abs_path($dir);
    my (undef, $base) = base_release();
    my $lock = lock_trees();
    patch_tree();
    configure_kernel($build, @modules);
    my $from = $kind->{place}->($build);
    unlink glob "$from/$kind->{pattern}";
    my @options = $kind->{options}->("$base+tkernel$revision");
    push @options, "RPMOPTS=--define \"_topdir " . place("$build-rpm") . '"' if $name eq 'rpm';
    progress("building the $build kernel of kernel-patches and its $name packages", sub {
        make_kernel($build, $kind->{target}, @options);
    });
    my @made = grep { !/^(?:linux-libc-dev_|kernel-headers-)/ } map { basename($_) }
        glob "$from/$kind->{pattern}";
    fail("'$kind->{target}' has made no package in '$from'") if !@made;
    for my $file (@made) {
        move("$from/$file", "$to/$file") or fail("cannot write '$to/$file': $!");
    }
    unlink glob "$from/$kind->{pattern}";
    unlink glob "$from/$kind->{left}" if $kind->{left};
    return map { "$to/$_" } sort @made;
}

sub check_programs ($name, %needs) {
    for my $program (sort keys %needs) {
        next if grep { -x "$_/$program" } split /:/, $ENV{PATH};
        fail("packages of kind '$name' need '$program': install the package '$needs{$program}'");
    }
    return;
}

1;
