#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# ksplice-create says what becomes of each file of the patch, and refuses those
# that are in the image where an update cannot replace them.
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
my @real = ('kernel/one.c' => sub { s/\+ 5/+ 6/ });
my $replaced = "vmlinux: replace kernel/one.o\n";

# Alone, and beside a file that is built; with and without --full: the same.
sub refused {
    my ($what, $message, @changes) = @_;
    refused_by($what, $message, [[], ['--full']], @changes);
    return;
}

sub refused_by {
    my ($what, $message, $ways, @changes) = @_;
    for my $way (@$ways) {
        for my $beside (0, 1) {
            my $patch = toy_patch($toy, @changes, $beside ? @real : ());
            my ($status, $out, $err) = toy_create($toy, "--patch=$patch", @$way, '-o', 'no.tar.gz');
            is($status, 1, join ' ', "$what is refused", ('beside what is built') x $beside, @$way);
            is($err, "ksplice-create: $message\n", '... with the reason');
        }
    }
    ok(!-e "$tree/kernel/one.o", '... and nothing was compiled for that');
    is_deeply(tree_state($tree), $before, '... and the source is as it was');
    is(left_behind($toy) . (-e "$toy->{scratch}/no.tar.gz" ? ' a tarball' : ''), '',
        '... and nothing is left');
}

my $vdso = 'the vDSO (mapped into each process): an update cannot replace that;'
    . ' leave it out of the patch';
refused('a source of the vDSO',
    "the patch changes 'arch/x86/entry/vdso/vtime.c', which is in $vdso",
    'arch/x86/entry/vdso/vtime.c' => sub { s/vlib\(\)/vlib() + 1/ });
refused('a source that the vDSO includes',
    "the patch changes 'lib/vdso/vlib.c', which is in $vdso",
    'lib/vdso/vlib.c' => sub { s/11/12/ });
refused('a header of the vDSO',
    "the patch changes 'arch/x86/entry/vdso/vshared.h', which is in $vdso",
    'arch/x86/entry/vdso/vshared.h' => sub { s/5/6/ });
refused("a source of the loader, whose directory no 'obj-y' names",
    "the patch changes 'arch/x86/boot/loader.c', which is in the kernel image's loader (gone once"
    . ' the kernel runs): an update cannot replace that; leave it out of the patch',
    'arch/x86/boot/loader.c' => sub { s/12/13/ });
for my $program (qw(vmake vmake-part)) {
    my $file = "arch/x86/entry/vdso/$program.c";
    refused("a source of a program ($program)", "the patch changes the build:"
        . " $file is of a program that the build runs", $file => sub { s/0/1/ });
}
my $leave = "but does not add its source: leave that line out";
refused('a Makefile that names what was not built',
    "the patch has 'kernel/off.o' built by 'kernel/Makefile', $leave",
    'kernel/Makefile' => sub { $_ .= "obj-y += off.o\n" });
refused('... and the patch changes it, too',
    "the patch has 'kernel/off.o' built by 'kernel/Makefile', $leave",
    'kernel/Makefile' => sub { $_ .= "obj-y += off.o\n" },
    'kernel/off.c' => sub { s/0/1/ });
refused('... by way of an object of several parts',
    "the patch has 'kernel/off.o' built by 'kernel/Makefile', $leave",
    'kernel/Makefile' => sub { $_ .= "obj-y += several.o\nseveral-y += three.o off.o\n" },
    'kernel/three.c' => sub { $_ = "int three;\n" });
refused('... or a directory of it',
    "the patch has 'drivers/none' built by 'drivers/Makefile', $leave",
    'drivers/Makefile' => sub { $_ .= "obj-y += none/\n" });
for my $file (qw(include/asm-generic/vmlinux.lds.h arch/x86/kernel/vmlinux.lds.S
    tools/objtool/check.c scripts/link-vmlinux.sh)) {
    refused("$file, which says how things are built",
        "the patch changes the build: $file", $file => sub { $_ = "x\n" });
}
for my $file (qw(lib/table.txt kernel/bounds.c arch/x86/kernel/asm-offsets.c lib/x.asn1 lib/x.uc)) {
    refused_by("$file, which something is generated from",
        "the patch changes the build: $file", [[]], $file => sub { $_ .= "x\n" });
}
for my $file (qw(arch/x86/boot/Makefile arch/x86/boot/image.sh)) {
    refused_by($file, "the patch changes '$file', which is in the kernel image's loader (gone"
        . ' once the kernel runs): an update cannot replace that; leave it out of the patch',
        [['--full']], $file => sub { $_ .= "x := y\n" });
}
refused_by('a new source with --full',
    'the patch adds a source, which --full does not support: kernel/three.c', [['--full']],
    'kernel/three.c' => sub { $_ = "int three;\n" },
    'kernel/Makefile' => sub { $_ .= "obj-y += three.o\n" });
