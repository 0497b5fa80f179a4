// SPDX-License-Identifier: GPL-2.0-only
/*
 * depth.c - x86: calls that count their depth
 *
 * A kernel that tracks the depth of calls (retbleed=stuff) has a copy of one
 * instruction, which counts, right before each function that is called, and
 * sends calls there: callthunks.c of the kernel.  Jumps go to the function
 * itself, and so do calls by a pointer.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "arch/x86/decode.h"
#include "arch/x86/rules.h"
#include "kernel/compat.h"

/*
 * Is the code, which is at addr, one whole instruction?  Then *operand is the
 * address in the CPU's segment that a distance in it leads to, and *field the
 * offset of that distance; or 0 and the length, if it has none.
 */
static bool decode(const u8 *code, u32 len, unsigned long addr,
		   unsigned long *operand, u32 *field)
{
	struct insn insn;
	s64 to;

	if (!ksplice_insn(&insn, code, len, 0) || insn.length != len)
		return false;
	*field = len;
	*operand = 0;
	if (ksplice_insn_rip_relative(&insn, &to)) {
		*field = insn_offset_displacement(&insn);
		*operand = addr + to;
	}
	return true;
}

void ksplice_depth_init(struct ksplice_call_depth *depth)
{
	unsigned long start =
		ksplice_call(kallsyms_lookup_name)("skl_call_thunk_template");
	unsigned long end =
		ksplice_call(kallsyms_lookup_name)("skl_call_thunk_tail");

	memset(depth, 0, sizeof(*depth));
	if (!start || end <= start || end - start > sizeof(depth->code))
		return;
	if (copy_from_kernel_nofault(depth->code, (void *)start, end - start))
		return;
	if (decode(depth->code, end - start, start, &depth->operand,
		   &depth->field))
		depth->len = end - start;
}

unsigned long ksplice_callee(const struct ksplice_site_env *env,
			     unsigned long to)
{
	const struct ksplice_call_depth *depth = &env->depth;
	u8 code[sizeof(depth->code)];
	unsigned long operand;
	u32 after, field;

	if (!depth->len ||
	    copy_from_kernel_nofault(code, (void *)to, depth->len) ||
	    memcmp(code, depth->code, depth->field))
		return to;
	if (!decode(code, depth->len, to, &operand, &field) ||
	    field != depth->field || operand != depth->operand)
		return to;
	after = min_t(u32, field + sizeof(s32), depth->len);
	if (memcmp(code + after, depth->code + after, depth->len - after))
		return to;
	return to + depth->len;
}
