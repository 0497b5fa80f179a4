# SPDX-License-Identifier: GPL-2.0-only
#
# Archive.pm - packages, as dpkg and apt know them: the machine's own, and those of
# another Debian release
#
# A suite that is not among the machine's sources is asked through a configuration of its
# own for apt, which knows nothing else.  Neither the machine's packages nor its apt
# change.  What is downloaded must be signed by the keys of Debian's archive.
#
#   CACHE/apt/CODENAME/...     the configuration and the lists of a Debian release

package Ksplice::Archive;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter       qw(import);
use File::Path     qw(make_path);
use Ksplice        qw(fail failure_text warning run capture progress read_file write_file);
use Ksplice::Cache qw(cache_dir lock_file);
use List::Util     qw(uniq);

our @EXPORT_OK = qw(
    installed_version apt_entry served_versions unpack_packages would_install
    this_debian other_debian other_debians use_suites with_debian
);

# The Debian releases whose kernels say in their names which one they are of: since
# Debian 12.
my %codename = (12 => 'bookworm', 13 => 'trixie');

my $keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
my $mirror = 'http://deb.debian.org';
my $day = 24 * 3600;

# --- what dpkg and apt know ------------------------------------------------

# The version that is installed, if any.
sub installed_version ($package) {
    my $state = capture({ ok => [0, 1] }, 'dpkg-query', '-W',
        '-f=${db:Status-Status} ${Version}', $package);
    return $state =~ /\Ainstalled (\S+)/ ? $1 : undef;
}

# A package's entry in apt's lists as a hash, or nothing: the one of that
# version, else the one that apt would install.
sub apt_entry ($package, $version = undef) {
    my $text = capture({ ok => [0, 100] }, 'apt-cache', 'show',
        '--no-all-versions', defined $version ? "$package=$version" : $package);
    my ($entry) = split /\n\n/, $text;
    my %field = ($entry // '') =~ /^([\w-]+):[ \t]*(.*)$/mg;
    return unless ($field{Package} // '') eq $package;
    return \%field;
}

# PACKAGE => [VERSION...], what apt can download, the one that it would install first.
sub served_versions (@packages) {
    my %versions;
    for (split /\n\n/, scalar capture({ ok => [0, 100] }, 'apt-cache', 'show', uniq(@packages))) {
        my %field = /^(Package|Version):[ \t]*(.*)$/mg;
        push @{ $versions{ $field{Package} } }, $field{Version} if defined $field{Version};
    }
    return \%versions;
}

# --- getting packages ------------------------------------------------------

# unpack_packages(DIR, [PACKAGE, VERSION]...): downloads packages of apt's and unpacks them into
# the directory.
sub unpack_packages ($dir, @packages) {
    return if !@packages;
    my $status = run(
        { dir => $dir, ok => 'any', output => \my $output },
        'apt-get', '-qq', '-o', 'APT::Sandbox::User=root',
        'download', map { join '=', @$_ } @packages);
    my @debs = glob "'$dir'/*.deb";
    if ($status || @debs != @packages) {
        my ($why) = $output =~ /^E: (.*)/m;
        my ($package, $version) = @{ $packages[0] };
        my $more = @packages > 1 ? ', or one of ' . (@packages - 1) . ' others' : '';
        fail("cannot download '$package' $version$more: " . ($why // 'apt-get failed')
            . "; if apt's lists are old run 'apt-get update'");
    }
    for my $deb (@debs) {
        run('dpkg-deb', '-x', $deb, $dir);
        unlink $deb or fail("cannot remove '$deb': $!");
    }
    return;
}

# What apt would install for the packages, PACKAGE => VERSION.
sub would_install (@packages) {
    return capture('apt-get', '-s', '--no-install-recommends', 'install', @packages)
        =~ /^Inst (\S+) (?:\[\S+\] )?\((\S+) /mg;
}

# --- the suites of Debian --------------------------------------------------

# The codename of the machine's Debian release; '' if it is another distribution.
sub this_debian () {
    my %os = read_file('/etc/os-release') =~ /^(\w+)="?([^"\n]*)/mg;
    return ($os{ID} // '') eq 'debian' ? $os{VERSION_CODENAME} // '' : '';
}

# The codename of the Debian release that a kernel is of, if it is not the machine's.
sub other_debian ($release) {
    my ($number) = $release =~ /\+deb(\d+)(?:\D|\z)/ or return;
    my $codename = $codename{$number} // return;
    return $codename eq this_debian() ? undef : $codename;
}

# The codenames of all of which that can be, oldest first; none if the machine's is not one.
sub other_debians () {
    my $own = this_debian();
    return $own eq '' ? () : grep { $_ ne $own } map { $codename{$_} } sort keys %codename;
}

# use_suites(DIR, {status => FILE}, SUITE...): a file for APT_CONFIG, with all that belongs
# to it in the directory.  Mirrors are those that the machine uses.  Status is what apt
# takes to be installed, by default what is.
sub use_suites ($dir, $option, @suites) {
    make_path(map { "$dir/$_/partial" } 'lists', 'archives');
    my $signed = -e $keys ? "[signed-by=$keys] " : '';
    my %url = (security => mirror_of('Debian-Security') // "$mirror/debian-security",
        debian => mirror_of('Debian') // "$mirror/debian");
    write_file("$dir/sources.list", join '', map {
        my $url = $url{ /-security\z/ ? 'security' : 'debian' };
        "deb $signed$url $_ main\n"
    } @suites);
    my $status = defined $option->{status} ? "Dir::State::Status \"$option->{status}\";\n" : '';
    write_file("$dir/apt.conf", <<"END");
Dir::Etc::SourceList "$dir/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "$dir/lists";
${status}Dir::Cache "$dir";
Debug::NoLocking "true";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
END
    return "$dir/apt.conf";
}

sub mirror_of ($label) {
    my ($url) = grep { length } capture('apt-get', 'indextargets', '--format', '$(REPO_URI)',
        'Created-By: Packages', 'Origin: Debian', "Label: $label");
    return $url;
}

# with_debian(CODENAME, BODY): runs the body, whose apt knows that Debian release with its
# updates and backports, and takes nothing to be installed.
sub with_debian ($codename, $body) {
    my $config = debian_configuration($codename);
    local $ENV{APT_CONFIG} = $config;
    return $body->();
}

# The lists are got once a day.  If that fails, those of the last time will do.
sub debian_configuration ($codename) {
    my $dir = cache_dir() . "/apt/$codename";
    my $stamp = "$dir/updated";
    my $is_new = sub { -e $stamp && time - (stat $stamp)[9] < $day };
    return "$dir/apt.conf" if $is_new->();
    fail("packages of Debian's '$codename' are verified with the keys of its archive, but there "
        . "is no '$keys': install the package 'debian-archive-keyring'") if !-e $keys;
    make_path($dir);
    my $lock = lock_file("$dir/lock");
    return "$dir/apt.conf" if $is_new->();
    write_file("$dir/status", '');
    my $config = use_suites($dir, { status => "$dir/status" }, $codename,
        map { "$codename-$_" } qw(updates security backports));
    eval {
        local $ENV{APT_CONFIG} = $config;
        progress("getting the list of the packages of Debian's '$codename'", sub {
            run('apt-get', '-qq', 'update');
        });
        write_file($stamp, '');
        1;
    } or do {
        my $why = "cannot get the list of the packages of Debian's '$codename': "
            . failure_text($@);
        fail($why) if !-e $stamp;
        warning("$why; an older one is used");
    };
    return $config;
}

1;
