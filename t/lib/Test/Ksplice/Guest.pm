# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice::Guest - tests that run in a stock kernel
#
# A test makes its updates on the host, boots one guest, and lets a shell script
# in it print the TAP: what the guest says is the test's output.  The script
# has the words of t/lib/guest.sh, the updates as /updates/ID.tar.gz, and t/
# as /t.  A kernel warning, a hang or a script that stops early fails the test,
# because the plan comes from the host.

package Test::Ksplice::Guest;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use File::Basename qw(basename);
use File::Copy qw(copy);
use Test::Ksplice;
use Test::Ksplice::Strict qw(strict_line);
use lib root_dir() . '/lib';
use Ksplice::Cache  qw(cache_dir);
use Ksplice::Distro qw(release_headers release_toolchain);
use Test::Ksplice::Release qw(test_release);

our @EXPORT = qw(guest_release make_update make_updates add_update make_program make_modules
    build_modules run_guest skip_guest);

# The status of dev/vm for a fault that QEMU has made, and how often a guest is tried.
use constant { EMULATED => 126, ATTEMPTS => 3 };

# What runs a guest.
our $vm = root_dir() . '/dev/vm';

my $scratch = scratch_dir();
my $updates = "$scratch/updates";
mkdir $updates or die "cannot make '$updates': $!";

# The kernel under test: the default one unless KSPLICE_TEST_RELEASE names another.
sub guest_release () { return test_release() }

# make_update(ID, PATCHES, OPTION...): an update from the patches that PATCHES names,
# separated by blanks: NAME for t/patches/NAME.patch, or a file.  Dies with the output of
# ksplice-create if that fails.  An OPTION that names no option is the kernel source to be
# used.
#
# Where kernels differ too much for one patch, NAME.2.patch and so on are other forms of
# NAME.patch.  The first that applies to the source is used.
sub make_update ($id, $patches, @options) {
    my @forms = map { [patch_forms($_)] } split ' ', $patches;
    my @source = grep { !/^-/ } @options;
    push @options, '--kernel=' . guest_release() unless @source;
    push @options, "--id=$id" unless grep { /^--id=/ } @options;
    my $environment = { KSPLICE_CACHE => cache_dir() };
    while (1) {
        my ($status, $out, $err) = run_cmd({ env => $environment }, 'ksplice-create',
            (map { "--patch=$_->[0]" } @forms), "--output=$updates/$id.tar.gz", @options);
        return "$updates/$id.tar.gz" unless $status;
        my ($misfit) = grep { does_not_apply($_->[0], $err) } @forms;
        die "ksplice-create --patch=$patches: status $status\n$out$err" if @{ $misfit // [] } < 2;
        shift @$misfit;
    }
}

# Files, the preferred one first.
sub patch_forms ($name) {
    return $name if -e $name;
    my $path = root_dir() . "/t/patches/$name";
    return ("$path.patch", sort glob "$path.[0-9].patch");
}

sub does_not_apply ($file, $messages) {
    return $messages =~ /the patch '\Q$file\E' (?:does not apply|applies only if context lines)/;
}

# make_updates(ID => PATCHES, ...)
sub make_updates (%patches) {
    make_update($_, $patches{$_}) for sort keys %patches;
    return;
}

# add_update(ID, FILE): one that is made already
sub add_update ($id, $file) {
    copy($file, "$updates/$id.tar.gz") or die "cannot copy '$file': $!\n";
    return;
}

# make_program(NAME): t/guest/NAME.c, as /updates/NAME in the guest.
sub make_program ($name) {
    my ($status, $out, $err) = run_cmd($ENV{CC} // 'gcc', qw(-O2 -Wall -Wextra -static -pthread),
        '-o', "$updates/$name", root_dir() . "/t/guest/$name.c");
    die "cannot compile '$name.c':\n$out$err" if $status;
    return;
}

# make_modules(NAME...): builds NAME.c of t/guest, which may include what is there and in
# kmodsrc, and may call what the core of the updates made before exports; the guest has them
# as /modules/NAME.ko if run_guest() is given what is returned.
sub make_modules (@names) {
    my $dir = "$scratch/modules";
    for my $file (glob root_dir() . '/t/guest/*.c') {
        spew("$dir/" . basename($file), slurp($file));
    }
    spew("$dir/Kbuild", join '', 'obj-m :=', (map { " $_.o" } @names),
        "\nccflags-y :=", (map { ' -I' . root_dir() . "/$_" } qw(kmodsrc t/guest)), "\n");
    my ($core) = sort { -M $a <=> -M $b }
        glob cache_dir() . '/' . guest_release() . '/core-*/Module.symvers';
    build_modules($dir, $core ? "KBUILD_EXTRA_SYMBOLS=$core" : ());
    return "--dir=$dir";
}

# build_modules(DIR, VARIABLE...): those of the Kbuild in the directory, by the compiler of the
# kernel under test, which may be one of another Debian release.
sub build_modules ($dir, @variables) {
    my $headers = release_headers(guest_release());
    my $toolchain = release_toolchain(guest_release());
    local $ENV{PATH} = defined $toolchain ? "$toolchain/bin:$ENV{PATH}" : $ENV{PATH};
    my ($status, $out, $err) = run_cmd('make', '-C', $headers, "M=$dir", @variables, 'modules');
    die "cannot build the modules in '$dir': status $status\n$out$err" if $status;
    return;
}

# run_guest(TESTS, SCRIPT, VM-OPTION...): never returns.  The kernel is that of the
# release under test unless an option names one.  What the guest says is printed when it
# has ended, as one that QEMU has broken is forgotten and started anew, unless a check has
# failed in it.
sub run_guest ($tests, $script, @options) {
    spew("$scratch/guest/script", $script);
    $| = 1;
    print "1..$tests\n";
    my $has_kernel = grep { /^--(?:kernel|release)=/ } @options;
    my @command = ($vm, $has_kernel ? () : '--release=' . guest_release(),
        "--dir=$updates", "--dir=$scratch/guest", '--dir=' . root_dir() . '/t',
        @options, '--', 'sh', '/t/lib/guest.sh', '/guest/script');
    my ($status, @said);
    for my $attempt (1 .. ATTEMPTS) {
        ($status, @said) = run_vm(@command);
        last if $status != EMULATED || $attempt == ATTEMPTS || grep { /^not ok/ } @said;
        print STDERR "# attempt $attempt of ", ATTEMPTS, ": QEMU has made a fault; once more\n";
    }
    print map { strict_line($_) } @said;
    print "# the guest ended with status $status\n" if $status;
    exit $status;
}

# -> (STATUS, LINE of its output...)
sub run_vm (@command) {
    open my $tap, '-|', @command or die "cannot run '$command[0]': $!\n";
    my @lines = readline $tap;
    close $tap;
    return ($? & 127 ? 255 : $? >> 8, @lines);
}

# For a test that has no guest to run; never returns.
sub skip_guest ($reason) {
    print strict_line("1..0 # skip $reason\n");
    exit 0;
}

1;
