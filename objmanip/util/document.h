/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * document.h - the documents that messages cite
 */
#ifndef OBJMANIP_UTIL_DOCUMENT_H
#define OBJMANIP_UTIL_DOCUMENT_H

/*
 * document("limits.md"): its path, in the checkout or as it was installed; the
 * name alone if the documents are not on this machine.  The same as document()
 * of lib/Ksplice.pm.
 */
const char *document(const char *name);

#endif
