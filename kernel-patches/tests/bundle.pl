#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# bundle.pl - makes of what "runc spec" wrote a container for the tests
#
#   bundle.pl [--no-proc] [--user] [--write] [--group=PATH] COMMAND...
#
# spec.json of this directory becomes config.json: with the command, 64 megabytes,
# processor 1 and the hook; what a hook has to say crun appends to /tmp/said.
# With --no-proc there is no procfs, with --user there is a user namespace, with
# --write the root can be written, with --group its control group has that path.  As
# text, since perl-base cannot parse JSON.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

my %wish;
$wish{ shift @ARGV } = 1 while @ARGV && $ARGV[0] =~ /^--/;

open my $in, '<', 'spec.json' or die "bundle.pl: cannot read 'spec.json': $!\n";
my $text = do { local $/ = undef; <$in> };

# Changes a place that has to be there.
sub change ($from, $to) {
    $text =~ s/$from/$to/ or die "bundle.pl: spec.json has nothing that matches $from\n";
    return;
}
# As the first of an object's or array's.
sub add ($name, $bracket, $what) {
    change(qr/"\Q$name\E": \Q$bracket\E/, qq("$name": $bracket $what,));
    return;
}

my $command = join ', ', map { '"' . s/(["\\])/\\$1/gr . '"' } @ARGV;
change(qr/"args": \[.*?\]/s, qq("args": [ $command ]));
change(qr/"terminal": true/, '"terminal": false');
add('resources', '{', '"memory": { "limit": 67108864 }, "cpu": { "cpus": "1" }');
change(qr/\A\s*\{/, '{ "annotations": { "run.oci.hooks.stderr": "/tmp/said" },'
    . ' "hooks": { "createContainer": [ { "path": "/hook/tkernel-hook" } ] },');
change(qr/\{\s*"destination": "\/proc",.*?\},/s, '') if $wish{'--no-proc'};
change(qr/"readonly": true/, '"readonly": false') if $wish{'--write'};
my ($group) = map { /^--group=(.*)/ ? $1 : () } keys %wish;
add('linux', '{', qq("cgroupsPath": "$group")) if defined $group;
if ($wish{'--user'}) {
    my $map = '[ { "containerID": 0, "hostID": 100000, "size": 65536 } ]';
    add('linux', '{', qq("uidMappings": $map, "gidMappings": $map));
    add('namespaces', '[', '{ "type": "user" }');
}

open my $out, '>', 'config.json' or die "bundle.pl: cannot write 'config.json': $!\n";
print {$out} $text;
close $out or die "bundle.pl: cannot write 'config.json': $!\n";
