# SPDX-License-Identifier: GPL-2.0-only
#
# OnTop.pm - an update that is built from the source with others applied
#
# The pre source has the patches of the other updates, which are in their tarballs;
# nothing else of these is needed.  Both sources, with the others alone and with
# the new patch as well, are staged over the same tree and compiled in it.
# Unchanged code has the original line numbers in both, as in the running updates.
# The marks and hooks of the others took effect when those were built, so they are
# removed from both.

package Ksplice::OnTop;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter        qw(import);
use Ksplice         qw(fail read_file);
use Ksplice::Config qw(machine);
use Ksplice::Patch  qw(stage_patches);
use Ksplice::Stage  qw(staged_file staged_files stage_diff);
use Ksplice::Update qw(read_update);

our @EXPORT_OK = qw(read_below stage_on_top);

# read_below(CONFIG, FILE...) -> inputs for stage_patches, with their kid and hash, in the
# order of applying.
sub read_below ($config, @files) {
    my (@below, %seen);
    my %ours = (release => $config->{release}, arch => machine($config));
    for my $file (@files) {
        my $update = read_update($file);
        my ($kid, $hash) = @$update{qw(kid hash)};
        for my $what (sort keys %ours) {
            fail("'$file' is for a kernel of $what '$update->{$what}', not '$ours{$what}'")
                if $update->{$what} ne $ours{$what};
        }
        for my $need (@{ $update->{needs} }) {
            my $what = "'$file' was built on top of '$need->{kid}'";
            my $seen = $seen{ $need->{kid} }
                // fail("$what: pass that one to --on-top-of first");
            fail("$what with the hash $need->{hash},\n  but that of --on-top-of has the hash "
                . "$seen: pass the one that it was built with, or build '$kid' again")
                if $seen ne $need->{hash};
        }
        fail("--on-top-of: the update '$kid' is given twice") if $seen{$kid};
        $seen{$kid} = $hash;
        -f "$update->{dir}/patch" or fail("'$file' has no patch in it to build the source from");
        push @below, { kid => $kid, hash => $hash, name => $file,
            text => read_file("$update->{dir}/patch"), options => [] };
    }
    return @below;
}

# stage_on_top(DIR, SCRATCH, BELOW, INPUT...) -> (below, patch), both as of
# stage_patches; patch has all changes, but only its own text and description.  Files
# that it leaves in the state of the others are in as_below.
sub stage_on_top ($dir, $scratch, $below, @inputs) {
    my $base = stage_patches($dir, $scratch, @$below);
    my $all = stage_patches($dir, $scratch, @$below, @inputs);
    my %from = map { $_ => staged_file($base->{stage}, $_) } staged_files($base->{stage});
    my %is_changed = map { $_ => 1 } staged_files($all->{stage});
    for my $name (grep { !$is_changed{$_} } sort keys %from) {
        fail("the patch removes all changes of the other updates to '$name': build it from the "
            . 'source without them, and replace them by it (ksplice-apply --replace)');
    }
    my $own = { %{ $all->{stage} }, originals => { %{ $all->{stage}{originals} }, %from } };
    my @names = staged_files($own);
    my %is_own = map { $_ => 1 } @names;
    $all->{as_below} = { map { $_ => 1 } grep { !$is_own{$_} } keys %from };
    $all->{text} = @inputs == 1 && $inputs[0]{is_only} ? $inputs[0]{text}
        : join('', map { "$_->{name}\n" } @inputs) . "\n" . stage_diff($own, 3, @names);
    $all->{description} = substr $all->{description}, length $base->{description};
    $all->{below} = $base->{stage};
    drop_marks($base->{stage}, $all->{stage}, sort keys %from);
    return ($base, $all);
}

# A mark stands at the start of a line.
my $mark = qr/^ksplice_(?:allow_running|replace_data|keep_data
    |(?:(?:pre|check|post|fail)_)?(?:apply|reverse))\([^;]*\);/mx;

# Removes the marks of the first stage from both, each as often as it is in the
# first.
sub drop_marks ($base, $all, @names) {
    for my $name (@names) {
        my $from = $base->{files}{$name} or next;
        my %n;
        $from->{text} =~ s/($mark)/$n{$1}++; blank_lines($1)/ge;
        my $to = $all->{files}{$name} or next;
        $to->{text} =~ s/($mark)/$n{$1} && $n{$1}-- ? blank_lines($1) : $1/ge;
    }
    return;
}

sub blank_lines ($text) { return $text =~ s/[^\n]+//gr }

1;
