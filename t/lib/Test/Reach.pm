# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Reach - small trees of headers and sources, of which the compiler tells what a
# change alters

package Test::Reach;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use Ksplice           qw(read_file);
use Ksplice::Includes qw(find_includers);
use Ksplice::Reach    qw(reached_sources);
use Test::Ksplice     qw(spew run_cmd strict_cflags);

our @EXPORT = qw(read_files new_reach_toy altered_sources reached_by);

my @flags = qw(-O2 -std=gnu11 -c -o object.o -w -fno-ident -Iinclude
    -include include/linux/kconfig.h -D__KBUILD_MODNAME=kmod_toy);

# NAME => TEXT, from parts that start with "=== NAME".
sub read_files ($text) {
    return map { /\A(\S+)\n(.*)\z/s ? ($1, $2) : () } split /^=== /m, $text;
}

# Sources are all kernel/*.c; the options -D are those of kernel/Makefile.
sub new_reach_toy ($dir, %files) {
    $files{'.config'} //= "# Linux/x86 1.2.3 Kernel Configuration\n";
    $files{$_} //= '' for qw(include/linux/kconfig.h arch/x86/include/asm/empty.h);
    spew("$dir/$_", $files{$_}) for sort keys %files;
    my $toy = { dir => $dir, options => [($files{'kernel/Makefile'} // '') =~ /(-D\S+)/g],
        sources => [grep { m{^kernel/.*\.c\z} } sort keys %files] };
    $toy->{compiled} = { map { $_ => compiled($toy, $_) } @{ $toy->{sources} } };
    return $toy;
}

# What the compiler makes of it, or what it says.
sub compiled ($toy, $source) {
    my ($status, undef, $err) = run_cmd({ dir => $toy->{dir} }, 'gcc', @flags, strict_cflags(),
        @{ $toy->{options} }, $source);
    return $status ? "error: $err" : read_file("$toy->{dir}/object.o");
}

# Those that become others if the file has the text, and still compile.
sub altered_sources ($toy, $file, $text) {
    my $old = read_file("$toy->{dir}/$file");
    spew("$toy->{dir}/$file", $text);
    my %new = map { $_ => compiled($toy, $_) } @{ $toy->{sources} };
    spew("$toy->{dir}/$file", $old);
    return grep { $new{$_} ne $toy->{compiled}{$_} && $new{$_} !~ /^error/ } @{ $toy->{sources} };
}

sub reached_by ($toy, $file, $text) {
    return reached_sources({ dir => $toy->{dir}, jobs => 2 },
        { $file => [read_file("$toy->{dir}/$file"), $text] }, including($toy, $file));
}

sub including ($toy, $file) {
    my %is_source = map { $_ => 1 } @{ $toy->{sources} };
    return grep { $is_source{$_} } find_includers({ dir => $toy->{dir} }, $file);
}

1;
