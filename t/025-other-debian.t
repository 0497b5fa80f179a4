#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel of another Debian release comes from that release's archive, signed by its keys,
# and is compiled by the compiler of that release.  The machine's apt does not learn of it.
# The packages are small ones made here, and a script takes apt's place.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my %os = slurp('/etc/os-release') =~ /^(\w+)="?([^"\n]*)/mg;
plan skip_all => "there are other releases of Debian only, and this is $os{ID}"
    if $os{ID} ne 'debian';
my ($n, $codename) = $os{VERSION_CODENAME} eq 'trixie' ? (12, 'bookworm') : (13, 'trixie');
my $own = $n == 12 ? 13 : 12;
my $dir = scratch_dir();
my $cache = "$dir/cache";
my $release = "6.12.9+deb$n-none";
my $keys = '/usr/share/keyrings/debian-archive-keyring.gpg';

# --- the other release -----------------------------------------------------

my $multiarch = 'x86_64-linux-gnu';

# Makes a package with these files; values are texts, or the file of this machine to copy.
sub make_package ($name, $version, $depends, %files) {
    my $root = "$dir/$name.$version";
    for my $file (sort keys %files) {
        spew("$root/$file", ref $files{$file} ? slurp(${ $files{$file} }) : $files{$file});
        chmod 0755, "$root/$file" if ref $files{$file};
    }
    spew("$root/DEBIAN/control", "Package: $name\nVersion: $version\nArchitecture: all\n"
        . "Maintainer: nobody <nobody\@example.org>\n${depends}Description: a test\n");
    my ($status, undef, $err) = run_cmd(qw(dpkg-deb --root-owner-group -Znone -b), $root,
        "$dir/debs/$name.$version");
    die $err if $status;
    spew("$dir/list/$name.$version", "Package: $name\nVersion: $version\n$depends\n");
    spew("$dir/list/$name", slurp("$dir/list/$name.$version"));
    return;
}

mkdir "$dir/debs" or die;
make_package("linux-image-$release", '6.12.9-1', '', "boot/vmlinuz-$release" => 'a kernel',
    "boot/config-$release" => '', "usr/lib/modules/$release/modules.order" => '',
    "usr/lib/modules/$release/modules.builtin" => '');
make_package("linux-headers-$release", '6.12.9-1',
    "Depends: linux-headers-6.12.9+deb$n-common (= 6.12.9-1), linux-kbuild-6.12.9+deb$n, gcc-99\n",
    "usr/src/linux-headers-$release/Makefile" => '',
    "usr/src/linux-headers-$release/Module.symvers" => '',
    "usr/src/linux-headers-$release/include/generated/utsrelease.h" =>
        "#define UTS_RELEASE \"$release\"\n",
    "usr/src/linux-headers-$release/.config" =>
        "CONFIG_X86_64=y\nCONFIG_CC_VERSION_TEXT=\"gcc-99 (of a test) 99.1\"\n");
make_package("linux-headers-6.12.9+deb$n-common", '6.12.9-1', '', 'usr/src/common' => '');
# A program, the loader and the library that it needs: of this machine.
make_package("linux-kbuild-6.12.9+deb$n", '6.12.9-1', '',
    "usr/lib/linux-kbuild-6.12.9+deb$n/scripts/fixdep" => \'/bin/echo',
    "usr/lib/linux-kbuild-6.12.9+deb$n/scripts/some.sh" => "#!/bin/sh\n");
make_package('linux-source-6.12', '6.12.9-1', '', 'usr/src/linux-source-6.12.tar.xz' => 'source');
make_package("gcc-99-x86-64-linux-gnu", '99.1-1', '', "usr/bin/$multiarch-gcc-99" => \'/bin/echo',
    "usr/bin/gcc-99" => "#!/bin/sh\necho 'gcc-99 (of a test) 99.1'\n");
chmod 0755, "$dir/gcc-99-x86-64-linux-gnu.99.1-1/usr/bin/gcc-99";
make_package("gcc-99-x86-64-linux-gnu", '99.1-1', '');
make_package('libc6', '2.99-1', '',
    "usr/lib/$multiarch/ld-linux-x86-64.so.2" => \"/lib/$multiarch/ld-linux-x86-64.so.2",
    "usr/lib/$multiarch/libc.so.6" => \"/lib/$multiarch/libc.so.6",
    'usr/bin/ldd' => \'/bin/echo');
