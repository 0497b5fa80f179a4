# SPDX-License-Identifier: GPL-2.0-only
#
# Lines.pm - keep the line numbers of unchanged code
#
# A patch that adds or removes a line moves __LINE__ in every WARN, BUG and lockdep
# key after it, and each is a difference in the object.  So a "#line N" after each
# hunk restores the number that the next line has in the original, and unchanged code
# compiles to unchanged bytes.  The directive is inserted before the first safe line:
# one that is not inside a comment, a string, parentheses (arguments of a macro) or
# lines joined by a backslash.  A small lexer finds such lines.  In doubt a line is
# not safe, at the cost of a few more differences.
#
# Lines of the patch itself are counted from the line that they follow.

package Ksplice::Lines;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use Ksplice    qw(capture read_file write_file);
use List::Util qw(max);

our @EXPORT_OK = qw(
    find_hunks neutralise_file neutralise safe_lines line_map is_tricky
);

# The change commands of diff(1), such as "3a4,5", "7d8" or "10,12c11".
sub find_hunks ($original, $file) {
    return grep { /^\d+(?:,\d+)?[acd]\d+(?:,\d+)?$/ }
        capture({ ok => [0, 1] }, 'diff', '-a', $original, $file);
}

# Puts the directives into a file that was made from the original.
sub neutralise_file ($file, @hunks) {
    my $text = read_file($file);
    my $new = neutralise($text, @hunks);
    return if $new eq $text;
    my $mode = (stat $file)[2];
    write_file($file, $new);
    chmod $mode & 07777, $file;
    return;
}

# The text with the directives inserted.
sub neutralise ($text, @hunks) {
    my ($new) = number_lines($text, @hunks);
    return $new;
}

# The same, and for each of its lines the offset that the compiler adds to its number:
# undef if that depends on a condition.  A text with directives of its own is returned
# unchanged, without offsets.
sub number_lines ($text, @hunks) {
    return $text if $text =~ /^[ \t]*#[ \t]*(?:line[ \t]+)?\d/m;
    my @added;
    my %shift = map { next_lines($_) } @hunks;
    my $state = new_state();
    my ($wanted, $number, $new) = (0, 0, '');
    for my $line (split /^/m, $text) {
        $number++;
        $wanted = $shift{$number} // $wanted;
        my $known = $state->{shift};
        if (is_safe($state) && (!defined $known || $known != $wanted) && $number + $wanted > 0) {
            $new .= '#line ' . ($number + $wanted) . "\n";
            $state->{shift} = $wanted;
            $state->{said}++;
        }
        push @added, $state->{shift};
        $new .= $line;
        scan_line($state, $line);
    }
    return ($new, @added);
}

# Which line of the original each line of the text is, as objmanip/read/lines.c reads
# it; with directives if keep_lines is set.  In a tricky patch the numbers of new lines
# are unsure: see is_tricky.
sub line_map ($name, $text, $keep_lines, $tricky, @hunks) {
    my (undef, @added) = number_lines($text, @hunks);
    my @lines = split /^/m, $text;
    return "unsure 1 4294967295 0 $name\n"
        if @added != @lines || grep { !defined } @added;
    my %shift = map { next_lines($_) } @hunks;
    my %is_new = map { map { $_ => 1 } new_lines($_) } @hunks;
    my ($wanted, @ranges) = (0);
    for my $number (1 .. @lines) {
        $wanted = $shift{$number} // $wanted;
        my $said = $number + ($keep_lines ? $added[$number - 1] : 0);
        my ($kind, $origin) = !$is_new{$number} ? ('old', $number + $wanted)
            : $tricky ? ('unsure', 0) : ('new', 0);
        my $range = $ranges[-1];
        if ($range && $range->{kind} eq $kind && $said == $range->{first} + $range->{count}
            && ($kind ne 'old' || $origin == $range->{origin} + $range->{count})) {
            $range->{count}++;
        } else {
            push @ranges, { kind => $kind, first => $said, count => 1, origin => $origin };
        }
    }
    return join '', map { "$_->{kind} $_->{first} $_->{count} $_->{origin} $name\n" } @ranges;
}

# The lines of the new file that a hunk adds or changes.
sub new_lines ($hunk) {
    my ($how, $first, $last) = $hunk =~ /([acd])(\d+)(?:,(\d+))?$/;
    return $how eq 'd' ? () : ($first .. $last // $first);
}

# Does the patch change directives of the preprocessor or parts of definitions?
# Then an unchanged line may compile to something else, or not at all.
sub is_tricky ($original, $file) {
    return scalar grep { /^[<>]\s*#/ || /^[<>].*\\\s*$/ }
        capture({ ok => [0, 1] }, 'diff', '-a', $original, $file);
}

# The line of the new file after a hunk => the offset to its line in the old file.
sub next_lines ($hunk) {
    my ($old, $old_end, $how, $new, $new_end) =
        $hunk =~ /^(\d+)(?:,(\d+))?([acd])(\d+)(?:,(\d+))?$/;
    my $old_next = ($old_end // $old) + 1;
    my $new_next = ($new_end // $new) + 1;
    return ($new_next => $old_next - $new_next);
}

# The state before the first line.  depth: open parentheses; in: '' or what is open at
# the end of the line, '/*' or '"'; joined: the line continues in the next one;
# directive: it is a directive, outside: the depth to return to after it; shift: the
# offset of the last #line, undef if that depends on a condition; said: the number of
# #line directives so far.
sub new_state () {
    return { depth => 0, in => '', joined => 0, directive => 0, shift => 0, said => 0,
        conditions => [] };
}

sub is_safe ($state) {
    return !$state->{depth} && $state->{in} eq '' && !$state->{joined};
}

# For each line whether a directive may be put before it.
sub safe_lines (@lines) {
    my $state = new_state();
    return map {
        my $safe = is_safe($state) ? 1 : 0;
        scan_line($state, $_);
        $safe;
    } @lines;
}

# Moves the state over a line.
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

# Each branch of an #if starts at the depth of the #if; the depth after it is that of
# the deepest branch.  A #line in a branch that is not compiled has no effect, but
# adds a line, so the shift is unknown after such a branch.
sub scan_condition ($state, $word) {
    my $conditions = $state->{conditions};
    my %now = map { $_ => $state->{$_} } qw(depth shift);
    if ($word =~ /^if/) {
        push @$conditions, { before => \%now, ends => [], else => 0, said => $state->{said} };
    } elsif ($word =~ /^el/ && @$conditions) {
        my $condition = $conditions->[-1];
        push @{ $condition->{ends} }, \%now;
        $condition->{else} = 1 if $word eq 'else';
        @$state{qw(depth shift)} = @{ $condition->{before} }{qw(depth shift)};
        $state->{shift} = undef if $state->{said} > $condition->{said};
    } elsif ($word eq 'endif' && @$conditions) {
        my $condition = pop @$conditions;
        my @ends = (@{ $condition->{ends} }, \%now);
        push @ends, $condition->{before} if !$condition->{else};
        $state->{depth} = max(map { $_->{depth} } @ends);
        $state->{shift} = undef if $state->{said} > $condition->{said};
    }
    return;
}

1;
