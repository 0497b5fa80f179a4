# SPDX-License-Identifier: GPL-2.0-only
#
# Corpus::Split - the difference of two releases as patches of one file each
#
# What a distribution's next version changes is some hundred fixes, most of them
# within one file.  So each .c, .h and .S that both versions have and that
# differs gives one patch, and those are kept in the cache:
#
#   CACHE/corpus/FROM_TO/patches/NAME.patch   NAME with ':' for '/'
#   CACHE/corpus/FROM_TO/built                "N NAME": N objects may depend on it
#   CACHE/corpus/FROM_TO.some/patches/        those that were named
#
# Files that one version only has are no patch of a file: an object more or less
# is nothing that a running kernel could follow, a new header alone no change.

package Corpus::Split;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Digest::SHA       qw(sha256_hex);
use Exporter          qw(import);
use File::Path        qw(make_path remove_tree);
use Ksplice           qw(fail run capture note progress read_file write_file);
use Ksplice::Config   qw(release_config_dir);
use Ksplice::Cache    qw(cache_dir);
use Ksplice::Distro   qw(release_source version_of_release);
use Ksplice::Includes qw(find_includers included_sources);
use Ksplice::Owners   qw(objects_of);
use Ksplice::Tree     qw(unpack_release open_tree prepare_tree list_objects);

our @EXPORT_OK = qw(split_releases split_some patch_of built_files pick);

# The directory of the patches from one release to another.
sub split_releases ($from, $to) {
    my $dir = directory_of($from, $to);
    return $dir if -d "$dir/patches";
    my ($old, $tree) = open_release($from);
    return $dir if -d "$dir/patches";
    my $made = "$dir/patches.new";
    remove_tree($made);
    make_path($made);
    progress("comparing the sources of $from and $to", sub {
        my $new = unpack_some($to, "$dir/source", '*.c', '*.h', '*.S');
        write_patch($old, $new, $_, $made) for changed_files($old, $new);
    });
    remove_tree("$dir/source");
    rename $made, "$dir/patches" or fail("cannot rename '$made': $!");
    return $dir;
}

# A directory that has the patches of these files at least: no other is looked at.
sub split_some ($from, $to, @names) {
    my $dir = directory_of($from, $to);
    return $dir if -d "$dir/patches";
    $dir .= '.some';
    my @missing = grep { !-e "$dir/patches/" . flat($_) } @names;
    return $dir if !@missing;
    my ($old, $tree) = open_release($from);
    for (@missing) { -e "$old/$_" or fail("'$_' is no file of $from") }
    make_path("$dir/patches");
    progress("comparing files of $from and $to", sub {
        my $new = unpack_some($to, "$dir/source", map { "*/$_" } @missing);
        write_patch($old, $new, $_, "$dir/patches") for @missing;
    });
    remove_tree("$dir/source");
    return $dir;
}

sub directory_of (@releases) {
    return cache_dir() . '/corpus/' . join '_', map { version_of_release($_) } @releases;
}

# The unpacked source, and a lock on it, so that it is not patched meanwhile.
sub open_release ($release) {
    my $dir = unpack_release($release);
    return ($dir, open_tree($dir, release_config_dir($release), 1));
}

# Files of a release's source, in the directory; returns it.
sub unpack_some ($release, $dir, @patterns) {
    remove_tree($dir);
    make_path($dir);
    run('tar', '--use-compress-program=xz -T0', '-xf', release_source($release), '-C', $dir,
        '--strip-components=1', '--wildcards', @patterns);
    return $dir;
}

# Those of both that differ.
sub changed_files ($old, $new) {
    return map { m{\AFiles \Q$old\E/(\S+\.[chS]) and } ? $1 : () }
        capture({ ok => [0, 1] },
        'diff', '-rq', '--no-dereference', $old, $new);
}

sub write_patch ($old, $new, $name, $to) {
    my $text = capture({ ok => [0, 1] }, 'diff', '-ua', '--label', "a/$name", '--label', "b/$name",
        "$old/$name", "$new/$name");
    fail("'$name' is not changed from one version to the other") if $text eq '';
    write_file("$to/" . flat($name), $text);
    return;
}

sub flat ($name) { return ($name =~ s{/}{:}gr) . '.patch' }

# The file with the patch of a source.
sub patch_of ($dir, $name) {
    my $file = "$dir/patches/" . flat($name);
    -e $file or fail("'$name' is not changed from one version to the other");
    return $file;
}

# name => number of the objects that may depend on it, of all that are built.
sub built_files ($dir, $release) {
    my $file = "$dir/built";
    if (!-e $file) {
        my %objects = find_built($release, map { s/\.patch\z//r =~ tr{:}{/}r } list($dir));
        write_file("$file.new", join '', map { "$objects{$_} $_\n" } sort keys %objects);
        rename "$file.new", $file or fail("cannot rename '$file.new': $!");
    }
    return map { my ($n, $name) = split / /; ($name => $n) } split /\n/, read_file($file);
}

sub list ($dir) {
    opendir my $patches, "$dir/patches" or fail("cannot read '$dir/patches': $!");
    return sort grep { /\.patch\z/ } readdir $patches;
}

sub find_built ($release, @names) {
    my ($dir, $tree) = open_release($release);
    prepare_tree($tree);
    my %files = map { $_ => { name => $_ } } @names;
    my @sources = grep { /\.[cS]\z/ } @names;
    my ($objects, @strays) = progress('looking up what is built', sub {
        objects_of($tree, @files{@sources});
    });
    my %n = map { my $name = $_; $objects->{ $name =~ s/\.[cS]\z/.o/r } ? ($name => 1) : () }
        @sources;
    my %included = map { $_ => 1 } included_sources($tree, map { $_->{name} } @strays);
    for my $name ((grep { $included{$_} } map { $_->{name} } @strays), grep { /\.h\z/ } @names) {
        my $count = progress("looking up the objects that include $name",
            sub { includers($tree, $name) });
        $n{$name} = $count if $count;
    }
    return %n;
}

# How many objects may include the file.
sub includers ($tree, $name) {
    my @sources = find_includers($tree, $name);
    return 99_999 if grep { $_ eq '*' } @sources;
    my $all = list_objects($tree, map { s{/[^/]*\z}{}r } @sources);
    return scalar grep { $all->{$_} } map { s/\.[cS]\z/.o/r } @sources;
}

# N of the names; the same ones each time for a seed, wherever it is run, and
# those for a greater N begin with them.
sub pick ($seed, $n, @names) {
    my %key = map { $_ => sha256_hex("$seed $_") } @names;
    my @order = sort { $key{$a} cmp $key{$b} } @names;
    return @order[0 .. ($n < @order ? $n : @order) - 1];
}

1;
