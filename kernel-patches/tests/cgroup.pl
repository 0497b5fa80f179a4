#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# cgroup.pl - what the files of cgroups say, beside what those of /proc do
#
#   between OUTER FILE          FILE has the words of OUTER, and each number of it is
#                               one that OUTER has at about the same time
#   born SECONDS FILE GROUP...  makes the groups; then says FILE in the last one
#                               what /proc/uptime has gone on since
#   older FROM TO FILE OTHER    by how many seconds FILE is ahead of OTHER
#
# A difference ends it with status 1, and tells of it on stderr.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

my %commands = (between => \&between, born => \&born, older => \&older);
my $number = qr/\d+(?:\.\d+)?/;
my $name = shift @ARGV // die "no command\n";
($commands{$name} // die "no command '$name'\n")->(@ARGV);

sub slurp ($file) {
    open my $handle, '<', $file or die "cannot open '$file': $!\n";
    local $/ = undef;
    return readline($handle) // die "cannot read '$file': $!\n";
}

# Numbers that go up, and that FILE reads a little before or after, may be off by
# what two ticks are worth; tasks that run or wait come and go.
sub between ($outer, $file) {
    my ($before, $text, $after) = map { slurp($_) } $outer, $file, $outer;
    s/^procs_\K(\w+) \d+$/$1/mg for $before, $text, $after;
    die "it has other words:\n$text" if $text =~ s/$number/N/gr ne $after =~ s/$number/N/gr;
    my @numbers = map { [/$number/g] } $before, $text, $after;
    for my $i (0 .. $#{ $numbers[1] }) {
        my ($least, $is, $most) = map { $_->[$i] } @numbers;
        next if $is >= $least - 2 && $is <= $most + 2;
        die "number $i is $is, and not from $least to $most:\n$text";
    }
    return;
}

sub uptime () { return split ' ', slurp('/proc/uptime') }

sub born ($seconds, $file, @groups) {
    my @before = uptime();
    for my $group (@groups) {
        mkdir $group or die "cannot make '$group': $!\n";
    }
    my @since = uptime();
    select undef, undef, undef, $seconds;
    my @until = uptime();
    my $text = slurp("$groups[-1]/$file");
    my @after = uptime();
    $text =~ /\A(\d+\.\d\d) (\d+\.\d\d)\n\z/ or die "not as /proc/uptime has it: $text";
    my @is = ($1, $2);
    for my $i (0, 1) {
        my ($least, $most) = ($until[$i] - $since[$i] - 0.02, $after[$i] - $before[$i] + 0.02);
        next if $is[$i] >= $least && $is[$i] <= $most;
        die "number $i is $is[$i], and not from $least to $most\n";
    }
    return;
}

sub first_number ($file) {
    my ($is) = slurp($file) =~ /\A($number)/ or die "no number in '$file'\n";
    return $is;
}

# OTHER is read first, so that one that began at the same time is not older.
sub older ($from, $to, @files) {
    my ($other, $one) = map { first_number($_) } reverse @files;
    my $by = $one - $other;
    die "$one - $other is $by\n" if $by < $from || $by > $to;
    return;
}
