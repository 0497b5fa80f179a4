// SPDX-License-Identifier: GPL-2.0-only
/*
 * reloc.c - x86: what the field of a relocation refers to
 */
#include <linux/cache.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "arch/reloc.h"
#include "arch/x86/rules.h"
#include "compare/pre.h"

static bool is_call(const struct ksplice_field *field)
{
	u32 offset = field->reloc->offset;

	return field->is_insn && offset &&
	       ksplice_span_bytes(field->pre, field->span)[offset - 1] ==
	       CALL_INSN_OPCODE;
}

bool ksplice_reloc_decode(const struct ksplice_field *field,
			  unsigned long *to, s64 *offset)
{
	u64 v64;
	u32 v32;

	*offset = field->reloc->addend;
	memcpy(&v32, field->bytes, sizeof(v32));
	switch (field->reloc->howto) {
	case KSPLICE_ABS32:
		*to = v32;
		return true;
	case KSPLICE_ABS32S:
		*to = (s32)v32;
		return true;
	case KSPLICE_PC32:
	case KSPLICE_PLT32:
		*to = field->addr + (s32)v32;
		/* An instruction's distance counts from the end of it. */
		if (field->is_insn) {
			*to += 4;
			*offset += 4;
		}
		if (is_call(field))
			*to = ksplice_callee(field->env, *to);
		return true;
	case KSPLICE_ABS64:
	case KSPLICE_PC64:
		memcpy(&v64, field->bytes, sizeof(v64));
		*to = field->reloc->howto == KSPLICE_PC64 ?
		      field->addr + v64 : v64;
		return true;
	default:
		return false;
	}
}
