#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A tarball that is no good update is refused with its own message, status 1,
# and nothing of it is unpacked.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Digest::SHA qw(sha256_hex);
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $file = "$dir/update.tar.gz";
my $top = 'ksplice-abc12345';
my $old = 'ksplice-abc12345-vmlinux-old.ko';
my $new = 'ksplice-abc12345-vmlinux-new.ko';
my $contents = "kid abc12345\nrelease 6.1.0-56-amd64\narch x86_64\ncore ksplice.ko\n"
    . "change vmlinux $old $new\n";

# The entries of a good update, with some of them replaced, added or (undef) dropped;
# its contents fit the files, unless that is replaced.
sub entries (%other) {
    my %content = ('api-version' => "4\n", description => "Fix it\n",
        'ksplice.ko' => 'core', $old => 'old', $new => 'new');
    my $lines = delete $other{lines} // $contents;
    my $sealed = sealed_contents($lines, %content);
    %content = (%content, contents => $sealed, %other);
    return { name => "$top/", type => 5 },
        map { { name => "$top/$_", content => $content{$_} } }
        grep { defined $content{$_} } sort keys %content;
}

# The same with contents that fit the files as they are given here.
sub fitting (%other) {
    my %content = ('api-version' => "4\n", 'ksplice.ko' => 'core', $old => 'old', $new => 'new',
        %other);
    delete @content{ grep { !defined $content{$_} } keys %content };
    return entries(%content, contents => sealed_contents($contents, %content),
        map({ $_ => undef } grep { !exists $content{$_} } 'description', keys %other));
}

# Nothing may appear anywhere; the place for temporary files is looked at, too.
sub refused ($title, $message, @entries) {
    make_tar($file, @entries) if @entries;
    is_refused($title, $message);
}

sub is_refused ($title, $message) {
    my $tmp = scratch_dir();
    my ($status, $out, $err) =
        run_cmd({ env => { TMPDIR => $tmp } }, 'ksplice-view', "--file=$file");
    is($err, "ksplice-view: '$file' $message\n", $title);
    is($status, 1, '  ... status 1');
    is($out, '', '  ... nothing else is printed');
    is_deeply([glob "$tmp/*"], [], '  ... nothing is left behind');
}

make_tar($file, entries());
my ($status, $out, $err) = run_cmd('ksplice-view', "--file=$file");
is($status, 0, 'a good one is read') or diag $err;

spew($file, '');
is_refused('an empty file', 'is empty');

spew($file, 'plain text');
is_refused('not compressed', 'is not an update: it is not compressed by gzip');

make_tar($file, entries());
my $whole = slurp($file);
spew($file, substr $whole, 0, length($whole) - 30);
is_refused('a truncated gzip file',
    "is damaged or truncated: gzip reports 'unexpected end of file'");

refused('not a tar archive', 'is not an update: it is no tar archive', { raw => 'x' x 2000 });

make_tar($file, { raw => '' });
is_refused('an archive without entries', 'is an empty archive');

refused('an archive that ends early', "is truncated: it ends inside '$top/contents'",
    { name => "$top/", type => 5 }, { name => "$top/contents", size => 99999, content => 'kid' });

my (undef, $garbled) = entries();
refused('a garbled header', 'is damaged: no tar header at offset 1024',
    $garbled, { raw => 'y' x 512 });

make_tar($file, entries());
my (undef, $tar) = run_cmd('gzip', '-dc', $file);

# The same archive with other bytes.
sub respell ($bytes) {
    my (undef, $gz) = run_cmd({ stdin => $bytes }, 'gzip', '-c');
    return spew($file, $gz);
}

my $bare = $tar =~ s/\0+\z//r;
$bare .= "\0" x (-length($bare) % 512);
respell($bare . "\0" x 512);
is((run_cmd('ksplice-view', "--file=$file"))[0], 0, 'one block of zeros ends an archive');
respell($bare);
is_refused('an archive without an end', 'is truncated: it has no end mark');
respell($tar =~ s/contents/cantents/r);
is_refused('a header with a wrong sum', 'is damaged: no tar header at offset 1536');

