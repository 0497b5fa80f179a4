#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A stock kernel boots, runs a command as if it were run here, and its kernel's
# faults are never lost.  Four boots.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib map { dirname(__FILE__) . "/$_" } qw(lib ../lib);
use Ksplice::Distro qw(release_image known_releases release_headers);
use Test::Ksplice;
use Test::Ksplice::Release qw(test_release);
use Test::More;

my $release = test_release();
release_image($release);    # getting one is told on stderr, if it takes long
my $dir = scratch_dir();

# --- all is well -----------------------------------------------------------

spew("$dir/mine/deep/file", "content\n");
spew("$dir/mine/run", <<'END');
uname -r
hostname
printf 'argument %s\n' "$@"
cat /mine/deep/file
printf 'one\r\ntwo\001\377'
echo on stderr >&2
echo "stdin ends at once: $(cat)"
head -c 300000 /dev/zero | tr '\0' x
echo
for path in /proc/self /sys/kernel/debug/kprobes /sys/kernel/tracing/README /dev/null /tmp; do
    test -e $path || echo "no $path"
done
ping -c 1 127.0.0.1 >/dev/null || echo 'no lo'
modprobe xfs && grep -c '^xfs ' /proc/modules
test -r /lib/modules/$(uname -r)/modules.dep || echo 'no modules.dep'
perl -MPOSIX -MFile::Temp -MGetopt::Long -MList::Util=sum -e 'print sum(1 .. 4), "\n"'
for program in insmod rmmod modprobe tar gzip bzip2; do
    command -v $program >/dev/null || echo "no $program"
done
cmp /usr/bin/cmp /mine/cmp && echo same
test -x /usr/bin/ksplice-view && ksplice-view --version
grep -c . /sys/devices/system/cpu/online
nproc
grep -o 'quiet_word' /proc/cmdline
kill -9 $$
END
spew("$dir/mine/cmp", slurp('/usr/bin/cmp'));

my @odd = ('with space', q(it's), '"$HOME"', '', "new\nline", '*');
my ($status, $out, $err) = run_cmd('dev/vm', "--release=$release", '--modules', '--cpus=3',
    "--dir=$dir/mine/", '--tool=/usr/bin/cmp', '--append=quiet_word', '--',
    'sh', '/mine/run', @odd);
is($status, 128 + 9, 'a signal that ends the command is its status');
is($err, "on stderr\n", "its stderr is here, and nothing else is");
is($out, join('', "$release\nguest\n", (map { "argument $_\n" } @odd), "content\n",
    "one\r\ntwo\001\377", "stdin ends at once: \n", 'x' x 300000, "\n",
    "1\n10\nsame\n", run_view(), "1\n3\nquiet_word\n"), 'and its stdout, to the byte');

sub run_view () {
    return '' if !-e root_dir() . '/ksplice-view';
    return (run_cmd('ksplice-view', '--version'))[1];
}

# --- faults ----------------------------------------------------------------

# Of a release whose headers are not installed, if there is one: the module is
# built with those in the cache.
my ($series, $flavour) = $release =~ /\A(\d+\.\d+)\..*?-([a-z].*)\z/ or die $release, "\n";
my ($other) = grep { /\A\Q$series\E\.[^a-z]*(?:\+\w+)?-\Q$flavour\E\z/
    && !-e "/usr/src/linux-headers-$_" } reverse known_releases();
$release = $other // $release;
release_image($release);
spew("$dir/faults/faults.c", slurp(root_dir() . '/t/fixtures/vm/faults.c'));
spew("$dir/faults/Kbuild", "obj-m := faults.o\n");
($status, $out, $err) =
    run_cmd('make', '-C', release_headers($release), "M=$dir/faults", 'modules');
is($status, 0, 'a module is built') or die "$out$err", "\n";

sub provoke ($script, @option) {
    return run_cmd('dev/vm', "--release=$release", "--dir=$dir/faults", @option, '--',
        'sh', '-c', "echo before; $script; echo after");
}

($status, $out, $err) = provoke('insmod /faults/faults.ko what=no; lsmod | grep -c faults;'
    . ' dmesg -n 1; rmmod faults; insmod /faults/faults.ko what=warn');
is("$status $out", "125 before\n1\nafter\n",
    'a warning is status 125, also if the console is made silent');
is($err, "vm: the guest's kernel is tainted (warning), which its console does not tell of\n",
    'and is reported');

($status, $out, $err) = provoke('insmod /faults/faults.ko what=warn;'
    . ' rmmod faults; insmod /faults/faults.ko what=oops');
is("$status $out", "125 before\n", 'an oops ends the guest at once');
like($err, qr/\Avm: the guest's kernel reported a fault:
  \[[ \d.]+\] ------------\[ cut here \]------------
  \[[ \d.]+\] a warning that was asked for
  \[[ \d.]+\] WARNING: CPU: \d .* faults_init\+.*
  \[[ \d.]+\] Kernel panic - not syncing: Fatal exception/s, 'the words are all of it');
($status, $out, $err) = provoke('sleep 1000', '--timeout=15');
is($status, 124, 'a time-out is status 124');
like($err, qr/\Avm: the time is up, 15 s\b/, 'and is reported');

done_testing();
