# SPDX-License-Identifier: GPL-2.0-only
#
# Targets.pm - from the files that a patch touches to the objects to build
#
# Each file of the patch is accounted for: it is compiled into objects, is not
# compiled, which is said, or is refused, as it is in the image where an update
# cannot replace it (the vDSO) or decides how the kernel is built.
#
# A source gives its object, as far as kbuild makes one of it; anything else
# that is compiled by being included gives every object that may include it.
# A source that the patch adds gives one if a Makefile says so, of which
# lines with objects are all that may be new: what kbuild makes of them can
# only be asked when the tree is patched.  Refused by name are other changes of
# what is built and how, as a running kernel cannot follow.

package Ksplice::Targets;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(basename dirname);
use Ksplice           qw(fail note warning progress capture);
use Ksplice::Includes qw(find_includers including_templates included_sources foreign_objects
    depends_on kernel_dirs plain_path);
use Ksplice::Patch    qw(changed_lines texts_of);
use Ksplice::Reach    qw(reached_sources);
use Ksplice::Tree     qw(list_objects list_apart ask_kbuild);

our @EXPORT_OK = qw(find_objects account_for_unchanged owners_of objects_of added_objects);

# So many objects take as long as all of them do.
my $many = 200;

# A source of sources, as of lib/raid6.
my $template = qr/\.uc\z/;

# So few take less time than finding out which of them a change reaches.
my $few = 15;

# First match decides.
my @kinds = (
    [build     => qr{^tools/(?:objtool|build|bpf/resolve_btfids|include|lib/subcmd)/}],
    [document  => qr{^(?:Documentation|tools|samples|LICENSES|debian|usr/include|\.\w[^/]*)/}],
    [document  => qr{(?:^|/)(?:MAINTAINERS|CREDITS|COPYING|README|\.gitignore|\.mailmap)$}],
    [text      => qr{\.(?:rst|md|txt|yaml)$}],
    [build     => qr{(?:^|/)(?:Makefile|Kbuild|Kconfig)[^/]*$}],
    [build     => qr{^scripts/}],
    [build     => qr{(?:^|/)(?:asm-offsets(?:_\d+)?|bounds)\.c$}],
    [build     => qr{\.(?:lds|lds\.[hS]|tbl|sh|pl|py|awk|asn1|uni|map|dts|dtsi|rs)$}],
    [source    => qr{\.[cS]$}],
    [included  => qr{\.(?:h|inc|def)$}],
);

# Parts of the kernel's image that are linked by themselves.  The kernel and the
# vDSO read and write the same data: a change of a header of it is refused, even if
# objects of the kernel include it too; the copy of another part may stay as it is.
my @parts = (
    { dir => qr{^(?:arch/\w+/entry/vdso|lib/vdso)/}, shares => 1,
        name => 'the vDSO (mapped into each process)' },
    { dir => qr{^arch/\w+/realmode/}, name => 'the real-mode code that starts processors' },
    { dir => qr{^arch/\w+/purgatory/}, name => "kexec's purgatory" },
    { dir => qr{^(?:arch/\w+/boot|drivers/firmware/efi/libstub)/},
        name => "the kernel image's loader (gone once the kernel runs)" },
    { dir => qr{}, name => 'a part of the image that is linked by itself' },
);

