# SPDX-License-Identifier: GPL-2.0-only
#
# Owners.pm - from sources to the objects that are compiled from them, and their targets
#
# kbuild says what it compiles in a directory; a rule of another directory may compile a
# source, too.

package Ksplice::Owners;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(dirname);
use Ksplice           qw(fail warning capture);
use Ksplice::Includes qw(foreign_objects kernel_dirs plain_path);
use Ksplice::Parts    qw(part_of);
use Ksplice::Patch    qw(names_of);
use Ksplice::Tree     qw(list_objects list_apart);

our @EXPORT_OK = qw(objects_of possible_objects owners_of);

# The objects that the sources are compiled into, and the sources without an object.
sub objects_of ($tree, $patch, @sources) {
    my (%objects, @strays);
    my ($all, $made) = possible_objects($tree, map { $_->{name} } @sources);
    for my $file (@sources) {
        my ($own, @foreign) = @{ $made->{ $file->{name} } };
        my @objects = grep { $all->{$_} } $own, @foreign;
        push @strays, $file if !@objects;
        $objects{$_} = { %{ $all->{$_} }, of => [$file->{name}] } for @objects;
        warn_of_copies($tree, $patch, $file->{name}, grep { !$all->{$_} } @foreign) if @objects;
    }
    return (\%objects, @strays);
}

# -> (what list_objects returns, {SOURCE => [its own object, those that rules of other
# directories make of it]}).  All that are built of the sources are in the list.
sub possible_objects ($tree, @sources) {
    return ({}, {}) if !@sources;
    my %made = map { $_ => [s/\.[cS]\z/.o/r, foreign_objects($tree, $_)] } @sources;
    my $all = list_objects($tree, map { dirname($_) } map { @$_ } values %made);
    my $has_none = grep { @$_ == 1 && !$all->{ $_->[0] } } values %made;
    $all = list_objects($tree, distant_dirs($tree)) if $has_none;
    return ($all, \%made);
}

# Warns if a source of the kernel is in other parts of its image, too; once for a patch.
sub warn_of_copies ($tree, $patch, $name, @objects) {
    my $is_said = $patch->{is_said} //= {};
    my $apart = list_apart($tree, map { dirname($_) } @objects);
    warning("'$name' is also in " . part_of($_)->{name} . ': that copy stays as it is')
        for grep { $apart->{$_} && !$is_said->{$_}++ } @objects;
    return;
}

# As objects_of, for objects that were built, given by their names in the tree.  Those of
# other parts of the image are left out, with a warning.
sub owners_of ($tree, $patch, @objects) {
    my ($owners, @strays) = objects_of($tree, $patch, map { { name => s/\.o\z/.c/r } }
        map { plain_path($_) } @objects);
    my $apart = list_apart($tree, map { dirname($_->{name}) } @strays);
    my @unknown = grep { !$apart->{ $_->{name} =~ s/\.c\z/.o/r } } @strays;
    fail('kbuild does not name the targets of these objects: ' . names_of(\@unknown)) if @unknown;
    my %parts = map { part_of($_->{name})->{name} => 1 } @strays;
    warning("the patch also changes $_: that stays as it is") for sort keys %parts;
    return $owners;
}

# Directories that may build objects from sources elsewhere: a Makefile there contains
# '..' or includes another one.
sub distant_dirs ($tree) {
    my @files = capture({ dir => $tree->{dir}, ok => [0, 1] },
        'grep', '-rlE', '--include=Makefile*', '--include=Kbuild*',
        '\.\./|^ *-?include ', kernel_dirs($tree));
    return map { dirname($_) } @files;
}

1;
