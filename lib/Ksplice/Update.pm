# SPDX-License-Identifier: GPL-2.0-only
#
# Update.pm - an update as files: read it, write it, pack it
#
# An update is a directory ksplice-KID, or the tarball of one; `contents` has the
# kernel that it is for, its modules, and the hash of each file
# (doc/ksplice-update.pod).  Reading checks everything that can be checked without a
# kernel.  read_update returns a verified private copy; it is complete, and its names
# are safe to use in paths.

package Ksplice::Update;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter           qw(import);
use Ksplice            qw(fail read_file temp_dir write_file);
use Ksplice::Directory qw(extract_directory open_directory);
use Ksplice::Hash      qw(is_sha256 sha256_files sha256_text);
use Ksplice::Tar       qw(check_size extract_tar most_entries open_tar write_tar);

our @EXPORT_OK = qw(API_VERSION is_kid is_target module_file module_name
    read_update read_part_of_update write_update seal_update pack_update);

# The version of the files and of the interface of the core, which has the same.
use constant API_VERSION => '4';

# Reserved words: files of the core beside the directories named KID, and `all` of
# --replace.
sub is_kid ($text) {
    return $text =~ /^[a-z0-9_]{1,16}\z/
        && $text !~ /^(?:state|version|forget|await|helper|all)\z/;
}

sub is_target ($text) { return $text =~ /^[A-Za-z0-9_]{1,56}\z/ }

# Of a change; side is 'old' or 'new'.
sub module_file ($kid, $target, $side) { return "ksplice-$kid-$target-$side.ko" }
sub module_name ($kid, $target, $side) { return "ksplice_${kid}_${target}_$side" }

# read_update(PATH) -> {path, dir, kid, hash, release, arch, core, description,
# needs => [{kid, hash}...], changes => [{target, old, new}...], files => {NAME => {size,
# sha256}}}: old, new and core are files in dir, a temporary directory.  It needs the
# updates that it was built on top of.
sub read_update ($path) {
    my ($source, $update) = open_update($path);
    my %there = map { $_->{name} => 1 } @{ $source->{entries} };
    for my $name (sort keys %{ $update->{files} }) {
        fail("'$path' is incomplete: '$name' is missing") unless $there{$name};
    }
    return take_update($path, $source, $update);
}

# The same for a directory with only some of the files: without the changes whose
# modules are missing.
sub read_part_of_update ($path) {
    my ($source, $update) = open_update($path);
    my %there = map { $_->{name} => 1 } @{ $source->{entries} };
    my @changes = grep { $there{ $_->{old} } && $there{ $_->{new} } } @{ $update->{changes} };
    return take_update($path, $source, { %$update, changes => \@changes });
}

