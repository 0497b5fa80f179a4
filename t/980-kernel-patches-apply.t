#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The series in kernel-patches/ applies, one patch after the other, each says
# what it is, and what it touches compiles without a warning as Debian
# configures its kernel.  What updates consist of is compiled when they are made
# for t/982-kernel-patches-hot.t, with the same result, so here is the rest.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(basename dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;
use lib root_dir() . '/dev/lib', root_dir() . '/lib';
use Ksplice::Cache qw(cache_dir);
use KernelPatches qw(read_series read_head touched_files cold_sources);

my $patches = root_dir() . '/kernel-patches';
my @names = read_series();

is_deeply([map { basename($_) } sort glob "$patches/*.patch"], \@names,
    'the series has all patches, in their order');
for my $name (@names) {
    my $head = read_head($name);
    my @missing = grep { $head !~ /^$_: \S/m } qw(Subject What Why Interface Limits Hot);
    is("@missing", '', "$name says what, why, interface, limits, and if it can be hot");
}
my %added = touched_files(@names);
is_deeply([grep { !$added{$_} && /\.h\z|Kconfig/ } sort keys %added], [],
    "no patch changes a header or the configuration's options");

my ($failed, undef, $words) = run_cmd('dev/kernel-patches', 'hot', scratch_dir(), 'nothing');
is($failed, 1, 'an update that there is not is refused');
like($words, qr{there is no update 'nothing' in hot/updates}, 'by its name');

my $cold = join '|', map { quotemeta s/\.c\z/.o/r } cold_sources();
for my $command (['the series applies', 'check-apply'],
    ['what is not hot compiles without warnings', 'objects', "^(?:$cold)\\z"]) {
    my ($title, @arguments) = @$command;
    my ($status, $out, $err) = run_cmd({ env => { KSPLICE_CACHE => cache_dir() } },
        'dev/kernel-patches', @arguments);
    is($status, 0, $title) or diag($out, $err);
}

done_testing();
