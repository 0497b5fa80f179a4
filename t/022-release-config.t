#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A release's configuration directory is made from its headers package, and what
# the build gets the flags of the distribution with it.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;
use lib root_dir() . '/lib';
use Ksplice qw(failure_text);
use Ksplice::Config qw(config_differences machine release_config_dir);

my $release = '6.1.0-9-none';
my $headers;

# The headers package in an empty cache, with this package.h
sub config ($package_h) {
    $ENV{KSPLICE_CACHE} = scratch_dir();
    $headers = "$ENV{KSPLICE_CACHE}/packages/linux-headers-${release}_6.1.90-2"
        . "/usr/src/linux-headers-$release";
    spew("$headers/.config", "CONFIG_X86_64=y\n");
    spew("$headers/Module.symvers", '');
    spew("$headers/include/generated/utsrelease.h", "#define UTS_RELEASE \"$release\"\n");
    spew("$headers/include/generated/compile.h", "#define UTS_VERSION \"#1 SMP\"\n");
    spew("$headers/include/generated/package.h", $package_h) if defined $package_h;
    return release_config_dir($release);
}

my $config = config("#define LINUX_PACKAGE_ID \" Debian 6.1.90-2\"\n");
is("$config->{release} $config->{version}", "$release #1 SMP", 'the release and its version');
is(slurp("$config->{dir}/.config"), "CONFIG_X86_64=y\n", 'its configuration');
is(readlink "$config->{dir}/build", $headers, 'what modules are built against');
is_deeply($config->{flags}, ['DISTRIBUTION_OFFICIAL_BUILD=1', 'DISTRIBUTOR=Debian',
    'DISTRIBUTION_VERSION=6.1.90-2'], 'the package, which the kernel has in a string');

# The common part of the headers has the Makefile of the source.
sub names ($line) {
    config(undef);
    my $common = $headers =~ s/-none\z/-common/r;
    spew("$headers/Makefile", "KBUILD_OUTPUT=/x\ninclude $common/Makefile\n");
    spew("$common/Makefile", $line);
    return release_config_dir($release)->{flags};
}
is_deeply(names("ifdef building_out_of_srctree\nX += -fmacro-prefix-map=\$(srcroot)/=\nendif\n"),
    ['KCPPFLAGS=-fmacro-prefix-map=./='], 'names of headers, as a build in another directory has');
is_deeply(names("X += \$(call cc-option,-fmacro-prefix-map=\$(srctree)/=)\n"), [],
    '... which others have in any directory');
is_deeply(config("#define LINUX_PACKAGE_ID \"\"\n")->{flags}, [], 'an unofficial build');
is_deeply(config(undef)->{flags}, [], 'another distribution');

is(machine($config), 'x86_64', 'the architecture, as uname has it');
my $other = scratch_dir() . '/arm64.config';
spew($other, "CONFIG_ARM64=y\n");
ok(!eval { machine({ config => $other }); 1 }, '... and another one is refused');
is(failure_text($@), "'$other' is for an unsupported architecture: only x86_64 is supported",
    '... with its configuration');

# --- what differs ------------------------------------------------------------

my $dir = scratch_dir();
spew("$dir/was", "CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=\"x\"\nCONFIG_CC_VERSION_TEXT=\"one\"\n"
    . "CONFIG_OPENSSL_SUPPORTS_ML_DSA=y\n");
spew("$dir/is", "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=\"y\"\nCONFIG_D=y\n"
    . "CONFIG_CC_VERSION_TEXT=\"two\"\n");
my @warnings;
local $SIG{__WARN__} = sub { push @warnings, @_ };
my @differs = config_differences("$dir/was", "$dir/is");
is_deeply([map { $_->{text} } @differs], ['CONFIG_B (n, was m)', 'CONFIG_C ("y", was "x")',
    'CONFIG_D (y, was n)'], 'options that differ are listed, but for harmless ones');
is_deeply([map { [sort keys %$_] } @differs], [(['advice', 'name', 'text']) x 3],
    '... each with all that is known about it');
is_deeply(\@warnings, [], '... without a word of Perl');

done_testing;
