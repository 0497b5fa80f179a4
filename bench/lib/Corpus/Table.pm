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

our @EXPORT_OK = qw(table by_rule);

# Results in the order of the sums, and what they are called.
my @results = (
    applied    => 'applied',
    refused    => 'refused',
    rule       => 'refused by rule',
    failed     => 'failed',
    alone      => 'does not compile alone',
    unchanged  => 'no changes',
    unloadable => 'target not loadable here',
    untried    => 'not tried',
    made       => 'not done yet',
);
my %words = @results;

# Refusals that are right: without its author's help nobody could apply such a
# patch safely, see doc/limits.md.  One of several reasons is enough.
my @rules = (
    qr/has another layout/,                     # the objects there are keep theirs
    qr/initialiser of '\S+' changes/,           # writable data has a value by now
    qr/the size of '\S+' changes/,              # something else points to it
    qr/the export of '\S+'|the exported '\S+' was|CRC of the exported/,  # modules know it
    qr/what section '\S+' holds is registered at boot/,
);

sub by_rule ($reason) { return scalar grep { $reason =~ $_ } @rules }

# table(TITLE, {name, result, reason, functions, seconds}...): the text, and how
# many have failed.
sub table ($title, @rows) {
    my $width = max 5, map { length $_->{name} } @rows;
    my $text = "$title\n\n" . sprintf "%-${width}s %9s %8s  %s\n",
        'patch', 'functions', 'create s', 'result';
    my %n = map { $_ => 0 } keys %words;
    for my $row (@rows) {
        my $kind = $row->{result} eq 'refused' && by_rule($row->{reason}) ? 'rule'
            : $row->{result};
        $n{$kind}++;
        my $said = $words{$kind} // "failed: no result '$kind'";
        $said .= ($kind eq 'alone' ? ': needs ' : ': ') . $row->{reason} if length $row->{reason};
        $text .= sprintf "%-${width}s %9s %8s  %s\n", $row->{name}, $row->{functions} || '',
            $row->{seconds} // '', $said;
    }
    return ($text . sums(\%n, @rows), $n{failed});
}

sub sums ($n, @rows) {
    my $text = "\n";
    for my $at (grep { !($_ % 2) } 0 .. $#results) {
        $text .= sprintf "%5d %s\n", $n->{ $results[$at] }, $results[$at + 1];
    }
    my $alone = $n->{applied} + $n->{refused} + $n->{rule} + $n->{failed};
    $text .= sprintf "\napplied of those that compile alone and can be tried: %s\n",
        percent($n->{applied}, $alone);
    $text .= sprintf "applied of those of them that no rule refuses: %s\n",
        percent($n->{applied}, $alone - $n->{rule});
    my @made = grep { $_->{result} =~ /^(?:applied|failed|refused|unloadable)\z/ } @rows;
    for (['median time to make an update', 'seconds'], ['... of the processor', 'processor']) {
        my ($title, $key) = @$_;
        my @times = sort { $a <=> $b } grep { defined } map { $_->{$key} } @made;
        $text .= sprintf "%s: %.1f s\n", $title, $times[@times / 2] if @times;
    }
    return $text;
}

sub percent ($n, $of) {
    return $of ? sprintf '%d of %d, %.1f %%', $n, $of, 100 * $n / $of : '0 of 0';
}

1;
