# SPDX-License-Identifier: GPL-2.0-only
#
# Recompile.pm - compile what kbuild has compiled to a place outside the tree
#
# With the command that kbuild recorded, from the sources as they are now.

package Ksplice::Recompile;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter         qw(import);
use Ksplice          qw(fail run read_file);
use Ksplice::Journal qw(command_file);

our @EXPORT_OK = qw(recompile);

# recompile(TREE, FILE, TO): FILE is a path in the tree.
sub recompile ($tree, $file, $to) {
    my ($command) = read_file(command_file("$tree->{dir}/$file")) =~ /^(?:saved)?cmd_\S+ := (.*)/m
        or fail("cannot find out how kbuild makes '$file'");
    # As make would pass it to the shell
    $command =~ s/\$\$/\$/g;
    $command =~ s/\\#/#/g;
    $command =~ s{-Wp,-MM?D,\S+}{-Wp,-MMD,$to.d};
    $command =~ s{ -o \Q$file\E(?= |\z)}{ -o $to}
        or fail("cannot find out how kbuild writes '$file'");
    run({ dir => $tree->{dir} }, '/bin/sh', '-c', $command);
    return $to;
}

1;