for my $file (qw(kernel/off.c include/linux/lonely.h)) {
    my $patch = toy_patch($toy, $file => sub { s/\d/3/ });
    for my $way ([], ['--full']) {
        my ($status, $out, $err) = toy_create($toy, "--patch=$patch", @$way);
        is("$status $err", '1 ksplice-create: the patch touches only files that are not built with '
            . "this .config: $file\n", join ' ', $file, @$way);
    }
}

my $patch = toy_patch($toy, @real, 'kernel/off.c' => sub { s/0/1/ },
    'include/linux/lonely.h' => sub { s/1/2/ }, 'drivers/net/rx.c' => sub { $_ .= "/* */\n" },
    'Documentation/toy.rst' => sub { s/A/The/ }, 'lib/notes.txt' => sub { $_ = "notes\n" },
    'include/linux/toy.h' => sub { $_ .= "/* */\n" },
    'include/linux/fresh.h' => sub { $_ = "#define FRESH 1\n" });
my ($status, $out, $err);
for my $way ([], ['--full']) {
    ($status, $out, $err) = toy_create($toy, "--patch=$patch", @$way, '-o', 'all.tar.gz');
    my @said = sort grep { !/^\d+ objects may/ } split /\n/, $out;
    is_deeply([$status, "@$way", $err, @said], [0, "@$way", '', 'all.tar.gz',
        "changes nothing in 'drivers/net/rx.o': drivers/net/rx.c",
        'changes nothing in 2 objects: include/linux/toy.h',
        'included by nothing that is built with this .config: include/linux/lonely.h',
        'new, and included by nothing in the patch: include/linux/fresh.h',
        'not built with this .config: kernel/off.c',
        'not code: Documentation/toy.rst lib/notes.txt',
        'vmlinux: replace kernel/one.o'], join ' ', 'each file of a patch is accounted for', @$way);
    is(slurp(read_update("$toy->{scratch}/all.tar.gz")->{dir} . '/summary'), $replaced
        . "Documentation/toy.rst: not code\n"
        . "drivers/net/rx.c: changes nothing in 'drivers/net/rx.o'\n"
        . "include/linux/fresh.h: new, and included by nothing in the patch\n"
        . "include/linux/lonely.h: included by nothing that is built with this .config\n"
        . "include/linux/toy.h: changes nothing in 2 objects\n"
        . "kernel/off.c: not built with this .config\n"
        . "lib/notes.txt: not code\n", '... in the update as well');
}

$patch = toy_patch($toy, 'kernel/one.c' => sub { $_ = "#include <linux/fresh.h>\n" . s/5/FRESH/r },
    'include/linux/fresh.h' => sub { $_ = "#define FRESH 6\n" });
is_deeply([toy_create($toy, "--patch=$patch", '--dry-run')], [0, $replaced, ''],
    'a new header that is included needs no word');
$patch = toy_patch($toy, 'include/linux/lonely.h' => sub { s/1/6/ },
    'kernel/one.c' => sub { $_ = "#include <linux/lonely.h>\n" . s/5/LONELY/r });
for my $way ([], ['--full']) {
    is_deeply([toy_create($toy, "--patch=$patch", @$way, '--dry-run')], [0, $replaced, ''],
        join ' ', 'nor does one that nothing has included before', @$way);
}

$patch = toy_patch($toy, 'lib/strange.c' => sub { s/return (\w+)/return 1 + $1/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0, "vmlinux: replace lib/strange.o\n",
    "ksplice-create: warning: 'lib/strange.c' is also in the kernel image's loader (gone"
    . " once the kernel runs): that copy stays as it is\n"],
    'a copy that a rule of another directory compiles is pointed out');
is_deeply(tree_state($tree), $before, 'the source is as it was after all that');

my $ruled = toy_kernel();
edit("$ruled->{tree}/lib/strange.c", sub { $_ = "#include <linux/lonely.h>\n"
    . s/return (\w+)/return LONELY + $1/r });
$patch = toy_patch($ruled, 'include/linux/lonely.h' => sub { s/1/2/ });
is_deeply([toy_create($ruled, "--patch=$patch", '--dry-run')],
    [0, "1 object may include include/linux/lonely.h\nvmlinux: replace lib/strange.o\n",
    "ksplice-create: warning: 'include/linux/lonely.h' may also be in the kernel image's loader "
    . "(gone once the kernel runs): that copy stays as it is\n"], '... of a header as well');

# What else is compiled of a header
my $other = toy_kernel();
spew("$other->{tree}/lib/Makefile",
    slurp("$other->{tree}/lib/Makefile") . "hostprogs := maker\n");
