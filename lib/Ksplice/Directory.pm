# SPDX-License-Identifier: GPL-2.0-only
#
# Directory.pm - read a directory of files as Tar.pm reads an archive
#
# The same kinds of files are refused, with the same messages, and nothing is used
# before everything was checked.  Later steps use a copy: other users may be able
# to write to the directory.

package Ksplice::Directory;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter     qw(import);
use Fcntl        qw(:mode O_NOFOLLOW O_NONBLOCK O_RDONLY);
use Ksplice      qw(fail read_file);
use Ksplice::Tar qw(check_entry_name check_size copy_bytes most_entries most_kept);

our @EXPORT_OK = qw(open_directory extract_directory);

my %kind = (
    S_IFLNK, 'a symbolic link', S_IFCHR, 'a character device', S_IFBLK, 'a block device',
    S_IFIFO, 'a named pipe', S_IFSOCK, 'a socket',
);

# open_directory(DIR, NAME...) -> {file, entries => [{name, directory, size}],
# kept => {NAME => TEXT}}: as open_tar, but the names begin below DIR.
sub open_directory ($path, @keep) {
    my @entries = list($path, '');
    check_size($path, 0, map { $_->{size} } @entries);
    my %kept;
    for my $entry (@entries) {
        next if $entry->{directory} || !grep { $_ eq $entry->{name} } @keep;
        fail("'$path' has a '$entry->{name}' that is too large") if $entry->{size} > most_kept;
        $kept{ $entry->{name} } = read_file("$path/$entry->{name}");
    }
    return { file => $path, entries => \@entries, kept => \%kept };
}

sub extract_directory ($directory, $to) {
    my $path = $directory->{file};
    for my $entry (grep { !$_->{directory} } @{ $directory->{entries} }) {
        my $name = $entry->{name};
        sysopen my $in, "$path/$name", O_RDONLY | O_NOFOLLOW | O_NONBLOCK
            or fail("cannot read '$path/$name': $!");
        binmode $in;
        my $take = sub ($n) {
            my $got = read $in, my ($bytes), $n;
            fail("cannot read '$path/$name': $!") unless defined $got;
            return $bytes;
        };
        copy_bytes($take, $entry->{size}, "$to/$name")
            && !length $take->(1) && -f $in
            or fail("'$path' has changed while it was read: '$name'");
    }
    return;
}

sub list ($path, $below) {
    opendir my $dir, "$path/$below" or fail("cannot read '$path/$below': $!");
    my @names = sort grep { !/^\.\.?\z/ } readdir $dir;
    fail("'$path' has more than " . most_entries . ' files') if @names > most_entries;
    my @entries;
    for my $name (map { "$below$_" } @names) {
        check_entry_name($path, $name);
        my ($mode, $size) = (lstat "$path/$name")[2, 7]
            or fail("cannot read '$path/$name': $!");
        my $kind = S_IFMT($mode);
        fail("'$path' has $kind{$kind}, '$name'") if $kind{$kind};
        my $is_directory = S_ISDIR($mode);
        push @entries, { name => $name, directory => $is_directory,
            size => $is_directory ? 0 : $size };
        push @entries, list($path, "$name/") if $is_directory;
    }
    return @entries;
}

1;
