// SPDX-License-Identifier: GPL-2.0-only
/*
 * alternative.c - x86: what boot makes of an alternative
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "arch/sites.h"
#include "arch/x86/decode.h"
#include "arch/x86/rules.h"
#include "compare/pre.h"
#include "compare/range.h"
#include "compare/refs.h"
#include "compare/sites.h"

/* ALT_FLAG_DIRECT_CALL, in the field of the feature; since Linux 6.8 */
#define FLAG_DIRECT_CALL	(1u << 17)

/*
 * alt_replace_call(): a call by a member of pv_ops, or of another such struct
 * (7.3: pv_ops_lock), has become a direct one of what the member holds, or
 * nothing at all.
 */
static bool check_direct_call(struct ksplice_site_run *s)
{
	const struct ksplice_reloc *reloc = ksplice_site_reloc_at(s, 2);
	unsigned long ops;

	return s->len == 6 && s->pre[0] == 0xff && s->pre[1] == 0x15 && reloc &&
	       ksplice_label_addr(s->c, reloc->label, &ops) &&
	       ksplice_is_pv_call(s, ops + reloc->addend + 4);
}

/* int3, as after a jump that became short since Linux 6.10 */
static u32 skip_int3(const u8 *code, u32 from, u32 to)
{
	while (from < to && code[from] == INT3_INSN_OPCODE)
		from++;
	return from;
}

/* recompute_jump(): a replacement that is one jump may have become short */
static bool check_jump_replacement(struct ksplice_site_run *s,
				   const struct ksplice_span *replacement)
{
	const struct ksplice_pre *pre = &s->c->m->pre;
	const struct ksplice_reloc *reloc =
		&pre->relocs[replacement->first_reloc];
	unsigned long to;
	u32 len;

	if (replacement->n_relocs != 1 || reloc->offset != 1)
		return false;
	if (s->run[0] == JMP8_INSN_OPCODE) {
		len = JMP8_INSN_SIZE;
		to = s->addr + len + (s8)s->run[1];
		len = skip_int3(s->run, len, JMP32_INSN_SIZE);
	} else if (s->run[0] == JMP32_INSN_OPCODE) {
		len = JMP32_INSN_SIZE;
		to = ksplice_leads_to(s, 1);
	} else {
		return false;
	}
	return ksplice_is_nops(s->run + len, s->len - len) &&
	       ksplice_ref(s->c, reloc->label, to, reloc->addend + 4);
}

bool ksplice_replacement_check(struct ksplice_site_run *s,
			       const struct ksplice_site *choice)
{
	const struct ksplice_pre *pre = &s->c->m->pre;
	const struct ksplice_span *replacement = &pre->spans[choice->span];
	const u8 *bytes = ksplice_span_bytes(pre, replacement);
	u32 len = replacement->size;

	if (choice->value & FLAG_DIRECT_CALL)
		return check_direct_call(s);
	if (len > s->len)
		return false;
	if (len == JMP32_INSN_SIZE && bytes[0] == JMP32_INSN_OPCODE)
		return check_jump_replacement(s, replacement);

	/* The kernel fills up with nops, and joins those at the end to them */
	while (len && bytes[len - 1] == NOP_INSN_OPCODE &&
	       ksplice_span_reloc_from(pre, replacement, len - 1) ==
	       replacement->first_reloc + replacement->n_relocs)
		len--;
	len = ksplice_insn_from(bytes, replacement->size, 0, len);
	return ksplice_compare_range(s->c, replacement, 0, len, s->run_off,
				     KSPLICE_SITES_ALL) &&
	       ksplice_is_nops(s->run + len, s->len - len);
}
