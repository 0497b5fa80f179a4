#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What modules know of the kernel stays as it is: exports may come, but neither
# go nor change their type; a CRC that changes without a cause is told.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

# Each export in a section of its own, or all in one, as from Linux 6.4 on
my $in_one = 0;
sub export ($name, $kind = '', $namespace = '') {
    return export_in_one($name, $kind eq '' ? '' : 'GPL', $namespace) if $in_one;
    my $text = ".pushsection ___ksymtab$kind+$name,\"a\"\n.long $name - .\n.popsection\n"
        . ".pushsection __ksymtab_strings,\"aMS\",\@progbits,1\n"
        . "__kstrtabns_$name: .asciz \"$namespace\"\n.popsection\n";
    return 'asm("' . $text =~ s/"/\\"/gr =~ s/\n/\\n/gr . '");';
}

sub export_in_one ($name, $licence, $namespace) {
    my $text = ".pushsection .export_symbol,\"a\"\n__export_symbol_$name: .asciz \"$licence\"\n"
        . ".asciz \"$namespace\"\n.balign 8\n.quad $name\n.popsection\n";
    return 'asm("' . $text =~ s/"/\\"/gr =~ s/\n/\\n/gr . '");';
}

sub source ($old, $new, $rest = '') { return "#ifdef PATCHED\n$new\n#else\n$old\n#endif\n$rest\n" }
sub patched (@parts) { return diff_text(source(@parts)) }

