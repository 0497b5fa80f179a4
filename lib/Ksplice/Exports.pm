# SPDX-License-Identifier: GPL-2.0-only
#
# Exports.pm - changes of exported symbols and their CRCs by a patch
#
# A kernel with CONFIG_MODVERSIONS has a CRC of the type of each exported symbol;
# kbuild writes it into the .cmd file of the object.  Those that differ are passed to
# objmanip.  Those of new exports are written where modpost reads them, and into the
# Module.symvers for building the modules of other targets and out-of-tree modules.

package Ksplice::Exports;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Compress::Zlib qw(crc32);
use Exporter       qw(import);
use Ksplice        qw(fail read_file write_file);

our @EXPORT_OK = qw(write_changed_crcs write_new_exports keep_symvers);

# NAME => CRC of what an object exports, from its .cmd file.
sub read_crcs ($file) {
    return () if !-e $file;
    return read_file($file) =~ /^#SYMVER (\S+) (0x[0-9a-f]+)$/mg;
}

# Writes those of the objects ({unit, pre_command, post_command} each) that both
# have and that differ.
sub write_changed_crcs ($file, @objects) {
    my $text = '';
    for my $object (@objects) {
        my %pre = read_crcs($object->{pre_command});
        my %post = read_crcs($object->{post_command});
        $text .= join '', map { "$object->{unit} $_\n" }
            grep { exists $post{$_} && hex $pre{$_} != hex $post{$_} } sort keys %pre;
    }
    write_file($file, $text);
    return;
}

# Of the target whose imports.h is in the directory: writes symvers for modpost,
# and adds lines to the Module.symvers.
sub write_new_exports ($dir, $module, $symvers, @objects) {
    my %crc = map { read_crcs($_->{post_command}) } @objects;
    my $has_crcs = %crc || grep { /^0x(?!0+\t)/ } split /\n/, read_file($symvers);
    my %exporter = read_file($symvers) =~ /^0x[0-9a-f]+\t(\S+)\t(?:\S+\/)?(\S+)\t/mg;
    my ($for_modpost, $lines) = ('', '');
    my $header = read_file("$dir/imports.h");
    while ($header =~ /^KSPLICE_EXPORT(?:_NS)?(_GPL)?\((\w+)(?:, (\w+))?\)$/mg) {
        my ($gpl, $name, $namespace) = ($1 // '', $2, $3 // '');
        fail("the patch exports '$name', which '$exporter{$name}' exports already: rename it")
            if $exporter{$name};
        # The source does not export it, so it has made no CRC: any will do.
        $crc{$name} //= sprintf '0x%08x', crc32("$module $name") if $has_crcs;
        $for_modpost .= "#SYMVER $name $crc{$name}\n" if defined $crc{$name};
        $lines .= join("\t", $crc{$name} // '0x00000000', $name, $module,
            "EXPORT_SYMBOL$gpl", $namespace) . "\n";
    }
    return if $lines eq '';
    write_file("$dir/symvers", $for_modpost) if $for_modpost ne '';
    write_file($symvers, read_file($symvers) . $lines);
    return;
}

# The lines of a Module.symvers that are about modules of the update.
sub keep_symvers ($from, $to, $kid) {
    return if !-e $from;
    my @lines = map { s{\t\S*/(?=ksplice-)}{\t}r } grep { /\bksplice-\Q$kid\E-\S+-new\t/ }
        read_file($from) =~ /^.*\n/mg;
    write_file($to, join '', @lines) if @lines;
    return;
}

1;
