# SPDX-License-Identifier: GPL-2.0-only
#
# Json.pm - print a structure as JSON
#
# Hashes (sorted by key), arrays, strings, undef; a reference to a scalar is inserted
# verbatim: \"12", \'true'.  perl-base has no JSON::PP.

package Ksplice::Json;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);

our @EXPORT_OK = qw(to_json);

my %escape = ("\n" => '\n', "\t" => '\t', "\r" => '\r', '"' => '\"', '\\' => '\\\\');

# Characters that must be escaped, control the terminal or change the direction.
my $special = qr/["\\\x{00}-\x{1f}\x{7f}-\x{9f}\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}
    \x{2066}-\x{2069}]/xx;

sub to_json ($value, $indent = '') {
    my $kind = ref $value;
    return 'null' unless defined $value;
    return quoted($value) unless $kind;
    return $$value if $kind eq 'SCALAR';
    my $inner = "$indent  ";
    if ($kind eq 'ARRAY') {
        return '[]' unless @$value;
        return "[\n" . join(",\n", map { $inner . to_json($_, $inner) } @$value) . "\n$indent]";
    }
    return '{}' unless %$value;
    return "{\n" . join(",\n",
        map { $inner . quoted($_) . ': ' . to_json($value->{$_}, $inner) } sort keys %$value)
        . "\n$indent}";
}

# Bytes that are not UTF-8 become U+FFFD: the output is always valid.
sub quoted ($text) {
    if (!utf8::is_utf8($text) && !utf8::decode($text)) {
        $text =~ s/[\x80-\xff]/\x{fffd}/g;
    }
    $text =~ s{($special)}{$escape{$1} // sprintf '\u%04x', ord $1}ge;
    utf8::encode($text);
    return "\"$text\"";
}

1;
