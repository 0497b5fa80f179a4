# SPDX-License-Identifier: GPL-2.0-only
#
# Update.pm - an update as files: read it, write it, pack it
#
# An update is a directory ksplice-KID, or the tarball of one; `contents` says
# what it is for and which modules make it (doc/update-format.md).  Reading
# checks everything that can be checked without a kernel, so what read_update
# returns is complete and its names are safe to use in paths.

package Ksplice::Update;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter     qw(import);
use Ksplice      qw(fail read_file temp_dir write_file);
use Ksplice::Tar qw(extract_tar open_tar write_tar);

our @EXPORT_OK = qw(API_VERSION is_kid is_target module_file module_name
    read_update write_update pack_update);

# Of the files and of the talk with the core; the core has the same.
use constant API_VERSION => '2';

# The words are files of the core, beside the directories named KID.
sub is_kid ($text) {
    return $text =~ /^[a-z0-9_]{1,16}\z/ && $text !~ /^(?:state|version|forget|await|helper)\z/;
}

sub is_target ($text) { return $text =~ /^[A-Za-z0-9_]{1,56}\z/ }

# Of a change; side is 'old' or 'new'.
sub module_file ($kid, $target, $side) { return "ksplice-$kid-$target-$side.ko" }
sub module_name ($kid, $target, $side) { return "ksplice_${kid}_${target}_$side" }

# read_update(PATH) -> {path, dir, kid, release, arch, core, description,
# changes => [{target, old, new}...]}: old, new and core are files in dir.
# A tarball is unpacked to a temporary directory.
sub read_update ($path) {
    fail("cannot read '$path': $!") unless -e $path;
    fail("'$path' is not an update: neither a file nor a directory") unless -f _ || -d _;
    my $dir = -d _ ? $path : unpack_update($path);
    check_api_version($path, $dir);
    my $update = parse_contents($path, read_part($path, $dir, 'contents'));
    @$update{qw(path dir)} = ($path, $dir);
    for my $file ($update->{core}, map { @$_{qw(old new)} } @{ $update->{changes} }) {
        fail("'$path' is incomplete: '$file' is missing") unless -f "$dir/$file";
        fail("'$path' is incomplete: '$file' is empty") unless -s _;
    }
    $update->{description} = -f "$dir/description" ? read_file("$dir/description") : '';
    return $update;
}

# write_update(DIR, {kid, release, arch, core, changes => [{target}...]}):
# writes contents and api-version; the modules are put there by others.
sub write_update ($dir, $update) {
    my $kid = $update->{kid};
    my @lines = map { "$_ $update->{$_}" } qw(kid release arch core);
    for my $target (map { $_->{target} } @{ $update->{changes} }) {
        my @modules = map { module_file($kid, $target, $_) } qw(old new);
        push @lines, "change $target @modules";
    }
    my $text = join '', map { "$_\n" } @lines;
    parse_contents($dir, $text);
    write_file("$dir/contents", $text);
    write_file("$dir/api-version", API_VERSION . "\n");
    return;
}

# pack_update(DIR, FILE): DIR is named ksplice-KID.
sub pack_update ($dir, $file) {
    read_update($dir);
    write_tar($file, $dir);
    return;
}

# --- checks ----------------------------------------------------------------

# Unpacks to a temporary directory; returns the one directory that is in it.
sub unpack_update ($path) {
    my $tar = open_tar($path);
    my (%top, $stray);
    for my $entry (@{ $tar->{entries} }) {
        my ($top, $inside) = $entry->{name} =~ m{^([^/]+)(/)?};
        $top{$top} = 1;
        $stray //= $top unless $inside || $entry->{directory};
    }
    my @top = sort keys %top;
    fail("'$path' is not an update: it has more than one top directory ("
        . join(', ', map { "'$_'" } @top) . ')') if @top > 1;
    fail("'$path' is not an update: '$stray' is not a directory") if defined $stray;
    my $dir = temp_dir();
    extract_tar($tar, $dir);
    return "$dir/$top[0]";
}

sub read_part ($path, $dir, $name) {
    fail("'$path' is not an update: it has no '$name'") unless -f "$dir/$name";
    return read_file("$dir/$name");
}

sub check_api_version ($path, $dir) {
    my $api = read_part($path, $dir, 'api-version') =~ s/\s+\z//r;
    return if $api eq API_VERSION;
    $api =~ s/[^ -~]/?/g;
    fail("'$path' has api version '$api', but this ksplice has " . API_VERSION);
}

# Of one value in contents: what it must look like.
my %value = (
    kid     => \&is_kid,
    release => sub ($text) { $text =~ /^\w[\w.+~-]*\z/ },
    arch    => sub ($text) { $text =~ /^\w+\z/ },
    core    => sub ($text) { $text =~ /^\w[\w-]*\.ko\z/ },
);

sub parse_contents ($path, $text) {
    my %update = (changes => []);
    my (%seen, $n);
    for my $line (split /\n/, $text) {
        $n++;
        my ($key, @values) = split / /, $line;
        my $bad = sub ($why) {
            fail("'$path' has a malformed 'contents', line $n ('"
                . ($line =~ s/[^ -~]/?/gr) . "'): $why");
        };
        $key //= '';
        if ($key eq 'change') {
            my ($target, @files) = @values;
            $bad->('not a target and two modules') unless @values == 3;
            $bad->('the name of the target') unless is_target($target);
            $bad->('a second change of the same target') if $seen{$target}++;
            $bad->("'kid' must come first") unless defined $update{kid};
            my @expected = map { module_file($update{kid}, $target, $_) } qw(old new);
            $bad->("the modules must be @expected") if "@files" ne "@expected";
            push @{ $update{changes} }, { target => $target, old => $files[0], new => $files[1] };
        }
        elsif (my $is_valid = $value{$key}) {
            $bad->('a second one') if exists $update{$key};
            $bad->('not one valid value') unless @values == 1 && $is_valid->($values[0]);
            $update{$key} = $values[0];
        }
        else { $bad->('unknown') }
    }
    for my $key (sort keys %value) {
        fail("'$path' has a malformed 'contents': no '$key'") unless defined $update{$key};
    }
    fail("'$path' has a malformed 'contents': no change") unless @{ $update{changes} };
    return \%update;
}

1;
