# SPDX-License-Identifier: GPL-2.0-only
#
# Touched.pm - the lines of functions that a patch changes
#
# ksplice-create --explain reports which inlined functions a patch changes.  objmanip
# knows from the debug information only where a function begins, so every line that
# it gets must be one of a function.  What lies between two functions is of neither:
# comments, declarations, macros.  Braces tell where functions begin and end.  A brace
# in the first column, which in the kernel's style only functions and declarations
# have, corrects the count where an #if has more of them open than closed.

package Ksplice::Touched;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use List::Util qw(max);

our @EXPORT_OK = qw(touched_lines);

# touched_lines(OLD, NEW, HUNK...) -> [FIRST, LAST]...: the lines of functions of the old
# text that the hunks, commands of diff(1), change.  What is only added inside of a function
# is about the line before it.  A change of comments is none.
sub touched_lines ($old, $new, @hunks) {
    my @old = code_lines($old);
    my @new = code_lines($new);
    my @start = function_starts(@old);
    my @touched;
    for (@hunks) {
        my ($first, $last, $how, $to, $to_last) = /^(\d+)(?:,(\d+))?([acd])(\d+)(?:,(\d+))?$/;
        my @removed = $how eq 'a' ? () : grep { $old[$_] =~ /\S/ } $first .. $last // $first;
        my @added = $how eq 'd' ? () : grep { $new[$_] =~ /\S/ } $to .. $to_last // $to;
        next if !@removed && !@added;
        my $before = $how eq 'a' ? $first : $first - 1;
        my $is_inside = $start[$before] && $start[$before] == ($start[$before + 1] // 0);
        my @of_functions = @removed ? grep { $start[$_] } @removed : $is_inside ? $before : ();
        next if !@of_functions;
        my $from = max($of_functions[0], $start[$of_functions[0]]);
        push @touched, [$from, max($from, $of_functions[-1])];
    }
    return @touched;
}

# The lines, from number 1 on, without comments and directives, and with nothing in
# their strings.
sub code_lines ($text) {
    $text =~ s{("(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*')|(/\*.*?\*/|//[^\n]*)}
        { defined $1 ? '""' . $1 =~ s/[^\n]//gr : $2 =~ s/[^\n]//gr }gse;
    $text =~ s{^([ \t]*\#(?:.*\\\n)*.*)}{ $1 =~ s/[^\n]//gr }gme;
    return ('', split /\n/, $text, -1);
}

# For each line where its function begins, that is the line of its name; 0 outside.
sub function_starts (@lines) {
    my @start = (0) x @lines;
    my ($begin, $depth, $name) = (0, 0, 0);
    for my $number (1 .. $#lines) {
        my $line = $lines[$number];
        next if !$begin && $line !~ /\S/;
        $begin ||= $number;
        $depth = 0 if $line =~ /^[{}]/;
        if (!$depth && $line =~ /\{/) {
            $name = name_line($begin, @lines[$begin .. $number]);
        }
        $depth += ($line =~ tr/{//) - ($line =~ tr/}//);
        $depth = 0 if $depth < 0 || $line =~ /^\}/;
        next if $depth || $line !~ /[;}]\s*$/;
        @start[$begin .. $number] = ($name) x ($number - $begin + 1);
        ($begin, $name) = (0, 0);
    }
    return @start;
}

# The line of the name in the head of a function, which is before the last parentheses
# that precede the brace; 0 if it is something else.  After the parameters there may be an
# attribute with parentheses: its line is as good, because it is of the function.
sub name_line ($begin, @lines) {
    my $head = join("\n", @lines) =~ s/\{.*//sr;
    my $parentheses = qr/(?<p>\((?:[^()]++|(?&p))*\))/;
    my ($before) = $head =~ /^([^=]*\w\s*)$parentheses[\w\s]*\z/s or return 0;
    return $begin + ($before =~ tr/\n//);
}

1;
