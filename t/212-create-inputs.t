#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# A patch, new versions beside the files and a commit give the same update.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Update qw(read_update);
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
my $expected = "vmlinux: replace kernel/one.o\n";
my $change = sub { s/\+ 5/+ 6/ };

# The changed lines of the patch in the tarball.
sub patch_of {
    my $dir = read_update("$toy->{scratch}/$_[0].tar.gz")->{dir};
    return join '', grep { /^(?:[-+] *[^-+ ]|---|\+\+\+)/ } slurp("$dir/patch") =~ /^.*\n/mg;
}
my $same = "--- a/kernel/one.c\n+++ b/kernel/one.c\n"
    . "-\treturn one_value + 5;\n+\treturn one_value + 6;\n";

my $patch = toy_patch($toy, 'kernel/one.c' => $change);
is_deeply([toy_create($toy, "--patch=$patch", '-o', 'patch.tar.gz')],
    [0, "${expected}patch.tar.gz\n", ''], 'a patch');
is(patch_of('patch'), $same, '... is in the update');

my $p0 = spew("$toy->{scratch}/p0.patch", slurp($patch) =~ s{ [ab]/}{ }gr);
is_deeply([toy_create($toy, "--patch=$p0", '--patch-opt=-p0', '--dry-run')], [0, $expected, ''],
    'a patch with an option for patch(1)');

# Two patches of one file, the second one on top of the first, and of another file
my $one = slurp($patch);
my $step = $one =~ s/\+ 6/+ 7/r;
spew("$toy->{scratch}/series/first.patch", $step);
spew("$toy->{scratch}/series/sub/second.patch",
    $one =~ s/\+ 5/+ 7/r =~ s{ [ab]/}{ }gr);
my $series = spew("$toy->{scratch}/series/list",
    "# what is needed\nfirst.patch\n\nsub/second.patch -p0 # on top\n");
is_deeply([toy_create($toy, "--series=$series", '-o', 'series.tar.gz')],
    [0, "${expected}series.tar.gz\n", ''], 'a series of patches');
is(patch_of('series'), $same, '... is one patch in the update');
like(slurp(read_update("$toy->{scratch}/series.tar.gz")->{dir} . '/patch'),
    qr/\Afirst\.patch\nsub\/second\.patch\n\n/, '... that says what it was made of');
spew($series, "sub/second.patch -p0\n");
my @got = toy_create($toy, "--series=$series");
is($got[0], 1, 'a patch of a series that does not apply is refused');
like($got[2], qr{: the patch 'sub/second\.patch' does not apply to '.*toy': adapt it to}m,
    '... by name');
spew($series, "third.patch\n");
is_deeply([toy_create($toy, "--series=$series")],
    [1, '', "ksplice-create: the series '$series' has no patch 'third.patch'\n"],
    'a patch that is not there');
spew($series, "# nothing\n");
is_deeply([toy_create($toy, "--series=$series")],
    [1, '', "ksplice-create: the series '$series' is empty\n"], 'an empty series');
spew($series, "first.patch\nback.patch\n");
spew("$toy->{scratch}/series/back.patch",
    $step =~ s/^-(?!-)/~/mgr =~ s/^\+(?!\+)/-/mgr =~ s/^~/+/mgr);
is_deeply([toy_create($toy, "--series=$series")],
    [66, '', "ksplice-create: the patches change nothing together\n"],
    'patches that take each other back');

spew("$tree/kernel/one.c.fixed", slurp("$tree/kernel/one.c") =~ s/\+ 5/+ 6/r);
spew("$tree/kernel/two.c.fixed", slurp("$tree/kernel/two.c"));
is_deeply([toy_create($toy, '--diffext=.fixed', '-o', 'diffext.tar.gz')],
    [0, "${expected}diffext.tar.gz\n", ''], 'new versions beside the files');
is(patch_of('diffext'), $same, '... are in the update as a patch');
is_deeply([toy_create($toy, '--diffext=fixed', '--dry-run')], [0, $expected, ''],
    '... the dot may be left out');
unlink "$tree/kernel/one.c.fixed";
is_deeply([toy_create($toy, '--diffext=.fixed')],
    [66, '', "ksplice-create: no file in '$tree' differs from its version with '.fixed'\n"],
    'new versions that are the old ones');
is_deeply([toy_create($toy, '--diffext=.none')],
    [1, '', "ksplice-create: no file in '$tree' ends in '.none'\n"], 'no new versions');
unlink "$tree/kernel/two.c.fixed";

is_deeply([toy_create($toy, '--git=HEAD')],
    [1, '', "ksplice-create: '$tree' is not the top of a git tree\n"], 'no git tree');
SKIP: {
    skip 'git is not there: install it', 6 if !have_program('git');
    my @git = ('git', '-C', $tree, '-c', 'user.name=t', '-c', 'user.email=t@example.org');
    my $git = sub { (run_cmd(@git, @_))[0] == 0 or die "git @_" };
    $git->('init', '-q');
    $git->('add', $_) for qw(kernel include drivers Makefile scripts);
    $git->('commit', '-q', '-m', 'one');
    edit("$tree/kernel/one.c", $change);
    $git->('commit', '-q', '-a', '-m', 'two');
    $git->('branch', 'fix');
    $git->('checkout', '-q', 'HEAD^');
    my $before = tree_state($tree);
    is_deeply([toy_create($toy, '--git=fix', '-o', 'git.tar.gz')],
        [0, "${expected}git.tar.gz\n", ''], 'a commit');
    is(patch_of('git'), $same, '... is in the update as a patch');
    is_deeply(tree_state($tree), $before, '... and the tree is as it was');
    is((run_cmd(@git, 'status', '--porcelain', '-uno'))[1], '', '... for git, too');
    is_deeply([toy_create($toy, '--git=HEAD')],
        [66, '', "ksplice-create: 'HEAD' is the same source as the working tree\n"],
        'the commit that is checked out');
    my ($status, undef, $err) = toy_create($toy, '--git=no-such');
    is($status, 1, 'a commit that is not there');
}

done_testing();
