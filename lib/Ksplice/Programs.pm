# SPDX-License-Identifier: GPL-2.0-only
#
# Programs.pm - programs that the build compiles and runs
#
# A header of the kernel may be in such a program, too: SELinux's classmap.h is in
# scripts/selinux/genheaders, which writes a header.  kbuild compiles the programs before
# all objects, so the small modes of Makefile.ksplice never do.  Instead those that kbuild
# made of a file of the patch are compiled to another place, without and with it.  If one
# differs that writes sources of objects, only --full will do.  The others work on what is
# linked, which an update does not do.
#
# --full makes them anew in the tree, where they are put back.

package Ksplice::Programs;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter            qw(import);
use File::Basename      qw(dirname);
use Ksplice             qw(fail warning read_file);
use Ksplice::Includes   qw(made_of plain_path);
use Ksplice::Journal    qw(command_target find_files);
use Ksplice::Recompile  qw(recompile);
use Ksplice::Rules      qw(made_from);

our @EXPORT_OK = qw(compile_programs check_programs check_programs_in_tree);

# What kbuild has compiled below scripts/ from the files, compiled from them as they are now:
# NAME => {of => one of the files, bytes}.
sub compile_programs ($tree, $scratch, @files) {
    my %is_wanted = map { $_ => 1 } @files;
    my %compiled;
    for my $name (grep { !/\.cmd\z/ } compiled_files($tree)) {
        my ($file) = grep { $is_wanted{$_} } map { plain_path($_) } made_of($tree, $name) or next;
        $compiled{$name} = { of => $file,
            bytes => scalar read_file(recompile($tree, $name, "$scratch/program")) };
    }
    return \%compiled;
}

# In the patched tree: BEFORE is of the original.
sub check_programs ($tree, $scratch, $before, @files) {
    my $after = %$before ? compile_programs($tree, $scratch, @files) : {};
    for my $name (sort keys %$before) {
        my ($file, $bytes) = @{ $before->{$name} }{qw(of bytes)};
        next if ($after->{$name}{bytes} // '') eq $bytes;
        my @programs = programs_of($tree, $name);
        my ($made) = sort { $a =~ /\.o\z/ <=> $b =~ /\.o\z/ || $a cmp $b }
            keys %{ made_from($tree, @programs) };
        fail("the patch changes '$file', which is in '$name', and the build writes '$made' with "
            . 'that: only --full will do') if defined $made;
        warn_of_programs(@programs);
    }
    return;
}

# With --full, in the patched tree once all was compiled.
sub check_programs_in_tree ($tree) {
    my $top = $tree->{dir};
    my @changed = sort grep { read_file("$top/$_") ne read_file("$top/$_.KSPLICE_presrc") }
        grep { -x "$top/$_" } map { s/\.KSPLICE_presrc\z//r }
        map { find_files($top, $_, qr/\.KSPLICE_presrc\z/) }
        grep { -d "$top/$_" } qw(scripts tools);
    my @tools = grep { m{^tools/} } @changed;
    fail("the patch changes the build: programs that it runs become others: @tools") if @tools;
    warn_of_programs(grep { !%{ made_from($tree, $_) } } @changed);
    return;
}

sub warn_of_programs (@programs) {
    warning("the patch also changes programs that the build runs: @programs; what they do with "
        . 'the kernel or a module once it is linked is not part of an update') if @programs;
    return;
}

sub compiled_files ($tree) {
    return if !-d "$tree->{dir}/scripts";
    return map { command_target($_) } sort(find_files($tree->{dir}, 'scripts',
        qr{/\.[^/]+\.cmd\z}));
}

# The programs that one of their parts may be in: those of its directory.
sub programs_of ($tree, $name) {
    return $name if $name !~ m{\.[^/]*\z};
    my $dir = dirname($name);
    my @programs = grep { dirname($_) eq $dir && !m{\.[^/]*\z} } compiled_files($tree);
    return @programs if @programs;
    fail("the patch changes '$name', and it is not known which program of the build it is linked "
        . 'into: only --full will do');
}

1;
