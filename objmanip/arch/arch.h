/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch.h - all that objmanip has to know of an architecture
 *
 * README.md has the contract of each member.  object->arch is the one of the
 * object; common code names none.
 */
#ifndef OBJMANIP_ARCH_ARCH_H
#define OBJMANIP_ARCH_ARCH_H

#include "model/insn.h"
#include "model/kind.h"
#include "model/site.h"
#include "model/span.h"
#include "model/table.h"

/* Distances that are possible; mostly there is only one. */
struct bias {
	unsigned int n;
	int64_t value[2];
};

struct section_pattern {
	const char *pattern;		/* with one '*' at most; NULL: end */
	enum section_kind kind;
};

/* Sections with code that cannot run from elsewhere */
struct fixed_code {
	const char *prefix;		/* of the section's name; NULL: end */
	const char *why;		/* for people */
	bool may_be_new;		/* but a module may have such code */
};

/* Calls and jumps that an entry of a table has to be about */
struct listed {
	const char *prefix;		/* of what they go to; NULL: end */
	const char *table;		/* the section of the entries */
	bool in_replacements;		/* also in the code of alternatives */
};

struct arch {
	const char *name;
	unsigned int machine;
	enum bfd_architecture bfd;

	const struct section_pattern *sections;
	const struct fixed_code *fixed_code;
	const struct table *tables;
	const struct listed *listed;
	const struct site_kind *site_kinds;
	unsigned int n_site_kinds;
	const char *const *always_busy;

	const struct reloc_type *reloc_types;
	unsigned int pointer_type;
	struct bias (*bias)(const struct section *section,
			    const struct reloc *reloc);
	bool (*is_branch)(const struct section *section,
			  const struct reloc *reloc);

	bool (*decode)(const uint8_t *code, uint64_t size, struct insn *insn);
	uint64_t (*trim)(const uint8_t *code, uint64_t size, uint64_t covered);
	bool (*is_jump_text)(const char *text);

	const char *padding_prefix;	/* or NULL */
	void (*read_site)(const struct span *entry, struct site *site);
	bool (*entry_site)(struct span *span, struct site *site);
};

/* In one file of each architecture: compiled in, it is known. */
#define ARCH_REGISTER(name)						\
	static const struct arch *const name##_registered		\
		__attribute__((used, section("objmanip_archs"))) = &(name)

/* NULL if none is compiled in for that e_machine */
const struct arch *arch_find(unsigned int machine);

/* The names of all that are compiled in, with "or" between them */
const char *arch_names(void);

/* A type that its table lacks is RELOC_OTHER, with a field of that size. */
const struct reloc_type *arch_reloc_type(const struct arch *arch,
					 unsigned int number,
					 unsigned int size);

/* NULL if it has none */
const struct site_kind *arch_site_kind(const struct arch *arch,
				       unsigned int kind);

#endif
