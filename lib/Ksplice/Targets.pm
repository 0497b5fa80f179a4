# SPDX-License-Identifier: GPL-2.0-only
#
# Targets.pm - from the files that a patch touches to the objects to build
#
# Each file of the patch is accounted for.  It is compiled into objects; or it is not
# compiled, which is reported; or it is refused, because an update cannot replace that
# part of the image (the vDSO), or because it determines how the kernel is built.
#
# A source affects its object, if kbuild makes one from it.  Any other file that is
# compiled by being included affects every object that may include it.  A source that
# the patch adds has an object if a Makefile names it.  Only lines with objects may be
# new in a Makefile; kbuild can evaluate them only once the tree is patched.  All other
# changes of what is built and how are refused by name.  With --full those are allowed
# whose effect is in the objects, as all of them are compared then; what else the build
# is made with, a running kernel cannot follow.

package Ksplice::Targets;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(basename dirname);
use Ksplice           qw(fail note warning progress capture);
use Ksplice::Constructs qw(read_constructs);
use Ksplice::Includes qw(find_includers is_everywhere including_templates included_sources
    foreign_objects outside_files is_of_program files_of_rust depends_on objects_made_of
    add_unmade_source kernel_dirs plain_path);
use Ksplice::Patch    qw(changed_lines is_newly_included texts_of);
use Ksplice::Reach    qw(reached_sources);
use Ksplice::Rules    qw(made_from unmade_sources readers_of refuse_unread);
use Ksplice::Tree     qw(list_objects list_objects_now list_now list_apart);
use List::Util        qw(uniq);

our @EXPORT_OK = qw(find_objects account_for_included account_for_unchanged owners_of objects_of
    added_objects all_targets refuse_other_targets);

# Compiling more objects than this takes about as long as compiling all.
my $many = 200;

# A template that sources are generated from, as in lib/raid6.
my $template = qr/\.uc\z/;

# Compiling as few as these is faster than finding out which of them a change reaches.
my $few = 15;

# The first match decides.  What is of the kind "build" has its effect in objects, "link"
# also elsewhere, as in the layout of the image.
my @kinds = (
    [link      => qr{^tools/(?:objtool|build|bpf/resolve_btfids|include|lib/subcmd)/}],
    [document  => qr{^(?:Documentation|tools|samples|LICENSES|debian|usr/include|\.\w[^/]*)/}],
    [document  => qr{(?:^|/)(?:MAINTAINERS|CREDITS|COPYING|README|\.gitignore|\.mailmap)$}],
    [text      => qr{\.(?:rst|md|txt|yaml)$}],
    [build     => qr{(?:^|/)(?:Makefile|Kbuild|Kconfig)[^/]*$}],
    [link      => qr{^scripts/}],
    [build     => qr{(?:^|/)(?:asm-offsets(?:_\d+)?|bounds|rq-offsets)\.c$}],
    [link      => qr{\.(?:lds|lds\.[hS]|map|dts|dtsi|rs)$}],
    [build     => qr{\.(?:tbl|sh|pl|py|awk|asn1|uni|uc)$}],
    [source    => qr{\.[cS]$}],
    [included  => qr{\.(?:h|inc|def)$}],
);

# Parts of the kernel's image that are linked separately.  The kernel and the vDSO read
# and write the same data, so a change of a header of the vDSO is refused, even if
# objects of the kernel include it too.  The copy in another part may stay unchanged.
my @parts = (
    { dir => qr{^(?:arch/\w+/entry/vdso|lib/vdso)/}, shares => 1,
        name => 'the vDSO (mapped into each process)' },
    { dir => qr{^arch/\w+/realmode/}, name => 'the real-mode code that starts processors' },
    { dir => qr{^arch/\w+/purgatory/}, name => "kexec's purgatory" },
    { dir => qr{^(?:arch/\w+/boot|drivers/firmware/efi/libstub)/},
        name => "the kernel image's loader (gone once the kernel runs)" },
    { dir => qr{}, name => 'a part of the image that is linked by itself' },
);

