# SPDX-License-Identifier: GPL-2.0-only
#
# Objects.pm - compile objects before and after a patch, and find those that differ
#
# snap_objects builds the pre objects.  They stay in the tree, so the next update
# need not build them.  diff_objects builds the post objects and saves those that
# differ; it reverts the tree in any case.
#
# The _all forms are for --full, where the affected objects are not known in advance:
# all objects in the tree are kept and compared.

package Ksplice::Objects;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(dirname);
use File::Copy        qw(copy);
use File::Path        qw(make_path);
use Ksplice           qw(fail failure_text progress read_file);
use Ksplice::Includes qw(arch_directory plain_path);
use Ksplice::Journal  qw(note_touched forget_built keep_source keep_object find_files new_sources
    find_kept command_file command_target);
use Ksplice::Snapped  qw(not_current note_snapped);
use Ksplice::Tree     qw(make_tree restore_tree);

our @EXPORT_OK = qw(
    snap_objects snap_all diff_objects diff_all post_object keep_all compare_all
);

# Files other than objects that kbuild may write because of a patch.
my $generated = qr{/(?:\.config|auto\.conf(?:\.cmd)?|[^/]+\.h)\z};

# What is kept as an object; of the whole kernel, which is not linked; and lists.
my $kept_otherwise = qr{\.(?:o|ko|mod)(?:\.cmd)?\z|^[^/]+\z};

# Builds the objects from the original sources, if they are not there.
sub snap_objects ($tree, @objects) {
    @objects = not_current($tree, @objects) or return;
    note_touched($tree->{dir}, built => grep { !-e "$tree->{dir}/$_" } @objects);
    build_original($tree, count(@objects, 'original object'), sub {
        make_objects($tree, 'snap', 0, @objects);
    });
    note_snapped($tree, @objects);
    return;
}

sub snap_all ($tree) {
    build_original($tree, 'the whole kernel', sub {
        make_tree($tree, 'snap', 0, 'KSPLICE_FULL=1');
    });
    return;
}

sub build_original ($tree, $what, $make) {
    my $done = eval {
        progress("building $what", $make)
            or fail("the original source in '$tree->{dir}' does not compile");
        forget_built($tree->{dir});
        1;
    };
    return if $done;
    my $error = $@;
    restore_tree($tree);
    die $error;
}

# Calls patch, which patches the tree and returns the new objects.  Builds the objects
# again and the new ones, links those that differ into the directory, and returns their
# names.  Returns undef if they do not compile; the compiler's messages are shown unless
# quiet.  MADE are files that the build makes for them.
sub diff_objects ($tree, $dir, $patch, $quiet, $made, @objects) {
    my @added;
    return build_patched($tree, count(@objects, 'patched object'), sub {
        @added = $patch->();
        note_touched($tree->{dir}, object => @objects, @added);
        note_touched($tree->{dir}, built => map { ($_, command_file($_)) } @added) if @added;
        keep_made($tree->{dir}, @$made, made_by_rules($tree->{dir}, @objects, @added));
    }, sub {
        make_objects($tree, 'diff', $quiet, @objects, @added) or return;
        return link_changed($tree, $dir,
            grep { -e "$tree->{dir}/$_.KSPLICE_changed" } @objects, @added);
    });
}

