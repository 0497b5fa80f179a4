/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - writing to kernel text, and to data that is read-only
 *
 * Each architecture implements it.
 */
#ifndef KSPLICE_ARCH_TEXT_H
#define KSPLICE_ARCH_TEXT_H

#include <linux/types.h>

/*
 * Write to what is read-only but not run: a table of a module.  With text_mutex
 * held.  May sleep.
 */
void ksplice_text_write(void *to, const void *from, size_t len);

/* A piece of text or data that will be written. */
struct ksplice_piece {
	unsigned long addr;
	unsigned long len;		/* not 0 */
	u8 *alias;			/* where it can be written */
};

/* A second mapping of pieces, read-only but while the stop writes. */
struct ksplice_map;

/*
 * Map pieces a second time, all at once, and fill their aliases.  What is there
 * is not looked at.  May sleep.  Return: the mapping, to be unmapped, or NULL.
 */
struct ksplice_map *ksplice_pieces_map(struct ksplice_piece *pieces,
				       unsigned int n);

/* NULL is fine, here and below.  May sleep. */
void ksplice_pieces_unmap(struct ksplice_map *map);

/*
 * Inside the stop, on the CPU that writes.  It is read-only again before the
 * CPUs leave.
 */
void ksplice_map_set_writable(struct ksplice_map *map, bool is_writable);

/* Inside the stop, on every other CPU after it was made read-only again. */
void ksplice_map_flush(const struct ksplice_map *map);

#endif
