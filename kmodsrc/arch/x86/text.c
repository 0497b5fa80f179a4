// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - x86: a second, writable mapping of pieces of kernel text or data
 *
 * Made before the stop and taken away after it.  text_poke() maps the page
 * anew for each write, in an address space of its own; with that the stop
 * would grow by three changes of the address space for each function.
 *
 * One mapping has all pages that are written to, in order and each once, so
 * that a piece that crosses pages finds them side by side.
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

static unsigned long count_pages(const struct ksplice_piece *piece)
{
	return (PAGE_ALIGN(piece->addr + piece->len) -
		(piece->addr & PAGE_MASK)) / PAGE_SIZE;
}

/* Return: the addresses of the pages, sorted, each once; kvfree() them. */
static unsigned long *find_pages(const struct ksplice_piece *pieces,
				 unsigned int n, unsigned int *n_pages)
{
	unsigned long *addrs, max = 0, all = 0, page;
	unsigned int i, m = 0;

	for (i = 0; i < n; i++)
		max += count_pages(&pieces[i]);
	addrs = kvmalloc_array(max, sizeof(*addrs), GFP_KERNEL);
	if (!addrs)
		return NULL;
	for (i = 0; i < n; i++)
		for (page = 0; page < count_pages(&pieces[i]); page++)
			addrs[all++] = (pieces[i].addr & PAGE_MASK) +
				       page * PAGE_SIZE;
	sort(addrs, all, sizeof(*addrs), compare_addrs, NULL);
	for (i = 0; i < all; i++)
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

static void find_alias(struct ksplice_piece *piece, void *map,
		       const unsigned long *addrs, unsigned int n_pages)
{
	unsigned long page = piece->addr & PAGE_MASK;
	unsigned int low = 0, high = n_pages - 1, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (addrs[middle] < page)
			low = middle + 1;
		else
			high = middle;
	}
	piece->alias = map + low * PAGE_SIZE + offset_in_page(piece->addr);
}

void *ksplice_pieces_map(struct ksplice_piece *pieces, unsigned int n)
{
	unsigned int i, n_pages;
	unsigned long *addrs;
	void *map;

	addrs = find_pages(pieces, n, &n_pages);
	if (!addrs)
		return NULL;
	map = map_pages(addrs, n_pages);
	for (i = 0; map && i < n; i++)
		find_alias(&pieces[i], map, addrs, n_pages);
	kvfree(addrs);
	return map;
}

void ksplice_pieces_unmap(void *map)
{
	if (!map)
		return;
	vunmap(map);
	vm_unmap_aliases();	/* nor may one stay in a TLB */
}
