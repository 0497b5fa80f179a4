# SPDX-License-Identifier: GPL-2.0-only
#
# Journal.pm - records changes of a kernel tree, and reverts them
#
# Each file is recorded in TREE/.KSPLICE_journal before it is changed, so a revert
# restores all of them, even after a kill -9:
#
#   source F    was renamed to F.KSPLICE_presrc: is renamed back
#   made F      the same for a file that the build makes
#   added F     was not there: is removed
#   addeddir D  the same for a directory
#   built X.o   is being built for the first time: is removed
#   object X.o  has its pre version linked as X.o.KSPLICE_pre: is renamed back
#   objects all  the same for whatever *.o.KSPLICE_pre there is in the tree
#   was SIZE TIME MODE SUM F   what a source was like, and those beside it (no SUM)
#   since TIME  no other source may be newer at the end
#   bad TEXT    a revert has found the tree other than it was
#
# Renaming restores the same file, with its owner and times: make sees no change, and
# the pre objects stay up to date.  A revert ends with a check of all sources: a tree
# that differs would yield wrong updates, and is never used again.
#
# What kbuild has made anew beside these, as its .cmd file shows, is removed: it would be
# newer than the sources, and so be taken for what they make.
#
# Each line is written before its action.  So a last line without a newline, of a
# killed run, has had no effect.

package Ksplice::Journal;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Digest::SHA    ();
use Exporter       qw(import);
use File::Basename qw(dirname basename);
use File::Copy     qw(copy);
use File::Find     qw(find);
use Ksplice        qw(fail capture read_file write_file);
use Time::HiRes    ();

our @EXPORT_OK = qw(
    has_journal begin_journal note_touched forget_built keep_source keep_object
    note_neighbours find_files find_kept command_file command_target new_sources revert_tree
);

sub journal_file ($tree) { "$tree/.KSPLICE_journal" }

sub has_journal ($tree) { -e journal_file($tree) }

# Called before a tree is patched: from now on only recorded sources may change.
sub begin_journal ($tree) {
    write_lines($tree);
    write_lines($tree, sprintf 'since %.6f', 1e-6 + (Time::HiRes::stat(journal_file($tree)))[9]);
    return;
}

# note_touched(TREE, KIND, NAME...): called before they are changed.
sub note_touched ($tree, $kind, @names) {
    write_lines($tree, map { 'was ' . state_of($tree, $_, 1) . " $_" } @names)
        if $kind =~ /^(?:source|made)$/;
    write_lines($tree, map { "$kind $_" } @names);
    return;
}

# The sources in the same directories as these.
sub note_neighbours ($tree, @names) {
    my %is_own = map { $_ => 1 } @names;
    my %dirs = map { dirname($_) => 1 } @names;
    for my $dir (sort keys %dirs) {
        opendir my $handle, "$tree/$dir" or next;
        my @files = grep { !$is_own{$_} && -f "$tree/$_" } map { $dir eq '.' ? $_ : "$dir/$_" }
            grep { is_source($_) } readdir $handle;
        write_lines($tree, map { 'was ' . state_of($tree, $_, 0) . " $_" } sort @files);
    }
    return;
}

# Files that kbuild rewrites at any time are not sources.
sub is_source ($name) {
    return $name =~ /\.[chS]\z|\A(?:Makefile|Kbuild|Kconfig)/ && $name !~ /\.mod\.c\z|KSPLICE/;
}

sub write_lines ($tree, @lines) {
    my $name = journal_file($tree);
    open my $file, '>>:raw', $name or fail("cannot write '$name': $!");
    print {$file} map { "$_\n" } @lines;
    close $file or fail("cannot write '$name': $!");
    return;
}

# SIZE TIME MODE SUM of a file, SUM - if not wanted; 'gone' four times if there is none.
sub state_of ($tree, $name, $with_sum) {
    my ($mode, $size, $time) = (Time::HiRes::lstat("$tree/$name"))[2, 7, 9];
    return 'gone gone gone gone' if !defined $mode;
    my $sum = $with_sum && -f _ ? Digest::SHA->new(256)->addfile("$tree/$name", 'b')->hexdigest
        : '-';
    return sprintf '%d %.6f %o %s', $size, $time, $mode, $sum;
}

