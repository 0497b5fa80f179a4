# SPDX-License-Identifier: GPL-2.0-only
#
# Targets.pm - from the files that a patch touches to the objects to build
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
use File::Basename    qw(dirname);
use Ksplice           qw(fail note progress capture);
use Ksplice::Includes qw(find_includers included_sources depends_on kernel_dirs plain_path);
use Ksplice::Patch    qw(changed_lines);
use Ksplice::Tree     qw(list_objects ask_kbuild);

our @EXPORT_OK = qw(find_objects owners_of objects_of added_objects);

# So many objects take as long as all of them do.
my $many = 200;

# First match decides.
my @kinds = (
    [ignored   => qr{^(?:Documentation|tools|samples|LICENSES|debian|usr|\.\w[^/]*)/}],
    [ignored   => qr{(?:^|/)(?:MAINTAINERS|CREDITS|COPYING|README|\.gitignore|\.mailmap)$}],
    [ignored   => qr{\.(?:rst|md|txt|yaml)$}],
    [build     => qr{(?:^|/)(?:Makefile|Kbuild|Kconfig)[^/]*$}],
    [build     => qr{^scripts/}],
    [build     => qr{\.(?:lds|lds\.S|tbl|sh|pl|py|awk|asn1|dts|dtsi|rs)$}],
    [source    => qr{\.[cS]$}],
    [included  => qr{\.(?:h|inc|def)$}],
);

# A line of a Makefile that has a directory or a module consist of more.
my $more_objects = qr{^\+(?:\s*(?:\#.*)?
    |\s*[\w-]+-(?:y|m|objs|\$\(\w+\))\s*\+=(?:\s*[\w./-]+(?:\.o|/)(?=\s|\z))+\s*)$}x;

# What is to be built for the files of the patch ({name, added} each): returns
# the objects as {name, targets} each by their plain names; the sources that
# are new, for added_objects; and the files that are compiled by being included.
sub find_objects ($tree, $patch) {
    my %of_kind = (source => [], included => [], build => []);
    push @{ $of_kind{ kind_of($_->{name}) } }, $_ for @{ $patch->{files} };
    note('not code, ignored: ' . names($of_kind{ignored})) if $of_kind{ignored};
    my @other = grep { !adds_objects($patch, $_) } @{ $of_kind{build} };
    fail('the patch changes what is built or how: ' . names(\@other)) if @other;
    fail('the patch changes files of a kind that is not understood: ' . names($of_kind{unknown}))
        if $of_kind{unknown};
    my ($objects, @strays) = objects_of($tree, @{ $of_kind{source} });
    my @headers = grep { !$_->{added} } @{ $of_kind{included} }, @strays,
        sources_to_include($tree, $objects, @{ $of_kind{source} });
    my $more = including_objects($tree, @headers);
    my @added = grep { $_->{added} } @strays;
    fail('the patch adds a source that no Makefile names: ' . names(\@added))
        if @added && !@{ $of_kind{build} };
    if (!%$objects && !%$more && !@added) {
        fail('the patch touches no code') if !@strays && !@headers;
        fail('the patch touches only files that are not built with this .config: '
            . names([@strays ? @strays : @headers]));
    }
    return ({ %$more, %$objects }, [map { $_->{name} } @added], map { $_->{name} } @headers);
}

# Is all that it does to a Makefile to name objects?
sub adds_objects ($patch, $file) {
    return 0 if $file->{name} !~ m{(?:^|/)(?:Makefile|Kbuild)\z};
    return $file->{added} || !grep { !/$more_objects/ } changed_lines($patch, $file->{name});
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
    my $all = list_objects($tree, map { dirname($_->{name}) } @sources);
    my $looked_up = 0;
    for my $file (@sources) {
        my $object = $file->{name} =~ s/\.[cS]\z/.o/r;
        if (!$all->{$object} && !$looked_up++) {
            $all = list_objects($tree, distant_dirs($tree));
        }
        if ($all->{$object}) { $objects{$object} = $all->{$object} }
        else                 { push @strays, $file }
    }
    return (\%objects, @strays);
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
    my @files = capture({ dir => $tree->{dir}, env => { LC_ALL => 'C' }, ok => [0, 1] },
        'grep', '-rlE', '--include=Makefile*', '--include=Kbuild*',
        '\.\./|^ *-?include ', kernel_dirs($tree));
    return map { dirname($_) } @files;
}

# The objects that include one of the files, perhaps.
sub including_objects ($tree, @files) {
    return {} if !@files;
    my @sources = find_includers($tree, map { $_->{name} } @files);
    fail('every object includes ' . names(\@files) . ': only --full will do')
        if grep { $_ eq '*' } @sources;
    my $all = progress('looking up who includes ' . names(\@files), sub {
        list_objects($tree, map { dirname($_) } @sources);
    });
    my %objects = map { $all->{$_} ? ($_ => $all->{$_}) : () }
        map { s/\.[cS]\z/.o/r } @sources;
    delete @objects{ grep { !depends_on($tree, $objects{$_}{name},
        map { $_->{name} } @files) } keys %objects };
    my $n = keys %objects;
    note("$n object" . ($n > 1 ? 's' : '') . ' may include ' . names(\@files)
        . ($n > $many ? ': compiling them all takes long, --full may be quicker' : '')) if $n;
    return \%objects;
}

sub names ($files) { join ' ', map { $_->{name} } @$files }

sub kind_of ($name) {
    for my $kind (@kinds) {
        return $kind->[0] if $name =~ $kind->[1];
    }
    return 'unknown';
}

1;
