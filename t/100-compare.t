#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# "objmanip compare" tells an object that differs from one that does not.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my ($pre, $post) = build_pair(<<'END');
int puts(const char *);
int f(int x) { return puts("one") + x; }
#ifdef PATCHED
int g(int x) { return puts("two") - x; }
#else
int g(int x) { return puts("two") + x; }
#endif
END
is(compare($pre, $pre),  66, 'an object is the same as itself');
is(compare($pre, $post), 0,  'a changed operation differs');
is(compare($post, $pre), 0,  'in both directions');

# One change each, in all that a function is compared by.
for (
    ['an immediate',       'int f(void) { return 1; }', 'int f(void) { return 2; }'],
    ['the called',         'int f(void) { return g(); }', 'int f(void) { return h(); }'],
    ['the type of a reference', 'void *f(void) { return g; }',
        'void *f(void) { return (void *)(long)g(); }'],
    ['the offset in a variable', 'int f(void) { return a[1]; }', 'int f(void) { return a[2]; }'],
    ['a string',           'const char *f(void) { return "x"; }',
        'const char *f(void) { return "y"; }'],
    ['a new function',     '', 'int f(void) { return 1; }'],
    ['a deleted function', 'int f(void) { return 1; }', ''],
    ['an initializer',     'int x = 1;', 'int x = 2;'],
    ['a new global variable', '', 'int x;'],
    ['a table that grows by a pointer', 'void *t[] = { (void *)1 };',
        'void *t[] = { (void *)1, g };'],
) {
    my ($what, $old, $new) = @$_;
    my ($a, $b) = build_pair("int g(void), h(void);\nextern int a[];\n"
        . "#ifdef PATCHED\n$new\n#else\n$old\n#endif\nint other(void) { return h(); }\n");
    is(compare($a, $b), 0, "$what matters");
}

for (
    ['the order of functions',  'int f(void) { return 1; } int k(void) { return 2; }',
        'int k(void) { return 2; } int f(void) { return 1; }'],
    ['a string that is longer elsewhere', 'const char *f(void) { return "x"; }',
        'const char *f(void) { return "x"; }  static const char *s IGNORED = "yx";'],
    ['an unused declaration',   '', 'extern int nobody(void);'],
) {
    my ($what, $old, $new) = @$_;
    my ($a, $b) = build_pair("#define IGNORED __attribute__((used, section(\".discard\")))\n"
        . "#ifdef PATCHED\n$new\n#else\n$old\n#endif\nint other(void) { return 7; }\n");
    is(compare($a, $b), 66, "$what does not matter");
}

my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'compare', $pre);
is($status, 2, 'one object is a usage error');
like($err, qr/^usage: /, '... with the usage');

my $text = spew(scratch_dir() . '/text.o', "no object\n");
($status, $out, $err) = run_cmd('objmanip/objmanip', 'compare', $pre, $text);
is($status, 1, 'what is no object is a failure');
like($err, qr/^objmanip: cannot read '\Q$text\E': /, '... that names it');

($status, $out, $err) = run_cmd('objmanip/objmanip', 'compare', $pre, '/bin/true');
is($status, 1, 'neither is a program');
is($err, "objmanip: '/bin/true' is not a relocatable ELF object\n", '... which is reported');

# Objects that are broken, or of another machine
my $bytes = slurp($pre);
my $broken = scratch_dir() . '/broken.o';
my ($table, $n) = unpack 'x40 Q x12 S', $bytes;
sub broken {
    my ($offset, $format, $value) = @_;
    my $other = $bytes;
    substr($other, $offset, length pack $format, 0) = pack $format, $value;
    my @got = run_cmd('objmanip/objmanip', 'compare', spew($broken, $other), $post);
    return "$got[0] $got[2]";
}
for ([183, 'aarch64'], [243, 'riscv'], [3, 'i386']) {
    my ($machine, $name) = @$_;
    is(broken(18, 'S', $machine), "1 objmanip: '$broken' is not for x86-64: no other machine is "
        . "supported\n", "an object for $name is refused");
}
like(broken($table + 64 + 48, 'Q', 1 << 40),
    qr/^1 objmanip: '\S+broken\.o': '\S+' is aligned to 2\^40 bytes$/,
    'an alignment that no section has');
substr($bytes, 40, 8) = pack 'Q', length($bytes) + 1;
$bytes .= "\0" . substr $bytes, $table, 64 * $n;
is(broken(18, 'S', 62) =~ s/ .*//sr, 0, 'headers at an odd place are read as well');

done_testing;
