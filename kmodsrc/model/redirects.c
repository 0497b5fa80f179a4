// SPDX-License-Identifier: GPL-2.0-only
/*
 * redirects.c - the redirects that are applied, known by both of their ends
 *
 * Matching asks of every address that the running code refers to whether a
 * new function starts there, so the answer must not take longer with each
 * update that is applied.  A body has one redirect at most: what a later
 * update redirects is the body that the earlier one brought.
 *
 * All of it is guarded by ksplice_mutex.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hashtable.h>
#include "model/redirects.h"

static DEFINE_HASHTABLE(by_body, 10);
static DEFINE_HASHTABLE(by_new_addr, 10);

void __ksplice_redirects_show(struct ksplice_change *change)
{
	unsigned int i;

	for (i = 0; i < change->n_functions; i++) {
		struct ksplice_function *function = &change->functions[i];

		if (function->is_part)
			continue;
		hash_add(by_body, &function->by_body, function->body);
		hash_add(by_new_addr, &function->by_new_addr,
			 function->new_addr);
	}
}

void __ksplice_redirects_add(struct ksplice_change *change)
{
	static u64 n_applied;
	unsigned int i;

	n_applied++;
	for (i = 0; i < change->n_functions; i++) {
		change->functions[i].change = change;
		change->functions[i].applied_at = n_applied;
	}
	__ksplice_redirects_show(change);
}

void __ksplice_redirects_hide(struct ksplice_change *change)
{
	unsigned int i;

	for (i = 0; i < change->n_functions; i++) {
		if (change->functions[i].is_part)
			continue;
		hash_del(&change->functions[i].by_body);
		hash_del(&change->functions[i].by_new_addr);
	}
}

void __ksplice_redirects_remove(struct ksplice_change *change)
{
	__ksplice_redirects_hide(change);
}

struct ksplice_function *__ksplice_find_redirect(unsigned long body)
{
	struct ksplice_function *function;

	hash_for_each_possible(by_body, function, by_body, body) {
		if (function->body == body)
			return function;
	}
	return NULL;
}

struct ksplice_function *__ksplice_last_redirect(unsigned long addr,
						 unsigned long *body)
{
	struct ksplice_function *function, *last = NULL;

	/* It leads to a younger update's code, so this ends anyway. */
	while ((function = __ksplice_find_redirect(addr))) {
		last = function;
		addr = function->new_addr;
	}
	*body = addr;
	return last;
}

unsigned long __ksplice_canonical_addr(unsigned long addr)
{
	const struct ksplice_function *function;

	hash_for_each_possible(by_new_addr, function, by_new_addr, addr) {
		if (function->new_addr == addr)
			return function->addr;
	}
	return addr;
}
