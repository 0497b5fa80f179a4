#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# No difference of an export goes unnoticed: each byte of its entry, each field of
# its relocations and each byte of its strings is changed alone, and "compare" and
# "diff" must find all of these changes.  The same for what only is to be said:
# code of init sections, .modinfo and what nothing uses.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

sub export ($name, $kind = '', $namespace = '') {
    my $text = ".pushsection ___ksymtab$kind+$name,\"a\"\n.balign 4\n__ksymtab_$name:\n"
        . ".long $name - .\n.long __kstrtab_$name - .\n.long __kstrtabns_$name - .\n.popsection\n"
        . ".pushsection __ksymtab_strings,\"aMS\",\@progbits,1\n__kstrtab_$name: .asciz \"$name\"\n"
        . "__kstrtabns_$name: .asciz \"$namespace\"\n.popsection\n";
    return 'asm("' . $text =~ s/"/\\"/gr =~ s/\n/\\n/gr . '");' . "\n";
}

my $source = <<'END' . export('f') . export('g', '_gpl') . export('v', '_gpl', 'SPACE')
int h(int);
int f(int x) { return h(x) + 1; }
int g(int x) { return h(x) + 2; }
int v = 3, w = 4;
END
    . export('h');
my $object = build_object(spew(scratch_dir() . '/fixture.c', $source), scratch_dir() . '/pre.o');
my $bytes = slurp($object);

# [name, type, offset, size] of each section
sub elf_sections ($elf) {
    my ($table, $size, $n, $names) = unpack 'x40 Q x10 S S S', $elf;
    my @headers = map { [unpack 'L L x16 Q Q', substr $elf, $table + $_ * $size, $size] }
        0 .. $n - 1;
    my $strings = substr $elf, $headers[$names][2], $headers[$names][3];
    return map { [unpack('Z*', substr $strings, $_->[0]), @$_[1 .. 3]] } @headers;
}

my @mutations;
for (elf_sections($bytes)) {
    my ($name, $type, $offset, $size) = @$_;
    if ($name =~ /^(?:___ksymtab|__ksymtab_strings)/) {
        push @mutations, map { ["$name+$_", $offset + $_, 'C', 1] } 0 .. $size - 1;
    } elsif ($name =~ /^\.rela___ksymtab/) {
        for my $i (0 .. $size / 24 - 1) {
            push @mutations, map { ["$name $i $_->[0]", $offset + 24 * $i + $_->[1], @$_[2, 3]] }
                (['offset', 0, 'Q', 4], ['type', 8, 'L', 8], ['symbol', 12, 'L', 1],
                    ['symbol', 12, 'L', 2], ['addend', 16, 'Q', 1]);
        }
    }
}
cmp_ok(scalar @mutations, '>', 90, 'there is a lot to change');

# A zero becomes a NUL less; everything else another value.
my $dir = scratch_dir();
my (@missed, @not_refused);
for (@mutations) {
    my ($what, $offset, $format, $by) = @$_;
    my $length = length pack $format, 0;
    my $other = $bytes;
    substr($other, $offset, $length) =
        pack $format, $by ^ unpack $format, substr $bytes, $offset, $length;
    my ($status) = run_cmd('objmanip/objmanip', 'compare', $object,
        spew("$dir/post.o", $other));
    push @missed, $what if $status != 0 && $status != 1;
    $status = diff($object, "$dir/post.o")->{status};
    push @not_refused, "$what: $status" if $status != 1;
}
is_deeply(\@missed, [], '"compare" finds each of them');
is_deeply(\@not_refused, [], '... and "diff" refuses each');
is(diff($object, $object)->{status}, 66, '... and nothing else');

# The words
sub patched ($old, $new, $rest = '') {
    my @pair = build_pair("int h(int);\n#ifdef PATCHED\n$new\n#else\n$old\n#endif\n$rest\n");
    is(compare(@pair), 0, "'compare' sees it");
    return diff(@pair);
}
my $f = 'int f(int x) { return h(x) + 1; } int g(int x) { return h(x) + 2; }';
is_refused(patched(export('f'), export('f') =~ s/\.long f/.long g/r, $f),
    "dir/1.o: the export of 'f' changes: it stands for 'g' instead of 'f': "
        . 'modules use the old one',
    'an export of another function');
is_refused(patched(export('f', '_gpl'), export('f', '_gpl', 'SPACE'), $f),
    "dir/1.o: the export of 'f' changes its namespace", 'one that moves to a namespace');

# A change without an effect is reported.
my $init = '__attribute__((used, noinline, section(".init.text")))';
my $modinfo = '__attribute__((used, section(".modinfo"))) = ';
for (
    ["int $init start(void) { return 1; }", "int $init start(void) { return 2; }",
        'dir/1.o start (.init.text: will not run)', 'init code'],
    ["int $init __start(void) { return 1; }", "int $init __start(void) { return 2; }",
        'dir/1.o __start (.init.text: will not run)', '... whatever its name'],
    ["static int n __attribute__((used, section(\".init.data\"))) = 1;",
        "static int n __attribute__((used, section(\".init.data\"))) = 2;",
        'dir/1.o n (.init.data: will not run)', 'init data'],
    ["int $init stop(void) { return 1; }", '',
        'dir/1.o stop (.init.text: will not run)', 'init code that is gone'],
    ['', 'int more(int x) { return h(x) + 3; }',
        'dir/1.o more (new, but nothing that is replaced refers to it)', 'a new function'],
    ['', 'static __attribute__((used)) int more(int x) { return h(x) + 3; }',
        'dir/1.o more (new, but nothing that is replaced refers to it)', 'a static one'],
    ['', 'int more = 3;',
        'data dir/1.o more (new, but nothing that is replaced refers to it)', 'a new variable'],
    ['static __attribute__((used)) int n = 3;', 'static __attribute__((used)) int n = 4;',
        'data dir/1.o n (nothing refers to it)', 'a variable that nothing refers to'],
    ["static const char m[] $modinfo\"version=1\";", "static const char m[] $modinfo\"version=2\";",
        "dir/1.o .modinfo (module information)", 'what modinfo shows'],
) {
    my ($old, $new, $said, $title) = @$_;
    my $diff = patched($old, $new, $f);
    is("$diff->{status} $diff->{err}$diff->{summary}", "66 ignored $said\n", $title);
}
my $diff = patched("int $init start(void) { return 1; } int k(int x) { return h(x); }",
    "int $init start(void) { return 2; } int k(int x) { return h(x) + 5; }");
is("$diff->{status} " . $diff->{summary} =~ s/ \(\d.*//mgr,
    "0 replace dir/1.o k\nignored dir/1.o start (.init.text: will not run)\n",
    'init code beside what is replaced');

# One that is the same is the same.
is(compare(build_pair("static const char a[] $modinfo\"a=1\", b[] $modinfo\"b=2\";\n")), 66,
    'the same .modinfo');

done_testing;