my %inst = ("gcc-99-x86-64-linux-gnu" => '99.1-1', libc6 => '2.99-1',
    "linux-kbuild-6.12.9+deb$n" => '6.12.9-1');
spew("$dir/inst", join '', map { "Inst $_ ($inst{$_} Debian:$n/stable [amd64])\n" }
    sort keys %inst);

# One with code in Rust, whose compiler is not the newest.
my $rusty = "7.3.9+deb$n-none";
sub make_rusty (@rust) {
    make_package("linux-headers-$rusty", '7.3.9-1', "Depends: gcc-99-for-host\n",
        "usr/src/linux-headers-$rusty/.config" => join('', map { "CONFIG_$_\n" } 'X86_64=y',
            'CC_VERSION_TEXT="gcc-99 (of a test) 99.1"', @rust),
        map { ("usr/src/linux-headers-$rusty/$_" => '') } qw(Makefile Module.symvers));
    return;
}
my @rust = ('RUST=y', 'RUSTC_VERSION_TEXT="rustc 1.85.1 (4eb161250 2025-03-15)"',
    'BINDGEN_VERSION_TEXT="bindgen 0.71.1"');
make_rusty(@rust);
make_package($_, '1.85.1+dfsg1-1', '', "usr/bin/$_" => \'/bin/echo') for qw(rustc rust-src);
make_package('bindgen', '0.71.1-6', '', 'usr/bin/bindgen' => \'/bin/echo');
make_package('libclang', '19-1', '', 'usr/lib/llvm-19/lib/libclang.so' => '');
for my $package (qw(rustc rust-src)) {
    spew("$dir/list/$package", join '', map { "Package: $package\nVersion: $_\n\n" }
        '1.97.1+dfsg1-1', '1.85.10-1', '1.85.1+dfsg1-1');
}
spew("$dir/inst-rust", join '', map { "Inst $_\n" } 'rustc (1.85.1+dfsg1-1 x)',
    'rust-src (1.85.1+dfsg1-1 x)', 'bindgen (0.71.1-6 x)', 'libclang (19-1 x)');

# Without APT_CONFIG it is the machine's own, which has nothing of it.
spew("$dir/bin/apt-cache", <<"END");
#!/bin/sh
[ -n "\$APT_CONFIG" ] || exit 0
case \$1 in
    pkgnames) cd $dir/list && ls | grep "^\$2" | grep -v '[.][0-9]*-[0-9]*\$'; true ;;
    show)
        shift
        for name; do cat $dir/list/\$(echo \$name | tr = .) 2>/dev/null; done ;;
esac
exit 0
END
spew("$dir/bin/apt-get", <<"END");
#!/bin/sh
case "\$*" in
    indextargets*Debian-Security*) exit ;;
    indextargets*) echo http://example.org/debian; exit ;;
esac
[ -n "\$APT_CONFIG" ] || { echo 'E: not of the machine' >&2; exit 100; }
case "\$*" in
    *update)
        echo update >>$dir/asked
        cp "\$APT_CONFIG" $dir/configuration
        cp "\$(dirname "\$APT_CONFIG")/sources.list" $dir/sources
        [ ! -e $dir/offline ] || { echo 'E: no network' >&2; exit 100; } ;;
    *install*rustc*) echo "\$*" >>$dir/asked; cat $dir/inst $dir/inst-rust ;;
    *install*) echo "\$*" >>$dir/asked; cat $dir/inst ;;
    *)
        for name; do
            case \$name in
                linux-*=*|gcc-*=*|lib*=*|rust*=*|bindgen=*)
                    cp "$dir/debs/\$(echo \$name | tr = .)" "\$name.deb" || exit 100 ;;
            esac
        done ;;
esac
END
chmod 0755, glob "$dir/bin/*";

my $program = spew("$dir/call", <<'END');
use v5.32;
use Ksplice qw(main);
use Ksplice::Config;
use Ksplice::Distro;
main(sub {
    my ($name, @arguments) = @ARGV;
    if ($name eq 'compiler') {
        my $config = Ksplice::Config::release_config_dir(@arguments);
        say Ksplice::Config::find_compiler($config);
        say $ENV{PATH};
        return;
    }
    my $result = Ksplice::Distro->can($name)->(@arguments);
    say ref $result ? $result->{vmlinuz} : $result;
});
END

