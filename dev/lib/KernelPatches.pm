# SPDX-License-Identifier: GPL-2.0-only
#
# KernelPatches.pm - the series in kernel-patches/ and the trees it is tried in
#
# The series is for the kernel that BASE names.  Its updates can be made for other kernels
# as well: each has a directory beside the patches, such as 6.12, with a BASE of its own.
# There a patch of the same name has the changes of those files that differ in that kernel.
# All functions are for the kernel that use_base() names, or that of the series.
#
# There is one patched source tree, kept in the cache, and builds beside it:
#
#   CACHE/kernel-patches/source     what the release was built from, patched
#   CACHE/kernel-patches/originals  the files that the series touches, as they were
#   CACHE/kernel-patches/debian     objects, with the release's configuration
#   CACHE/kernel-patches/boot       a whole kernel, with boot.config
#   CACHE/kernel-patches/debug      another, with debug.config besides
#   CACHE/kernel-patches/release    another, with the release's configuration
#   CACHE/kernel-patches/release-lsmod  another, with some of its modules only
#   CACHE/kernel-patches/KEY        such a kernel, as it came out
#   CACHE/kernel-patches/hot        updates, ID-KEY.tar.gz
#   CACHE/kernel-patches/6.12       the same for that kernel
#
# When the series changes only the files that come out different are written:
# the next build compiles what these make necessary and nothing else.  KEY is
# made of all that the kernel or the update depends on, but not of what patches
# say in their heads.

package KernelPatches;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Digest::SHA     qw(sha256_hex);
use Errno           ();
use Exporter        qw(import);
use Fcntl           qw(LOCK_EX);
use File::Basename  qw(basename dirname);
use File::Copy      qw(copy);
use File::Find      ();
use File::Path      qw(make_path remove_tree);
use Ksplice         qw(fail run capture progress note temp_dir base_dir read_file write_file);
use Ksplice::Config qw(find_compiler config_differences);
use Ksplice::Cache  qw(cache_dir);
use Ksplice::Distro qw(release_image release_source cached_version);

our @EXPORT_OK = qw(
    use_base other_bases base_for source_is_here changes_of patch_text
    base_release read_series read_head touched_files check_series patch_tree
    build_objects boot_kernel build_boot_kernel unpack_source hot_updates hot_update
    cold_sources release_config place lock_trees read_lsmod configure_kernel make_kernel kernel_key
);

sub patches_dir () { base_dir() . '/kernel-patches' }

# --- for which kernel ------------------------------------------------------

# '' or the name of a directory, with a slash.
my $base = '';

sub place ($name)  { return cache_dir() . "/kernel-patches/$base$name" }

sub use_base ($name) {
    fail("there is no '$name' in kernel-patches: there is " . join ', ', other_bases())
        if !grep { $_ eq $name } other_bases();
    $base = "$name/";
    return;
}

# The names of the kernels beside that of the series.
sub other_bases () {
    return map { basename(dirname($_)) } sort glob patches_dir() . '/*/BASE';
}

# The one of them that a test is asked for by KSPLICE_TEST_RELEASE; nothing if the kernel
# is of another version than all of them.
sub base_for ($name) {
    for my $other (other_bases()) {
        next if $name !~ /\A\Q$other\E(?![0-9])/;
        my $release = read_base("$other/BASE");
        return $other if $name eq $other || $name eq $release;
        fail("kernel-patches/$other is for $release, not for $name");
    }
    return;
}

sub read_base ($file) {
    my ($release, $version) = read_file(patches_dir() . "/$file") =~ /^(\S+) (\S+)$/m
        or fail("kernel-patches/$file is not 'RELEASE VERSION'");
    return wantarray ? ($release, $version) : $release;
}

# The release; in list context its package's version, too.
sub base_release () { return read_base("${base}BASE") }

# A file of kernel-patches, or the one that replaces it for this kernel.
sub file_of ($name) {
    my $own = patches_dir() . "/$base$name";
    return -e $own ? $own : patches_dir() . "/$name";
}

# --- the series ------------------------------------------------------------

