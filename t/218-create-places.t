#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Where ksplice-create cannot work it says so at once, and what a killed run has
# left is removed by the next one.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Fcntl      qw(LOCK_EX);
use File::Path qw(make_path);
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $scratch = $toy->{scratch};
my $patch = toy_patch($toy, 'kernel/one.c' => sub { s/\+ 5/+ 6/ });
my $env = Test::Toy::toy_env($toy);

# Nothing may have been prepared or built.
sub refused {
    my ($what, $message, $more, @arguments) = @_;
    my $tree = delete $more->{tree} // $toy->{tree};
    my @got = run_cmd({ dir => $scratch, env => { %$env, %$more } }, 'ksplice-create',
        "--patch=$patch", @arguments, "--config=$toy->{config}", $tree);
    is_deeply(\@got, [1, '', "ksplice-create: $message\n"], $what);
    ok(!-e "$toy->{tree}/.KSPLICE_prepared", '... before anything is made');
    return;
}

my $kbuild = 'which kbuild cannot work with';
refused('no directory for the update', "no directory '/none' for the update: create it, or "
    . 'use another -o', {}, '-o', '/none/x.tar.gz');
refused('a directory as the update', "'$scratch' is a directory: -o takes the name of the tarball",
    {}, '-o', $scratch);
refused('no directory for the times', "no directory '/none' for --timings: create it, or name "
    . 'another file', {}, '--timings=/none/times');
refused('a directory for the times', "'$scratch' is a directory: --timings takes the name of a "
    . 'file', {}, "--timings=$scratch");
refused('no kernel source', "no kernel source '/none': give its directory, or use --kernel",
    { tree => '/none' });
mkdir "$scratch/a b";
refused('a blank in TMPDIR', "the directory for temporary files, '$scratch/a b', has a blank "
    . "in its path, $kbuild: set TMPDIR", { TMPDIR => "$scratch/a b" });
refused('a colon in the path of the cache', "the cache, '$scratch/a:b', has ':' in its path, "
    . "$kbuild: set KSPLICE_CACHE", { KSPLICE_CACHE => "$scratch/a:b" });
refused('words of the shell', "the cache, '$scratch/a;touch x', has ';' in its path, "
    . "$kbuild: set KSPLICE_CACHE", { KSPLICE_CACHE => "$scratch/a;touch x" });
run_cmd('cp', '-a', $toy->{tree}, "$scratch/a b/toy");
refused('a blank in the path of the source', "the kernel source, '$scratch/a b/toy', has a "
    . "blank in its path, $kbuild: move it", { tree => "$scratch/a b/toy" });
spew("$scratch/file", '');
refused('a cache that cannot be', "cannot make the cache '$scratch/file/x': File exists: "
    . 'set KSPLICE_CACHE', { KSPLICE_CACHE => "$scratch/file/x" });

# Before apt is asked for anything
is_deeply([run_cmd({ dir => $scratch, env => { %$env, PATH => "$scratch/none" } }, $^X,
    root_dir() . '/ksplice-create', "--patch=$patch", '--kernel=6.1.0-9-rt-amd64')],
    [1, '', "ksplice-create: '6.1.0-9-rt-amd64' is built from the source with the real-time "
    . 'patches, which the package linux-source does not have: give the directory of that source, '
    . "and --config\n"], 'a flavour whose source is in no package');

# A checkout that was updated, and not made again.
my $copy = "$scratch/checkout";
mkdir $copy;
run_cmd('cp', '-a', map({ root_dir() . "/$_" } qw(ksplice-create lib)), $copy);
make_path(map { "$copy/$_" } qw(objmanip/model kmodsrc));
spew("$copy/$_", '') for qw(objmanip/main.c kmodsrc/records.h);
my @create = ({ dir => $scratch, env => { %$env, KSPLICE_OBJMANIP => undef } },
    "$copy/ksplice-create", "--patch=$patch", "--config=$toy->{config}", $toy->{tree});
my $program = "$copy/objmanip/objmanip";
is_deeply([run_cmd(@create)], [1, '', "ksplice-create: no program '$program': run make\n"],
    'objmanip was never made');
spew($program, '');
chmod 0755, $program;
utime 1, 1, "$copy/objmanip/main.c";
utime 2, 2, $program;
is_deeply([run_cmd(@create)], [1, '', "ksplice-create: '$program' is older than "
    . "'$copy/kmodsrc/records.h': run make\n"], 'it is older than what it is made of');
utime 1, 1, "$copy/kmodsrc/records.h";
make_path("$copy/objmanip/arch/x86");
for my $file (qw(model/span.h arch/x86/sites.c)) {
    spew("$copy/objmanip/$file", '');
    is_deeply([run_cmd(@create)], [1, '', "ksplice-create: '$program' is older than "
        . "'$copy/objmanip/$file': run make\n"], "... than $file");
    unlink "$copy/objmanip/$file";
}
ok(!-e "$toy->{tree}/.KSPLICE_prepared", '... before anything is made');

# A file system of 64 kB, with 4 kB left.
my $full = <<'SH';
mount -t tmpfs -o size=64k none "$TMPDIR" && head -c 60k /dev/zero >"$TMPDIR/full" &&
    exec "$@"
SH
my @got = run_cmd({ dir => $scratch, env => $env }, 'unshare', '-rm', 'sh', '-c', $full, 'sh',
    root_dir() . '/ksplice-create', "--patch=$patch", $toy->{tree});
is($got[0], 1, 'no space for temporary files');
like($got[2], qr/^ksplice-create: cannot write '\Q$scratch\E\/tmp\/.*': No space left on device$/m,
    '... is reported');

# --- what is left of others -------------------------------------------------

my $tmp = $env->{TMPDIR};
mkdir "$tmp/$_" for qw(ksplice-tmp-dead0000 ksplice-tmp-used0000 ksplice-yours000);
spew("$tmp/ksplice-tmp-dead0000/deep/file", 'x');
open my $lock, '<', "$tmp/ksplice-tmp-used0000" or die $!;
flock $lock, LOCK_EX or die $!;
is((toy_create($toy, "--patch=$patch", '--dry-run'))[0], 0, 'an update');
is_deeply([map { s/.*\///r } glob "$tmp/*"], [qw(ksplice-tmp-used0000 ksplice-yours000)],
    'a directory of a killed run is removed, others are not');

# No HOME: that of the user.
my ($status, $out, $err) = run_cmd({ dir => $scratch, env => { %$env, HOME => undef,
    KSPLICE_CACHE => undef, XDG_CACHE_HOME => undef } }, $^X, '-I' . root_dir() . '/lib',
    '-MKsplice::Cache=cache_dir', '-e', 'print cache_dir()');
is("$status$out$err", '0' . (getpwuid $>)[7] . '/.cache/ksplice', 'without HOME');

done_testing();
