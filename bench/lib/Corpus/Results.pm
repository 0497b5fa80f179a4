# SPDX-License-Identifier: GPL-2.0-only
#
# Corpus::Results - what is known of each patch, kept in files
#
# A directory has NUMBER.result for each patch, a line "KEY VALUE" for each
# thing known, and `names`, the list of the patches: so a run that was ended goes
# on where it was.  Several may run on one directory at a time: what one is at is
# locked by NUMBER.lock.

package Corpus::Results;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use Fcntl      qw(LOCK_EX LOCK_NB);
use File::Path qw(make_path);
use Ksplice    qw(fail read_file write_file);

our @EXPORT_OK = qw(open_results claim result_of save_result);

# -> {dir, number => {NAME => NUMBER}}; fails if it has results of others.
sub open_results ($dir, $what, @names) {
    make_path($dir);
    my $file = "$dir/names";
    my @known = -e $file ? split /\n/, read_file($file) : ($what);
    fail("'$dir' has results of '$known[0]', not of '$what'") if shift @known ne $what;
    my %known = map { $_ => 1 } @known;
    push @known, grep { !$known{$_} } @names;
    write_file($file, join '', map { "$_\n" } $what, @known);
    my $n = 0;
    return { dir => $dir, number => { map { ($_ => sprintf '%03d', ++$n) } @known } };
}

# A lock on the patch, held while it is kept; undef if another process has it.
sub claim ($results, $name) {
    my $file = "$results->{dir}/$results->{number}{$name}.lock";
    open my $lock, '>>', $file or fail("cannot write '$file': $!");
    return flock($lock, LOCK_EX | LOCK_NB) ? $lock : undef;
}

sub result_of ($results, $name) {
    my $file = "$results->{dir}/$results->{number}{$name}.result";
    return if !-e $file;
    return { map { my ($key, $value) = split / /, $_, 2; ($key => $value =~ s/\\n/\n/gr) }
        split /\n/, read_file($file) };
}

sub save_result ($results, $name, $result) {
    my $file = "$results->{dir}/$results->{number}{$name}.result";
    write_file("$file.new", join '', map { "$_ " . ($result->{$_} =~ s/\n/\\n/gr) . "\n" }
        sort keys %$result);
    rename "$file.new", $file or fail("cannot rename '$file.new': $!");
    return;
}

1;
