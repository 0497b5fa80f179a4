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
 * them to be about: what comes to nothing is refused when the update is built.
 * doc/patch-author.md explains them with examples.
 *
 * Marks are about one function or variable, by its name:
 *
 *	ksplice_allow_running(function);
 *		Tasks that are in the function while it is replaced end in the
 *		old body; later calls take the new one.  Without the mark no
 *		task may be in it.  Right only if old and new body may run at
 *		the same time, and if the old one may still run when everything
 *		else is new.  For functions that some task is always in.
 *
 *	ksplice_replace_data(variable);
 *		Its new initial value is written over what it holds, in the
 *		same stop, and undo writes back what it held.  For data that
 *		may be written; of constants it is what happens anyway.
 *	ksplice_keep_data(variable);
 *		What it holds in the running kernel stays.
 *
 * They stand outside of functions.
 *
 * Hooks are functions of the patch that are called when the update is applied
 * or undone.  A file has at most one of each kind; a function takes no
 * arguments and is a new one of the file.
 *
 *	int  f(void);	ksplice_pre_apply(f);
 *		Before the machine is stopped.  May sleep, and may fail: return
 *		a negative errno, having undone what it did itself.
 *	int  f(void);	ksplice_check_apply(f);
 *		With the machine stopped, when all else is ready to be
 *		written.  May fail, must change nothing.
 *	void f(void);	ksplice_apply(f);
 *		With the machine stopped, when new code and data are in place.
 *	void f(void);	ksplice_post_apply(f);
 *		Afterwards.  May sleep.
 *	void f(void);	ksplice_fail_apply(f);
 *		Instead of it, if the update was not applied, whatever the
 *		reason, and the pre_apply of the same file has returned 0 or,
 *		if it has none, those of all files before it have.  May sleep.
 *		Undoes what pre_apply did.
 *
 * pre_reverse, check_reverse, reverse, post_reverse and fail_reverse are the
 * same when the update is undone; reverse is called while new code and data are
 * still in place, and what post_reverse leaves behind must not refer to them.
 *
 * Files are in the order of the targets (vmlinux is the first), and of their
 * names in each.  fail_apply and all hooks of undo are called in reverse order.
 * A failure with the machine stopped, or before, leaves the kernel as it was;
 * the reason names the hook.
 *
 * With the machine stopped no other code runs, interrupts are off, and any
 * mutex may be held by a task that does not continue: do not sleep, wait,
 * allocate or print.  All hooks are called with a lock of the core held: they
 * must not go near its files in sysfs.
 *
 * Shadow variables are memory that belongs to an object of the kernel and is
 * found by the object's address and a number, the id: where a patch would add a
 * member to a struct, it keeps the value in one of these.  The id is the
 * author's choice, and is best a large number that no other patch chooses.
 *
 *	ksplice_shadow_get(object, id)
 *		The memory, or NULL.
 *	ksplice_shadow_alloc(object, id, size, gfp)
 *	ksplice_shadow_get_or_alloc(object, id, size, gfp)
 *		New memory, all zero; the first returns NULL if there is some
 *		already, the other returns that.  NULL also if there is none.
 *	ksplice_shadow_free(object, id, destroy)
 *		To be called where the object itself is freed.
 *	ksplice_shadow_free_all(id, destroy)
 *		For post_reverse.  May sleep; all others may be called
 *		anywhere but in an NMI, with a gfp that is right there.
 *
 * destroy is called for what goes, if it is not NULL.  The memory itself goes
 * when an RCU grace period is over.  What is left when the core is removed is
 * freed then, with a line in the kernel's log.
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
#define ksplice_replace_data(variable)					\
	__ksplice_mark("replace_data", variable)
#define ksplice_keep_data(variable)					\
	__ksplice_mark("keep_data", variable)

/* The section is the message; the name allows one of each kind. */
#define __ksplice_hook(type, kind, function)				\
	static type (*const __ksplice_hook_##kind)(void)		\
	__attribute__((used, section(".ksplice_hooks." #kind))) = (function)

#define ksplice_pre_apply(f)		__ksplice_hook(int, pre_apply, f)
#define ksplice_check_apply(f)		__ksplice_hook(int, check_apply, f)
#define ksplice_apply(f)		__ksplice_hook(void, apply, f)
#define ksplice_post_apply(f)		__ksplice_hook(void, post_apply, f)
#define ksplice_fail_apply(f)		__ksplice_hook(void, fail_apply, f)
#define ksplice_pre_reverse(f)		__ksplice_hook(int, pre_reverse, f)
#define ksplice_check_reverse(f)	__ksplice_hook(int, check_reverse, f)
#define ksplice_reverse(f)		__ksplice_hook(void, reverse, f)
#define ksplice_post_reverse(f)		__ksplice_hook(void, post_reverse, f)
#define ksplice_fail_reverse(f)		__ksplice_hook(void, fail_reverse, f)

#ifdef __KERNEL__
#include <linux/types.h>

/* kmodsrc/shadow.c */
void *ksplice_shadow_get(const void *object, unsigned long id);
void *ksplice_shadow_alloc(const void *object, unsigned long id, size_t size,
			   gfp_t gfp);
void *ksplice_shadow_get_or_alloc(const void *object, unsigned long id,
				  size_t size, gfp_t gfp);
void ksplice_shadow_free(const void *object, unsigned long id,
			 void (*destroy)(const void *object, void *data));
void ksplice_shadow_free_all(unsigned long id,
			     void (*destroy)(const void *object, void *data));
#endif

#endif
