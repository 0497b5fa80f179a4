// SPDX-License-Identifier: GPL-2.0-only
/*
 * needs.c - x86: what the architecture needs of the kernel
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include "arch/init.h"
#include "arch/x86/needs.h"
#include "kernel/compat.h"

struct ksplice_arch_needs ksplice_arch_need;

static const struct ksplice_need_line needs[] = {
	KSPLICE_NEED(struct ksplice_arch_needs, text_poke,
		     "write to kernel text"),
	KSPLICE_NEED(struct ksplice_arch_needs, insn_decode, "compare code"),
};

int ksplice_arch_init(void)
{
	return ksplice_needs_find(&ksplice_arch_need, needs,
				  ARRAY_SIZE(needs));
}
