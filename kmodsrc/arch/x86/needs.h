/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * needs.h - x86: what the architecture needs of the kernel (compat.h)
 */
#ifndef KSPLICE_X86_NEEDS_H
#define KSPLICE_X86_NEEDS_H

#include <linux/cache.h>
#include <asm/insn.h>
#include <asm/text-patching.h>
#include "kernel/compat.h"

#define KSPLICE_X86_FUNCTIONS(NEED)					\
	NEED(text_poke, "write to kernel text")				\
	NEED(insn_decode, "compare code")

KSPLICE_X86_FUNCTIONS(KSPLICE_DECLARE_CALL)

#endif
