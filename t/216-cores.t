#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Old core modules in the cache are removed, but none that is in use.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use Fcntl          qw(:flock);
use File::Basename qw(basename dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Cores qw(use_core prune_cores);
use Test::Ksplice;
use Test::More;

my $cache = scratch_dir();

# Cores that were last used so many hours ago
sub make_cores (%age) {
    for my $name (keys %age) {
        spew("$cache/$name/ksplice.ko", 'x');
        spew("$cache/$name/Module.symvers", 'x');
        my $time = time - 3600 * $age{$name};
        utime $time, $time, "$cache/$name/Module.symvers", "$cache/$name";
    }
    return;
}

sub there () { return join ' ', sort map { basename($_) } glob "$cache/*" }

make_cores('core-1a' => 1, 'core-2b' => 2, 'core-3c' => 3);
spew("$cache/config/.config", 'x');
prune_cores($cache);
is(there(), 'config core-1a core-2b core-3c', 'three stay');

make_cores('core-0d' => 0, 'core-4e' => 4, 'core-5f' => 5);
my $held = use_core("$cache/core-5f");
ok($held, 'an old one is used');
prune_cores($cache);
is(there(), 'config core-0d core-1a core-5f', 'it is the youngest then; the others go');

make_cores('core-0a' => 0, 'core-0b' => 0.1, 'core-0c' => 0.2);
utime 1, 1, "$cache/core-5f/Module.symvers";
prune_cores($cache);
is(there(), 'config core-0a core-0b core-0d core-5f', 'the oldest stays while it is in use');
close $held;
prune_cores($cache);
is(there(), 'config core-0a core-0b core-0d', 'and is removed when it is not');

is(use_core("$cache/core-5f"), undef, 'one that is gone cannot be used');
is(use_core("$cache/nosuch"), undef, 'nor one that never was');

make_cores('core-9.new123' => 1, 'core-8.new124' => 25, 'core-7.old125' => 25, 'core-x' => 99);
prune_cores($cache);
is(there(), 'config core-0a core-0b core-0d core-9.new123 core-x',
    'what is half built is left alone for a day, and what has another name for ever');

# Renamed between open and lock: another process holds it exclusively meanwhile.
pipe my $ready, my $tell or die;
my $child = fork // die;
if (!$child) {
    open my $file, '<', "$cache/core-0a/Module.symvers" or die;
    flock $file, LOCK_EX or die;
    syswrite $tell, 'x';
    # Until the other one waits for the lock, /proc/locks tells.
    my $inode = (stat $file)[1];
    for (1 .. 200) {
        last if slurp('/proc/locks') =~ /^\d+: -> FLOCK\b.*:$inode /m;
        select undef, undef, undef, 0.05;
    }
    rename "$cache/core-0a", "$cache/core-gone";
    exec 'true';
}
sysread $ready, my $byte, 1;
is(use_core("$cache/core-0a"), undef, 'one that is removed while it is waited for is not used');
waitpid $child, 0;

done_testing;
