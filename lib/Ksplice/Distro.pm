# SPDX-License-Identifier: GPL-2.0-only
#
# Distro.pm - a distribution's packages to kernels, headers and sources
#
# The parts of a kernel release come from its packages: from installed ones, or from
# ones that apt downloads, which are unpacked in the cache and never installed.  A
# package in the cache is complete, and needs neither apt nor the network again.
#
#   CACHE/packages/PACKAGE_VERSION/...     the files of a package
#
# A release is any name that the distribution uses, of any flavour.  Only two things
# are derived from it: the series that it starts with, and whether it has patches
# that the source package lacks (rt).

package Ksplice::Distro;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter         qw(import);
use File::Path       qw(remove_tree);
use Ksplice          qw(fail failure_text warning run capture read_file write_file);
use Ksplice::Archive qw(
    installed_version apt_entry served_versions unpack_packages
    other_debian other_debians with_debian
);
use Ksplice::Cache   qw(cache_dir cached cached_names);
use Ksplice::Toolchain qw(get_toolchain wrap_programs);
use List::Util       qw(uniq);

our @EXPORT_OK = qw(
    release_image release_headers release_source release_toolchain has_source
    known_releases default_release named_release is_release_of
    release_of_version version_of_release
    cached_version image_part check_flavour list_releases
);

# --- what is in the cache --------------------------------------------------

# The newest version of a package that is in the cache already.
sub cached_version ($package) {
    return (sort_versions(map { /\A\Q$package\E_(\d.*)\z/ } cached_names()))[-1];
}

# --- what dpkg and apt know ------------------------------------------------

# The releases whose image apt can download, oldest first.
sub apt_releases () {
    return sort_versions(map { image_release($_) }
        capture('apt-cache', 'pkgnames', 'linux-image-'));
}

# The release of the name of an image package; nothing for debug symbols and for the
# unsigned packages that signed ones are made from.
sub image_release ($package) {
    return if $package =~ /-(?:dbg|dbgsym|unsigned)\z/;
    return $package =~ /\Alinux-image-(\d+\.\d+\.\d+\S*-\S+)\z/ ? $1 : ();
}

sub installed_releases () {
    return sort_versions(grep { defined image_part('', $_, 'vmlinuz') } map { image_release($_) }
        capture({ ok => [0, 1] }, 'dpkg-query', '-W', '-f=${Package}\n', 'linux-image-*'));
}

