#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A QEMU that is too old to run a guest's processors in parallel is replaced by the
# one of the backports, which the machine's own apt does not learn of.  Scripts take
# the places of apt and of both QEMUs.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $program = spew("$dir/call", <<'END');
use v5.32;
use Ksplice qw(main);
use Qemu qw(parallel_qemu);
main(sub { say for parallel_qemu(@ARGV) });
END
my %os = slurp('/etc/os-release') =~ /^(\w+)="?([^"\n]*)/mg;
plan skip_all => "there are backports of Debian only, and this is $os{ID}" if $os{ID} ne 'debian';
my $suite = "$os{VERSION_CODENAME}-backports";

# --- a distribution --------------------------------------------------------

sub qemu ($version) {
    return "#!/bin/sh\n[ \"\$*\" = --version ] && echo 'QEMU emulator version $version (Debian)'\n";
}

# The backports as they are in the list of apt's; a script does what apt would.
sub offer ($version) {
    for my $name ('qemu-system-x86', 'qemu-system-data') {
        my $root = "$dir/$name.$version";
        spew("$root/usr/share/" . ($name =~ /data/ ? 'qemu/bios' : 'doc/x86'), '');
        if ($name =~ /x86/) {
            spew("$root/usr/bin/qemu-system-x86_64", qemu($version));
            chmod 0755, "$root/usr/bin/qemu-system-x86_64";
        }
        spew("$root/DEBIAN/control", "Package: $name\nVersion: 1:$version+ds-2~bpo\n"
            . "Architecture: all\nMaintainer: nobody <nobody\@example.org>\nDescription: a test\n");
        my ($status, undef, $err) = run_cmd(qw(dpkg-deb --root-owner-group -Znone -b), $root,
            "$dir/debs/$name=1:$version+ds-2~bpo");
        die $err if $status;
    }
    spew("$dir/offer", join '',
        map { "Inst qemu-system-$_ [1:7.2+dfsg-7] (1:$version+ds-2~bpo Debian [amd64])\n" }
        qw(data x86));
    return;
}
mkdir "$dir/debs" or die;
offer('10.0');
spew("$dir/bin/qemu-system-x86_64", qemu('7.2.22'));
spew("$dir/bin/apt-get", <<"END");
#!/bin/sh
case "\$*" in
    indextargets*) echo http://example.org/debian; exit ;;
esac
echo "\$*" >>$dir/asked
cat "\$APT_CONFIG" >$dir/configuration
cat "\$(dirname "\$APT_CONFIG")/sources.list" >$dir/sources
case "\$*" in
    *update) [ ! -e $dir/offline ] || { echo 'E: no network'; exit 100; } ;;
    *install*) cat $dir/offer ;;
    *) for name; do case \$name in qemu*) cp "$dir/debs/\$name" "\$name.deb" ;; esac; done ;;
esac
END
chmod 0755, glob "$dir/bin/*";

sub choose ($own = "$dir/bin/qemu-system-x86_64") {
    unlink "$dir/asked";
    return run_cmd({ env => { PATH => "$dir/bin:$ENV{PATH}", KSPLICE_CACHE => "$dir/cache" } },
        'perl', map({ "-I" . root_dir() . "/$_" } 'lib', 'dev/lib'), $program, $own);
}

# --- the machine's own -----------------------------------------------------

for my $version ('10.0.0', '11.1') {
    my $own = spew("$dir/own", qemu($version));
    chmod 0755, $own;
    is(join('', choose($own)), "0$own\n", "version $version is used as it is");
    ok(!-e "$dir/asked", 'and apt is not asked');
}
my $odd = spew("$dir/odd", "#!/bin/sh\necho something else\n");
chmod 0755, $odd;
is(join(' ', choose($odd)), "1  call: '$odd --version' prints no version\n",
    'one that prints no version is refused');

# --- too old ---------------------------------------------------------------

my $why = "'$dir/bin/qemu-system-x86_64' is version 7.2, and only 10 and newer run processors"
    . ' in parallel';
my $cure = 'with --single any version will do';
spew("$dir/offline", '');
my ($status, $out, $err) = choose();
is("$status$out", '1', 'version 7.2 without a network is refused');
like($err, qr/^\s*E: no network\ncall: \Q$why\E: 'apt-get' returned exit code 100; \Q$cure\E$/m,
    'the reason and the cure are reported');
unlink "$dir/offline";

offer('9.2');
is(join(' ', choose()), "1  call: $why: $suite has no newer one; $cure\n",
    'backports that are too old are refused');
is_deeply([glob "$dir/cache/packages/*"], [], 'and nothing is left in the cache');

offer('10.0');
my $home = "$dir/cache/packages/qemu-system-x86_10.0+ds-2~bpo";
my $wanted = "$home/usr/bin/qemu-system-x86_64\n-L\n$home/usr/share/qemu\n";
is(join('', choose()), "0$wanted", 'else they are used, with their own firmware');
is(slurp("$dir/sources") =~ s/\[.*?\] //r, "deb http://example.org/debian $suite main\n",
    "from the machine's mirror");
like(slurp("$dir/configuration"), qr/^\QDir::Etc::SourceParts "\/dev\/null";\E$/m,
    "with none of the machine's sources");
like(slurp("$dir/configuration"), qr/^Dir::State::Lists "(?!\/var)/m, 'nor its lists');
is(join('', choose()), "0$wanted", 'the next time it is the same');
ok(!-e "$dir/asked", 'and apt is not asked');

done_testing();
