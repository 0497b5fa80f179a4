// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - x86: a second, writable mapping of a piece of kernel text
 *
 * Made before the stop and taken away after it.  text_poke() maps the page
 * anew for each write, in an address space of its own; with that the stop
 * would grow by three changes of the address space for each function.
 *
 * The piece may cross a page: both pages are mapped side by side, and the
 * mapping is compared with the text before it is handed out.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "../../redirect.h"

static struct page *text_page(unsigned long addr)
{
	if (addr >= MODULES_VADDR && addr < MODULES_END)
		return vmalloc_to_page((void *)addr);
	return virt_to_page((void *)addr);
}

void *ksplice_text_map(unsigned long addr, unsigned int len)
{
	struct page *pages[2];
	unsigned int n = 1;
	void *alias;

	if (WARN_ON_ONCE(len > PAGE_SIZE))
		return NULL;
	pages[0] = text_page(addr);
	if (offset_in_page(addr) + len > PAGE_SIZE)
		pages[n++] = text_page(addr + len - 1);
	if (!pages[0] || !pages[n - 1])
		return NULL;
	alias = vmap(pages, n, VM_MAP, PAGE_KERNEL);
	if (!alias)
		return NULL;
	alias += offset_in_page(addr);
	if (!memcmp(alias, (void *)addr, len))
		return alias;
	ksplice_text_unmap(alias);
	return NULL;
}

void ksplice_text_unmap(void *alias)
{
	vunmap((void *)((unsigned long)alias & PAGE_MASK));
}
