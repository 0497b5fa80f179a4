#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Whatever was done to a tree, a revert puts everything back.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice qw(failure_text);
use Ksplice::Journal qw(has_journal begin_journal note_touched note_neighbours keep_source
    keep_object revert_tree);
use Test::Ksplice;
use Test::More;
use Time::HiRes ();
use Test::Toy;

my $dir = scratch_dir();
spew("$dir/a.c", "int a;\n");
spew("$dir/b.c", "int b;\n");
chmod 0640, "$dir/b.c";
utime 1000, 1000, "$dir/a.c", "$dir/b.c";
my $before = tree_state($dir);
my $inode = (stat "$dir/b.c")[1];

is(revert_tree($dir), 0, 'nothing to revert is fine');

note_touched($dir, source => 'a.c', 'b.c');
note_touched($dir, added => 'new/deep/c.c', 'new/d.c');
note_touched($dir, addeddir => 'new/deep', 'new');
is_deeply((revert_tree($dir), tree_state($dir))[1], $before, 'killed before anything was done');

note_touched($dir, source => 'a.c', 'b.c');
note_touched($dir, added => 'new/deep/c.c', 'new/d.c');
note_touched($dir, addeddir => 'new/deep', 'new');
keep_source($dir, 'a.c');
keep_source($dir, 'b.c');
spew("$dir/a.c", "int other;\n");
unlink "$dir/b.c";
spew("$dir/$_", "int c;\n") for 'new/deep/c.c', 'new/d.c';
ok(has_journal($dir), 'a patched tree is recognized');
is(revert_tree($dir), 4, 'changed, removed and added files are put back');
is_deeply(tree_state($dir), $before, '... with mode and time');
is((stat "$dir/b.c")[1], $inode, '... and are the very files');
ok(!-e "$dir/new", '... and new directories are removed');
ok(!has_journal($dir), '... and is no longer recognized');

# make compares times by more than seconds
Time::HiRes::utime(1000.25, 1000.25, "$dir/a.c");
keep_source($dir, 'a.c');
is((Time::HiRes::stat("$dir/a.c"))[9], 1000.25, 'a copy has the time of the original, to the bit');
rename "$dir/a.c.KSPLICE_presrc", "$dir/a.c" or die;

spew("$dir/a.c.KSPLICE_presrc", "int precious;\n");
ok(!eval { keep_source($dir, 'a.c'); 1 }, 'an original that lies about is not overwritten');
like(failure_text($@), qr/'\S+a\.c\.KSPLICE_presrc' exists already/, '... and named');
unlink "$dir/a.c.KSPLICE_presrc";

my $object = build_object("$dir/a.c", "$dir/a.o");
spew("$dir/.a.o.cmd", "cmd\n");
utime 2000, 2000, $object;
my $content = slurp($object);
note_touched($dir, object => 'a.o');
keep_object($object);
spew("$dir/a.c", "int a = 7;\n");
build_object("$dir/a.c", "$dir/a.o");
is(slurp("$object.KSPLICE_pre"), $content, 'the compiler does not write through the link');
isnt(slurp($object), $content, '... but makes another file');
spew("$dir/.a.o.cmd", "other\n");
revert_tree($dir);
is(slurp($object), $content, 'an object is put back');
is((stat $object)[9], 2000, '... with its time');
is(slurp("$dir/.a.o.cmd"), "cmd\n", '... and what kbuild knows of it');

note_touched($dir, object => 'a.o');
keep_object($object);
revert_tree($dir);
ok(-e $object && !-e "$object.KSPLICE_pre", 'an object that was not built again stays');

note_touched($dir, built => 'a.o');
revert_tree($dir);
ok(!-e $object, 'an object that was being built for the first time is removed');

# --- what a revert looks at ------------------------------------------------

# The message of a revert after the sub has had its way with a patched tree.
sub revert_after {
    my ($harm, @names) = @_;
    my $tree = scratch_dir();
    spew("$tree/k/$_.c", "int $_;\n") for qw(a b c);
    begin_journal($tree);
    note_neighbours($tree, 'k/a.c');
    note_touched($tree, source => 'k/a.c');
    note_touched($tree, added => 'k/n.c');
    keep_source($tree, 'k/a.c');
    spew("$tree/k/$_.c", "int other;\n") for qw(a n);
    $harm->($tree);
    my $ok = eval { revert_tree($tree); 1 };
    my $text = $ok ? 'fine' : failure_text($@) =~ s/\Q$tree\E/TREE/r;
    return $text, $tree;
}

sub append { my ($file, $text) = @_; return spew($file, slurp($file) . $text) }

my $bad = "the source in 'TREE' has changed: ";
for (
    ['nothing was done', sub { }, 'fine'],
    ['objects were built', sub { spew("$_[0]/k/a.o", 'a'); spew("$_[0]/k/.a.o.cmd", 'a') }, 'fine'],
    ['a source beside it is missing', sub { unlink "$_[0]/k/b.c" }, "${bad}'k/b.c' is missing"],
    ['a source beside it is another', sub { spew("$_[0]/k/b.c", "int x;\n") },
        "${bad}'k/b.c' is changed"],
    ['another mode', sub { chmod 0600, "$_[0]/k/c.c" }, "${bad}'k/c.c' is changed"],
    ['the original is changed', sub { append("$_[0]/k/a.c.KSPLICE_presrc", 'x') },
        "${bad}'k/a.c' is changed"],
    ['bytes of the original are changed, with its size and time', sub {
        my $file = "$_[0]/k/a.c.KSPLICE_presrc";
        my @times = (Time::HiRes::stat($file))[8, 9];
        open my $f, '+<', $file or die $!;
        print {$f} 'INT';
        close $f;
        Time::HiRes::utime($times[0], $times[1], $file);
    }, "${bad}'k/a.c' is changed"],
    ['the original is missing', sub { unlink "$_[0]/k/a.c.KSPLICE_presrc" },
        "${bad}'k/a.c' is changed"],
    ['a source was made somewhere else', sub { spew("$_[0]/far/gen.h", "x\n") },
        "${bad}'far/gen.h' is new"],
    ['half a line at the end', sub { append("$_[0]/.KSPLICE_journal", 'sour') }, 'fine'],
    ['a line that is damaged', sub { append("$_[0]/.KSPLICE_journal", "\0\0\n") },
        "${bad}its journal is damaged"],
) {
    my ($what, $harm, $expected) = @$_;
    my ($text, $tree) = revert_after($harm);
    is($text, $expected, $what);
    is((grep { -e } "$tree/k/n.c", glob "$tree/k/*KSPLICE*"), 0,
        '... and all is put back that can be');
    next if $text eq 'fine';
    ok(!eval { revert_tree($tree); 1 }, '... it stays so');
    is(failure_text($@) =~ s/\Q$tree\E/TREE/r, $expected, '... with the same words');
}

done_testing();
