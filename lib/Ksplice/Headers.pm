# SPDX-License-Identifier: GPL-2.0-only
#
# Headers.pm - from the headers of a patch to the objects that they are in
#
# A file that is compiled by being included affects every object that may include it, as
# far as its changes can reach that; and what rules of Makefiles make of it affects more.
# A copy in what an update cannot replace is refused, or a warning.

package Ksplice::Headers;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(dirname);
use Ksplice           qw(fail note warning progress);
use Ksplice::Constructs qw(read_constructs);
use Ksplice::Includes qw(find_includers is_everywhere including_templates is_of_program
    files_of_rust depends_on add_unmade_source plain_path);
use Ksplice::Owners   qw(possible_objects);
use Ksplice::Parts    qw(apart_dirs part_of is_named_part fail_apart);
use Ksplice::Patch    qw(names_of texts_of);
use Ksplice::Reach    qw(reached_sources);
use Ksplice::Rules    qw(made_from unmade_sources readers_of refuse_unread);
use Ksplice::Tree     qw(list_objects list_apart);
use List::Util        qw(uniq);

our @EXPORT_OK = qw(look_up_included);

# Compiling more objects than this takes about as long as compiling all.
my $many = 200;

# A template that sources are generated from, as in lib/raid6.
my $template = qr/\.uc\z/;

# Compiling as few as these is faster than finding out which of them a change reaches.
my $few = 15;

# For files that are compiled by being included: the objects, {FILE => the number of those
# that its changes do not reach}, and whether more is compiled from them than is known.
sub look_up_included ($tree, $patch, $option, @headers) {
    my @included = map { $_->{name} } @headers or return ({}, {}, 0);
    for (unmade_sources($tree, apart_dirs())) {
        add_unmade_source($tree, @$_);
        push @{ $patch->{unmade} }, $_->[0];
    }
    my %everywhere = map { $_ => 1 }
        $option->{full} ? grep { is_everywhere($tree, $_) } @included : ();
    my @templates = $option->{full} || $option->{all_includers}
        ? including_templates($tree, @included) : ();
    my $objects = including_objects($tree, $option->{full},
        grep { !$everywhere{ $_->{name} } } @headers);
    warn_of_rust($tree, $patch, grep { !$everywhere{$_} } @included);
    refuse_templates(@templates) if $option->{all_includers};
    my $unreached = $option->{all_includers} || $option->{full} ? {}
        : keep_reached($tree, $patch, $objects, @included);
    my $made = objects_by_rules($tree, $patch, $option->{full}, @included);
    for my $object (keys %$made) {
        delete @$unreached{ @{ $made->{$object}{of} } };
        $objects->{$object} //= { %{ $made->{$object} }, of => [] };
        $objects->{$object}{of} = [uniq(@{ $objects->{$object}{of} }, @{ $made->{$object}{of} })];
    }
    return ($objects, $unreached, %everywhere || @templates ? 1 : 0);
}

# The objects that may include one of the files.
sub including_objects ($tree, $full, @files) {
    return {} if !@files;
    my %includers = map { $_ => [find_includers($tree, $_)] } map { $_->{name} } @files;
    my @everywhere = grep { grep { $_ eq '*' } @{ $includers{$_} } } sort keys %includers;
    fail("every object includes @everywhere: only --full will do") if @everywhere;
    my ($all, $made);
    progress('looking up the objects that include ' . names_of(\@files), sub {
        ($all, $made) = possible_objects($tree, map { @$_ } values %includers);
    });
    my %objects;
    for my $file (sort keys %includers) {
        my @of_file = grep { $all->{$_} && depends_on($tree, $all->{$_}{name}, $file) }
            map { @{ $made->{$_} } } @{ $includers{$file} };
        $objects{$_} //= { %{ $all->{$_} }, of => [] } for @of_file;
        push @{ $objects{$_}{of} }, $file for @of_file;
        check_copies($tree, $full, $file, scalar @of_file, map { s/\.o\z/.c/r }
            grep { !$all->{$_} } map { @{ $made->{$_} } } @{ $includers{$file} });
    }
    my $n = keys %objects;
    note("$n object" . ($n > 1 ? 's' : '') . ' may include ' . names_of(\@files)) if $n;
    return \%objects;
}

# The objects that are compiled from what rules of Makefiles make of the files, which they
# read as texts, so names in them do not tell what a change reaches.  kbuild makes it anew
# for the objects of the same directory, and for others with --full.
sub objects_by_rules ($tree, $patch, $full, @files) {
    refuse_unread($tree, @files) if !$full;
    warning("'$_->[0]' may read '$_->[1]' when the build runs it, which no rule says: what it "
        . 'writes stays as it is') for readers_of($tree, @files);
    my %objects;
    for my $file (@files) {
        my $made = made_from($tree, $file);
        $patch->{made}{$_}{$file} = 1 for keys %$made;
        for my $target (sort keys %$made) {
            my @found = compiled_from($tree, $full, $target);
            my ($far) = $full ? ()
                : grep { makefile_dir($tree, $_->{name}) ne $made->{$target} } @found;
            fail("the patch changes '$file', which the build makes '$target' of, and "
                . "'$far->{name}' is in another directory: only --full will do") if $far;
            for my $object (@found) {
                my $plain = plain_path($object->{name});
                $objects{$plain} //= { %$object, of => [] };
                push @{ $objects{$plain}{of} }, $file;
            }
        }
    }
    $objects{$_}{of} = [uniq @{ $objects{$_}{of} }] for keys %objects;
    return \%objects;
}

