# SPDX-License-Identifier: GPL-2.0-only
#
# LinkerScript.pm - headers that the kernel's linker script includes
#
# The script lays out the image, and sizes tables that are filled at boot: .orc_lookup, by
# asm/orc_lookup.h.  Code that an update has compiled with another header would not fit
# them.  So the script is preprocessed without and with the patch, and a difference is
# refused, with --full, too.

package Ksplice::LinkerScript;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter            qw(import);
use Ksplice             qw(fail progress read_file);
use Ksplice::Includes   qw(arch_directory find_includers);
use Ksplice::Recompile  qw(recompile);
use Ksplice::Tree       qw(make_tree);

our @EXPORT_OK = qw(read_linker_script check_linker_script);

# The script as it is, preprocessed: {script, of => the file of these that it includes,
# text}; nothing if it includes none.
sub read_linker_script ($tree, @files) {
    my $script = arch_directory($tree) . '/kernel/vmlinux.lds';
    my ($of) = grep { my $file = $_; grep { $_ eq "$script.S" } find_includers($tree, $file) }
        @files or return;
    progress("preprocessing '$script'", sub {
        make_tree($tree, 'snap', 0, "KSPLICE_TARGETS=$script");
    }) or fail("cannot preprocess '$script'");
    return { script => $script, of => $of, text => scalar read_file("$tree->{dir}/$script") };
}

# In the patched tree: BEFORE is of the original.
sub check_linker_script ($tree, $scratch, $before) {
    return if !$before;
    my $new = recompile($tree, $before->{script}, "$scratch/linker-script");
    fail("the patch changes '$before->{of}', which is in the linker script of the kernel, "
        . "'$before->{script}': the running image has the old one; leave that out of the patch")
        if read_file($new) ne $before->{text};
    return;
}

1;
