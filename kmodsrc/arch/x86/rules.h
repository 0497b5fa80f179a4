/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rules.h - x86: what the rules of sites share
 */
#ifndef KSPLICE_X86_RULES_H
#define KSPLICE_X86_RULES_H

#include "arch/sites.h"
#include "compare/compare.h"

/* Where a distance of 32 bits leads that ends an instruction. */
static inline unsigned long
ksplice_leads_to(const struct ksplice_site_run *s, u32 field)
{
	s32 distance;

	memcpy(&distance, s->run + field, sizeof(distance));
	return s->addr + field + 4 + distance;
}

/* Return: whether there is one; then *value is set.  Any address. */
bool ksplice_read_pointer(unsigned long addr, unsigned long *value);

/*
 * Where a variable is, as was learnt or as kallsyms has it.  Return: whether
 * that is known; then *addr is set.
 */
bool ksplice_label_addr(const struct ksplice_compare *c, u32 label,
			unsigned long *addr);

/* Has neither the unit nor the kernel, which names all, such a variable? */
bool ksplice_is_nowhere(const struct ksplice_compare *c, u32 label);

/*
 * Is a call by the pointer at that address, a member of pv_ops or of a struct
 * like it, now a direct one of what the pointer holds, or nothing at all?  The
 * site is at least as long as a call.
 */
bool ksplice_is_pv_call(const struct ksplice_site_run *s, unsigned long member);

/* Is it the return thunk that suits this CPU? */
bool ksplice_is_return_thunk(const struct ksplice_site_run *s,
			     unsigned long addr);

void ksplice_depth_init(struct ksplice_call_depth *depth);

/*
 * The function that a call to this address calls: the address itself, or what
 * follows it if calls are counted there.
 */
unsigned long ksplice_callee(const struct ksplice_site_env *env,
			     unsigned long to);

/* apply_retpolines(); __static_call_transform() */
bool ksplice_check_retpoline(struct ksplice_site_run *s);
bool ksplice_check_static_call(struct ksplice_site_run *s);

#endif
