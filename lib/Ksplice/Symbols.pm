# SPDX-License-Identifier: GPL-2.0-only
#
# Symbols.pm - checks that the symbols of the new code exist
#
# References of the original objects exist, because the kernel was linked with them,
# and exports are in Module.symvers: objmanip lists neither.  All other symbols must
# be global symbols of vmlinux (in its System.map or, where that is a stub, in its
# image), of the module that is changed, of the patch, or of an update that this one
# is built on top of, whose code is that of the original objects.  Image and modules are
# those of the package or, for another kernel, of where modules for it are built.
# Without such a list only ksplice-apply can check, which is a warning.

package Ksplice::Symbols;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(basename dirname);
use File::Find        qw(find);
use File::Path        qw(make_path);
use List::Util        qw(any);
use Ksplice           qw(fail warning progress capture read_file write_file);
use Ksplice::Cache    qw(cache_dir);
use Ksplice::Distro   qw(release_image);
use Ksplice::Kallsyms qw(image_symbols);

our @EXPORT_OK = qw(check_clashes wanted_symbols missing_symbols);

# check_clashes(SYMVERS, OBJECT...): fails if a target begins to refer to a new symbol of
# another one, and a third module exports a symbol of that name.  The module loader would
# choose the export.
sub check_clashes ($symvers, @objects) {
    my %of;
    for my $object (@objects) {
        push @{ $of{$_} }, $object for @{ $object->{targets} };
    }
    return if keys %of < 2;
    my %exporter = read_file($symvers) =~ /^0x[0-9a-f]+\t(\S+)\t(?:\S+\/)?(\S+)\t/mg;
    my %refers = map { $_ => { map { $_ => 1 } new_names('-u', @{ $of{$_} }) } } keys %of;
    for my $target (sort keys %of) {
        for my $name (grep { $exporter{$_} } new_names('--defined-only', @{ $of{$target} })) {
            my $exporter = $exporter{$name} =~ tr/-/_/r;
            my ($user) = grep { $_ ne $target && $_ ne $exporter && $refers{$_}{$name} }
                sort keys %of;
            fail("'$name', a new symbol of '$target' that '$user' refers to, has the name of an "
                . "export of '$exporter': rename it") if defined $user && $exporter ne $target;
        }
    }
    return;
}

# Names that the objects have after the patch and not before it.
sub new_names ($option, @objects) {
    my %is_old = map { $_ => 1 } symbols_of($option, 'pre', @objects);
    return grep { !$is_old{$_} } symbols_of($option, 'post', @objects);
}

# Names that objects of other targets refer to and that are not exported: vmlinux has
# to export the new ones.  Objects are {post, targets} each.
sub wanted_symbols ($symvers, $target, @objects) {
    my @others = grep { !has_target($_, $target) } @objects;
    return if !@others;
    my %exported = map { $_ => 1 } read_file($symvers) =~ /^0x[0-9a-f]+\t(\S+)\t/mg;
    my %seen;
    return grep { !$exported{$_} && !$seen{$_}++ } sort(symbols_of('-u', 'post', @others));
}

# Names from nm for the objects of one side.
sub symbols_of ($option, $side, @objects) {
    return if !@objects;
    return map { /^(\S+) / ? $1 : () }
        capture('nm', '-g', '-P', $option, map { $_->{$side} } @objects);
}

sub has_target ($object, $target) { return any { $_ eq $target } @{ $object->{targets} } }

# The needs of a target (a file written by objmanip) that do not exist: a sentence for
# each.
sub missing_symbols ($config, $target, $file, @objects) {
    return if !-s $file;
    my @needs = map { [split] } split /\n/, read_file($file);
    my ($vmlinux, $own) = (vmlinux_symbols($config), module_symbols($config, $target));
    my %original = map { $_ => 1 }
        symbols_of('--defined-only', 'pre',
            grep { has_target($_, $target) || has_target($_, 'vmlinux') } @objects);
    @needs = grep { my ($name) = @$_; !any { $_ && $_->{$name} } $vmlinux, $own, \%original }
        @needs;
    return if !@needs;
    my %elsewhere;
    for my $object (grep { !has_target($_, $target) } @objects) {
        $elsewhere{$_} = $object->{targets}[0] for symbols_of('--defined-only', 'post', $object);
    }
    my @missing;
    for (@needs) {
        my ($name, $unit, $function) = @$_;
        my $what = "$unit: '$name', which '$function' refers to,";
        if ($elsewhere{$name}) {
            push @missing, "$what is in '$elsewhere{$name}' and not exported: export it";
        } elsif ($vmlinux && $own) {
            push @missing, "$what does not exist: neither the kernel nor "
                . ($target eq 'vmlinux' ? '' : "'$target' nor ") . 'the patch has it';
        } else {
            warning("$what cannot be checked: there is no list of the symbols of '"
                . ($vmlinux ? $target : 'vmlinux') . "'; ksplice-apply looks it up");
        }
    }
    return @missing;
}

# NAME => 1, or undef without a list.
sub vmlinux_symbols ($config) {
    my ($map) = grep { defined && -e && -s _ > 4096 } $config->{system_map},
        map { "$_/System.map" } $config->{build} // ();
    return { map { $_ => 1 } read_file($map) =~ /^[0-9a-f]+ [A-Z] (\S+)/mg } if defined $map;
    my $image = image_of($config) // return;
    my ($size, $time) = (stat $image->{vmlinuz})[7, 9];
    my $list = cache_dir() . "/$config->{release}/symbols-$size-$time";
    if (!-e $list) {
        my $symbols = progress("reading the symbols of '$image->{vmlinuz}'", sub {
            image_symbols($image->{vmlinuz});
        });
        make_path(cache_dir() . "/$config->{release}");
        write_file("$list.$$", join '', map { "$_\n" } sort keys %$symbols);
        rename "$list.$$", $list or fail("cannot rename '$list.$$': $!");
    }
    return { map { $_ => 1 } split /\n/, read_file($list) };
}

# Global symbols of a module.  Its own one, struct module, is made when it is linked.
sub module_symbols ($config, $target) {
    return {} if $target eq 'vmlinux';
    my $name = $target =~ s/_/[-_]/gr;
    my @files;
    for my $dir (grep { -d } module_dirs($config)) {
        find({ no_chdir => 1, wanted => sub { push @files, $_ if m{/$name\.ko\z} } }, $dir)
            if !@files;
    }
    return if @files != 1;
    return { __this_module => 1, map { /^(\S+) [A-Z] / ? ($1 => 1) : () }
        capture('nm', '-g', '-P', '--defined-only', $files[0]) };
}

# Where the modules of the kernel are.  One that is not of a distribution has them beside
# the link 'build' of /lib/modules/RELEASE, or in the tree that it was built in.
sub module_dirs ($config) {
    my $image = image_of($config);
    return "$image->{modules_dir}/kernel" if $image;
    my $build = $config->{build} // return;
    my $link = readlink "$config->{dir}/build";
    return ((defined $link && basename($link) eq 'build' ? dirname($link) : ()), $build);
}

# The package of the kernel, if it is one of a distribution.
sub image_of ($config) {
    state %images;
    my $release = $config->{release};
    $images{$release} = eval { release_image($release) } if !exists $images{$release};
    return $images{$release};
}

1;
