# SPDX-License-Identifier: GPL-2.0-only
#
# Toolchain.pm - the compiler of another Debian release, in the cache
#
# A kernel must be compiled by the compiler that built it, and objects go through the
# assembler, the linker and pahole of that Debian release too.  A kernel with code in Rust
# is configured by rustc and bindgen, so they are there for it.  Their packages are
# unpacked in the cache with all libraries that they need.  Each program is replaced by a
# script that runs it by the loader and with the libraries beside it, so the machine's own
# C library does not matter, nor is anything to be mounted or installed.
#
#   CACHE/packages/toolchain-CODENAME_HASH/usr/...    the files of the packages
#   CACHE/packages/toolchain-CODENAME_HASH/bin/...    links to the programs for PATH
#
# HASH is that of the packages and their versions.  The other programs of the build, such
# as make, perl and the compiler of its own programs, are the machine's: no code of the
# kernel depends on them.

package Ksplice::Toolchain;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Digest::SHA      qw(sha256_hex);
use Exporter         qw(import);
use File::Basename   qw(basename);
use File::Find       qw(find);
use Ksplice          qw(fail quote_command write_file);
use Ksplice::Archive qw(served_versions unpack_packages would_install with_debian);
use Ksplice::Cache   qw(cached);

our @EXPORT_OK = qw(get_toolchain wrap_programs);

# get_toolchain(CODENAME, GCC, [[PACKAGE, VERSION]...], PACKAGE...): the directory of a toolchain
# of that Debian release, with a compiler such as gcc-14, with packages of upstream versions such
# as 1.85.1, and with the libraries that the other packages need.
sub get_toolchain ($codename, $gcc, $upstream, @others) {
    my @programs = ($gcc, qw(binutils pahole), map { $_->[0] } @$upstream);
    return with_debian($codename, sub {
        my %version = would_install($gcc, qw(binutils pahole),
            of_upstream($codename, @$upstream), @others);
        delete @version{ grep { /\Alinux-/ } keys %version };
        my $hash = substr sha256_hex(join ' ', map { "$_=$version{$_}" } sort keys %version), 0, 16;
        return cached("toolchain-${codename}_$hash", "getting $gcc of Debian's '$codename'",
            sub ($dir) {
                my @wanted = grep { is_of($_, @programs) } sort keys %version;
                unpack_packages($dir, map { [$_, delete $version{$_}] } @wanted);
                link_programs($dir);
                unpack_packages($dir, map { [$_, $version{$_}] } sort keys %version);
                wrap_programs($dir, $dir);
            });
    });
}

# PACKAGE=VERSION of each, where apt has several.
sub of_upstream ($codename, @upstream) {
    return if !@upstream;
    my $served = served_versions(map { $_->[0] } @upstream);
    return map {
        my ($package, $wanted) = @$_;
        my @versions = @{ $served->{$package} // [] };
        my ($version) = grep { /\A(?:\d+:)?\Q$wanted\E(?![\d.])/ } @versions;
        $package . '=' . ($version // fail("the kernel was built with '$package' $wanted, which "
            . "Debian's '$codename' does not have" . (@versions ? ': it has ' : '')
            . join(' and ', @versions)));
    } @upstream;
}

# Debian has the programs of gcc-14 and binutils in packages with the architecture in their
# names.
sub is_of ($package, @packages) {
    return scalar grep { $package =~ /\A\Q$_\E(?:-|\z)/ } @packages;
}

sub link_programs ($dir) {
    mkdir "$dir/bin" or fail("cannot make '$dir/bin': $!");
    for my $name (map { basename($_) } glob "'$dir'/usr/bin/*") {
        symlink "../usr/bin/$name", "$dir/bin/$name" or fail("cannot link '$dir/bin/$name': $!");
    }
    return;
}

# Each program in the directory is run by the loader of the toolchain from now on.  Both may be
# such that cached() still fills: their final names are what the programs are found by.
sub wrap_programs ($dir, $toolchain) {
    my ($root, $to) = map { s/\.new\z//r } $toolchain, $dir;
    my ($loader) = map { substr $_, length $toolchain }
        glob "'$toolchain'/{usr/,}lib/*-linux-gnu/ld-linux-*.so.?";
    fail("'$toolchain' has no loader of programs") if !defined $loader;
    my $libraries = join ':', map { $root . substr $_, length $toolchain }
        glob "'$toolchain'/{usr/,}lib/*-linux-gnu";
    my @run = ($root . $loader, '--inhibit-cache', '--library-path', $libraries, '--argv0');
    # bindgen looks for a library itself, and would find the machine's.
    my ($clang) =
        map { $root . substr $_, length $toolchain } glob "'$toolchain'/usr/lib/llvm-*/lib";
    unshift @run, 'env', "LIBCLANG_PATH=$clang" if defined $clang;
    my @programs;
    find({ no_chdir => 1, wanted => sub { push @programs, $_ if is_program($_) } }, $dir);
    for my $program (@programs) {
        rename $program, "$program.elf" or fail("cannot rename '$program': $!");
        write_file($program, "#!/bin/sh\nexec " . quote_command(@run) . ' "$0" '
            . quote_command($to . substr "$program.elf", length $dir) . " \"\$@\"\n");
        chmod 0755, $program or fail("cannot make '$program' executable: $!");
    }
    return;
}

# Whether the file is for a loader; so is the C library, which is no program.
sub is_program ($file) {
    return if -l $file || !-f _ || !-x _ || $file =~ /\.(?:so(?:\.[\d.]+)?|elf)\z/;
    open my $handle, '<:raw', $file or fail("cannot read '$file': $!");
    my $read = read $handle, my $head, 4096;
    return $read && $head =~ m{\A\x7fELF.*?/ld-linux-[\w-]+\.so\.\d\0}s;
}

1;
