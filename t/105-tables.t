#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A function is also what tables say about it: another exception handler,
# alternative, jump label or static call changes it; another line of a
# warning does not.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

# Two functions, each with an entry that TEXT makes; only f's changes.
sub entries ($section, $old, $new, $flags = 'a') {
    my $entry = sub ($name, $text) {
        return "asm volatile(\"1: nop; 2:\\n.pushsection $section,\\\"$flags\\\"\\n$text\\n"
            . ".popsection\" :: \"i\"(&key));";
    };
    return diff_text(<<"END");
extern int key, other;
int g(void) { @{[ $entry->('g', $old) ]} return 1; }
#ifdef PATCHED
int f(void) { @{[ $entry->('f', $new) ]} return 2; }
#else
int f(void) { @{[ $entry->('f', $old) ]} return 2; }
#endif
END
}

sub is_replaced ($diff, $title) {
    is("$diff->{status} " . $diff->{summary} =~ s/ \(.*//sr, '0 replace dir/1.o f', $title);
    print STDERR "# $_\n" for split /\n/, $diff->{err};
}

my $fix = '.long 1b - .\n.long 2b - .\n.long ';
is(entries('__ex_table', $fix . 1, $fix . 1)->{status}, 66, 'the same exception entries');
is_replaced(entries('__ex_table', $fix . 1, $fix . 2), 'an exception entry of another type');
is_replaced(entries('__ex_table', $fix . 1, '.long 1b - .\n.long 1b - .\n.long 1'),
    '... with another target');
is_replaced(entries('__ex_table', $fix . 1, ''), '... that is gone');

my $bug = '.long 1b - .\n.long 0\n.word ';
is(entries('__bug_table', $bug . '10, 1', $bug . '20, 1', 'aw')->{status}, 66,
    'the line of a warning does not count');
is_replaced(entries('__bug_table', $bug . '10, 1', $bug . '10, 3', 'aw'), 'its flags do');
my $formatted = '.long 1b - .\n.long 2b - .\n.long 2b - .\n.word ';
is(entries('__bug_table', $formatted . '10, 1', $formatted . '20, 1', 'aw')->{status}, 66,
    'nor does that of a warning with a format');
is_replaced(entries('__bug_table', $formatted . '10, 1', $formatted . '10, 3', 'aw'),
    'but its flags');
is_replaced(entries('__bug_table', $formatted . '10, 1',
    '.long 1b - .\n.long 1b - .\n.long 2b - .\n.word 10, 1', 'aw'), 'and its format');

my $jump = '.long 1b - .\n.long 2b - .\n.quad ';
is_replaced(entries('__jump_table', $jump . 'key - .', $jump . 'other - .', 'aw'),
    'a jump label of another key');
is_replaced(entries('__jump_table', $jump . 'key - .', $jump . 'key + 1 - .', 'aw'),
    '... or likely');
is_replaced(entries('.static_call_sites', '.long 1b - .\n.long key - .',
    '.long 1b - .\n.long other - .', 'aw'),
    'a static call of another key');
is_replaced(entries('.smp_locks', '.long 1b - .', '.long 1b - .\n.long 2b - .'),
    'a lock prefix more');

# Alternatives: the replacement's code counts, wherever it stands.
my $alternative = sub ($code, $feature) {
    return '.long 1b - .\n.long 3f - .\n.word ' . $feature . '\n.byte 1\n.byte 4f-3f\n.popsection\n'
        . '.pushsection .altinstr_replacement,\"ax\"\n3: ' . $code . '\n4:\n';
};
my $nothing = $alternative->('', 5);
is(entries('.altinstructions', $alternative->('pause', 5),
    $alternative->('pause', 5))->{status}, 66,
    'the same alternatives');
is_replaced(entries('.altinstructions', $alternative->('clac', 5), $alternative->('stac', 5)),
    'other code');
is_replaced(entries('.altinstructions', $alternative->('call key', 5),
    $alternative->('call other', 5)), 'another call in it');
is_replaced(entries('.altinstructions', $alternative->('clac', 5), $alternative->('clac', 6)),
    'another feature');
is(entries('.altinstructions', $nothing, $nothing)->{status}, 66, 'empty ones');

# The last entry of .parainstructions in an object is shorter than the others.
my $paravirt = 'asm volatile("1: nop; nop\n.pushsection .parainstructions,\"a\"\n.balign 8\n'
    . '.quad 1b\n.byte 2, 2\n.popsection");';
is(diff_text("int f(void) { $paravirt return 1; }\n#ifdef PATCHED\n"
    . "int g(void) { $paravirt return 2; }\n#endif\n")->{status}, 66,
    'an entry that is not the last one any more is the same');

my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'compare',
    (build_pair("asm(\".pushsection __ex_table,\\\"a\\\"\\n.long 1,2\\n.popsection\");\n"))[0, 1]);
is($status, 1, 'a table of entries of unexpected size is refused');
like($err, qr/cannot tell the entries of '__ex_table' apart/, '... by name');

done_testing;
