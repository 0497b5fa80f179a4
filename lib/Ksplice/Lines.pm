# SPDX-License-Identifier: GPL-2.0-only
#
# Lines.pm - keep the line numbers of unchanged code
#
# A line more or less moves __LINE__ in every WARN, BUG and lockdep key after
# it, and each is a difference in the object.  So behind each hunk a "#line N"
# says which line of the original the next one is: unchanged code compiles to
# unchanged bytes.  The directive goes before the first line where it can do no
# harm: not inside a comment, a string, parentheses (arguments of a macro) or
# lines joined by a backslash.  A small lexer finds such lines; where it is in
# doubt it says no, at the cost of a few more differences.
#
# Lines of the patch itself keep counting from the line they follow.

package Ksplice::Lines;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Ksplice  qw(capture read_file write_file);

our @EXPORT_OK = qw(neutralise_file neutralise safe_lines);

# Puts the directives into a file that was made from the original.
sub neutralise_file ($original, $file) {
    my @hunks;
    for (capture({ ok => [0, 1] }, 'diff', '-a', $original, $file)) {
        /^\d+(?:,\d+)?[acd]\d+(?:,\d+)?$/ or next;
        push @hunks, $_;
    }
    my $text = read_file($file);
    my $new = neutralise($text, @hunks);
    return if $new eq $text;
    my $mode = (stat $file)[2];
    write_file($file, $new);
    chmod $mode & 07777, $file;
    return;
}

# The text with the directives in; the hunks are change commands of diff(1),
# such as "3a4,5", "7d8" or "10,12c11".
sub neutralise ($text, @hunks) {
    return $text if $text =~ /^[ \t]*#[ \t]*(?:line[ \t]+)?\d/m;
    my @lines = split /^/m, $text;
    my @safe = safe_lines(@lines);
    my %shift = map { next_lines($_) } @hunks;
    my ($wanted, $present, $new) = (0, 0, '');
    for my $i (0 .. $#lines) {
        $wanted = $shift{$i + 1} // $wanted;
        if ($wanted != $present && $safe[$i] && $i + 1 + $wanted > 0) {
            $new .= '#line ' . ($i + 1 + $wanted) . "\n";
            $present = $wanted;
        }
        $new .= $lines[$i];
    }
    return $new;
}

# The line of the new file after a hunk => what to add for that of the old one.
sub next_lines ($hunk) {
    my ($old, $old_end, $how, $new, $new_end) =
        $hunk =~ /^(\d+)(?:,(\d+))?([acd])(\d+)(?:,(\d+))?$/;
    my $old_next = ($old_end // $old) + 1;
    my $new_next = ($new_end // $new) + 1;
    return ($new_next => $old_next - $new_next);
}

# For each line whether a directive may be put before it.
sub safe_lines (@lines) {
    my $state = { depth => 0, in => '', directive => 0, joined => 0, conditions => [] };
    my @safe;
    for my $line (@lines) {
        push @safe, !$state->{depth} && $state->{in} eq '' && !$state->{joined};
        scan_line($state, $line);
    }
    return @safe;
}

# Moves the state over a line.  in: '' or what is open at its end, '/*' or '"';
# depth: open parentheses; directive: the depth to return to after it.
sub scan_line ($state, $line) {
    if (!$state->{joined} && $state->{in} eq '' && $line =~ /^\s*#\s*(\w*)/) {
        scan_condition($state, $1);
        $state->{directive} = 1;
        $state->{outside} = $state->{depth};
    }
    for ($line) {
        pos = 0;
        while (pos() < length) {
            if ($state->{in} eq '/*') {
                if (m{\G.*?\*/}gcs) { $state->{in} = '' }
                else                { last }
            } elsif ($state->{in} eq '"') {
                if (m{\G(?:[^"\\\n]|\\[^\n])*"}gc) { $state->{in} = '' }
                else                                { last }
            }
            elsif (m{\G//}gc)                     { last }
            elsif (m{\G/\*}gc)                    { $state->{in} = '/*' }
            elsif (m{\G"(?:[^"\\\n]|\\[^\n])*"}gc) { next }
            elsif (m{\G"}gc)                      { $state->{in} = '"' }
            elsif (m{\G'(?:[^'\\\n]|\\[^\n])*'}gc) { next }
            elsif (m{\G\(}gc)                     { $state->{depth}++ }
            elsif (m{\G\)}gc)                     { $state->{depth}-- if $state->{depth} }
            elsif (m{\G[^()"'/]+}gc)              { next }
            else                                  { m{\G.}gcs }
        }
    }
    $state->{joined} = $line =~ /\\\s*\n?\z/ ? 1 : 0;
    $state->{in} = '' if $state->{in} eq '"' && !$state->{joined};
    if ($state->{directive} && !$state->{joined}) {
        $state->{depth} = $state->{outside};
        $state->{directive} = 0;
    }
    return;
}

# Each branch of an #if starts as deep as the #if; after it we are as deep as
# the deepest branch.
sub scan_condition ($state, $word) {
    my $conditions = $state->{conditions};
    if ($word =~ /^if/) {
        push @$conditions, { before => $state->{depth}, ends => [], else => 0 };
    } elsif ($word =~ /^el/ && @$conditions) {
        my $condition = $conditions->[-1];
        push @{ $condition->{ends} }, $state->{depth};
        $condition->{else} = 1 if $word eq 'else';
        $state->{depth} = $condition->{before};
    } elsif ($word eq 'endif' && @$conditions) {
        my $condition = pop @$conditions;
        my @ends = (@{ $condition->{ends} }, $state->{depth});
        push @ends, $condition->{before} if !$condition->{else};
        ($state->{depth}) = sort { $b <=> $a } @ends;
    }
    return;
}

1;
