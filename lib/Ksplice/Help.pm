# SPDX-License-Identifier: GPL-2.0-only
#
# Help.pm - the text of --help, from a command's own pod
#
# Shows NAME, SYNOPSIS, OPTIONS and EXIT STATUS.  Reads the pod that our
# commands use, headings, =over =item =back, paragraphs and B<> I<> C<> F<> L<>
# E<>: perl-base has no Pod::Usage.

package Ksplice::Help;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use Ksplice    qw(read_file);
use Text::Wrap ();

our @EXPORT_OK = qw(help_text);

my @shown = ('SYNOPSIS', 'OPTIONS', 'EXIT STATUS');
my %escape = (lt => '<', gt => '>', verbar => '|', sol => '/');

# The help of the command in this file.
sub help_text ($file) {
    my %section = read_sections($file);
    my $text = join '', map { plain($_) . "\n" } @{ $section{NAME} // [] };
    for my $name (grep { $section{$_} } @shown) {
        $text .= "\n" . ucfirst(lc $name) . ":\n" . layout(@{ $section{$name} });
    }
    return $text;
}

# heading -> its paragraphs; a =cut ends the pod for good.
sub read_sections ($file) {
    my ($pod) = read_file($file) =~ /^(=head1 .*?)^=cut\b/ms or return;
    my (%section, $name);
    for my $paragraph (split /\n\s*\n/, $pod) {
        if ($paragraph =~ /\A=head1\s+(.*?)\s*\z/) { $name = $1 }
        elsif (defined $name)                      { push @{ $section{$name} }, $paragraph }
    }
    return %section;
}

# Items at the left with their text below, or beside them if they are as short
# as an exit status; verbatim text as it is.
sub layout (@paragraphs) {
    my ($text, $depth, $beside) = ('', 0, '');
    for my $paragraph (@paragraphs) {
        if    ($paragraph =~ /\A=over/) { $depth++ }
        elsif ($paragraph =~ /\A=back/) { $depth-- }
        elsif ($paragraph =~ /\A=item\s+(?:\*\s*)?(.*)/s) {
            my $item = '  ' . plain($1);
            if (length $item < 6) { $beside = $item }
            else                  { $text .= "$item\n" }
        }
        elsif ($paragraph =~ /\A\s/) { $text .= "$paragraph\n" }
        else {
            local $Text::Wrap::columns = 79;
            local $Text::Wrap::huge = 'overflow';
            my $indent = ' ' x (2 + 4 * $depth);
            my $first = sprintf '%-*s', length $indent, $beside;
            $beside = '';
            $text .= Text::Wrap::wrap($first, $indent, plain($paragraph)) . "\n";
        }
    }
    return $text;
}

# Without the formatting codes.
sub plain ($text) {
    $text =~ s/\s+/ /g;
    $text =~ s/\s+\z//;
    1 while $text =~ s/[BICFS]<([^<>]*)>/$1/g;
    $text =~ s/L<(?:([^<>|]*)\|)?([^<>]*)>/$1 || $2/ge;
    $text =~ s/E<(\w+)>/$escape{$1} \/\/ "E<$1>"/ge;
    return $text;
}

1;
