# SPDX-License-Identifier: GPL-2.0-only
#
# Parts.pm - the parts of the kernel's image that an update cannot replace
#
# They are linked separately.  The kernel and the vDSO read and write the same data, so a
# change of a header of the vDSO is refused, even if objects of the kernel include it too.
# The copy in another part may stay unchanged.

package Ksplice::Parts;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Ksplice  qw(fail);

our @EXPORT_OK = qw(part_of is_named_part apart_dirs fail_apart);

my @parts = (
    { dir => qr{^(?:arch/\w+/entry/vdso|lib/vdso)/}, shares => 1,
        name => 'the vDSO (mapped into each process)' },
    { dir => qr{^arch/\w+/realmode/}, name => 'the real-mode code that starts processors' },
    { dir => qr{^arch/\w+/purgatory/}, name => "kexec's purgatory" },
    { dir => qr{^(?:arch/\w+/boot|drivers/firmware/efi/libstub)/},
        name => "the kernel image's loader (gone once the kernel runs)" },
    { dir => qr{}, name => 'a part of the image that is linked by itself' },
);

# Matches the directories of all that have a name.
sub apart_dirs () {
    my $any = join '|', map { $_->{dir} } @parts[0 .. $#parts - 1];
    return qr/$any/;
}

# The part of the image that a source outside of the kernel's objects belongs to.
sub part_of ($source) { return (grep { $source =~ $_->{dir} } @parts)[0] }

sub is_named_part ($source) { return part_of($source) != $parts[-1] }

sub fail_apart ($file, $source) {
    fail("the patch changes '$file', which is in " . part_of($source)->{name}
        . ': an update cannot replace that; leave it out of the patch');
}

1;
