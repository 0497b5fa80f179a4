// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - x86: a second, writable mapping of pieces of kernel text or data
 *
 * Made before the stop and taken away after it.  text_poke() maps the page
 * anew for each write, in an address space of its own; with that the stop
 * would grow by three changes of the address space for each function.
 *
 * One mapping has all pages that are written to, in order and each once, so
 * that a piece that crosses a page finds both side by side.  It is compared
 * with the text before it is handed out.  Data may be changing: that is compared
 * when the machine stands still (data.c).
 */
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "../../redirect.h"

static struct page *text_page(unsigned long addr)
{
	if (addr >= MODULES_VADDR && addr < MODULES_END)
		return vmalloc_to_page((void *)addr);
	return virt_to_page((void *)addr);
}

static int compare_addrs(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a;
	unsigned long right = *(const unsigned long *)b;

	return left < right ? -1 : left > right;
}

/* Return: the addresses of the pages, sorted, each once; kvfree() them. */
static unsigned long *find_pages(const struct ksplice_piece *pieces,
				 unsigned int n, unsigned int *n_pages)
{
	unsigned long *addrs = kvmalloc_array(2 * n, sizeof(*addrs),
					      GFP_KERNEL);
	unsigned int i, m = 0;

	if (!addrs)
		return NULL;
	for (i = 0; i < n; i++) {
		addrs[2 * i] = pieces[i].addr & PAGE_MASK;
		addrs[2 * i + 1] = (pieces[i].addr + pieces[i].len - 1) &
				   PAGE_MASK;
	}
	sort(addrs, 2 * n, sizeof(*addrs), compare_addrs, NULL);
	for (i = 0; i < 2 * n; i++)
		if (!m || addrs[m - 1] != addrs[i])
			addrs[m++] = addrs[i];
	*n_pages = m;
	return addrs;
}

static void *map_pages(const unsigned long *addrs, unsigned int n)
{
	struct page **pages = kvmalloc_array(n, sizeof(*pages), GFP_KERNEL);
	void *map = NULL;
	unsigned int i;

	if (!pages)
		return NULL;
	for (i = 0; i < n; i++) {
		pages[i] = text_page(addrs[i]);
		if (!pages[i])
			goto out_free_pages;
	}
	map = vmap(pages, n, VM_MAP, PAGE_KERNEL);
out_free_pages:
	kvfree(pages);
	return map;
}

/* Return: whether all of them are what they should be. */
static bool find_aliases(struct ksplice_piece *pieces, unsigned int n,
			 void *map, const unsigned long *addrs,
			 unsigned int n_pages)
{
	unsigned int i, low, high, middle;
	unsigned long page;

	for (i = 0; i < n; i++) {
		page = pieces[i].addr & PAGE_MASK;
		for (low = 0, high = n_pages - 1; low < high; ) {
			middle = low + (high - low) / 2;
			if (addrs[middle] < page)
				low = middle + 1;
			else
				high = middle;
		}
		pieces[i].alias = map + low * PAGE_SIZE +
				  offset_in_page(pieces[i].addr);
		if (memcmp(pieces[i].alias, (void *)pieces[i].addr,
			   pieces[i].len))
			return false;
	}
	return true;
}

void *ksplice_text_map(struct ksplice_piece *pieces, unsigned int n)
{
	unsigned long *addrs;
	unsigned int n_pages;
	void *map;

	addrs = find_pages(pieces, n, &n_pages);
	if (!addrs)
		return NULL;
	map = map_pages(addrs, n_pages);
	if (map && !find_aliases(pieces, n, map, addrs, n_pages)) {
		ksplice_text_unmap(map);
		map = NULL;
	}
	kvfree(addrs);
	return map;
}

void ksplice_text_unmap(void *map)
{
	if (!map)
		return;
	vunmap(map);
	vm_unmap_aliases();	/* nor may one stay in a TLB */
}

void *ksplice_data_alias(unsigned long addr, unsigned long len)
{
	unsigned long start = addr & PAGE_MASK;
	unsigned int i, n = (PAGE_ALIGN(addr + len) - start) / PAGE_SIZE;
	unsigned long *addrs = kvmalloc_array(n, sizeof(*addrs), GFP_KERNEL);
	void *map;

	if (!addrs)
		return NULL;
	for (i = 0; i < n; i++)
		addrs[i] = start + i * PAGE_SIZE;
	map = map_pages(addrs, n);
	kvfree(addrs);
	return map ? map + offset_in_page(addr) : NULL;
}

void ksplice_data_unalias(void *alias)
{
	ksplice_text_unmap((void *)((unsigned long)alias & PAGE_MASK));
}
