# SPDX-License-Identifier: GPL-2.0-only
#
# Patch.pm - the source change that an update is made of
#
# Whatever it was given as - a diff, a series of them, new versions beside the old files, a git
# commit - it ends as the text of a patch with names relative to the tree,
# which goes into the update.  patch(1) decides what it touches and whether it
# applies: a dry run first, so that one that does not leaves no trace.

package Ksplice::Patch;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Cwd              qw(abs_path);
use Exporter         qw(import);
use File::Basename   qw(dirname);
use File::Copy       qw(copy);
use File::Path       qw(make_path);
use Ksplice          qw(fail no_changes run capture read_file write_file);
use Ksplice::Journal qw(note_touched keep_source);
use Ksplice::Lines   qw(find_hunks touched_lines neutralise_file line_map is_tricky);

our @EXPORT_OK = qw(
    read_patch read_series diff_new_versions diff_commit check_patch changed_lines apply_patch
);

# -> {file, text, options}; a copy of the file in a directory of ours.
sub read_patch ($file, $scratch, @options) {
    -f $file or fail("no patch '$file'");
    my $text = read_file($file);
    $text =~ /\S/ or fail("the patch '$file' is empty");
    return new_patch($text, $scratch, @options);
}

# Of a list of patches, as quilt(1) has it: one a line, relative to the list, with
# options of its own for patch(1); what is behind a # is a comment.  All of them
# together are one patch.
sub read_series ($dir, $file, $scratch, @options) {
    -f $file or fail("no series '$file'");
    my @patches = map { [split] } grep { /\S/ } map { s/(?:^|\s)#.*//r }
        split /\n/, read_file($file);
    @patches or fail("the series '$file' is empty");
    my $top = "$scratch/series";
    my ($old, $new) = map { "$top/$_" } qw(a b);
    make_path($old, $new);
    my $names = '';
    for (@patches) {
        my ($name, @own) = @$_;
        my $patch = dirname($file) . "/$name";
        -f $patch or fail("the series '$file' has no patch '$name'");
        @own = @options if !@own;
        copy_touched($dir, read_file($patch), "@own" =~ /-p\s*(\d+)/ ? $1 : 1, $old, $new);
        patch_files($new, $patch, $name, @own);
        $names .= "$name\n";
    }
    my $text = capture({ dir => $top, ok => [0, 1] }, 'diff', '-ruaN', 'a', 'b');
    $text =~ s{^(---|\+\+\+) ([ab]/[^\t\n]+).*}{"$1 " . (-e "$top/$2" ? $2 : '/dev/null')}mge;
    length $text or no_changes("the patches of '$file' change nothing together");
    return new_patch($names . "\n" . $text, $scratch);
}

# The files that a patch names, if they are in the tree: once each.
sub copy_touched ($dir, $text, $strip, @to) {
    my @names = map { s{^(?:[^/]*/+){$strip}}{}r } $text =~ m{^(?:---|\+\+\+) ([^\t\n]+)}mg;
    for my $name (@names, $text =~ m{^rename from (.+)}mg) {
        next if $name =~ m{^/|(?:^|/)\.\.(?:/|$)} || !-f "$dir/$name" || -e "$to[0]/$name";
        for my $copy (map { "$_/$name" } @to) {
            make_path(dirname($copy));
            copy("$dir/$name", $copy) or fail("cannot write '$copy': $!");
        }
    }
    return;
}

sub patch_files ($dir, $file, $name, @options) {
    my $status = run({ ok => 'any', output => \my $output, env => { POSIXLY_CORRECT => undef } },
        'patch', '--force', '--no-backup-if-mismatch', '-p1', '-r', '-', @options, '-d', $dir,
        '-i', abs_path($file));
    return if !$status;
    STDOUT->flush();
    print STDERR map { "  $_\n" } split /\n/, $output;
    fail("the patch '$name' of the series does not apply");
}

# Of all files FEXT in the tree: they are the new versions of F.
sub diff_new_versions ($dir, $ext, $scratch) {
    my $pattern = $ext =~ s/([*?\[\]\\])/\\$1/gr;
    my @new = sort map { s{^\./}{}r } capture({ dir => $dir }, 'find', '.', '-name', '.git',
        '-prune', '-o', '-type', 'f', '-name', "?*$pattern", '-print');
    my $text = '';
    for my $new (grep { !/\.KSPLICE_/ } @new) {
        my $old = substr $new, 0, -length $ext;
        $text .= capture({ dir => $dir, ok => [0, 1] }, 'diff', '-uaN', '--label',
            -e "$dir/$old" ? "a/$old" : '/dev/null', '--label', "b/$old", $old, $new);
    }
    @new        or fail("no file in '$dir' ends in '$ext'");
    length $text or no_changes("no file in '$dir' differs from its version with '$ext'");
    return new_patch($text, $scratch);
}

# From the commit that is checked out to another one.
sub diff_commit ($dir, $commit, $scratch) {
    -e "$dir/.git" or fail("'$dir' is not the top of a git tree");
    my $text = capture('git', '-C', $dir, 'diff', '--no-color', '--no-ext-diff', '--no-renames',
        '--src-prefix=a/', '--dst-prefix=b/', 'HEAD', "$commit^{commit}", '--');
    length $text or no_changes("'$commit' is no other source than what is checked out");
    return new_patch($text, $scratch);
}

sub new_patch ($text, $scratch, @options) {
    write_file("$scratch/patch", $text);
    return { file => "$scratch/patch", text => $text, options => \@options };
}

# Finds out what it touches: sets files, {name, added} each.
sub check_patch ($tree, $patch) {
    my $output = run_patch($tree, $patch, '--dry-run');
    my %seen;
    my @names = grep { !$seen{$_}++ } map { plain_name($_) } $output =~
        /^checking (?:file|symbolic link) (.+?)(?: \((?:renamed|copied) from .*\))?$/mg;
    @names or fail('the patch changes no file');
    for my $name (@names) {
        fail("the patch leaves the tree: '$name'") if $name =~ m{^/|(?:^|/)\.\.(?:/|$)};
    }
    $patch->{files} = [map { { name => $_, added => !-e "$tree->{dir}/$_" } } @names];
    return;
}

# The lines that it adds to a file and takes out of it, each with its + or -.
sub changed_lines ($patch, $name) {
    my ($is_it, @lines);
    for my $line (split /\n/, $patch->{text}) {
        if    ($line =~ /^(?:diff|---) /)       { $is_it = 0 }
        elsif ($line =~ /^\+\+\+ ([^\t]+)/)    { $is_it = $1 =~ m{(?:^|/)\Q$name\E\z} }
        elsif ($is_it && $line =~ /^[-+]/)      { push @lines, $line }
    }
    return @lines;
}

# patch(1) quotes a name that has blanks.
sub plain_name ($name) { return $name =~ s/^'(.*)'$/$1/r =~ s{^\./}{}r }

# The journal first.  With keep_lines unchanged code keeps its line numbers.  Sets
# touched, the lines of the original as "FILE:FIRST-LAST", and lines, what has become
# of all lines of the files (line_map).
sub apply_patch ($tree, $patch, $keep_lines) {
    my $dir = $tree->{dir};
    for my $file (@{ $patch->{files} }) {
        if ($file->{added}) {
            my @new = grep { !-d "$dir/$_" } parent_dirs($file->{name});
            note_touched($dir, added => $file->{name});
            note_touched($dir, addeddir => @new) if @new;
        } else {
            note_touched($dir, source => $file->{name});
            keep_source($dir, $file->{name});
        }
    }
    run_patch($tree, $patch);
    $patch->{touched} = [];
    $patch->{lines} = '';
    my @names = grep { -e "$dir/$_" } map { $_->{name} } grep { !$_->{added} } @{ $patch->{files} };
    my $tricky = grep { is_tricky("$dir/$_.KSPLICE_presrc", "$dir/$_") } @names;
    for my $name (@names) {
        my $path = "$dir/$name";
        my $is_code = $path =~ /\.[ch]$/;
        my @hunks = find_hunks("$path.KSPLICE_presrc", $path);
        $patch->{lines} .= line_map($name, read_file($path), $keep_lines && $is_code, $tricky,
            @hunks);
        next if !$is_code;
        push @{ $patch->{touched} }, map { "$name:$_->[0]-$_->[1]" } touched_lines(@hunks);
        neutralise_file($path, @hunks) if $keep_lines;
    }
    return;
}

# Innermost first.
sub parent_dirs ($name) {
    my @dirs;
    while (($name = dirname($name)) ne '.') { push @dirs, $name }
    return @dirs;
}

sub run_patch ($tree, $patch, @more) {
    my $status = run({ ok => 'any', output => \my $output, env => { POSIXLY_CORRECT => undef } },
        'patch', '--force', '--no-backup-if-mismatch', '-p1', '-r', '-',
        @{ $patch->{options} }, @more, '-d', $tree->{dir}, '-i', $patch->{file});
    return $output if !$status;
    STDOUT->flush();
    print STDERR map { "  $_\n" } split /\n/, $output;
    fail("the patch does not apply to '$tree->{dir}'");
}

1;
