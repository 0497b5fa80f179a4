#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Contents must be those that were built, but for what UBSAN writes to its places in the source
# and the file that they name: the core's rules (kmodsrc/compare/refs.c), run as a program with
# sanitizers.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::CoreProgram;
use Test::More;

# What refs.c needs of the kernel and of the core
my $dir = scratch_dir();
write_types($dir, map({ "linux/$_.h" } qw(errno kallsyms)),
    map { "asm/$_.h" } qw(pgtable segment sync_core));
spew("$dir/linux/ctype.h", "#include <ctype.h>\n");
spew("$dir/linux/string.h", "#include <string.h>\n");
spew("$dir/linux/kernel.h", <<'END');
#pragma once
#include <linux/types.h>
#include <string.h>
#define __printf(a, b)
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
END
spew("$dir/linux/sched.h", <<'END');
#pragma once
#include <linux/kernel.h>
struct task_struct { struct { unsigned long sp; } thread; };
#define READ_ONCE_NOCHECK(x)	(x)
#define __KERNEL_CS	0x10
#define MODULES_VADDR	0ul
#define MODULES_END	0ul
static inline void sync_core(void) { }
static inline void cond_resched(void) { }
END
spew("$dir/model/update.h",
    "#include <linux/sched.h>\nstruct ksplice_change;\nstruct ksplice_update;\n");
my ($status, $err) =
    compile_core($dir, "$dir/contents", '-w', "-DCONFIG_FUNCTION_PADDING_BYTES=0",
    root_dir() . '/t/fixtures/contents.c', root_dir() . '/kmodsrc/compare/refs.c');
is($status, 0, 'the rules compile as a program') or die $err, "\n";

sub are_equal ($section, $offset, $bits) {
    my ($status, $out, $err) = run_cmd("$dir/contents", $section, $offset, $bits);
    return $status ? "status $status: $err" : $out =~ s/\n//r;
}

my @cases = (
    ['nothing else',                 0,  0,    'yes', 'yes'],
    ['another file',                 24, 0x01, 'yes', 'no'],
    ['another pointer to the file',  0,  0x08, 'yes', 'no'],
    ['that it was reported',         11, 0x80, 'yes', 'no'],
    ['another line',                 11, 0x40, 'no',  'no'],
    ['... of few more lines',        8,  0x80, 'no',  'no'],
    ['another column',               15, 0x80, 'no',  'no'],
    ['another type',                 32, 0x01, 'no',  'no'],
    ['another pointer to the type',  16, 0x08, 'no',  'no'],
);
for (@cases) {
    my ($title, $offset, $bits, $place, $other) = @$_;
    is(are_equal('.data..Lubsan_data7', $offset, $bits), $place, "a place of UBSAN: $title");
    is(are_equal('.rodata.cst32', $offset, $bits), $other, "another constant: $title");
}

done_testing();
