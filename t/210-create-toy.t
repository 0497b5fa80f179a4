#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# ksplice-create makes a tarball from a patch, and leaves the source unchanged.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Update qw(read_update);
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
my $before = tree_state($tree);
my $patch = toy_patch($toy, 'kernel/one.c' => sub { s/\+ 5/+ 6/ });
my ($status, $out, $err);

($status, $out, $err) = toy_create($toy, "--patch=$patch", '--id=abc1', '--description=a fix',
    '--timings=times');
is_deeply([$status, $out, $err], [0, "vmlinux: replace kernel/one.o\nksplice-abc1.tar.gz\n", ''],
    'an update is made');
is_deeply(tree_state($tree), $before, 'the source is as it was');
is(left_behind($toy), '', 'nothing is left behind');
my $update = eval { read_update("$toy->{scratch}/ksplice-abc1.tar.gz") } // {};
is_deeply([@$update{qw(kid release arch core description)}],
    ['abc1', '1.2.3-toy', 'x86_64', 'ksplice.ko', "a fix\n"], 'the tarball says what it is for');
is_deeply([map { $_->{target} } @{ $update->{changes} }], ['vmlinux'], '... and what it changes');
is(slurp("$update->{dir}/patch"), slurp($patch), '... and holds the patch');
is(slurp("$update->{dir}/utsname"), "1.2.3-toy\n#1 toy\n", '... and the name of the kernel');
like(slurp("$toy->{scratch}/times"), qr/^prepare [\d.]+ [\d.]+\n(?:.*\n)*pack [\d.]+ [\d.]+\n\z/,
    'the time of each step can be had');

($status, $out, $err) = toy_create($toy, "--patch=$patch", '-q', '-o', 'here.tar.gz');
is_deeply([$status, $out, $err], [0, "here.tar.gz\n", ''], 'quiet, it prints the name alone');
ok(read_update("$toy->{scratch}/here.tar.gz")->{kid} =~ /^[a-z0-9]{8}$/,
    '... and the id is made up');

($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run', '--explain');
is_deeply([$status, $out, $err],
    [0, "vmlinux: explained kernel/one.o\nvmlinux: replace kernel/one.o\n", ''],
    'a dry run prints what an update would be');
is(scalar(() = glob "$toy->{scratch}/*.tar.gz"), 2, '... and makes none');

$patch = toy_patch($toy, 'drivers/net/rx.c' => sub { s/- 1/- 2/ },
    'kernel/one.c' => sub { s/\+ 5/+ 6/ }, 'drivers/net/single.c' => sub { s/100/99/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '-o', 'three.tar.gz');
is_deeply([$status, $err], [0, ''], 'kernel and modules together');
is_deeply([map { $_->{target} } @{ read_update("$toy->{scratch}/three.tar.gz")->{changes} }],
    [qw(vmlinux single toy_net)], '... a change for each target');
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--only-targets=vm*,?oy_net',
    '--dry-run');
is_deeply([$status, $out, $err], [0, "vmlinux: replace kernel/one.o\n"
    . "toy_net: replace drivers/net/rx.o\n", "ksplice-create: warning: left out: 'single'\n"],
    '... but --only-targets chooses');
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--only-targets=toy', '--dry-run');
is_deeply([$status, $err], [1, "ksplice-create: --only-targets: none of the targets matches"
    . " 'toy': vmlinux single toy_net\n"], '... and must choose one');

$patch = toy_patch($toy, 'kernel/one.c' => sub { s/\+ 5/+ 6/ },
    'kernel/more/Makefile' => sub { $_ = "obj-y := new.o\n" },
    'kernel/more/new.c' => sub { $_ = "int new;\n" },
    'kernel/Makefile' => sub { $_ .= "# more\n\nobj-y += more/ three.o\n" },
    'kernel/three.c' => sub { $_ = "int three;\n" },
    'drivers/net/part.c' => sub { $_ = "int part;\n" },
    'drivers/net/Makefile' => sub { $_ .= "toy-net-y += part.o\n" });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0,
    join('', map { "vmlinux: replace kernel/$_.o\n" } qw(more/new one three))
    . "toy_net: replace drivers/net/part.o\n", ''],
    'objects are added, to the kernel and to a module');
is_deeply(tree_state($tree), $before, '... and the source is as it was');
is(left_behind($toy), '', '... and nothing is left behind');

$patch = toy_patch($toy, 'include/linux/toy.h' => sub { s/2 \* n/n + n + n/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "2 objects may include include/linux/toy.h\n"
    . "vmlinux: replace kernel/two.o\ntoy_net: replace drivers/net/tx.o\n", ''],
    'a header changes what includes it');
$patch = toy_patch($toy, 'kernel/two-part.c' => sub { s/3/4/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "1 object may include kernel/two-part.c\n"
    . "vmlinux: replace kernel/two.o\n", ''], '... and so does a source that is included');

$patch = toy_patch($toy, 'virt/remote.c' => sub { s/return 2/return 3/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "far: replace virt/remote.o\n", ''],
    'a source that is built from another directory is found');

