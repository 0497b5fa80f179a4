#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The core's check of a pre image (kmodsrc/compare/pre.c), run as a program with sanitizers:
# a good image is fine, bad ones are refused with the reason, and whatever an image
# has in it, nothing outside of it is read.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::CoreProgram;
use Test::Ksplice::Objmanip;
use Test::More;

# What pre.c needs of the kernel
my $dir = scratch_dir();
write_types($dir, map { "linux/$_.h" } qw(errno kallsyms string));
spew("$dir/linux/kernel.h", <<'END');
#pragma once
#include <linux/types.h>
#include <string.h>
#define EINVAL		22
#define KSYM_NAME_LEN	512
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define IS_ALIGNED(x, to)	(!((x) & ((to) - 1)))
#define __always_inline		inline __attribute__((always_inline))
END
my ($status, $err) = compile_core($dir, "$dir/read", '-I' . root_dir() . '/t/guest',
    root_dir() . '/t/fixtures/read-images.c');
is($status, 0, 'the check compiles as a program') or die $err, "\n";

my $diff = diff_text(slurp(root_dir() . '/t/fixtures/small-update.c'));
is($diff->{status}, 0, 'a small update') or diag $diff->{err};
mkdir "$dir/images" or die;
($status, my $out, $err) = run_cmd('perl', root_dir() . '/t/lib/hostile.pl', "$diff->{dir}/old.o",
    "$dir/images");
is("$status $err", '0 ', 'bad images are made of it') or die $err, "\n";
chomp(my $n = $out);
cmp_ok($n, '>', 200, '... hundreds');

sub check { return run_cmd("$dir/read", @_) }
is_deeply([check("$dir/images/image")], [0, "$dir/images/image: fine\n", ''],
    'the good one is fine');
($status, $out, $err) = check(map { "$dir/images/$_" } 0 .. $n - 1);
is("$status $err", '0 ', 'the bad ones are read without a fault');
is(scalar(() = $out =~ /\n/g), $n, '... all');

for (
    ['nested',                'alternatives are nested too deep'],
    ['many-choices',          'too many sites are at one place'],
    ['behind',                'a site is outside of its span'],
    ['no-label',              'a site has a label, or has none, unlike its kind'],
    ['huge-function',         'the bytes of a span are not there, or too many'],
    ['no-bytes',              'a span has no bytes'],
    ['part-of-itself',        'a span is part of one that is not there'],
    ['long-name',             'a label has no name, or too long a one'],
    ['large-data',            'data to be overwritten has no size, or too large a one'],
    ['data-with-relocations', 'writable data has relocations or sites'],
    ['undefined-with-span',   'an undefined label has a span'],
) {
    my ($name, $reason) = @$_;
    chomp(my $number = slurp("$dir/images/$name"));
    ($status, $out) = check("$dir/images/$number");
    is($out =~ s/^[^:]*: //r, "$reason\n", "$name is refused");
}

($status, $out, $err) = check('--seeds=20000', "$dir/images/image");
is("$status $err", '0 ', 'changed copies are read without a fault');
my ($fine) = $out =~ /^(\d+) of 20000 fine$/;
ok($fine > 100 && $fine < 19_000, 'some of them are fine, most are not') or diag $out;

done_testing;
