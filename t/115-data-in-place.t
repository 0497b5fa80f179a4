#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Read-only data that changes is replaced where it is, writable data if the
# author says so: its new contents are in the new code, and all references keep
# the old place.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $include = '-I' . root_dir() . '/ksplice-patch';

sub inspect {
    my ($file) = @_;
    my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', $file);
    is("$status $err", '0 ', 'inspect finds no fault');
    return $out;
}

my $start = <<'END';
#include "ksplice-patch.h"
#define alone __attribute__((noipa))
struct ops { int (*call)(int); const struct ops *self; const char *name; long number; };
int ext(int), same(int);
void reg(const void *);
END

# A table with all that tables hold, used by old and new code
my $diff = diff_text(<<"END", $include);
$start
alone static int changed(int x) { return ext(x)
#ifdef PATCHED
	+ 1
#endif
	; }
extern const struct ops table;
#ifdef PATCHED
alone static int added(int x) { return changed(x) + 2; }
static const struct ops other = { changed, &table, "new", 5 };
const struct ops table = { added, &table, "text", 7 };
const struct ops more = { changed, &table, "text", 7 };
alone int uses(int x) { reg(&table); reg(&other); return table.call(x); }
#else
const struct ops table = { ext, &table, "text", 6 };
const struct ops more = { ext, 0, "text", 7 };
alone int uses(int x) { reg(&table); return table.call(x); }
#endif
alone int stays(int x) { reg(&more); return changed(x) + 1; }
END
is("$diff->{status} $diff->{err}", '0 ', 'constant tables change');
is_deeply([sort grep { /^replace/ } split /\n/, $diff->{summary} =~ s/ \(\d.*//gmr],
    ['replace data dir/1.o more', 'replace data dir/1.o table', 'replace dir/1.o changed',
        'replace dir/1.o uses'], '... and are replaced, as are two functions and no more');
my $old = inspect("$diff->{dir}/old.o");
my $new = inspect("$diff->{dir}/new.o");
like($old, qr/: read-only data table, 32 bytes, \S+, replaced$/m, 'the original is to be matched');
my ($span) = $old =~ /span (\d+): read-only data table,/;
like($new, qr/^replaced span $span: data table\.ksplice_abc, 32 bytes$/m, 'the record names both');

my %symbol = map { $_->{name} => $_ } objdump_symbols("$diff->{dir}/new.o");
my $relocation = objdump_relocations("$diff->{dir}/new.o");
my @fields = @{ $relocation->{'.rodata.table'} };
is_deeply([map { $_->{offset} } @fields], [0, 8, 16], 'the new contents');
is($fields[0]{symbol}, 'added', '... points to a new function');
like($fields[1]{symbol}, qr/^ksplice_abc_vmlinux_\d+_table$/, '... to itself where it will be');
is($fields[2]{symbol}, '.rodata', '... to a string of its own');
@fields = @{ $relocation->{'.rodata.more'} };
like($fields[0]{symbol}, qr/^ksplice_abc_vmlinux_\d+_changed$/,
    '... to the old entry of a replaced one');
like($fields[1]{symbol}, qr/^ksplice_abc_vmlinux_\d+_table$/,
    '... to the old place of the other table');
like($_->{symbol}, qr/^ksplice_abc_vmlinux_\d+_table$/, 'new code refers to the old place')
    for grep { $_->{symbol} =~ /table/ } @{ $relocation->{'.text.uses'} };
ok(!exists $symbol{'table'} || $symbol{table}{section} ne '*UND*', 'the copy has another name');
is_deeply([map { $_->{symbol} } @{ $relocation->{'.rodata.other'} }[0, 1]],
    [map { $_->{symbol} } @fields[0, 1]], '... and so does new data');

# Nothing but data
$diff = diff_text(<<'END', $include);
const int limit[2] = { 1,
#ifdef PATCHED
	3
#else
	2
#endif
};
int f(int i) { return limit[i]; }
END
is("$diff->{status} $diff->{err}$diff->{summary}",
    "0 replace data dir/1.o limit (8 bytes)\n", 'a table and nothing else');
like(inspect("$diff->{dir}/new.o"), qr/^replaced spans: 1\nreplaced span \d+: data limit/m,
    '... has its record');
inspect("$diff->{dir}/old.o");

# Writable data, as marked
sub writable {
    my ($marks, $declaration) = @_;
    $declaration //= 'static int x[2] = { 1, VALUE };';
    return <<"END";
#include "ksplice-patch.h"
#ifdef PATCHED
#define VALUE 3
#else
#define VALUE 2
#endif
$declaration
int get(int i) { return x[i]++; }
#ifdef PATCHED
$marks
#endif
END
}
my $wants = 'the variable already holds a live value: mark it with ksplice_keep_data() or '
    . 'ksplice_replace_data(), see ' . root_dir() . '/doc/patch-author.md';
is_refused(diff_text(writable(''), $include),
    "dir/1.o: initializer of 'x' changes: $wants", 'unmarked it is refused');
$diff = diff_text(writable('ksplice_keep_data(x);'), $include);
is("$diff->{status} $diff->{err}", '66 ', 'what is kept is no change');
$diff = diff_text(writable('ksplice_replace_data(x);'), $include);
is("$diff->{status} $diff->{err}$diff->{summary}", "0 replace data dir/1.o x (8 bytes)\n",
    'it can be replaced');
like(inspect("$diff->{dir}/old.o"), qr/: data x\@dir\/1\.o, 8 bytes, \S+, replaced$/m,
    '... and its old bytes are not looked at');
like(inspect("$diff->{dir}/new.o"), qr/^replaced span \d+: data x\.ksplice_abc, 8 bytes$/m,
    '... and the record names it');
$diff = diff_text(writable('ksplice_keep_data(x); int f(void) { return ++x[0]; }'), $include);
is($diff->{status}, 66, 'a new function without a caller is no change either');
$diff = diff_text(writable('', <<'END'), $include);
int get2(void);
int get2(void)
{
	static int local = VALUE;
#ifdef PATCHED
	ksplice_replace_data(local);
#endif
	return local++;
}
static int x[1];
END
is("$diff->{status} $diff->{err}", '0 ', "a function's static variable can be marked");
like($diff->{summary}, qr/^replace data dir\/1\.o local\.\d+ \(4 bytes\)$/m, '... and is replaced');

# What is refused
for (
    ['ksplice_keep_data(x); ksplice_replace_data(x);', undef,
        "'x' is marked both ksplice_keep_data and ksplice_replace_data", 'both marks'],
    ['ksplice_keep_data(get);', undef,
        "'get' is marked ksplice_keep_data, but no variable of that name changes\n"
        . "objmanip: dir/1.o: initializer of 'x' changes: $wants", 'a mark of no variable'],
    ['ksplice_replace_data(x);', 'static int x[VALUE];',
        "the size of 'x' changes from 8 to 12: the running kernel keeps the old one", 'a size'],
    ['ksplice_replace_data(x);', '__attribute__((section(".data..percpu"))) int x[2] = { VALUE };',
        "'x' is marked ksplice_replace_data, but it is per-cpu data: "
        . 'mark it with ksplice_keep_data() and set it in a hook', 'per-cpu data'],
) {
    my ($marks, $declaration, $message, $title) = @$_;
    is_refused(diff_text(writable($marks, $declaration), $include), "dir/1.o: $message",
        "$title: refused");
}
is_refused(diff_text(<<'END', $include), "dir/1.o: 'distances' changes (bytes differ) and "
#ifdef PATCHED
#define FIRST 2
#else
#define FIRST 1
#endif
asm(".pushsection .rodata.distances,\"a\"\n.globl distances\n.type distances,@object\n"
	".size distances,8\ndistances: .long " "1"
#ifdef PATCHED
	"1"
#endif
	", f - distances\n.popsection");
extern const int distances[2];
int f(int x) { return x + distances[0]; }
END
    . 'cannot be replaced in place: it contains distances from itself', 'distances: refused');

# The kernel may use a copy of the table.
my $text = '".pushsection .ksplice_marks,\"\"\n.asciz \"replace_data table\"\n.popsection"';
my $sysctl = diff_text("struct ctl_table { int mode; };\n#ifdef PATCHED\nasm($text);\n"
    . "#define N 2\n#else\n#define N 1\n#endif\nstruct ctl_table table[] = { { N } };\n");
is("$sysctl->{status} $sysctl->{err}", "0 objmanip: warning: dir/1.o: 'table' is a sysctl table, "
    . 'which the kernel may have copied when it was registered: the copy keeps the old values, '
    . 'see ' . root_dir() . "/doc/patch-author.md\n",
    'a sysctl table that is replaced is a warning');

done_testing;