# Keeps the objects that were being built.
sub forget_built ($tree) {
    unlink journal_file($tree);
    return;
}

# Keeps an original; leaves a copy with its mode and times for modification.
sub keep_source ($tree, $name) {
    my $path = "$tree/$name";
    my ($mode, @times) = (Time::HiRes::stat($path))[2, 8, 9];
    fail("'$path.KSPLICE_presrc' exists already: is it the original of '$name'?")
        if -e "$path.KSPLICE_presrc";
    rename $path, "$path.KSPLICE_presrc" or fail("cannot rename '$path': $!");
    copy("$path.KSPLICE_presrc", $path)  or fail("cannot write '$path': $!");
    chmod $mode & 07777, $path;
    Time::HiRes::utime($times[0], $times[1], $path);
    return;
}

# Keeps an object and its .cmd file.  A link is enough for the object: compiler and
# assembler unlink their output first, and objtool changes the new file.  kbuild
# writes into the existing .cmd file, though.
sub keep_object ($object) {
    my $command = command_file($object);
    unlink "$object.KSPLICE_pre", "$object.KSPLICE_changed";
    if (-e $command) {
        copy($command, "$command.KSPLICE_pre") or fail("cannot write '$command.KSPLICE_pre': $!");
        my @times = (Time::HiRes::stat($command))[8, 9];
        Time::HiRes::utime($times[0], $times[1], "$command.KSPLICE_pre");
    }
    link $object, "$object.KSPLICE_pre" or fail("cannot link '$object.KSPLICE_pre': $!");
    return;
}

# The file in which kbuild records the command and the dependencies of an object.
sub command_file ($object) { dirname($object) . '/.' . basename($object) . '.cmd' }

# The file that such a one is of.
sub command_target ($command) { return $command =~ s{(^|/)\.([^/]+)\.cmd\z}{$1$2}r }

# All files below a directory of the tree whose names match.
sub find_files ($tree, $dir, $pattern) {
    my @found;
    find({ no_chdir => 1, wanted => sub {
        push @found, substr $_, 1 + length $tree if /$pattern/ && -f && !-l;
    } }, $dir eq '' ? $tree : "$tree/$dir");
    return @found;
}

