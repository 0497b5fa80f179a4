# SPDX-License-Identifier: GPL-2.0-only
#
# Config.pm - the kernel that an update is built for: its configuration directory,
# its compiler
#
# A configuration directory holds System.map, .config, build (a link to what
# modules are built against) and, if wanted, flags (one argument for make a
# line).  The .config of the kernel is binding: kbuild may only change the names of
# builder and keys.  Any other change would yield code that differs from the
# running kernel, and is refused by the name of the option.

package Ksplice::Config;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Cwd             qw(abs_path);
use Exporter        qw(import);
use File::Basename  qw(dirname);
use File::Path      qw(make_path);
use Ksplice         qw(fail note capture read_file write_file);
use Ksplice::Cache  qw(cache_dir);
use Ksplice::Distro qw(release_headers release_toolchain image_part);

our @EXPORT_OK = qw(
    read_config_dir release_config_dir note_stub_map find_compiler
    config_differences machine check_path
);

# What may differ: names of the builder and of keys, and what the machine's openssl can sign by.
my $harmless = qr/^(?:CC_VERSION_TEXT|BUILD_SALT|MODULE_SIG_\w+|SYSTEM_TRUSTED_KEYS
    |OPENSSL_SUPPORTS_\w+)$/x;

# What Kconfig finds out about a Rust compiler, which without CONFIG_RUST compiles nothing.
my $about_rust = qr/^(?:RUSTC_\w+|RUST_IS_AVAILABLE|BINDGEN_\w+)$/;

# The cause of a lost option, and the cure.
my @advice = (
    [qr/^(?:PAHOLE_|DEBUG_INFO_BTF|BPF_PRELOAD)/,
        "install pahole (package 'dwarves')"],
    [qr/^(?:RUST|HAS_RUST)/, 'install rustc, rust-src and bindgen'],
    [qr/^(?:GCC_|CLANG_|CC_|TOOLCHAIN_)/, 'use the compiler that built the kernel'],
    [qr/^(?:AS_|LD_|BINUTILS_)/,  'use the binutils that built the kernel'],
);

