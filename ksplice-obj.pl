#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only

=head1 NAME

ksplice-obj.pl - what Makefile.ksplice does to an object

=head1 SYNOPSIS

B<ksplice-obj.pl> B<snap>|B<diff> I<X.o>

B<ksplice-obj.pl> B<snap_all>|B<diff_all>

B<ksplice-obj.pl> B<finalize> I<SCRATCH> I<OUT>

B<ksplice-obj.pl> B<revert>

=head1 DESCRIPTION

Called by Makefile.ksplice, in the top directory of a kernel tree.  What
B<ksplice-create> does to a whole target it does itself.

=head1 OPTIONS

=over

=item B<snap> I<X.o>

keeps the object as I<X.o.KSPLICE_pre>, before it is built again.  If there is
none, it is one that the patch adds.

=item B<diff> I<X.o>

compares it with the kept one; I<X.o.KSPLICE_changed> is a link to it if they
differ.

=item B<snap_all>, B<diff_all>

The same for all objects of the tree.

=item B<finalize> I<SCRATCH> I<OUT>

writes each module of the directory SCRATCH into OUT, checked and stripped.

=item B<revert>

gives the tree back its sources and objects.

=back

=head1 ENVIRONMENT

=over

=item B<KSPLICE_OBJMANIP>

The objmanip to use instead of our own.

=back

=head1 EXIT STATUS

0 done, 1 failed, 2 usage.

=cut

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use Cwd              qw(getcwd);
use File::Basename   qw(basename);
use Ksplice          qw(main parse_options usage_error fail run);
use Ksplice::Journal qw(keep_object revert_tree);
use Ksplice::Modules qw(objmanip);
use Ksplice::Objects qw(keep_all compare_all);

my %steps = (
    snap     => [1, \&snap_object],
    diff     => [1, \&diff_object],
    snap_all => [0, sub () { keep_all(getcwd()) }],
    diff_all => [0, sub () { compare_all(getcwd(), \&diff_object) }],
    finalize => [2, \&finalize_modules],
    revert   => [0, sub () { revert_tree(getcwd()) }],
);

main(sub {
    parse_options();
    my $step = shift @ARGV // usage_error('no step given');
    my ($arguments, $sub) = @{ $steps{$step} // usage_error("unknown step '$step'") };
    usage_error("'$step' takes $arguments arguments") if @ARGV != $arguments;
    $sub->(@ARGV);
});

sub snap_object ($object) {
    keep_object($object) if -e $object;
    return;
}

# An object that objmanip refuses counts as changed: the later diff reports the reason,
# for all of them.
sub diff_object ($object) {
    if (-e "$object.KSPLICE_pre") {
        my $status = run({ ok => [0, 1, 66], output => \my $output },
            objmanip(), 'compare', "$object.KSPLICE_pre", $object);
        return if $status == 66;
    }
    link $object, "$object.KSPLICE_changed"
        or fail("cannot link '$object.KSPLICE_changed': $!");
    return;
}

sub finalize_modules ($scratch, $out) {
    for my $module (glob "$scratch/*.ko") {
        run(objmanip(), 'finalize', $module, "$out/" . basename($module));
    }
    return;
}
