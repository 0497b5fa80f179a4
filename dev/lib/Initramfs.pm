# SPDX-License-Identifier: GPL-2.0-only
#
# Initramfs.pm - writes what a guest boots from, an archive of its files
#
# The format is cpio's "newc", which the kernel unpacks; it is written here
# rather than by cpio(1) so that everything belongs to root and device nodes
# can be made by any user.  Archives can follow one another in one file.
#
#   my $archive = Initramfs->new("$dir/initrd");
#   $archive->add_program('/usr/bin/perl');      with its shared libraries
#   $archive->add_tree("$host/dir", '/name');    a directory, with all in it
#   $archive->finish;
#
# A guest has /usr merged (/bin is a link to /usr/bin, ...) wherever it is made.
# Each name is written once, the first time it is added; so is each directory
# above it.  Sockets are left out: no guest could use them.

package Initramfs;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Cwd     qw(abs_path);
use Fcntl   qw(:mode);
use Ksplice qw(fail capture);

my @merged = qw(bin sbin lib lib32 lib64);

# Starts an archive, at the end of the file if it is there.
sub new ($class, $name) {
    open my $file, '>>:raw', $name or fail("cannot write '$name': $!");
    return bless { name => $name, file => $file, done => {}, inode => 0 }, $class;
}

# Where the guest has what others call $path.
sub canonical ($path) {
    $path =~ s{/+}{/}g;
    my $names = join '|', @merged;
    return $path =~ s{\A/($names)(?=/|\z)}{/usr/$1}r;
}

sub add_merged_links ($self) {
    for my $name (@merged) {
        $self->add_directory("/usr/$name");
        $self->entry("/$name", S_IFLNK | 0777, "usr/$name");
    }
    return;
}

sub add_directory ($self, $path, $mode = 0755) {
    return $self->entry(canonical($path), S_IFDIR | $mode);
}

sub add_text ($self, $path, $text, $mode = 0644) {
    return $self->entry(canonical($path), S_IFREG | $mode, $text);
}

sub add_link ($self, $path, $target) {
    return $self->entry(canonical($path), S_IFLNK | 0777, $target);
}

sub add_device ($self, $path, $mode, $major, $minor) {
    return $self->entry(canonical($path), S_IFCHR | $mode, '', $major, $minor);
}

# A file of the host, or what a link of the host points to.
sub add_file ($self, $source, $path = $source) {
    my $at = canonical($path);
    return if $self->{done}{$at};
    open my $in, '<:raw', $source or fail("cannot read '$source': $!");
    my @stat = stat $in;
    -f _ or fail("'$source' is not a file");
    my $left = $stat[7];
    $self->start_entry($at, S_IFREG | ($stat[2] & 07777), $left, $stat[9], 0, 0);
    while ($left) {
        my $read = sysread $in, my $buffer, $left < 1 << 20 ? $left : 1 << 20;
        $read or fail("cannot read '$source': " . (defined $read ? 'it shrank' : $!));
        $self->put($buffer);
        $left -= $read;
    }
    $self->pad($stat[7]);
    return;
}

# What of the host is at $source, at $path in the guest; of a directory all,
# with links as they are.
sub add_tree ($self, $source, $path) {
    my @stat = lstat $source or fail("cannot read '$source': $!");
    my ($mode, $device) = @stat[2, 6];
    my $at = canonical($path);
    if (-l _) {
        my $target = readlink($source) // fail("cannot read '$source': $!");
        $self->entry($at, $mode, $target);
    }
    elsif (-f _) { $self->add_file($source, $path) }
    elsif (-d _) {
        $self->entry($at, $mode);
        opendir my $dir, $source or fail("cannot read '$source': $!");
        my @names = sort grep { $_ ne '.' && $_ ne '..' } readdir $dir;
        $self->add_tree("$source/$_", "$path/$_") for @names;
    }
    elsif (-p _ || -b _ || -c _) {
        $self->entry($at, $mode, '', $device >> 8 & 0xfff,
            ($device & 0xff) | ($device >> 12 & 0xfff00));
    }
    return;
}

# A program of the host at the same path, with the shared libraries and the
# interpreter that it needs.
sub add_program ($self, $program, $path = $program) {
    $self->add_file($program, $path);
    $self->add_libraries($program);
    return;
}

# What the program or shared object is linked with; nothing if it is a script
# or static.
sub add_libraries ($self, $object) {
    my @lines = capture({ ok => [0, 1] }, 'ldd', $object);
    for (@lines) {
        fail("'$object' needs the library '$1', which is missing")
            if /^\s*(\S+) => not found/;
        my ($library) = m{(?:=> )?(/\S+) \(0x} or next;
        $self->add_file($library);
    }
    return;
}

# Ends the archive.
sub finish ($self) {
    $self->start_entry('TRAILER!!!', 0, 0, 0, 0, 0);
    my $file = delete $self->{file};
    my $size = tell $file;
    print {$file} "\0" x (-$size % 512) and close $file
        or fail("cannot write '$self->{name}': $!");
    return;
}

# --- the format ------------------------------------------------------------

sub entry ($self, $path, $mode, $content = '', $major = 0, $minor = 0) {
    return if $self->{done}{$path};
    $self->start_entry($path, $mode, length $content, 0, $major, $minor);
    $self->put($content);
    $self->pad(length $content);
    return;
}

sub start_entry ($self, $path, $mode, $size, $time, $major, $minor) {
    $size < 1 << 32 or fail("'$path' is too large for an initramfs");
    $self->add_parents($path) if $path =~ m{\A/};
    $self->{done}{$path} = 1;
    my $name = ($path =~ s{\A/}{}r) . "\0";
    my $links = S_ISDIR($mode) ? 2 : 1;
    $self->put('070701', (map { sprintf '%08x', $_ } ++$self->{inode}, $mode, 0, 0,
        $links, $time, $size, 0, 0, $major, $minor, length $name, 0), $name);
    $self->pad(110 + length $name);
    return;
}

sub add_parents ($self, $path) {
    my ($parent) = $path =~ m{\A(/.+)/[^/]+\z} or return;
    $self->entry($parent, S_IFDIR | 0755);
    return;
}

sub pad ($self, $size) {
    $self->put("\0" x (-$size % 4));
    return;
}

sub put ($self, @text) {
    print { $self->{file} } @text or fail("cannot write '$self->{name}': $!");
    return;
}

1;