# write_update(DIR, {kid, release, arch, core, changes => [{target}...]}): writes
# contents and api-version; all other files exist already.
sub write_update ($dir, $update) {
    my $kid = $update->{kid};
    my @lines = map { "$_ $update->{$_}" } qw(kid release arch core);
    push @lines, map { "needs $_->{kid} $_->{hash}" } @{ $update->{needs} // [] };
    for my $target (map { $_->{target} } @{ $update->{changes} }) {
        my @modules = map { module_file($kid, $target, $_) } qw(old new);
        push @lines, "change $target @modules";
    }
    my $text = join '', map { "$_\n" } @lines;
    parse_lines($dir, $text);
    write_file("$dir/contents", $text);
    write_file("$dir/api-version", API_VERSION . "\n");
    seal_update($dir);
    return;
}

# seal_update(DIR): writes the hashes of the files, as they are, into contents.
sub seal_update ($dir) {
    my $text = read_file("$dir/contents") =~ s/^(?:file|hash) .*\n//mgr;
    my @entries = grep { !$_->{directory} && $_->{name} ne 'contents' }
        @{ open_directory($dir)->{entries} };
    my $hash = sha256_files($dir, map { $_->{name} } @entries);
    $text .= "file $_->{name} $_->{size} $hash->{$_->{name}}\n" for @entries;
    write_file("$dir/contents", $text . 'hash ' . sha256_text($text) . "\n");
    return;
}

# pack_update(DIR, FILE): DIR is named ksplice-KID.
sub pack_update ($dir, $file) {
    read_update($dir);
    write_tar($file, $dir);
    return;
}

# --- checks ----------------------------------------------------------------

# The files of an update, from Tar.pm or Directory.pm, and its parsed contents; they
# agree as far as can be checked before anything is unpacked.
sub open_update ($path) {
    fail("cannot read '$path': $!") unless -e $path;
    fail("'$path' is not an update: neither a file nor a directory") unless -f _ || -d _;
    my @parts = qw(api-version contents);
    my $source = -d _ ? open_directory($path, @parts) : inside_top($path, open_tar($path, @parts));
    for my $name (@parts) {
        fail("'$path' is not an update: it has no '$name'") unless defined $source->{kept}{$name};
    }
    check_api_version($path, $source->{kept}{'api-version'});
    my $update = parse_contents($path, $source->{kept}{contents});
    check_entries($path, $source, $update);
    return ($source, $update);
}

# The entries of the only directory of a tarball, with their names below it.
sub inside_top ($path, $tar) {
    my (%top, $stray);
    for my $entry (@{ $tar->{entries} }) {
        my ($top, $inside) = $entry->{name} =~ m{^([^/]+)(?:/(.*))?\z};
        $top{$top} = 1;
        $stray //= $top unless defined $inside || $entry->{directory};
        $entry->{name} = $inside // '';
    }
    my @top = sort keys %top;
    fail("'$path' is not an update: it has more than one top directory ("
        . join(', ', map { "'$_'" } @top) . ')') if @top > 1;
    fail("'$path' is not an update: '$stray' is not a directory") if defined $stray;
    return $tar;
}

sub check_api_version ($path, $text) {
    my $api = $text =~ s/\s+\z//r;
    return if $api eq API_VERSION;
    my $cure = $api =~ /^[0-9]{1,4}\z/ && $api < API_VERSION
        ? 'build it again with this ksplice-create' : 'it needs another version of ksplice';
    fail("'$path' has api version '$api', but this ksplice has " . API_VERSION . ": $cure");
}

# Refuses files that contents does not list, or of another size.
sub check_entries ($path, $source, $update) {
    my $files = $update->{files};
    for my $entry (grep { !$_->{directory} } @{ $source->{entries} }) {
        my ($name, $size) = @$entry{qw(name size)};
        next if $name eq 'contents';
        my $file = $files->{$name}
            // fail("'$path' has '$name', which its 'contents' does not list");
        fail_altered($path, "'$name' has $size bytes, but 'contents' lists $file->{size}")
            if $size != $file->{size};
    }
    return;
}

sub fail_altered ($path, $what) {
    fail("'$path' is damaged or modified: $what; fetch it again");
}

# Copies the files and verifies them against contents.
sub take_update ($path, $source, $update) {
    my $dir = temp_dir();
    $source->{path} = $path;
    if (-d $path) { extract_directory($source, $dir) }
    else          { extract_tar($source, $dir) }
    my @names = grep { $_ ne 'contents' }
        map { $_->{directory} ? () : $_->{name} } @{ $source->{entries} };
    my $hash = sha256_files($dir, @names);
    for my $name (@names) {
        my ($ours, $theirs) = ($update->{files}{$name}{sha256}, $hash->{$name});
        fail_altered($path, "'$name' has the hash $theirs, but 'contents' lists $ours")
            if $ours ne $theirs;
    }
    @$update{qw(path dir)} = ($path, $dir);
    $update->{description} = -f "$dir/description" ? read_file("$dir/description") : '';
    return $update;
}

# The pattern of each kind of value in contents.
my %value = (
    kid     => \&is_kid,
    release => sub ($text) { $text =~ /^\w[\w.+~-]*\z/ },
    arch    => sub ($text) { $text =~ /^\w+\z/ },
    core    => sub ($text) { $text =~ /^\w[\w-]*\.ko\z/ },
    hash    => \&is_sha256,
);

# Parses contents, which ends with the hash of everything before it.
sub parse_contents ($path, $text) {
    my $update = parse_lines($path, $text);
    my ($lines, $hash) = $text =~ /\A(.*^)hash (\S+)\n\z/ms;
    fail("'$path' has a malformed 'contents': it does not end with its hash")
        unless defined $hash;
    my $theirs = sha256_text($lines);
    fail_altered($path, "'contents' has the hash $theirs, but lists $hash") if $theirs ne $hash;
    my $files = $update->{files};
    my @modules = map { @$_{qw(old new)} } @{ $update->{changes} };
    for my $name ('api-version', $update->{core}, @modules) {
        fail("'$path' is incomplete: its 'contents' does not list '$name'") unless $files->{$name};
        fail("'$path' is incomplete: '$name' is empty") unless $files->{$name}{size};
    }
    check_size($path, map { $_->{size} } values %$files);
    return $update;
}

# The same, for contents without the lines of a finished update.
sub parse_lines ($path, $text) {
    my %update = (changes => [], needs => [], files => {});
    my $n;
    for my $line (split /\n/, $text) {
        $n++;
        my ($key, @values) = split / /, $line;
        my $problem = parse_line(\%update, $key // '', @values) // next;
        fail("'$path' has a malformed 'contents', line $n ('" . ($line =~ s/[^ -~]/?/gr)
            . "'): $problem");
    }
    for my $key (sort keys %value) {
        fail("'$path' has a malformed 'contents': no '$key'")
            unless defined $update{$key} || $key eq 'hash';
    }
    fail("'$path' has a malformed 'contents': no change") unless @{ $update{changes} };
    return \%update;
}

# Adds the data of the line to the update; returns what is wrong with it, or undef.
sub parse_line ($update, $key, @values) {
    return parse_change($update, @values) if $key eq 'change';
    return parse_file($update, @values)   if $key eq 'file';
    return parse_needs($update, @values)  if $key eq 'needs';
    my $is_valid = $value{$key} // return 'unknown';
    return 'a second one' if exists $update->{$key};
    return 'not one valid value' unless @values == 1 && $is_valid->($values[0]);
    $update->{$key} = $values[0];
    return undef;
}

sub parse_change ($update, $target = '', @files) {
    my ($kid, $changes) = @$update{qw(kid changes)};
    return 'not a target and two modules' unless @files == 2;
    return 'the name of the target' unless is_target($target);
    return 'a second change of the same target' if grep { $_->{target} eq $target } @$changes;
    return "'kid' must come first" unless defined $kid;
    my @expected = map { module_file($kid, $target, $_) } qw(old new);
    return "the modules must be @expected" if "@files" ne "@expected";
    push @$changes, { target => $target, old => $files[0], new => $files[1] };
    return undef;
}

sub parse_needs ($update, $kid = '', $hash = '', @more) {
    return 'not the id and the hash of one update' if @more || !is_kid($kid) || !is_sha256($hash);
    return 'a second one of this id' if grep { $_->{kid} eq $kid } @{ $update->{needs} };
    push @{ $update->{needs} }, { kid => $kid, hash => $hash };
    return undef;
}

sub parse_file ($update, $name = '', $size = '', $hash = '', @more) {
    my $files = $update->{files};
    return 'not a name, a size and a hash' if @more || $size !~ /^[0-9]{1,10}\z/
        || !is_sha256($hash) || $name !~ m{^\w[\w.+-]*(?:/\w[\w.+-]*)*\z};
    return 'a second one of this name' if $files->{$name} || $name eq 'contents';
    return 'more than ' . most_entries . ' files' if keys %$files >= most_entries;
    $files->{$name} = { size => $size, sha256 => $hash };
    return undef;
}

1;
