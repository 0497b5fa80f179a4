#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# All of the core but the folder of the architecture builds, without a warning, with
# another architecture that has just what kmodsrc/arch/README asks for.

use v5.32;
use warnings;
use File::Basename qw(basename dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Distro qw(release_headers);
use Test::Ksplice;
use Test::Ksplice::Release qw(test_release no_kernel);
use Test::More;

my $headers = eval { release_headers(test_release()) } // no_kernel($@);
my $dir = scratch_dir();
my $stubs = root_dir() . '/t/fixtures/arch-stub';

run_cmd('cp', '-aL', root_dir() . '/kmodsrc/.', $dir);
my @folders = map { basename($_) } grep { -d } glob "$dir/arch/*";
is("@folders", 'x86', 'the architectures');
run_cmd('rm', '-r', map { "$dir/arch/$_" } @folders);
mkdir "$dir/arch/stub" or die $!;
spew("$dir/arch/stub/" . basename($_), slurp($_)) for glob "$stubs/*";

sub build () {
    my ($status, $out, $err) = run_cmd('make', '-C', $headers, "M=$dir", 'W=1', 'modules',
        'KSPLICE_ARCH=stub');
    return $status, join "\n", grep { /warning|error/i && !/compiler differs/i }
        split /\n/, "$out\n$err";
}

my ($status, $words) = build();
is($status, 0, 'the core builds and links with stubs');
is($words, '', '... without a warning');

# The other way round: each function of the contract is called.
my $stub = slurp("$dir/arch/stub/stub.c");
my @functions = $stub =~ /^(?:[\w ]+[ *])?(ksplice_\w+)\(/mg;
cmp_ok(scalar @functions, '>', 20, 'the stubs have the functions');
my $common = join "\n", map { slurp($_) }
    glob "$dir/{core,match,compare,stop,tasks,model}/*.c $dir/*.c";
is(join(' ', grep { $common !~ /\b$_\(/ } @functions), '', 'common code calls each of them');

# Something is missing.
spew("$dir/arch/stub/stub.c", $stub =~ s/^(bool ksplice_)(walk)\(/$1other_$2(/mr);
($status, $words) = build();
isnt($status, 0, 'one that lacks a function does not build');
like($words, qr/ksplice_walk/, '... and is told which');

done_testing();
