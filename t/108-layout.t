#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A struct that old and new code lay out differently is refused, with the
# member that differs; one that only one of them has, or that no changed code
# could use, is not.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

sub either ($old, $new) { return "\n#ifdef PATCHED\n$new\n#else\n$old\n#endif\n" }

# Two definitions, a constant that changes, and what uses them
sub fixture ($old, $new, $rest) {
    return either("$old\n#define VALUE 1", "$new\n#define VALUE 2") . "$rest\n";
}

sub refused ($diff, $what, $title) {
    return is_refused($diff, "dir/1.o: $what; objects of the running kernel keep the old one:"
        . ' put new values into shadow variables, see ' . root_dir() . '/doc/patch-author.md',
        $title);
}

# What is done to a struct s by which its layout changes
my $use = 'long f(struct s *s) { return s->last; }';
for (
    ['a member in the middle', 'long a; long last;', 'long a; long b; long last;',
        "member 'b' is new"],
    ['a member in a hole', 'int a; long last;', 'int a; int b; long last;', "member 'b' is new"],
    ['a member that is removed', 'long a; long last;', 'long last;', "member 'a' is gone"],
    ['a size', 'short a[2]; long last;', 'short a[6]; long last;',
        "member 'a' changes its size from 4 to 12"],
    ['an order', 'long a; long last;', 'long last; long a;',
        "member 'a' moves from offset 0 to 8"],
    ['a bit-field', 'unsigned a:3, last:5;', 'unsigned a:4, last:4;',
        "member 'a' changes its size from 3 to 4 bits"],
    ['a bit-field that moves', 'unsigned a:3, last:3;', 'unsigned :2, a:3, last:3;',
        "member 'a' moves from offset 0 to 0 bit 2"],
    ['a bit-field that becomes a member', 'unsigned a:3, last:3;', 'unsigned a, last:3;',
        "member 'a' changes its size from 3 to 32 bits"],
    ['an alignment', 'long last;', 'long last __attribute__((aligned(32)));',
        'its size changes from 8 to 32'],
    ['an anonymous struct', 'long x; struct { long a; union { int b; }; }; long last;',
        'long x; struct { long a; union { int b; long c[2]; }; }; long last;',
        "member 'c' is new"],
    ['a struct without a name', 'struct { int a; struct { char b; } in[2]; } x; long last;',
        'struct { int a; struct { short b; } in[2]; } x; long last;', ''],
) {
    my ($title, $old, $new, $what) = @$_;
    $what ||= "member 'x.in' changes its size from 2 to 4";
    my $text = fixture("struct s { $old };", "struct s { $new };",
        'long f(struct s *s) { return s->last + sizeof(*s) + VALUE; }');
    for my $dwarf (4, 5) {
        refused(diff_text($text, "-gdwarf-$dwarf"), "struct 's' has another layout: $what",
            "$title, DWARF $dwarf");
    }
}

# Code that differs in offsets only
refused(diff_text(fixture('struct s { long a, last; };', 'struct s { long a, b, last; };', $use)),
    "struct 's' has another layout: member 'b' is new", 'only offsets differ');
refused(diff_text(fixture('struct s { long last; };', 'struct s { long last, b; };',
        "$use void *new(unsigned long);\nvoid *g(void) { return new(sizeof(struct s)); }")),
    "struct 's' has another layout: member 'b' is new", 'a member at the end');
refused(diff_text(fixture('union u { char a; long b[1]; };', 'union u { char a; long b[2]; };',
        'int f(union u *u) { return u[1].a; }')),
    "union 'u' has another layout: member 'b' changes its size from 8 to 16", 'a union');
refused(diff_text(fixture('typedef struct { int a; } t;', 'typedef struct { int b, a; } t;',
        'int f(t *t) { return t->a; }')),
    "struct 't' has another layout: member 'b' is new", 'a struct with a typedef');

# Of structs in structs the innermost is named.
my $nested = 'struct outer { int x; struct s s[2]; int y; };'
    . ' struct most { struct outer outer; %s };'
    . ' int f(struct most *most) { return most->outer.y + %s; }';
refused(diff_text(fixture('struct s { int a; };', 'struct s { int a, b; };',
        sprintf $nested, '', 'VALUE')),
    "struct 's' has another layout: member 'b' is new", 'the struct inside is named only');
my $both = diff_text(fixture('struct s { int a; };', 'struct s { int a, b; };',
        sprintf $nested, either('', 'int z;'), 'sizeof(*most)'));
is(join(' ', $both->{err} =~ /(?:struct|member) '(.*?)'/g), 's b most z',
    '... and one that changes by itself');

# Equal names in several functions
my $local = 'long g(void *); long %s(long *x) {'
    . ' struct s { long a[%s]; } *s = (struct s *)x; return s[1].a[0]; }' . "\n";
sub locals (@sizes) { return join '', map { sprintf $local, $_->[0], $_->[1] } @sizes }
is(diff_text(either(locals([f => 1], [g1 => 2]), locals([g1 => 2], [f => 1])
            . 'int new(int x) { return x; } int h(int x) { return new(x) * 3; }')
        . either('int h(int x) { return x; }', ''))->{status}, 0,
    'structs of one name are compared as a set');
is(diff_text(either(locals([f => 1], [g1 => 2]), locals([f => 1]) . 'int g1(int x) { return x; }'))
        ->{status}, 0, '... one of which may go');
