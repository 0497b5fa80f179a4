# SPDX-License-Identifier: GPL-2.0-only
#
# Tar.pm - read and write compressed tar archives, trusting nothing in them
#
# An archive is listed and checked as a whole before a byte of it is unpacked,
# so a refused one leaves nothing behind.  It may hold plain files and
# directories at relative paths: anything else (links, devices, '..', absolute
# paths, a name twice) is refused by name.  ustar, GNU long names and harmless
# pax headers are read; ustar is written, always the same bytes for the same
# files.  Needs gzip(1), not tar(1).

package Ksplice::Tar;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter       qw(import);
use File::Basename qw(basename dirname);
use File::Path     qw(make_path);
use Ksplice        qw(fail read_file run temp_dir write_file);

our @EXPORT_OK = qw(open_tar extract_tar write_tar);

my $block = 512;
my $header_layout =
    'a100 a8 a8 a8 a12 a12 a8 a1 a100 a6 a2 a32 a32 a8 a8 a155 x12';
my %kind = (
    1 => 'a hard link', 2 => 'a symbolic link', 3 => 'a character device',
    4 => 'a block device', 6 => 'a named pipe',
);

# open_tar(FILE) -> {file, handle, entries => [{name, directory, offset, size}]}
# Fails unless all of it may be unpacked.
sub open_tar ($file) {
    my $tar = { file => $file, handle => decompress($file) };
    my $size = -s $tar->{handle};
    fail("'$file' is an empty archive") if !$size;
    my ($offset, $ended, $long_name) = (0, 0, undef);
    my @entries;
    while ($offset + $block <= $size) {
        my $header = read_bytes($tar, $offset, $block);
        $offset += $block;
        if ($header eq "\0" x $block) { $ended = 1; last }
        my $entry = parse_header($file, $header, $offset);
        if ($offset + $entry->{size} > $size) {
            fail("'$file' is truncated: it ends inside '$entry->{name}'");
        }
        $offset += $entry->{size} + -$entry->{size} % $block;
        if ($entry->{type} eq 'L') {
            $long_name = read_bytes($tar, @$entry{qw(offset size)}) =~ s/\0.*//sr;
        }
        elsif ($entry->{type} =~ /[xg]/) {
            check_pax($file, read_bytes($tar, @$entry{qw(offset size)}));
        }
        else {
            $entry->{name} = $long_name if defined $long_name;
            $long_name = undef;
            push @entries, $entry;
        }
    }
    fail("'$file' is truncated: it has no end mark") unless $ended;
    $tar->{entries} = [check_entries($file, @entries)];
    fail("'$file' is an empty archive") unless @{ $tar->{entries} };
    return $tar;
}

# Unpacks everything below the directory, with modes of our own.
sub extract_tar ($tar, $dir) {
    for my $entry (@{ $tar->{entries} }) {
        my $path = "$dir/$entry->{name}";
        make_path($entry->{directory} ? $path : dirname($path), { error => \my $errors });
        fail("cannot unpack '$entry->{name}': " . join ', ', values %{ $errors->[0] })
            if @$errors;
        next if $entry->{directory};
        write_file($path, read_bytes($tar, @$entry{qw(offset size)}));
    }
    return;
}

# write_tar(FILE, DIR): the directory with all that is in it, under its own
# name, compressed.  FILE appears when it is complete.
sub write_tar ($file, $dir) {
    my $scratch = temp_dir();
    my $tar = join '', tar_entries(dirname($dir), basename($dir));
    write_file("$scratch/tar", $tar . "\0" x (2 * $block));
    run({ to => "$scratch/gz" }, 'gzip', '-9nc', "$scratch/tar");
    write_file($file, read_file("$scratch/gz"));
    return;
}

# --- reading ---------------------------------------------------------------

# A handle of the uncompressed archive.
sub decompress ($file) {
    open my $in, '<:raw', $file or fail("cannot read '$file': $!");
    my $n = read $in, my ($magic), 2;
    fail("cannot read '$file': $!") unless defined $n;
    fail("'$file' is empty") if $n == 0;
    fail("'$file' is not an update: it is not compressed by gzip") if $magic ne "\x1f\x8b";
    my $out = temp_dir() . '/tar';
    my $status = run({ ok => 'any', stdin => $file, to => $out, output => \my $words },
        'gzip', '-dc');
    $words =~ s/\s+/ /g;
    $words =~ s/^\s*gzip:\s*(?:stdin:\s*)?//;
    $words =~ s/\s+\z//;
    fail("'$file' is damaged or truncated: gzip says '$words'") if $status;
    open my $tar, '<:raw', $out or fail("cannot read '$out': $!");
    unlink $out;
    return $tar;
}

