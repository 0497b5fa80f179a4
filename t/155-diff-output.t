#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What diff writes depends on the objects alone, and appears whole or not at
# all.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my @pair = build_pair(<<'END');
int ext(int);
static int counter;
int f(int x)
{
	counter++;
#ifdef PATCHED
	return ext(x) + 1;
#else
	return ext(x);
#endif
}
END
my @first = diff(@pair);
my @second = diff(@pair);
for my $name (qw(old.o new.o imports.h summary)) {
    ok(slurp("$first[0]{dir}/$name") eq slurp("$second[0]{dir}/$name"),
        "$name: the same objects give the same bytes");
}
is_deeply([map { s{.*/}{}r } sort glob "$first[0]{dir}/*"],
    [qw(imports.h needs new.o old.o summary)],
    'nothing else is left in the directory');

# Elsewhere in the file system
my $dir = scratch_dir();
spew("$dir/some/where/else/$_.o", slurp($pair[$_])) for 0, 1;
my $moved = diff(map { "$dir/some/where/else/$_.o" } 0, 1);
ok(slurp("$first[0]{dir}/$_") eq slurp("$moved->{dir}/$_"), "$_: the path does not matter")
    for qw(old.o new.o);

# Another directory is in the place of the file.
my $symvers = spew("$dir/symvers", '');
mkdir "$dir/$_" or die for 'out', 'out/old.o', 'out/old.o/in';
my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'diff', '--kid=abc', '--target=vmlinux',
    "--symvers=$symvers", "--out=$dir/out", "dir/1.o=$pair[0]=$pair[1]");
is($status, 1, 'an output that cannot be written is a failure');
like($err, qr{^objmanip: cannot write '\Q$dir\E/out/old\.o': }, '... that is named');
is_deeply([grep { /\.tmp/ } glob "$dir/out/*"], [], '... and leaves no temporary file');
($status, $out, $err) = run_cmd('objmanip/objmanip', 'diff', '--kid=abc', '--target=vmlinux',
    "--symvers=$symvers", "--out=$dir/nowhere", "dir/1.o=$pair[0]=$pair[1]");
is("$status $err", "1 objmanip: cannot write '$dir/nowhere/new.o': No such file or directory\n",
    'so is a directory that is not there');

# As on a disk that is full
($status, $out, $err) = run_cmd('/bin/sh', '-c', 'trap "" XFSZ; ulimit -f 1; exec "$@"', 'sh',
    root_dir() . '/objmanip/objmanip', 'diff', '--kid=abc', '--target=vmlinux',
    "--symvers=$symvers", "--out=$dir", "dir/1.o=$pair[0]=$pair[1]");
is("$status $err", "1 objmanip: cannot write '$dir/new.o': File too large\n",
    'so is a file that cannot be written to its end');
is_deeply([glob "$dir/*.o $dir/*.tmp*"], [], '... of which nothing is left');

done_testing;