refused(diff_text(either(locals([f => 1], [g1 => 2]), locals([f => 1], [g1 => 3]))),
    "struct 's' has another layout: member 'a' changes its size from 16 to 24",
    '... of which one changes');

# What is fine
for (
    ['a new struct', '', 'struct s { long last; };',
        either('long f(long *s) { return 1; }', $use)],
    ['a struct that is removed', 'struct s { long last; };', '',
        either($use, 'long f(long *s) { return 1; }')],
    ['a struct that one side only declares', 'struct s;', 'struct s { long last; };',
        either('long f(struct s *s) { return 1; }', $use)],
    ['another name', 'struct s { long last; };', 'struct t { long a, last; };',
        either($use, 'long f(struct t *s) { return s->last; }')],
    ['another type of the same size', 'struct s { long last; };',
        'struct s { unsigned long last; };', 'long f(struct s *s) { return s->last / 3; }'],
    ['a name of what a pointer points to', 'struct s { struct x *x; long last; };',
        'struct s { struct y *x; long last; };',
        "$use int g(int x) { return x + VALUE; }"],
    ['members in an anonymous union now', 'struct s { long a, last; };',
        'struct s { union { long a; }; long last; };',
        "$use int g(int x) { return x + VALUE; }"],
) {
    my ($title, $old, $new, $rest) = @$_;
    my $diff = diff_text(fixture($old, $new, $rest));
    is("$diff->{status}: $diff->{err}", '0: ', "fine: $title");
}
my $same = diff_text(fixture('struct s { long last; };', 'struct s { long last, b; };', $use));
is("$same->{status}: $same->{err}", '66: ', 'code that does not change needs no layout');

# Only units with new code count, and all refusals are listed.
my @same = build_pair(fixture('struct s { long last; };', 'struct s { long last, b; };', $use));
my @fix = build_pair(fixture('', '', 'int g(int x) { return x + VALUE; }'));
is(diff(@same, @fix)->{status}, 0, 'a unit that does not change does not count');
my $two = diff_text(fixture('struct s { long last; }; int x = 1;',
        'struct s { long b, last; }; int x = 2;', $use . ' int g(void) { return x; }'));
is($two->{status}, 1, 'refused for two reasons');
is(join(' ', $two->{err} =~ /^objmanip: dir\/1\.o: (\w+)/gm), 'initializer struct',
    '... and both are reported');

# Debug information in other forms, and none
my $header = spew(scratch_dir() . '/header.h',
    either('struct s { long a, last; };', 'struct s { long a, b, last; };'));
my $moved = fixture('', '', $use);
refused(diff_text($moved, '-include', $header, '-gz'),
    "struct 's' has another layout: member 'b' is new", 'compressed');
for my $flag (qw(-g0 -gsplit-dwarf -fdebug-types-section -femit-struct-debug-baseonly)) {
    my ($pre, $post) = build_pair($moved, '-include', $header, $flag);
    my $diff = diff($pre, $pre, $post, $post);
    is("$diff->{status}: $diff->{err}", '66: ', "$flag: no change, no message");
    $diff = diff($pre, $post, build_pair($moved =~ s/\bf\b/g/r, '-include', $header, $flag));
    is("$diff->{status}: $diff->{err}", '0: objmanip: warning: dir/1.o: cannot compare'
        . " struct layouts: no debug information\n", "$flag: a warning, once");
}

my ($pre, $post) = build_pair(fixture('', '', 'int f(int x) { return x + VALUE; }'));
my $junk = spew(scratch_dir() . '/junk', "\xff" x 64);
run_cmd('objcopy', '--update-section', ".debug_info=$junk", $post);
my $damaged = diff($pre, $post);
like("$damaged->{status}: $damaged->{err}",
    qr/^1: objmanip: cannot read the debug information of '\Q$post\E': \w.*\n\z/,
    'damaged debug information is a failure');

# Assembly has no structs.
for my $flag ('-g', '-g0') {
    my $dir = scratch_dir();
    my $source = spew("$dir/asm.S", <<'END');
.section .text.f,"ax"
.globl f
.type f,@function
#ifdef PATCHED
f:	mov $2,%eax
#else
f:	mov $1,%eax
#endif
	ret
.size f,.-f
END
    my $diff = diff(build_object($source, "$dir/pre.o", $flag),
        build_object($source, "$dir/post.o", $flag, '-DPATCHED'));
    is("$diff->{status}: $diff->{err}", '0: ', "assembly with $flag");
}

# The document is cited as it is installed; by its name alone if it is not.
my $prefix = scratch_dir();
my ($installed, $page) = ("$prefix/lib/ksplice/objmanip/objmanip",
    "$prefix/share/doc/ksplice/patch-author.md");
spew($installed, slurp($ENV{KSPLICE_TEST_OBJMANIP} // root_dir() . '/objmanip/objmanip'));
chmod 0755, $installed;
my @pair = build_pair(fixture('struct s { long a, last; };', 'struct s { long last; };', $use));
sub cited () {
    my $symvers = spew("$prefix/symvers", '');
    my (undef, undef, $err) = run_cmd($installed, 'diff', '--kid=abc', '--target=vmlinux',
        "--symvers=$symvers", "--out=$prefix", "dir/1.o=$pair[0]=$pair[1]");
    return ($err =~ /, see (\S+)$/)[0];
}
is(cited(), 'patch-author.md', 'without documents a message cites the name of one');
spew($page, '');
is(cited(), $page, 'an installed objmanip cites the installed one');

done_testing;
