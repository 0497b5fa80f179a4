#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Flags of macros are paired by the line that declares them, never by their
# numbers: an old statement keeps its own flag, a new one gets a fresh one, and
# without a certain correlation all of them are fresh, and reported as such.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Lines qw(find_hunks neutralise line_map is_tricky);
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

# Which variable each of the functions g1, g2 ... is called with, in f of an object
sub arguments ($object) {
    my (%of, $last);
    for (map { $_->[1] } @{ objdump_code($object)->{f} }) {
        $last = $1 =~ s/\A\.(?:bss|data)\.//r if /R_X86_64_32S? (\S+)/;
        $of{$1} = $last if /^(?:call|jmp) .*R_X86_64_PLT32 (g\d)\b/;
    }
    return \%of;
}

# Of a difference: the pre variable that each call of the new code uses, or "fresh".
sub shared ($diff, $pre) {
    my (undef, $text) = run_cmd('objmanip/objmanip', 'inspect', "$diff->{dir}/old.o");
    my %label = reverse $text =~ /^import (\S+)@\S+ as (\S+)$/mg;
    my $new = arguments("$diff->{dir}/new.o");
    my %old = reverse %{ arguments($pre) };
    return join ' ', map {
        my $label = $label{ $new->{$_} =~ s/[-+]0x\w+\z//r };
        "$_:" . (defined $label ? $old{$label} // $label : 'fresh')
    } sort keys %$new;
}

# The functions are the kernel's, so that they keep their names.
my $symvers = join '', map { "0x00000001\tg$_\tvmlinux\tEXPORT_SYMBOL\t\n" } 1 .. 4;

my $head = "void g1(void *), g2(void *), g3(void *), g4(void *);\n";

# A patch of fixture.c, as ksplice-create does it: -> (difference, pre object)
sub patched ($old, $new, $keep_lines = 1) {
    my $dir = scratch_dir();
    spew("$dir/old.c", $head . $old);
    spew("$dir/new.c", $head . $new);
    my @hunks = find_hunks("$dir/old.c", "$dir/new.c");
    my $map = line_map('fixture.c', $head . $new, $keep_lines,
        is_tricky("$dir/old.c", "$dir/new.c"), @hunks);
    my @objects;
    for (['pre', $head . $old],
        ['post', $keep_lines ? neutralise($head . $new, @hunks) : $head . $new]) {
        spew("$dir/$_->[0]/fixture.c", $_->[1]);
        my ($status, $out, $err) = run_cmd({ dir => "$dir/$_->[0]" }, 'gcc', kernel_cflags(),
            '-c', 'fixture.c', '-o', 'fixture.o');
        die $err if $status;
        push @objects, "$dir/$_->[0]/fixture.o";
    }
    return (diff({ lines => $map, symvers => $symvers }, @objects), $objects[0]);
}

sub statement ($name, $n) { return "\tif (x == $n) { static int $name; g$n(&$name); }\n" }

for my $name (qw(__already_done __warned __print_once _rs __key ___done ___once_key count)) {
    my @s = map { statement($name, $_) } 0 .. 4;
    my ($old, $new) = map { "void f(int x)\n{\n$_}\n" } $s[2], $s[1] . $s[2] . $s[3];
    for my $keep_lines (1, 0) {
        my ($diff, $pre) = patched($old, $new, $keep_lines);
        is("$diff->{status} " . shared($diff, $pre), '0 g1:fresh g2:g2 g3:fresh',
            "two new $name around an old one" . ($keep_lines ? '' : ', lines not kept'))
            or diag $diff->{err};
        unlike($diff->{summary}, qr/cannot be identified/, '... which is certain');
    }
    my ($diff, $pre) = patched("void f(int x)\n{\n$s[1]$s[2]$s[4]}\n",
        "void f(int x)\n{\n$s[3]$s[1]$s[4]}\n");
    is("$diff->{status} " . shared($diff, $pre), '0 g1:g1 g3:fresh g4:g4',
        "one $name goes and another one is added") if $name ne 'count' && $name !~ /^___/;
}

my @s = map { statement('_rs', $_) } 0 .. 4;

# Two in one line are told apart by their order.
my ($diff, $pre) = patched("void f(int x)\n{\n" . ($s[1] . $s[2]) =~ s/\n//r . "}\n",
    "void f(int x)\n{\n$s[3]" . ($s[1] . $s[2]) =~ s/\n//r . "}\n");
is(shared($diff, $pre), 'g1:g1 g2:g2 g3:fresh', 'two in a line');

# The compiler drops the old one, and the new one has its line and place.
($diff, $pre) = patched("void f(int x)\n{\n$s[1]$s[2]}\n",
    "void f(int x)\n{\n$s[3]\treturn;\n$s[1]$s[2]}\n");
is(shared($diff, $pre), 'g3:fresh', 'an old one that nothing reaches any more is not taken');

# A patch of directives: the old line may be compiled to nothing.
($diff, $pre) = patched("void f(int x)\n{\n$s[1]$s[2]}\n",
    "void f(int x)\n{\n$s[3]#ifdef NO\n$s[1]#endif\n$s[2]}\n");
is(shared($diff, $pre), 'g2:fresh g3:fresh', 'a patch of directives leaves it open');
like($diff->{summary}, qr/^new data .* _rs\.\d+ \(4 bytes; fresh: the old one cannot be/m,
    '... which is reported');

# Only the statement's text changes: it is a new statement.
($diff, $pre) = patched("void f(int x)\n{\n$s[1]$s[2]}\n",
    "void f(int x)\n{\n$s[1]" . $s[2] =~ s/g2/g3/r . "}\n");
is(shared($diff, $pre), 'g1:g1 g3:fresh', 'a statement that changes is a new one');

# Inlined into a function that changes and one that does not
my $inline = "static inline __attribute__((always_inline)) void h(int x)\n{\n$s[1]}\n";
($diff, $pre) = patched("${inline}void k(int x) { h(x); }\nvoid f(int x)\n{\n\th(x);\n$s[2]}\n",
    "${inline}void k(int x) { h(x); }\nvoid f(int x)\n{\n$s[3]\th(x);\n$s[2]}\n");
is(shared($diff, $pre), 'g1:g1 g2:g2 g3:fresh', 'one of an inlined function');

# Without lines only what does not change is a proof.
my $text = "${head}void k(int *);\n#define RS(n) { static int _rs; g##n(&_rs); }\n"
    . "static inline __attribute__((always_inline)) void h(int x)\n"
    . "{ if (x == 1) { static int _rs; g1(&_rs); } }\nvoid k2(int x) { h(x); }\nvoid f(int x) {\n"
    . "h(x);\n#ifdef PATCHED\nif (x == 3) RS(3)\n#endif\nif (x == 2) RS(2)\n}\n";
my @pair = build_pair($text);
$diff = diff({ symvers => $symvers }, @pair);
is(shared($diff, $pair[0]), 'g1:g1 g2:fresh g3:fresh',
    'without lines one is shared if code that does not change has it, too');
is(scalar(() = $diff->{summary} =~ /cannot be identified/g), 1,
    '... and the one in doubt is named');
$diff = diff({ lines => '', symvers => $symvers }, @pair);
is(shared($diff, $pair[0]), 'g1:g1 g2:g2 g3:fresh', 'a file that no patch touches keeps its lines');

# The map itself
is(line_map('a.c', "1\nnew\n2\n", 1, 0, '1a2'),
    "old 1 1 1 a.c\nnew 2 1 0 a.c\nold 2 1 2 a.c\n", 'the map of an added line');
is(line_map('a.c', "1\nnew\n2\n", 0, 0, '1a2'),
    "old 1 1 1 a.c\nnew 2 1 0 a.c\nold 3 1 2 a.c\n", '... without directives');
is(line_map('a.c', "1\nnew\n2\n", 1, 1, '1a2'),
    "old 1 1 1 a.c\nunsure 2 1 0 a.c\nold 2 1 2 a.c\n", '... of a tricky patch');
is(line_map('a.c', "1\n3\n4\n", 1, 0, '2d1'), "old 1 1 1 a.c\nold 3 2 3 a.c\n",
    '... of a removed one');
is(line_map('a.c', "#line 7\nnew\n2\n", 1, 0, '1a2'), "unsure 1 4294967295 0 a.c\n",
    'nothing is known of a file with directives of its own');
for ('nonsense', "old 1 2 fixture.c\n", "some 1 2 3 fixture.c\n", "new 1 2 3 \n") {
    $diff = diff({ lines => $_ }, @pair);
    like("$diff->{status} $diff->{err}", qr/^1 objmanip: \S+lines:1: not a range of lines$/,
        'a map that makes no sense');
}

done_testing;