$patch = toy_patch($toy, 'kernel/one.c' => sub { s/\n/\n#include "new.h"\n/; s/\+ 5/+ NEW/ },
    'kernel/new.h' => sub { $_ = "#define NEW 8\n" });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "vmlinux: replace kernel/one.o\n", ''],
    'a patch may add a header');
ok(!-e "$tree/kernel/new.h", '... which does not stay');

$patch = toy_patch($toy, 'Documentation/toy.rst' => sub { s/A toy/The toy/ },
    'kernel/one.c' => sub { s/\+ 5/+ 6/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "not code: Documentation/toy.rst\n"
    . "vmlinux: replace kernel/one.o\n", ''], 'documentation is ignored, aloud');

is_deeply(tree_state($tree), $before, 'the source is as it was after all that');
is(left_behind($toy), '', 'nothing is left behind after all that');

# As long as nothing has asked for the objects of those directories.
my $remote = toy_kernel();
edit("$remote->{tree}/virt/remote.c",
    sub { $_ = qq{#include "remote.h"\n} . s/return 2/return REMOTE/r });
spew("$remote->{tree}/virt/remote.h", "#define REMOTE 2\n");
edit("$remote->{tree}/kernel/Makefile", sub { $_ .= "obj-y += relo.o\n"
    . "\$(obj)/relo.o: \$(srctree)/tools/lib/relo.c\n\t\$(compile)\n" });
spew("$remote->{tree}/tools/lib/relo.c", "#include <linux/toy.h>\n#include \"relo.h\"\n"
    . "int relocate(int n)\n{\n\treturn toy_twice(n) + RELO;\n}\n");
spew("$remote->{tree}/tools/lib/relo.h", "#define RELO 7\n");
spew("$remote->{tree}/tools/lib/other.h", "#define OTHER 7\n");
my @one = ('kernel/one.c' => sub { s/\+ 5/+ 6/ });
for my $beside (0, 1) {
    $patch = toy_patch($remote, 'virt/remote.h' => sub { s/2/3/ }, $beside ? @one : ());
    ($status, $out, $err) = toy_create($remote, "--patch=$patch", '--dry-run');
    is_deeply([$status, $out, $err], [0, "1 object may include virt/remote.h\n"
        . "vmlinux: replace kernel/one.o\n" x $beside . "far: replace virt/remote.o\n", ''],
        'a header of a source that is built from another directory');
    unlink "$remote->{tree}/.KSPLICE_objects";
}
$patch = toy_patch($remote, 'tools/lib/relo.h' => sub { s/7/8/ },
    'tools/lib/other.h' => sub { s/7/8/ });
($status, $out, $err) = toy_create($remote, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "not code: tools/lib/other.h\n"
    . "1 object may include tools/lib/relo.h\nvmlinux: replace kernel/relo.o\n", ''],
    'a header of a source outside of the kernel that a rule compiles');
$patch = toy_patch($remote, 'include/linux/toy.h' => sub { s/2 \* n/n + n + n/ });
($status, $out, $err) = toy_create($remote, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "3 objects may include include/linux/toy.h\n"
    . "vmlinux: replace kernel/relo.o\nvmlinux: replace kernel/two.o\n"
    . "toy_net: replace drivers/net/tx.o\n", ''], '... and one of the kernel that it includes');

my $other = toy_kernel();
edit("$other->{tree}/kernel/two.c", sub { $_ .= "#define one_value two_value\n"
    . "#define one_line two_line\n#define one_where two_where\n#include \"one.c\"\n" });
$patch = toy_patch($other, 'kernel/one.c' => sub { s/\+ 5/+ 6/ });
($status, $out, $err) = toy_create($other, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "1 object may include kernel/one.c\n"
    . "vmlinux: replace kernel/one.o\nvmlinux: replace kernel/two.o\n", ''],
    'a source may be an object and part of another');

# What a rule makes of a header that the patch changes
my $ruled = toy_kernel();
edit("$ruled->{tree}/lib/Makefile", sub {
    $_ .= "\$(obj)/strange.o: \$(obj)/made.h\n\$(obj)/made.h: include/linux/lonely.h\n"
        . "\tsed s/LONELY/MADE/ \$< >\$@\n";
});
edit("$ruled->{tree}/lib/strange.c", sub { $_ = qq(#include "made.h"\n#include <linux/lonely.h>\n)
    . s/return (\w+)/return MADE + $1/r });
$before = tree_state($ruled->{tree});
$patch = toy_patch($ruled, 'include/linux/lonely.h' => sub { s/1/2/ });
for my $time (1, 2) {
    is_deeply([toy_create($ruled, "--patch=$patch", '--dry-run')],
        [0, "1 object may include include/linux/lonely.h\nvmlinux: replace lib/strange.o\n",
        "ksplice-create: warning: 'include/linux/lonely.h' may also be in the kernel image's "
        . "loader (gone once the kernel runs): that copy stays as it is\n"],
        "a header that a rule generates another one from, time $time");
    like(slurp("$ruled->{tree}/lib/made.h"), qr/MADE 1/, '... which is put back');
}
unlink "$ruled->{tree}/lib/made.h";
is_deeply(tree_state($ruled->{tree}), $before, '... as is the source');

done_testing();
