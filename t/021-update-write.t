#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# An update that is packed can be read again by us and by tar(1), and the same
# files always give the same tarball.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Update qw(is_kid is_target pack_update read_update seal_update write_update);
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $target = 'm' x 56;
my %update = (kid => 'abc12345', release => '6.1.0-56-amd64', arch => 'x86_64',
    core => 'ksplice.ko', changes => [{ target => 'vmlinux' }, { target => $target }]);

sub message () { return ref $@ ? $@->{message} : $@ }

# A directory of an update in a new place, its files made in this order.
sub make_update (@order) {
    my $place = scratch_dir() . '/ksplice-abc12345';
    mkdir $place or die $!;
    spew("$place/$_", "content of $_\n") for @order;
    write_update($place, \%update);
    return $place;
}

my @files = ('ksplice.ko', 'patch', 'description', 'dump/some.txt',
    map { ("ksplice-abc12345-$_-old.ko", "ksplice-abc12345-$_-new.ko") } 'vmlinux', $target);
my $place = make_update(@files);
is(slurp("$place/api-version"), "4\n", 'api-version is written');
my $lines = <<"END";
kid abc12345
release 6.1.0-56-amd64
arch x86_64
core ksplice.ko
change vmlinux ksplice-abc12345-vmlinux-old.ko ksplice-abc12345-vmlinux-new.ko
change $target ksplice-abc12345-$target-old.ko ksplice-abc12345-$target-new.ko
END
my $sealed = sealed_contents($lines, 'api-version' => "4\n",
    map { $_ => "content of $_\n" } @files);
is(slurp("$place/contents"), $sealed, 'contents is written, with the hashes of all files');
write_update($place, \%update);
is(slurp("$place/contents"), $sealed, 'writing it again changes nothing');

my $file = "$dir/update.tar.gz";
pack_update($place, $file);
my $read = read_update($file);
is($read->{$_}, $update{$_}, "$_ is read back") for qw(kid release arch core);
is($read->{hash}, ($sealed =~ /^hash (.*)/m)[0], 'so is its hash');
is_deeply([map { $_->{target} } @{ $read->{changes} }], ['vmlinux', $target], 'so are the changes');
is($read->{description}, "content of description\n", 'so is the description');
is(slurp("$read->{dir}/$_"), "content of $_\n", "so is $_") for @files;

my ($status, $out, $err) = run_cmd('tar', '-tzf', $file);
is("$status$err", '0', 'tar lists it');
is($out, join('', map { "$_\n" } 'ksplice-abc12345/', sort(map { "ksplice-abc12345/$_" }
    @files, 'api-version', 'contents', 'dump/')), 'all that is in it, in the order of names');
SKIP: {
    skip 'busybox is not installed', 2 unless have_program('busybox');
    my $tree = scratch_dir();
    ($status, undef, $err) = run_cmd('busybox', 'tar', '-xzf', $file, '-C', $tree);
    is("$status$err", '0', 'the tar of busybox unpacks it');
    is(slurp("$tree/ksplice-abc12345/$files[-1]"), "content of $files[-1]\n", 'as it was');
}

sleep 1;
pack_update(make_update(reverse @files), "$dir/again.tar.gz");
ok(slurp("$dir/again.tar.gz") eq slurp($file), 'the same files at another time, the same tarball');

ok(!eval { pack_update(make_update(@files[0 .. 5]), "$dir/short.tar.gz"); 1 },
    'an incomplete update is not packed');
like(message, qr/^'.*' is incomplete: its 'contents' does not list '.*-$target-old\.ko'$/,
    'and what is missing is named');
ok(!-e "$dir/short.tar.gz", 'no file is left');

ok(!eval { pack_update($place, "$dir/none/update.tar.gz"); 1 }, 'a place that is not there');
is(message, "cannot write '$dir/none/update.tar.gz': No such file or directory", 'is named');

spew("$place/description", "content of nothing else\n");
ok(!eval { pack_update($place, "$dir/altered.tar.gz"); 1 }, 'an altered update is not packed');
like(message, qr/is damaged or modified: 'description' has /, 'and what is altered is named');
seal_update($place);
pack_update($place, "$dir/altered.tar.gz");
isnt(read_update("$dir/altered.tar.gz")->{hash}, $read->{hash},
    'sealed again it is another update');

for my $bad ([kid => 'ABC'], [release => ''], [arch => 'a b'], [core => '../x.ko']) {
    my ($key, $value) = @$bad;
    ok(!eval { write_update($dir, { %update, $key => $value }); 1 }, "a bad $key is not written");
}
ok(!-e "$dir/contents", 'nothing is written then');

ok(is_kid($_), "'$_' is an id")      for qw(a abc12345 0 a_b 0123456789abcdef);
ok(!is_kid($_), "'$_' is no id")     for '', 'A', 'a-b', 'a b', '..', "a\n", '0123456789abcdef0',
    'all', 'state', 'version', 'forget';
ok(is_target($_), "'$_' is a target")  for qw(vmlinux ext4 snd_hda_intel 8250 HID);
ok(!is_target($_), "'$_' is no target") for '', 'a-b', 'a/b', "a\n", 'm' x 57;

done_testing;
