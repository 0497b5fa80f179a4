#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The series in kernel-patches/ applies, one patch after the other, each says
# what it is, and what it touches compiles without a warning as Debian
# configures its kernel.  What updates consist of is compiled when they are made
# for t/982-kernel-patches-hot.t, with the same result, so here is the rest.
#
# What other kernels have of their own belongs to the series, which applies to them, too.

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
use Ksplice qw(failure_text);
use KernelPatches qw(use_base other_bases base_for base_release source_is_here read_series read_head
    touched_files changes_of patch_text cold_sources);

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

# --- other kernels ---------------------------------------------------------

sub changes ($file) { return map { ($_->[0] => $_->[1]) } changes_of(slurp("$patches/$file")) }

# A change without what only says where it is made.
sub content ($change) { return $change =~ s/^(?:index .*\n|@@.*)//mgr }

is_deeply([other_bases()], ['6.12'], 'there is one more kernel');
my ($release) = slurp("$patches/6.12/BASE") =~ /^(\S+)/;
is(base_for($_), '6.12', "it is the one of '$_'") for '6.12', $release;
is(base_for($_), undef, "'$_' is none of them") for '', '6.1', '6.1.0-56-amd64', '6.120.1-amd64';
is(eval { base_for('6.12.1-amd64') } // failure_text($@),
    "kernel-patches/6.12 is for $release, not for 6.12.1-amd64",
    'another release of the same version is refused');

for my $base (other_bases()) {
    my @own = map { s{^\Q$patches/$base\E/}{}r } map { glob "$patches/$base/$_" }
        '*.patch', 'hot/*.patch';
    is_deeply([grep { !-e "$patches/$_" } @own], [],
        "what $base has of its own belongs to a patch");
    for my $name (@own) {
        my %series = changes($name);
        my %differs = changes("$base/$name");
        is_deeply([grep { content($series{$_} // '') eq content($differs{$_}) } keys %differs], [],
            "$base/$name has nothing that is the same in $name");
        like(slurp("$patches/$base/$name"), qr/\ASubject: \S.*\n\n\S/, '... and says why');
    }
    use_base($base);
    SKIP: {
        skip("the source of $base is not in the cache", 1) if !source_is_here();
        my ($status, $out, $err) = run_cmd({ env => { KSPLICE_CACHE => cache_dir() } },
            'dev/kernel-patches', "--base=$base", 'check-apply');
        is($status, 0, "the series applies to $base") or diag($out, $err);
    }
}
my ($text) = patch_text('0018-max_map_count.patch');
like($text, qr{^diff --git a/kernel/sysctl\.c }m,
    'changes that are the same are those of the series');
like($text, qr{^diff --git a/mm/vma\.c }m, 'a file that only the other kernel has is changed');
unlike($text, qr{mm/madvise\.c}, 'an empty change takes away that of the series');

($failed, undef, $words) = run_cmd('dev/kernel-patches', '--base=0.1', 'check-apply');
is("$failed $words", "1 kernel-patches: there is no '0.1' in kernel-patches: there is 6.12\n",
    'a kernel that there is not is refused');
($failed, undef, $words) = run_cmd('dev/kernel-patches', '--base=6.12', 'boot-kernel');
is($failed, 2, 'no kernel is built for another');
like($words, qr/--base is not for boot-kernel/, '... which is said');

done_testing();
