#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# However ksplice-create is stopped, the source is restored.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
my $patch = toy_patch($toy, 'kernel/one.c' => sub { s/\+ 5/+ 6/ });
my $before = tree_state($tree);

# A compiler that stops the create which calls it, while the tree is patched.
my $compiler = spew("$toy->{scratch}/bin/gcc", <<'SH');
#!/bin/sh
case "$*" in
*one.c*)
	if [ -e kernel/one.c.KSPLICE_presrc ]; then
		kill -$STOP_BY `cat "$PID_FILE"`
		sleep 1
	fi ;;
esac
exec /usr/bin/gcc "$@"
SH
chmod 0755, $compiler;

sub stopped_by {
    my ($signal) = @_;
    my $shell = 'echo $$ > "$PID_FILE"; exec "$@"';
    return run_cmd({ dir => $toy->{scratch}, env => {
        %{ Test::Toy::toy_env($toy) },
        PATH => "$toy->{scratch}/bin:$ENV{PATH}", STOP_BY => $signal,
        PID_FILE => "$toy->{scratch}/pid",
    } }, 'sh', '-c', $shell, 'sh', root_dir() . '/ksplice-create', "--patch=$patch", $tree);
}

for my $signal (qw(INT TERM)) {
    my ($status, $out, $err) = stopped_by($signal);
    like($status, qr/^signal /, "stopped by SIG$signal");
    like($err, qr/^ksplice-create: stopped by SIG$signal$/m, '... it says so');
    is_deeply(tree_state($tree), $before, '... and the source is as it was');
    is(left_behind($toy), '', '... and nothing is left behind');
}

is((stopped_by('KILL'))[0], 'signal 9', 'killed');
ok(-e "$tree/kernel/one.c.KSPLICE_presrc", '... it leaves the tree patched');
sleep 2;
spew("$tree/lib/$_", '') for qw(owners.o .owners.o.cmd);
my ($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is_deeply([$status, $out, $err], [0,
    "'$tree' was left patched by a killed command: restored 1 file; removed what was built since "
    . "then: lib/owners.o\nvmlinux: replace kernel/one.o\n",
    ''], 'the next one puts that right, and names what it removes');
ok(!-e "$tree/lib/$_", "... $_") for qw(owners.o .owners.o.cmd);
is_deeply(tree_state($tree), $before, '... and the source is as it was');

# --- a program that touches what it should not -----------------------------

sub harmed_by {
    my ($harm, $dir) = @_;
    spew($compiler, <<"SH");
#!/bin/sh
case "\$*" in
*one.c*)
	if [ -e kernel/one.c.KSPLICE_presrc ]; then
		$harm
	fi ;;
esac
exec /usr/bin/gcc "\$@"
SH
    chmod 0755, $compiler;
    my %env = (%{ Test::Toy::toy_env($toy) }, PATH => "$toy->{scratch}/bin:$ENV{PATH}");
    my @got = run_cmd({ dir => $toy->{scratch}, env => \%env }, root_dir() . '/ksplice-create',
        "--patch=$patch", '--dry-run', "--config=$toy->{config}", $dir);
    return ($got[0], $got[2] =~ s/^ksplice-create: .* \.\.\.\n//mgr);
}

my $cached = "$toy->{scratch}/cache/1.2.3/source";
run_cmd('mkdir', '-p', "$toy->{scratch}/cache/1.2.3");
run_cmd('cp', '-a', $tree, $cached);
is_deeply([harmed_by('rm kernel/off.c', $cached)], [1, "ksplice-create: the source in '$cached' "
    . "has changed: 'kernel/off.c' is missing; it was removed from the cache: run the command "
    . "again\n"],
    'a source that is lost meanwhile is reported');
is_deeply([glob "$toy->{scratch}/cache/1.2.3/source*"], [],
    '... and the tree of the cache is gone');

my $bad = "the source in '$tree' has changed: 'drivers/none/new.h' is new; "
    . "restore it, and remove '$tree/.KSPLICE_journal'\n";
is_deeply([harmed_by('echo > drivers/none/new.h', $tree)], [1, "ksplice-create: $bad"],
    'a tree of yours stays');
is_deeply([harmed_by(':', $tree)], [1, "ksplice-create: $bad"], '... and is not used any more');
unlink "$tree/drivers/none/new.h", "$tree/.KSPLICE_journal";
is((harmed_by(':', $tree))[0], 0, '... until that is put right');
is_deeply(tree_state($tree), $before, '... and it is as it was');

done_testing();
