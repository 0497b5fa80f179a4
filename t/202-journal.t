#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Whatever was done to a tree, a revert puts everything back.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice qw(failure_text);
use Ksplice::Journal qw(has_journal note_touched keep_source keep_object revert_tree);
use Test::Ksplice;
use Test::More;
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
ok(has_journal($dir), 'a tree that is patched can be told');
is(revert_tree($dir), 4, 'changed, removed and added files are put back');
is_deeply(tree_state($dir), $before, '... with mode and time');
is((stat "$dir/b.c")[1], $inode, '... and are the very files');
ok(!-e "$dir/new", '... and directories that were made are gone');
ok(!has_journal($dir), '... and it cannot be told any more');

spew("$dir/a.c.KSPLICE_presrc", "int precious;\n");
ok(!eval { keep_source($dir, 'a.c'); 1 }, 'an original that lies about is not overwritten');
like(failure_text($@), qr/'\S+a\.c\.KSPLICE_presrc' is in the way/, '... and named');
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
ok(!-e $object, 'an object that was being built for the first time goes');

done_testing();
