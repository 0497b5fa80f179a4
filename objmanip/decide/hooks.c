// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooks.c - functions of the patch's author that the core calls
 *
 * Part of the step "keep": what the hooks call goes into the new code.  Refused
 * is what the running kernel has already: it would be called from where it was
 * not made for, and of a replaced function it would be the old entry.
 */
#include "decide/hooks.h"
#include "kmodsrc/records.h"
#include "util/die.h"
#include "util/refuse.h"

#include <string.h>

static const char *const kinds[KSPLICE_N_HOOK_KINDS] = {
	[KSPLICE_HOOK_PRE_APPLY]	= "pre_apply",
	[KSPLICE_HOOK_CHECK_APPLY]	= "check_apply",
	[KSPLICE_HOOK_APPLY]		= "apply",
	[KSPLICE_HOOK_POST_APPLY]	= "post_apply",
	[KSPLICE_HOOK_FAIL_APPLY]	= "fail_apply",
	[KSPLICE_HOOK_PRE_REVERSE]	= "pre_reverse",
	[KSPLICE_HOOK_CHECK_REVERSE]	= "check_reverse",
	[KSPLICE_HOOK_REVERSE]		= "reverse",
	[KSPLICE_HOOK_POST_REVERSE]	= "post_reverse",
	[KSPLICE_HOOK_FAIL_REVERSE]	= "fail_reverse",
};

unsigned int hook_kind(const struct span *hook)
{
	const char *name = hook->section->name + strlen(".ksplice_hooks.");

	for (unsigned int i = 1; i < KSPLICE_N_HOOK_KINDS; i++)
		if (!strcmp(name, kinds[i]))
			return i;
	die("'%s': there is no kind of hook '%s'",
	    hook->section->object->path, name);
}

const char *hook_kind_name(unsigned int kind)
{
	return kinds[kind];
}

struct span *hook_function(const struct span *hook)
{
	const char *unit = hook->section->object->unit;
	const char *kind = hook_kind_name(hook_kind(hook));
	const struct reloc *reloc = hook->relocs;

	if (hook->n_relocs != 1 || hook->size != 8 ||
	    !reloc_is_pointer(reloc)) {
		refuse("%s: the hook %s is not the address of a function",
		       unit, kind);
		return NULL;
	}
	if (!reloc->referent || reloc->referent->section->kind != KIND_TEXT ||
	    reloc->referent_offset || reloc->referent->diff.state != SPAN_NEW) {
		refuse("%s: hook '%s' (%s) must be a new function of this file: call it from one",
		       unit, referent_name(reloc), kind);
		return NULL;
	}
	return reloc->referent;
}
