#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Whatever a patch does to files, it is done whole or refused, and taken back.
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
my $scratch = $toy->{scratch};
my $before = tree_state($tree);
my $end = 'ksplice-create';
my $one = slurp(toy_patch($toy, 'kernel/one.c' => sub { s/\+ 5/+ 6/ }));

sub patch_file { my ($name, $text) = @_; return spew("$scratch/$name.patch", $text) }

# OPTIONS, then status and output; and the tree must be as it was.
sub gives {
    my ($what, $options, @expected) = @_;
    my @got = toy_create($toy, @$options);
    if (ref $expected[2]) {
        is_deeply([@got[0, 1]], [@expected[0, 1]], $what) or diag $got[2];
        like($got[2], $expected[2], '... with its words');
    } else {
        is_deeply(\@got, \@expected, $what) or diag explain \@got;
    }
    is_deeply(tree_state($tree), $before, '... and the source is as it was');
    is(left_behind($toy), '', '... and nothing is left');
    return;
}

my $replace = "vmlinux: replace kernel/one.o\n";
my $both = "vmlinux: replace kernel/one.o\nvmlinux: replace kernel/two.o\n";

# --- names -----------------------------------------------------------------

my $rename = <<'EOF' =~ s/^\@\n/ \n/mgr;
diff --git a/include/linux/toy.h b/include/linux/game.h
similarity index 100%
rename from include/linux/toy.h
rename to include/linux/game.h
diff --git a/kernel/two.c b/kernel/two.c
--- a/kernel/two.c
+++ b/kernel/two.c
@@ -1,5 +1,5 @@
 // SPDX-License-Identifier: GPL-2.0-only
-#include <linux/toy.h>
+#include <linux/game.h>
 #include "two-part.c"
@
 int two_twice(int n)
diff --git a/drivers/net/tx.c b/drivers/net/tx.c
--- a/drivers/net/tx.c
+++ b/drivers/net/tx.c
@@ -1,7 +1,7 @@
 // SPDX-License-Identifier: GPL-2.0-only
-#include <linux/toy.h>
+#include <linux/game.h>
@
 int toy_tx(int n)
 {
-	return toy_twice(n);
+	return toy_twice(n) + 1;
 }
EOF
my $renamed = "2 objects may include include/linux/toy.h\n"
    . "changes nothing in 'kernel/two.o': kernel/two.c\ntoy_net: replace drivers/net/tx.o\n";
gives('a header that gets another name', ['--patch=' . patch_file('rename', $rename), '--dry-run'],
    0, $renamed, '');
my $more = "--- a/include/linux/toy.h\n+++ b/include/linux/game.h\n@@ -0,0 +1 @@\n+#define A 1\n";
gives('... and other lines', ['--dry-run', '--patch=' . patch_file('rename-change',
    $rename =~ s/100%/90%/r =~ s{(rename to .*\n)}{$1 . $more}er)],
    0, $renamed, '');
gives('a source that gets another name', ['--patch=' . patch_file('rename-c',
    "diff --git a/kernel/one.c b/kernel/uno.c\nsimilarity index 100%\nrename from kernel/one.c\n"
    . "rename to kernel/uno.c\n")],
    1, '', "$end: the patch removes or renames a source that is built: kernel/one.c: keep its "
    . "name in the patch for a running kernel\n");
my $chain = <<'EOF';
diff --git a/kernel/off.c b/Documentation/toy.rst
similarity index 100%
rename from kernel/off.c
rename to Documentation/toy.rst
diff --git a/Documentation/toy.rst b/Documentation/new.rst
similarity index 100%
rename from Documentation/toy.rst
rename to Documentation/new.rst
EOF
gives('names that move on', ['--dry-run', '--patch=' . patch_file('chain', $chain . $one)], 0,
    "not code: Documentation/toy.rst Documentation/new.rst\n"
    . "not built with this .config: kernel/off.c\n$replace", '');
my $swap = <<'EOF';
diff --git a/kernel/one.c b/kernel/two.c
similarity index 100%
rename from kernel/one.c
rename to kernel/two.c
diff --git a/kernel/two.c b/kernel/one.c
similarity index 100%
rename from kernel/two.c
rename to kernel/one.c
EOF
gives('two files that change their names', ['--dry-run', '--patch=' . patch_file('swap', $swap)],
    0, $both, '');
