// SPDX-License-Identifier: GPL-2.0-only
/*
 * env.c - x86: what the running kernel is like, as far as sites show it
 */
#include <linux/kernel.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>
#include "arch/sites.h"
#include "arch/x86/rules.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/symbols.h"
#include "kernel/compat.h"

bool ksplice_label_addr(const struct ksplice_compare *c, u32 label,
			unsigned long *addr)
{
	struct ksplice_match *m = c->m;

	label = ksplice_main_label(&m->pre, label);
	return ksplice_labelval_get(&m->vals, label, addr) ||
	       ksplice_symbols_alive(&m->symbols, label, addr) == 1;
}

bool ksplice_is_nowhere(const struct ksplice_compare *c, u32 label)
{
	struct ksplice_match *m = c->m;
	unsigned long addr;

	return IS_ENABLED(CONFIG_KALLSYMS_ALL) &&
	       m->pre.labels[label].span == KSPLICE_NONE &&
	       !ksplice_symbols_alive(&m->symbols, label, &addr);
}

bool ksplice_read_pointer(unsigned long addr, unsigned long *value)
{
	return addr && !copy_from_kernel_nofault(value, (void *)addr,
						 sizeof(*value));
}

/*
 * Does a call to that address run the function?  A kernel that counts the depth
 * of calls first sends the calls of a module to the counting instructions, also
 * the one in an alternative.  Then alt_replace_call() adds the distance from
 * the function of that one to the member's.  So the call leads as far before
 * the member's function, where there may still be nops.
 */
static bool is_call_of(const struct ksplice_site_env *env, unsigned long to,
		       unsigned long func)
{
	u32 before = env->depth.len;
	u8 code[sizeof(env->depth.code)];

	if (ksplice_callee(env, to) == func)
		return true;
	return before && to + before == func &&
	       !copy_from_kernel_nofault(code, (void *)to, before) &&
	       ksplice_is_nops(code, before);
}

bool ksplice_is_pv_call(const struct ksplice_site_run *s, unsigned long member)
{
	const struct ksplice_site_env *env = &s->c->m->env;
	unsigned long op;

	if (!ksplice_read_pointer(member, &op))
		return false;
	if (!op)
		op = env->pv_bug;
	if (ksplice_is_nops(s->run, s->len))
		return op == env->pv_nop;
	return s->run[0] == CALL_INSN_OPCODE &&
	       is_call_of(env, ksplice_leads_to(s, 1), op) &&
	       ksplice_is_nops(s->run + CALL_INSN_SIZE,
			       s->len - CALL_INSN_SIZE);
}

bool ksplice_is_return_thunk(const struct ksplice_site_run *s,
			     unsigned long addr)
{
	const struct ksplice_site_env *env = &s->c->m->env;
	unsigned int i;

	for (i = 0; i < env->n_return_thunks; i++) {
		if (env->return_thunks[i] == addr)
			return true;
	}
	return false;
}

static unsigned long lookup(const char *name)
{
	return ksplice_call(kallsyms_lookup_name)(name);
}

void ksplice_site_env_init(struct ksplice_site_env *env)
{
	static const char * const thunks[] = {
		"__x86_return_thunk", "srso_return_thunk",
		"srso_alias_return_thunk", "retbleed_return_thunk",
		"its_return_thunk", "call_depth_return_thunk",
	};
	unsigned long addr;
	unsigned int i;

	*env = (struct ksplice_site_env) {
		.pv_ops = lookup("pv_ops"),
		.pv_nop = lookup("_paravirt_nop") ?: lookup("nop_func"),
		.pv_bug = lookup("paravirt_BUG") ?: lookup("BUG_func"),
		.static_call_return = lookup("__static_call_return"),
		.static_call_return0 = lookup("__static_call_return0"),
		.warn_trap = lookup("__WARN_trap"),
		.native_unlock =
			lookup("__raw_callee_save___native_queued_spin_unlock"),
	};
	ksplice_depth_init(&env->depth);
	for (i = 0; i < ARRAY_SIZE(thunks); i++) {
		addr = lookup(thunks[i]);
		if (addr)
			env->return_thunks[env->n_return_thunks++] = addr;
	}
	/* The one in use, whatever it is called. */
	if (ksplice_read_pointer(lookup("x86_return_thunk"), &addr) && addr)
		env->return_thunks[env->n_return_thunks++] = addr;
}
