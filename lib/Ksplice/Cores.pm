# SPDX-License-Identifier: GPL-2.0-only
#
# Cores.pm - core modules in the cache; old ones are removed
#
# A core is a directory core-HASH, built once for all updates of a kernel and
# of one version of its sources.  A command that uses one holds a shared lock on
# its Module.symvers until it ends.  The most recently used few stay; an older one
# is removed unless its lock is held.  It is renamed before it is removed, so a
# directory with the name of a core is always complete.

package Ksplice::Cores;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use Fcntl      qw(:flock);
use File::Path qw(remove_tree);

our @EXPORT_OK = qw(use_core prune_cores);

my $kept = 3;

# Incomplete directories of killed commands are removed after a day.
my $stale = 24 * 3600;

# use_core(DIR): false if there is no such core; otherwise marks it as used and
# returns a handle.  It stays while the handle is open.
sub use_core ($dir) {
    my $name = "$dir/Module.symvers";
    open my $file, '<', $name or return;
    flock $file, LOCK_SH or return;
    # It may have been renamed before it was locked.
    my $inode = (stat $name)[1] // return;
    return if $inode != (stat $file)[1];
    utime undef, undef, $name;
    return $file;
}

# In the cache of a release.
sub prune_cores ($cache) {
    my %used = map { $_ => (stat "$_/Module.symvers")[9] // 0 } glob "$cache/core-*";
    my @cores = sort { $used{$b} <=> $used{$a} || $a cmp $b }
        grep { m{/core-[0-9a-f]+\z} } keys %used;
    for my $dir (splice @cores, $kept) {
        # None of ours can be waiting for this lock: it is held to the end.
        open my $file, '<', "$dir/Module.symvers" or next;
        flock $file, LOCK_EX | LOCK_NB or next;
        remove_tree("$dir.old$$") if rename $dir, "$dir.old$$";
    }
    for my $dir (grep { m{/core-[0-9a-f]+\.(?:new|old)\d+\z} } keys %used) {
        remove_tree($dir) if time - ((stat $dir)[9] // time) > $stale;
    }
    return;
}

1;