# All objects of the tree that are kept, without the suffix.
sub find_kept ($tree) {
    return map { s/\.KSPLICE_pre\z//r } find_files($tree, '', qr/\.[os]\.KSPLICE_pre\z/);
}

# Reverts everything, even after a signal to stop.  Returns the number of sources
# that were restored, or in a list also the names of what was removed because the build
# had made it meanwhile.  Fails if the tree differs afterwards.
sub revert_tree ($tree) {
    return 0 unless has_journal($tree);
    local @SIG{qw(INT TERM HUP)} = ('IGNORE') x 3;
    my $text = read_file(journal_file($tree)) =~ s/[^\n]+\z//r;
    my (%seen, @dirs, @bad);
    my $sources = 0;
    for my $line (grep { !$seen{$_}++ } split /\n/, $text) {
        my ($kind, $name) = split / /, $line, 2;
        if ($kind eq 'addeddir')          { push @dirs, "$tree/$name" }
        elsif ($kind eq 'bad')            { push @bad, $name }
        elsif ($kind !~ /^(?:was|since)$/) {
            my $n = revert_line($tree, $kind, $name // '');
            defined $n ? ($sources += $n) : push @bad, 'its journal is damaged';
        }
    }
    if (@bad) {
        restore("$tree/$_", 'presrc') for map { s/\.KSPLICE_presrc\z//r }
            find_files($tree, '', qr/\.KSPLICE_presrc\z/);
    }
    rmdir for sort { length $b <=> length $a } @dirs;
    my @lines = split /\n/, $text;
    my ($newer, $commands) = newer_files($tree, @lines);
    push @bad, differences($tree, @lines), map { "'$_' is new" } foreign($newer, @lines);
    refuse_tree($tree, @bad) if @bad;
    my @removed = remove_made($tree, @$commands);
    unlink journal_file($tree) or fail("cannot remove '" . journal_file($tree) . "': $!");
    return wantarray ? ($sources, @removed) : $sources;
}

# Returns the number of restored sources, undef for a line of an unknown kind.
sub revert_line ($tree, $kind, $name) {
    my $path = "$tree/$name";
    if    ($kind eq 'source')  { return restore($path, 'presrc') ? 1 : 0 }
    elsif ($kind eq 'made')    { restore($path, 'presrc') }
    elsif ($kind eq 'added')   { return unlink $path }
    elsif ($kind eq 'built')   { unlink $path }
    elsif ($kind eq 'object')  { restore_object($path) }
    elsif ($kind eq 'objects') { restore_object("$tree/$_") for find_kept($tree) }
    else                       { return }
    return 0;
}

# The first finding is recorded for all later runs.
sub refuse_tree ($tree, @bad) {
    my %seen;
    @bad = grep { !$seen{$_}++ } @bad;
    write_file(journal_file($tree), join '', map { "bad $_\n" } @bad);
    splice @bad, 5, @bad, '...' if @bad > 6;
    fail("the source in '$tree' has changed: " . join ', ', @bad);
}

# Compares the sources with the lines of the journal.
sub differences ($tree, @lines) {
    my (%own, @differs);
    for my $line (@lines) {
        if ($line =~ /^was ((\S+) \S+ \S+ (\S+)) (.+)/) {
            my ($was, $size, $sum, $name) = ($1, $2, $3, $4);
            next if $own{$name}++;
            my $is = state_of($tree, $name, $sum ne '-' && $size ne 'gone');
            push @differs, "'$name' " . ($is =~ /gone/ ? 'is missing' : 'is changed')
                if $is ne $was;
        } elsif ($line =~ /^added (.+)/) {
            push @differs, "'$1' is still there" if -e "$tree/$1";
        }
    }
    return @differs;
}

# The sources that were written since begin_journal and are not in the journal.
sub new_sources ($tree) {
    my @lines = split /\n/, read_file(journal_file($tree));
    my ($sources) = newer_files($tree, @lines);
    return foreign($sources, @lines);
}

sub foreign ($sources, @lines) {
    my %is_own = map { /^(?:was (?:\S+ ){4}|added )(.+)/ ? ($1 => 1) : () } @lines;
    return grep { !$is_own{$_} } @$sources;
}

# Removes what kbuild has made of which nothing is recorded, by its .cmd files, and these;
# returns the names of what was there.
sub remove_made ($tree, @commands) {
    my @made = sort map { command_target($_) } @commands;
    my @removed = grep { unlink "$tree/$_" } @made;
    unlink map { "$tree/$_" } @commands;
    return @removed;
}

# The sources, and the .cmd files, that were written since begin_journal, as two lists.
sub newer_files ($tree, @lines) {
    my ($since) = map { /^since ([\d.]+)$/ ? $1 : () } @lines;
    return ([], []) if !defined $since;
    my @files = map { s{^\./}{}r } capture({ dir => $tree }, 'find', '.', '-name', '.git',
        '-prune', '-o', '-type', 'f', '(', '-name', '*.[chS]', '-o', '-name', 'Makefile*',
        '-o', '-name', 'Kbuild*', '-o', '-name', 'Kconfig*', '-o', '-name', '.*.cmd', ')',
        '!', '-name', '*.mod.c', '-newermt', "\@$since", '-print');
    my $is_command = qr{(?:^|/)\.[^/]*\.cmd\z};
    return ([grep { !/$is_command/ } @files], [grep { /$is_command/ } @files]);
}

sub restore_object ($object) {
    restore(command_file($object), 'pre');
    restore($object, 'pre');
    unlink "$object.KSPLICE_changed";
    return;
}

sub restore ($path, $suffix) {
    my $kept = "$path.KSPLICE_$suffix";
    return if !-e $kept;
    rename $kept, $path or fail("cannot rename '$kept' back: $!");
    unlink $kept;    # still there if both were links to one file
    return 1;
}

1;
