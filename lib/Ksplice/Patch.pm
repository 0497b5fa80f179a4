# SPDX-License-Identifier: GPL-2.0-only
#
# Patch.pm - the source change of an update
#
# All kinds of input (patches, a series, new versions beside the old files, a git
# commit) are read by Diff.pm and applied to copies by Stage.pm.  The result is one
# change, with the text of one patch for the update, and the new contents of files.
# These are written to the tree after the journal has their names.

package Ksplice::Patch;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(basename dirname);
use File::Path        qw(make_path);
use Ksplice           qw(fail usage_error no_changes capture read_file write_file);
use Ksplice::Diff     qw(read_diff reverse_changes);
use Ksplice::Journal  qw(begin_journal note_touched note_neighbours keep_source);
use Ksplice::Lines    qw(find_hunks neutralise_file line_map is_tricky);
use Ksplice::Messages qw(read_messages describe_message);
use Ksplice::Stage    qw(new_stage stage_changes staged_files staged_file stage_diff);
use Ksplice::Touched  qw(touched_lines);

our @EXPORT_OK = qw(
    read_patches read_series diff_new_versions diff_commit stage_patches changed_lines
    names_of spare_headers is_newly_included texts_of apply_patch
);

# --- inputs ----------------------------------------------------------------
#
# Each returns a list of inputs for stage_patches: {name, text, options}, and is
# called before anything is built.

# One or several patches, each on top of the one before; - is the standard input.
sub read_patches ($files, @options) {
    parse_options(@options);
    usage_error('the standard input can be used only once') if 1 < grep { $_ eq '-' } @$files;
    return map { {
        name    => $_,
        text    => read_input('patch', $_),
        options => \@options,
        is_only => @$files == 1 && !@options,
    } } @$files;
}