refused('an absolute path', "has an absolute path, '/etc/passwd'",
    entries(), { name => '/etc/passwd', content => 'x' });
refused('a path out of it', "has a path that leaves it, '$top/../../x'",
    entries(), { name => "$top/../../x", content => 'x' });
refused('a symbolic link', "has a symbolic link, '$top/patch'",
    entries(), { name => "$top/patch", type => 2, link => '/etc/passwd' });
refused('a hard link', "has a hard link, '$top/patch'",
    entries(), { name => "$top/patch", type => 1, link => '/etc/passwd' });
refused('a character device', "has a character device, '$top/mem'",
    entries(), { name => "$top/mem", type => 3 });
refused('a block device', "has a block device, '$top/sda'",
    entries(), { name => "$top/sda", type => 4 });
refused('a named pipe', "has a named pipe, '$top/pipe'",
    entries(), { name => "$top/pipe", type => 6 });
refused('an unknown type', "has an entry of unknown type 'Z', '$top/z'",
    entries(), { name => "$top/z", type => 'Z' });
refused('a control character in a name', "has an entry with an unprintable name, '$top/a?b'",
    entries(), { name => "$top/a\nb" });
refused('a name twice', "has '$top/contents' twice",
    entries(), { name => "$top/contents", content => 'kid other' });
refused('a file used as a directory', "has '$top/contents' twice",
    entries(), { name => "$top/contents/x", content => 'x' });
refused('a pax header that renames',
    "has a pax header with 'path': pack it with tar --format=ustar",
    { name => 'x', type => 'x', content => "16 path=../../x\n" }, entries());

refused('two top directories',
    "is not an update: it has more than one top directory ('$top', 'other')",
    entries(), { name => 'other/', type => 5 });
refused('a file at the top', "is not an update: 'contents' is not a directory",
    { name => 'contents', content => $contents });

refused('no contents', "is not an update: it has no 'contents'", entries(contents => undef));
refused('no api version', "is not an update: it has no 'api-version'",
    entries('api-version' => undef));
refused('an older api version',
    "has api version '3', but this ksplice has 4: build it again with this ksplice-create",
    entries('api-version' => "3\n", contents => $contents));
for my $api ('5', '4.1', 'x') {
    refused("api version $api", "has api version '$api', but this ksplice has 4: "
        . 'it needs another version of ksplice', entries('api-version' => "$api\n"));
}
refused('a module that is missing', "is incomplete: '$new' is missing", entries($new => undef));
refused('no core', "is incomplete: 'ksplice.ko' is missing", entries('ksplice.ko' => undef));
refused('no description, though it has one', "is incomplete: 'description' is missing",
    entries(description => undef));
refused('a module that contents does not list',
    "is incomplete: its 'contents' does not list '$new'", fitting($new => undef));
refused('an empty module', "is incomplete: '$old' is empty", fitting($old => ''));

# What was altered after it was made.
my $again = 'fetch it again';
refused('a file that contents does not list',
    "has 'extra', which its 'contents' does not list", entries(extra => 'x'));
refused('a file that is longer',
    "is damaged or modified: '$new' has 4 bytes, but 'contents' lists 3; $again",
    entries($new => 'newe'));
refused('a file of other bytes', "is damaged or modified: '$new' has the hash "
    . sha256_hex('nww') . ", but 'contents' lists " . sha256_hex('new') . "; $again",
    entries($new => 'nww'));