gives('a name that is taken', ['--patch=' . patch_file('taken',
    $chain =~ s/diff --git a.Doc.*//sr)], 1, '', "$end: the patch '$scratch/taken.patch' does not "
    . "apply to '$tree': 'Documentation/toy.rst' already exists\n");
gives('a copy', ['--dry-run', '--patch=' . patch_file('copy',
    "diff --git a/kernel/one.c b/kernel/1.h\nsimilarity index 100%\ncopy from kernel/one.c\n"
    . "copy to kernel/1.h\n" . $one)],
    0, "new, and included by nothing in the patch: kernel/1.h\n$replace", '');
gives('another mode', ['--patch=' . patch_file('mode',
    "diff --git a/kernel/one.c b/kernel/one.c\nold mode 100644\nnew mode 100755\n")],
    66, "changes nothing in 'kernel/one.o': kernel/one.c\n",
    qr/^$end: the patch changes nothing in the compiled code$/m);
gives('a removed header', ['--dry-run', '--patch=' . patch_file('removed',
    "diff --git a/include/linux/toy.h b/include/linux/toy.h\ndeleted file mode 100644\n")],
    1, '', qr/'include\/linux\/toy\.h' has more lines than the patch takes out of it$/m);
symlink 'one.c', "$tree/kernel/link.c";
$before = tree_state($tree);
gives('a link', ['--patch=' . patch_file('link', $one =~ s/one\.c/link.c/gr)], 1, '',
    "$end: the path of 'kernel/link.c' has a symbolic link, '$tree/kernel/link.c': leave it out of "
    . "the patch\n");
unlink "$tree/kernel/link.c";
$before = tree_state($tree);
my $off = "--- a/kernel/off.c\n+++ /dev/null\n@@ -1,5 +0,0 @@\n"
    . slurp("$tree/kernel/off.c") =~ s/^/-/mgr;
my $below = "--- /dev/null\n+++ b/kernel/off.c/x.h\n@@ -0,0 +1 @@\n+int x;\n";
gives('a directory where a file was', ['--patch=' . patch_file('below', $off . $below . $one)], 1,
    '', "$end: the patch '$scratch/below.patch' makes 'kernel/off.c/x.h', but 'kernel/off.c' is a "
    . "file: give one of them another name\n");
my $at = "--- /dev/null\n+++ b/kernel/x.h\n@@ -0,0 +1 @@\n+int x;\n";
gives('a file and a directory of one name', ['--patch=' . patch_file('at',
    $at =~ s/x\.h/x.h\/x.h/r . $at . $one)], 1, '', "$end: the patch '$scratch/at.patch' makes "
    . "'kernel/x.h/x.h', but 'kernel/x.h' is a file: give one of them another name\n");
gives('the wrong number of directories',
    ['--patch=' . patch_file('p2', $one =~ s{ ([ab])/}{ $1/x/}gr)], 1, '',
    "$end: the patch '$scratch/p2.patch' does not apply to '$tree': 'x/kernel/one.c' does "
    . "not exist; 'kernel/one.c' does: try --patch-opt=-p2\n");
my $there = "--- a/kernel/one.c.orig\n+++ b/kernel/one.c\n";
gives('two names of which one is there', ['--dry-run', '--patch=' . patch_file('orig',
    $one =~ s/^---.*\n.*\n/$there/r)], 0, $replace, '');
spew("$tree/kernel/one.c.orig", '');
$before = tree_state($tree);
gives('two names that are there', ['--dry-run', '--patch=' . patch_file('orig',
    $one =~ s/^---.*\n.*\n/$there/r)], 1, '', qr/gives a file two names, and both exist/);
unlink "$tree/kernel/one.c.orig";
$before = tree_state($tree);

# --- several ---------------------------------------------------------------

my $first = patch_file('first', $one =~ s/\+ 6/+ 7/r);
my $second = patch_file('second', $one =~ s/\+ 5/+ 7/r);
my $other = patch_file('other',
    slurp(toy_patch($toy, 'kernel/two.c' => sub { s/toy_tw/3 * toy_tw/ })));
gives('several patches, in order',
    ["--patch=$first", "--patch=$second", "--patch=$other", '-o', 'several.tar.gz'],
    0, "${both}several.tar.gz\n", '');
my $update = read_update("$scratch/several.tar.gz");
like(slurp("$update->{dir}/patch"), qr/\A\Q$first\E\n\Q$second\E\n\Q$other\E\n\n
    ---\ a\/kernel\/one\.c\n.*^-\treturn\ one_value\ \+\ 5;\n\+\treturn\ one_value\ \+\ 6;$/msx,
    '... are one in the update');
gives('several in another order', ["--patch=$second", "--patch=$first"], 1, '',
    "  hunk #1 of 'kernel/one.c', line 3, does not apply\n"
    . "$end: the patch '$second' does not apply to '$tree': adapt it to that source\n");
gives('several in one file', ['--dry-run', '--patch=' . patch_file('both', slurp($first)
    . slurp($second) . slurp($other))], 0, $both, '');
my $mbox = '';
for ([1, 'one', $first], [2, 'two', $second]) {
    my ($n, $subject, $file) = @$_;
    $mbox .= "From " . '0' x 40 . " Mon Sep 17 00:00:00 2001\nFrom: A <a\@example.org>\n"
        . "Date: Sat, 28 Nov 2026 20:53:33 +0000\nSubject: [PATCH $n/2] toy: $subject\n\n"
        . "This is CVE-2026-000$n.\n\nFixes: 0123456789ab (\"toy\")\n---\n kernel/one.c | 2 +-\n\n"
        . slurp($file) . "-- \n2.39.5\n\n";
}
gives('a mailbox',
    ['--patch=' . patch_file('mbox', $mbox), '--description=it', '-o', 'mbox.tar.gz'], 0,
    "${replace}mbox.tar.gz\n", '');
$update = read_update("$scratch/mbox.tar.gz");
is($update->{description}, <<'EOF', '... whose messages are in the description');
it

toy: one
    From: A <a@example.org>
    Fixes: 0123456789ab ("toy")
    CVE-2026-0001
toy: two
    From: A <a@example.org>
    Fixes: 0123456789ab ("toy")
    CVE-2026-0002
EOF
is(slurp("$update->{dir}/patch"), $mbox, '... and which is kept as it is');
my $misfit = $mbox =~ s/.*^-\s[^\n]*\+ \K\d/9/msr;
isnt($misfit, $mbox, 'a line of the second message is another one');
gives('a mailbox whose second message does not fit', ['--patch=' . patch_file('misfit', $misfit)],
    1, '', "  hunk #1 of 'kernel/one.c', line 3, does not apply\n"
    . "$end: message 2 of the patch '$scratch/misfit.patch' ('toy: two') does not apply to "
    . "'$tree' with the patches before it: adapt it to that source\n");
gives('a rename, then a change of the new file', ['--dry-run', '--patch=' . patch_file('then',
    $rename . "--- a/include/linux/game.h\n+++ b/include/linux/game.h\n"
    . "@@ -0,0 +1 @@\n+#define A 1\n")],
    0, $renamed, '');

# --- how it fits -----------------------------------------------------------

my $moved = $one =~ s/^@@ -3,/@@ -7,/mr =~ s/ \+3,/ +7,/r;
gives('a patch that fits at another line', ['--dry-run', '--patch=' . patch_file('moved', $moved)],
    0, $replace, "$end: warning: the patch '$scratch/moved.patch' applies at other lines than "
    . "it states: kernel/one.c #1 at line 3 (-4)\n");
my $fuzzy = $one =~ s/^ int one_line.*/ int one_other_line(void)/mr;
isnt($fuzzy, $one, 'a line of context is another one');
my $names = $one =~ s/^@@.*//msr;
gives('a patch that only says where it adds lines', ['--dry-run', '--patch=' . patch_file('blind',
    "$names@@ -13,0 +14,2 @@\n+int a = 1;\n+int b;\n")], 0, $replace, "$end: warning: the patch "
    . "'$scratch/blind.patch' adds lines without context; check that their place is right: "
    . "kernel/one.c #1\n");
gives('... beyond the end', ['--patch=' . patch_file('beyond',
    "$names@@ -999,0 +1000,2 @@\n+int a = 1;\n+int b;\n")], 1, '',
    "$end: the patch '$scratch/beyond.patch' does not apply to '$tree': adapt it to that source\n");
gives('a patch that fits only with fuzz', ['--patch=' . patch_file('fuzzy', $fuzzy)], 1, '',
    "$end: the patch '$scratch/fuzzy.patch' applies only if context lines are ignored, in "
    . "kernel/one.c #1 (fuzz 2): check that it is correct there, then pass --patch-opt=-F3\n");
gives('... that is allowed', ["--patch=$scratch/fuzzy.patch", '--patch-opt=-F3', '--dry-run'], 0,
    $replace, "$end: warning: the patch '$scratch/fuzzy.patch' applies only where lines may be "
    . "ignored: kernel/one.c #1 (fuzz 2)\n");
my @there = (split /\n/, slurp("$tree/kernel/one.c"))[3 .. 6];
gives('a patch that is in the source, among other lines', ['--patch=' . patch_file('there',
    "$names@@ -4,3 +4,4 @@\n int one_other_line(void)\n+$there[1]\n $there[2]\n $there[3]\n")],
    1, '', "$end: the patch '$scratch/there.patch' seems to be in the source already, among other "
    . "lines, in kernel/one.c #1 (fuzz 2): compare them; only if it is not there, pass "
    . "--patch-opt=-F3\n");
gives('an option for patch(1) that is called as one of ours', ['--dry-run', "--patch=$first",
    '--patch-opt=--quiet'], 0, $replace, '');
gives('a patch that was cut', ['--patch=' . patch_file('cut', substr $one, 0, -3)], 1, '',
    "$end: the patch '$scratch/cut.patch' is cut short: it ends within a line of hunk #1 for "
    . "'b/kernel/one.c'\n");
my $back = $one =~ s/\+ 5/+ 4/r =~ s/\+ 6/+ 5/r;
gives('a patch that is in the source', ['--patch=' . patch_file('in', $back)], 1, '',
    "$end: the patch '$scratch/in.patch' is already in the source\n");
gives('a patch given twice', [map { '--patch=' . patch_file('twice', $one) } 1, 2], 1, '',
    "$end: the patch '$scratch/twice.patch' is already in the source with the patches before it: "
    . "leave it out\n");
gives('a patch that the one before prevents', ['--patch=' . patch_file('first', $one),
    '--patch=' . patch_file('next', $one =~ s{\+ 6}{+ 8}r)], 1, '',
    "  hunk #1 of 'kernel/one.c', line 3, does not apply\n$end: the patch "
    . "'$scratch/next.patch' does not apply to '$tree' with the patches before it: adapt it "
    . "to that source\n");
gives('a patch with a wrong -p', ['--patch=' . patch_file('strip',
    "diff --git a/kernel/one.c b/kernel/one.c\n$one"), '--patch-opt=-p0'], 1, '',
    "$end: the patch '$scratch/strip.patch' does not say which file it changes: "
    . "'a/kernel/one.c b/kernel/one.c'; use --patch-opt=-p1\n");
gives('a patch of which a part is', ['--patch=' . patch_file('part', $back . slurp($other))], 1, '',
    "  hunk #1 of 'kernel/one.c', line 3, is already in the source\n$end: the patch "
    . "'$scratch/part.patch' does not apply to '$tree'; some of it is already in the source: "
    . "remove that\n");
gives('a patch that is taken back', ["--patch=$scratch/in.patch", '--patch-opt=-R', '--dry-run'],
    0, $replace, '');
gives('a new file that is there', ['--patch=' . patch_file('new',
    "--- /dev/null\n+++ b/kernel/one.c\n@@ -0,0 +1 @@\n+int a;\n")], 1, '',
    qr/'kernel\/one\.c' already exists$/m);
gives('lines with CR LF', ['--dry-run', '--patch=' . patch_file('crlf', $one =~ s/\n/\r\n/gr)],
    0, $replace, qr/has lines that end in CR LF; CR is dropped: kernel\/one\.c$/m);

# --- where it is from ------------------------------------------------------

sub from {
    my ($what, $option, @arguments) = @_;
    my %env = (%{ Test::Toy::toy_env($toy) }, %{ delete $option->{env} // {} });
    my ($status, $out, $err) = run_cmd({ dir => $scratch, env => \%env, %$option }, @arguments,
        '--dry-run', $tree);
    # As toy_create has it: what takes long is the fault of the machine.
    $err =~ s/^ksplice-create: .* \.\.\.\n//mg;
    is_deeply([$status, $out, $err], [0, $replace, ''], $what);
    is_deeply(tree_state($tree), $before, '... and the source is as it was');
}
from('an environment full of options', { env => { map { $_ => '--no-such-option' } qw(QUOTING_STYLE
    POSIXLY_CORRECT TAR_OPTIONS GREP_OPTIONS KCFLAGS MAKEFLAGS PATCH_VERSION_CONTROL KSPLICE_FULL
    CFLAGS CPATH LANG) } }, 'ksplice-create', "--patch=$first");
from('the standard input', { stdin => $one }, 'ksplice-create', '--patch=-');
from('a pipe of the shell', {}, 'bash', '-c', 'cat=$1; shift; "$@" --patch=<(cat "$cat")', 'bash',
    $first, root_dir() . '/ksplice-create');
gives('the standard input twice', ['--patch=-', '--patch=-'], 2, '',
    "$end: the standard input can be used only once\ntry '$end --help'\n");

done_testing();
