#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What `make install` puts somewhere runs from there and needs the checkout no
# more.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $root = root_dir();
my %place = ('ksplice-apply' => 'sbin', 'ksplice-undo' => 'sbin', 'ksplice-create' => 'bin',
    'ksplice-view' => 'bin');
my %section = (sbin => 8, bin => 1);

# A PREFIX of its own: as a user installs it.
my $prefix = scratch_dir() . '/usr/local';
my ($status, $out, $err) = run_cmd('make', '-s', '-C', $root, 'install', "PREFIX=$prefix");
is($status, 0, 'make install succeeds') or die "make install: $out$err", "\n";

for my $command (sort keys %place) {
    my $file = "$prefix/$place{$command}/$command";
    ok(-x $file, "$command is in $place{$command}");
    my ($status, $out, $err) = run_cmd({ dir => '/' }, $file, '--version');
    like("$status $out$err", qr/\A0 \Q$command\E \(ksplice\)/, '  ... and runs');
    unlike(slurp($file), qr/\Q$root\E/, '  ... and does not know the checkout');
    my $n = $section{ $place{$command} };
    like(slurp("$prefix/share/man/man$n/$command.$n"), qr/^\.TH "?\U$command\E"? $n /m,
        '  ... and has a man page');
}
for my $part (qw(lib/Ksplice.pm lib/Ksplice/Apply.pm objmanip/objmanip kmodsrc/Kbuild
    kmodsrc/ksplice.h kmodsrc/core.c kmodsrc/compare/pre.c kmodsrc/arch/x86/insn.c
    Makefile.ksplice ksplice-obj.pl ksplice-patch/ksplice-patch.h kmodsrc/ksplice-patch.h)) {
    ok(-e "$prefix/lib/ksplice/$part", "$part is there, where the checkout has it");
}
like(slurp("$prefix/share/man/man5/ksplice-update.5"), qr/^\.TH "?KSPLICE-UPDATE"? 5 /m,
    'the format of an update has a man page');

# --- documents -----------------------------------------------------------------

my $docs = "$prefix/share/doc/ksplice";
my @pages = glob "$docs/*.md";
my %is_page = map { s{.*/}{}r => 1 } @pages;
ok($is_page{"$_.md"}, "$_.md is installed")
    for qw(README CHANGELOG design limits patch-author aborts troubleshooting);
ok(-e "$docs/$_", "$_ is installed") for qw(COPYING update.svg examples/eventfd-writes.patch);
my @dead;
for my $page (@pages) {
    push @dead, map { s/#.*//r } grep { !/^(?:https?:|#)/ && !-e "$docs/" . s/#.*//r }
        slurp($page) =~ /\]\(([^)\s]+)\)/g;
}
is("@dead", '', 'their links lead somewhere');

# Comments may cite the checkout; text that users see may not.
my @cited;
for my $file (split /\n/,
    (run_cmd('find', "$root/objmanip", "$root/kmodsrc", '-name', '*.[ch]'))[1]) {
    my $text = slurp($file) =~ s{/\*.*?\*/|//[^\n]*}{}gsr;
    push @cited, grep { !$is_page{$_} } $text =~ /\bdocument\("([^"]*)"\)/g;
    $text =~ s/\bdocument\("[^"]*"\)//g;
    push @cited, $text =~ m{([\w/-]+\.(?:md|pod))\b}g;
}
for my $file (map({ "$prefix/$place{$_}/$_" } sort keys %place),
    glob("$prefix/lib/ksplice/lib/*.pm"), glob("$prefix/lib/ksplice/lib/*/*.pm")) {
    my $text = slurp($file) =~ s/^\s*#.*$//mgr;
    push @cited, $text =~ m{\b(doc/[\w/-]+\.\w+)}g;
    push @cited, grep { !$is_page{$_} } $text =~ /\b([\w-]+\.md)\b/g;
    push @cited, grep { /(.*)\((\d)/ && !-e "$prefix/share/man/man$2/$1.$2" }
        $text =~ /\b(ksplice-\w+\(\d\))/g;
}
is("@cited", '', 'commands and messages cite what is installed');
my @perl = ($^X, "-I$prefix/lib/ksplice/lib", '-MKsplice::Abort=abort_advice', '-e');
like((run_cmd(@perl, 'print abort_advice("unsupported_kernel")'))[1], qr{ \Q$docs\E/limits\.md\z},
    '  ... under its installed name');

my @stray = grep { /\.(?:o|d|ko|t|cmd)$/ || m{\.git} }
    split /\n/, (run_cmd('find', $prefix, '-type', 'f'))[1];
is("@stray", '', 'nothing is there that does not belong there');
is((run_cmd("$prefix/lib/ksplice/objmanip/objmanip"))[0], 2, 'objmanip runs');

# A DESTDIR: as a package is made; the files name the place where they will be.
my $dest = scratch_dir();
($status, $out, $err) =
    run_cmd('make', '-s', '-C', $root, 'install', "DESTDIR=$dest", 'PREFIX=/usr');
is("$status$err", '0', 'make install with DESTDIR succeeds');
for my $command (sort keys %place) {
    my $text = slurp("$dest/usr/$place{$command}/$command");
    like($text, qr{^use lib '/usr/lib/ksplice/lib';$}m, "$command names its place without DESTDIR");
    unlike($text, qr/\Q$dest\E/, '  ... only');
}
ok(!-e "$dest$prefix", 'nothing is elsewhere');

($status, $out, $err) = run_cmd('make', '-s', '-C', $root, 'install', 'DESTDIR=/dev/null');
isnt($status, 0, 'a place that cannot be written to is a failure');

done_testing;
