#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A function is replaced with all its parts, and with those that cannot stay
# as they are without it; no other one is.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

# What a summary says, without the sizes
sub lines ($diff) {
    return join '; ', map { s/ dir\/1\.o//r =~ s/ \(\d.*//r } split /\n/, $diff->{summary};
}

# Functions that the new code defines
sub defined_functions ($diff) {
    return join ' ', sort map { $_->{name} }
        grep { $_->{type} eq 'function' && $_->{section} ne '*UND*' }
        objdump_symbols("$diff->{dir}/new.o");
}

my $diff = diff_text(<<'END');
#ifdef PATCHED
#define PLUS 2
static __attribute__((noinline)) int helper(int x) { return x * x; }
#else
#define PLUS 1
static __attribute__((noinline)) int unused(int x) { return x * 7; }
static int total;
int uses(int x) { static int count; total += ++count; return unused(x) + total; }
#define helper(x) unused(x)
#endif
__attribute__((noinline)) int f(int x) { return helper(x) + PLUS; }
int g(int x) { return f(x) - 1; }
END
is($diff->{status}, 0, 'a changed function');
is(lines($diff), 'replace f; new function helper; deleted unused; deleted uses; '
    . 'deleted data count.0; deleted data total',
    '... with a new one, and without deleted ones or its callers');
like(defined_functions($diff), qr/^f\S* helper\S*$/, '... both are in the new code, no other');

# A function is replaced because of what the compiler puts into it.
my $inlining = <<'END';
static __attribute__((HOW)) int helper(int x) { return x * x + 3; }
int f(int x) { return helper(x) - 1; }
int g(int x) { return helper(x) * 2; }
int h(int x) { return x - 2; }
END
for my $case (
    ['noinline', 'always_inline', 'replace f; replace g; deleted helper', 'f g',
        'a function that is inlined from now on'],
    ['always_inline', 'noinline', 'replace f; replace g; new function helper', 'f g helper',
        'one that is inlined no longer'],
) {
    my ($before, $after, $lines, $defined, $title) = @$case;
    my $inlined = diff_text("#ifdef PATCHED\n#define HOW $after\n#else\n#define HOW $before\n"
        . "#endif\n$inlining");
    is("$inlined->{status} " . lines($inlined), "0 $lines", $title);
    is(defined_functions($inlined), $defined, '... is so in the new code');
}

# A .cold part belongs to its function.
my $cold = <<'END';
void report(int) __attribute__((cold));
int twice(int x) {
	if (__builtin_expect(x < 0, 0)) { report(x); report(REPORT); return -1; }
	return 2 * x;
}
int thrice(int x) {
	if (__builtin_expect(x < 0, 0)) { report(x); report(8); return -1; }
	return 3 * x;
}
END
$diff = diff_text("#ifdef PATCHED\n#define REPORT 5\n#else\n#define REPORT 4\n#endif\n$cold");
my ($pre) = build_pair("#define REPORT 4\n$cold");
ok((grep { $_->{name} eq 'twice.cold' } objdump_symbols($pre)), 'the fixture has a .cold part');
is($diff->{status}, 0, 'a change in a .cold part');
is(lines($diff), 'replace twice', '... replaces its function');
like(defined_functions($diff), qr/^twice\S* twice\.cold\S*$/, '... both are in the new code');

# A clone that gets another number
$diff = diff_text(<<'END');
int puts(const char *);
#ifdef PATCHED
static __attribute__((noinline, noclone)) int more(int x) { puts("more"); return x + 3; }
#else
static __attribute__((noinline, noclone)) int more(int x) { puts("less"); return x + 3; }
#endif
static __attribute__((noinline)) int scale(int x, int by) { puts("scale"); return x * by; }
int a(int x) { return scale(x, 7) + scale(x + 1, 7); }
int b(int x) { return more(x); }
END
is(lines($diff), 'replace more', 'clones are paired');

# A change in the clones and parts that the compiler makes, of all kinds
my $clones = <<'END';
int puts(const char *);
struct pair { int a, b; int rest[9]; };
#ifdef PATCHED
#define N 5
#else
#define N 4
#endif
static __attribute__((noinline)) int scale(int x, int by) { puts("scale"); return x * by + N; }
static __attribute__((noinline)) int sum(struct pair *p, int x) { return p->a * x + N; }
static int maybe(int *p) {
	if (!p)
		return 0;
	puts("a"); puts("b"); puts("c"); puts("d"); puts("e"); puts("f"); puts("g");
	for (int i = 0; i < *p; i++) {
		puts("x"); puts("y"); puts("z"); *p += N; puts("a"); puts("b");
	}
	return *p * 3;
}
int a(int x) { return scale(x, 7) + scale(x + 1, 7); }
int b(struct pair *p) { return sum(p, 1) + sum(p, 2); }
int c(int *p) { return maybe(p) + 1; }
int d(int *p) { return maybe(p) + 2; }
int f(int *p) { return maybe(p) + 4; }
END
$diff = diff_text($clones);
is(join(' ', sort $diff->{summary} =~ /^replace dir\/1\.o (\S+)/mg),
    'maybe.part.0 scale.constprop.0 sum.isra.0',
    'clones and parts are replaced, not their callers');
is(scalar @{ objdump_relocations("$diff->{dir}/new.o")->{'.ksplice_replaced'} }, 3,
    '... each by itself');

# Functions that change places
is(diff_text(<<'END')->{status}, 66, 'functions in another order are the same');
int h(int);
#ifdef PATCHED
int g(int x) { return h(x) + 2; }
static __attribute__((noinline)) int k(int x) { return h(x) + 3; }
int f(int x) { return k(x) + 1; }
#else
static __attribute__((noinline)) int k(int x) { return h(x) + 3; }
int f(int x) { return k(x) + 1; }
int g(int x) { return h(x) + 2; }
#endif
END

# Local functions of the same name as before are found, exported or not.
$diff = diff_text(<<'END');
#ifdef PATCHED
__attribute__((noinline, noipa)) int f(int x) { return x + 1; }
#else
static __attribute__((noinline, noipa, used)) int f(int x) { return x + 1; }
#endif
int g(int x) { return f(x) ^ 1; }
END
is($diff->{status}, 66, 'a function that loses its static is the same');

# A jump into the middle of a changed function: it comes along.
my $middle = <<'END';
asm(".pushsection .text.outer,\"ax\"\n.globl outer\n.type outer,@function\n"
    "outer: movl $" NUMBER ", %eax\ninside: ret\n.size outer,.-outer\n.popsection\n");
asm(".pushsection .text.jumper,\"ax\"\n.globl jumper\n.type jumper,@function\n"
    "jumper: jmp inside\n.size jumper,.-jumper\n.popsection\n");
asm(".pushsection .text.caller,\"ax\"\n.globl caller\n.type caller,@function\n"
    "caller: jmp outer\n.size caller,.-caller\n.popsection\n");
END
$diff = diff_text("#ifdef PATCHED\n#define NUMBER \"5\"\n#else\n#define NUMBER \"4\"\n#endif\n"
    . $middle);
is(lines($diff), 'replace outer; replace jumper', 'a jump into the middle is replaced, too');

# A table of places in a changed function goes with it; one of another does not.
$diff = diff_text("#ifdef PATCHED\n#define NUMBER 5\n#else\n#define NUMBER 4\n#endif\n" . <<'END');
int h(int);
int f(int i) {
	static const void *const places[] = { &&a, &&b, &&c };
	goto *places[i];
a:	h(NUMBER); b: h(2); c: return h(3);
}
int g(int i) {
	static const void *const places[] = { &&a, &&b, &&c };
	goto *places[i];
a:	h(1); b: h(2); c: return h(3);
}
END
like(lines($diff), qr/^replace f; new data places\.\d+$/, 'a table of places in a function');

# Variables of each CPU can be new, and are where the loader looks for them.
$diff = diff_text(<<'END');
#ifdef PATCHED
__attribute__((section(".data..percpu"))) static int calls;
int f(void) { return ++calls; }
#else
int f(void) { return 1; }
#endif
END
is(lines($diff), 'replace f; new data calls', 'a new per-cpu variable');
ok(exists objdump_sections("$diff->{dir}/new.o")->{'.data..percpu'}, '... in its section');

# Another unit of the target may need what this one has new.
my @one = build_pair("int helper(int);\n#ifdef PATCHED\nint f(int x) { return helper(x); }\n"
    . "#else\nint f(int x) { return x; }\n#endif\n");
my @two = build_pair("#ifdef PATCHED\nint helper(int x) { return x ^ 3; }\n"
    . "int nobody(int x) { return x; }\n#endif\nint g(void) { return 1; }\n");
$diff = diff(@one, @two);
is($diff->{status}, 0, 'two units');
is($diff->{summary} =~ s/ \(.*//mgr, "replace dir/1.o f\nnew function dir/2.o helper\n"
    . "ignored dir/2.o nobody\n",
    'a new function that another unit calls is in the new code, an uncalled one is not');

# A function that moves to another unit: others still call the old one.
@one = build_pair("int g(int);\n#ifndef PATCHED\nint f(int x) { return g(x); }\n#endif\n");
@two = build_pair("int g(int);\n#ifdef PATCHED\nint f(int x) { return g(x + 1); }\n#endif\n");
is_refused(diff(@one, @two), "dir/1.o: 'f' moves to dir/2.o: not supported",
    'a function that moves to another unit');

# Code in one section with others
my $sched = "#define S __attribute__((section(\".sched.text\")))\nint h(int);\n";
$diff = diff_text($sched . <<'END');
S int a(int x) { return h(x) + 1; }
#ifdef PATCHED
S int b(int x) { return h(x) + 2 + h(3); }
S int n(int x) { return h(x) + 77; }
#else
S int b(int x) { return h(x) + 2; }
#endif
S int c(int x) { return h(x) + 3; }
END
like(lines($diff), qr/^replace b; ignored n /,
    'only the one that changes, where several share a section');

# A second name of a function that gets one of its own, and the other way round
for my $patched ('#ifdef PATCHED', '#ifndef PATCHED') {
    my ($pre, $post) = build_pair(<<"END");
int h(int);
int f(int x) { return h(x) + 1; }
$patched
int g(int x) { return h(x) + 2; }
#else
int g(int x) __attribute__((alias("f")));
#endif
END
    is(compare($pre, $post), 0, "an alias on one side is a difference: $patched");
    is_refused(diff($pre, $post), "dir/1.o: 'g' is another name of 'f' in one version only: "
        . 'not supported', '... that is refused');
}
my $aliased = diff_text(<<'END');
int h(int);
static int f(int x) { return h(x) +
#ifdef PATCHED
1; }
#else
2; }
#endif
int g(int x) __attribute__((alias("f")));
int k(int x) { return f(x) ^ 1; }
END
like($aliased->{summary}, qr/\Areplace dir\/1.o g /, 'an alias on both sides is none');

done_testing;
