# SPDX-License-Identifier: GPL-2.0-only
#
# Store.pm - the kept changes of an update that awaits modules
#
# An update that is applied in part leaves the modules of the other changes in
# a directory of its own, with its `contents` file unchanged: the core identifies the
# update by the hash in it.  Only root can write there.  A reboot removes it, like
# the update itself.

package Ksplice::Store;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter        qw(import);
use File::Path      qw(remove_tree);
use Ksplice         qw(fail read_file write_file);
use Ksplice::Update qw(is_kid read_part_of_update);

our @EXPORT_OK = qw(keep_update kept_update kept_kids drop_update);

# keep_update(STORE, UPDATE, CHANGE...)
sub keep_update ($store, $update, @changes) {
    my $dir = "$store/$update->{kid}";
    drop_update($store, $update->{kid});
    make_private($_) for $store, $dir;
    for my $file ('contents', 'api-version', $update->{core}, map { @$_{qw(old new)} } @changes) {
        write_file("$dir/$file", read_file("$update->{dir}/$file"));
    }
    return;
}

# As read_update(), with the changes that are kept; fails if nothing is kept.
sub kept_update ($store, $kid) {
    my $dir = "$store/$kid";
    fail("the modules of update '$kid' are not kept in '$dir'; apply its tarball again")
        unless -d $dir;
    check_private($_) for $store, $dir;
    return read_part_of_update($dir);
}

# The ids of which something is kept.
sub kept_kids ($store) {
    opendir my $dir, $store or return;
    return sort grep { is_kid($_) } readdir $dir;
}

sub drop_update ($store, $kid) {
    remove_tree("$store/$kid", { error => \my $errors }) if -l "$store/$kid" || -e _;
    rmdir $store;
    return;
}

sub make_private ($dir) {
    mkdir $dir, 0700 or $!{EEXIST} or fail("cannot make '$dir': $!");
    check_private($dir);
    return;
}

# Fails unless only its owner could have written to the directory.
sub check_private ($dir) {
    my ($mode, $uid) = (lstat $dir)[2, 4] or fail("cannot read '$dir': $!");
    fail("'$dir' must be a directory that belongs to you and that only you can write")
        if !-d _ || $uid != $> || $mode & 022;
    return;
}

1;