# Any of them by its directory.
my $apart_dirs = do { my $any = join '|', map { $_->{dir} } @parts[0 .. $#parts - 1]; qr/$any/ };

# A line of a Makefile that adds objects to a directory or a module.
my $more_objects = qr{^\+(?:\s*(?:\#.*)?
    |\s*[\w-]+-(?:y|m|objs|\$\(\w+\))\s*\+=(?:\s*[\w./-]+(?:\.o|/)(?=\s|\z))+\s*)$}x;

# The objects to build for the files of the patch ({name, added} each).  Returns: the
# objects by their plain names, each {name, targets, of}, where of lists the files that
# it is compiled from; the new sources, for added_objects; and the files that are
# compiled by being included.  Reports each other file, and records it in the accounts
# of the patch; in its made, what rules make of them, TARGET => {FILE => 1}, and in its
# unmade, what the build will write.  Of the objects that include a file only those are
# returned that its changes can reach, unless "all_includers" is set.  With "full", all
# objects will be compiled; see account_for_included.
sub find_objects ($tree, $patch, %option) {
    $patch->{accounts} = {};
    my $of_kind = classify_files($tree, $patch, $option{full});
    my ($objects, @strays) = objects_of($tree, $patch, @{ $of_kind->{source} });
    refuse_apart($tree, @strays);
    refuse_gone($objects, @{ $of_kind->{source} });
    my @headers = grep { !$_->{added} } @{ $of_kind->{included} }, @strays,
        sources_to_include($tree, $objects, @{ $of_kind->{source} });
    my ($more, $unreached, $is_used) = look_up_included($tree, $patch, \%option, @headers);
    push @{ $more->{$_}{of} }, @{ $objects->{$_}{of} } for grep { $more->{$_} } keys %$objects;
    $objects = { %$objects, %$more };
    my @added = grep { $_->{added} } @strays;
    refuse_added($of_kind, $option{full}, @added);
    account_for_unbuilt($patch, $of_kind, $objects, $unreached,
        { full => $option{full}, is_code => @added || $is_used });
    return ($objects, [map { $_->{name} } @added], map { $_->{name} } @headers);
}

# The files of each kind; what an update or these options cannot do is refused, and what
# is not code is accounted for.
sub classify_files ($tree, $patch, $full) {
    my %of_kind = map { $_ => [] } qw(source included build link document text);
    push @{ $of_kind{ kind_of($_->{name}) } }, $_ for @{ $patch->{files} };
    fail('the patch changes files of a kind that is not understood: ' . names($of_kind{unknown}))
        if $of_kind{unknown};
    my ($more, $build) = parted(sub ($file) { adds_objects($patch, $file) }, @{ $of_kind{build} });
    my ($read, $text) = parted(sub ($file) { is_in_makefile($tree, $file->{name}) },
        @{ $of_kind{text} });
    push @$build, @$read;
    my @refused = (@{ $of_kind{link} }, $full ? () : @$build);
    fail('the patch changes the build: ' . names(\@refused)) if @refused;
    refuse_parts(@$build);
    refuse_more_objects($patch, @$more);
    account($patch, 'not code', documents($tree, \%of_kind), @$text);
    account($patch, 'part of the build, so all objects are compared', @$build);
    return { %of_kind, compared => $build };
}

# Those for which the question is true, and the others.
sub parted ($question, @files) {
    my (@yes, @no);
    push @{ $question->($_) ? \@yes : \@no }, $_ for @files;
    return (\@yes, \@no);
}

# For files that are compiled by being included: the objects, {FILE => the number of those
# that its changes do not reach}, and whether more is compiled from them than is known.
sub look_up_included ($tree, $patch, $option, @headers) {
    my @included = map { $_->{name} } @headers or return ({}, {}, 0);
    for (unmade_sources($tree, $apart_dirs)) {
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

sub refuse_added ($of_kind, $full, @added) {
    return if !@added;
    fail('the patch adds a source that no Makefile names: ' . names(\@added))
        if !@{ $of_kind->{build} };
    fail('the patch adds a source, which --full does not support: ' . names(\@added)) if $full;
    return;
}

# Reports the sources and headers that nothing is built for; fails if that are all.
sub account_for_unbuilt ($patch, $of_kind, $objects, $unreached, $known) {
    for my $name (sort keys %$unreached) {
        account($patch, "changes nothing in the $unreached->{$name} objects that may include it",
            { name => $name });
    }
    my %built = map { $_ => 1 } keys %$unreached, map { @{ $_->{of} } } values %$objects;
    my @unbuilt = grep { !$built{ $_->{name} } && !$_->{added} }
        @{ $of_kind->{source} }, @{ $of_kind->{included} };
    if (!%built && !$known->{is_code} && !@{ $of_kind->{compared} }) {
        fail('the patch touches no code') if !@unbuilt;
        fail('the patch touches only files that are not built with this .config: '
            . names(\@unbuilt));
    }
    account($patch, 'not built with this .config', grep { $_->{name} =~ /\.[cS]\z/ } @unbuilt);
    account_for_lonely($patch, map { $_->{name} } @unbuilt) if !$known->{full};
    return;
}

# Reports and records why nothing is built for the files.
sub account ($patch, $why, @files) {
    $patch->{accounts}{ $_->{name} } = $why for @files;
    note("$why: " . names(\@files)) if @files;
    return;
}

# With --full, once all was compiled: the objects that the files are included by, by
# what kbuild wrote down, in place of those that may include them.
sub account_for_included ($tree, $patch, $objects, @included) {
    my %is_included = map { $_ => 1 } @included;
    for my $object (values %$objects) {
        $object->{of} = [grep { !$is_included{$_} } @{ $object->{of} }];
    }
    my $by_rule = $patch->{made} // {};
    my $made = objects_made_of($tree, @included, keys %$by_rule);
    my $apart = list_apart($tree, map { dirname($_) } map { @$_ } values %$made);
    my %is_used;
    for my $file (@included) {
        my @files = ($file, grep { $by_rule->{$_}{$file} } keys %$by_rule);
        for my $object (uniq grep { !$apart->{$_} } map { @{ $made->{$_} } } @files) {
            push @{ $objects->{$object}{of} }, $file;
            $is_used{$file} = 1;
        }
    }
    my @unused = grep { !$is_used{$_} } @included;
    account($patch, 'not built with this .config', map { { name => $_ } }
        grep { /\.[cS]\z/ && !$patch->{accounts}{$_} } @unused);
    account_for_lonely($patch, @unused);
    return;
}

# Headers that nothing includes, unless the patch makes one of its files do so.
sub account_for_lonely ($patch, @names) {
    account($patch, 'included by nothing that is built with this .config',
        map { { name => $_ } } grep { !/\.[cS]\z/ && !is_newly_included($patch, $_) } @names);
    return;
}

# Reports and records the files none of whose objects is among the changed ones.  With
# the other lines about changes and files that are not built, each file of the patch is
# accounted for.  Files that only the updates below have changed are left out (OnTop.pm).
sub account_for_unchanged ($patch, $objects, @changed) {
    my (%changed, %same);
    $changed{$_} = 1 for map { @{ $objects->{$_}{of} // [] } } @changed;
    for my $object (sort keys %$objects) {
        push @{ $same{$_} }, $object for grep { !$changed{$_} } @{ $objects->{$object}{of} // [] };
    }
    for my $file (grep { !$patch->{as_below}{$_} } sort keys %same) {
        my ($object, @more) = @{ $same{$file} };
        my $text = 'changes nothing in ' . (@more ? @more + 1 . ' objects' : "'$object'");
        $patch->{accounts}{$file} = $text;
        note("$text: $file");
    }
    return;
}

# Does a Makefile of the kernel name a file of this base name, to generate a source from it?
sub is_in_makefile ($tree, $name) {
    my @found = capture({ dir => $tree->{dir}, ok => [0, 1] }, 'grep',
        '-rlwF', '--include=Makefile*', '--include=Kbuild*', basename($name), kernel_dirs($tree));
    return scalar @found;
}

# Refuses sources that are compiled into something that an update cannot replace.
sub refuse_apart ($tree, @sources) {
    return if !@sources;
    my $apart = list_apart($tree, map { dirname($_->{name}) } @sources);
    for my $source (map { $_->{name} } @sources) {
        my $object = $source =~ s/\.[cS]\z/.o/r;
        fail("the patch changes the build: $source is of a program that the build runs")
            if ($apart->{$object} // '') eq 'program' || $apart->{ $source =~ s/\.[cS]\z//r };
        fail_apart($source, $source) if $apart->{$object};
    }
    return;
}

sub fail_apart ($file, $source) {
    fail("the patch changes '$file', which is in " . part_of($source)->{name}
        . ': an update cannot replace that; leave it out of the patch');
}

# Refuses what says how a part of the image is built that an update cannot replace.
sub refuse_parts (@files) {
    for my $name (map { $_->{name} } @files) {
        fail_apart($name, $name) if part_of($name) != $parts[-1];
    }
    return;
}

# The part of the image that a source outside of the kernel's objects belongs to.
sub part_of ($source) { return (grep { $source =~ $_->{dir} } @parts)[0] }

# A source that an object is built from must keep its name.
sub refuse_gone ($objects, @sources) {
    my @gone = grep { $_->{deleted} && $objects->{ $_->{name} =~ s/\.[cS]\z/.o/r } } @sources;
    fail('the patch removes or renames a source that is built: ' . names(\@gone)
        . ': keep its name in the patch for a running kernel') if @gone;
    return;
}

# Does the patch only add objects to this Makefile?
sub adds_objects ($patch, $file) {
    return 0 if $file->{name} !~ m{(?:^|/)(?:Makefile|Kbuild)\z};
    return $file->{added} || !grep { !/$more_objects/ } changed_lines($patch, $file->{name});
}

# The patch must contain the source of each object that it adds to a Makefile, or the
# Makefile of each directory.  Otherwise an existing source that was not built, or that
# belongs to another target, would be left out.
sub refuse_more_objects ($patch, @makefiles) {
    my %is_new = map { s/\.[cS]\z/.o/r => 1 } map { $_->{name} } grep { $_->{added} }
        @{ $patch->{files} };
    for my $name (map { $_->{name} } @makefiles) {
        my @lines = map { s/#.*//r } changed_lines($patch, $name);
        my %is_made = map { /^\+\s*([\w-]+)-(?:y|m|objs|\$)/ ? ("$1.o" => 1) : () } @lines;
        for my $word (map { /\+=(.*)/ ? split ' ', $1 : () } @lines) {
            my $path = plain_path(dirname($name) . "/$word");
            next if $is_new{$path} || $is_made{$word}
                || $word =~ m{/\z} && grep { $is_new{"$path/$_"} } qw(Makefile Kbuild);
            fail("the patch has '$path' built by '$name', but does not add its source: "
                . 'leave that line out');
        }
    }
    return;
}

# In the patched tree: the objects of the sources that the patch adds, as find_objects
# returns them.  Their targets must exist without the patch.
sub added_objects ($tree, @sources) {
    my $now = list_objects_now($tree, map { dirname($_) } @sources);
    my %known = (vmlinux => 1, map { $_ => 1 } map { @{ $_->{targets} } }
        values %{ list_objects($tree) });
    my %objects;
    for my $source (@sources) {
        my $object = $source =~ s/\.[cS]\z/.o/r;
        my $targets = ($now->{$object}
            // fail("the patch adds a source that no Makefile names: $source"))->{targets};
        my ($new) = grep { !$known{$_} } @$targets;
        fail("the patch adds a module, '$new': build it with 'make M=' instead") if defined $new;
        $objects{$object} = { name => $object, targets => $targets };
    }
    return \%objects;
}

# What each object is linked into, now: OBJECT => its targets as a text; and how, "DIR
# VARIABLE" => its value; nothing unless the patch changes the build.
sub all_targets ($tree, $patch) {
    return {} if !grep { kind_of($_->{name}) eq 'build' } @{ $patch->{files} };
    my %dirs = map { dirname($_) => 1 } capture({ dir => $tree->{dir} }, 'find',
        kernel_dirs($tree), '-name', 'Makefile', '-o', '-name', 'Kbuild');
    my ($objects, $flags) = list_now($tree, sort keys %dirs);
    return { %$flags, map { $_ => join ' ', @{ $objects->{$_}{targets} } } keys %$objects };
}

# With --full, in the patched tree once all was compiled.  An object that a Makefile no
# longer names is not compiled again, so it cannot differ.
sub refuse_other_targets ($tree, $patch, $before) {
    my $now = all_targets($tree, $patch);
    my %names = (%$before, %$now);
    my @other = grep { ($before->{$_} // '') ne ($now->{$_} // '') } sort keys %names;
    my ($flag) = grep { / / } @other;
    fail('the patch changes how the kernel or a module is linked, which a running kernel cannot '
        . 'follow: ' . $flag =~ s{(\S+) (\S+)}{$2 in $1/Makefile}r =~ s{ \./}{ }r)
        if defined $flag;
    fail('the patch changes what is linked into the kernel or a module, which a running kernel '
        . "cannot follow: @other[0 .. ($#other < 9 ? $#other : 9)]") if @other;
    return;
}

# Those that are documents.  What the kernel compiles of such a directory all the same is
# added to its kind.
sub documents ($tree, $of_kind) {
    my @documents;
    for my $file (@{ $of_kind->{document} }) {
        my $kind = $file->{name} =~ /\.[cS]\z/ ? 'source' : 'included';
        my $is_code = outside_files($tree)->{ $file->{name} };
        push @{ $is_code ? $of_kind->{$kind} : \@documents }, $file;
    }
    return @documents;
}

# The objects that the sources are compiled into, and the sources without an object.
sub objects_of ($tree, $patch, @sources) {
    my (%objects, @strays);
    my ($all, $made) = possible_objects($tree, map { $_->{name} } @sources);
    for my $file (@sources) {
        my ($own, @foreign) = @{ $made->{ $file->{name} } };
        my @objects = grep { $all->{$_} } $own, @foreign;
        push @strays, $file if !@objects;
        $objects{$_} = { %{ $all->{$_} }, of => [$file->{name}] } for @objects;
        warn_of_copies($tree, $patch, $file->{name}, grep { !$all->{$_} } @foreign) if @objects;
    }
    return (\%objects, @strays);
}

# -> (what list_objects returns, {SOURCE => [its own object, those that rules of other
# directories make of it]}).  All that are built of the sources are in the list.
sub possible_objects ($tree, @sources) {
    return ({}, {}) if !@sources;
    my %made = map { $_ => [s/\.[cS]\z/.o/r, foreign_objects($tree, $_)] } @sources;
    my $all = list_objects($tree, map { dirname($_) } map { @$_ } values %made);
    my $has_none = grep { @$_ == 1 && !$all->{ $_->[0] } } values %made;
    $all = list_objects($tree, distant_dirs($tree)) if $has_none;
    return ($all, \%made);
}

# Warns if a source of the kernel is in other parts of its image, too; once for a patch.
sub warn_of_copies ($tree, $patch, $name, @objects) {
    my $is_said = $patch->{is_said} //= {};
    my $apart = list_apart($tree, map { dirname($_) } @objects);
    warning("'$name' is also in " . part_of($_)->{name} . ': that copy stays as it is')
        for grep { $apart->{$_} && !$is_said->{$_}++ } @objects;
    return;
}

# The sources that have an object of their own and are included by others as well.
sub sources_to_include ($tree, $objects, @sources) {
    my %own = map { $_->{name} => $_ } grep { $objects->{ $_->{name} =~ s/\.[cS]\z/.o/r } }
        @sources;
    return if !%own;
    return @own{ included_sources($tree, sort keys %own) };
}

# As objects_of, for objects that were built, given by their names in the tree.  Those of
# other parts of the image are left out, with a warning.
sub owners_of ($tree, $patch, @objects) {
    my ($owners, @strays) = objects_of($tree, $patch, map { { name => s/\.o\z/.c/r } }
        map { plain_path($_) } @objects);
    my $apart = list_apart($tree, map { dirname($_->{name}) } @strays);
    my @unknown = grep { !$apart->{ $_->{name} =~ s/\.c\z/.o/r } } @strays;
    fail('kbuild does not name the targets of these objects: ' . names(\@unknown)) if @unknown;
    my %parts = map { part_of($_->{name})->{name} => 1 } @strays;
    warning("the patch also changes $_: that stays as it is") for sort keys %parts;
    return $owners;
}

# Directories that may build objects from sources elsewhere: a Makefile there contains
# '..' or includes another one.
sub distant_dirs ($tree) {
    my @files = capture({ dir => $tree->{dir}, ok => [0, 1] },
        'grep', '-rlE', '--include=Makefile*', '--include=Kbuild*',
        '\.\./|^ *-?include ', kernel_dirs($tree));
    return map { dirname($_) } @files;
}

# The objects that may include one of the files.
sub including_objects ($tree, $full, @files) {
    return {} if !@files;
    my %includers = map { $_ => [find_includers($tree, $_)] } map { $_->{name} } @files;
    my @everywhere = grep { grep { $_ eq '*' } @{ $includers{$_} } } sort keys %includers;
    fail("every object includes @everywhere: only --full will do") if @everywhere;
    my ($all, $made);
    progress('looking up the objects that include ' . names(\@files), sub {
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
    note("$n object" . ($n > 1 ? 's' : '') . ' may include ' . names(\@files)) if $n;
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
    my %kind = map { my $name = s/\.[cS]\z//r; $_ => $apart->{"$name.o"} // $apart->{$name} // '' }
        @sources;
    my %copies;
    for my $source (grep { $kind{$_} eq 'apart' } @sources) {
        my $part = part_of($source);
        fail_apart($file, $source) if !$has_objects || $part->{shares} && $file =~ /vdso/;
        $copies{ $part->{name} } = 1;
    }
    my @programs = grep { $kind{$_} eq 'program' && part_of($_) == $parts[-1] } @sources;
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

sub names ($files) { join ' ', map { $_->{name} } @$files }

sub kind_of ($name) {
    for my $kind (@kinds) {
        return $kind->[0] if $name =~ $kind->[1];
    }
    return 'unknown';
}

1;
