# SPDX-License-Identifier: GPL-2.0-only
#
# Journal.pm - what was touched in a kernel tree, and putting it back
#
# Whatever is going to be changed in a tree is written in TREE/.KSPLICE_journal
# before, so that a revert, also one after a kill -9, puts back all of it:
#
#   source F    was renamed to F.KSPLICE_presrc: is renamed back
#   added F     was not there: is removed
#   addeddir D  the same for a directory
#   built X.o   is being built for the first time: is removed
#   object X.o  has its pre version linked as X.o.KSPLICE_pre: is renamed back
#   objects all  the same for whatever *.o.KSPLICE_pre there is in the tree
#
# Renaming gives back the very file, with its owner and times: for make nothing
# has happened, and the pre objects stay good.  No line without a newline.

package Ksplice::Journal;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter       qw(import);
use File::Basename qw(dirname basename);
use File::Copy     qw(copy);
use File::Find     qw(find);
use Ksplice        qw(fail read_file);

our @EXPORT_OK = qw(
    has_journal note_touched forget_built keep_source keep_object
    find_files find_kept command_file revert_tree
);

sub journal_file ($tree) { "$tree/.KSPLICE_journal" }

sub has_journal ($tree) { -e journal_file($tree) }

# note_touched(TREE, KIND, NAME...): to be called before they are touched.
sub note_touched ($tree, $kind, @names) {
    my $name = journal_file($tree);
    open my $file, '>>:raw', $name or fail("cannot write '$name': $!");
    print {$file} map { "$kind $_\n" } @names;
    close $file or fail("cannot write '$name': $!");
    return;
}

# What was being built is good: it may stay.
sub forget_built ($tree) {
    unlink journal_file($tree);
    return;
}

# Keeps an original; a copy with its mode and times is left to be changed.
sub keep_source ($tree, $name) {
    my $path = "$tree/$name";
    my ($mode, @times) = (stat $path)[2, 8, 9];
    fail("'$path.KSPLICE_presrc' is in the way: is it the original of '$name'?")
        if -e "$path.KSPLICE_presrc";
    rename $path, "$path.KSPLICE_presrc" or fail("cannot rename '$path': $!");
    copy("$path.KSPLICE_presrc", $path)  or fail("cannot write '$path': $!");
    chmod $mode & 07777, $path;
    utime @times, $path;
    return;
}

# Keeps an object and what kbuild knows of it.  A link is enough for the
# object: compiler and assembler unlink what they are going to write, and
# objtool changes the new file.  kbuild writes into the .cmd file, though.
sub keep_object ($object) {
    my $command = command_file($object);
    unlink "$object.KSPLICE_pre", "$object.KSPLICE_changed";
    if (-e $command) {
        copy($command, "$command.KSPLICE_pre") or fail("cannot write '$command.KSPLICE_pre': $!");
        utime((stat _)[8, 9], "$command.KSPLICE_pre");
    }
    link $object, "$object.KSPLICE_pre" or fail("cannot link '$object.KSPLICE_pre': $!");
    return;
}

# Where kbuild writes down how an object was made and of what.
sub command_file ($object) { dirname($object) . '/.' . basename($object) . '.cmd' }

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

# Puts everything back, whoever tells us to stop.  Returns the number of
# sources that were.
sub revert_tree ($tree) {
    return 0 unless has_journal($tree);
    local @SIG{qw(INT TERM HUP)} = ('IGNORE') x 3;
    my $sources = 0;
    my (%seen, @dirs);
    for my $line (grep { !$seen{$_}++ } split /\n/, read_file(journal_file($tree))) {
        my ($kind, $name) = split / /, $line, 2;
        my $path = "$tree/" . ($name // '');
        if ($kind eq 'source') {
            $sources++ if restore($path, 'presrc');
        } elsif ($kind eq 'added') {
            $sources++ if unlink $path;
        } elsif ($kind eq 'addeddir') {
            push @dirs, $path;
        } elsif ($kind eq 'built') {
            unlink $path;
        } elsif ($kind eq 'object') {
            restore_object($path);
        } elsif ($kind eq 'objects') {
            restore_object("$tree/$_") for find_kept($tree);
        } else {
            fail("do not understand '$line' in '" . journal_file($tree) . "'");
        }
    }
    rmdir for sort { length $b <=> length $a } @dirs;
    unlink journal_file($tree) or fail("cannot remove '" . journal_file($tree) . "': $!");
    return $sources;
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
