# SPDX-License-Identifier: GPL-2.0-only
#
# Tree.pm - a kernel source tree that compiles to the code of the running kernel
#
# open_tree locks the tree (the directory itself, without a lock file) and reverts the
# changes of an earlier create that was killed.  prepare_tree configures it like the
# kernel and builds the prerequisites of compiling; a stamp records that.  Everything
# is compiled through Makefile.ksplice.

package Ksplice::Tree;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Cwd               qw(abs_path);
use Digest::SHA       qw(sha256_hex);
use Exporter          qw(import);
use Fcntl             qw(LOCK_EX LOCK_NB);
use File::Copy        qw(copy);
use File::Path        qw(make_path remove_tree);
use Ksplice           qw(fail run capture progress note verbose base_dir failure_text
    read_file write_file);
use Ksplice::Config   qw(find_compiler config_differences);
use Ksplice::Cache    qw(cache_dir);
use Ksplice::Distro   qw(release_source);
use Ksplice::Includes qw(plain_path);
use Ksplice::Journal  qw(has_journal revert_tree);

our @EXPORT_OK = qw(
    unpack_release open_tree restore_tree prepare_tree make_tree list_objects list_objects_now
    list_now list_apart ask_rules
);

# How many directories kbuild is asked for with one command.
my $at_once = 500;

# The source of the release, unpacked in the cache; its directory.
sub unpack_release ($release) {
    my $dir = cache_dir() . "/$release/source";
    return $dir if -e "$dir/Makefile";
    make_path(cache_dir() . "/$release");
    my $lock = lock_directory(cache_dir() . "/$release");
    return $dir if -e "$dir/Makefile";
    my $tarball = release_source($release);
    my $new = "$dir.new";
    remove_tree($new);
    mkdir $new or fail("cannot make '$new': $!");
    progress("unpacking the source of $release", sub {
        run('tar', '--use-compress-program=xz -T0', '-xf', $tarball,
            '-C', $new, '--strip-components=1');
    });
    rename $new, $dir or fail("cannot rename '$new': $!");
    return $dir;
}

# Waits for the lock.  It is held until the handle is closed, here and in all programs
# that inherit it: a compiler that outlives us keeps the next command waiting.
sub lock_directory ($dir) {
    local $^F = 1000;
    open my $lock, '<', $dir or fail("cannot open '$dir': $!");
    return $lock if flock $lock, LOCK_EX | LOCK_NB;
    progress("waiting for another process to finish with '$dir'", sub {
        until (flock $lock, LOCK_EX) {
            fail("cannot lock '$dir': $!") if !$!{EINTR};
        }
    });
    return $lock;
}