sub cached_releases () {
    return sort_versions(map { image_release(s/_.*//sr) } grep { /_/ } cached_names());
}

# All releases that release_image supports, oldest first.
sub known_releases () {
    my %seen;
    return sort_versions(grep { !$seen{$_}++ }
        installed_releases(), cached_releases(), apt_releases());
}

# The number of a build: 6.1.0-56, or since Debian 13 6.12.117+deb12.
my $number = qr/[\d.]+(?:-\d+|\+[\w.~]+)/;

# A series such as 6.1, or a series and a flavour: 6.1-cloud-amd64.
my $series_and_flavour = qr/\A(\d+\.\d+)(?:-([a-z]\S*))?\z/;

sub is_of_flavour ($release, $flavour) { return $release =~ /\A$number-\Q$flavour\E\z/ }

sub is_release_of ($release, $series, $flavour) {
    return is_of_flavour($release, $flavour) && $release =~ /\A\Q$series\E\./;
}

# The release that is meant where none is named: the newest one that updates can be built
# for, of the series that the distribution installs for the flavour.
sub default_release ($flavour = 'amd64') {
    my $series = installed_series($flavour);
    my @releases = reverse grep { is_of_flavour($_, $flavour) } known_releases();
    my @of_series = grep { defined $series && /\A\Q$series\E\./ } @releases;
    @releases = @of_series if @of_series;
    fail("no kernel of flavour '$flavour' is installed, cached or known to apt"
        . update_hint(apt_releases())) if !@releases;
    my @lacking;
    for my $release (@releases) {
        my ($entry) = list_releases($release);
        return $release if $entry->{lacks} eq '';
        push @lacking, "$release: $entry->{lacks}";
    }
    fail("no update can be built for a kernel of flavour '$flavour' here: $lacking[0]");
}

# A release by its name; or by its series, or series and flavour ('6.1-cloud-amd64'): the
# newest one of these that is installed or known to apt, or else in the cache.
sub named_release ($name) {
    my ($series, $flavour) = $name =~ $series_and_flavour or return $name;
    $flavour //= 'amd64';
    my ($newest) = map { (reverse grep { is_release_of($_, $series, $flavour) } @$_)[0] // () }
        [sort_versions(installed_releases(), apt_releases())], [cached_releases()];
    return $newest // fail("no kernel $series-$flavour is installed, cached or known to apt"
        . update_hint(apt_releases()));
}

# The series of the kernel that the distribution's package of the flavour depends on.
sub installed_series ($flavour) {
    my $entry = apt_entry("linux-image-$flavour") // return;
    return (($entry->{Depends} // '') =~ /\blinux-image-(\d+\.\d+)\.\d/)[0];
}

# The release of a flavour whose image package has that version, like 6.1.190-1.
sub release_of_version ($version, $flavour) {
    my ($series) = $version =~ /\A(\d+\.\d+)\./ or fail("'$version' is no kernel's version");
    for my $release (reverse grep { is_release_of($_, $series, $flavour) } known_releases()) {
        return $release if version_of_release($release) eq $version;
    }
    fail("no kernel $series-$flavour of version '$version' is installed, cached or known to apt");
}

sub version_of_release ($release) { return scalar package_version('image', $release) }

# Numbers in them sorted as numbers.
sub sort_versions (@versions) {
    my %key = map { my $v = $_; ($v => $v =~ s/(\d+)/sprintf '%09d', $1/ger) } @versions;
    return sort { $key{$a} cmp $key{$b} } @versions;
}

sub update_hint (@releases) {
    return @releases ? '' : "; its lists are empty: run 'apt-get update'";
}

# A kernel of another Debian release is asked for there, unless this machine's apt knows it.
sub with_apt_of ($release, $body) {
    my $codename = other_debian($release);
    return $body->() if !defined $codename || apt_entry("linux-image-$release");
    return with_debian($codename, $body);
}

# Fails for an unknown release, with the likely alternatives.
sub unknown_release ($release, $package) {
    my @releases = apt_releases();
    my $codename = other_debian($release);
    my $why = "'$package' is not installed, and apt does not know it"
        . (defined $codename ? ", nor does Debian's '$codename' have it" : '');
    fail("packages of release '$release' are missing: $why; "
        . "run 'apt-get update', or get it from snapshot.debian.org")
        if grep { $_ eq $release } @releases;
    my $plain = $release =~ s/\Alinux-(?:image|headers|source)-//r;
    my ($build, $flavour) = $plain =~ /\A($number)(?:-(.+))?\z/;
    my @meant = grep { $_ eq $plain || /\A\Q$plain\E-/ } @releases;
    @meant = grep { defined $build && /\A\Q$build\E-/ } @releases if !@meant;
    fail("unknown release '$release': did you mean " . join(' or ', map { "'$_'" } @meant) . '?')
        if @meant;
    my $newest = newest_of_kind($plain, @releases);
    fail("'$release' names more than one release, the newest of which is '$newest'; "
        . "'ksplice-create --list-kernels' lists them") if defined $newest;
    my @alike = grep { defined $flavour && is_of_flavour($_, $flavour) } @releases;
    @alike = @releases if !@alike;
    my ($series) = $release =~ /\A(\d+\.\d+)\./;
    my @same = grep { defined $series && /\A\Q$series\E\./ } @alike;
    @alike = @same if @same;
    my $more = @alike > 6 ? ' and ' . (@alike - 6) . ' older ones' : '';
    splice @alike, 0, @alike - 6 if @alike > 6;
    my $cure = defined $codename ? '' : "; if it is a security update, add that archive to apt's "
        . "sources and run 'apt-get update'";
    fail("unknown release '$release': $why"
        . (@alike ? "; it has @alike$more$cure" : update_hint()));
}

# The newest release of a series, or of a flavour, or of both ('6.1', 'amd64', '6.1-rt-amd64').
sub newest_of_kind ($kind, @releases) {
    my ($series, $flavour) = $kind =~ $series_and_flavour;
    return (grep { defined $series ? is_release_of($_, $series, $flavour // 'amd64')
        : is_of_flavour($_, $kind) } @releases)[-1];
}

my $real_time = qr/-rt(?:-|\z)/;

# Fails for a flavour whose source is not that of the package linux-source.
sub check_flavour ($release) {
    fail("'$release' is built from the source with the real-time patches, which the package "
        . "linux-source does not have: give the directory of that source, and --config")
        if $release =~ $real_time;
    return;
}

# The version of a release's package of that kind: of the installed one, else
# of the one in the cache, else of apt's.  In list context also where it was
# found.
sub package_version ($kind, $release) {
    my $package = "linux-$kind-$release";
    unknown_release($release, $package) if $release !~ /\A\d[\w.+~-]*\z/;
    my $version = installed_version($package);
    my $where = 'installed';
    if (!defined $version) {
        ($where, $version) = ('cached', cached_version($package));
    }
    if (!defined $version) {
        my $entry = with_apt_of($release, sub {
            apt_entry($package) // unknown_release($release, $package);
        });
        ($where, $version) = ('apt', $entry->{Version});
    }
    return wantarray ? ($version, $where) : $version;
}

# --- what a release is made of ---------------------------------------------

# Where the parts of an image are, for sprintf with the release, in the order to look.
my %places = (
    vmlinuz     => ['boot/vmlinuz-%s', 'lib/modules/%s/vmlinuz'],
    config      => ['boot/config-%s', 'lib/modules/%s/config'],
    system_map  => ['boot/System.map-%s', 'lib/modules/%s/System.map'],
    modules_dir => ['lib/modules/%s'],
);

# The path of a part below ROOT, '' for the installed one; nothing if it is not there.
sub image_part ($root, $release, $part) {
    my @paths = map { sprintf $_, $release } map { ($_, "usr/$_") } @{ $places{$part} };
    return (grep { -e } map { "$root/$_" } @paths)[0];
}

# The kernel itself, as a hash: vmlinuz, modules_dir (with modules.dep),
# config, system_map (undef if there is none), version (of the package), release.
sub release_image ($release) {
    my ($version, $where) = package_version('image', $release);
    my $package = "linux-image-$release";
    my $root = '';
    if ($where ne 'installed') {
        $root = cached("${package}_$version", "getting $package $version", sub ($dir) {
            with_apt_of($release, sub {
                unpack_packages($dir, [$package, $version],
                    parts_of($package, $version, qr/[a-z]+-\Q$release\E/));
            });
            merge_usr($dir);
            image_parts($dir, $release);
            run('depmod', '-b', $dir, $release);
        });
    }
    return { image_parts($root, $release), release => $release, version => $version };
}

sub image_parts ($root, $release) {
    my %image = map { $_ => scalar image_part($root, $release, $_) } keys %places;
    for my $part (qw(vmlinuz modules_dir config)) {
        my ($first, $second) = map { sprintf "'$_'", $release } @{ $places{$part} };
        fail("linux-image-$release is " . ($root eq '' ? 'installed' : 'unpacked')
            . ", but has no '$part'; it was looked for as $first"
            . (defined $second ? " and $second" : ''))
            if !defined $image{$part};
    }
    return %image;
}

# Makes /lib and /usr/lib one, wherever the packages have the modules: depmod knows only
# one of the two.
sub merge_usr ($dir) {
    mkdir "$dir/usr";
    my ($link, $to) = -e "$dir/lib" ? ('usr/lib', '../lib') : ('lib', 'usr/lib');
    return if -e "$dir/$link";
    symlink $to, "$dir/$link" or fail("cannot link '$dir/$link': $!");
    return;
}

# A directory for make -C DIR M=...
sub release_headers ($release) {
    my $installed = "/usr/src/linux-headers-$release";
    my ($version, $where) = package_version('headers', $release);
    if ($where eq 'installed') {
        -e "$installed/Makefile"
            or fail("linux-headers-$release is installed, but not its '$installed/Makefile'");
        return $installed;
    }
    my $root = headers_root($release, $version);
    return "$root$installed";
}

# The headers unpacked in the cache.  Those of another Debian release have programs that
# need its libraries: these are of its toolchain, whose place is kept beside them.
sub headers_root ($release, $version) {
    my $package = "linux-headers-$release";
    my $name = "${package}_$version";
    my $root = cache_dir() . "/packages/$name";
    my $toolchain = -e "$root/toolchain" ? read_file("$root/toolchain") : undef;
    my $config = "$root/usr/src/$package/.config";
    remove_tree($root)
        if defined $toolchain && (!-d $toolchain || rust_of($config) && !-e "$toolchain/bin/rustc");
    return cached($name, "getting $package $version", sub ($dir) {
        my $codename = other_debian($release);
        with_apt_of($release, sub {
            my @parts = parts_of($package, $version, qr/(?:headers|kbuild)-\S+?/);
            unpack_packages($dir, [$package, $version], @parts);
            return if !defined $codename;
            my ($kbuild) = map { $_->[0] } grep { $_->[0] =~ /-kbuild-/ } @parts;
            my @rust = rust_of("$dir/usr/src/$package/.config");
            my $tools =
                get_toolchain($codename, compiler_of($package, $version), \@rust, $kbuild // ());
            wrap_programs($dir, $tools);
            write_file("$dir/toolchain", $tools);
        });
        make_relative("$dir/usr/src/$package");
    });
}

# The package with the compiler that modules for the kernel need.
sub compiler_of ($package, $version) {
    my ($gcc) = (apt_entry($package, $version)->{Depends} // '') =~ /\b(gcc-\d+)\b/;
    return $gcc // fail("'$package' $version depends on no compiler");
}

# What else a kernel with code in Rust is configured by: [PACKAGE, VERSION]...  Its code in C does
# not depend on them, but without them Kconfig drops Rust, and what depends on that.
sub rust_of ($config) {
    my $options = -e $config ? read_file($config) : '';
    return if $options !~ /^CONFIG_RUST=y$/m;
    my ($rustc) = $options =~ /^CONFIG_RUSTC_VERSION_TEXT="rustc ([\d.]+)/m
        or fail("'$config' has CONFIG_RUST, but names no version of rustc");
    my ($bindgen) = $options =~ /^CONFIG_BINDGEN_VERSION_TEXT="bindgen ([\d.]+)/m
        or fail("'$config' has CONFIG_RUST, but names no version of bindgen");
    return (['rustc', $rustc], ['rust-src', $rustc], ['bindgen', $bindgen]);
}

# The toolchain that a release needs in place of the machine's; nothing for one of the
# machine's own Debian release.  The headers must be there.
sub release_toolchain ($release) {
    my ($version, $where) = package_version('headers', $release);
    return if $where eq 'installed';
    my $file = headers_root($release, $version) . '/toolchain';
    return -e $file ? read_file($file) : undef;
}

# The packages that a package depends on and that are parts of what it stands for, with
# versions: those that match after linux-.  Headers have parts that are common to all
# flavours, and the programs of kbuild; an image may have its files in such packages.
sub parts_of ($package, $version, $pattern) {
    my $entry = apt_entry($package, $version)
        // fail("apt does not know '$package' $version any more; run 'apt-get update'");
    my @parts;
    for my $depends (split /,\s*/, $entry->{Depends} // '') {
        $depends =~ /\A(linux-$pattern)(?:\s+\((>?=)\s*(\S+)\))?\z/ or next;
        my ($name, $needed) = ($1, $3);
        my $part = (defined $needed && apt_entry($name, $needed)) || apt_entry($name)
            || fail("'$package' needs '$name', which apt does not know");
        push @parts, [$name, $part->{Version}];
    }
    return @parts;
}

# The Makefile of unpacked headers names the common part by its absolute path
# as installed; here it stands beside it.  (Links to kbuild are relative.)
sub make_relative ($dir) {
    my $here = "ksplice-here := \$(abspath \$(dir \$(lastword \$(MAKEFILE_LIST))))\n";
    for my $file (grep { -f } "$dir/Makefile", "$dir/.kernelvariables") {
        my $text = read_file($file);
        write_file($file, $here . $text) if $text =~ s{/usr/src/}{\$(ksplice-here)/../}g;
    }
    return;
}

# Whether release_source would find it, without downloading it.
sub has_source ($release) {
    my ($series) = $release =~ /\A(\d+\.\d+)/ or return '';
    return find_source("linux-source-$series", scalar package_version('image', $release)) ne '';
}

# All releases that are known, oldest first, those of other Debian releases too; or those that
# are given: {release, version, lacks}, where lacks is what an update cannot be built without,
# or ''.
sub list_releases (@releases) {
    return list_served(@releases) if @releases;
    my %in_apt = map { $_ => 1 } apt_releases();
    my @known = known_releases();
    my %others;
    for my $release (grep { !$in_apt{$_} } @known) {
        my $codename = other_debian($release);
        $others{$codename}{$release} = 1 if defined $codename;
    }
    my %other = map { %$_ } values %others;
    my %entries = map { $_->{release} => $_ } list_served(grep { !$other{$_} } @known),
        map { list_other_debian($_, \%in_apt, keys %{ $others{$_} }) } other_debians();
    fail('no kernel is installed, cached or known to apt' . update_hint()) if !%entries;
    return @entries{ sort_versions(keys %entries) };
}

# Those of another Debian release that the machine's apt does not know, with those that are
# cached.  If there is no list of them, the cached ones.
sub list_other_debian ($codename, $in_apt, @cached) {
    my @entries;
    eval {
        @entries = with_debian($codename, sub {
            my %releases = map { $_ => 1 } @cached,
                grep { !$in_apt->{$_} && (other_debian($_) // '') eq $codename } apt_releases();
            return list_served(keys %releases);
        });
        1;
    } or do {
        warning("kernels of Debian's '$codename' are not listed: " . failure_text($@));
        @entries = list_served(@cached);
    };
    return @entries;
}

sub list_served (@releases) {
    return if !@releases;
    my $served = served_versions(map { ("linux-image-$_", "linux-headers-$_", source_of($_)) }
        @releases);
    return map { listed($served, $_) } @releases;
}

sub listed ($served, $release) {
    my $has = sub ($package) {
        return installed_version($package) // cached_version($package) // $served->{$package}[0];
    };
    my $in_apt = sub ($package, $version) {
        return grep { $_ eq $version } @{ $served->{$package} // [] };
    };
    my $version = $has->("linux-image-$release");
    my $lacks = $release =~ $real_time
        ? 'its source, with real-time patches, is not in linux-source'
        : find_source(source_of($release), $version, $in_apt) eq ''
        ? 'apt does not have its source any more'
        : !defined $has->("linux-headers-$release") ? 'apt does not have its headers' : '';
    return { release => $release, version => $version, lacks => $lacks };
}

sub source_of ($release) {
    my ($series) = $release =~ /\A(\d+\.\d+)/
        or fail("'$release' does not start with a kernel version");
    return "linux-source-$series";
}

# Where a package of that version with a source is: installed, cached, apt or ''.  IN_APT
# answers for apt.
sub find_source ($package, $version, $in_apt = \&apt_entry) {
    return 'installed'
        if (installed_version($package) // '') eq $version && -e "/usr/src/$package.tar.xz";
    return 'cached' if -d cache_dir() . "/packages/${package}_$version";
    return $in_apt->($package, $version) ? 'apt' : '';
}

# The tarball of the source that the release was built from: of exactly the
# version of its image package.
sub release_source ($release) {
    my $version = package_version('image', $release);
    my $package = source_of($release);
    my $tarball = "/usr/src/$package.tar.xz";
    my $where = find_source($package, $version, sub ($name, $wanted) {
        return with_apt_of($release, sub { apt_entry($name, $wanted) });
    });
    return $tarball if $where eq 'installed';
    if ($where eq '') {
        my $other = with_apt_of($release, sub { apt_entry($package) });
        fail("the source that '$release' was built from, '$package' $version, is neither "
            . 'installed nor in the cache, and apt does not have it'
            . ($other ? " any more, but $other->{Version}" : '')
            . ": take a newer release, run 'apt-get update', or get it from snapshot.debian.org");
    }
    my $found = cached("${package}_$version", "getting $package $version", sub ($dir) {
        with_apt_of($release, sub { unpack_packages($dir, [$package, $version]) });
    }) . $tarball;
    -e $found or fail("'$package' $version has no '$tarball'");
    return $found;
}

1;
