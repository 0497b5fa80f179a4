# SPDX-License-Identifier: GPL-2.0-only
#
# Modules.pm - from pairs of objects to the modules of an update
#
# objmanip makes old.o and new.o of all changed objects of a target; the sources
# of kmodsrc are built around them by the kernel's kbuild, all targets in one
# run.  The core is the same for all updates of a kernel: it is built once and
# cached under the hash of its sources.

package Ksplice::Modules;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Digest::SHA     ();
use Exporter        qw(import);
use File::Basename  qw(dirname);
use File::Copy      qw(copy);
use File::Find      qw(find);
use File::Path      qw(make_path remove_tree);
use Ksplice         qw(fail run capture progress base_dir read_file temp_dir);
use Ksplice::Cores  qw(use_core prune_cores);
use Ksplice::Cache  qw(cache_dir);
use Ksplice::Tree   qw(make_tree);
use Ksplice::Update qw(module_file module_name);

our @EXPORT_OK = qw(
    objmanip check_objmanip combine_target build_core build_modules build_old_modules check_target
);

# Longest name that the kernel takes for a module.
my $longest_name = 55;

sub objmanip () {
    my $installed = base_dir() . '/objmanip';
    return $ENV{KSPLICE_OBJMANIP} // (-d $installed ? "$installed/objmanip" : $installed);
}

# objmanip must exist and, in a checkout, not be older than its sources: otherwise its
# image would be refused, or be wrong.
sub check_objmanip () {
    my $program = objmanip();
    -x $program or fail("no program '$program': run make");
    return if defined $ENV{KSPLICE_OBJMANIP};
    my $base = base_dir();
    my $made = (stat $program)[9];
    my @newer = grep { (stat)[9] > $made } glob("'$base/objmanip/'{,*/,*/*/}'*.[ch]'"),
        -e "$base/objmanip/main.c" ? "$base/kmodsrc/records.h" : ();
    fail("'$program' is older than '$newer[0]': run make") if @newer;
    return;
}

sub check_target ($kid, $target) {
    my $name = module_name($kid, $target, 'old');
    fail("the module name '$name' is too long: use a shorter --id")
        if length $name > $longest_name;
    return;
}

# combine_target(DIR, {kid, target, symvers, crcs, lines, wanted, explain, touched},
# UNIT=PRE=POST...): writes old.o, new.o, imports.h and summary into DIR.  Returns
# whether there is anything to apply, and the lines to report in any case.
sub combine_target ($dir, $change, @units) {
    make_path($dir);
    my $status = run({ ok => [0, 1, 66], output => \my $output }, objmanip(), 'diff',
        $change->{explain} ? ('--explain', map { "--touched=$_" } @{ $change->{touched} }) : (),
        "--kid=$change->{kid}", "--target=$change->{target}",
        "--symvers=$change->{symvers}", "--crcs=$change->{crcs}", "--lines=$change->{lines}",
        "--wanted=$change->{wanted}", "--out=$dir", @units);
    if ($status == 1) {
        STDOUT->flush();
        print STDERR $output;
        fail("the patch cannot be applied to the running '$change->{target}'");
    }
    return $status != 66, split(/\n/, $output),
        -e "$dir/summary" ? split(/\n/, read_file("$dir/summary")) : ();
}

# The directory with ksplice.ko and its Module.symvers; it stays there as long
# as the tree is in use.
sub build_core ($tree) {
    my $config = $tree->{config};
    my $sources = base_dir() . '/kmodsrc';
    my @files = source_files($sources);
    my $hash = Digest::SHA->new(256);
    $hash->add("$_\0", read_file("$sources/$_")) for @files;
    $hash->add($config->{build}, scalar capture($tree->{cc}, '--version'),
        join ' ', @{ $config->{flags} }, (stat "$config->{build}/Module.symvers")[7, 9]);
    my $cache = cache_dir() . "/$config->{release}";
    my $dir = "$cache/core-" . substr $hash->hexdigest, 0, 16;
    $tree->{core} = use_core($dir) and return $dir;
    my $scratch = temp_dir();
    copy_sources($sources, $scratch, @files);
    make_path("$dir.new$$");
    my $ok = progress("building the core for $config->{release}", sub {
        make_tree($tree, 'modinst', 0, "KSPLICE_BUILD=$config->{build}",
            "KSPLICE_SCRATCH=$scratch", "KSPLICE_OUT=$dir.new$$");
    });
    $ok &&= copy("$scratch/Module.symvers", "$dir.new$$/Module.symvers");
    remove_tree($scratch);
    $ok &&= rename("$dir.new$$", $dir) || -d $dir;
    remove_tree("$dir.new$$");
    $tree->{core} = $ok && use_core($dir)
        or fail("cannot build the core, ksplice.ko, for $config->{release}");
    prune_cores($cache);
    return $dir;
}

# Builds the old and the new module of each target from SCRATCH/TARGET/{old.o,
# new.o,imports.h}, and writes them to OUT.
sub build_modules ($tree, $kid, $scratch, $out, $core, @targets) {
    build_kinds([qw(old new)], $tree, $kid, $scratch, $out, $core, @targets);
    return;
}

# The old ones alone, which match and do nothing; without new.o.
sub build_old_modules ($tree, $kid, $scratch, $out, $core, @targets) {
    build_kinds([qw(old)], $tree, $kid, $scratch, $out, $core, @targets);
    return;
}

sub build_kinds ($kinds, $tree, $kid, $scratch, $out, $core, @targets) {
    my $sources = base_dir() . '/kmodsrc';
    copy_sources($sources, $scratch, source_files($sources));
    my $ok = progress('building modules for ' . join(', ', @targets), sub {
        make_tree($tree, 'modinst', 0, "KSPLICE_BUILD=$tree->{config}{build}",
            "KSPLICE_SCRATCH=$scratch", "KSPLICE_OUT=$out",
            "KSPLICE_KID=$kid", "KSPLICE_TARGETS=@targets", "KSPLICE_KINDS=@$kinds",
            "KSPLICE_CORE=$core");
    });
    fail('cannot build the modules of the update') if !$ok;
    for my $target (@targets) {
        for my $file (map { module_file($kid, $target, $_) } @$kinds) {
            -s "$out/$file" or fail("kbuild did not build '$file'");
        }
    }
    return;
}

# Without the products of a build.
sub source_files ($dir) {
    my @files;
    find({ no_chdir => 1, wanted => sub {
        push @files, substr $_, 1 + length $dir
            if m{(?:/Kbuild|\.[chS])\z} && !/\.mod\.c\z/;
    } }, $dir);
    return sort @files;
}

sub copy_sources ($from, $to, @files) {
    for my $file (@files) {
        make_path(dirname("$to/$file"));
        copy("$from/$file", "$to/$file") or fail("cannot write '$to/$file': $!");
    }
    return;
}

1;
