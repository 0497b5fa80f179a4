#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A guest's archive has what was put into it, each name once, all of it root's,
# below directories of their own, as cpio reads it.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib map { dirname(__FILE__) . "/$_" } qw(lib ../lib ../dev/lib);
use Initramfs;
use Test::Ksplice;
use Test::More;

plan skip_all => 'no cpio: install the package cpio' if !have_program('cpio');

my $dir = scratch_dir();
spew("$dir/tree/deep/er/file", "text\0" x 1000);
spew("$dir/tree/empty", '');
chmod 0750, "$dir/tree/deep/er/file";
symlink 'deep/er', "$dir/tree/link" or die;
spew("$dir/other", 'the other');

sub archive {
    my ($fill) = @_;
    my $archive = Initramfs->new("$dir/archive");
    $fill->($archive);
    $archive->finish;
    return;
}

# What cpio finds in it: name -> [mode, owner, group].
sub listing {
    my ($status, $out, $err) = run_cmd({ stdin => slurp("$dir/archive") }, 'cpio', '-itvn');
    is($status, 0, 'cpio can read the archive') or diag $err;
    my %entry;
    for (split /\n/, $out) {
        my ($mode, $owner, $group, $name) =
            /^(\S+)\s+\d+\s+(\S+)\s+(\S+)\s+\d[\d, ]*\s\w+\s+\d+\s+[\d:]+ (.*)/
            or die "what is '$_'";
        push @{ $entry{$name} }, [$mode, $owner, $group];
    }
    return %entry;
}

archive(sub {
    my ($archive) = @_;
    $archive->add_merged_links;
    $archive->add_tree("$dir/tree", '/mine');
    $archive->add_file("$dir/other", '/bin/tool');
    $archive->add_file("$dir/tree/empty", '/usr/bin/tool');
    $archive->add_text('/init', "#!/bin/sh\n", 0755);
    $archive->add_device('/dev/console', 0600, 5, 1);
    $archive->add_link('/sbin/alias', '../bin/tool');
});
my %entry = listing();
my %mode = map { $_ => $entry{$_}[0][0] } keys %entry;

is_deeply([grep { @{ $entry{$_} } > 1 } keys %entry], [], 'no name is there twice');
is_deeply([grep { "@{ $entry{$_}[0] }[1,2]" !~ /\A(?:0 0|root root)\z/ } keys %entry], [],
    'all is root\'s');
is($mode{'mine/deep/er/file'}, '-rwxr-x---', 'a file keeps its mode');
is($mode{'mine/link -> deep/er'}, 'lrwxrwxrwx', 'a link stays a link');
is($mode{'bin -> usr/bin'}, 'lrwxrwxrwx', '/usr is merged');
is($mode{'usr/bin/tool'}, '-rw-r--r--', 'so /bin/tool is in /usr/bin');
is($mode{'usr/sbin/alias -> ../bin/tool'}, 'lrwxrwxrwx', 'a link can be made');
is($mode{init}, '-rwxr-xr-x', 'a text has the mode asked for');
is($mode{'dev/console'}, 'crw-------', 'a device can be made by anybody');
for my $parent (qw(dev usr usr/bin mine mine/deep mine/deep/er)) {
    is($mode{$parent}, 'drwxr-xr-x', "there is /$parent to put things in");
}
my ($status) = run_cmd({ dir => scratch_dir(), stdin => slurp("$dir/archive") }, 'sh', '-c',
    "cpio -idm --quiet mine/'*' usr/bin/tool && cmp mine/deep/er/file $dir/tree/deep/er/file"
    . " && cmp usr/bin/tool $dir/other && test ! -s mine/empty");
is($status, 0, 'contents are whole, and of two files of a name the first stays');

archive(sub { $_[0]->add_text('/second', 'text') });
is((-s "$dir/archive") % 512, 0, 'archives are padded');
like(slurp("$dir/archive"), qr/TRAILER!!!.*second.*TRAILER!!!/s,
    'so one can follow another in a file');

unlink "$dir/archive";
archive(sub { $_[0]->add_program('/bin/true', '/opt/true') });
%entry = listing();
ok($entry{'opt/true'}, 'a program is there');
ok((grep { /libc\.so/ } keys %entry), 'with the libraries');
ok((grep { m{/ld-linux} } keys %entry), 'and the interpreter it needs');

my $problem = eval { archive(sub { $_[0]->add_file("$dir/none") }); '' }
    // Ksplice::failure_text($@);
like($problem, qr/\Acannot read '\Q$dir\E\/none': No such file/, 'a missing file is named');

done_testing();
