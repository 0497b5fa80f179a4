/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86.h - the parts of the description of x86-64
 */
#ifndef OBJMANIP_ARCH_X86_X86_H
#define OBJMANIP_ARCH_X86_X86_H

#include "arch/arch.h"

/* sections.c */
extern const struct section_pattern x86_sections[];
extern const struct fixed_code x86_fixed_code[];

/* tables.c */
extern const struct table x86_tables[];
extern const struct listed x86_listed[];

/* relocations.c */
extern const struct reloc_type x86_reloc_types[];

/* operands.c */
struct bias x86_bias(const struct section *section, const struct reloc *reloc);
bool x86_is_branch(const struct section *section, const struct reloc *reloc);

/* instructions.c */
bool x86_decode(const uint8_t *code, uint64_t size, struct insn *insn);
uint64_t x86_trim(const uint8_t *code, uint64_t size, uint64_t covered);
bool x86_is_jump_text(const char *text);

/* sites.c */
enum { X86_N_SITE_KINDS = 13 };
extern const struct site_kind x86_site_kinds[X86_N_SITE_KINDS];
void x86_read_site(const struct span *entry, struct site *site);
bool x86_entry_site(struct span *span, struct site *site);

#endif
