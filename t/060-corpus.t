#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What bench/corpus makes of what it sees: the compiler's words, the steps that a
# guest told before it ended or died, and the sums.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use lib map { dirname(__FILE__) . "/$_" } 'lib', '../lib', '../bench/lib', '../dev/lib';
use Corpus::Beside  qw(beside is_busy);
use Corpus::Boot    ();
use Corpus::Create  ();
use Corpus::Results qw(open_results claim result_of save_result);
use Corpus::Split   qw(pick);
use Corpus::Table   qw(table counts by_rule);
use Test::Ksplice;
use Test::More;

# Which patches
my @names = map { "dir/$_.c" } 'a' .. 'z';
my @ten = pick(3, 10, @names);
is_deeply([pick(3, 10, reverse @names)], \@ten, 'a seed picks the same ones each time');
is_deeply([(pick(3, 20, @names))[0 .. 9]], \@ten, 'more begin with those');
isnt("@{[pick(4, 10, @names)]}", "@ten", 'another seed picks others');
is(scalar(() = pick(3, 100, @names)), 26, 'there are no more than there are');

# What ksplice-create says
sub judged { return join ': ', Corpus::Create::judge(@_, 9) }
is(judged(0, ''), 'made: ', 'an update');
is(judged(66, "ksplice-create: the patch changes nothing\n"), 'unchanged: ', 'no changes');
is(judged(124, ''), 'failed: took longer than 9 s', 'one that takes too long');
is(judged(1, "objmanip: a.o: no\nobjmanip: b.o: no\nobjmanip: warning: hm\n"
        . "ksplice-create: the patch cannot be applied to the running 'vmlinux'\n"),
    'refused: a.o: no; b.o: no', 'a refusal, with all reasons');
is(judged(1, "ksplice-create: internal error: x\n"), 'failed: status 1: '
    . "ksplice-create: internal error: x\n", 'a bug of ours is a failure');
is(judged(1, "ksplice-create: no program 'objmanip': run make\n"), 'failed: status 1: '
    . "ksplice-create: no program 'objmanip': run make\n", 'and so is one of this checkout');
is(judged(1, "a.c:1:2: error: \xe2\x80\x98struct s\xe2\x80\x99 has no member named "
        . "\xe2\x80\x98m\xe2\x80\x99\na.c:3:4: error: 'm' undeclared\na.c:5:6: error: implicit "
        . "declaration of function 'f'\nksplice-create: the patched source does not compile\n"),
    'alone: m, f', 'what a patch needs that does not compile');

# What a guest tells
sub seen {
    my ($died, @steps) = @_;
    my $verdict = Corpus::Boot::verdict([map { [/^(\S+) ?(.*)/] } @steps], $died);
    return "$verdict->{result}: $verdict->{reason}";
}
my @good = ('begin', 'load vmlinux', 'apply', 'functions 3', 'undo', 'undone');
is(seen('', @good, 'end'), 'applied: ', 'all went well');
is(seen('', @good[0 .. 2], 'kick apply', @good[3 .. 5], 'end'), 'applied: with --kick',
    'a conflicting task');
is(seen('', @good, 'log:undo [ 1.0] WARNING: CPU: 0', 'end'),
    'failed: the kernel reported: [ 1.0] WARNING: CPU: 0', 'a warning of the kernel');
is(seen('', @good, 'tainted 512', 'end'), 'failed: the guest is tainted by a fault',
    'a warning that no command noticed');
is(seen('', @good, "wrong 'x' is taken to be at 1", 'end'),
    "failed: wrong: 'x' is taken to be at 1", 'an address of another symbol');
is(seen('', @good[0 .. 4], 'words busy', 'stays', 'end'),
    'failed: it cannot be undone: busy', 'an undo that fails');
is(seen('', @good, 'words ksplice 1', 'left', 'end'),
    'failed: something is left: ksplice 1', 'a module that stays');
is(seen('', 'begin', 'load vmlinux', 'apply', 'words no_match', 'refused', 'end'),
    'refused: no_match', 'a refusal of the kernel');
is(seen('', 'begin', 'load m', 'words No such device', 'unloadable', 'end'),
    'unloadable: No such device', 'a module without its device');
is(seen('', @good[0 .. 4], 'end'), 'failed: it is not undone', 'nothing is taken for granted');
is(seen("Oops\nat f", @good[0 .. 3]), 'failed: the kernel died at apply: Oops | at f',
    'a kernel that dies');
is(seen('Oops', @good[0 .. 1]), 'unloadable: the kernel died at load vmlinux: Oops',
    'one that dies of the module');

# Results
my $dir = scratch_dir();
my $results = open_results($dir, 'a -> b', 'x.c', 'y.c');
ok(!result_of($results, 'x.c'), 'nothing is known at first');
save_result($results, 'y.c', { result => 'failed', reason => "two\nlines" });
$results = open_results($dir, 'a -> b', 'z.c', 'y.c');
is_deeply(result_of($results, 'y.c'), { result => 'failed', reason => "two\nlines" },
    'what is known stays known');
