# SPDX-License-Identifier: GPL-2.0-only
#
# Targets.pm - from the files that a patch touches to the objects to build
#
# Each file of the patch is accounted for.  It is compiled into objects; or it is not
# compiled, which is reported; or it is refused, because an update cannot replace that
# part of the image (the vDSO), or because it determines how the kernel is built.
#
# A source affects its object, if kbuild makes one from it (Owners.pm); any other file that
# is compiled, those that include it (Headers.pm).  A source that the patch adds has an
# object if a Makefile names it.  Only lines with objects may be new in a Makefile; kbuild
# can evaluate them only once the tree is patched.  All other changes of what is built and
# how are refused by name.  With --full those are allowed whose effect is in the objects,
# as all of them are compared then; what else the build is made with, a running kernel
# cannot follow.

package Ksplice::Targets;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(basename dirname);
use Ksplice           qw(fail note capture);
use Ksplice::Headers  qw(look_up_included);
use Ksplice::Includes qw(find_includers included_sources includers_of_new outside_files
    objects_made_of kernel_dirs plain_path);
use Ksplice::Owners   qw(objects_of);
use Ksplice::Parts    qw(is_named_part fail_apart);
use Ksplice::Patch    qw(changed_lines is_newly_included names_of);
use Ksplice::Tree     qw(list_objects list_objects_now list_now list_apart);
use List::Util        qw(uniq);

our @EXPORT_OK = qw(find_objects account_for_included account_for_unchanged added_objects
    all_targets refuse_other_targets);

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
    refuse_replacing($tree, $patch, grep { $_->{added} } @{ $of_kind->{included} });
    my @headers = grep { !$_->{added} } @{ $of_kind->{included} }, @strays,
        sources_to_include($tree, $objects, @{ $of_kind->{source} });
    my ($more, $unreached, $is_used) = look_up_included($tree, $patch, \%option, @headers);
    push @{ $more->{$_}{of} }, @{ $objects->{$_}{of} } for grep { $more->{$_} } keys %$objects;
    $objects = { %$objects, %$more };
    my @added = grep { $_->{added} } @strays;
    refuse_added($of_kind, $option{full}, @added);
    account_for_unbuilt($tree, $patch, $of_kind, $objects, $unreached,
        { full => $option{full}, is_code => @added || $is_used });
    return ($objects, [map { $_->{name} } @added], map { $_->{name} } @headers);
}

# The files of each kind; what an update or these options cannot do is refused, and what
# is not code is accounted for.
sub classify_files ($tree, $patch, $full) {
    my %of_kind = map { $_ => [] } qw(source included build link document text);
    push @{ $of_kind{ kind_of($_->{name}) } }, $_ for @{ $patch->{files} };
    fail('the patch changes files of a kind that is not understood: ' . names_of($of_kind{unknown}))
        if $of_kind{unknown};
    my ($more, $build) = parted(sub ($file) { adds_objects($patch, $file) }, @{ $of_kind{build} });
    my ($read, $text) = parted(sub ($file) { is_in_makefile($tree, $file->{name}) },
        @{ $of_kind{text} });
    push @$build, @$read;
    my ($included, $other) = parted(sub ($file) { find_includers($tree, $file->{name}) }, @$text);
    push @{ $of_kind{included} }, @$included;
    $text = $other;
    my @refused = (@{ $of_kind{link} }, $full ? () : @$build);
    fail('the patch changes the build: ' . names_of(\@refused)) if @refused;
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

sub refuse_added ($of_kind, $full, @added) {
    return if !@added;
    fail('the patch adds a source that no Makefile names: ' . names_of(\@added))
        if !@{ $of_kind->{build} };
    fail('the patch adds a source, which --full does not support: ' . names_of(\@added)) if $full;
    return;
}

# Reports the sources and headers that nothing is built for; fails if that are all.
sub account_for_unbuilt ($tree, $patch, $of_kind, $objects, $unreached, $known) {
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
            . names_of(\@unbuilt));
    }
    account($patch, 'not built with this .config', grep { $_->{name} =~ /\.[cS]\z/ } @unbuilt);
    account_for_lonely($tree, $patch, map { $_->{name} } @unbuilt) if !$known->{full};
    return;
}

# Reports and records why nothing is built for the files.
sub account ($patch, $why, @files) {
    $patch->{accounts}{ $_->{name} } = $why for @files;
    note("$why: " . names_of(\@files)) if @files;
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
    account_for_lonely($tree, $patch, @unused);
    return;
}

# Headers that nothing includes, unless the patch makes one of its files do so.  Objects that
# were built may tell otherwise.
sub account_for_lonely ($tree, $patch, @names) {
    my $made = objects_made_of($tree, grep { -e "$tree->{dir}/$_" } @names);
    for my $name (grep { @{ $made->{$_} } } sort keys %$made) {
        my $apart = list_apart($tree, map { dirname($_) } @{ $made->{$name} });
        my ($object) = grep { !$apart->{$_} } @{ $made->{$name} } or next;
        fail("'$object' was made of '$name', which the patch changes, and it is not known how: "
            . 'report this');
    }
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

# Refuses what says how a part of the image is built that an update cannot replace.
sub refuse_parts (@files) {
    for my $name (map { $_->{name} } @files) {
        fail_apart($name, $name) if is_named_part($name);
    }
    return;
}

# A source that an object is built from must keep its name.
sub refuse_gone ($objects, @sources) {
    my @gone = grep { $_->{deleted} && $objects->{ $_->{name} =~ s/\.[cS]\z/.o/r } } @sources;
    fail('the patch removes or renames a source that is built: ' . names_of(\@gone)
        . ': keep its name in the patch for a running kernel') if @gone;
    return;
}

# A new header must not take the place of another one: kbuild knows of no object that would
# have it instead.
sub refuse_replacing ($tree, $patch, @added) {
    my %is_own = map { $_->{name} => 1 } @{ $patch->{files} };
    for my $name (map { $_->{name} } @added) {
        my ($from) = grep { !/\.[cS]\z/ || !$is_own{$_} } includers_of_new($tree, $name) or next;
        fail("the patch adds '$name', which '$from' may include in place of another file: "
            . 'give it another name');
    }
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

# The sources that have an object of their own and are included by others as well.
sub sources_to_include ($tree, $objects, @sources) {
    my %own = map { $_->{name} => $_ } grep { $objects->{ $_->{name} =~ s/\.[cS]\z/.o/r } }
        @sources;
    return if !%own;
    return @own{ included_sources($tree, sort keys %own) };
}

sub kind_of ($name) {
    for my $kind (@kinds) {
        return $kind->[0] if $name =~ $kind->[1];
    }
    return 'unknown';
}

1;
