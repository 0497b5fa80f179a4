#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The documents agree with the sources: doc/troubleshooting.md quotes messages that
# exist, links lead somewhere, HACKING.md has the variables of the tests, and
# CHANGELOG.md has the version that is printed.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice        ();
use Ksplice::Abort qw(abort_words);
use Test::Ksplice;
use Test::More;

my $root = root_dir();

# The text of all sources, with strings that are joined in one.
my @sources = split /\n/, (run_cmd('find', map({ "$root/$_" } qw(lib objmanip kmodsrc)),
    '-name', '*.pm', '-o', '-name', '*.c'))[1];
my $text = join "\n", map { slurp($_) } @sources,
    map { "$root/ksplice-$_" } qw(create apply undo view);
$text =~ s/(["'])\s*\.\s*["']//g;
$text =~ s/"\s*\n\s*"//g;

my %is_word = map { $_ => 1 } abort_words();
my $page = slurp("$root/doc/troubleshooting.md");
my @messages = $page =~ /^\| `([^`]+)`[^|]*\|/mg;
cmp_ok(scalar @messages, '>', 25, 'the page quotes messages');
for my $message (@messages) {
    next if $is_word{$message} || $message =~ /^(?:rmmod|ksplice-view)\z/;
    my @missing = grep { length > 3 && index($text, $_) < 0 } split /'?\b(?:X|KID)\b'?/, $message;
    is("@missing", '', "a source has '$message'");
}

# --- links -------------------------------------------------------------------

# As GitHub and others make the anchor of a heading.
sub anchor ($heading) {
    my $anchor = lc($heading =~ s/`//gr) =~ s/[^\w\- ]//gr;
    return $anchor =~ tr/ /-/r;
}

my @pages = grep { -e } "$root/README.md", "$root/HACKING.md", "$root/CHANGELOG.md",
    "$root/CONTRIBUTING.md",
    "$root/t/README.md", "$root/kernel-patches/README.md", glob "$root/doc/*.md";
for my $file (@pages) {
    my $text = slurp($file) =~ s/^    .*$//mgr;
    my @bad;
    for my $link ($text =~ /\]\(([^)\s]+)\)/g) {
        next if $link =~ /^https?:/;
        my ($name, $part) = split /#/, $link, 2;
        my $to = length $name ? dirname($file) . "/$name" : $file;
        my $found = -e $to && (!defined $part
            || grep { anchor($_) eq $part } slurp($to) =~ /^#+ (.*)$/mg);
        push @bad, $link if !$found;
    }
    is("@bad", '', 'the links of ' . ($file =~ s{^\Q$root/}{}r) . ' lead somewhere');
}

# --- the variables of the tests -------------------------------------------------

my ($table) = slurp("$root/HACKING.md") =~ /^\| variable \|.*?\n((?:\|.*\n)+)/m;
my @described = map { /`(KSPLICE_TEST_\w+)`/g } map { (split /\|/)[1] } split /\n/, $table;
my %used;
for my $file (split /\n/, (run_cmd('find', map({ "$root/$_" } qw(t dev bench Makefile)),
    '-type', 'f'))[1]) {
    $used{$_} = 1 for slurp($file) =~ /\b(KSPLICE_TEST_[A-Z_]+[A-Z])\b/g;
}
is(join(' ', sort @described), join(' ', sort keys %used),
    'HACKING.md describes the variables that tests use, and no other');

# --- the version --------------------------------------------------------------

my ($newest) = slurp("$root/CHANGELOG.md") =~ /^## (\S+)/m;
is($newest, $Ksplice::VERSION, 'CHANGELOG.md begins with the version of lib/Ksplice.pm');

done_testing;
