#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# An update on top of others changes what they have left, and needs them.
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Update qw(read_update seal_update);
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
my $before = tree_state($tree);

# -> (status, stdout, stderr) of an update ID
sub make ($id, @arguments) { return toy_create($toy, "--id=$id", '-o', "$id.tar.gz", @arguments) }

my $mark = "#include \"ksplice-patch.h\"\nksplice_allow_running(one_line);\n";
my $first = toy_patch($toy, 'kernel/one.c' => sub { s/\+ 5/+ 6/; $_ .= $mark });
rename $first, "$toy->{scratch}/first.patch" or die $!;
is_deeply([make('first', "--patch=$toy->{scratch}/first.patch")],
    [0, "vmlinux: replace kernel/one.o\nfirst.tar.gz\n", ''], 'the first');

# Made to the source with the first one: its own line, and one that it has changed
my $second = spew("$toy->{scratch}/second.patch",
    "--- a/kernel/one.c\n+++ b/kernel/one.c\n@@ -6 +6 @@\n"
    . "-\treturn one_value + 6;\n+\treturn one_value + 7;\n");
my ($status, undef, $err) = make('alone', "--patch=$second", '--patch-opt=-F0');
is($status, 1, 'the second does not fit the source without the first');
is_deeply([make('second', "--patch=$second", '--on-top-of=first.tar.gz')],
    [0, "vmlinux: replace kernel/one.o\nsecond.tar.gz\n", ''], 'it does on top of it');
my $update = read_update("$toy->{scratch}/second.tar.gz");
my %hash = map { $_ => read_update("$toy->{scratch}/$_.tar.gz")->{hash} } qw(first second);
is_deeply($update->{needs}, [{ kid => 'first', hash => $hash{first} }], 'it needs the first');
is(slurp("$update->{dir}/patch"), slurp($second), 'the patch in it is its own');

# Of another file: what the first has changed is the same in both sources.
my $two = toy_patch($toy, 'kernel/two.c' => sub { s/\+ two_part/+ 3 + two_part/ });
is_deeply([make('beside', "--patch=$two", '--on-top-of=first.tar.gz')],
    [0, "vmlinux: replace kernel/two.o\nbeside.tar.gz\n", ''],
    'what the first alone changes is no change');

# On top of both
is_deeply([make('third', "--patch=$two", '--on-top-of=first.tar.gz',
    '--on-top-of=second.tar.gz')], [0, "vmlinux: replace kernel/two.o\nthird.tar.gz\n", ''],
    'on top of two');
is_deeply(read_update("$toy->{scratch}/third.tar.gz")->{needs},
    [map { { kid => $_, hash => $hash{$_} } } qw(first second)],
    'it needs both');
($status, undef, $err) = make('wrong', "--patch=$two", '--on-top-of=second.tar.gz');
is("$status $err", "1 ksplice-create: 'second.tar.gz' was built on top of 'first': "
    . "pass that one to --on-top-of first\n", 'without what that one needs');
run_cmd('tar', '-xzf', "$toy->{scratch}/first.tar.gz", '-C', $toy->{scratch});
spew("$toy->{scratch}/ksplice-first/description", "another one\n");
seal_update("$toy->{scratch}/ksplice-first");
my $sealed = read_update("$toy->{scratch}/ksplice-first")->{hash};
($status, undef, $err) = make('wrong', "--patch=$two", '--on-top-of=ksplice-first',
    '--on-top-of=second.tar.gz');
is("$status $err", "1 ksplice-create: 'second.tar.gz' was built on top of 'first' with the hash "
    . "$hash{first},\n  but that of --on-top-of has the hash $sealed: pass the one that it was "
    . "built with, or build 'second' again\n", 'with another one of its id');
run_cmd('rm', '-r', "$toy->{scratch}/ksplice-first");
($status, undef, $err) = make('wrong', "--patch=$two", ('--on-top-of=first.tar.gz') x 2);
is("$status $err", "1 ksplice-create: --on-top-of: the update 'first' is given twice\n", 'twice');
($status, undef, $err) = make('first', "--patch=$two", '--on-top-of=first.tar.gz');
is("$status $err", "1 ksplice-create: --id: 'first' is the id of an update that this one is "
    . "built on top of\n", 'with its own id');

my $back = spew("$toy->{scratch}/back.patch", join '', map { s/^-/~/r =~ s/^\+/-/r =~ s/^~/+/r }
    map { /^(?:---|\+\+\+) / ? "#$_" : $_ } slurp("$toy->{scratch}/first.patch") =~ /^.*\n/mg);
spew($back, slurp($back) =~ s/^#//mgr
    =~ s/^@@ -(\S+) \+(\S+) @@/"@@ -$2 +$1 @@"/mger);
($status, undef, $err) = make('back', "--patch=$back", "--patch=$two", '--on-top-of=first.tar.gz');
is($status, 1, 'a patch that takes the first one out');
like($err, qr/removes all changes of the other updates to 'kernel\/one\.c'/, '... has the cure');

for my $arguments (['--git=HEAD'], ['--diffext=.x'], ["--patch=$two", '--full']) {
    ($status, undef, $err) = make('usage', @$arguments, '--on-top-of=first.tar.gz');
    is($status, 2, "@$arguments: wrong usage");
    like($err, qr/--on-top-of is for --patch and --series, without --full/,
        '... and it is reported');
}
is(left_behind($toy), '', 'nothing is left');
is_deeply(tree_state($tree), $before, 'the tree is as it was');
done_testing;