# -> the tree: {dir, config, jobs, lock, cc, is_ours}; ours is one of the cache.
sub open_tree ($dir, $config, $jobs) {
    -e "$dir/scripts/Makefile.build" && -e "$dir/Kconfig"
        or fail("'$dir' is not a kernel source tree");
    $dir = abs_path($dir);
    my $tree = {
        dir     => $dir,
        config  => $config,
        jobs    => $jobs,
        lock    => lock_directory($dir),
        cc      => find_compiler($config),
        is_ours => is_in_cache($dir),
    };
    # Another process may have removed it meanwhile.
    ((stat $tree->{lock})[1] // 0) == ((stat $dir)[1] // -1)
        or fail("'$dir' was removed by another process: run the command again");
    if (has_journal($dir)) {
        my ($n, @removed) = restore_tree($tree);
        note("'$dir' was left patched by a killed command: restored $n file"
            . ($n == 1 ? '' : 's')
            . (@removed ? '; removed what was built since then: ' . list_some(@removed) : ''));
    }
    return $tree;
}

# Restores modified files; returns what revert_tree does.  A tree that still differs is removed
# if it is in the cache.
sub restore_tree ($tree) {
    my @restored = eval { revert_tree($tree->{dir}) };
    return @restored if @restored;
    my $why = failure_text($@);
    fail("$why; restore it, and remove '$tree->{dir}/.KSPLICE_journal'")
        if !$tree->{is_ours} || $tree->{dir} !~ m{/source\z};
    my $away = "$tree->{dir}.bad$$";
    rename $tree->{dir}, $away or fail("$why; and it cannot be removed: $!");
    run('rm', '-rf', $away);
    fail("$why; it was removed from the cache: run the command again");
}

sub is_in_cache ($dir) {
    my $cache = eval { abs_path(cache_dir()) } // return 0;
    return index($dir, "$cache/") == 0;
}

# Runs Makefile.ksplice; returns whether it succeeded.  After a failure its output has
# been shown, unless quiet.
sub make_tree ($tree, $mode, $quiet, @variables) {
    my @command = make_command($tree, '-f', base_dir() . '/Makefile.ksplice',
        "KSPLICE_MODE=$mode", @variables);
    return run_make($quiet, @command);
}

sub make_command ($tree, @arguments) {
    return ('make', '--no-print-directory', '-C', $tree->{dir}, "-j$tree->{jobs}",
        verbose() ? () : '-s', "CC=$tree->{cc}", "KERNELRELEASE=$tree->{config}{release}",
        @{ $tree->{config}{flags} }, @arguments);
}

sub run_make ($quiet, @command) {
    my $output = '';
    my $option = { ok => 'any', group => 1, verbose() ? () : (output => \$output) };
    return 1 if !run($option, @command);
    return 0 if $quiet;
    my @lines = grep { !/^make(?:\[\d+\])?: (?:Leaving|Entering|Waiting)/ } split /\n/, $output;
    splice @lines, 0, @lines - 40, '...' if @lines > 40;
    STDOUT->flush();
    print STDERR map { "  $_\n" } @lines;
    return 0;
}

# Writes the configuration of the kernel, then builds generated files and the programs
# that compiling needs.  Does nothing if the stamp has the same kernel, compiler and
# flags.
sub prepare_tree ($tree) {
    my $dir = $tree->{dir};
    my $stamp = sha256_hex(join "\0", read_file($tree->{config}{config}),
        $tree->{config}{release}, scalar capture($tree->{cc}, '--version'),
        @{ $tree->{config}{flags} });
    my $stamp_file = "$dir/.KSPLICE_prepared";
    return if -e $stamp_file && read_file($stamp_file) eq $stamp && -e "$dir/.config";
    unlink $stamp_file;
    unlink map { "$dir/.KSPLICE_$_" } qw(objects includes outside rules snapped split);
    delete $tree->{known_objects};
    progress('configuring the kernel', sub { configure_tree($tree) });
    progress('preparing the kernel tree', sub {
        make_tree($tree, 'prepare', 0) or fail("cannot prepare '$dir' for compiling");
    });
    write_file($stamp_file, $stamp);
    return;
}

# An existing .config that differs belongs to the user: it is not overwritten.
sub configure_tree ($tree) {
    my $dir = $tree->{dir};
    my $wanted = $tree->{config}{config};
    my $own = -e "$dir/.config";
    if ($own) {
        my @differs = config_differences($wanted, "$dir/.config");
        fail("'$dir/.config' differs from '$wanted': "
            . list_some(map { $_->{text} } @differs) . "; remove it or use another tree")
            if @differs;
    } else {
        copy($wanted, "$dir/.config") or fail("cannot write '$dir/.config': $!");
    }
    my $ok = eval {
        run_make(0, make_command($tree, 'olddefconfig'))
            or fail("cannot configure '$dir'");
        my @differs = config_differences($wanted, "$dir/.config");
        refuse_differences($tree, @differs) if @differs;
        1;
    };
    return if $ok;
    my $error = $@;
    unlink "$dir/.config" if !$own;
    die $error;
}

sub refuse_differences ($tree, @differs) {
    my ($advice) = grep { defined } map { $_->{advice} } @differs;
    fail("this machine cannot build the kernel as it was configured: "
        . list_some(map { $_->{text} } @differs)
        . (defined $advice ? "; $advice" : ''));
}

sub list_some (@items) {
    return join(', ', @items) if @items <= 6;
    return join(', ', @items[0 .. 4]) . ' and ' . (@items - 5) . ' more';
}

# The objects that kbuild builds in these directories and those above them:
# object => {name, targets}.  An object that a Makefile names through '..' keeps that
# name; it is looked up by its plain one.
sub list_objects ($tree, @dirs) { return by_object(known_objects($tree, @dirs)) }

# The same for these directories of the tree as it is now, possibly patched.
sub list_objects_now ($tree, @dirs) { return (list_now($tree, @dirs))[0] }

# -> (the same, {"DIR VARIABLE" => its value, which says how something is linked}).
sub list_now ($tree, @dirs) {
    my %lines;
    while (my @portion = splice @dirs, 0, $at_once) {
        $lines{$_} = 1 for ask_kbuild($tree, @portion);
    }
    my %flags = map { /^l (\S+ [^=]+)=(.*)/ ? ($1 => $2) : () } keys %lines;
    return (by_object(sort keys %lines), \%flags);
}

sub by_object (@lines) {
    my %objects;
    for my $line (@lines) {
        my ($kind, $name, $module) = split / /, $line;
        next if $kind ne 'y' && $kind ne 'm';
        my $plain = plain_path($name);
        my $entry = $objects{$plain} //= { name => $name, targets => [] };
        push @{ $entry->{targets} }, $kind eq 'y' ? 'vmlinux' : $module =~ tr/-/_/r;
    }
    return \%objects;
}

# Other objects that kbuild compiles there: object => 'apart' if it is linked into
# neither the kernel nor a module, 'program' if it is part of a program that the build
# runs.
sub list_apart ($tree, @dirs) {
    my %kind = (x => 'apart', h => 'program');
    my %apart;
    for (sort { $b cmp $a } known_objects($tree, @dirs)) {    # h after x: it wins
        my ($kind, $name) = split / /;
        $apart{ plain_path($name) } = $kind{$kind} if $kind{$kind};
    }
    return \%apart;
}

# The answers of ask_kbuild, which are stored with the prepared tree.
sub known_objects ($tree, @dirs) {
    my $file = "$tree->{dir}/.KSPLICE_objects";
    my $known = $tree->{known_objects} //=
        { -e $file ? map { $_ => 1 } split(/\n/, read_file($file)) : () };
    my %wanted = map { my $d = $_; map { $_ => 1 } $d, parents($d) } @dirs;
    my @new = grep { !$known->{"asked $_"} } sort keys %wanted;
    while (my @portion = splice @new, 0, $at_once) {
        $known->{$_} = 1 for grep { !/^l / } ask_kbuild($tree, @portion);
        $known->{"asked $_"} = 1 for @portion;
        write_file($file, join '', map { "$_\n" } sort keys %$known);
    }
    return keys %$known;
}

# The report of kbuild for the directories in the current tree, a line for each object and
# each variable that says how something is linked.
sub ask_kbuild ($tree, @dirs) {
    my @lines = capture(make_command($tree, '-s', '-f',
        base_dir() . '/Makefile.ksplice', 'KSPLICE_MODE=list', "KSPLICE_DIRS=@dirs"));
    fail("make reads no directory of '$tree->{dir}' where it should list the objects of "
        . "'$dirs[0]': its Makefile is not like those that are known")
        if !grep { /^d / } @lines;
    return grep { /^[ymxhl] / } @lines;
}

# The rules of the Makefiles in these directories, as Makefile.ksplice prints them.
sub ask_rules ($tree, @dirs) {
    my @lines;
    while (my @portion = splice @dirs, 0, 100) {
        push @lines, capture(make_command($tree, '-s', '-f',
            base_dir() . '/Makefile.ksplice', 'KSPLICE_MODE=rules', "KSPLICE_DIRS=@portion"));
    }
    return @lines;
}

sub parents ($dir) {
    my @parents;
    while ($dir =~ s{/[^/]+\z}{}) { push @parents, $dir }
    return @parents;
}

1;
