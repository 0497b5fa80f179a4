#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# The kernel that an update is for must be described, and must be the one that
# is built.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my ($toy, $patch);

sub fresh {
    $toy = toy_kernel();
    $patch = toy_patch($toy, 'kernel/one.c' => sub { s/\+ 5/+ 6/ });
}

sub refused {
    my ($what, $message) = @_;
    my ($status, $out, $err) = toy_create($toy, "--patch=$patch");
    is($status, 1, "$what is refused");
    like($err, $message, '... with the reason');
}

for my $part ('System.map', '.config', 'build') {
    fresh();
    unlink "$toy->{config}/$part";
    refused("a configuration without $part",
        qr/'.*toy\/ksplice' has no '\Q$part\E': see --config$/m);
}
fresh();
unlink "$toy->{scratch}/toy-build/Module.symvers";
refused('a build directory without Module.symvers',
    qr/toy-build' has no 'Module\.symvers': the kernel must/);
fresh();
unlink "$toy->{scratch}/toy-build/include/generated/utsrelease.h";
refused('a build directory of no kernel', qr/cannot determine which kernel '.*toy-build' is for/);

fresh();
spew("$toy->{config}/System.map", "ffffffffffffffff B the real one is in the debug package\n");
my ($status, $out) = toy_create($toy, "--patch=$patch", '--dry-run');
is($status, 0, 'a stub of a System.map will do');
like($out, qr/^System\.map of 1\.2\.3-toy is only a stub and not used\n/,
    '... and is reported as one');

fresh();
rename $toy->{config}, "$toy->{scratch}/elsewhere";
refused('a tree without a configuration',
    qr/no configuration directory '.*toy\/ksplice'.*see --config$/m);
($status, $out) = toy_create($toy, "--patch=$patch", '--dry-run',
    "--config=$toy->{scratch}/elsewhere");
is($status, 0, 'the configuration may be elsewhere');

fresh();
edit("$toy->{config}/.config", sub { s/TEXT=".*"/TEXT="gcc-3 (Old 3.3) 3.3"/ });
refused('another compiler',
    qr/built by 'gcc-3 \(Old 3\.3\) 3\.3', but 'gcc.*' is installed: install .* package 'gcc-3'$/m);
fresh();
edit("$toy->{config}/.config", sub { s/CONFIG_CC.*\n// });
refused('an unknown compiler', qr/has no CONFIG_CC_VERSION_TEXT$/m);

fresh();
edit("$toy->{config}/.config", sub { $_ .= "CONFIG_DEBUG_INFO_BTF=y\nCONFIG_X=y\n" });
spew("$toy->{tree}/drop-options", '/_BTF/d;/CONFIG_X=/d');
refused('an option that this machine cannot have',
    qr/configured: CONFIG_DEBUG_INFO_BTF \(n, was y\), CONFIG_X \(n, was y\); install pahole/);
ok(!-e "$toy->{tree}/.config", '... and the tree is not configured');

fresh();
edit("$toy->{config}/.config",
    sub { $_ .= qq(CONFIG_BUILD_SALT="x"\nCONFIG_MODULE_SIG_KEY="k"\n) });
spew("$toy->{tree}/drop-options", '/_SALT/d;/_SIG_/d');
($status) = toy_create($toy, "--patch=$patch", '--dry-run');
is($status, 0, 'the names of builder and keys do not matter');

fresh();
my $own = spew("$toy->{tree}/.config", slurp("$toy->{config}/.config") . "CONFIG_OFF=y\n");
refused('a tree that is configured otherwise',
    qr/toy\/\.config' differs from '.*': CONFIG_OFF \(y, was n\); remove it/);
like(slurp($own), qr/CONFIG_OFF=y/, '... and its configuration is left alone');

fresh();
spew("$toy->{config}/flags", "# for the assembler\nKAFLAGS=-Wa,-march=any\n");
($status, $out, my $err) = toy_create($toy, "--patch=$patch", '--dry-run', '-v');
like($err, qr/^\+ make .* KAFLAGS=-Wa,-march=any /m, 'flags are given to make');

fresh();
rename "$toy->{tree}/scripts", "$toy->{tree}/no-scripts";
refused('something that is no kernel', qr/toy' is not a kernel source tree$/m);

done_testing();
