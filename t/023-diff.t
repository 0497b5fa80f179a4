#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# A patch is read whole, line by line, or refused with what is wrong in it.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice qw(failure_text);
use Ksplice::Diff qw(read_diff reverse_changes hunk_text);
use Ksplice::Messages qw(read_messages describe_message);
use Test::Ksplice;
use Test::More;

my $hunk = "@@ -1,2 +1,2 @@ int f(void)\n-a\n+b\n c\n";

# KIND OLD NEW MODE HUNKS of each change.
sub changes_of {
    my ($text, $strip) = @_;
    return [map { my $c = $_;
        join ' ', (map { $c->{$_} // '-' } qw(kind old new mode)), scalar @{ $c->{hunks} }
    } read_diff($text, 'x.patch', $strip // 1)];
}

sub reads {
    my ($what, $text, $expected, $strip) = @_;
    my $got = eval { changes_of($text, $strip) } // failure_text($@);
    is_deeply($got, $expected, $what);
}

reads('a plain diff', "Why.\n\ndiff -u a/k/f.c b/k/f.c\n--- a/k/f.c\t2026-01-01 00:00:00.0 +0000\n"
    . "+++ b/k/f.c\t2026-01-02 00:00:00.0 +0000\n$hunk", ['changed k/f.c k/f.c - 1']);
reads('two hunks, then another file', "--- a/f.c\n+++ b/f.c\n$hunk$hunk--- a/g.c\n+++ b/g.c\n$hunk",
    ['changed f.c f.c - 2', 'changed g.c g.c - 1']);
reads('removed lines that look like names', "--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,2 @@\n--- a/x\n"
    . "+++ b/x\n c\n", ['changed f.c f.c - 1']);
reads('a diff as quilt writes it', "Index: linux/f.c\n=====================\n--- linux.orig/f.c\n"
    . "+++ linux/f.c\n$hunk", ['changed f.c f.c - 1']);
reads('-p0', "--- f.c\n+++ f.c\n$hunk", ['changed f.c f.c - 1'], 0);
reads('-p2', "--- x/y/f.c\n+++ x/y/f.c\n$hunk", ['changed f.c f.c - 1'], 2);
reads('doubled slashes', "--- a//k/./f.c\n+++ b//k/./f.c\n$hunk", ['changed k/f.c k/f.c - 1']);
my ($to_all, $from_all) = ("@@ -0,0 +1 @@\n+a\n", "@@ -1 +0,0 @@\n-a\n");
reads('a new file', "--- /dev/null\n+++ b/f.c\n$to_all", ['added - f.c - 1']);
reads('a removed one', "--- a/f.c\n+++ /dev/null\n$from_all", ['deleted f.c - - 1']);
my $epoch = "1970-01-01 01:00:00.000000000 +0100";
reads('a new file by its time', "--- a/f.c\t$epoch\n+++ b/f.c\n$to_all", ['added - f.c - 1']);
reads('a removed one by its time', "--- a/f.c\n+++ b/f.c\t$epoch\n$from_all",
    ['deleted f.c - - 1']);
reads('an old file with the time of one that is not there', "--- a/f.c\t$epoch\n+++ b/f.c\n$hunk",
    ['changed f.c f.c - 1']);
my $git = "diff --git a/k/f.c b/k/f.c\n";
reads('git, changed', "${git}index 0a1b2c3..4d5e6f7 100644\n--- a/k/f.c\n+++ b/k/f.c\n$hunk",
    ['changed k/f.c k/f.c - 1']);
reads('git, new', "${git}new file mode 100755\nindex 0000000..4d5e6f7\n--- /dev/null\n"
    . "+++ b/k/f.c\n$to_all", ['added - k/f.c 100755 1']);
reads('git, new and empty', "${git}new file mode 100644\nindex 0000000..e69de29\n",
    ['added - k/f.c 100644 0']);
reads('git, removed', "${git}deleted file mode 100644\n--- a/k/f.c\n+++ /dev/null\n$from_all",
    ['deleted k/f.c - - 1']);
for my $head ('@@ -5,1 +5,1@@', '@@-5 +5 @@', '@@ -x +5 @@', '@@ -5,-1 +5 @@', "\t@@ -5 +5 @@") {
    reads("'$head'", "--- a/f.c\n+++ b/f.c\n$hunk$head\n-c\n+d\n",
        "the patch 'x.patch' is damaged: '" . $head =~ s/\t//r . "' is not the head of a hunk");
}
reads('a line number that is too large', "--- a/f.c\n+++ b/f.c\n@@ -4294967296000 +1 @@\n-a\n+b\n",
    "the patch 'x.patch' is damaged: hunk #1 for 'b/f.c' has an impossible line number");
reads('a diff without -u after one with it', "--- a/f.c\n+++ b/f.c\n${hunk}diff -r a/g.c b/g.c\n"
    . "1c1\n< a\n---\n> b\n", "the patch 'x.patch' is not a unified diff: make it with 'diff -u'");
reads('a file that becomes a directory', "--- a/f.c\n+++ b/f.c\n${hunk}File a/g is a directory "
    . "while file b/g is a regular file\n",
    "the patch 'x.patch' makes 'a/g' a file of another kind: remove that part");
for my $lines ('', "index 0a1b2c3..4d5e6f7 100644\n", "new mode 1007x5\n",
    "old mode 100644\nnew mode 100755\nindex 0a1b2c3..4d5e6f7\n",
    "new file mode 100644\nindex 0000000..4d5e6f7\n",
    "deleted file mode 100644\nindex 4d5e6f7..0000000\n") {
    reads('git, cut after ' . ($lines =~ s/\n/ /gr || 'the first line'), "${git}$lines",
        "the patch 'x.patch' is cut short: it has no hunk for 'a/k/f.c b/k/f.c'");
}
reads('git, another mode', "${git}old mode 100644\nnew mode 100755\n",
    ['changed k/f.c k/f.c 100755 0']);
reads('git, another name', "diff --git a/f.c b/k/g.c\nsimilarity index 100%\nrename from f.c\n"
    . "rename to k/g.c\n", ['renamed f.c k/g.c - 0']);
reads('git, another name and lines', "diff --git a/f.c b/g.c\nsimilarity index 90%\n"
    . "rename from f.c\nrename to g.c\n--- a/f.c\n+++ b/g.c\n$hunk", ['renamed f.c g.c - 1']);
reads('git, a copy', "diff --git a/f.c b/g.c\nsimilarity index 100%\ncopy from f.c\ncopy to g.c\n",
    ['copied f.c g.c - 0']);
reads('names with blanks', "diff --git a/a b.c b/a b.c\nold mode 100644\nnew mode 100755\n"
    . "diff --git a/c d.c b/c d.c\n--- a/c d.c\t\n+++ b/c d.c\t\n$hunk",
    ['changed a b.c a b.c 100755 0', 'changed c d.c c d.c - 1']);
reads('quoted names', qq(diff --git "a/\\303\\266\\"\\\\.c" "b/\\303\\266\\"\\\\.c"\n)
    . qq(--- "a/\\303\\266\\"\\\\.c"\n+++ "b/\\303\\266\\"\\\\.c"\n$hunk),
    ["changed \303\266\"\\.c \303\266\"\\.c - 1"]);
reads('no newline at the end of the file', "--- a/f.c\n+++ b/f.c\n@@ -1 +1 @@\n-a\n"
    . "\\ No newline at end of file\n+b\n\\ No newline at end of file\n", ['changed f.c f.c - 1']);
reads('a context line whose blank was lost', "--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,3 @@\n a\n\n+b\n",
    ['changed f.c f.c - 1']);
reads('lines that end in CR LF', "--- a/f.c\r\n+++ b/f.c\r\n" . $hunk =~ s/\n/\r\n/gr,
    ['changed f.c f.c - 1']);
reads('what git format-patch ends with', "--- a/f.c\n+++ b/f.c\n$hunk-- \n2.39.5\n\n",
    ['changed f.c f.c - 1']);
reads('no patch at all', "hello\n--- hello\n", []);

# What is refused.
my $head = "--- a/f.c\n+++ b/f.c\n";
my $x = "the patch 'x.patch'";
my $which = "hunk #1 for 'b/f.c'";
reads('cut within a line', $head . substr($hunk, 0, -2),
    "$x is cut short: it ends within a line of $which");
reads('cut at a newline in its last line', $head . substr($hunk, 0, -1),
    "$x is cut short: it ends within a line of $which");
reads('cut after a line', "$head@@ -1,2 +1,2 @@\n-a\n", "$x is cut short: $which lacks lines");
reads('cut after the names', $head, "$x is cut short: it has no hunk for 'b/f.c'");
reads('another file where lines should be',
    "$head@@ -1,9 +1,9 @@\n-a\n+b\n c\ndiff --git a/g b/g\n",
    "$x is cut short or damaged: $which lacks lines");
reads('more lines than the head says', "$head$hunk+d\n",
    "$x is damaged: $which has other lines than its head says");
reads('other lines than the head says', "$head@@ -1 +1,3 @@\n-a\n-b\n+c\n+d\n+e\n",
    "$x is damaged: $which has other lines than its head says");
reads('a hunk of no file', "hello\n$hunk", "$x has a hunk that belongs to no file");
reads('a binary file of git', "${git}index 0a1b2c3..4d5e6f7 100644\nGIT binary patch\nliteral 3\n",
    "$x changes a binary file, 'a/k/f.c b/k/f.c': remove that part");
reads('a binary file', "Binary files a/x and b/x differ\n",
    "$x has no text of 'a/x and b/x', a binary file: remove that part");
reads('a file that is in one tree only', "$head${hunk}Only in b/k: new.c\n",
    "$x has no contents of 'b/k: new.c': make it with 'diff -ruN'");
reads('a context diff', "*** a/f.c\n--- b/f.c\n***************\n*** 1 ****\n",
    "$x is a context diff: make it with 'diff -u'");
reads('a merge', "diff --cc f.c\nindex 1,2..3\n",
    "$x is the combined diff of a merge: make it with 'git diff OLD NEW'");
reads('a link', "${git}new file mode 120000\n",
    "$x changes a symbolic link, 'a/k/f.c b/k/f.c': remove that part");
reads('another target of a link', "${git}index 1111111..2222222 120000\n",
    "$x changes a symbolic link, 'a/k/f.c b/k/f.c': remove that part");
reads('a submodule', "${git}index 1111111..2222222 160000\n",
    "$x changes a submodule, 'a/k/f.c b/k/f.c': remove that part");
for my $mode (qw(104777 102755 100777 100664 040000 644 100000644)) {
    my $says = "$x has the mode $mode for 'a/k/f.c b/k/f.c', "
        . 'but a source has 100644 or 100755: remove that part';
    reads("the mode $mode, $_->[0]", $git . $_->[1] =~ s/MODE/$mode/r, $says) for
        ['new', "old mode 100644\nnew mode MODE\n"], ['old', "old mode MODE\nnew mode 100755\n"],
        ['of a new file', "new file mode MODE\nindex 0000000..e69de29\n"],
        ['of a removed one', "deleted file mode MODE\nindex e69de29..0000000\n"],
        ['unchanged', "index 0a1b2c3..4d5e6f7 MODE\n--- a/k/f.c\n+++ b/k/f.c\n$hunk"];
}
reads("leaves the tree: $_", "--- a/$_\n+++ b/$_\n$hunk", "$x leaves the tree: '$_'")
    for '../f.c', 'k/../../f.c', '..';
reads('a full name', "--- /etc/f.c\n+++ /etc/f.c\n$hunk", "$x leaves the tree: '/etc/f.c'", 0);
reads('a new name outside', "diff --git a/f.c b/g.c\nrename from f.c\nrename to ../g.c\n",
    "$x leaves the tree: '../g.c'");
reads('a newline in a name', qq(--- "a/f\\n.c"\n+++ "b/f\\n.c"\n$hunk),
    qq($x has the name of a file with a control character: "f\\012.c"));
reads('a name of ours', "--- a/f.c.KSPLICE_presrc\n+++ b/f.c.KSPLICE_presrc\n$hunk",
    "$x changes 'f.c.KSPLICE_presrc', which is not of the source");
reads('too few directories', "--- f.c\n+++ f.c\n$hunk",
    "$x has too few directories in the name for -p1, 'f.c': use --patch-opt=-p0");

# Taken back.
my ($back) = reverse_changes(read_diff("$head@@ -3,2 +5,3 @@\n-a\n+b\n+d\n c\n", 'x', 1));
is(hunk_text($back->{hunks}[0]), "@@ -5,3 +3,2 @@\n+a\n-b\n-d\n c\n", 'a hunk that is taken back');
is_deeply([map { "$_->{kind} " . ($_->{old} // '-') . ' ' . ($_->{new} // '-') } reverse_changes(
    read_diff("--- /dev/null\n+++ b/n.c\n${to_all}diff --git a/f.c b/g.c\nrename from f.c\n"
        . "rename to g.c\n", 'x', 1))], ['renamed g.c f.c', 'deleted n.c -'],
    'names that are taken back');

# Messages.
my $mbox = <<'EOF';
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: A Sender <s@example.org>
Date: Sat, 28 Nov 2026 20:53:33 +0000
Subject: [PATCH 0/2] both

The letter about them, for CVE-2000-0001.

From 1123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: =?UTF-8?q?J=C3=BCrgen?= <j@example.org>
Subject: [PATCH v2 1/2] proc: a subject that is
 long

This is CVE-2026-12345 and CVE-2026-12345.

Fixes: 0123456789ab ("proc: before")
Fixes: 1123456789ab ("proc: long before")
---
Not CVE-2026-99999.

--- a/f.c
+++ b/f.c
@@ -1 +1 @@
-From the beginning
+b
--SIGNATURE
2.39.5

From 2123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: A Sender <s@example.org>
Subject: [PATCH v2 2/2] proc: other
Content-Transfer-Encoding: quoted-printable

From: The Author <a@example.org>

--- a/f.c
+++ b/f.c
@@ -1 +1 @@
-b =3D=
 1
+c
EOF
my @messages = read_messages($mbox =~ s/SIGNATURE/ /r, 'x');
is_deeply([map { scalar @{ changes_of($_->{text}) } } @messages], [0, 1, 1],
    'the messages of a mailbox');
is_deeply([describe_message($messages[1])], ['proc: a subject that is long',
    "    From: J\303\274rgen <j\@example.org>", '    Fixes: 0123456789ab ("proc: before")',
    '    Fixes: 1123456789ab ("proc: long before")', '    CVE-2026-12345'],
    '... with subject, author, what is fixed, and ids');
is_deeply([describe_message($messages[2])], ['proc: other', '    From: The Author <a@example.org>'],
    '... the author is not always the sender');
is_deeply((read_diff($messages[2]{text}, 'x', 1))[0]{hunks}[0]{lines}, ["-b = 1\n", "+c\n"],
    '... and its encoding is undone');
my @shown = read_messages(<<'EOF', 'x');
commit 0123456789012345678901234567890123456789
Author: The Author <a@example.org>
Date:   Sat Nov 28 20:53:33 2026 +0000

    proc: shown

    CVE-2026-4321

diff --git a/f.c b/f.c
--- a/f.c
+++ b/f.c
@@ -1 +1 @@
-a
+b
EOF
is_deeply([map { describe_message($_) } @shown], ['proc: shown',
    '    From: The Author <a@example.org>', '    CVE-2026-4321'], 'what git show prints');
is(scalar @{ changes_of($shown[0]{text}) }, 1, '... has its patch');
is_deeply([map { describe_message($_) } read_messages("$head$hunk", 'x')], [],
    'a bare patch says nothing');
is_deeply([map { describe_message($_) } read_messages("Subject: a\e[31m b\n\n$head$hunk", 'x')],
    ['a [31m b'], 'control characters are dropped');
ok(!eval { read_messages("From: a\@b\nContent-Type: multipart/mixed; boundary=x\n\nx\n", 'x'); 1 },
    'a mail of several parts is refused');
like(failure_text($@), qr/^the patch 'x' is a mail of several parts: save its text/,
    '... with the cure');

# What looks like a change and is taken as text
for my $case (['indented', '  '], ['quoted', '> '], ['coloured', "\e[36m"]) {
    my ($how, $before) = @$case;
    my $said = '';
    no warnings 'redefine';
    local *Ksplice::Diff::warning = sub { $said .= $_[0] };
    my $other = "--- a/g.c\n+++ b/g.c\n$hunk" =~ s/^/$before/mgr;
    reads("another change that is $how", "--- a/f.c\n+++ b/f.c\n$hunk$other",
        ['changed f.c f.c - 1']);
    is($said, "line 9 of the patch 'x.patch' looks like a change that was indented, quoted or "
        . 'coloured: it is taken as text', '... is a warning');
}
reads('what git had not merged', "--- a/f.c\n+++ b/f.c\n$hunk* Unmerged path k/g.c\n",
    "the patch 'x.patch' has no change of 'k/g.c', which git had not merged");

done_testing();