# The names of the patches in their order; only those whose numbers are given, if
# any are.
sub read_series (@numbers) {
    my @names = grep { /\S/ && !/^#/ } split /\n/, read_file(patches_dir() . '/series');
    my %there = map { /^(\d{4})-[\w.-]+\.patch\z/ ? ($1 => $_)
        : fail("'$_' in kernel-patches/series is not NNNN-name.patch") } @names;
    return @names if !@numbers;
    for my $number (@numbers) {
        fail("there is no patch '$number' in kernel-patches/series") if !$there{$number};
    }
    return grep { my $name = $_; grep { $name eq $there{$_} } @numbers } @names;
}

# What a patch says before its first change.
sub read_head ($name) {
    my ($head) = read_file(patches_dir() . "/$name") =~ /\A(.*?)^diff --git /ms
        or fail("'$name' has no 'diff --git'");
    return $head;
}

# The changes that a text has: [FILE, TEXT]..., from each "diff --git" to the next.
sub changes_of ($text) {
    return map { m{\Adiff --git a/(\S+) } ? [$1, $_] : () } split /^(?=diff --git )/m, $text;
}

# The rest of a patch: its changes for this kernel.  What this kernel has of its own takes
# the place of the change of the same file; an empty one, which is only its first line, is
# none.
sub patch_text ($name) {
    my @changes = changes_of(read_file(patches_dir() . "/$name"));
    my $file = file_of($name);
    my %own = $file eq patches_dir() . "/$name" ? ()
        : map { ($_->[0] => $_->[1]) } changes_of(read_file($file));
    return join '', grep { /\n./ } (map { delete $own{ $_->[0] } // $_->[1] } @changes),
        map { $own{$_} } sort keys %own;
}

# The files that the patches touch, each once: name => whether one of them adds it.
sub touched_files (@names) {
    my %added;
    for my $name (@names) {
        my $text = patch_text($name);
        while ($text =~ m{^--- (\S+).*\n\+\+\+ (\S+)}mg) {
            my ($old, $new) = ($1, $2);
            my $file = ($new eq '/dev/null' ? $old : $new) =~ s{^[ab]/}{}r;
            $added{$file} //= $old eq '/dev/null' ? 1 : 0;
        }
    }
    return %added;
}

# Fails unless the patches apply, one after the other, with no fuzz; without an
# offset either if they are all of the series and the kernel is that of the series.
# Leaves the result in the directory, which has the originals.
sub apply_series ($dir, @names) {
    my $strict = $base eq '' && "@names" eq join ' ', read_series();
    my $patch = temp_dir() . '/patch';
    for my $name (@names) {
        write_file($patch, patch_text($name));
        my $status = run({ ok => 'any', output => \my $output }, 'patch', '-d', $dir, '-p1',
            '--force', '--fuzz=0', '--no-backup-if-mismatch', '-i', $patch);
        fail("'$name' does not apply:\n$output") if $status;
        fail("'$name' applies with an offset:\n$output") if $strict && $output =~ /offset/;
    }
    return;
}

# --- the trees -------------------------------------------------------------

# Whether the source can be had without downloading it.
sub source_is_here () {
    my ($release, $version) = base_release();
    my ($series) = $release =~ /^(\d+\.\d+)/;
    return -d place('source') || (cached_version("linux-source-$series") // '') eq $version;
}

# The tarball of the source, after making sure that it is the one meant.
sub source_tarball () {
    my ($release, $version) = base_release();
    my $image = release_image($release);
    fail("kernel-patches/${base}BASE is for $release $version, and here is $image->{version}")
        if $image->{version} ne $version;
    return release_source($release);
}

# The source as it came, in a directory that is not there yet.
sub unpack_source ($dir) {
    my $tarball = source_tarball();
    fail("'$dir' is there already") if -e $dir;
    make_path("$dir.new");
    progress('unpacking ' . base_release(), sub {
        run('tar', '--use-compress-program=xz -T0', '-xf', $tarball, '-C', "$dir.new",
            '--strip-components=1');
    });
    rename "$dir.new", $dir or fail("cannot rename '$dir.new': $!");
    return;
}

# Held until the handle goes.
sub lock_trees () {
    make_path(place('.'));
    open my $lock, '>>', place('lock') or fail("cannot write '" . place('lock') . "': $!");
    progress('waiting for another process', sub {
        until (flock $lock, LOCK_EX) {
            fail("cannot lock '" . place('lock') . "': $!") if !$!{EINTR};
        }
    });
    return $lock;
}

# The original of each file in a directory of its own, as far as there is one.
sub copy_originals ($to, %added) {
    my $source = place('source');
    unpack_source($source) if !-d $source;
    for my $file (sort keys %added) {
        my $original = place("originals/$file");
        if (!-e $original && !$added{$file}) {
            make_path(dirname($original));
            copy("$source/$file", $original) or fail("the source has no '$file'");
        }
        make_path(dirname("$to/$file"));
        next if !-e $original;
        copy($original, "$to/$file") or fail("cannot write '$to/$file': $!");
    }
    return;
}

# Fails unless the series applies.
sub check_series (@names) {
    my $lock = lock_trees();
    my $scratch = temp_dir();
    copy_originals($scratch, touched_files(@names));
    apply_series($scratch, @names);
    return;
}

# Makes the kept tree the patched one; returns {file => whether it was added}.
sub patch_tree () {
    my $scratch = temp_dir();
    my @names = read_series();
    my %added = touched_files(@names);
    copy_originals($scratch, %added);
    apply_series($scratch, @names);
    my $source = place('source');
    my $before = -e place('added') ? read_file(place('added')) : '';
    write_file(place('added'), join '', map { "$_\n" } sort grep { $added{$_} } keys %added);
    for my $file (split /\n/, $before) {
        unlink "$source/$file" if !$added{$file};
    }
    for my $file (originals(), sort keys %added) {
        my $new = -e "$scratch/$file" ? "$scratch/$file" : place("originals/$file");
        next if -e "$source/$file" && read_file("$source/$file") eq read_file($new);
        make_path(dirname("$source/$file"));
        write_file("$source/$file", read_file($new));
    }
    return \%added;
}

# All files that a series, now or then, has touched.
sub originals () {
    my $dir = place('originals');
    return if !-d $dir;
    my @files;
    File::Find::find({ no_chdir => 1, wanted => sub {
        push @files, $_ =~ s{^\Q$dir\E/}{}r if -f;
    } }, $dir);
    return sort @files;
}

# --- hot -------------------------------------------------------------------

# What the updates are called and made of: id => [number...], from hot/updates.
sub hot_updates () {
    my %updates;
    for my $line (grep { /\S/ && !/^#/ } split /\n/, read_file(patches_dir() . '/hot/updates')) {
        my ($id, @numbers) = split ' ', $line;
        $updates{$id} = \@numbers;
    }
    return %updates;
}

# The patches of these numbers, then what each needs to be hot.
sub hot_names (@numbers) {
    my @hot = map { s{\A\Q@{[patches_dir()]}\E/}{}r }
        map { glob patches_dir() . "/hot/$_-*.patch" } @numbers;
    return (read_series(@numbers), @hot);
}

# All of them as one patch that ksplice-create takes.
sub hot_patch (@names) {
    my $scratch = temp_dir();
    my %added = touched_files(@names);
    {
        my $lock = lock_trees();
        copy_originals("$scratch/$_", %added) for qw(a b);
    }
    apply_series("$scratch/b", @names);
    return scalar capture({ dir => $scratch, ok => [1] }, qw(diff -urN a b));
}

# All that decides what comes out of ksplice-create, beside the patch.
sub tool_key () {
    state $key;
    return $key if defined $key;
    my @files = map { base_dir() . "/$_" } qw(ksplice-create ksplice-obj.pl Makefile.ksplice);
    File::Find::find({ no_chdir => 1, wanted => sub {
        push @files, $_ if -f && /\.(?:pm|[chS])\z|Kbuild\z|Makefile[^\/]*\z/;
    } }, map { base_dir() . "/$_" } qw(lib kmodsrc ksplice-patch objmanip));
    return $key = sha256_hex(join "\0", scalar capture(compiler('debian'), '--version'),
        map { read_file($_) } sort @files);
}

# An update for the running kernel, made if it is not in the cache; its name there.
# Fails if the compiler warns of anything.
sub hot_update ($id) {
    my %updates = hot_updates();
    my @names = hot_names(@{ $updates{$id} // fail("there is no update '$id' in hot/updates") });
    my $key = substr sha256_hex(join "\0", $id, tool_key(), read_file(file_of('BASE')),
        map { patch_text($_) } @names), 0, 16;
    my $file = place("hot/$id-$key.tar.gz");
    return $file if -e $file;
    make_path(dirname($file));
    my $patch = temp_dir() . "/$id.patch";
    write_file($patch, hot_patch(@names));
    my $new = temp_dir() . "/$id.tar.gz";
    run({ group => 1, output => \my $words }, base_dir() . '/ksplice-create', '--verbose',
        '--kernel=' . base_release(), "--id=$id", "--patch=$patch", "--output=$new");
    my @warnings = $words =~ /^(?!scripts\/|tools\/)\S+:\d+:\d+: warning: .*$/mg;
    fail(join "\n", "'$id': the compiler warns:", @warnings) if @warnings;
    unlink glob place("hot/$id-*.tar.gz");
    copy($new, "$file.$$") or fail("cannot write '$file.$$': $!");
    rename "$file.$$", $file or fail("cannot rename '$file.$$': $!");
    return $file;
}

# The sources that the series touches and no update does.
sub cold_sources () {
    my %added = touched_files(read_series());
    my %cold = map { $_ => 1 } grep { /\.c\z/ } keys %added;
    my %updates = hot_updates();
    for my $numbers (values %updates) {
        delete @cold{ hot_patch(hot_names(@$numbers)) =~ m{^\+\+\+ b/(\S+)}mg };
    }
    return sort keys %cold;
}

# --- building --------------------------------------------------------------

# The kernels that are built, and the fragments of configuration that each adds:
# "release" to the configuration of the release, the others to x86_64's default.
my %configs = (
    boot    => ['boot.config'],
    debug   => ['boot.config', 'debug.config'],
    release => ['release.config'],
    'release-lsmod' => ['release.config'],
);

# It has that compiler and that configuration.
sub is_of_release ($build) { return !$configs{$build} || $build =~ /^release/ }

# That of the release, as warnings differ between compilers; any will do for the
# small kernels.
sub compiler ($build) {
    return 'gcc' if !is_of_release($build);
    return find_compiler({ config => release_config() });
}

# The name of the release's .config.
sub release_config () { return release_image(scalar base_release())->{config} }

# What a kernel's fragments are added to.
sub base_config ($kernel) {
    return read_file(is_of_release($kernel) ? release_config()
        : place('source') . '/arch/x86/configs/x86_64_defconfig');
}

sub make_kernel ($build, @arguments) {
    my $jobs = capture('nproc') =~ s/\s//gr;
    my $status = run({ ok => 'any', output => \my $output, group => 1, stdin => '/dev/null' },
        'make', '-s', '-C', place('source'), "-j$jobs", 'O=' . place($build),
        'CC=' . compiler($build), @arguments);
    return $output if !$status;
    my @lines = split /\n/, $output;
    splice @lines, 0, @lines - 40 if @lines > 40;
    fail(join "\n", 'the kernel does not build:', @lines);
}

# Gives a build its .config and what compiling needs, unless it has that already.
sub configure ($build, $text, @targets) {
    my $dir = place($build);
    my $stamp = sha256_hex(join "\0", $text, compiler($build));
    return if -e "$dir/.stamp" && read_file("$dir/.stamp") eq $stamp;
    make_path($dir);
    unlink "$dir/.stamp";
    write_file("$dir/.config", $text);
    progress("configuring '$build'", sub {
        make_kernel($build, 'olddefconfig');
        make_kernel($build, @targets) if @targets;
    });
    write_file("$dir/.stamp", $stamp);
    return;
}

# Compiles all that the series touches as the release is configured, or some of
# it.  Returns what the compiler has to say.
sub build_objects (@only) {
    my $lock = lock_trees();
    my $added = patch_tree();
    my @objects = sort map { s/\.c\z/.o/r } grep { /\.c\z/ } keys %$added;
    @objects = grep { my $object = $_; grep { $object =~ $_ } @only } @objects if @only;
    return '' if !@objects;
    configure('debian', read_file(release_config()), 'prepare', 'scripts');
    return progress('compiling ' . @objects . ' objects', sub {
        make_kernel('debian', '-o', 'prepare', @objects);
    });
}

# What a kernel has beside the default, and what it does without.
sub kernel_config ($kernel) {
    return join '', map { read_file(patches_dir() . "/$_") } @{ $configs{$kernel} };
}

# What the kernel comes out of, as a name.
sub kernel_key ($kernel) {
    state %key;
    return $key{$kernel} if defined $key{$kernel};
    my @parts = (read_file(file_of('BASE')), kernel_config($kernel),
        scalar capture(compiler($kernel), '--version'));
    push @parts, map { patch_text($_) } read_series();
    return $key{$kernel} = substr sha256_hex(join "\0", @parts), 0, 16;
}

# The kernel of the series, 'boot' or 'debug', if it was built;
# KSPLICE_TEST_BOOT_KERNEL is another.
sub boot_kernel ($kernel = 'boot') {
    return $ENV{KSPLICE_TEST_BOOT_KERNEL} if length($ENV{KSPLICE_TEST_BOOT_KERNEL} // '');
    my $file = place(kernel_key($kernel)) . '/bzImage';
    return -e $file ? $file : undef;
}

# Builds it, if it was not; returns its name.
sub build_boot_kernel ($kernel = 'boot') {
    my $file = place(kernel_key($kernel)) . '/bzImage';
    return $file if -e $file;
    my $lock = lock_trees();
    patch_tree();
    configure_kernel($kernel);
    my $words = progress("building the $kernel kernel of kernel-patches", sub {
        make_kernel($kernel, 'bzImage');
    });
    note($words) if $words =~ /\S/;
    make_path(dirname($file));
    copy(place("$kernel/arch/x86/boot/bzImage"), "$file.new")
        or fail("cannot write '$file.new': $!");
    rename "$file.new", $file or fail("cannot rename '$file.new': $!");
    return $file;
}

# configure_kernel(KERNEL[, MODULE...]): call with the lock, after patch_tree.  The kernel
# release-lsmod has no module but those.
sub configure_kernel ($kernel, @modules) {
    my $text = base_config($kernel) . kernel_config($kernel);
    my @targets;
    if (@modules) {
        my $list = place("$kernel.list");
        write_file($list, join '', map { "$_\n" } @modules);
        $text .= join '', map { "# module $_\n" } @modules;
        @targets = ("LSMOD=$list", 'localmodconfig');
    }
    configure($kernel, $text, @targets);
    check_config($kernel);
    return;
}

# The names in a file that lsmod wrote.
sub read_lsmod ($file) {
    my @lines = grep { !/^Module\s+Size\s/ } split /\n/, read_file($file);
    my @odd = grep { !/^[\w-]+(?:\s|\z)/ } @lines;
    fail("'$file' is not what lsmod prints: '$odd[0]'") if @odd;
    fail("'$file' names no module") if !@lines;
    return sort map { /^([\w-]+)/ } @lines;
}

# Kconfig drops without a word what depends on something else.  Of an option that
# is there twice the last line counts.
sub check_config ($kernel) {
    my %wanted = map { /(CONFIG_\w+)/ ? ($1 => $_) : () }
        grep { /^(?:# )?CONFIG_/ } split /\n/, kernel_config($kernel);
    my %is = map { $_ => 1 } split /\n/, read_file(place("$kernel/.config"));
    my %on = map { /^(CONFIG_\w+)=/ ? ($1 => 1) : () } keys %is;
    my @lost = sort map { $wanted{$_} }
        grep { $wanted{$_} =~ /^#/ ? $on{$_} : !$is{ $wanted{$_} } } keys %wanted;
    fail(join "\n", 'the configuration lacks of ' . join(' and ', @{ $configs{$kernel} }) . ':',
        @lost) if @lost;
    return if !is_of_release($kernel);
    my @differs = map { $_->{text} } grep { !$wanted{"CONFIG_$_->{name}"} }
        config_differences(release_config(), place("$kernel/.config"));
    if ($kernel eq 'release-lsmod') {
        my $n_off = grep { / \(n, was / } @differs;
        note("$n_off options of " . base_release()
            . ' are off, because they are of modules that are not in the list');
        note("'localmodconfig' of the kernel sets $_") for grep { !/ \(n, was / } @differs;
        return;
    }
    fail(join "\n", 'the configuration is not that of ' . base_release() . ':', @differs)
        if @differs;
    return;
}

1;
