#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel may have written at a site on x86 is accepted, and nothing else is: the core's
# rules (kmodsrc/arch/x86), run as a program with sanitizers.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::CoreProgram;
use Test::More;

# What they need of the kernel
my $dir = scratch_dir();
write_types($dir, map({ "linux/$_.h" } qw(cache errno kallsyms string)),
    map { "asm/$_.h" } qw(pgtable segment sync_core));
spew("$dir/linux/kernel.h", <<'END');
#pragma once
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define IS_ENABLED(option)	option
#define __printf(a, b)
static inline int match_string(const char *const *all, size_t n, const char *string)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i], string))
			return i;
	return -1;
}
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
END
spew("$dir/linux/uaccess.h", <<'END');
#pragma once
#include <string.h>
static inline long copy_from_kernel_nofault(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return 0;
}
END
spew("$dir/linux/static_call_types.h", "struct static_call_key { void *func; };\n");
spew("$dir/asm/insn.h", "struct insn;\n");
spew("$dir/asm/text-patching.h", <<'END');
#define INT3_INSN_OPCODE	0xcc
#define CALL_INSN_OPCODE	0xe8
#define CALL_INSN_SIZE		5
#define JMP32_INSN_OPCODE	0xe9
#define JMP32_INSN_SIZE		5
#define JMP8_INSN_OPCODE	0xeb
#define JMP8_INSN_SIZE		2
#define NOP_INSN_OPCODE		0x90
END
# ... and of the core
spew("$dir/kernel/compat.h", <<'END');
#pragma once
#include <linux/kernel.h>
#define ksplice_call(name)	name
unsigned long kallsyms_lookup_name(const char *name);
bool ksplice_is_text(unsigned long addr);
END
spew("$dir/model/update.h", "struct ksplice_change;\nstruct ksplice_update;\n");
spew("$dir/compare/state.h", <<'END');
#pragma once
#include "arch/sites.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/symbols.h"
struct ksplice_match {
	struct ksplice_change *change;
	struct ksplice_pre pre;
	struct ksplice_labelvals vals;
	struct ksplice_symbols symbols;
	struct ksplice_site_env env;
};
END

for my $with_jmp (0, 1) {
    my ($status, $err) = compile_core($dir, "$dir/sites$with_jmp", '-w',
        map({ "-DCONFIG_$_=$with_jmp" } qw(DYNAMIC_FTRACE_WITH_JMP KALLSYMS_ALL)),
        root_dir() . '/t/fixtures/sites.c',
        map { root_dir() . "/kmodsrc/arch/x86/$_.c" } qw(alternative calls env sites));
    is($status, 0, 'the rules compile as a program') or die $err, "\n";
}

my %kind = map { /KSPLICE_SITE_(\w+)\s*=\s*(\d+)/ ? ($1 => $2) : () } split /\n/,
    slurp(root_dir() . '/kmodsrc/records.h') . slurp(root_dir() . '/kmodsrc/arch/x86/site-kinds.h');

sub running ($program, $kind, @arguments) {
    my ($status, $out, $err) = run_cmd("$dir/$program", $kind{$kind}, @arguments);
    return $status ? "status $status: $err" : $out =~ s/\n//r;
}

