/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksplice-patch.h - what the author of a patch may tell ksplice-create
 *
 * A source that is patched may, after its other includes, have
 *
 *	#include "ksplice-patch.h"
 *
 * and then say by the words below what a difference of source does not tell.
 * They are for the file that they stand in, and there must be something for
 * them to be about: what comes to nothing is refused when the update is made.
 * doc/patch-author.md explains them with examples.
 *
 * Marks are about one function or variable, by its name:
 *
 *	ksplice_allow_running(function);
 *		Threads that are in the function while it is replaced end in
 *		the old body; later calls take the new one.  Without it nobody
 *		may be in it.  Right only if old and new body may run at the
 *		same time, and if the old one may still run when everything
 *		else is new.  For functions that some thread is always in.
 *
 * They stand outside of functions; those about a static variable of a function
 * stand in it, behind the variable.
 */
#ifndef KSPLICE_PATCH_H
#define KSPLICE_PATCH_H

#define __ksplice_text(name)	#name

/*
 * The name only, as a text that is in no module: code that took the address
 * would not be compiled as it was.  sizeof has the compiler look whether there
 * is such a thing.
 */
#define __ksplice_mark(what, name)					\
	_Static_assert(sizeof(&(name)), "no name");			\
	asm(".pushsection .ksplice_marks\n\t"				\
	    ".asciz \"" what " " __ksplice_text(name) "\"\n\t"		\
	    ".popsection")

#define ksplice_allow_running(function)					\
	__ksplice_mark("allow_running", function)

#endif
