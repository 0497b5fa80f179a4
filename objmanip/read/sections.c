// SPDX-License-Identifier: GPL-2.0-only
/*
 * sections.c - what a section is, by its name
 *
 * With -ffunction-sections and -fdata-sections nearly every section carries
 * the name of its function or variable, so most patterns are prefixes.  The
 * first pattern that fits decides; longer ones stand before shorter ones.
 *
 * The names of the architecture's tables are looked at first, then its
 * sections.  To teach objmanip a new section: find out what reads it (the
 * linker script, the module loader, boot code), choose the kind, and add a
 * line here or in arch/; a table of entries about functions gets its layout
 * in arch/ only.
 */
#include "read/sections.h"

#include <string.h>

static const struct section_pattern patterns[] = {
	{ ".altinstr_replacement",	KIND_REPLACEMENT },

	/* Registered at boot */
	{ "__tracepoints",		KIND_FIXED },
	{ "__tracepoints_ptrs",		KIND_FIXED },
	{ "__tracepoints_strings",	KIND_FIXED },
	{ "__syscalls_metadata",	KIND_FIXED },
	{ "_ftrace_events",		KIND_FIXED },
	{ "_ftrace_eval_map",		KIND_FIXED },
	{ "__bpf_raw_tp_map",		KIND_FIXED },
	{ "__param",			KIND_FIXED },
	{ "__modver",			KIND_FIXED },
	{ "_kprobe_blacklist",		KIND_FIXED },
	{ "_error_injection_whitelist",	KIND_FIXED },
	{ ".static_call_tramp_key",	KIND_FIXED },
	{ ".BTF_ids",			KIND_FIXED },
	{ "___srcu_struct_ptrs",	KIND_FIXED },
	{ "__lsm_blobs",		KIND_FIXED },
	{ "__thermal_table*",		KIND_FIXED },
	{ "__governor_thermal_table*",	KIND_FIXED },
	{ "__*_of_table",		KIND_FIXED },
	{ "__irqchip_acpi_probe_table",	KIND_FIXED },
	{ "__timer_acpi_probe_table",	KIND_FIXED },
	{ "__dl_sched_class",		KIND_FIXED },
	{ "__rt_sched_class",		KIND_FIXED },
	{ "__fair_sched_class",		KIND_FIXED },
	{ "__idle_sched_class",		KIND_FIXED },
	{ "__stop_sched_class",		KIND_FIXED },
	{ ".pci_fixup*",		KIND_FIXED },
	{ ".builtin_fw",		KIND_FIXED },
	{ ".kunit_test_suites",		KIND_FIXED },

	/* Of ksplice-patch.h */
	{ ".ksplice_hooks.*",		KIND_HOOK },

	/* Exports */
	{ "___ksymtab*",		KIND_EXPORT },
	{ "___kcrctab*",		KIND_EXPORT },
	{ "___kflagstab*",		KIND_EXPORT },
	{ "__ksymtab*",			KIND_EXPORT },
	{ "__kcrctab*",			KIND_EXPORT },
	{ "__kflagstab*",		KIND_EXPORT },
	{ ".export_symbol",		KIND_EXPORT },

	/* Runs at boot or at the end only */
	{ ".init.*",			KIND_INIT },
	{ ".exit.*",			KIND_INIT },
	{ ".exitcall.exit",		KIND_INIT },
	{ ".initcall*",			KIND_INIT },
	{ ".con_initcall*",		KIND_INIT },
	{ ".head.text",			KIND_INIT },
	{ ".meminit.*",			KIND_INIT },
	{ ".memexit.*",			KIND_INIT },
	{ ".cpuinit.*",			KIND_INIT },
	{ ".devinit.*",			KIND_INIT },
	{ ".lsm_info.init",		KIND_INIT },
	{ ".early_lsm_info.init",	KIND_INIT },
	{ ".altinstr_init*",		KIND_INIT },
	{ "__earlycon_table*",		KIND_INIT },
	{ "__setup_param",		KIND_INIT },
	{ "__early_initcall*",		KIND_INIT },

	/* Not for the running kernel, or made anew by each build */
	{ ".discard*",			KIND_IGNORED },
	{ ".comment",			KIND_IGNORED },
	{ ".note*",			KIND_IGNORED },
	{ ".modinfo",			KIND_IGNORED },
	{ "__versions",			KIND_IGNORED },
	{ ".printk_index",		KIND_IGNORED },
	{ "__tracepoint_check",		KIND_IGNORED },
	{ ".gnu.linkonce.this_module",	KIND_IGNORED },
	{ ".eh_frame*",			KIND_IGNORED },
	{ ".debug_*",			KIND_DEBUG },
	{ ".stab*",			KIND_DEBUG },

	/* Code */
	{ ".text",			KIND_TEXT },
	{ ".text.*",			KIND_TEXT },
	{ ".noinstr.text*",		KIND_TEXT },
	{ ".entry.text",		KIND_TEXT },
	{ ".ref.text",			KIND_TEXT },
	{ ".sched.text",		KIND_TEXT },
	{ ".cpuidle.text",		KIND_TEXT },
	{ ".kprobes.text",		KIND_TEXT },
	{ ".spinlock.text",		KIND_TEXT },
	{ ".irqentry.text",		KIND_TEXT },
	{ ".softirqentry.text",		KIND_TEXT },
	{ ".static_call.text",		KIND_TEXT },
	{ ".fixup",			KIND_TEXT },

	/* Data */
	{ ".data..percpu*",		KIND_PERCPU },
	{ ".data..Lubsan_*",		KIND_CONST },	/* of UBSAN, numbered */
	{ ".data",			KIND_DATA },
	{ ".data.*",			KIND_DATA },
	{ ".bss",			KIND_DATA },
	{ ".bss.*",			KIND_DATA },
	{ ".ref.data",			KIND_DATA },
	{ "__trace_printk_fmt",		KIND_DATA },
	{ "__tracepoint_str",		KIND_DATA },	/* for readers of traces */
	{ "__dyndbg",			KIND_DATA },
	{ "__dyndbg_classes",		KIND_DATA },
	{ ".rodata.cst*",		KIND_CONST },
	{ ".rodata",			KIND_RODATA },
	{ ".rodata.*",			KIND_RODATA },
	{ ".ref.rodata",		KIND_RODATA },
};

