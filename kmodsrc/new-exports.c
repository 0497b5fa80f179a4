// SPDX-License-Identifier: GPL-2.0-only
/*
 * new-exports.c - what the -new.ko module of a change exports
 *
 * Compiled once a target, with KSPLICE_IMPORTS_H defined (Kbuild).  A symbol
 * that the patch exports is either in the new code or, under the name of its
 * import, where it always was.  modpost lets a module export what it defines
 * only: so the latter is a pointer here, until objmanip puts the import in its
 * place (standins.c).  No header declares any of them here: the names
 * are all that counts, and the CRCs are those of the patched source (Kbuild),
 * not of these declarations, hence __GENKSYMS__.
 */
#include <linux/export.h>

#ifndef __GENKSYMS__

#ifdef KSPLICE_NAMESPACES_ARE_NAMES
#define KSPLICE_NAMESPACE(...)	__VA_ARGS__
#else
#define KSPLICE_NAMESPACE(...)	#__VA_ARGS__
#endif

#define KSPLICE_IMPORT(symbol)
#define KSPLICE_IMPORT_NS(namespace)
#define KSPLICE_EXPORT_AS(symbol, import) \
	asm(".pushsection .ksplice_standins, \"a\"\n" \
	    ".balign 8\n" \
	    ".globl " #symbol "\n" \
	    #symbol ": .quad " #import "\n" \
	    ".popsection\n");
#define KSPLICE_EXPORT(symbol) \
	extern const char symbol[]; \
	EXPORT_SYMBOL(symbol);
#define KSPLICE_EXPORT_GPL(symbol) \
	extern const char symbol[]; \
	EXPORT_SYMBOL_GPL(symbol);
/* A namespace may have commas: "module:a,b" */
#define KSPLICE_EXPORT_NS(symbol, ...) \
	extern const char symbol[]; \
	EXPORT_SYMBOL_NS(symbol, KSPLICE_NAMESPACE(__VA_ARGS__));
#define KSPLICE_EXPORT_NS_GPL(symbol, ...) \
	extern const char symbol[]; \
	EXPORT_SYMBOL_NS_GPL(symbol, KSPLICE_NAMESPACE(__VA_ARGS__));
#include KSPLICE_IMPORTS_H

#endif
