# SPDX-License-Identifier: GPL-2.0-only
#
# Offsets.pm - numbers that end up in generated headers
#
# Before anything else kbuild compiles sources whose output becomes headers: sizes and
# offsets for assembly, limits and the offsets of a run queue for all code.  A patch of a header can
# change these numbers.  Then every object changes, not only those that include
# the header.  So these are compiled again from the patched source, with the
# command that kbuild recorded, to a place outside the tree.

package Ksplice::Offsets;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use Ksplice           qw(fail read_file);
use Ksplice::Includes qw(arch_directory depends_on);
use Ksplice::Journal  qw(command_file);
use Ksplice::Recompile qw(recompile);

our @EXPORT_OK = qw(check_offsets);

# Called in the patched tree; fails if the files change any of the numbers.
sub check_offsets ($tree, $scratch, @files) {
    my %header = (
        'kernel/bounds' => 'include/generated/bounds.h',
        'kernel/sched/rq-offsets' => 'include/generated/rq-offsets.h',    # of 7.x
        arch_directory($tree) . '/kernel/asm-offsets' => 'include/generated/asm-offsets.h',
    );
    for my $name (sort keys %header) {
        my $old = "$tree->{dir}/$name.s";
        next if !-e $old || !-e command_file($old) || !depends_on($tree, "$name.s", @files);
        my %before = numbers($old);
        my %after = numbers(recompile($tree, "$name.s", "$scratch/offsets.s"));
        my ($change) = grep { $before{$_} ne ($after{$_} // '') } sort keys %before;
        fail("the patch changes '$change' in $header{$name}, which any object may include"
            . ': use --full') if defined $change;
    }
    return;
}

# NAME => NUMBER, from the lines that kbuild converts to a header
sub numbers ($file) { return read_file($file) =~ /^\.ascii "->(\w+) \$?(-?\w+)/mg }

1;
