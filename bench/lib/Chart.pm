# SPDX-License-Identifier: GPL-2.0-only
#
# Chart.pm - lines in a plain SVG, both axes logarithmic
#
# The paper is white, whatever is around it.

package Chart;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use List::Util qw(max min);
use POSIX      qw(ceil floor);

our @EXPORT_OK = qw(line_chart);

use constant { WIDTH => 720, HEIGHT => 420, LEFT => 70, RIGHT => 170, TOP => 40, BOTTOM => 50 };

# Distinct also without seeing red and green.
my @colours = map { "#$_" } qw(000000 0072b2 009e73 e69f00 cc79a7 d55e00);

# line_chart({title, x, y: what the axes are, series: [[NAME, [X, Y]...]...]}): the text
# of the file.
sub line_chart ($chart) {
    my @points = map { my (undef, @points) = @$_; @points } @{ $chart->{series} };
    my $x = axis([map { $_->[0] } @points], LEFT, WIDTH - RIGHT);
    my $y = axis([map { $_->[1] } @points], HEIGHT - BOTTOM, TOP);
    my @svg = (
        sprintf('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"'
            . ' font-family="sans-serif" font-size="13">', WIDTH, HEIGHT),
        sprintf('<rect width="%d" height="%d" fill="white"/>', WIDTH, HEIGHT),
        text(LEFT, 22, 'start', $chart->{title}),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, 'middle', $chart->{x}),
        text(8, TOP - 6, 'start', $chart->{y}),
    );
    for my $tick (@{ $x->{ticks} }) {
        push @svg, line($x->{at}->($tick), TOP, $x->{at}->($tick), HEIGHT - BOTTOM),
            text($x->{at}->($tick), HEIGHT - BOTTOM + 18, 'middle', $tick);
    }
    for my $tick (@{ $y->{ticks} }) {
        push @svg, line(LEFT, $y->{at}->($tick), WIDTH - RIGHT, $y->{at}->($tick)),
            text(LEFT - 8, $y->{at}->($tick) + 4, 'end', $tick);
    }
    my @labels = label_places(map { $y->{at}->($_->[-1][1]) } @{ $chart->{series} });
    for my $i (0 .. $#{ $chart->{series} }) {
        my ($name, @at) = @{ $chart->{series}[$i] };
        my $colour = $colours[$i % @colours];
        push @svg, sprintf('<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>',
            $colour, join ' ', map {
                sprintf '%.1f,%.1f', $x->{at}->($_->[0]), $y->{at}->($_->[1]) } @at);
        push @svg, map { sprintf '<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>',
            $x->{at}->($_->[0]), $y->{at}->($_->[1]), $colour } @at;
        push @svg, text(WIDTH - RIGHT + 10, $labels[$i], 'start', $name, $colour);
    }
    return join "\n", (map { short_lines($_) } @svg), "</svg>\n";
}

sub short_lines ($element) {
    return $element if length $element <= 100;
    return $element =~ s/ (?=(?:font-family|fill|stroke|points)=)/\n  /gr;
}

# -> {at, from a value to a place between the two given, ticks}
sub axis ($values, $from, $to) {
    my $low = floor(log10(min(@$values)));
    my $high = max($low + 1, ceil(log10(max(@$values)) - 1e-9));
    return {
        at    => sub ($value) { $from + ($to - $from) * (log10($value) - $low) / ($high - $low) },
        ticks => [map { 10**$_ } $low .. $high],
    };
}

sub log10 ($value) { return log($value) / log(10) }

# Lines that end close to each other have their names one below the other.
sub label_places (@y) {
    my @order = sort { $y[$a] <=> $y[$b] } 0 .. $#y;
    my @place;
    my $next = 0;
    for my $i (@order) {
        $place[$i] = max($y[$i] + 4, $next);
        $next = $place[$i] + 15;
    }
    return @place;
}

sub line (@at) {
    return sprintf '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ccc"/>', @at;
}

sub text ($x, $y, $anchor, $text, $colour = '#000000') {
    my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;');
    return sprintf '<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>',
        $x, $y, $anchor, $colour, $text =~ s/([&<>])/$entity{$1}/gr;
}

1;
