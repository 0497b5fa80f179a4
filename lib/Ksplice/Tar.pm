# SPDX-License-Identifier: GPL-2.0-only
#
# Tar.pm - read and write compressed tar archives, trusting nothing in them
#
# An archive is read twice: completely before a byte of it is unpacked, so a refused
# one leaves nothing over, and again to unpack what was checked.  It is decompressed
# piece by piece and never stored; reading stops at a limit, whatever its size.  It may
# contain plain files and directories at relative paths:
# anything else (links, devices, '..', absolute paths, a name twice) is refused
# by name.  ustar, GNU long names and harmless pax headers are read; ustar is
# written, always the same bytes for the same files.  Needs gzip(1), not tar(1).

package Ksplice::Tar;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter       qw(import);
use File::Basename qw(basename dirname);
use File::Path     qw(make_path);
use Ksplice        qw(fail read_file run stream temp_dir write_file);

our @EXPORT_OK = qw(open_tar extract_tar write_tar check_entry_name check_size copy_bytes
    most_entries most_kept);

# An update of two hundred objects has some megabytes.
use constant most_bytes   => 256 << 20;    # of all that is in it, and the headers
use constant most_entries => 10_000;
use constant most_kept    => 1 << 20;      # of a file that is looked at before

my $block = 512;
my $longest_name = 4096;
my $longest_pax = 65536;
my $header_layout =
    'a100 a8 a8 a8 a12 a12 a8 a1 a100 a6 a2 a32 a32 a8 a8 a155 x12';
my %kind = (
    1 => 'a hard link', 2 => 'a symbolic link', 3 => 'a character device',
    4 => 'a block device', 6 => 'a named pipe',
);

# open_tar(FILE, NAME...) -> {file, entries => [{name, path, directory, size}],
# kept => {NAME => TEXT}}: with the contents of the files NAME of the directory
# at the top.  Fails unless all of it may be unpacked.  `path` is as in the archive.
sub open_tar ($file, @keep) {
    my (@entries, %kept);
    scan($file, sub ($entry, $take) {
        fail("'$file' has more than " . most_entries . ' files') if @entries == most_entries;
        push @entries, $entry;
        my ($name) = $entry->{path} =~ m{^(?:\./)?[^/]+/([^/]+)\z} or return;
        return unless grep { $_ eq $name } @keep;
        fail("'$file' has a '$name' that is too large") if $entry->{size} > most_kept;
        $kept{$name} = $take->($entry->{size});
    });
    @entries = check_entries($file, @entries);
    fail("'$file' is an empty archive") unless @entries;
    return { file => $file, entries => \@entries, kept => \%kept };
}

