// SPDX-License-Identifier: GPL-2.0-only
/*
 * sections.c - the sections that only kernels for x86-64 have
 */
#include "arch/x86/x86.h"

const struct section_pattern x86_sections[] = {
	{ ".altinstr_aux",		KIND_ALT_AUX },
	{ ".tracedata",			KIND_FIXED },
	{ ".apicdrivers",		KIND_FIXED },
	{ ".x86_cpu_dev.init",		KIND_INIT },
	{ ".x86_intel_mid_dev.init",	KIND_INIT },
	{ ".iommu_table*",		KIND_INIT },
	{ ".x86_trampoline",		KIND_INIT },
	{ ".orc_header",		KIND_IGNORED },
	/* Only other architectures have their ftrace sites in it. */
	{ "__patchable_function_entries", KIND_IGNORED },
	{ ".vvar_*",			KIND_DATA },
	{ ".brk_reservation",		KIND_DATA },
	{ ".bss..brk*",			KIND_DATA },
	{ NULL }
};

const struct fixed_code x86_fixed_code[] = {
	{ ".entry.text", "it runs before the kernel's memory is mapped", false },
	{ ".static_call.text", "the kernel rewrites it as a whole", true },
	{ ".text..__x86.", "the kernel rewrites it as a whole", false },
	{ NULL }
};
