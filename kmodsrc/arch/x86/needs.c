// SPDX-License-Identifier: GPL-2.0-only
/*
 * needs.c - x86: what the architecture needs of the kernel
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include "arch/init.h"
#include "arch/x86/needs.h"

KSPLICE_X86_FUNCTIONS(KSPLICE_DEFINE_CALL)

static const struct ksplice_need_line needs[] = {
	KSPLICE_X86_FUNCTIONS(KSPLICE_NEED_FUNCTION)
};

int ksplice_arch_init(void)
{
	return ksplice_needs_find(needs, ARRAY_SIZE(needs));
}
