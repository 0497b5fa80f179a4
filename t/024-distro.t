#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A release's kernel, headers and source are of exactly its packages' versions,
# come whole into the cache and only once, and what is not available is named.
# The packages are small ones made here, and a script takes apt's place.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use File::Path     qw(remove_tree);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $cache = "$dir/cache";
my ($old, $new) = ('6.1.0-9-none', '6.1.0-10-none');

# --- a distribution --------------------------------------------------------

# Makes a package with these files and puts it in apt's list.
sub make_package ($name, $version, $depends, %files) {
    my $root = "$dir/$name.$version";
    spew("$root/$_", $files{$_}) for keys %files;
    spew("$root/DEBIAN/control", <<"END");
Package: $name
Version: $version
Architecture: all
Maintainer: nobody <nobody\@example.org>
${depends}Description: a package of a test
END
    my ($status, undef, $err) =
        run_cmd(qw(dpkg-deb --root-owner-group -Znone -b), $root, "$dir/debs/$name.$version");
    die $err if $status;
    spew("$dir/list/$name.$version", "Package: $name\nVersion: $version\n$depends\n");
    spew("$dir/list/$name", slurp("$dir/list/$name.$version"));
    return;
}

mkdir "$dir/debs" or die;
for ([$old, '6.1.90-2'], [$new, '6.1.100-1']) {
    my ($release, $version) = @$_;
    make_package("linux-image-$release", $version, '',
        "boot/vmlinuz-$release" => "kernel $version", "boot/config-$release" => "CONFIG_X=y\n",
        "boot/System.map-$release" => '', "lib/modules/$release/modules.order" => '',
        "lib/modules/$release/modules.builtin" => '');
}
make_package("linux-image-$new-unsigned", '6.1.100-1', '', 'x' => '');
make_package("linux-image-$new-dbg", '6.1.100-1', '', 'x' => '');
make_package('linux-source-6.1', '6.1.90-2', '', 'usr/src/linux-source-6.1.tar.xz' => 'old source');
make_package('linux-source-6.1', '6.1.95-1', '', 'usr/src/linux-source-6.1.tar.xz' => 'another');
make_package("linux-headers-$old", '6.1.90-2',
    "Depends: linux-headers-6.1.0-9-common (= 6.1.90-2), linux-kbuild-6.1 (>= 6.1.90-2), gcc-12\n",
    "usr/src/linux-headers-$old/Makefile" =>
        "include /usr/src/linux-headers-6.1.0-9-common/Makefile\n");
make_package('linux-headers-6.1.0-9-common', '6.1.90-2', '',
    'usr/src/linux-headers-6.1.0-9-common/Makefile' =>
        "where:\n\t\@echo \$(abspath \$(dir \$(lastword \$(MAKEFILE_LIST))))\n");
make_package('linux-kbuild-6.1', '6.1.100-1', '', 'usr/lib/linux-kbuild-6.1/scripts/x' => '');

spew("$dir/bin/apt-cache", <<"END");
#!/bin/sh
case \$1 in
    pkgnames) cd $dir/list && ls | grep "^\$2" | grep -v '[.][0-9]*-[0-9]*\$'; true ;;
    show)
        shift
        all=yes status=100
        for name; do
            case \$name in
                --no-all-versions) all= ;;
                *) files=$dir/list/\$(echo \$name | tr = .)
                   cat \$files\${all:+.[0-9]*-*} 2>/dev/null && status=0 ;;
            esac
        done
        exit \$status ;;
esac
END
spew("$dir/bin/apt-get", <<"END");
#!/bin/sh
sleep \${SLOW:-0}
for name; do
    case \$name in
        linux-*=*)
            echo \$name >>$dir/downloads
            cp "$dir/debs/\$(echo \$name | tr = .)" "\$PWD/\$name.deb" ||
                { echo "E: Failed to fetch http://example.org/x.deb  404" >&2; exit 100; } ;;
    esac
done
END
chmod 0755, glob "$dir/bin/*";

my $program = spew("$dir/call", <<'END');
use v5.32;
use Ksplice qw(main);
use Ksplice::Distro;
main(sub {
    my $name = shift @ARGV;
    my $result = Ksplice::Distro->can($name)->(@ARGV);
    say ref $result ? map { "$_=$result->{$_}\n" } sort keys %$result : $result;
});
END
my %env = (PATH => "$dir/bin:$ENV{PATH}", KSPLICE_CACHE => $cache);

