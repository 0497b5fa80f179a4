# SPDX-License-Identifier: GPL-2.0-only
#
# Snapped.pm - the pre objects in a tree of the cache that need not be built again
#
# To find out that an object is up to date kbuild takes longer than to compile it: it
# tries dozens of options of the compiler first.  So what was built is recorded in the
# prepared tree:
#
#   TREE/.KSPLICE_snapped   OBJECT KEY STATE, a line for each; KEY stands for how it was
#                           built, STATE for the object and kbuild's .cmd file
#
# An object is current if both are the same as then, and nothing that it is compiled from
# is newer, nor a Makefile on the way to it.  In doubt kbuild decides.  A tree of the
# user's, where more may change, has no such record.

package Ksplice::Snapped;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Digest::SHA       qw(sha256_hex);
use Exporter          qw(import);
use File::Basename    qw(dirname);
use Ksplice           qw(base_dir read_file write_file);
use Ksplice::Includes qw(arch_directory newer_than_built);
use Ksplice::Journal  qw(command_file);
use Time::HiRes       ();

our @EXPORT_OK = qw(not_current note_snapped);

sub record ($tree) { "$tree->{dir}/.KSPLICE_snapped" }

# Those of the objects that must be built.
sub not_current ($tree, @objects) {
    my $file = record($tree);
    return @objects if !$tree->{is_ours} || !-e $file;
    my %known = read_record($file);
    my $key = how_built($tree);
    return grep {
        ($known{$_} // '') ne "$key " . state_of($tree, $_)
            || newer_than_built($tree, $_, makefiles($tree, $_))
    } @objects;
}

# These were built now.
sub note_snapped ($tree, @objects) {
    return if !$tree->{is_ours};
    my $file = record($tree);
    my %known = -e $file ? read_record($file) : ();
    my $key = how_built($tree);
    $known{$_} = "$key " . state_of($tree, $_) for @objects;
    write_file($file, join '', map { "$_ $known{$_}\n" } sort keys %known);
    return;
}

# OBJECT => the rest of its line.
sub read_record ($file) {
    return map { /^(\S+) (.+)/ ? ($1 => $2) : () } split /\n/, read_file($file);
}

# The kernel, the compiler and its options: the first two are in the stamp.
sub how_built ($tree) {
    my $base = base_dir();
    return sha256_hex(join "\0", $base, map { -e $_ ? read_file($_) : '' }
        "$tree->{dir}/.KSPLICE_prepared", "$base/Makefile.ksplice");
}

# The .cmd file by its contents: a revert puts back a copy.
sub state_of ($tree, $object) {
    my ($inode, $size, $time) = (Time::HiRes::stat("$tree->{dir}/$object"))[1, 7, 9];
    my $command = command_file("$tree->{dir}/$object");
    return 'none' if !defined $inode || !-e $command;
    return sprintf '%d %d %.6f %s', $inode, $size, $time, sha256_hex(read_file($command));
}

# Those that kbuild reads on the way to the object.
sub makefiles ($tree, $object) {
    my @dirs = ('.', arch_directory($tree));
    for (my $dir = dirname($object); $dir ne '.'; $dir = dirname($dir)) { push @dirs, $dir }
    my $top = $tree->{dir};
    return map { substr $_, 1 + length $top } glob("$top/scripts/Makefile*"),
        map { glob "$top/$_/{Makefile,Kbuild}*" } @dirs;
}

1;