sub call (@call) {
    unlink "$dir/asked";
    my ($status, $out, $err) = run_cmd({ env => { PATH => "$dir/bin:$ENV{PATH}",
        KSPLICE_CACHE => $cache } }, 'perl', '-I' . root_dir() . '/lib', $program, @call);
    return ($status, $out, $err =~ s/^call: getting .* \.\.\.\n//gmr);
}

# --- its packages ----------------------------------------------------------

spew("$dir/offline", '');
my ($status, $out, $err) = call('release_image', $release);
is("$status$out", '1', 'without a network it is refused');
like($err, qr/^call: cannot get the list of the packages of Debian's '$codename': 'apt-get' /m,
    'with the reason');
unlink "$dir/offline";

($status, $out, $err) = call('release_image', $release);
is("$status$err", '0', 'the image comes from the other release');
is(slurp($out =~ s/\n//r), 'a kernel', 'its kernel');
is(slurp("$dir/sources"), join('', map { "deb [signed-by=$keys] $_ main\n" }
    "http://example.org/debian $codename", "http://example.org/debian $codename-updates",
    "http://deb.debian.org/debian-security $codename-security",
    "http://example.org/debian $codename-backports"),
    "from the machine's mirror and that of security updates, signed by Debian's archive");
my $configuration = slurp("$dir/configuration");
for ('Dir::Etc::SourceParts "/dev/null"', "Dir::State::Lists \"$cache/apt/$codename/lists\"",
    "Dir::State::Status \"$cache/apt/$codename/status\"", "Dir::Cache \"$cache/apt/$codename\"") {
    like($configuration, qr/^\Q$_\E;$/m, 'by a configuration of its own: ' . s/ .*//r);
}
call('release_source', $release);
ok(!-e "$dir/asked", 'the list is asked for once');
utime 1, 1, "$cache/apt/$codename/updated";
spew("$dir/offline", '');
($status, $out, $err) = call('release_headers', "6.12.8+deb$n-none");
like($err, qr/^call: warning: cannot get the list .*; an older one is used$/m,
    'or again after a day, but an old one will do');
like($err, qr/^call: unknown release '6\.12\.8\+deb$n-none': .* does not know it, nor does /m,
    'a release that the other one does not have either is refused');
like($err, qr/ nor does Debian's '$codename' have it; it has \Q$release\E$/m, 'with those it has');
unlink "$dir/offline";
($status, $out, $err) = call('release_image', "6.12.9+deb$own-none");
unlike($err, qr/nor does/, "a release of the machine's own Debian is not asked for elsewhere");
ok(!-e "$dir/asked", 'nor is any list');
is((call('release_image', '6.12.9+deb99-none'))[0], 1, 'nor one of a Debian that is not known');

sub list_kernels () {
    return run_cmd({ env => { PATH => "$dir/bin:$ENV{PATH}", KSPLICE_CACHE => $cache } },
        'ksplice-create', '--list-kernels');
}
make_package("linux-image-6.12.7+deb$own-none", '6.12.7-1', '', 'x' => '');
make_package("linux-image-6.1.0-7-none", '6.1.7-1', '', 'x' => '');
($status, $out, $err) = list_kernels();
is($status, 0, 'kernels are listed');
is(join('', $out =~ /^\S+-none .*\n/mg), "$release  6.12.9-1  yes\n",
    '... with those of the other release, and none else of its archive') or diag $err;
utime 1, 1, "$cache/apt/$codename/updated";
rename "$cache/apt/$codename/updated", "$dir/updated" or die;
spew("$dir/offline", '');
($status, $out, $err) = list_kernels();
is("$status " . join('', $out =~ /^\S+-none .*\n/mg),
    "0 $release  6.12.9-1  no: apt does not have its headers\n",
    'without a network the cached ones are listed');
like($err, qr/^ksplice-create: warning: kernels of Debian's '$codename' are not listed: cannot /m,
    '... and a warning tells why there are no others');
unlink "$dir/offline";
rename "$dir/updated", "$cache/apt/$codename/updated" or die;
unlink map { glob "$dir/list/$_*" } "linux-image-6.12.7+deb$own-none", 'linux-image-6.1.0-7-none';

# --- its compiler ----------------------------------------------------------

($status, $out, $err) = call('compiler', $release);
is("$status$err", '0', 'its compiler is found') or done_testing(), exit;
my ($cc, $path) = split /\n/, $out;
is($cc, 'gcc-99', 'by its name');
my ($toolchain) = $path =~ m{\A(\Q$cache\E/packages/toolchain-${codename}_\w+)/bin:};
ok(defined $toolchain, "in PATH before the machine's own") or done_testing(), exit;
like(slurp("$dir/asked"), qr/install gcc-99 binutils pahole linux-kbuild-6\.12\.9\+deb$n$/m,
    'with what else makes objects');
is_deeply([map { s{.*/}{}r } glob "$toolchain/bin/*"], ['gcc-99', "$multiarch-gcc-99"],
    'and no other programs');
my $fixdep = "$cache/packages/linux-headers-${release}_6.12.9-1/usr/lib/"
    . "linux-kbuild-6.12.9+deb$n/scripts/fixdep";
for ("$toolchain/bin/$multiarch-gcc-99", $fixdep) {
    ($status, $out) = run_cmd($_, 'a  b', '$c');
    is("$status$out", "0a  b \$c\n", s{.*/}{}r . ' runs');
    my $lib = "$toolchain/usr/lib/$multiarch";
    like(slurp($_), qr{^exec \Q$lib\E/ld-linux-x86-64\.so\.2 .*--library-path \Q$lib\E }m,
        '  ... by the loader of its release');
}
is(slurp(dirname($fixdep) . '/some.sh'), "#!/bin/sh\n", 'a script is as it was');
run_cmd('rm', '-rf', $toolchain);
($status, $out) = call('compiler', $release);
ok(-e "$toolchain/bin/gcc-99", 'a toolchain that was removed from the cache is got again');

# --- a kernel with code in Rust --------------------------------------------

($status, $out, $err) = call('release_toolchain', $rusty);
is("$status$err", '0', 'a kernel with code in Rust is configured by its compiler')
    or done_testing(), exit;
like(slurp("$dir/asked"),
    qr/ rustc=1\.85\.1\+dfsg1-1 rust-src=1\.85\.1\+dfsg1-1 bindgen=0\.71\.1-6$/m,
    '... of the version that its configuration has');
my $rust_tools = $out =~ s/\n//r;
isnt($rust_tools, $toolchain, 'the toolchain is another one');
is_deeply([grep { /rust|bindgen/ } map { s{.*/}{}r } glob "$rust_tools/bin/*"],
    [qw(bindgen rust-src rustc)], '... with its programs');
my $llvm = "$rust_tools/usr/lib/llvm-19/lib";
like(slurp("$rust_tools/bin/bindgen"), qr{^exec env LIBCLANG_PATH=\Q$llvm\E }m,
    '... of which bindgen finds the library that it loads');
unlike(slurp("$toolchain/bin/$multiarch-gcc-99"), qr/LIBCLANG/, 'others are run as before');

my $cached_headers = "$cache/packages/linux-headers-${rusty}_7.3.9-1";
spew("$cached_headers/toolchain", $toolchain);
($status, $out) = call('release_toolchain', $rusty);
is("$status $out", "0 $rust_tools\n", 'headers with a toolchain that has no rustc are got again');

run_cmd('rm', '-rf', $cached_headers);
make_rusty($rust[0], 'RUSTC_VERSION_TEXT="rustc 1.86.0"', $rust[2]);
($status, $out, $err) = call('release_toolchain', $rusty);
is("$status$out", '1', 'without that compiler it is refused');
like($err, qr/^call: the kernel was built with 'rustc' 1\.86\.0, which Debian's '$codename' does /m,
    'with the version');
like($err, qr/ not have: it has 1\.97\.1\+dfsg1-1 and 1\.85\.10-1 and 1\.85\.1\+dfsg1-1$/m,
    '... and those there are');
make_rusty($rust[0]);
($status, $out, $err) = call('release_toolchain', $rusty);
like($err, qr/has CONFIG_RUST, but names no version of rustc$/m,
    'nor is one without a version guessed');

done_testing();
