#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# The original objects of a tree in the cache are built once, and again as soon as
# anything that they are built from may have changed.
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $own = $toy->{tree};
my $patch = toy_patch($toy, 'kernel/one.c' => sub { s/return /return 1 + / });
my $tree = "$toy->{scratch}/cache/1.2.3/source";
system('mkdir', '-p', "$toy->{scratch}/cache/1.2.3") == 0 or die;

# Whether the original object was built, by what is told about the progress.
sub was_built () {
    my ($status, $out, $err) = run_cmd({ dir => $toy->{scratch}, env => Test::Toy::toy_env($toy) },
        'ksplice-create', '-v', '--dry-run', "--patch=$patch",
        "--config=$toy->{config}", $toy->{tree});
    is($status, 0, 'the update is made') or diag($out, $err);
    like($err, qr/building 1 patched object/, '... of the patched object');
    return scalar $err =~ /building 1 original object/;
}

ok(was_built(), 'in a tree of the user the original object is built');
ok(was_built(), '... each time: only kbuild knows what has changed there');

rename $own, $tree or die $!;
$toy->{tree} = $tree;
$toy->{config} = "$tree/ksplice";
ok(was_built(), 'in a tree of the cache it is built once,');
ok(!was_built(), '... and then used again');

# A file that is newer than the object; all others are older.
for my $name ('kernel/one.c', 'kernel/Makefile', 'Makefile', 'scripts/Makefile.build') {
    my @files = split /\n/, `find '$tree' -type f`;
    utime +(time - 1000) x 2, @files;
    utime +(time - 100) x 2, "$tree/kernel/$_" for 'one.o', '.one.o.cmd';
    was_built();
    ok(!was_built(), "before a change of $name the object is used again");
    utime +(time - 50) x 2, "$tree/$name" or die "$name: $!";
    ok(was_built(), '... and built after it');
}

was_built();
unlink "$tree/kernel/one.o";
ok(was_built(), 'nor is it if it is gone');
was_built();
spew("$tree/kernel/.one.o.cmd", slurp("$tree/kernel/.one.o.cmd") . "# by hand\n");
ok(was_built(), 'or if kbuild has built it another time');
was_built();
spew("$tree/.KSPLICE_snapped", "kernel/one.o damaged\n");
ok(was_built(), 'or if the record is damaged');

done_testing();
