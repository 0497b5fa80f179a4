#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# make demo takes the newest kernel of the distribution that lacks the fix which it
# shows, and the form of the fix for it.  A script takes apt's place, and the demo ends
# when ksplice-create cannot get the kernel.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
spew("$dir/bin/dpkg-query", "#!/bin/sh\nexit 1\n");
spew("$dir/bin/apt-get", "#!/bin/sh\necho 'E: no network' >&2\nexit 100\n");
spew("$dir/bin/apt-cache", <<"END");
#!/bin/sh
case \$1 in
    pkgnames) ls $dir/list | grep "^\$2" ;;
    show) shift; for name; do cat $dir/list/\${name%%=*}; done 2>/dev/null ;;
esac
exit 0
END
chmod 0755, glob "$dir/bin/*";

# apt has these, in place of what it had.
sub serve (%versions) {
    unlink glob "$dir/list/*";
    mkdir "$dir/list";
    while (my ($release, $version) = each %versions) {
        my ($series) = $release =~ /\A(\d+\.\d+)/;
        spew("$dir/list/linux-$_-$release", "Package: linux-$_-$release\nVersion: $version\n\n")
            for qw(image headers);
        my $list = "$dir/list/linux-source-$series";
        spew($list, (-e $list ? slurp($list) : '')
            . "Package: linux-source-$series\nVersion: $version\n\n");
    }
    return;
}

sub demo () {
    return run_cmd({ env => { PATH => "$dir/bin:$ENV{PATH}", KSPLICE_CACHE => "$dir/cache" } },
        'dev/demo');
}

my %old = ('6.1.0-9-amd64' => '6.1.191-1', '6.1.0-8-amd64' => '6.1.190-1');
my %new = ('6.12.9+deb13-amd64' => '6.12.114-1', '6.12.10+deb13-amd64' => '6.12.115-1');
my %fixed = ('6.1.0-10-amd64' => '6.1.192-1');
for ([\%old, '6.1.0-9-amd64', ''], [{ %old, %fixed }, '6.1.0-9-amd64', ''],
    [\%new, '6.12.9+deb13-amd64', '-6.12']) {
    my ($served, $release, $form) = @$_;
    serve(%$served);
    my ($status, $out, $err) = demo();
    is($status, 1, "of @{[sort keys %$served]}");
    like($out, qr{^== an update for \Q$release\E from examples/rw-hint-immutable\Q$form\E\.patch$}m,
        '  ... the newest that lacks the fix') or diag($err);
}
serve(%fixed);
is(join(' ', demo()), '1  demo: no kernel of 6.1 that is installed, cached or known to apt is '
    . "older than the fix, 6.1.192, and has its source: name a release with --release\n",
    'a distribution whose kernels all have it');
serve('5.10.0-10-amd64' => '5.10.1-1');
is(join(' ', demo()), "1  demo: there is no fix to show for '5.10.0-10-amd64', only for 6.1 and "
    . "6.12\n", 'or whose series has no form of it');

done_testing();
