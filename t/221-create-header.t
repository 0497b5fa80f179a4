#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Of the objects that include a changed header only those are compiled that use what
# has changed in it; they are the ones that compiling all of them finds.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
my $header = 'include/linux/many.h';
spew("$tree/$header", <<'END');
/* A comment. */
static inline int doubled(int a) { return a + 5; }
static inline int unused(int a) { return a + 6; }
#define CALL_DOUBLED(a) doubled(a)
typedef int many_t;
END
edit("$tree/kernel/Makefile", sub { $_ .= join '', map { "obj-y += user$_.o\n" } 1 .. 20 });
my %call = (3 => 'doubled(a)', 7 => 'CALL_DOUBLED(a)');
spew("$tree/kernel/user$_.c", "#include <linux/many.h>\nint user$_(int a);\n"
    . "int user$_(int a) { return " . ($call{$_} // 'a') . "; }\n") for 1 .. 20;
my $before = tree_state($tree);
my $includers = "20 objects may include $header\n";
my $replaced = "vmlinux: replace kernel/user3.o\nvmlinux: replace kernel/user7.o\n";

my $patch = toy_patch($toy, $header => sub { s/a \+ 5/a + 15/ });
my ($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err],
    [0, "${includers}2 of 20 objects can be changed by $header\n$replaced", ''],
    'a function is followed to where it is used');
ok(!-e "$tree/kernel/user1.o", '... and what does not use it is not compiled');
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run', '--all-includers');
is_deeply([$status, $out, $err], [0, "$includers$replaced", ''],
    '--all-includers finds the same');
ok(-e "$tree/kernel/user1.o", '... by compiling them all');

$patch = toy_patch($toy, $header => sub { s/a \+ 6/a + 16/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [66, "${includers}0 of 20 objects can be changed by $header\n"
    . "changes nothing in the 20 objects that may include it: $header\n",
    "ksplice-create: the patch changes nothing in the compiled code\n"],
    'a function that nothing uses changes nothing');
$patch = toy_patch($toy, $header => sub { s/A comment/Another comment/ },
    'kernel/user1.c' => sub { s/return a/return a + 1/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '-o', 'comment.tar.gz', '--id=c');
is_deeply([$status, $out, $err], [0, "${includers}0 of 20 objects can be changed by $header\n"
    . "changes nothing in the 20 objects that may include it: $header\n"
    . "vmlinux: replace kernel/user1.o\ncomment.tar.gz\n", ''],
    'nor does a comment, beside a source');
$patch = toy_patch($toy, $header => sub { s/int many_t/long many_t/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, (split /^/, $out)[1]], [66, "20 of 20 objects can be changed by $header\n"],
    'a type reaches all that include it');

my $lower = toy_patch($toy, $header => sub { s/a \+ 5/a + 25/ });
toy_create($toy, "--patch=$lower", '--id=lower', '-o', 'lower.tar.gz', '-q');
my $text = slurp("$tree/$header");
my $time = (stat "$tree/$header")[9];
edit("$tree/$header", sub { s/a \+ 5/a + 25/ });
$patch = toy_patch($toy, $header => sub { s/a \+ 25/a + 5/; s/a \+ 6/a + 26/ });
spew("$tree/$header", $text);
utime $time, $time, "$tree/$header";
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--on-top-of=lower.tar.gz', '--dry-run');
is_deeply([$status, $out, $err],
    [0, "${includers}2 of 20 objects can be changed by $header\n$replaced", ''],
    'what an update below has changed, and the patch takes out, is followed');

is_deeply(tree_state($tree), $before, 'the source is as it was');

spew("$tree/kernel/generated.uc", "#include <linux/many.h>\n"
    . "int f\$#(int a) { return doubled(a); }\n");
$patch = toy_patch($toy, $header => sub { s/a \+ 5/a + 35/ });
for my $option ([], ['--all-includers']) {
    ($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run', @$option);
    is_deeply([$status, $err], [1, 'ksplice-create: the patch changes what generated sources '
        . "include, those made of kernel/generated.uc: only --full will do\n"],
        "a source that will be generated is not forgotten: @$option");
}
$patch = toy_patch($toy, $header => sub { s/a \+ 6/a + 36/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is($status, 66, '... unless it has none of the names');
unlink "$tree/kernel/generated.uc";
is(left_behind($toy), '', 'nothing is left behind');

done_testing();
