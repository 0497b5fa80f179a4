#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Makefile.ksplice refuses what it was not meant for, and its modes do what
# they say.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Journal qw(note_touched keep_source);
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
my ($status, $out, $err);

for my $guard (
    ['without a mode', qr/KSPLICE_MODE must be one of: prepare list/],
    ['with two modes', qr/KSPLICE_MODE must be one of/, 'KSPLICE_MODE=snap diff'],
    ['with an unknown mode', qr/KSPLICE_MODE 'snp' is none of/, 'KSPLICE_MODE=snp'],
    ['snap without targets', qr/KSPLICE_MODE=snap needs KSPLICE_TARGETS/, 'KSPLICE_MODE=snap'],
    ['diff without targets', qr/KSPLICE_MODE=diff needs KSPLICE_TARGETS/, 'KSPLICE_MODE=diff'],
    ['snap of a source', qr/not an object: kernel\/one\.c/,
        'KSPLICE_MODE=snap', 'KSPLICE_TARGETS=kernel/one.c'],
    ['list without directories', qr/KSPLICE_MODE=list needs KSPLICE_DIRS/, 'KSPLICE_MODE=list'],
    ['modinst without a place', qr/KSPLICE_MODE=modinst needs KSPLICE_BUILD KSPLICE_OUT/,
        'KSPLICE_MODE=modinst', 'KSPLICE_SCRATCH=/nowhere'],
) {
    my ($what, $message, @arguments) = @$guard;
    ($status, $out, $err) = toy_make($toy, @arguments);
    is($status, 2, "$what it fails");
    like($err, $message, '... and says why');
}
($status, $out, $err) = run_cmd({ dir => $toy->{scratch} }, 'make', '-s', '-f',
    root_dir() . '/Makefile.ksplice', 'KSPLICE_MODE=prepare');
like($err, qr/is not a kernel source tree/, 'elsewhere it fails and says why');

system('cp', "$toy->{config}/.config", "$tree/.config");
is_deeply([toy_make($toy, 'KSPLICE_MODE=prepare')], [0, '', ''], 'prepare');
my $options = slurp("$tree/.config");
spew("$tree/.config", "${options}CONFIG_RUST=y\n");
is_deeply([toy_make($toy, 'KSPLICE_MODE=prepare')], [0, '', ''], '... builds nothing of Rust');
like(slurp("$tree/include/config/auto.conf"), qr/^CONFIG_RUST=y$/m, '... which is configured');
spew("$tree/.config", $options);

($status, $out, $err) = toy_make($toy, 'KSPLICE_MODE=list',
    'KSPLICE_DIRS=kernel drivers/net drivers/none');
is($err, '', 'list');
is_deeply([sort split /\n/, $out], [
    'd .', 'd drivers', 'd drivers/net', 'd kernel',
    'm drivers/net/rx.o toy-net', 'm drivers/net/single.o single', 'm drivers/net/tx.o toy-net',
    'y kernel/one.o', 'y kernel/two.o',
], '... knows kernel and modules, and leaves out what is not built');

my $targets = 'KSPLICE_TARGETS=kernel/one.o kernel/two.o';
($status, $out) = toy_make($toy, 'KSPLICE_MODE=snap', $targets);
is($out, "  CC      kernel/one.o\n  CC      kernel/two.o\n", 'snap compiles the targets');
ok(!-e "$tree/lib/strange.o", '... and nothing else');
ok(objdump_sections("$tree/kernel/one.o")->{'.text.one_line'}, '... each function for itself');

note_touched($tree, source => 'kernel/one.c');
note_touched($tree, object => 'kernel/one.o', 'kernel/two.o');
keep_source($tree, 'kernel/one.c');
edit("$tree/kernel/one.c", sub { s/\+ 5/+ 6/ });
my $before = slurp("$tree/kernel/one.o");
($status, $out, $err) = toy_make($toy, 'KSPLICE_MODE=diff', $targets);
is_deeply([$status, $out, $err], [0, "  CC      kernel/one.o\n", ''],
    'diff compiles what was patched');
is(slurp("$tree/kernel/one.o.KSPLICE_pre"), $before, '... keeps what was there');
is(slurp("$tree/kernel/one.o.KSPLICE_changed"), slurp("$tree/kernel/one.o"),
    '... and marks what changed');
ok(!-e "$tree/kernel/two.o.KSPLICE_changed", '... and only that');

is_deeply([toy_make($toy, 'KSPLICE_MODE=revert')], [0, '', ''], 'revert');
is(slurp("$tree/kernel/one.o"), $before, '... puts the object back');
is_deeply([glob "$tree/*/*KSPLICE* $tree/*/.*KSPLICE*"], [], '... and leaves nothing');
is_deeply([toy_make($toy, 'KSPLICE_MODE=snap', $targets)], [0, '', ''],
    '... and has not made make build anything again');

# Names are one word each, whatever is in them.  The odd one would run a command without
# quotes as well as between plain ones.
my ($plain, $odd) = map { "$toy->{scratch}/$_" } 'plain', "a b;touch pwned;';touch pwned;'c";
for my $dir ($plain, $odd) {
    mkdir $dir;
    spew("$dir/Makefile", "modules: ;\n");
}
for my $variable (qw(BUILD SCRATCH OUT)) {
    my %given = ((map { $_ => $plain } qw(BUILD SCRATCH OUT)), $variable => $odd);
    my @got = toy_make($toy, 'KSPLICE_MODE=modinst',
        map { "KSPLICE_$_=$given{$_}" } sort keys %given);
    is_deeply(\@got, [0, '', ''], "KSPLICE_$variable may have any name");
    my @found = grep { -e } "$tree/pwned", glob "$toy->{scratch}/*/pwned";
    is("@found", '', "KSPLICE_$variable is not run");
}

done_testing();
