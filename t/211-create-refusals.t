#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# What ksplice-create cannot do it says, and the source is as it was.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
my $before = tree_state($tree);

sub bad_patch {
    my ($name, $hunk) = @_;
    return spew("$toy->{scratch}/bad.patch", "--- a/$name\n+++ b/$name\n$hunk");
}

# The arguments are followed by those of toy_patch, if it takes a patch.
sub refused {
    my ($what, $status, $message, @changes) = @_;
    my $patch = @changes > 1 ? toy_patch($toy, @changes) : $changes[0];
    my @got = toy_create($toy, "--patch=$patch");
    is($got[0], $status, "$what is refused");
    like($got[2], $message, '... with the reason') or diag $got[2];
    is_deeply(tree_state($tree), $before, '... and the source is as it was');
    is(left_behind($toy) . join(' ', glob "$toy->{scratch}/*.tar.gz"), '',
        '... and nothing is left');
}

my $end = 'ksplice-create';
my $no_changes = qr/^ksplice-create: the patch changes nothing in the compiled code$/m;

refused('a patch that changes a comment', 66, $no_changes,
    'kernel/one.c' => sub { s/^int one_line/\/* new *\/ int one_line/m });
refused('a patch that adds a blank line', 66, $no_changes,
    'kernel/one.c' => sub { s/^int one_line/\n\nint one_line/m });
refused('a change without an effect', 66,
    qr/^$end: warning: vmlinux: ignored kernel\/one\.o cold
$end: the patch changes nothing in the compiled code that affects a running kernel$/m,
    'kernel/one.c' => sub { $_ .= "int cold;\n" });
refused('what objmanip refuses', 1,
    qr/^objmanip:\ kernel.one\.o:\ cannot\ do\ that\n
        $end:\ .*\ cannot\ be\ applied\ to\ the\ running\ 'vmlinux'$/mx,
    'kernel/one.c' => sub { $_ .= "int refuse_me;\n" });
refused('a symbol that there is not', 1,
    qr/^kernel\/one\.o: 'nobody', which 'caller' refers to, does not exist: neither .*
$end: the new code refers to unknown symbols$/m,
    'kernel/one.c' => sub { s/\+ 5/+ nobody()/; s/\n/\nextern int nobody(void);\n/ });
refused('one of another target', 1,
    qr/^drivers\/net\/tx\.o: 'fresh', .* is in 'single' and not exported: export it$/m,
    'drivers/net/single.c' => sub { $_ .= "int fresh(void) { return 1; }\n" },
    'drivers/net/tx.c' => sub { s/toy_twice\(/fresh() + toy_twice(/; $_ = "int fresh(void);\n$_" });
my $symvers = "$toy->{scratch}/toy-build/Module.symvers";
my ($exports, $time) = (slurp($symvers), (stat $symvers)[9]);
spew($symvers, "${exports}0x00000000\tfresh\tlib/third\tEXPORT_SYMBOL\t\n");
refused('one with the name of an export', 1,
    qr/^$end: 'fresh', a new symbol of 'vmlinux' .* 'toy_net' .* export of 'third': rename it$/m,
    'kernel/one.c' => sub { $_ .= "int fresh(void) { return 1; }\n" },
    'drivers/net/tx.c' => sub { s/toy_twice\(/fresh() + toy_twice(/; $_ = "int fresh(void);\n$_" });
spew($symvers, $exports);
utime $time, $time, $symvers or die;    # the core stays in the cache
refused('a patch that breaks the build', 1,
    qr/kernel\/one\.c:8:.*error.*no_such_name.*\n(?:.*\n)*$end: .* source does not compile$/m,
    'kernel/one.c' => sub { s/one_value \+ 5/\n\n\t\tno_such_name/ });
refused('a patch of what is not built', 1,
    qr/the patch touches only files that are not built with this \.config: kernel\/off\.c$/m,
    'kernel/off.c' => sub { s/0/1/ });
refused('a patch in a directory that is not built', 1,
    qr/touches only files that are not built with this \.config: drivers\/none\/never\.c$/m,
    'drivers/none/never.c' => sub { s/0/1/ });
refused('a patch of documentation alone', 1, qr/the patch touches no code$/m,
    'Documentation/toy.rst' => sub { s/A/B/ });
refused('a Makefile that is changed otherwise', 1,
    qr/the patch changes the build: kernel\/Makefile$/m,
    'kernel/three.c' => sub { $_ = "int three;\n" },
    'kernel/Makefile' => sub { s/two\.o/two.o three.o/ });
refused('a new source that is not built', 1,
    qr/the patch adds a source that no Makefile names: kernel\/three\.c$/m,
    'kernel/three.c' => sub { $_ = "int three;\n" });
refused('a new source that the Makefile does not name', 1,
    qr/the patch adds a source that no Makefile names: kernel\/four\.c$/m,
    'kernel/three.c' => sub { $_ = "int three;\n" },
    'kernel/four.c' => sub { $_ = "int four;\n" },
    'kernel/Makefile' => sub { $_ .= "obj-y += three.o\n" });
refused('a patch that adds flags for the compiler', 1,
    qr/the patch changes the build: kernel\/Makefile$/m,
    'kernel/three.c' => sub { $_ = "int three;\n" },
    'kernel/Makefile' => sub { $_ .= "obj-y += three.o\nccflags-y += -O3\n" });
refused('a patch that adds a module', 1,
    qr/the patch adds a module, 'fresh': build it with 'make M=' instead$/m,
    'drivers/net/fresh.c' => sub { $_ = "int fresh;\n" },
    'drivers/net/Makefile' => sub { $_ .= "obj-m += fresh.o\n" });
refused('a new object that does not compile', 1,
    qr/kernel\/three\.c:1:.*error.*\n(?:.*\n)*$end: .* source does not compile$/m,
    'kernel/three.c' => sub { $_ = "three\n" },
    'kernel/Makefile' => sub { $_ .= "obj-y += three.o\n" });
refused('a patch of a Kconfig', 1, qr/changes the build: Kconfig$/m,
    'Kconfig' => sub { $_ .= "config TOY\n" });
refused('a patch of something strange', 1,
    qr/the patch changes files of a kind that is not understood: kernel\/thing\.xyz$/m,
    'kernel/thing.xyz' => sub { $_ = "thing\n" });
refused('a patch that does not apply', 1,
    qr{^  hunk #1 of 'kernel/one\.c', line 1, does not apply\n$end: .* '.*toy': adapt it to that}m,
    bad_patch("kernel/one.c", "@@ -1 +1 @@\n-no\n+yes\n"));
refused('a patch of a file that is not there', 1,
    qr/^$end: the patch '.*' does not apply to '.*toy': 'kernel\/no\.c' does not exist$/m,
    bad_patch("kernel/no.c", "@@ -1 +1 @@\n-no\n+yes\n"));
refused('a patch that leaves the tree', 1,
    qr/^$end: the patch '.*' leaves the tree: '\.\.\/x\.c'$/m,
    bad_patch("../x.c", "@@ -0,0 +1 @@\n+yes\n"));
refused('an empty patch', 1, qr/the patch '.*' is empty$/m, spew("$toy->{scratch}/empty", "\n"));
refused('a text that is no patch', 1,
    qr/the patch '.*text' changes no file: it must be a unified diff/,
    spew("$toy->{scratch}/text", "hello\n"));
refused('a patch that is not there', 1, qr/no patch '.*none'$/m, "$toy->{scratch}/none");
refused('a directory as a patch', 1, qr/^$end: '.*' is a directory: name the file of a patch$/m,
    $toy->{scratch});

edit("$tree/kernel/two.c", sub { s/two_part\(n\)/two_no_part(n) +/ });
$before = tree_state($tree);
refused('a source that does not compile before', 1,
    qr/kernel\/two\.c:7:.*error(?:.*\n)*$end: the original source in '.*toy' does not compile$/m,
    'kernel/two.c' => sub { s/toy_twice/3 * toy_twice/ });

spew("$toy->{scratch}/toy-build/broken", '');
refused('what does not link as a module', 1,
    qr/ERROR: modpost: no_such_thing undefined\n(?:.*\n)*ksplice-create: cannot build the modules/m,
    'kernel/one.c' => sub { s/\+ 5/+ 6/ });
unlink "$toy->{scratch}/toy-build/broken";

# Nothing of such an answer is kept: the next one is right.
$toy = toy_kernel();
$tree = $toy->{tree};
my $makefile = slurp("$tree/Makefile");
edit("$tree/Makefile", sub { s/^build-dir := \.$/build-dir :=/m or die });
$before = tree_state($tree);
refused('a Makefile that names no directories', 1,
    qr/^$end: make reads no directory of '.*toy' where it should list the objects of 'kernel': /m,
    'kernel/one.c' => sub { s/\+ 5/+ 6/ });
spew("$tree/Makefile", $makefile);
is((toy_create($toy, '--dry-run', '--patch=' . toy_patch($toy, 'kernel/one.c' =>
    sub { s/\+ 5/+ 6/ })))[0], 0, '... and the right one is asked again');

done_testing();