# Without what is printed about what takes long.
sub call (@call) {
    unlink "$dir/downloads";
    my ($status, $out, $err) =
        run_cmd({ env => \%env }, 'perl', '-I' . root_dir() . '/lib', $program, @call);
    return ($status, $out, $err =~ s/^call: \S+ing .* \.\.\.\n//gmr);
}

sub fails ($message, @call) {
    my ($status, $out, $err) = call(@call);
    is("$status $out$err", "1 call: $message\n", "@call is refused");
    return;
}

# --- the kernel ------------------------------------------------------------

my ($status, $out, $err) = call('release_image', $old);
is("$status$err", '0', 'an image is had from its package');
my %image = map { split /=/, $_, 2 } split /\n/, $out;
is($image{version}, '6.1.90-2', 'with the version of the package');
is(slurp($image{vmlinuz}), 'kernel 6.1.90-2', 'its kernel');
is(slurp($image{config}), "CONFIG_X=y\n", 'its configuration');
ok(-e $image{system_map}, 'its System.map');
ok(-e "$image{modules_dir}/modules.dep", 'and modules that modprobe can use');
is(slurp("$dir/downloads"), "linux-image-$old=6.1.90-2\n", 'one package was downloaded');

($status, my $again) = call('release_image', $old);
is($again, $out, 'the next time it is the same');
ok(!-e "$dir/downloads", 'and nothing is downloaded');
unlink "$dir/list/linux-image-$old";
($status, $again) = call('release_image', $old);
is($again, $out, 'also when apt does not know it any more');

my $add = "; if it is a security update, add that archive to apt's sources and run "
    . "'apt-get update'";
fails("unknown release '6.1.0-8-none': 'linux-image-6.1.0-8-none' is not installed, "
    . "and apt does not know it; it has $new$add", 'release_image', '6.1.0-8-none');
fails("'$_' names more than one release, the newest of which is '$new'; 'ksplice-create "
    . "--list-kernels' lists them", 'release_headers', $_) for qw(6.1-none none);
fails("unknown release '--force': 'linux-headers---force' is not installed, "
    . "and apt does not know it; it has $new$add", 'release_headers', '--force');

# --- other places of the files -----------------------------------------------

# Debian 13: the modules are below /usr/lib.
my $usr = '6.12.9+deb13-none';
make_package("linux-image-$usr", '6.12.9-1', "Depends: kmod, linux-base (>= 4.12~)\n",
    "boot/vmlinuz-$usr" => 'usr kernel', "boot/config-$usr" => '', "boot/System.map-$usr" => '',
    "usr/lib/modules/$usr/modules.order" => '', "usr/lib/modules/$usr/modules.builtin" => '');
# Its backports: the image package is empty, others have all of it.
my $split = '7.3.4+deb13-none';
my %parts = (
    base   => { map { ("usr/lib/modules/$split/$_" => $_) } qw(System.map config modules.order
        modules.builtin) },
    binary => { "usr/lib/modules/$split/vmlinuz" => 'split kernel' },
    modules => { "usr/lib/modules/$split/kernel/x.ko" => '' },
);
make_package("linux-$_-$split", '7.3.4-1', '', %{ $parts{$_} }) for sort keys %parts;
make_package("linux-image-$split", '7.3.4-1', 'Depends: dracut | initramfs-tools (>= 0.1), '
    . join(', ', map { "linux-$_-$split (= 7.3.4-1)" } sort keys %parts) . "\n", 'x' => '');
for ([$usr, 'usr kernel', 1], [$split, 'split kernel', 4]) {
    my ($release, $kernel, $n) = @$_;
    ($status, $out, $err) = call('release_image', $release);
    is("$status$err", '0', "$release: an image is had from its package") or next;
    %image = map { split /=/, $_, 2 } split /\n/, $out;
    is(slurp($image{vmlinuz}), $kernel, '  ... its kernel');
    ok(-e $image{$_}, "  ... its $_") for qw(config system_map);
    ok(-e "$image{modules_dir}/modules.dep", '  ... modules that modprobe can use');
    is(() = slurp("$dir/downloads") =~ /^/mg, $n, "  ... of $n packages");
}
my @bad = map { "7.3.$_+deb13-none" } 5, 6;
make_package("linux-image-$bad[0]", '7.3.5-1', '', "boot/config-$bad[0]" => '',
    "usr/lib/modules/$bad[0]/modules.order" => '');
make_package("linux-image-$bad[1]", '7.3.6-1', "Depends: linux-binary-$bad[1] (= 7.3.6-1)\n",
    'x' => '');
fails("linux-image-$bad[0] is unpacked, but has no 'vmlinuz'; it was looked for as "
    . "'boot/vmlinuz-$bad[0]' and 'lib/modules/$bad[0]/vmlinuz'", 'release_image', $bad[0]);
fails("'linux-image-$bad[1]' needs 'linux-binary-$bad[1]', which apt does not know",
    'release_image', $bad[1]);
is_deeply([grep { !/\.lock\z/ } glob "$cache/packages/*7.3.[56]*"], [],
    'and nothing is left of them');
unlink glob "$dir/list/linux-*+deb13-none*";
remove_tree(glob "$cache/packages/linux-image-*+deb13-none_*");

# --- the release that is meant if none is named ------------------------------

make_package("linux-headers-$new", '6.1.100-1', '', 'x' => '');
make_package('linux-source-6.1', '6.1.100-1', '', 'x' => '');
is((call('default_release', 'none'))[1], "$new\n", 'the newest is so by number, not by letters');
for ('9+deb12-none', '11+deb12-none', '12+deb12-rt-none', '12+deb12-none') {
    make_package("linux-image-6.12.$_", '6.12.1-1', '', 'x' => '');
    make_package("linux-headers-6.12.$_", '6.12.1-1', '', 'x' => '') if !/12\+deb12-none/;
}
make_package('linux-source-6.12', '6.12.1-1', '', 'x' => '');
is((call('default_release', 'none'))[1], "6.12.11+deb12-none\n",
    'also of releases with a plus, of that flavour only, and that an update can be built for');
make_package('linux-image-none', '6.1.1', "Depends: linux-image-6.1.0-8-none (= 6.1.80-1)\n",
    'x' => '');
is((call('default_release', 'none'))[1], "$new\n", 'and of the series that would be installed');
make_package('linux-image-none', '6.1.1', "Depends: linux-image-5.10.0-8-none (= 5.10.80-1)\n",
    'x' => '');
is((call('default_release', 'none'))[1], "6.12.11+deb12-none\n", 'of any if there is none of that');
is((call('named_release', '6.12-none'))[1], "6.12.12+deb12-none\n",
    'a series and flavour name the newest release');
is((call('named_release', $old))[1], "$old\n", '... and a release itself');
fails('no kernel 6.12-amd64 is installed, cached or known to apt', 'named_release', '6.12');
unlink glob "$dir/list/linux-image-none*";
unlink glob "$dir/list/linux-headers-$new*";
unlink "$dir/list/linux-source-6.1.6.1.100-1", glob "$dir/list/linux-source-6.12*";
spew("$dir/list/linux-source-6.1", slurp("$dir/list/linux-source-6.1.6.1.95-1"));
is((call('default_release', 'none'))[1], "$old\n", 'or an older one whose packages are cached');
make_package('linux-image-6.12.9+deb12-bare', '6.12.1-1', '', 'x' => '');
fails("no update can be built for a kernel of flavour 'bare' here: 6.12.9+deb12-bare: apt does "
    . 'not have its source any more', 'default_release', 'bare');
unlink glob "$dir/list/linux-headers-6.12.*";
fails("unknown release '6.12.11+deb12': did you mean '6.12.11+deb12-none'?",
    'release_image', '6.12.11+deb12');
fails("unknown release '6.1.0-1-none': 'linux-image-6.1.0-1-none' is not installed, "
    . "and apt does not know it; it has $new$add", 'release_image', '6.1.0-1-none');
unlink glob "$dir/list/linux-image-6.12.*";
fails("no kernel of flavour 'other' is installed, cached or known to apt", 'default_release',
    'other');

# --- sources and headers ---------------------------------------------------

($status, $out, $err) = call('release_source', $old);
chomp $out;
is(slurp($out), 'old source', "the source is of the image's version, not the newest");
is((call('has_source', $old))[1], "1\n", 'that it can be had is known before');
is((call('has_source', $new))[1], "\n", 'and that it cannot');
fails("the source that '$new' was built from, 'linux-source-6.1' 6.1.100-1, is neither installed "
    . "nor in the cache, and apt does not have it any more, but 6.1.95-1: take a newer release, "
    . "run 'apt-get update', or get it from snapshot.debian.org", 'release_source', $new);
fails("packages of release '$new' are missing: 'linux-headers-$new' is not installed, and apt does "
    . "not know it; run 'apt-get update', or get it from snapshot.debian.org",
    'release_headers', $new);
for my $near ('6.1.0-10', "linux-image-$new", '6.1.0-10-other') {
    fails("unknown release '$near': did you mean '$new'?", 'release_image', $near);
}
for my $build ('6.1.0-9', '6.12.9+deb12') {
    fails("'$build-rt-amd64' is built from the source with the real-time patches, which the "
        . 'package linux-source does not have: give the directory of that source, and --config',
        'check_flavour', "$build-rt-amd64");
    is((call('check_flavour', "$build-cloud-amd64"))[0], 0, 'cloud is of the same source');
}

make_package("linux-image-$_", '6.1.95-1', '', 'x' => '')
    for qw(6.1.0-9-rt-none 6.1.0-11-none 6.1.0-12-none);
make_package('linux-headers-6.1.0-11-none', '6.1.95-1', '', 'x' => '');
($status, $out, $err) = run_cmd({ env => \%env }, 'ksplice-create', '--list-kernels');
is($status . $err =~ s/^ksplice-create: asking apt \.\.\.\n//r, '0', 'all releases are listed');
is($out, <<"END", 'with those that an update can be built for');
6.1.0-9-none     6.1.90-2   yes
6.1.0-9-rt-none  6.1.95-1   no: its source, with real-time patches, is not in linux-source
6.1.0-10-none    6.1.100-1  no: apt does not have its source any more
6.1.0-11-none    6.1.95-1   yes
6.1.0-12-none    6.1.95-1   no: apt does not have its headers
END
unlink map { glob "$dir/list/*$_*" } qw(-9-rt -11- -12-);

($status, $out, $err) = call('release_headers', $old);
is("$status$err", '0', 'headers are had from their packages');
chomp(my $headers = $out);
is(slurp("$dir/downloads"), "linux-headers-$old=6.1.90-2\n"
    . "linux-headers-6.1.0-9-common=6.1.90-2\nlinux-kbuild-6.1=6.1.100-1\n",
    'three of them, kbuild in the version there is');
($status, $out) = run_cmd('make', '-s', '-C', $headers, 'where');
is($out, dirname($headers) . "/linux-headers-6.1.0-9-common\n",
    'their Makefile finds the common part in the cache');
ok(-d "$headers/../../lib/linux-kbuild-6.1/scripts", 'kbuild is where their links lead to');

# --- what can go wrong -----------------------------------------------------

rename "$dir/debs/linux-image-$new.6.1.100-1", "$dir/gone" or die;
fails("cannot download 'linux-image-$new' 6.1.100-1: Failed to fetch http://example.org/x.deb  "
    . "404; if apt's lists are old run 'apt-get update'", 'release_image', $new);
is_deeply([grep { !/\.lock\z/ } glob "$cache/packages/*$new*"], [], 'and nothing is left of it');
rename "$dir/gone", "$dir/debs/linux-image-$new.6.1.100-1" or die;

{
    local $env{SLOW} = 1;
    unlink "$dir/downloads";
    my @pids = map {
        my $pid = fork // die;
        if (!$pid) {
            my ($status) = run_cmd({ env => \%env }, 'perl', '-I' . root_dir() . '/lib',
                $program, 'release_image', $new);
            require POSIX;
            POSIX::_exit($status);
        }
        $pid;
    } 1 .. 3;
    my @status = map { waitpid $_, 0; $? } @pids;
    is("@status", '0 0 0', 'three at once get it');
    is(slurp("$dir/downloads"), "linux-image-$new=6.1.100-1\n", 'of one download');
}

unlink glob "$dir/list/*";
fails("unknown release '6.1.0-8-none': 'linux-image-6.1.0-8-none' is not installed, "
    . "and apt does not know it; its lists are empty: run 'apt-get update'",
    'release_image', '6.1.0-8-none');

done_testing();