# The same for all objects; fails if the patch adds an object.  Calls check in the patched
# tree once it is built.
sub diff_all ($tree, $dir, $patch, $check, $quiet, $made) {
    my $top = $tree->{dir};
    my @sources = grep { -e "$top/$_" } '.config', map { find_files($top, $_, $generated) }
        grep { -d "$top/$_" } 'include/config', 'include/generated',
        arch_directory($tree) . '/include/generated';
    my %before = map { $_ => 1 } find_files($top, '', qr/\.o\z/);
    return build_patched($tree, 'the whole kernel, patched', sub {
        $patch->();
        note_touched($top, objects => 'all');
        keep_sources($top, @sources);
        keep_made($top, @$made, all_made($top));
    }, sub {
        my $ok = make_tree($tree, 'diff', $quiet, 'KSPLICE_FULL=1');
        my @added = grep { !$before{$_} } find_files($top, '', qr/\.o\z/);
        note_touched($top, added => @added) if @added;
        return if !$ok;
        my @new = new_sources($top);
        fail('the build of the patched source writes ' . join(', ', map { "'$_'" } @new)
            . ' anew, which cannot be restored: leave the sources of that out of the patch')
            if @new;
        fail('the patch adds an object, which cannot be added to a running kernel: '
            . join ' ', sort @added) if @added;
        $check->();
        return link_changed($tree, $dir,
            map { s/\.KSPLICE_changed\z//r } find_files($top, '', qr/\.o\.KSPLICE_changed\z/));
    });
}

sub keep_sources ($top, @sources) {
    note_touched($top, source => @sources);
    keep_source($top, $_) for @sources;
    return;
}

# Of any names those that are there; what the patch itself has kept is not among them.
sub keep_made ($top, @names) {
    my %seen;
    note_touched($top, added => grep { !-e "$top/$_" } @names);
    my @made = grep { !$seen{$_}++ && !/$kept_otherwise/ && !-l "$top/$_" && -f _
        && !-e "$top/$_.KSPLICE_presrc" } map { ($_, command_file($_)) } @names;
    note_touched($top, made => @made);
    keep_source($top, $_) for @made;
    return;
}

# What kbuild makes in the directories of the objects, by its .cmd files and by rules: it
# makes them anew if the patch changes what they are made of, as it does
# drivers/scsi/scsi_devinfo_tbl.c for scsi_sysfs.o.
sub made_by_rules ($top, @objects) {
    my %dirs = map { plain_path(dirname($_)) => 1 } @objects;
    my %made;
    for my $dir (sort keys %dirs) {
        $made{ command_target(substr $_, 1 + length $top) } = 1 for glob "$top/$dir/.*.cmd";
        for my $makefile (grep { -f } map { "$top/$dir/$_" } qw(Makefile Kbuild)) {
            $made{"$dir/$_"} = 1 for read_file($makefile) =~ m{^\$\(obj\)/([\w.-]+\.[chS])\s*:}mg;
        }
    }
    return sort keys %made;
}

# All that a whole build makes, but for objects: what kbuild has a .cmd file for, and
# programs and archives of the build, which have none in tools.
sub all_made ($top) {
    my @tools = grep { -d "$top/$_" } qw(scripts tools);
    return ((map { command_target($_) } find_files($top, '', qr{/\.[^/]+\.cmd\z})),
        grep { is_binary("$top/$_") } map { find_files($top, $_, qr{/[^/]+\z}) } @tools);
}

sub is_binary ($file) {
    open my $handle, '<:raw', $file or return 0;
    read $handle, my $magic, 8;
    return $magic =~ /^(?:\x7fELF|!<(?:arch|thin)>)/;
}

sub build_patched ($tree, $what, $prepare, $build) {
    my $changed;
    my $done = eval {
        $prepare->();
        $changed = progress("building $what", $build);
        1;
    };
    my $error = $@;
    eval { restore_tree($tree); 1 }
        or fail(($done ? '' : failure_text($error) . "\n  ") . failure_text($@));
    die $error if !$done;
    return $changed;
}

sub link_changed ($tree, $dir, @changed) {
    for my $object (@changed) {
        my ($from, $to) = ("$tree->{dir}/$object.KSPLICE_changed", post_object($dir, $object));
        make_path(dirname($to));
        link $from, $to or copy($from, $to) or fail("cannot write '$to': $!");
        my $command = command_file("$tree->{dir}/$object");
        copy($command, "$to.cmd") or fail("cannot write '$to.cmd': $!") if -e $command;
    }
    return \@changed;
}

# The path of the post object after diff_objects; kbuild's .cmd file of it is beside it,
# with .cmd appended.
sub post_object ($dir, $object) { "$dir/" . plain_path($object) }

# In batches that fit on a command line.
sub make_objects ($tree, $mode, $quiet, @objects) {
    while (my @portion = splice @objects, 0, 500) {
        return 0 if !make_tree($tree, $mode, $quiet, "KSPLICE_TARGETS=@portion");
    }
    return 1;
}

sub count { my $word = pop; my $n = @_; return "$n $word" . ($n == 1 ? '' : 's') }

# --- called by ksplice-obj.pl, in the tree ---------------------------------

# Keeps all objects, and the files that the offsets in generated headers are made from.
sub keep_all ($dir) {
    keep_object("$dir/$_")
        for find_files($dir, '', qr/\.o\z/),
        find_files($dir, '', qr{/(?:bounds|(?:asm|rq)-offsets)\.s\z});
    return;
}

# Calls compare for each object that was rebuilt from a source.
sub compare_all ($dir, $compare) {
    for my $object (map { "$dir/$_" } grep { /\.o\z/ } find_kept($dir)) {
        next if (stat $object)[1] == (stat "$object.KSPLICE_pre")[1];
        my $command = command_file($object);
        $compare->($object) if -e $command && read_file($command) =~ /^source_/m;
    }
    return;
}

1;
