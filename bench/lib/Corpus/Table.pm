# SPDX-License-Identifier: GPL-2.0-only
#
# Corpus::Table - the results of all patches as text, with their sums

package Corpus::Table;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use List::Util qw(max);
use Sample     qw(median);

our @EXPORT_OK = qw(table counts by_rule);

# Results in the order of the sums, and what they are called.  Those up to failed
# count.
my @results = (
    applied    => 'applied',
    refused    => 'refused',
    failed     => 'failed',
    rule       => 'refused by rule',
    alone      => 'does not compile alone',
    unchanged  => 'no changes',
    unloadable => 'target not loadable here',
    untried    => 'not tried',
    made       => 'not done yet',
);
my %words = @results;

# Correct refusals: such a patch cannot be applied safely without its author's
# help, see doc/limits.md.  One of several reasons is enough.
my @rules = (
    qr/has another layout/,                     # existing objects keep theirs
    qr/initializer of '\S+' changes/,           # writable data has a value by now
    qr/the size of '\S+' changes/,              # something else points to it
    qr/the export of '\S+'|the exported '\S+' was|CRC of the exported/,  # modules know it
    qr/the contents of section '\S+' are registered at boot/,
);

sub by_rule ($reason) { return scalar grep { $reason =~ $_ } @rules }

# Of a row, the key of its words.
sub kind_of ($row) {
    return 'rule' if $row->{result} eq 'refused' && by_rule($row->{reason});
    return exists $words{ $row->{result} } ? $row->{result} : 'failed';
}

# Does the row say anything of what can be applied?
sub counts ($row) { return kind_of($row) =~ /^(?:applied|refused|failed)\z/ }

# table(TITLE, {name, result, reason, functions, seconds, processor}...): the
# text, and how many have failed.
sub table ($title, @rows) {
    my @counted = grep { counts($_) } @rows;
    my @others = grep { !counts($_) } @rows;
    my %n = map { $_ => 0 } keys %words;
    $n{ kind_of($_) }++ for @rows;
    my $width = max 5, map { length $_->{name} } @rows;
    my $text = "$title\n\n" . sprintf "%-${width}s %9s %8s %9s  %s\n",
        'patch', 'functions', 'create s', 'processor', 'result';
    $text .= lines($width, @counted);
    $text .= "\nDo not count:\n\n" . lines($width, @others) if @others;
    $text .= "\n" . sums(\%n) . medians(@counted);
    my $n_counted = @counted;
    return ($text . "corpus: $n{applied} of $n_counted applied and undone\n", $n{failed});
}

sub lines ($width, @rows) {
    my $text = '';
    for my $row (@rows) {
        my $kind = kind_of($row);
        my $said = $words{$kind};
        $said .= ($kind eq 'alone' ? ': needs ' : ': ') . $row->{reason} if length $row->{reason};
        $text .= sprintf "%-${width}s %9s %8s %9s  %s\n", $row->{name},
            $row->{functions} || '', $row->{seconds} // '', $row->{processor} // '', $said;
    }
    return $text;
}

sub sums ($n) {
    return join '', map { sprintf "%5d %s\n", $n->{ $results[$_] }, $results[$_ + 1] }
        grep { !($_ % 2) } 0 .. $#results;
}

sub medians (@rows) {
    my $text = "\n";
    for (['median time to make an update', 'seconds'], ['... of the processor', 'processor']) {
        my ($title, $key) = @$_;
        my @times = grep { defined } map { $_->{$key} } @rows;
        $text .= sprintf "%s: %.1f s\n", $title, median(@times) if @times;
    }
    return $text;
}

1;