# Unpacks everything below the directory, with modes of our own.
sub extract_tar ($tar, $dir) {
    my $file = $tar->{file};
    my %left = map { $_->{path} => $_ } grep { !$_->{directory} } @{ $tar->{entries} };
    scan($file, sub ($now, $take) {
        return if $now->{type} eq '5';
        my $entry = delete $left{ $now->{path} };
        fail("'$file' has changed while it was read: '$now->{path}'")
            if !$entry || $entry->{size} != $now->{size};
        copy_bytes($take, $entry->{size}, "$dir/$entry->{name}");
    });
    fail("'$file' has changed while it was read") if %left;
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

# Calls the sub with each entry, and with a sub that takes bytes of its content.
sub scan ($file, $visit) {
    check_magic($file);
    my $tar = { file => $file, offset => 0 };
    my $problem;
    my $status = stream({ ok => 'any', stdin => $file, output => \my $words }, sub ($in) {
        $tar->{in} = $in;
        return if eval { scan_entries($tar, $visit); 1 };
        $problem = $@;
        # Where it ends too early, gzip knows more.
        die $problem unless $tar->{is_at_end};
    }, 'gzip', '-dc');
    $words =~ s/\s+/ /g;
    $words =~ s/^\s*gzip:\s*(?:stdin:\s*)?//;
    $words =~ s/\s+\z//;
    fail("'$file' is damaged or truncated: gzip reports '$words'") if $status;
    die $problem if defined $problem;
    return;
}

sub check_magic ($file) {
    open my $in, '<:raw', $file or fail("cannot read '$file': $!");
    my $n = read $in, my ($magic), 2;
    fail("cannot read '$file': $!") unless defined $n;
    fail("'$file' is empty") if $n == 0;
    fail("'$file' is not an update: it is not compressed by gzip") if $magic ne "\x1f\x8b";
    return;
}

sub scan_entries ($tar, $visit) {
    my $file = $tar->{file};
    my $long_name;
    while (1) {
        my $header = next_bytes($tar, $block);
        fail("'$file' is an empty archive") if !length $header && $tar->{offset} == 0;
        fail("'$file' is truncated: it has no end mark") if length $header != $block;
        last if $header eq "\0" x $block;
        my $entry = parse_header($file, $header, $tar->{offset});
        my ($type, $left) = @$entry{qw(type size)};
        check_size($file, $tar->{offset}, $left);
        my $take = sub ($n) {
            my $bytes = next_bytes($tar, $n);
            fail("'$file' is truncated: it ends inside '$entry->{path}'")
                if length $bytes != $n;
            $left -= $n;
            return $bytes;
        };
        if ($type eq 'L') {
            fail("'$file' has a name that is too long") if $left > $longest_name;
            $long_name = $take->($left) =~ s/\0.*//sr;
        }
        elsif ($type =~ /[xg]/) {
            fail("'$file' has a pax header that is too long") if $left > $longest_pax;
            check_pax($file, $take->($left));
        }
        else {
            $entry->{path} = $long_name if defined $long_name;
            $long_name = undef;
            $visit->($entry, $take);
        }
        my $padding = -$entry->{size} % $block;
        $take->($left > 65536 ? 65536 : $left) while $left;
        $take->($padding);
    }
    while (length(my $bytes = next_bytes($tar, 65536))) {
        fail("'$file' has something after its end mark") if $bytes =~ /[^\0]/;
    }
    return;
}

# Returns fewer bytes only at the end.
sub next_bytes ($tar, $n) {
    return '' if !$n;
    check_size($tar->{file}, $tar->{offset});
    my $got = read $tar->{in}, my ($bytes), $n;
    fail("cannot read '$tar->{file}': $!") unless defined $got;
    $tar->{offset} += $got;
    $tar->{is_at_end} = 1 if $got < $n;
    return $bytes;
}

# Fails if the sum of the sizes exceeds the limit of an update.
sub check_size ($file, @sizes) {
    my $sum = 0;
    $sum += $_ for @sizes;
    fail("'$file' would unpack to more than " . (most_bytes >> 20) . ' MiB')
        if $sum > most_bytes;
    return;
}

# copy_bytes(TAKE, SIZE, FILE): TAKE gives bytes.  Returns false if there are too few.
sub copy_bytes ($take, $size, $to) {
    make_path(dirname($to), { error => \my $errors });
    fail("cannot make the directory of '$to': " . join ', ', values %{ $errors->[0] })
        if @$errors;
    my $cannot = sub () {
        my $cure = $!{ENOSPC} ? '; free some space there, or set TMPDIR to another place' : '';
        fail("cannot write '$to': $!$cure");
    };
    open my $out, '>:raw', $to or $cannot->();
    while ($size) {
        my $bytes = $take->($size > 65536 ? 65536 : $size);
        return 0 if !length $bytes;
        print {$out} $bytes or $cannot->();
        $size -= length $bytes;
    }
    close $out or $cannot->();
    return 1;
}

# The header before offset -> {path, type, size}
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
    return { path => $name, type => $type, size => oct $1 };
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

sub check_entry_name ($file, $name) {
    my $shown = $name =~ s/[^ -~]/?/gr;
    fail("'$file' has an entry without a name") unless length $name;
    fail("'$file' has an entry with an unprintable name, '$shown'") if $shown ne $name;
    return;
}

# The entries with clean names; fails if one may not be unpacked.
sub check_entries ($file, @entries) {
    my (%seen, @clean);
    for my $entry (@entries) {
        my ($name, $type) = @$entry{qw(path type)};
        check_entry_name($file, $name);
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
