# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice::Tree - a stock kernel's source for tests of ksplice-create
#
# The release is that of the tests in guests; its source is in the cache, where
# the first ksplice-create makes it (a minute), and is shared with all others.

package Test::Ksplice::Tree;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Fcntl    qw(LOCK_EX);
use Test::Ksplice;
use Test::More;
use lib root_dir() . '/lib';
use Ksplice::Cache  qw(cache_dir);
use Ksplice::Distro qw(release_headers release_source);
use Test::Ksplice::Release qw(test_release no_kernel);

our @EXPORT = qw(kernel_release kernel_source locked_source create_update kernel_patch);

my $scratch = scratch_dir();

# Skips the whole test where there is no kernel to be had, and says why.  A release
# that was asked for by its name has to be there.
sub kernel_release () {
    state $release = eval {
        my $release = test_release();
        release_headers($release);
        release_source($release);
        $release;
    } // no_kernel($@);
    return $release;
}

# Made ready by the first call.
sub kernel_source () {
    state $made = do {
        my ($status, $out, $err) =
            run_cmd({ env => environment() }, 'ksplice-create', '--prebuild',
                '--kernel=' . kernel_release());
        $status == 0 or die "ksplice-create --prebuild: status $status\n$out$err";
    };
    return cache_dir() . '/' . kernel_release() . '/source';
}

# Another test may have its own patch in the source, or compile it: nothing changes there
# while the handle that is returned is open.
sub locked_source () {
    my $source = kernel_source();
    open my $lock, '<', $source or die "cannot open '$source': $!";
    flock $lock, LOCK_EX or die "cannot lock '$source': $!";
    return $lock;
}

# run_cmd forgets what is set for ksplice.
sub environment () { return { KSPLICE_CACHE => cache_dir() } }

# create_update(ARGUMENT...) -> (status, stdout, stderr) of ksplice-create for
# it, in a scratch directory, without lines that say what takes long.
sub create_update (@arguments) {
    my ($status, $out, $err) = run_cmd({ dir => $scratch, env => environment() },
        root_dir() . '/ksplice-create', '--kernel=' . kernel_release(), @arguments);
    return ($status, $out, $err =~ s/^ksplice-create: .* \.\.\.\n//mgr);
}

# kernel_patch(FILE => sub { s/this/that/ or die }, ...): the file of a patch
# that does so to the source.
sub kernel_patch (@changes) {
    state $n = 0;
    my $dir = kernel_source();
    my $lock = locked_source();
    my $text = '';
    while (my ($name, $change) = splice @changes, 0, 2) {
        my $is_new = !-e "$dir/$name";
        local $_ = $is_new ? '' : slurp("$dir/$name");
        $change->();
        my $new = spew("$scratch/patched", $_);
        my $old = $is_new ? '/dev/null' : "a/$name";
        my (undef, $diff) = run_cmd('diff', '-u', '--label', $old, '--label', "b/$name",
            $is_new ? '/dev/null' : "$dir/$name", $new);
        $text .= $diff;
    }
    return spew("$scratch/" . ++$n . '.patch', $text);
}

1;