# [what the running bytes are, whether they are right, the bytes, what the pointer holds]
sub check_all ($program, $kind, $built, $symbol, @cases) {
    for (@cases) {
        my ($title, $right, $bytes, $holds) = @$_;
        is(running($program, $kind, $built, $bytes, $symbol, $holds // '0'), $right, $title);
    }
    return;
}

my $call = 'e800000000';
check_all('sites0', 'STATIC_CALL', $call, '__SCT__a_call',
    ['a static call of what its key holds', 'yes', 'e8@a_function,', 'a_function'],
    ['... of another function', 'no', 'e8@a_function,', 'BUG_func'],
    ['a nop where nothing is called', 'yes', '0f1f440000'],
    ['... and where something is', 'no', '0f1f440000', 'a_function'],
    map {
        my ($name, $code, $func) = @$_;
        (["the instruction in place of $name", 'yes', $code, $func],
            ['... while another function is called', 'no', $code, 'a_function'],
            ['... with another byte', 'no', substr($code, 0, 8) . '01', $func]);
    } ['one that returns 0', '2e2e2e31c0', '__static_call_return0'],
    ['the trap of a warning', '67480fb93a', '__WARN_trap'],
    ['unlocking', '3e3ec60700', '__raw_callee_save___native_queued_spin_unlock']);

check_all('sites0', 'RETPOLINE', $call, '__x86_indirect_thunk_rcx',
    ['an indirect call, and nops', 'yes', 'ffd1909090'],
    ['... filled by prefixes', 'yes', '2e2e2effd1'],
    ['... by other prefixes', 'no', '2e3e2effd1'],
    ['... of another register', 'no', '2e2e2effd2'],
    ['prefixes only', 'no', '2e2e2e2e2e'],
    ['... before a jump', 'no', '2e2e2effe1']);
check_all('sites0', 'RETPOLINE', '2ee800000000', '__x86_indirect_thunk_r9',
    ['an indirect call of six bytes', 'yes', '2e2e2e41ffd1']);
check_all('sites0', 'RETPOLINE', 'e900000000', '__x86_indirect_thunk_rcx',
    ['an indirect jump, int3 and nops', 'yes', 'ffe1cc9090'],
    ['... and more of them', 'yes', 'ffe1cccccc'],
    ['... after nops', 'no', 'ffe190cccc']);

for my $ops (qw(pv_ops pv_ops_lock)) {
    check_all('sites0', 'ALTERNATIVE', 'ff1500000000', $ops,
        ["a direct call of what a member of $ops holds", 'yes', 'e8@a_function,90', 'a_function'],
        ['... of something else', 'no', 'e8@a_function,90', 'BUG_func'],
        ['... of the bug that is called where it holds nothing', 'yes', 'e8@BUG_func,90'],
        ['... of the nops before that, where calls may be counted', 'yes',
            'e8@padded_function-10,90', 'padded_function'],
        ['... of some of them', 'no', 'e8@padded_function-9,90', 'padded_function'],
        ['... of what else is before it', 'no', 'e8@a_function-10,90', 'a_function'],
        ['... of the nops before something else', 'no', 'e8@padded_function-10,90', 'a_function'],
        ['nops where it holds nothing to be done', 'yes', '909090909090', 'nop_func'],
        ['... and where it holds something', 'no', '909090909090', 'a_function']);
}
check_all('sites0', 'ALTERNATIVE', 'ff1500000000', 'unknown',
    ['a direct call of what something unknown holds', 'no', 'e8@a_function,90', 'a_function']);

my $mov = '48b8efcdab8967452301';
check_all('sites0', 'CONSTANT', $mov, 'variable',
    ['a constant that is what its variable holds', 'yes', '48b8=a_function,', 'a_function'],
    ['... something else', 'no', '48b8=a_function,', 'BUG_func'],
    ['... in another register', 'no', '48b9=a_function,', 'a_function'],
    ['... that was never written', 'no', $mov, 'a_function']);
check_all("sites$_", 'CONSTANT', $mov, 'unknown',
    ['a constant without a variable, in a kernel that names ' . ($_ ? 'all' : 'functions only'),
        $_ ? 'yes' : 'no', '48b8=a_function,'],
    ['... in another register', 'no', '48b9=a_function,']) for 0, 1;

check_all("sites$_->[0]", 'FTRACE', $call, '-',
    ['a call at a site of ftrace', 'yes', 'e8@a_function,'],
    ['... of what is no code', 'no', 'e8@__SCK__a_call,'],
    ["a jump there, in a kernel that has $_->[2]", $_->[1], 'e9@a_function,'],
    ['... to what is no code', 'no', 'e9@__SCK__a_call,'])
    for [0, 'no', 'none'], [1, 'yes', 'such ones'];

done_testing;
