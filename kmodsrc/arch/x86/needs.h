/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * needs.h - x86: what the architecture needs of the kernel (compat.h)
 */
#ifndef KSPLICE_X86_NEEDS_H
#define KSPLICE_X86_NEEDS_H

#include <linux/cache.h>
#include <asm/insn.h>
#include <asm/text-patching.h>

struct ksplice_arch_needs {
	typeof(text_poke) *text_poke;
	typeof(insn_decode) *insn_decode;
};

extern struct ksplice_arch_needs ksplice_arch_need;

#endif
