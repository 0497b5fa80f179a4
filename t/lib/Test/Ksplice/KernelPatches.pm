# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice::KernelPatches - the tests in kernel-patches/tests, in a guest
#
# What a feature does is told by one script, whichever way it came into the
# kernel: booted with it, or put into the stock one by an update.  In its head are
# the lines
#
#	# tests: N		how many it has
#	# update: ID		the update, if it has not the name of the script
#	# files: NAME...	its interface: files that are there with the
#				feature, and not without it; if it has any
#	# vm: OPTION...		of dev/vm; --modules for the stock kernel only
#	# without: OPTION NAME	the script in its place where the kernel's configuration
#				has that option, and it is off
#	# allow: PATTERN	a report of the kernel that is expected, see dev/vm
#	# before: COMMAND	done before the update is applied
#	# apply-once: PATTERN	the update cannot be undone; what the refusal says
#
# What is to be seen after undo is in NAME-undone.sh, if there is one; at the end of
# NAME.sh things may be left for that if $stock_kernel is not empty.
#
# In it "tool" is kernel-patches/tests/tool.pl, C programs of that directory are
# on the PATH, and $stock_kernel says that the kernel was not booted with the
# series.
#
# The kernel is that of the series.  run_hot() takes that of kernel-patches/NAME/BASE if
# KSPLICE_TEST_RELEASE names its release or NAME, such as 6.12.

package Test::Ksplice::KernelPatches;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use File::Copy qw(copy);
use Test::Ksplice;
use Test::Ksplice::Guest qw(run_guest skip_guest add_update);
use lib root_dir() . '/dev/lib', root_dir() . '/lib';
use KernelPatches qw(use_base base_for base_release release_config boot_kernel hot_update);
use Ksplice         qw(failure_text);
use Ksplice::Cache  qw(cache_dir);

our @EXPORT = qw(run_booted run_hot run_hot_script run_container run_stock);

my $tests = root_dir() . '/kernel-patches/tests';

# What a script's head says of the name, in one line or several, if it does.
sub find_in_head ($name, $what) {
    my @found = slurp("$tests/$name.sh") =~ /^# $what: (.*)$/mg;
    return @found ? "@found" : undef;
}
sub head ($name, $what) {
    return find_in_head($name, $what) // die "$tests/$name.sh has no line '# $what:'\n";
}