refused('a description of other bytes', "is damaged or modified: 'description' has the hash "
    . sha256_hex("Fix me\n") . ", but 'contents' lists " . sha256_hex("Fix it\n") . "; $again",
    entries(description => "Fix me\n"));
{
    my ($sealed) = map { $_->{content} } grep { $_->{name} =~ /contents/ } entries();
    my ($hash) = $sealed =~ /^hash (.*)/m;
    my $altered = $sealed =~ s/^release .*/release 6.1.0-99-amd64/mr;
    my $theirs = sha256_hex($altered =~ s/^hash .*\n//mr);
    refused('contents of other words', "is damaged or modified: 'contents' has the hash $theirs,"
        . " but lists $hash; $again", entries(contents => $altered));
    my $ends = "has a malformed 'contents': it does not end with its hash";
    refused('contents without its hash', $ends, entries(contents => $sealed =~ s/^hash .*\n//mr));
    refused('contents that continues after it', $ends, entries(contents =>
        $sealed . 'file x 1 ' . sha256_hex('x') . "\n"));
    refused('contents without its last newline', $ends, entries(contents => $sealed =~ s/\n\z//r));
}

# What would fill the disk, from a small file.
refused('a file that is too large', 'would unpack to more than 256 MiB',
    entries(), { name => "$top/bomb", size => 300 << 20 });
refused('files that are too large together', 'would unpack to more than 256 MiB',
    map { { name => "$top/bomb$_", content => "\0" x (64 << 20) } } 1 .. 4);
refused('contents that is too large', "has a 'contents' that is too large",
    entries(contents => 'x' x (1 + (1 << 20))));
refused('contents that says more than there may be', 'would unpack to more than 256 MiB',
    entries(contents => sealed_contents($contents . "file x 268435456 " . sha256_hex('') . "\n",
        'api-version' => "4\n", 'ksplice.ko' => 'core', $old => 'old', $new => 'new')));
refused('more files than there may be', 'has more than 10000 files',
    map { { name => "$top/$_" } } 0 .. 10_000);
refused('a name that is too long', 'has a name that is too long',
    { name => '././@LongLink', type => 'L', content => 'n' x 5000 }, entries());
refused('a pax header that is too long', 'has a pax header that is too long',
    { name => 'x', type => 'x', content => '1 a=' . 'n' x 70_000 }, entries());

sub malformed ($title, $edit, $message) {
    local $_ = $contents;
    $edit->();
    refused($title, "has a malformed 'contents'$message", entries(lines => $_));
}

malformed('contents: nothing in it', sub { $_ = '' }, ": no 'arch'");
malformed('contents: no kid', sub { s/^kid.*\n// },
    ", line 4 ('change vmlinux $old $new'): 'kid' must come first");
malformed('contents: no release', sub { s/^release.*\n//m }, ": no 'release'");
malformed('contents: no change', sub { s/^change.*\n//m }, ': no change');
malformed('contents: a bad kid', sub { s/^kid.*/kid ..\/x/ },
    ", line 1 ('kid ../x'): not one valid value");
malformed('contents: two kids', sub { s/\n/\nkid x\n/ }, ", line 2 ('kid x'): a second one");
malformed('contents: a core elsewhere', sub { s/ksplice\.ko/..\/ksplice.ko/ },
    ", line 4 ('core ../ksplice.ko'): not one valid value");
malformed('contents: an unknown line', sub { $_ .= "sign 1\n" }, ", line 6 ('sign 1'): unknown");
malformed('contents: an empty line', sub { $_ .= "\n\nkid x\n" }, ", line 6 (''): unknown");
for ("file x 1", 'file x 1 abc', 'file /x 1 ' . 'a' x 64, 'file ../x 1 ' . 'a' x 64,
    'file x/../y 1 ' . 'a' x 64, 'file x -1 ' . 'a' x 64, 'file x 1 ' . 'a' x 64 . ' y') {
    my $line = $_;
    malformed("contents: '$line'", sub { $_ .= "$line\n" },
        ", line 6 ('$line'): not a name, a size and a hash");
}
for my $line (map { "file $_ 4 " . 'a' x 64 } 'contents', 'description') {
    my $n = $line =~ /contents/ ? 6 : 8;
    malformed("contents: '$line' once too often", sub { $_ .= "$line\n" },
        ", line $n ('" . ($n == 6 ? $line : "file description 7 " . sha256_hex("Fix it\n"))
        . "'): a second one of this name");
}
for my $line ('needs', 'needs below', 'needs below x', 'needs all HASH', 'needs below HASH x') {
    my $bad = $line =~ s/HASH/'e' x 64/er;
    malformed("contents: '$line'", sub { $_ .= "$bad\n" },
        ", line 6 ('$bad'): not the id and the hash of one update");
}
malformed('contents: an id needed twice', sub { $_ .= ('needs below ' . 'e' x 64 . "\n") x 2 },
    ", line 7 ('needs below " . 'e' x 64 . "'): a second one of this id");
malformed('contents: a hash that is none', sub { $_ .= "hash x\n" },
    ", line 6 ('hash x'): not one valid value");
malformed('contents: a change without modules', sub { s/^change.*/change vmlinux/m },
    ", line 5 ('change vmlinux'): not a target and two modules");
malformed('contents: a target twice', sub { $_ .= "change vmlinux $old $new\n" },
    ", line 6 ('change vmlinux $old $new'): a second change of the same target");
malformed('contents: a module of another name', sub { s/-new\.ko/-new.ko.ko/ },
    ", line 5 ('change vmlinux $old $new.ko'): the modules must be $old $new");

# What is unusual but fine.
sub accepted ($title, @entries) {
    make_tar($file, @entries);
    my ($status, undef, $err) = run_cmd('ksplice-view', "--file=$file");
    is("$status$err", '0', $title);
}

accepted('no entry for the directory itself', grep { !$_->{type} } entries());
accepted('a path with ./ in front', map { { %$_, name => "./$_->{name}" } } entries());
accepted('pax headers with times', { name => 'x', type => 'x', content => "20 atime=1234567.89\n" },
    entries());
my $long = 'n' x 150;
accepted('a long name as GNU tar writes it',
    (grep { $_->{name} ne "$top/$long" } fitting($long => 'x')),
    { name => '././@LongLink', type => 'L', content => "$top/$long\0" },
    { name => "$top/" . 'n' x 90, content => 'x' });

for my $format (qw(gnu ustar pax)) {
    make_tar($file, entries());
    my $tree = scratch_dir();
    system('tar', '-xzf', $file, '-C', $tree) == 0 or die;
    system('tar', "--format=$format", '-czf', $file, '-C', $tree, $top) == 0 or die;
    my ($status, undef, $err) = run_cmd('ksplice-view', "--file=$file");
    is("$status$err", '0', "packed by tar --format=$format");
    ($status, undef, $err) = run_cmd('ksplice-view', "--file=$tree/$top");
    is("$status$err", '0', 'a directory is as good as a tarball') if $format eq 'gnu';
}

# A file system of 64 kB, with 4 kB left: all that was written is removed.
my $tmp = scratch_dir();
my $full = 'mount -t tmpfs -o size=64k none "$TMPDIR" && head -c 60k /dev/zero >"$TMPDIR/full" &&
    "$@"; status=$?; ls "$TMPDIR"; exit $status';
make_tar($file, fitting($new => join '', 1 .. 20000));
for (['ksplice-apply', $file], ['ksplice-view', "--file=$file"]) {
    my ($name, $argument) = @$_;
    ($status, $out, $err) = run_cmd({ env => { TMPDIR => $tmp } }, qw(unshare -rm sh -c), $full,
        'sh', root_dir() . "/$name", $argument);
    is_deeply([$status, $out], [1, "full\n"], "$name without space for temporary files");
    like($err, qr/^$name: .*\bno space (?:is )?left\b.*\bset TMPDIR\b/i, '... reports that');
}

($status, $out, $err) = run_cmd('ksplice-view', "--file=$dir/none");
is($err, "ksplice-view: cannot read '$dir/none': No such file or directory\n", 'no such file');
($status, $out, $err) = run_cmd('ksplice-view', '--file=/dev/null');
is($err, "ksplice-view: '/dev/null' is not an update: neither a file nor a directory\n",
    'a device is not read');

done_testing;
