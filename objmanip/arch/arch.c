// SPDX-License-Identifier: GPL-2.0-only
/*
 * arch.c - the architectures that are compiled in
 *
 * Each folder beside this file is one.  The linker collects what
 * ARCH_REGISTER() makes in a section, so no list has to be kept.
 */
#include "arch/arch.h"
#include "util/vec.h"

extern const struct arch *const __start_objmanip_archs[];
extern const struct arch *const __stop_objmanip_archs[];

#define for_each_arch(at)						\
	for ((at) = __start_objmanip_archs;				\
	     (at) != __stop_objmanip_archs; (at)++)

const struct arch *arch_find(unsigned int machine)
{
	const struct arch *const *at;

	for_each_arch(at)
		if ((*at)->machine == machine)
			return *at;
	return NULL;
}

const char *arch_names(void)
{
	const struct arch *const *at;
	const char *names = NULL;

	for_each_arch(at)
		names = names ? xasprintf("%s or %s", names, (*at)->name) :
				(*at)->name;
	return names;
}

const struct reloc_type *arch_reloc_type(const struct arch *arch,
					 unsigned int number,
					 unsigned int size)
{
	const struct reloc_type *type;

	for (type = arch->reloc_types; type->size; type++)
		if (type->number == number)
			return type;

	struct reloc_type *other = xcalloc(1, sizeof(*other));

	other->number = number;
	other->plain = number;
	other->size = size;
	other->mask = ~0ULL;
	return other;
}

const struct site_kind *arch_site_kind(const struct arch *arch,
				       unsigned int kind)
{
	return kind < arch->n_site_kinds && arch->site_kinds[kind].name ?
		&arch->site_kinds[kind] : NULL;
}