# A line of a Makefile that has a directory or a module consist of more.
my $more_objects = qr{^\+(?:\s*(?:\#.*)?
    |\s*[\w-]+-(?:y|m|objs|\$\(\w+\))\s*\+=(?:\s*[\w./-]+(?:\.o|/)(?=\s|\z))+\s*)$}x;

# What is to be built for the files of the patch ({name, added} each): returns
# the objects as {name, targets, of} each by their plain names, where of lists the
# files that it is compiled from; the sources that are new, for added_objects; and the
# files that are compiled by being included.  Says what becomes of each other file, and
# keeps that in the patch's accounts.  Of the objects that include a file only those
# are returned that its changes can reach, unless all are wanted.
sub find_objects ($tree, $patch, $all_includers) {
    my %of_kind = (source => [], included => [], build => [], document => [], text => []);
    $patch->{accounts} = {};
    push @{ $of_kind{ kind_of($_->{name}) } }, $_ for @{ $patch->{files} };
    fail('the patch changes files of a kind that is not understood: ' . names($of_kind{unknown}))
        if $of_kind{unknown};
    my @other = grep { !adds_objects($patch, $_) } @{ $of_kind{build} };
    push @other, grep { is_in_makefile($tree, $_->{name}) } @{ $of_kind{text} };
    fail('the patch changes what is built or how: ' . names(\@other)) if @other;
    refuse_more_objects($patch, @{ $of_kind{build} });
    my %tool = map { $_->{name} => [foreign_objects($tree, $_->{name})] }
        grep { $_->{name} =~ /\.[cS]\z/ } @{ $of_kind{document} };
    push @{ $of_kind{source} }, grep { @{ $tool{ $_->{name} } // [] } } @{ $of_kind{document} };
    my @documents = grep { !@{ $tool{ $_->{name} } // [] } } @{ $of_kind{document} },
        @{ $of_kind{text} };
    account($patch, 'not code', @documents);
    my ($objects, @strays) = objects_of($tree, @{ $of_kind{source} });
    refuse_apart($tree, @strays);
    refuse_gone($objects, @{ $of_kind{source} });
    my @headers = grep { !$_->{added} } @{ $of_kind{included} }, @strays,
        sources_to_include($tree, $objects, @{ $of_kind{source} });
    my $more = including_objects($tree, @headers);
    my $unreached = {};
    my @included = map { $_->{name} } @headers;
    if ($all_includers) { refuse_templates(including_templates($tree, @included)) }
    else                { $unreached = keep_reached($tree, $patch, $more, @included) }
    push @{ $more->{$_}{of} }, @{ $objects->{$_}{of} } for grep { $more->{$_} } keys %$objects;
    $objects = { %$objects, %$more };
    my @added = grep { $_->{added} } @strays;
    fail('the patch adds a source that no Makefile names: ' . names(\@added))
        if @added && !@{ $of_kind{build} };
    for my $name (sort keys %$unreached) {
        account($patch, "changes nothing in the $unreached->{$name} objects that may include it",
            { name => $name });
    }
    my %built = map { $_ => 1 } keys %$unreached, map { @{ $_->{of} } } values %$objects;
    my @unbuilt = grep { !$built{ $_->{name} } && !$_->{added} }
        @{ $of_kind{source} }, @{ $of_kind{included} };
    if (!%$objects && !@added && !%$unreached) {
        fail('the patch touches no code') if !@unbuilt;
        fail('the patch touches only files that are not built with this .config: '
            . names(\@unbuilt));
    }
    account($patch, 'not built with this .config', grep { $_->{name} =~ /\.[cS]\z/ } @unbuilt);
    account($patch, 'included by nothing that is built with this .config',
        grep { $_->{name} !~ /\.[cS]\z/ } @unbuilt);
    return ($objects, [map { $_->{name} } @added], map { $_->{name} } @headers);
}

# Says, and notes down, why nothing is built for the files.
sub account ($patch, $why, @files) {
    $patch->{accounts}{ $_->{name} } = $why for @files;
    note("$why: " . names(\@files)) if @files;
    return;
}

# Notes down, and says, which files are compiled into objects none of which is
# among the changed ones.  With the other lines about what changes and what is not
# built, each file of the patch is accounted for; not those that the updates below it
# have changed, and it has not (OnTop.pm).
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

# Is it, by its last name, what a Makefile of the kernel generates a source from?
sub is_in_makefile ($tree, $name) {
    my @found = capture({ dir => $tree->{dir}, ok => [0, 1] }, 'grep',
        '-rlwF', '--include=Makefile*', '--include=Kbuild*', basename($name), kernel_dirs($tree));
    return scalar @found;
}

# Sources that are compiled, but into something that an update cannot replace.
sub refuse_apart ($tree, @sources) {
    return if !@sources;
    my $apart = list_apart($tree, map { dirname($_->{name}) } @sources);
    for my $source (map { $_->{name} } @sources) {
        my $object = $source =~ s/\.[cS]\z/.o/r;
        fail("the patch changes what is built or how: $source is of a program that the build runs")
            if ($apart->{$object} // '') eq 'program' || $apart->{ $source =~ s/\.[cS]\z//r };
        fail_apart($source, $source) if $apart->{$object};
    }
    return;
}

sub fail_apart ($file, $source) {
    fail("the patch changes '$file', which is in " . part_of($source)->{name}
        . ': an update cannot replace that; leave it out of the patch');
}

# The part of the image that a source is in which has no object in the kernel's own.
sub part_of ($source) { return (grep { $source =~ $_->{dir} } @parts)[0] }

# A source that an object is built from must stay, under its name.
sub refuse_gone ($objects, @sources) {
    my @gone = grep { $_->{deleted} && $objects->{ $_->{name} =~ s/\.[cS]\z/.o/r } } @sources;
    fail('the patch removes or renames a source that is built: ' . names(\@gone)
        . ': keep its name in the patch for a running kernel') if @gone;
    return;
}

# Is all that it does to a Makefile to name objects?
sub adds_objects ($patch, $file) {
    return 0 if $file->{name} !~ m{(?:^|/)(?:Makefile|Kbuild)\z};
    return $file->{added} || !grep { !/$more_objects/ } changed_lines($patch, $file->{name});
}

# What Makefiles name from now on has its source, or the Makefile of the directory, in
# the patch: what was there and was not built, or is of another target, would be left out.
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

# In the patched tree: the objects of sources that the patch has added, as
# find_objects returns them.  They must be of targets that there were before.
sub added_objects ($tree, @sources) {
    my %now = map { /^y (\S+)/ ? (plain_path($1) => ['vmlinux'])
        : /^m (\S+) (\S+)/ ? (plain_path($1) => [$2 =~ tr/-/_/r]) : () }
        ask_kbuild($tree, map { dirname($_) } @sources);
    my %known = (vmlinux => 1, map { $_ => 1 } map { @{ $_->{targets} } }
        values %{ list_objects($tree) });
    my %objects;
    for my $source (@sources) {
        my $object = $source =~ s/\.[cS]\z/.o/r;
        my $targets = $now{$object}
            // fail("the patch adds a source that no Makefile names: $source");
        my ($new) = grep { !$known{$_} } @$targets;
        fail("the patch adds a module, '$new': build it with 'make M=' instead") if defined $new;
        $objects{$object} = { name => $object, targets => $targets };
    }
    return \%objects;
}

# The objects that the sources are compiled into, and the sources that are not.
sub objects_of ($tree, @sources) {
    my (%objects, @strays);
    return \%objects if !@sources;
    my %made = map { $_->{name} => [$_->{name} =~ s/\.[cS]\z/.o/r,
        foreign_objects($tree, $_->{name})] } @sources;
    my $all = list_objects($tree, map { dirname($_) } map { @$_ } values %made);
    my $looked_up = 0;
    for my $file (@sources) {
        my ($own, @foreign) = @{ $made{ $file->{name} } };
        if (!$all->{$own} && !@foreign && !$looked_up++) {
            $all = list_objects($tree, distant_dirs($tree));
        }
        my @objects = grep { $all->{$_} } $own, @foreign;
        push @strays, $file if !@objects;
        $objects{$_} = { %{ $all->{$_} }, of => [$file->{name}] } for @objects;
        warn_of_copies($tree, $file->{name}, grep { !$all->{$_} } @foreign) if @objects;
    }
    return (\%objects, @strays);
}

# Of a source that is in the kernel and in other parts of its image, too.
sub warn_of_copies ($tree, $name, @objects) {
    my $apart = list_apart($tree, map { dirname($_) } @objects);
    warning("'$name' is also in " . part_of($_)->{name} . ': that copy stays as it is')
        for grep { $apart->{$_} } @objects;
    return;
}

# The sources that are objects of their own and part of others as well.
sub sources_to_include ($tree, $objects, @sources) {
    my %own = map { $_->{name} => $_ } grep { $objects->{ $_->{name} =~ s/\.[cS]\z/.o/r } }
        @sources;
    return if !%own;
    return @own{ included_sources($tree, sort keys %own) };
}

# The same for objects that were built, given by their names in the tree.
sub owners_of ($tree, @objects) {
    my ($owners, @strays) = objects_of($tree, map { { name => s/\.o\z/.c/r } }
        map { plain_path($_) } @objects);
    fail('kbuild does not say where these objects belong to: ' . names(\@strays)) if @strays;
    return $owners;
}

# Directories that may build objects of sources somewhere else: a Makefile there
# names '..' or includes another one.
sub distant_dirs ($tree) {
    my @files = capture({ dir => $tree->{dir}, ok => [0, 1] },
        'grep', '-rlE', '--include=Makefile*', '--include=Kbuild*',
        '\.\./|^ *-?include ', kernel_dirs($tree));
    return map { dirname($_) } @files;
}

# The objects that include one of the files, perhaps.
sub including_objects ($tree, @files) {
    return {} if !@files;
    my %includers = map { $_ => [find_includers($tree, $_)] } map { $_->{name} } @files;
    my @everywhere = grep { grep { $_ eq '*' } @{ $includers{$_} } } sort keys %includers;
    fail("every object includes @everywhere: only --full will do") if @everywhere;
    my $all = progress('looking up who includes ' . names(\@files), sub {
        list_objects($tree, map { dirname($_) } map { @$_ } values %includers);
    });
    my %objects;
    for my $file (sort keys %includers) {
        my @own = grep { $all->{$_} && depends_on($tree, $all->{$_}{name}, $file) }
            map { s/\.[cS]\z/.o/r } @{ $includers{$file} };
        $objects{$_} //= { %{ $all->{$_} }, of => [] } for @own;
        push @{ $objects{$_}{of} }, $file for @own;
        check_copies($tree, $file, scalar @own,
            grep { !$all->{ s/\.[cS]\z/.o/r } } @{ $includers{$file} });
    }
    my $n = keys %objects;
    note("$n object" . ($n > 1 ? 's' : '') . ' may include ' . names(\@files)) if $n;
    return \%objects;
}

# Takes out of the objects those that no change of an included file can reach.  Returns
# the files that are left with none, NAME => how many it had.
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
    my @reached = progress('looking for what uses the changes of ' . join(' ', sort keys %texts),
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

# The sources that are generated of a template are made when their objects are, and
# are nothing to look at before.
sub refuse_templates (@templates) {
    fail('the patch changes what generated sources include, those made of '
        . join(' ', @templates) . ': only --full will do') if @templates;
    return;
}

# What other parts of the image are compiled from a file that objects include, too,
# or that only these sources do.
sub check_copies ($tree, $file, $has_objects, @sources) {
    my $apart = list_apart($tree, map { dirname($_) } @sources);
    my %copies;
    for my $source (grep { ($apart->{ s/\.[cS]\z/.o/r } // '') eq 'apart' } @sources) {
        my $part = part_of($source);
        fail_apart($file, $source) if !$has_objects || $part->{shares} && $file =~ /vdso/;
        $copies{ $part->{name} } = 1;
    }
    warning("'$file' may also be in $_: that copy stays as it is") for sort keys %copies;
    return;
}

sub names ($files) { join ' ', map { $_->{name} } @$files }

sub kind_of ($name) {
    for my $kind (@kinds) {
        return $kind->[0] if $name =~ $kind->[1];
    }
    return 'unknown';
}

1;
