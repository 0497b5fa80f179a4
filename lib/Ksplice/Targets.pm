# SPDX-License-Identifier: GPL-2.0-only
#
# Targets.pm - from the files that a patch touches to the objects to build
#
# A source gives its object, as far as kbuild makes one of it; anything else
# that is compiled by being included gives every object that may include it.
# Refused by name, as a running kernel cannot follow: new objects, and changes
# of what is built and how.

package Ksplice::Targets;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter       qw(import);
use File::Basename qw(dirname);
use Ksplice        qw(fail note);
use Ksplice::Tree  qw(list_objects);

our @EXPORT_OK = qw(find_objects);

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

# What is to be built for these files ({name, added, deleted} each), as
# plain object => {name, targets}.
sub find_objects ($tree, @files) {
    my %of_kind;
    push @{ $of_kind{ kind_of($_->{name}) } }, $_ for @files;
    note('ignored, not code: ' . join ' ', names($of_kind{ignored})) if $of_kind{ignored};
    fail("the patch changes what is built: " . join(' ', names($of_kind{build})))
        if $of_kind{build};
    fail('the patch changes files of an unknown kind: ' . join(' ', names($of_kind{unknown})))
        if $of_kind{unknown};
    my @sources = @{ $of_kind{source} // [] };
    my $all = list_objects($tree, map { dirname($_->{name}) } @sources);
    my (%objects, @strays);
    for my $file (@sources) {
        my $object = $file->{name} =~ s/\.[cS]\z/.o/r;
        if ($all->{$object}) { $objects{$object} = $all->{$object} }
        else                 { push @strays, $file }
    }
    fail('the patch touches only files that are not built with this .config: '
        . join ' ', names(\@strays)) if !%objects && @strays;
    fail('the patch touches no code') if !%objects;
    return \%objects;
}

sub names ($files) { map { $_->{name} } @$files }

sub kind_of ($name) {
    for my $kind (@kinds) {
        return $kind->[0] if $name =~ $kind->[1];
    }
    return 'unknown';
}

1;