# The directory whose Makefile kbuild reads to compile the object.
sub makefile_dir ($tree, $object) {
    my $dir = dirname(plain_path($object));
    $dir = dirname($dir) while $dir ne '.'
        && !grep { -e "$tree->{dir}/$dir/$_" } qw(Makefile Kbuild);
    return $dir;
}

# The objects that one is or may be compiled from, as list_objects has them.
sub compiled_from ($tree, $full, $target) {
    if ($target =~ /\.o\z/) {
        my $object = list_objects($tree, dirname($target))->{$target};
        return $object // ();
    }
    my @sources = (find_includers($tree, $target), $target =~ /\.[cS]\z/ ? $target : ());
    fail("every object includes '$target', which the patch changes: only --full will do")
        if !$full && grep { $_ eq '*' } @sources;
    my ($all, $made) = possible_objects($tree, @sources);
    return grep { depends_on($tree, $_->{name}, $target) }
        map { $all->{$_} // () } map { @{ $made->{$_} } } @sources;
}

# Removes the objects that no change of an included file can reach.  Returns the files
# that have no object left, NAME => the number it had.
sub keep_reached ($tree, $patch, $objects, @headers) {
    my (%source, %texts, %n);
    my @templates = including_templates($tree, @headers);
    return {} if keys %$objects <= $few && !@templates;
    for my $object (keys %$objects) {
        my ($source) = grep { -e "$tree->{dir}/$_" } map { $object =~ s/\.o\z/$_/r } qw(.c .S);
        $source{$source} = $object if defined $source;
        $n{$_}++ for @{ $objects->{$object}{of} };
    }
    $texts{$_} //= [texts_of($tree->{dir}, $patch, $_)] for @headers;
    my @reached = progress('looking for users of the changes in ' . join(' ', sort keys %texts),
        sub { reached_sources($tree, \%texts, sort keys %source, @templates) });
    refuse_templates(grep { /$template/ } @reached);
    return {} if keys %$objects <= $few;
    my $n_all = keys %$objects;
    delete @source{@reached};
    delete @$objects{ values %source };
    my $left = keys %$objects;
    note("$left of $n_all objects can be changed by " . join(' ', sort keys %texts)
        . ($left > $many ? ': compiling them takes long, --full may be quicker' : ''));
    delete @n{ map { @{ $_->{of} } } values %$objects };
    return \%n;
}

# Sources that are generated from a template are made together with their objects, and
# cannot be examined before.
sub refuse_templates (@templates) {
    fail('the patch changes what generated sources include, those made of '
        . join(' ', @templates) . ': only --full will do') if @templates;
    return;
}

# Of the sources of objects that are not the kernel's, those of a rule of another directory,
# too: refuses a file that other parts of the image are compiled from, if no object includes
# it or if that part shares data with the kernel; otherwise warns.  Refuses one that a
# program is compiled from, if kbuild runs that for more than such a part: the objects
# that it makes something for are not known.  With --full kbuild makes that program anew.
sub check_copies ($tree, $full, $file, $has_objects, @sources) {
    my $apart = list_apart($tree, map { dirname($_) } @sources);
    my %kind = map { my $name = s/\.[cS]\z//r; $_ => /\.lds\.S\z/ && is_named_part($_) ? 'apart'
        : $apart->{"$name.o"} // $apart->{$name} // '' } @sources;
    my %copies;
    for my $source (grep { $kind{$_} eq 'apart' } @sources) {
        my $part = part_of($source);
        fail_apart($file, $source) if !$has_objects || $part->{shares} && $file =~ /vdso/;
        $copies{ $part->{name} } = 1;
    }
    my @programs = grep { $kind{$_} eq 'program' && !is_named_part($_) } @sources;
    fail("the patch changes '$file', which is in a program that the build runs, of $programs[0]: "
        . 'only --full will do') if !$full && @programs && is_of_program($tree, $file, @programs);
    warning("'$file' may also be in $_: that copy stays as it is") for sort keys %copies;
    return;
}

# Warns of headers whose types and values code in Rust may have: it was made with them when the
# kernel was built.  Their functions it calls through an object of the kernel that is compiled
# from C.
sub warn_of_rust ($tree, $patch, @headers) {
    for my $name (files_of_rust($tree, @headers)) {
        my %texts = map { $_ => 1 } map { values_in($_) } texts_of($tree->{dir}, $patch, $name);
        warning("code in Rust may have what '$name' defines: its copy stays as it is")
            if keys %texts > 1;
    }
    return;
}

# What a text defines but functions and variables, as one string.
sub values_in ($text) {
    return join "\0", map { "$_->{within} $_->{text}" }
        grep { $_->{kind} !~ /\A(?:function|variable|prototype|quiet)\z/ } read_constructs($text);
}

1;