is($results->{number}{'z.c'}, '003', 'more can be added');
my $lock = claim($results, 'z.c');
ok($lock && !claim($results, 'z.c'), 'one is done by one only');
undef $lock;
ok(claim($results, 'z.c'), '... at a time');
ok(!eval { open_results($dir, 'a -> c', 'x.c'); 1 }, 'results of others are not touched');

# What is done beside
my $mark = "$dir/mark";
my $child = beside(sub { sleep 1 until -e $mark; unlink $mark });
ok(is_busy($child, 0), 'something is done beside');
spew($mark, '');
ok(!is_busy($child, 1) && !-e $mark, '... and waited for');
ok(!is_busy($child, 1) && !is_busy(undef, 1), 'nothing is');
$child = beside(sub { open STDERR, '>', '/dev/null' or exit; die "no\n" });
ok(!eval { is_busy($child, 1); 1 }, 'if it fails so do we');
$child = beside(sub { sleep 60 });
my $pid = $child->{pid};
undef $child;
ok(!kill(0, $pid), 'it ends when it is no longer needed');

# Sums
my $layout = "a.o: struct 's' has another layout: member 'm' is new";
ok(by_rule($layout), 'a layout is refused by rule');
ok(!by_rule('no match'), 'what does not match is not');
my @rows = map { { name => "$_->[0].c", result => $_->[1], reason => $_->[2] // '', functions => 1,
    seconds => $_->[3] // 1, processor => 1 } }
    ['e', 'alone', 'f'], ['f', 'unchanged'], ['c', 'refused', $layout], ['g', 'untried', 'big'],
    ['a', 'applied', '', 4], ['b', 'applied', '', 3], ['d', 'refused', 'hm', 2],
    ['h', 'unloadable', 'No such device', 9], ['i', 'made'];
is(join(' ', map { $_->{name} } grep { counts($_) } @rows), 'a.c b.c d.c', 'which count');
my ($text, $failed) = table('title', @rows);
is($failed, 0, 'no failure');
like($text, qr/\Atitle\n\npatch .*\na\.c .*\nb\.c .*\nd\.c .*\n\nDo not count:\n\ne\.c /,
    'the others are listed apart');
like($text, qr/^e\.c +1 +1 +1  does not compile alone: needs f$/m, 'a line for each');
like($text, qr/^ +2 applied\n +1 refused\n +0 failed\n +1 refused by rule\n/m, 'sums');
like($text, qr/update: 3\.0 s\n/, 'the median of those that came so far');
like($text, qr/\ncorpus: 2 of 3 applied and undone\n\z/, 'the score');
push @rows, { name => 'z.c', result => 'failed', reason => 'wrong' }, { name => 'y.c',
    result => 'hm', reason => '' };
($text, $failed) = table('title', @rows);
is($failed, 2, 'failures, and what is unknown');
like($text, qr/\ncorpus: 2 of 5 applied and undone\n\z/, '... count');

# What is picked: everything has a result already, so nothing is made.  The files
# of the cache are such as a first run leaves.
my $cache = "$dir/cache";
make_path("$cache/packages/linux-image-9.9.0-${_}-amd64_9.9.$_-1") for 1, 2;
spew("$cache/corpus/9.9.1-1_9.9.2-1/patches/none", '');
spew("$cache/corpus/9.9.1-1_9.9.2-1/built", join '', map { "1 $_\n" } @names);
my $kept = open_results("$dir/kept", '9.9.0-1-amd64 -> 9.9.0-2-amd64', @names);
save_result($kept, $_, { result => $_ =~ /[a-h]\.c/ ? 'alone' : 'applied', reason => '' })
    for @names;

sub corpus {
    return run_cmd({ env => { KSPLICE_CACHE => $cache } }, 'bench/corpus', '--seed=3',
        '--from=9.9.0-1-amd64', '--to=9.9.0-2-amd64', @_);
}
my ($status, $out, $err) = corpus('-n', 10, "--resume=$dir/kept");
is($status, 0, 'bench/corpus') or diag($err);
my $n = grep { !/[a-h]\.c/ } @ten;
like($out, qr/, 10 patches of 26, seed 3\n.*corpus: $n of $n applied/s, '-n are picked');
($status, $out, $err) = corpus('--counted=10', "--resume=$dir/kept");
like($out, qr/corpus: 10 of 10 applied and undone\n\z/, '--counted are counted');
my @picked = $out =~ m{^(dir/\w\.c) }mg;
is_deeply([sort @picked], [sort(pick(3, scalar @picked, @names))], '... the first that count');
like($out, qr{^\Q@{[(pick(3, scalar @picked, @names))[-1]]}\E .* applied$}m, '... and no more');
($status, $out) = corpus('--counted=100', "--resume=$dir/kept");
like($out, qr/, 26 patches.*corpus: 18 of 18 /s, '... if there are so many');
($status, $out, $err) = corpus('--counted=10', '-n', 5);
is($status, 2, '--counted and -n');
like($err, qr/--counted goes with neither -n, --files nor --list/, '... are two ways of picking');

done_testing();
