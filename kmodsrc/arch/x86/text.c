// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - x86: a second mapping of pieces of kernel text or data
 *
 * text_poke() maps the page anew for each write, in an address space of its
 * own; with that the stop would grow by three changes of the address space for
 * each function.  So the pages are mapped once more, before the stop and until
 * after it.  That mapping is read-only, and writable only while the stop
 * writes:
 *
 * 1. The CPU that writes sets the write bit in the page table, and drops what
 *    its TLB has of the pages.  All CPUs have their interrupts off by then, so
 *    nothing is preempted from here to step 4, and no other task runs.
 * 2. It writes.
 * 3. It clears the write bit, and drops the TLB's entries again.
 * 4. Each other CPU drops its own before it leaves the stop: none of them has
 *    used the mapping, but a processor may fill its TLB ahead of use.  No CPU
 *    changes its address space in the stop, so there are no entries under
 *    another PCID.
 *
 * However long an attempt waits for a task, and whatever preempts it, text
 * cannot be written through this mapping meanwhile.
 *
 * One mapping has all pages that are written to, in order and each once, so
 * that a piece that crosses pages finds them side by side.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "arch/text.h"
#include "arch/x86/needs.h"

void ksplice_text_write(void *to, const void *from, size_t len)
{
	ksplice_call(text_poke)(to, from, len);
}

struct ksplice_map {
	void *start;
	unsigned int n_pages;
	pte_t *entries[];		/* of the pages, in the page table */
};

static struct page *text_page(unsigned long addr)
{
	if (addr >= MODULES_VADDR && addr < MODULES_END)
		return vmalloc_to_page((void *)addr);
	return virt_addr_valid((void *)addr) ? virt_to_page((void *)addr) :
	       NULL;
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
	map = vmap(pages, n, VM_MAP, PAGE_KERNEL_RO);
out_free_pages:
	kvfree(pages);
	return map;
}

static bool find_entries(struct ksplice_map *map)
{
	unsigned long addr = (unsigned long)map->start;
	unsigned int i, level;

	for (i = 0; i < map->n_pages; i++) {
		map->entries[i] = lookup_address(addr + i * PAGE_SIZE, &level);
		if (!map->entries[i] || level != PG_LEVEL_4K)
			return false;
	}
	return true;
}

static void find_alias(struct ksplice_piece *piece,
		       const struct ksplice_map *map,
		       const unsigned long *addrs)
{
	unsigned long page = piece->addr & PAGE_MASK;
	unsigned int low = 0, high = map->n_pages - 1, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (addrs[middle] < page)
			low = middle + 1;
		else
			high = middle;
	}
	piece->alias = map->start + low * PAGE_SIZE +
		       offset_in_page(piece->addr);
}

struct ksplice_map *ksplice_pieces_map(struct ksplice_piece *pieces,
				       unsigned int n)
{
	struct ksplice_map *map = NULL;
	unsigned int i, n_pages;
	unsigned long *addrs;

	addrs = find_pages(pieces, n, &n_pages);
	if (addrs)
		map = kvzalloc(struct_size(map, entries, n_pages), GFP_KERNEL);
	if (!map)
		goto out_free_addrs;
	map->n_pages = n_pages;
	map->start = map_pages(addrs, n_pages);
	if (!map->start || !find_entries(map)) {
		ksplice_pieces_unmap(map);
		map = NULL;
		goto out_free_addrs;
	}
	for (i = 0; i < n; i++)
		find_alias(&pieces[i], map, addrs);
out_free_addrs:
	kvfree(addrs);
	return map;
}

void ksplice_pieces_unmap(struct ksplice_map *map)
{
	if (!map)
		return;
	if (map->start) {
		vunmap(map->start);
		vm_unmap_aliases();	/* nor may one stay in a TLB */
	}
	kvfree(map);
}

void ksplice_map_flush(const struct ksplice_map *map)
{
	unsigned int i;

	for (i = 0; map && i < map->n_pages; i++)
		asm volatile("invlpg (%0)"
			     : : "r" (map->start + i * PAGE_SIZE) : "memory");
}

void ksplice_map_set_writable(struct ksplice_map *map, bool is_writable)
{
	unsigned int i;
	pte_t entry;

	for (i = 0; map && i < map->n_pages; i++) {
		entry = READ_ONCE(*map->entries[i]);
		entry = is_writable ? pte_set_flags(entry, _PAGE_RW) :
			pte_clear_flags(entry, _PAGE_RW | _PAGE_DIRTY);
		set_pte(map->entries[i], entry);
	}
	ksplice_map_flush(map);
}
