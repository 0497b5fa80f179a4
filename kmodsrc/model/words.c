// SPDX-License-Identifier: GPL-2.0-only
/*
 * words.c - what is fit to be shown
 *
 * Reasons, conflicts and logs are read by people on terminals and split into
 * lines by programs, and not only root may read the kernel log.  So
 *	- the name of a task, or of a symbol of an update from any source,
 *	  has no newline and no escape sequence in it;
 *	- a place in the kernel is shown by the symbol it is in.  The one file
 *	  with addresses, patches, shows zeros to readers that must not see
 *	  them, by the rule of /proc/kallsyms, which honours kptr_restrict.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "model/words.h"

void ksplice_words_clean(char *text)
{
	for (; *text; text++)
		if (!isascii(*text) || !isprint(*text))
			*text = '?';
}

/* printf writes the address itself if there is no symbol. */
static const char *hide_number(char *to)
{
	if (!strncmp(to, "0x", 2))
		strscpy(to, "nothing-known", KSPLICE_ADDR_NAME_LEN);
	return to;
}

const char *ksplice_addr_name(char *to, unsigned long addr)
{
	snprintf(to, KSPLICE_ADDR_NAME_LEN, "%pS", (void *)addr);
	return hide_number(to);
}

const char *ksplice_return_name(char *to, unsigned long addr)
{
	snprintf(to, KSPLICE_ADDR_NAME_LEN, "%pB", (void *)addr);
	return hide_number(to);
}