bool section_fits(const char *name, const char *pattern)
{
	const char *star = strchr(pattern, '*');

	if (!star)
		return !strcmp(name, pattern);

	size_t before = star - pattern;
	size_t after = strlen(star + 1);
	size_t length = strlen(name);

	return length >= before + after &&
	       !strncmp(name, pattern, before) &&
	       !strcmp(name + length - after, star + 1);
}

static enum section_kind find_kind(const struct arch *arch, const char *name)
{
	for (const struct table *table = arch->tables; table->section; table++)
		if (section_fits(name, table->section))
			return KIND_TABLE;
	for (const struct section_pattern *own = arch->sections; own->pattern;
	     own++)
		if (section_fits(name, own->pattern))
			return own->kind;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (section_fits(name, patterns[i].pattern))
			return patterns[i].kind;
	return KIND_UNKNOWN;
}

enum section_kind sections_kind(const struct arch *arch, const char *name,
				flagword flags)
{
	const enum section_kind kind = find_kind(arch, name);

	if (kind == KIND_UNKNOWN && !(flags & SEC_ALLOC))
		return KIND_IGNORED;
	if ((kind == KIND_RODATA || kind == KIND_CONST) &&
	    flags & SEC_MERGE)
		return flags & SEC_STRINGS ? KIND_STRING : KIND_CONST;
	/* A variable called cst... */
	if (kind == KIND_CONST && flags & SEC_READONLY)
		return KIND_RODATA;
	return kind;
}