sub read_bytes ($tar, $offset, $size) {
    seek $tar->{handle}, $offset, 0;
    my $n = read $tar->{handle}, my ($bytes), $size;
    fail("cannot read '$tar->{file}': $!") unless defined $n && $n == $size;
    return $bytes;
}

# The header before offset -> {name, type, size, offset}
sub parse_header ($file, $header, $offset) {
    my ($name, undef, undef, undef, $size, undef, $sum, $type, undef, $magic, undef,
        undef, undef, undef, undef, $prefix) = unpack $header_layout, $header;
    s/\0.*//s for $name, $size, $sum, $prefix;
    my $blanked = $header;
    substr $blanked, 148, 8, ' ' x 8;
    if ($magic !~ /^ustar/ or $sum !~ /^\s*([0-7]+)\s*\z/ or oct $1 != unpack '%32C*', $blanked) {
        fail("'$file' is not an update: it is no tar archive") if $offset == $block;
        fail("'$file' is damaged: no tar header at offset " . ($offset - $block));
    }
    $name = "$prefix/$name" if length $prefix && $magic eq "ustar\0";
    $size =~ /^\s*([0-7]+)\s*\z/ or fail("'$file' is damaged: the size of '$name' is no number");
    $type = '0' if $type eq "\0";
    return { name => $name, type => $type, size => oct $1, offset => $offset };
}

# Records "LENGTH KEY=VALUE\n"; those that change what an entry is are refused.
sub check_pax ($file, $text) {
    for my $record (split /\n/, $text) {
        my ($key) = $record =~ /^\d+ ([^=]+)=/ or next;
        next unless $key =~ /^(?:path|linkpath|size|GNU\..*)\z/;
        fail("'$file' has a pax header with '$key': pack it with tar --format=ustar");
    }
    return;
}

# The entries with clean names; fails if one may not be unpacked.
sub check_entries ($file, @entries) {
    my (%seen, @clean);
    for my $entry (@entries) {
        my ($name, $type) = @$entry{qw(name type)};
        my $shown = $name =~ s/[^ -~]/?/gr;
        fail("'$file' has an entry without a name") unless length $name;
        fail("'$file' has an entry with an unprintable name, '$shown'") if $shown ne $name;
        fail("'$file' has an absolute path, '$name'") if $name =~ m{^/};
        my @parts = grep { length && $_ ne '.' } split m{/}, $name;
        fail("'$file' has a path that leaves it, '$name'") if grep { $_ eq '..' } @parts;
        fail("'$file' has $kind{$type}, '$name'") if $kind{$type};
        fail("'$file' has an entry of unknown type '$type', '$name'") if $type !~ /^[05]\z/;
        next unless @parts;
        $name = join '/', @parts;
        fail("'$file' has '$name' twice") if $seen{$name}++ && $type ne '5';
        push @clean, { %$entry, name => $name, directory => $type eq '5' };
    }
    my %is_file = map { $_->{name} => 1 } grep { !$_->{directory} } @clean;
    for my $entry (@clean) {
        my $above = $entry->{directory} ? "$entry->{name}/" : $entry->{name};
        while ($above =~ s{/[^/]*\z}{}) {
            fail("'$file' has '$above' twice") if $is_file{$above};
        }
    }
    return @clean;
}

# --- writing ---------------------------------------------------------------

# The headers and contents of what is at top/name, in the order of names.
sub tar_entries ($top, $name) {
    my $path = "$top/$name";
    if (-d $path) {
        opendir my $dir, $path or fail("cannot read '$path': $!");
        my @inside = sort grep { !/^\.\.?\z/ } readdir $dir;
        return (make_header("$name/", '5', 0755, 0), map { tar_entries($top, "$name/$_") } @inside);
    }
    my $content = read_file($path);
    return (make_header($name, '0', 0644, length $content), $content,
        "\0" x (-length($content) % $block));
}

sub make_header ($name, $type, $mode, $size) {
    my $prefix = '';
    if (length $name > 100) {
        ($prefix, $name) = $name =~ m{^(.{1,155})/(.{1,100})\z}
            or fail("the name '$name' is too long for an archive");
    }
    my $header = pack $header_layout, $name, sprintf('%07o', $mode), '0000000', '0000000',
        sprintf('%011o', $size), '00000000000', ' ' x 8, $type, '', "ustar\0", '00',
        'root', 'root', '0000000', '0000000', $prefix;
    substr $header, 148, 8, sprintf "%06o\0 ", unpack '%32C*', $header;
    return $header;
}

1;