# A file, a pipe such as /dev/fd/63, or - for the standard input.
sub read_input ($what, $name) {
    if ($name ne '-') {
        -e $name or fail("no $what '$name'");
        -d _ and fail("'$name' is a directory: name the file of a $what");
    }
    my $text = $name eq '-' ? do { local $/ = undef; binmode STDIN; <STDIN> // '' }
        : read_file($name);
    $text =~ /\S/ or fail("the $what '$name' is empty");
    return $text;
}

# A list of patches as for quilt(1): one per line, relative to the list, with options
# for patch(1); a comment starts with a #.  Together they are one patch.
sub read_series ($file, @options) {
    my @patches = map { [split] } grep { /\S/ } map { s/(?:^|\s)#.*//r }
        split /\n/, read_input('series', $file);
    @patches or fail("the series '$file' is empty");
    my $dir = -f $file ? dirname($file) : '.';
    my @inputs;
    for (@patches) {
        my ($name, @own) = @$_;
        -e "$dir/$name" or fail("the series '$file' has no patch '$name'");
        @own = @options if !@own;
        parse_options(@own);
        push @inputs, { name => $name, text => read_input('patch', "$dir/$name"),
            options => \@own };
    }
    return @inputs;
}

# The difference between all files F and FEXT in the tree.
sub diff_new_versions ($dir, $ext) {
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
    return { name => $ext, text => $text, options => [], is_only => 1 };
}

# The difference from the checked out commit to another one.
sub diff_commit ($dir, $commit) {
    -e "$dir/.git" or fail("'$dir' is not the top of a git tree");
    my $text = capture('git', '-C', $dir, 'diff', '--no-color', '--no-ext-diff', '--no-renames',
        '--src-prefix=a/', '--dst-prefix=b/', 'HEAD', "$commit^{commit}", '--');
    length $text or no_changes("'$commit' is the same source as the working tree");
    return { name => $commit, text => $text, options => [], is_only => 1 };
}

# Options for patch(1) -> {strip, reverse, more}.  Options for its input and output
# are refused.
sub parse_options (@options) {
    my %option = (strip => 1, more => []);
    for (map { s/^-p\s+/-p/r } "@options" =~ /(-[pF]\s*\d+|\S+)/g) {
        if    (/^(?:-p|--strip=)(\d+)$/)               { $option{strip} = $1 }
        elsif (/^(?:-R|--reverse)$/)                   { $option{reverse} = !$option{reverse} }
        elsif (/^(?:-F\s*|--fuzz=)(\d+)$/)             { push @{ $option{more} }, "--fuzz=$1" }
        elsif (/^(?:-l|--ignore-whitespace)$/)         { push @{ $option{more} }, '-l' }
        elsif (/^(?:-[ufNst]|--(?:unified|force|forward|silent|quiet|batch))$/) { next }
        else {
            usage_error("'$_' is not supported in --patch-opt: "
                . 'use -pN, -FN, -l or -R');
        }
    }
    return \%option;
}

# --- results ---------------------------------------------------------------

# stage_patches(DIR, SCRATCH, INPUT...) -> {files, text, description}: files are
# {name, added, deleted, renamed_from} of all that differ from the tree, which is not
# modified.  The result also has the stage and, after apply_patch, the touched lines.
sub stage_patches ($dir, $scratch, @inputs) {
    my $stage = new_stage($dir, $scratch);
    my @messages;
    for my $input (@inputs) {
        my $option = parse_options(@{ $input->{options} });
        my @of_input = read_messages($input->{text}, $input->{name});
        my @parts = grep { @{ $_->{changes} } } map { {
            title   => title_of($input->{name}, $_, @of_input),
            options => $option->{more},
            changes => [read_diff($_->{text}, $input->{name}, $option->{strip})],
        } } @of_input;
        @parts
            or fail("the patch '$input->{name}' changes no file: it must be a unified diff "
                . "('diff -u')");
        if ($option->{reverse}) {
            @parts = reverse @parts;
            $_->{changes} = [reverse_changes(@{ $_->{changes} })] for @parts;
        }
        stage_changes($stage, $_, @{ $_->{changes} }) for @parts;
        push @messages, grep { $_->{text} =~ /^\+\+\+ |^diff /m } @of_input;
    }
    my @names = staged_files($stage);
    @names or no_changes(@inputs > 1 ? 'the patches change nothing together'
        : "the patch '$inputs[0]{name}' changes nothing");
    my $text = $inputs[0]{is_only} ? $inputs[0]{text}
        : join('', map { "$_->{name}\n" } @inputs) . "\n" . stage_diff($stage, 3, @names);
    my @files = map { describe_file($stage, $_) } @names;
    return { stage => $stage, files => \@files, text => $text,
        description => join '', map { "$_\n" } map { describe_message($_) } @messages };
}

# What errors call a message of a patch; the only one is the patch.
sub title_of ($name, $message, @messages) {
    return "the patch '$name'" if @messages == 1;
    my ($number) = grep { $messages[$_ - 1] == $message } 1 .. @messages;
    return "message $number of the patch '$name'"
        . (length $message->{subject} ? " ('$message->{subject}')" : '');
}

sub describe_file ($stage, $name) {
    my %file = (name => $name, added => !-e "$stage->{dir}/$name");
    $file{deleted} = 1 if !staged_file($stage, $name);
    $file{renamed_from} = $stage->{origin}{$name} if defined $stage->{origin}{$name};
    return \%file;
}

# Its new headers that are not included: only a file of the patch can do that.  Headers that
# the patch accounts for otherwise, as those of tools, are not among them.
sub spare_headers ($patch) {
    my %is_included;
    for my $file (grep { defined } map { staged_file($patch->{stage}, $_->{name}) }
        @{ $patch->{files} }) {
        $is_included{$_} = 1 for
            $file->{text} =~ m{^\s*\#\s*include\s*["<](?:[^">]*/)?([^/">]+)[">]}mg;
    }
    return grep { /\.h\z/ && !$is_included{ basename($_) } && !$patch->{accounts}{$_} }
        map { $_->{added} ? $_->{name} : () } @{ $patch->{files} };
}

# Whether a line that it adds includes the header.
sub is_newly_included ($patch, $header) {
    for my $name (map { $_->{name} } @{ $patch->{files} }) {
        for (changed_lines($patch, $name)) {
            my ($path) = m{^\+\s*\#\s*include\s*["<](?:\.\.?/)*([^">]+)[">]} or next;
            return 1 if "/$header" =~ m{/\Q$path\E\z};
        }
    }
    return 0;
}

# Of files of a patch ({name} each), for a message.
sub names_of ($files) { return join ' ', map { $_->{name} } @$files }

# The lines that it adds to a file and removes from it, each with its + or -.
sub changed_lines ($patch, $name) {
    my (undef, undef, @lines) = grep { /^[-+]/ } split /\n/, stage_diff($patch->{stage}, 0, $name);
    return @lines;
}

# All that a file is in turn: in the tree, with the updates below the patch, and with it.
sub texts_of ($dir, $patch, $name) {
    return map { $_ ? $_->{text} : '' } map { staged_file($_, $name) } grep { $_ }
        { dir => $dir, files => {}, originals => {} }, $patch->{below}, $patch->{stage};
}

# --- into the tree ---------------------------------------------------------

# Writes the journal, then the files.  With keep_lines unchanged code keeps its line
# numbers.  Sets touched, the lines of the original as "FILE:FIRST-LAST", and lines, the
# map of all lines of the files (line_map).
sub apply_patch ($tree, $patch, $keep_lines) {
    my $dir = $tree->{dir};
    begin_journal($dir);
    note_neighbours($dir, map { $_->{name} } @{ $patch->{files} });
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
    put_file($dir, $_->{name}, staged_file($patch->{stage}, $_->{name})) for @{ $patch->{files} };
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
        push @{ $patch->{touched} }, map { "$name:$_->[0]-$_->[1]" }
            touched_lines(read_file("$path.KSPLICE_presrc"), read_file($path), @hunks);
        neutralise_file($path, @hunks) if $keep_lines;
    }
    return;
}

sub put_file ($dir, $name, $file) {
    my $path = "$dir/$name";
    if (!$file) {
        unlink $path or fail("cannot remove '$path': $!");
        return;
    }
    make_path(dirname($path));
    write_file($path, $file->{text});
    chmod $file->{mode}, $path or fail("cannot change the mode of '$path': $!");
    return;
}

# Innermost first.
sub parent_dirs ($name) {
    my @dirs;
    while (($name = dirname($name)) ne '.') { push @dirs, $name }
    return @dirs;
}

1;
