#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# A header that changes the numbers which generated headers hold is noticed.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Offsets qw(check_offsets);
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $tree = { dir => $dir };
my $source = <<'END';
#include "limit.h"
#define DEFINE(sym, val) asm volatile("\n.ascii \"->" #sym " %0 " #val "\"" : : "i" (val))
int main(void) { DEFINE(LIMIT, LIMIT_OF(2)); DEFINE(SIZE, sizeof(struct limit)); return 0; }
END
my $limit = "struct limit { long a; };\n#define LIMIT_OF(n) (n * 7)\n";
spew("$dir/.config", "# Linux/x86 1.2.3 Kernel Configuration\n");
spew("$dir/include/limit.h", $limit);
spew("$dir/include/other.h", '');
for my $name ('kernel/bounds', 'arch/x86/kernel/asm-offsets', 'kernel/sched/rq-offsets') {
    my $command = "gcc -Iinclude '-DHASH=\\#' '-DDOLLAR=\$\$' -Wp,-MMD,$name.d -S"
        . " -o $name.s $name.c";
    spew("$dir/$name.c", $source);
    my ($status, undef, $err) =
        run_cmd({ dir => $dir }, 'sh', '-c', $command =~ s/\$\$/\$/r =~ s/\\#/#/r);
    is($status, 0, "$name is compiled") or diag $err;
    spew("$dir/" . $name =~ s{([^/]+)\z}{.$1.s.cmd}r, "cmd_$name.s := $command\n\n"
        . "source_$name.s := $name.c\n\ndeps_$name.s := \\\n  include/limit.h \\\n\n");
}

# The message about the header with that text, or ''
sub said {
    my ($text, @files) = @_;
    spew("$dir/include/limit.h", $text);
    my %before = map { $_ => slurp($_) } glob "$dir/kernel/* $dir/arch/x86/kernel/*";
    eval { check_offsets($tree, scratch_dir(), @files); 1 };
    my $error = $@;
    my %after = map { $_ => slurp($_) } glob "$dir/kernel/* $dir/arch/x86/kernel/*";
    is_deeply(\%after, \%before, 'nothing is written to the tree');
    return $error =~ s/\n.*//sr;
}

is(said("\n$limit#define NEW 1\n", 'include/limit.h'), '', 'a header that changes no number');
is(said($limit =~ s/7/8/r, 'include/limit.h'),
    "the patch changes 'LIMIT' in include/generated/asm-offsets.h, which any object may include"
    . ': use --full', 'one that changes a number');
like(said($limit =~ s/long a;/long a, b;/r, 'include/limit.h'), qr/^the patch changes 'SIZE' in /,
    'one that changes the size of a struct');
unlink "$dir/kernel/.bounds.s.cmd", "$dir/arch/x86/kernel/.asm-offsets.s.cmd";
like(said($limit =~ s/7/8/r, 'include/limit.h'),
    qr{^the patch changes 'LIMIT' in include/generated/rq-offsets\.h,},
    '... also if it is in the offsets of a run queue alone');
utime 1, 1, "$dir/include/limit.h", "$dir/include/other.h";
is(said($limit, 'include/other.h'), '', 'one that they do not include');

done_testing();