spew("$other->{tree}/lib/maker.c", qq(#include "../include/linux/lonely.h"\nint main;\n));
spew("$other->{tree}/lib/strange.c", qq(#include "linux/lonely.h"\n)
    . slurp("$other->{tree}/lib/strange.c"));
spew("$other->{tree}/tools/testing/module.h", "#define MODULE 5\n");
edit("$other->{tree}/kernel/one.c", sub {
    s/\+ 5/+ MODULE/;
    $_ = qq(#include "../tools/testing/module.h"\n$_);
});
spew("$other->{tree}/tools/testing/program.h", "#define PROGRAM 5\n");
$before = tree_state($other->{tree});
$patch = toy_patch($other, 'include/linux/lonely.h' => sub { $_ .= "#define MORE 1\n" });
my $refusal = "ksplice-create: the patch changes 'include/linux/lonely.h', which is in a "
    . "program that the build runs, of lib/maker.c: only --full will do\n";
is_deeply([toy_create($other, "--patch=$patch")], [1, '', $refusal],
    'a header of an object and of a program is refused');
edit("$other->{tree}/lib/maker.c", sub { s{"../include/linux/}{"} });
is_deeply([toy_create($other, "--patch=$patch")], [1, '', $refusal],
    '... and one that the program finds by an option');
is_deeply([toy_create($other, "--patch=$patch", '--full')],
    [66, "1 object may include include/linux/lonely.h\n"
    . "changes nothing in 'lib/strange.o': include/linux/lonely.h\n",
    "ksplice-create: warning: 'include/linux/lonely.h' may also be in the kernel image's loader "
    . "(gone once the kernel runs): that copy stays as it is\n"
    . "ksplice-create: the patch changes nothing in the compiled code\n"],
    '... but not with --full');
delete @$before{'/lib/maker.c'};
$patch = toy_patch($other, 'tools/testing/module.h' => sub { s/5/6/ },
    'tools/testing/program.h' => sub { s/5/6/ });
is_deeply([toy_create($other, "--patch=$patch", '--dry-run')], [0, "not code: "
    . "tools/testing/program.h\n1 object may include tools/testing/module.h\n$replaced", ''],
    'a header outside of the kernel that the kernel includes is code');
my %state = %{ tree_state($other->{tree}) };
delete $state{'/lib/maker.c'};
is_deeply(\%state, $before, '... and the source is as it was');

# New files that others may take for one of theirs
my $place = toy_kernel();
$tree = $place->{tree};
edit("$tree/kernel/two.c", sub { $_ = qq(#include "local.h"\n#include "data.txt"\n$_) });
spew("$tree/include/local.h", "#define LOCAL 1\n");
spew("$tree/kernel/data.txt", "#define DATA 1\n");
for my $way ([], ['--full']) {
    $patch = toy_patch($place, 'kernel/local.h' => sub { $_ = "#define LOCAL 2\n" },
        'kernel/one.c' => sub { s/\+ 5/+ 6/ });
    is_deeply([toy_create($place, "--patch=$patch", @$way)], [1, '', 'ksplice-create: the patch '
        . "adds 'kernel/local.h', which 'kernel/two.c' may include in place of another file: "
        . "give it another name\n"], "a header that takes the place of another one: @$way");
}
$patch = toy_patch($place, 'kernel/local.h' => sub { $_ = "#define LOCAL 2\n" },
    'kernel/two.c' => sub { s/toy_twice\(n\)/toy_twice(n) + LOCAL/ });
is((toy_create($place, "--patch=$patch", '--dry-run'))[0], 0,
    '... but not where the patch changes the includer');

# A text is code if a source includes it
edit("$tree/kernel/two.c", sub { $_ .= "int data = DATA;\n" });
$patch = toy_patch($place, 'kernel/data.txt' => sub { s/1/2/ });
is_deeply([toy_create($place, "--patch=$patch", '--dry-run')], [0,
    "1 object may include kernel/data.txt\nvmlinux: replace kernel/two.o\n", ''],
    'a text that a source includes');

# What kbuild wrote down about an object that was built
edit("$tree/kernel/.two.o.cmd", sub { s{(deps_\S+ :=)}{$1 include/linux/lonely.h} });
$patch = toy_patch($place, 'include/linux/lonely.h' => sub { $_ .= "#define MORE 1\n" },
    'kernel/one.c' => sub { s/\+ 5/+ 6/ });
is_deeply([toy_create($place, "--patch=$patch", '--dry-run')], [1, '', 'ksplice-create: '
    . "'kernel/two.o' was made of 'include/linux/lonely.h', which the patch changes, and it is "
    . "not known how: report this\n"], 'an object that was made of a file in an unknown way');

done_testing();