sub files_of ($name)  { return find_in_head($name, 'files') // '' }
sub update_of ($name) { return find_in_head($name, 'update') // $name }

# The script, or the one in its place.
sub script_for ($name) {
    my ($option, $other) = split ' ', find_in_head($name, 'without') // return $name;
    return slurp(release_config()) =~ /^# \Q$option\E is not set$/m ? $other : $name;
}

# How many tests the scripts have together.
sub count_tests (@names) {
    my $n = 0;
    $n += head($_, 'tests') for @names;
    return $n;
}

# Comes first in a guest's script.
my $words = <<'END';
PATH=$PATH:/helpers
tool() {
	perl /tests/tool.pl "$@"
}
# there FILE..., gone FILE...: all of them
there() {
	for file in "$@"; do
		[ -e "$file" ] || echo "there is no $file"
	done > /tmp/seen
	cat /tmp/seen
	! [ -s /tmp/seen ]
}
gone() {
	for file in "$@"; do
		[ -e "$file" ] && echo "there is $file"
	done > /tmp/seen
	cat /tmp/seen
	! [ -s /tmp/seen ]
}
END

# What runs the scripts, one after the other.
sub feature_script (@names) { return join '', map { ". /tests/$_.sh\n" } @names }

# Seconds for a guest, all features one after the other: a busy machine needs five times as long
# as an idle one.
my $time = '--timeout=1800';

# Compiles the C programs, and returns what the guest needs for the scripts.
sub guest_options (@names) {
    my $helpers = scratch_dir() . '/helpers';
    mkdir $helpers;
    for my $source (glob "$tests/*.c") {
        my ($name) = $source =~ m{([^/]+)\.c\z};
        my ($status, $out, $err) = run_cmd('gcc', '-static', '-O1', '-Wall', '-Werror', '-pthread',
            '-o', "$helpers/$name", $source);
        die $err if $status;
    }
    copy("$tests/../ttools.conf", $helpers) or die "cannot copy 'ttools.conf': $!\n";
    my %vm = map { $_ => 1 } map { split ' ', find_in_head($_, 'vm') // '' } @names;
    return ($time, "--dir=$tests", "--dir=$helpers", sort(keys %vm),
        map { "--allow=$_" } grep { defined } map { find_in_head($_, 'allow') } @names);
}

# The scripts on the kernel of the series, or on the one that looks for mistakes
# if KSPLICE_TEST_KERNEL is 'debug'; never returns.
sub run_booted ($names) {
    my $which = $ENV{KSPLICE_TEST_KERNEL} // 'boot';
    my $kernel = boot_kernel($which);
    if (!defined $kernel) {
        skip_guest("the kernel is not in the cache: run 'make -C kernel-patches $which-kernel'"
            . ' or set KSPLICE_TEST_BOOT_KERNEL');
    }
    my @scripts = @$names;
    my @options;
    if ($which eq 'debug') {
        push @scripts, 'debug';
        # Shadows take of it, so that about as much is left as others have
        push @options, '--mem=1280';
        $time = '--timeout=3000';
    }
    run_guest(count_tests(@scripts), $words . feature_script(@scripts), "--kernel=$kernel",
        grep({ $_ ne '--modules' } guest_options(@scripts)), @options);
}

# A script on the kernel as it came, for what it can do by itself; never returns.
sub run_stock ($name, @options) {
    run_guest(count_tests($name), $words . feature_script($name),
        '--release=' . base_release(), guest_options($name), @options);
}

# Has the guest have these updates.
sub add_hot_updates (@names) {
    $ENV{KSPLICE_CACHE} = cache_dir();
    add_update($_, hot_update($_)) for @names;
    return;
}

# Each script after its update was applied to the running stock kernel, then undone;
# after that all of them together.  Never returns.
sub run_hot ($asked) {
    my $base = eval { base_for($ENV{KSPLICE_TEST_RELEASE} // '') };
    skip_guest(failure_text($@)) if length $@;
    use_base($base) if defined $base;
    my $names = [map { script_for($_) } @$asked];
    add_hot_updates(map { update_of($_) } @$names);
    my @once = grep { defined find_in_head($_, 'apply-once') } @$names;
    my %is_once = map { $_ => 1 } @once;
    my @more = grep { !$is_once{$_} } @$names;
    my $script = join '', "stock_kernel=1\n", $words, map({ alone($_) } @more), together(@more),
        map { once($_) } @once;
    my @own = $script =~ /^(?:ok|says_not|refused|untouched|apply|undo) /mg;
    run_guest(count_tests(@$names, undone_scripts(@more)) + @own, $script,
        '--release=' . base_release(), guest_options(@$names));
}

# Those of what is to be seen after undo.
sub undone_scripts (@names) { return grep { -e "$tests/$_.sh" } map { "$_-undone" } @names }

# A script that applies and undoes these updates by itself; never returns.
sub run_hot_script ($name, @updates) {
    add_hot_updates(@updates);
    run_stock($name);
}

# A script that has containers made, with the hook for them; never returns.
sub run_container ($name) {
    my $container = root_dir() . '/kernel-patches/container';
    my $hook = scratch_dir() . '/hook';
    mkdir $hook;
    my ($status, $out, $err) = run_cmd('make', '-s', '-C', $container, "DIR=$hook");
    die "making the hook: status $status\n$out$err" if $status;
    add_hot_updates(qw(memcg_files blkio_diskstats cpuset_files cpuacct_uptime));
    run_stock($name, '--tool=/usr/bin/unshare', "--dir=$container", "--dir=$hook");
}

sub alone ($name) {
    my ($files, $before) = (files_of($name), find_in_head($name, 'before') // '');
    my $update = update_of($name);
    return <<"END";
ok 'stock: no $name' gone /proc/tkernel $files
$before
apply $update
ok '$name: its files' there $files
. /tests/$name.sh
dmesg -c > /tmp/log
undo $update
@{[feature_script(undone_scripts($name))]}ok '$name: its files are gone' gone /proc/tkernel $files
untouched '$name: nothing of ksplice is left'
says_not '$name: the kernel has nothing to say of it' . sh -c 'dmesg | sed /ksplice:/d'
END
}

# That each can be applied again is seen on the way.  They go in another order than
# the one they came in, and not in its reverse.
sub together (@names) {
    my @left = @names;
    my $script = join '', map { 'apply ' . update_of($_) . "\n" } @names;
    $script .= "ok 'all files are there' there @{[map { files_of($_) } @names]}\n";
    while (@left) {
        my $name = splice @left, @left / 2, 1;
        $script .= 'undo ' . update_of($name) . "\n"
            . "ok '$name: its files are gone' gone " . files_of($name) . "\n";
        $script .= "ok 'those of the others are not' there @{[map { files_of($_) } @left]}\n"
            if @left;
    }
    return $script . "ok 'nor is the directory' gone /proc/tkernel\nuntouched 'nothing is left'\n";
}

# An update that stays.
sub once ($name) {
    my ($files, $why) = (files_of($name), head($name, 'apply-once'));
    my ($before, $update) = (find_in_head($name, 'before') // '', update_of($name));
    return <<"END";
ok 'stock: no $name' gone $files
$before
apply $update
ok '$name: its files' there $files
refused '$name: it cannot be undone' 1 '$why' ksplice-undo $update
. /tests/$name.sh
END
}

1;
