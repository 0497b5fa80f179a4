// SPDX-License-Identifier: GPL-2.0-only
/*
 * x86.c - the description of x86-64
 */
#include "arch/x86/x86.h"

#include <elf.h>

static const char *const always_busy[] = {
	"do_syscall_64", "do_syscall_x64", "entry_SYSCALL_64", NULL
};

static const struct arch x86 = {
	.name = "x86-64",
	.machine = EM_X86_64,
	.bfd = bfd_arch_i386,
	.sections = x86_sections,
	.fixed_code = x86_fixed_code,
	.tables = x86_tables,
	.listed = x86_listed,
	.site_kinds = x86_site_kinds,
	.n_site_kinds = X86_N_SITE_KINDS,
	.always_busy = always_busy,
	.reloc_types = x86_reloc_types,
	.pointer_type = R_X86_64_64,
	.bias = x86_bias,
	.is_branch = x86_is_branch,
	.decode = x86_decode,
	.trim = x86_trim,
	.is_jump_text = x86_is_jump_text,
	.padding_prefix = "__pfx_",
	.read_site = x86_read_site,
	.entry_site = x86_entry_site,
};

ARCH_REGISTER(x86);
