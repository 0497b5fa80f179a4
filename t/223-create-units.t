#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Parts of ksplice-create that no patch shows by itself.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Includes qw(objects_made_of);
use Ksplice::Owners ();
use Test::Ksplice;
use Test::More;

# A patch is warned of each copy once, and the next patch again
my $dir = scratch_dir();
my $tree = { dir => $dir, known_objects => { map { $_ => 1 }
    (map { "asked $_" } qw(arch arch/x86 arch/x86/purgatory)), 'x arch/x86/purgatory/sum.o' } };
my $said = '';
{
    no warnings 'redefine';
    local *Ksplice::Owners::warning = sub { $said .= "$_[0]\n" };
    for my $patch ({}, {}) {
        Ksplice::Owners::warn_of_copies($tree, $patch, 'lib/sum.c', 'arch/x86/purgatory/sum.o')
            for 1, 2;
    }
}
is($said, "'lib/sum.c' is also in kexec's purgatory: that copy stays as it is\n" x 2,
    'a copy is a warning once for each patch');

# What an object is made of, whatever else is in its record
spew("$dir/.config", "# Linux/x86 1.2.3 Kernel Configuration\n");
mkdir "$dir/$_" for qw(kernel arch arch/x86);
for my $object (['one', 'include/a.h', 'include/b.h'], ['two', 'include/aa.h'],
    ['three', 'kernel/../include/a.h']) {
    my ($name, @made_of) = @$object;
    spew("$dir/kernel/$name.o", '');
    spew("$dir/kernel/.$name.o.cmd", "source_kernel/$name.o := kernel/$name.c\n\n"
        . "deps_kernel/$name.o := \\\n" . join('', map { "  $_ \\\n" } @made_of) . "\n");
}
is_deeply(objects_made_of($tree, 'include/a.h', 'include/b.h', 'kernel/two.c', 'kernel/no.c'), {
    'include/a.h' => ['kernel/one.o', 'kernel/three.o'], 'include/b.h' => ['kernel/one.o'],
    'kernel/two.c' => ['kernel/two.o'], 'kernel/no.c' => [],
}, 'the objects that are made of a file');

done_testing();