# -> {dir, config, build, release, version, arch, system_map, flags}
sub read_config_dir ($dir) {
    -d $dir or fail("no configuration directory '$dir': "
        . 'it holds System.map, .config and build; see --config');
    for my $part ('System.map', '.config', 'build') {
        -e "$dir/$part" or fail("'$dir' has no '$part': see --config");
    }
    my $build = abs_path("$dir/build") . '';
    check_path("'$dir/build'", $build, 'move it');
    my @flags = -e "$dir/flags"
        ? grep { /\S/ && !/^\s*#/ } split(/\n/, read_file("$dir/flags")) : ();
    s/^\s+|\s+$//g for @flags;
    return {
        dir        => abs_path($dir),
        config     => abs_path("$dir/.config"),
        system_map => abs_path("$dir/System.map"),
        flags      => \@flags,
        read_build_dir($build),
    };
}

# Reads release and version from the directory that modules are built against.
sub read_build_dir ($build) {
    my $named = "$build/include/generated/utsrelease.h";
    my ($release) = -e $named ? read_file($named) =~ /#define UTS_RELEASE "(.*)"/ : ();
    defined $release or fail("cannot determine which kernel '$build' is for, from "
        . "'include/generated/utsrelease.h': it must be prepared for building modules");
    -e "$build/Module.symvers" or fail("'$build' has no 'Module.symvers': "
        . 'the kernel must have been built there, or its headers package installed');
    my ($version) = map { read_file($_) =~ /#define UTS_VERSION "(.*)"/ } grep { -e }
        "$build/include/generated/utsversion.h", "$build/include/generated/compile.h";
    return (build => $build, release => $release, version => $version // '');
}

# A configuration directory made from the packages of the release, in the cache; it
# also works with --config.  The image package is not downloaded only for its
# System.map, which is a stub.
sub release_config_dir ($release) {
    my $build = release_headers($release);
    my $dir = cache_dir() . "/$release/config";
    make_path($dir);
    write_file("$dir/.config", read_file("$build/.config"))
        if !-e "$dir/.config" || read_file("$dir/.config") ne read_file("$build/.config");
    if ((readlink "$dir/build" // '') ne $build) {
        unlink "$dir/build";
        symlink $build, "$dir/build" or fail("cannot link '$dir/build': $!");
    }
    my $map = image_part('', $release, 'system_map');
    write_file("$dir/System.map", defined $map ? read_file($map)
        : "ffffffffffffffff B linux-image-$release was not installed\n");
    return {
        dir        => $dir,
        config     => "$dir/.config",
        system_map => $map,
        flags      => [package_flags($build), name_flags($build)],
        toolchain  => scalar release_toolchain($release),
        read_build_dir($build),
    };
}

# Debian's kernels contain the name and version of the package, which are passed to the
# build: " Debian 6.1.192-2".
sub package_flags ($build) {
    my $file = "$build/include/generated/package.h";
    return if !-e $file;
    my ($distributor, $version) =
        read_file($file) =~ /^#define LINUX_PACKAGE_ID " ([^\s"]+) ([^\s"]+)"$/m or return;
    return ('DISTRIBUTION_OFFICIAL_BUILD=1', "DISTRIBUTOR=$distributor",
        "DISTRIBUTION_VERSION=$version");
}

# Debian builds its kernels in another directory than that of the source.  In later ones (7.3)
# only such a build has the names of headers without './', as __FILE__ gives them.
sub name_flags ($build) {
    return if !-e "$build/Makefile";
    my ($common) = read_file("$build/Makefile") =~ m{^include \S*/([^/\s]+)/Makefile$}m or return;
    my $makefile = dirname($build) . "/$common/Makefile";
    return if !-e $makefile || read_file($makefile)
        !~ /^ifdef building_out_of_srctree\n.*-fmacro-prefix-map=/m;
    return 'KCPPFLAGS=-fmacro-prefix-map=./=';
}

# Reports a System.map that is only a stub.
sub note_stub_map ($config) {
    my $map = $config->{system_map};
    return if !defined $map || -s $map > 4096;
    note("System.map of $config->{release} is only a stub and not used");
    return;
}

# NAME => value; an option that is not set has none.
sub read_options ($file) {
    return { read_file($file) =~ /^CONFIG_(\w+)=(.*)$/mg };
}

# The options that differ between two .config files, without harmless ones, each as
# "NAME (y, was m)".
sub config_differences ($was_file, $is_file) {
    my ($was, $is) = (read_options($was_file), read_options($is_file));
    my %all = (%$was, %$is);
    my $has_rust = grep { ($_->{RUST} // 'n') ne 'n' } $was, $is;
    my @names = grep { !/$harmless/ && ($has_rust || !/$about_rust/)
        && ($was->{$_} // 'n') ne ($is->{$_} // 'n') } sort keys %all;
    return map {
        my ($then, $now) = ($was->{$_} // 'n', $is->{$_} // 'n');
        { name => $_, text => "CONFIG_$_ ($now, was $then)", advice => scalar advice($_) }
    } @names;
}

sub advice ($name) {
    for my $line (@advice) {
        return $line->[1] if $name =~ $line->[0];
    }
    return;
}

# kbuild runs in this path: with a blank or a colon it fails late, and make or the
# shell would interpret other special characters.
sub check_path ($what, $path, $cure) {
    return if $path !~ m{([^\w./+,@~\x80-\xff-])};
    my $odd = $1;
    my $character = $odd eq ' ' ? 'a blank' : $odd =~ /[!-~]/ ? "'$odd'" : 'a control character';
    $path =~ s/[\0-\x1f\x7f]/?/g;
    fail("$what, '$path', has $character in its path, which kbuild cannot work with: $cure");
}

# As uname -m has it.
sub machine ($config) {
    my $options = read_options($config->{config});
    return 'x86_64' if $options->{X86_64};
    fail("'$config->{config}' is for an unsupported architecture: only x86_64 is supported");
}

# The compiler that the kernel was built with: its name.  The programs of a toolchain are found
# before those of the machine from now on, by this process and all that it runs.
sub find_compiler ($config) {
    $ENV{PATH} = "$config->{toolchain}/bin:$ENV{PATH}" if defined $config->{toolchain};
    my $options = read_options($config->{config});
    my ($wanted) = ($options->{CC_VERSION_TEXT} // '') =~ /^"(.*)"$/
        or fail("'$config->{config}' has no CONFIG_CC_VERSION_TEXT");
    my ($name, $version) = $wanted =~ /^(\S+)\s+(.*)$/;
    my $package = $name =~ s/^.*-linux-gnu-//r;
    my @found;
    for my $try ($name, $name =~ s/-[\d.]+$//r) {
        my ($line) = eval { capture({ ok => 'any' }, $try, '--version') };
        next if !defined $line;
        return $try if $line eq $wanted || $line =~ /^\S+\s+\Q$version\E$/;
        push @found, $line;
    }
    fail("the kernel was built by '$wanted', "
        . (@found ? "but '$found[0]' is installed" : "but '$name' is not installed")
        . ": install that version of package '$package'");
}

1;
