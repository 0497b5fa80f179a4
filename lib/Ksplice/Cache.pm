# SPDX-License-Identifier: GPL-2.0-only
#
# Cache.pm - directories that are made once and kept
#
#   CACHE/packages/NAME/...     what was made, such as the files of a package
#   CACHE/packages/NAME.lock    held while it is made
#
# A directory is filled under another name and renamed when it is complete, by one
# process at a time.  So what is in the cache is complete.

package Ksplice::Cache;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use Fcntl      qw(LOCK_EX);
use File::Path qw(make_path remove_tree);
use Ksplice    qw(fail progress);

our @EXPORT_OK = qw(cache_dir make_cache cached cached_names lock_file);

sub cache_dir () {
    return $ENV{KSPLICE_CACHE} if length($ENV{KSPLICE_CACHE} // '');
    my $base = $ENV{XDG_CACHE_HOME} // '';
    $base = ($ENV{HOME} // (getpwuid $>)[7] // '') . '/.cache' if $base eq '';
    fail('no home directory for the cache: set KSPLICE_CACHE')
        if $base eq '/.cache';
    return "$base/ksplice";
}

# Fails early if the cache is not writable.
sub make_cache () {
    my $dir = cache_dir();
    make_path($dir, { error => \my $errors });
    my ($why) = map { values %$_ } @$errors;
    fail("cannot make the cache '$dir': " . ($why // $!) . ': set KSPLICE_CACHE') if !-d $dir;
    open my $file, '+>', "$dir/.try$$"
        or fail("cannot write into the cache '$dir': $!: set KSPLICE_CACHE");
    unlink "$dir/.try$$";
    return;
}

# The directory of that name in the cache; if it is missing, fill is called with an
# empty directory.
sub cached ($name, $text, $fill) {
    my $packages = cache_dir() . '/packages';
    my $dir = "$packages/$name";
    return $dir if -d $dir;
    make_path($packages, { error => \my $errors });
    fail("cannot make '$packages'") if !-d $packages;
    my $lock = lock_file("$dir.lock");
    return $dir if -d $dir;
    remove_tree("$dir.new");
    mkdir "$dir.new" or fail("cannot make '$dir.new': $!");
    eval { progress($text, sub { $fill->("$dir.new") }); 1 } or do {
        my $error = $@;
        remove_tree("$dir.new");
        die $error;
    };
    rename "$dir.new", $dir or fail("cannot rename '$dir.new': $!");
    return $dir;
}

# Waits for the lock; it is released when the handle is closed.
sub lock_file ($name) {
    open my $lock, '>>', $name or fail("cannot write '$name': $!");
    progress("waiting for another process to release '$name'", sub {
        until (flock $lock, LOCK_EX) {
            fail("cannot lock '$name': $!") if !$!{EINTR};
        }
    });
    return $lock;
}

# The names of what is in the cache.
sub cached_names () {
    my $packages = cache_dir() . '/packages';
    opendir my $dir, $packages or return;
    return sort grep { !/\.(?:lock|new)\z/ && !/\A\./ && -d "$packages/$_" } readdir $dir;
}

1;
