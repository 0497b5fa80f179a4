// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapping.c - a module for guests: what may be done with kernel memory?
 *
 *	insmod mapping.ko start=ADDRESS end=ADDRESS
 *
 * Logs how many pages of it are mapped, and how many of these can be written.
 * Its init fails, so that it can be loaded again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <asm/pgtable.h>

static unsigned long start, end;
module_param(start, ulong, 0);
module_param(end, ulong, 0);

static int __init mapping_init(void)
{
	unsigned int level, n_mapped = 0, n_writable = 0;
	unsigned long addr;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		pte_t *entry = lookup_address(addr, &level);

		if (!entry || !(pte_val(*entry) & _PAGE_PRESENT))
			continue;
		n_mapped++;
		n_writable += !!(pte_val(*entry) & _PAGE_RW);
	}
	pr_info("%u pages are mapped, %u are writable\n", n_mapped,
		n_writable);
	return -ECANCELED;
}

module_init(mapping_init);
MODULE_DESCRIPTION("for the tests of ksplice");
MODULE_LICENSE("GPL v2");
