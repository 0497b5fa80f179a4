// SPDX-License-Identifier: GPL-2.0-only
/*
 * tables.c - the layouts of the kernel's tables on x86-64
 *
 * struct alt_instr has the offsets of code and replacement, the feature and the
 * lengths of both: 12 bytes.  Up to Linux 5.11 a length of padding follows (13
 * bytes), and since Linux 6.3 the feature has 32 bits (14 bytes).
 *
 * struct bug_entry has the offsets of code and file, the line and the flags: 12
 * bytes.  In later kernels (7.3) that of a format is before that of the file.
 */
#include "arch/x86/x86.h"
#include "kmodsrc/records.h"
#include "kmodsrc/arch/x86/site-kinds.h"

#define ALTERNATIVES(size, length)					\
	{								\
		.section = ".altinstructions",				\
		.entry_size = size,					\
		.site_kind = KSPLICE_SITE_ALTERNATIVE,			\
		.replacement = 4,					\
		.replacement_length = length,				\
	}
#define WARNINGS(size, line)						\
	{								\
		.section = "__bug_table",				\
		.entry_size = size,					\
		.site_kind = KSPLICE_SITE_BUG,				\
		.neutral_start = line,					\
		.neutral_size = 2,					\
	}
#define TABLE(name, size, kind)						\
	{ .section = name, .entry_size = size, .site_kind = kind }

#define CONSTANTS(name, size)						\
	{								\
		.section = name,					\
		.entry_size = 4,					\
		.site_kind = KSPLICE_SITE_CONSTANT,			\
		.constant = size,					\
	}

const struct table x86_tables[] = {
	ALTERNATIVES(12, 11),
	ALTERNATIVES(13, 11),
	ALTERNATIVES(14, 13),
	{
		.section = ".parainstructions",
		.entry_size = 16,
		.site_kind = KSPLICE_SITE_PARAVIRT,
		.has_short_end = true,
	},
	TABLE(".retpoline_sites",	 4, KSPLICE_SITE_RETPOLINE),
	TABLE(".return_sites",		 4, KSPLICE_SITE_RETURN),
	TABLE(".call_sites",		 4, 0),
	TABLE(".static_call_sites",	 8, KSPLICE_SITE_STATIC_CALL),
	TABLE(".ibt_endbr_seal",	 4, KSPLICE_SITE_ENDBR),
	TABLE(".smp_locks",		 4, KSPLICE_SITE_SMP_LOCK),
	/* asm/runtime-const.h */
	CONSTANTS("runtime_ptr_*",	 8),
	CONSTANTS("runtime_shift_*",	 1),
	CONSTANTS("runtime_mask_*",	 4),
	{
		.section = ".orc_unwind",
		.entry_size = 6,
		.subjects = ".orc_unwind_ip",
		.is_unwind = true,
	},
	{
		.section = ".orc_unwind_ip",
		.entry_size = 4,
		.is_unwind = true,
	},
	WARNINGS(12, 8),
	WARNINGS(16, 12),
	TABLE("__ex_table",		12, KSPLICE_SITE_EXTABLE),
	TABLE("__jump_table",		16, KSPLICE_SITE_JUMP_LABEL),
	TABLE("__mcount_loc",		 8, KSPLICE_SITE_FTRACE),
	{ NULL }
};

const struct listed x86_listed[] = {
	{ "__x86_return_thunk",	".return_sites",	true },
	{ "__x86_indirect_",	".retpoline_sites",	false },
	{ "__SCT__",		".static_call_sites",	false },
	{ "__fentry__",		"__mcount_loc",		false },
	{ NULL }
};