my $f = 'int h(int); int f(int x) { return h(x) + 1; }';
for (0, 1) {
    $in_one = $_;
    # New ones
    my $diff = patched($f, "$f int g(int x) { return h(x) - 1; }" . export('g', '_gpl'));
    is($diff->{status}, 0, 'a new function that is exported is reason enough') or diag $diff->{err};
    is($diff->{summary} =~ s/ \(.*//mgr, "new function dir/1.o g\nnew export dir/1.o g\n",
        '... and reported');
    my $header = slurp("$diff->{dir}/imports.h");
    like($header, qr/^KSPLICE_EXPORT_GPL\(g\)$/m, '... and is in imports.h');
    my ($g) = grep { $_->{name} eq 'g' } objdump_symbols("$diff->{dir}/new.o");
    is($g->{global}, 1, '... and global in the new code');

    $diff = patched($f, $f . export('f', '', 'SPACE'));
    is("$diff->{status} $diff->{summary}", "0 new export dir/1.o f\n",
        'one that is there already');
    $header = slurp("$diff->{dir}/imports.h");
    like($header,
        qr/^KSPLICE_EXPORT_AS\(f, (ksplice_abc_vmlinux_0_f)\)\nKSPLICE_EXPORT_NS\(f, SPACE\)$/m,
        '... is imported to be exported, with its namespace');
    my (undef, $inspected) = run_cmd('objmanip/objmanip', 'inspect', "$diff->{dir}/old.o");
    like($inspected, qr/^import f as \S+, pointer$/m, '... as a pointer: its users may have one');
    is_deeply([map { $_->{name} } grep { $_->{type} eq 'function' }
        objdump_symbols("$diff->{dir}/new.o")], [], '... and not copied');
    is_refused(patched("$f int k(void);", "$f int k(void);" . export('k')),
        "dir/1.o: 'k' is a new export of a symbol that another object defines: export it there",
        'one of another object');

    # What was there
    is_refused(patched($f . export('f', '', 'A'), $f . export('f', '', 'B')),
        "dir/1.o: the export of 'f' changes its namespace", 'another namespace');
    is_refused(patched($f . export('f'), $f . export('f', '_gpl')),
        "dir/1.o: the export of 'f' changes its licence", 'another licence');
    my $gone = "dir/1.o: the export of 'f' is gone: modules may use it";
    is_refused(patched($f . export('f'), $f), $gone, 'one that is gone');
    my $both = "$f int g(int x) { return h(x); }" . export('g', '', 'A');
    is_refused(patched($both . export('f'), $both), $gone, '... beside another one');
    like(patched($f . export('f'), $f . export('f') =~ s/(long|quad) f/$1 h/r)->{err},
        qr/the export of 'f' changes: /, 'one that stands for something else');
    is(diff_text($f . export('f') . "int k(int x) { return h(x); }\n" . export('k'))->{status}, 66,
        'the same');
    my @types = (
        ['int f(int x) { return h(x); }', 'int f(int x, long y) { return h(x); }',
            'int (int)', 'int (int, long int)', 'a parameter more'],
        ['int f(int x) { return h(x); }', 'long f(int x) { return h(x); }',
            'int (int)', 'long int (int)', 'what it returns'],
        ['int f(struct a *x) { return h(1); }', 'int f(struct b *x) { return h(1); }',
            'int (struct a *)', 'int (struct b *)', 'a pointer to something else'],
        ['long f[2] = { 1 };', 'void *f[2] = { (void *)1 };', 'long int []', 'void * []',
            'a variable of another type'],
        ['int f(int (*x)(void)) { return x(); }', 'int f(int (*x)(int)) { return x(1); }',
            'int (int () *)', 'int (int (int) *)', 'a function that it is given'],
    );
    for (@types) {
        my ($old, $new, $was, $is, $title) = @$_;
        is_refused(diff_text("int h(int);\n" . source($old, $new, export('f'))),
            "dir/1.o: the exported 'f' was '$was' and is '$is': modules use the old one: "
            . 'export the new one under another name', $title);
        isnt(diff_text("int h(int);\n" . source($old, $new))->{err} =~ /modules use/, 1,
            '... matters if it is exported only');
    }
    unlike(diff_text("int h(int); typedef int number;\n"
            . source('int f(const int x) { return h(x); }', 'int f(number y) { return h(y) + 1; }',
                export('f')))->{err}, qr/modules use/, 'names do not matter');
}

# What is no list of exports of Linux 6.4
my $entry = ".asciz \"\"\n.asciz \"\"\n.balign 8\n";
for (
    ["$entry.quad f", "'.export_symbol' begins with no '__export_symbol_'", 'a nameless entry'],
    [".quad 0\n__export_symbol_f: $entry.quad f",
        "'.export_symbol' begins with no '__export_symbol_'", 'something before the first one'],
    ["__export_symbol_f: $entry.quad f\n.quad h",
        "the entry of '__export_symbol_f' in '.export_symbol' has 2 pointers", 'two pointers'],
    ["__export_symbol_f: $entry.quad 0",
        "the entry of '__export_symbol_f' in '.export_symbol' has 0 pointers", 'none'],
    ["__export_symbol_f: $entry.quad f\n__export_symbol_h = . - 8",
        "the entry of '__export_symbol_f' in '.export_symbol' is too short", 'a short entry'],
    ["__export_symbol_f: $entry.quad f\n__export_symbol_h = . + 80",
        "the entry of '__export_symbol_f' in '.export_symbol' is too short",
        'a name beyond the section'],
) {
    my ($lines, $message, $title) = @$_;
    my $text = ".pushsection .export_symbol,\"a\"\n$lines\n.popsection\n";
    like(diff_text("$f asm(\"" . $text =~ s/"/\\"/gr =~ s/\n/\\n/gr . "\");\n")->{err},
        qr/^objmanip: '.*': \Q$message\E$/m, "$title is refused");
}

# CRCs
my $dir = scratch_dir();
my @pair = build_pair(source("$f\n#define N 1", "$f\n#define N 2",
    export('f') . 'int g(int x) { return h(x) * N; }'));
sub with_crcs ($text) {
    mkdir "$dir/out";
    spew("$dir/crcs", $text);
    spew("$dir/symvers", '');
    return run_cmd('objmanip/objmanip', 'diff', '--kid=abc', '--target=vmlinux',
        "--symvers=$dir/symvers", "--crcs=$dir/crcs", "--out=$dir/out",
        "dir/1.o=$pair[0]=$pair[1]");
}
is((with_crcs("dir/2.o f\ndir/1.o other\n"))[2], '', 'the CRC of something else');
my ($status, $out, $err) = with_crcs("dir/1.o f\n");
is("$status $err", "0 objmanip: warning: dir/1.o: the CRCs of 1 exports change ('f'), but their "
    . "types do not: modules keep using them\n", 'an unexplained CRC change is reported');
run_cmd('strip', '--strip-debug', @pair);
($status, $out, $err) = with_crcs("dir/1.o f\n");
is($status, 1, 'without debug information it is refused');
like($err, qr/^objmanip: dir\/1\.o: the CRC of the exported 'f' changes: .* by #ifndef __GENKSY/m,
    '... with the way out');
($status, $out, $err) = with_crcs("dir/1.o\n");
is("$status $err", "1 objmanip: '$dir/crcs' is no list of units and names\n",
    'a list of CRCs that makes no sense');

done_testing;
