// SPDX-License-Identifier: GPL-2.0-only
/*
 * prepare.c - all that a stop needs, before it
 *
 * Memory, the bytes of the redirects, the ranges that no task may be in, and
 * a second mapping of all that is written to, which only the stop makes
 * writable. All that may fail or sleep is here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/mm.h>
#include "arch/redirect.h"
#include "arch/text.h"
#include "kernel/compat.h"
#include "model/abort.h"
#include "model/debug.h"
#include "model/update.h"
#include "stop/data.h"
#include "stop/hooks.h"
#include "stop/livepatch.h"
#include "stop/prepare.h"
#include "stop/replace.h"
#include "stop/stop.h"
#include "tasks/ranges.h"
#include "tasks/stack.h"

/* All pieces that are written to: those of the functions come first. */
static struct ksplice_piece *list_pieces(const struct ksplice_stop *stop,
					 unsigned int n)
{
	struct ksplice_piece *pieces = kvcalloc(n, sizeof(*pieces), GFP_KERNEL);
	unsigned int i;

	if (!pieces)
		return NULL;
	for (i = 0; i < stop->n_functions; i++) {
		pieces[i].addr = stop->functions[i]->redirect;
		pieces[i].len = stop->functions[i]->redirect_len;
	}
	ksplice_data_pieces(&stop->data, pieces + i);
	return pieces;
}

static void set_aliases(struct ksplice_stop *stop,
			const struct ksplice_piece *pieces)
{
	unsigned int i;

	for (i = 0; i < stop->n_functions; i++)
		stop->functions[i]->alias = pieces[i].alias;
	ksplice_data_set_aliases(&stop->data, pieces + i);
}

/* A second mapping of all that is written to, and room to rehearse it. */
static int map_pieces(struct ksplice_stop *stop)
{
	unsigned int i, n = stop->n_functions + stop->data.n;
	struct ksplice_piece *pieces;
	unsigned long longest = 0;

	if (!n)
		return 0;
	pieces = list_pieces(stop, n);
	for (i = 0; pieces && i < n; i++)
		longest = max(longest, pieces[i].len);
	if (pieces) {
		stop->map = ksplice_pieces_map(pieces, n);
		stop->scratch = kvmalloc(longest, GFP_KERNEL);
	}
	if (stop->map)
		set_aliases(stop, pieces);
	kvfree(pieces);
	if (!stop->map || !stop->scratch)
		return ksplice_abort(stop->update, KSPLICE_OUT_OF_MEMORY,
				     "cannot map %u functions and pieces of data to write them",
				     n);
	return 0;
}

static void unmap_pieces(struct ksplice_stop *stop)
{
	unsigned int i;

	for (i = 0; i < stop->n_functions; i++)
		stop->functions[i]->alias = NULL;
	ksplice_pieces_unmap(stop->map);
	kvfree(stop->scratch);
}

static unsigned int count_functions(const struct ksplice_plan *plan)
{
	const struct ksplice_change *change;
	const struct ksplice_part *part;
	unsigned int n = 0;

	ksplice_for_each_part(part, plan)
		list_for_each_entry(change, &part->update->changes, list)
			n += change->n_functions;
	return n;
}

/* Probes in the rest of an old body are left alone, but do not fire. */
static void note_kprobes(struct ksplice_update *update,
			 const struct ksplice_function *function)
{
	unsigned long addr = function->body;
	unsigned long end = function->body + function->size;

	if (!function->is_part)
		addr = function->redirect + function->redirect_len;
	for (; addr < end; addr++)
		if (ksplice_has_kprobe(addr))
			ksplice_debug(update,
				      "note: the kprobe at %s+0x%lx does not fire until this is undone",
				      function->name, addr - function->body);
}

static int prepare_redirect(struct ksplice_update *update,
			    struct ksplice_function *function)
{
	int ret;

	if (!function->new_addr)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "there is no new code for '%s'",
				     function->name);
	if (function->site_conflict)
		return ksplice_abort(update, KSPLICE_SITE_CONFLICT,
				     "'%s' cannot be redirected: %s",
				     function->name, function->site_conflict);
	if (function->running_conflict)
		return ksplice_abort(update, KSPLICE_SITE_CONFLICT,
				     "'%s' cannot be replaced while tasks are in it: %s",
				     function->name,
				     function->running_conflict);
	if (ksplice_has_livepatch(function->addr))
		return ksplice_abort(update, KSPLICE_SITE_CONFLICT,
				     "'%s' is replaced by a livepatch; disable that first",
				     function->name);
	ret = ksplice_redirect_make(function);
	if (ret == -ERANGE)
		return ksplice_abort(update, KSPLICE_TOO_SHORT,
				     "the new code of '%s' is too far away for a jump",
				     function->name);
	if (ret)
		return ksplice_abort(update, KSPLICE_TOO_SHORT,
				     "'%s' has only %u bytes for the redirect",
				     function->name, function->redirect_room);
	return 0;
}

static bool is_allowed(const struct ksplice_change *change,
		       unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < change->n_functions; i++)
		if (change->functions[i].allow_running &&
		    change->functions[i].addr == addr)
			return true;
	return false;
}

/*
 * Tasks may still be in bodies that earlier updates replaced under them: they
 * count, too, unless they are allowed to be there now.  It is no longer known
 * which part (.cold) belonged to which function, so all are added.
 */
static void add_earlier(struct ksplice_ranges *ranges,
			const struct ksplice_function *function)
{
	const struct ksplice_function *earlier;
	struct ksplice_update *update;
	struct ksplice_change *change;
	unsigned int i;

	list_for_each_entry(update, &ksplice_updates, list) {
		list_for_each_entry(change, &update->changes, list) {
			if (!change->is_applied ||
			    !is_allowed(change, function->addr))
				continue;
			for (i = 0; i < change->n_functions; i++) {
				earlier = &change->functions[i];
				if (earlier->allow_running &&
				    (earlier->is_part ||
				     earlier->addr == function->addr))
					ksplice_ranges_add(ranges,
							   earlier->body,
							   earlier->size,
							   earlier->name);
			}
		}
	}
}

/* The code that no task may be in when the function is replaced. */
static void add_ranges(struct ksplice_ranges *ranges,
		       const struct ksplice_function *function)
{
	if (!function->allow_running) {
		ksplice_ranges_add(ranges, function->body, function->size,
				   function->name);
		add_earlier(ranges, function);
	} else if (!function->is_part) {
		ksplice_ranges_add_inner(ranges, function->redirect,
					 function->redirect_len,
					 function->body, function->name);
	}
}

static bool is_same_redirect(const struct ksplice_function *a,
			     const struct ksplice_function *b)
{
	return a->redirect == b->redirect &&
	       a->redirect_len == b->redirect_len &&
	       !memcmp(a->saved, b->saved, a->redirect_len);
}

static bool do_overlap(const struct ksplice_function *a,
		       const struct ksplice_function *b)
{
	return a->redirect < b->redirect + b->redirect_len &&
	       b->redirect < a->redirect + a->redirect_len;
}

/*
 * What is written at the function's redirect.  If one that is reversed has its
 * redirect there, the new one is written over it.
 */
static int add_function(struct ksplice_stop *stop,
			struct ksplice_function *function,
			enum ksplice_direction way)
{
	bool apply = way == KSPLICE_APPLY;
	struct ksplice_function *other;
	unsigned int i;

	function->before = apply ? function->saved : function->written;
	function->after = apply ? function->written : function->saved;
	for (i = 0; stop->plan->n > 1 && i < stop->n_functions; i++) {
		other = stop->functions[i];
		if (!do_overlap(function, other))
			continue;
		if (!apply || other->before != other->written ||
		    !is_same_redirect(function, other))
			return ksplice_abort(stop->update, KSPLICE_UNEXPECTED,
					     "the redirects of '%s' and '%s' overlap",
					     function->name, other->name);
		function->before = other->written;
		stop->functions[i] = function;
		return 0;
	}
	stop->functions[stop->n_functions++] = function;
	return 0;
}

/* No task may be in the new code of a change that is reversed. */
static int add_reversed(struct ksplice_stop *stop,
			struct ksplice_change *change)
{
	unsigned int i;
	int ret = 0;

	ksplice_ranges_add(&stop->stack.ranges,
			   ksplice_module_text(change->new_module),
			   ksplice_module_text_size(change->new_module), NULL);
	for (i = 0; i < change->n_functions && !ret; i++)
		if (!change->functions[i].is_part)
			ret = add_function(stop, &change->functions[i],
					   KSPLICE_REVERSE);
	return ret;
}

/* Nor in the functions that a change replaces which is applied. */
static int add_applied(struct ksplice_stop *stop,
		       struct ksplice_change *change)
{
	struct ksplice_function *function;
	unsigned int i;
	int ret;

	for (i = 0; i < change->n_functions; i++) {
		function = &change->functions[i];
		note_kprobes(stop->update, function);
		add_ranges(&stop->stack.ranges, function);
		if (function->is_part)
			continue;
		ret = prepare_redirect(stop->update, function) ?:
		      add_function(stop, function, KSPLICE_APPLY);
		if (ret)
			return ret;
	}
	return 0;
}

static int add_part(struct ksplice_stop *stop, const struct ksplice_part *part)
{
	struct ksplice_change *change;
	int ret = 0;

	list_for_each_entry(change, &part->update->changes, list) {
		if (!ksplice_change_takes_part(change, part->way))
			continue;
		ret = part->way == KSPLICE_APPLY ? add_applied(stop, change) :
						   add_reversed(stop, change);
		if (ret)
			break;
	}
	return ret;
}

static int stop_init(struct ksplice_stop *stop,
		     const struct ksplice_plan *plan,
		     struct ksplice_hooks *hooks)
{
	memset(stop, 0, sizeof(*stop));
	stop->plan = plan;
	stop->update = plan->update;
	stop->hooks = hooks;
	stop->functions = kvcalloc(count_functions(plan) + 1,
				   sizeof(*stop->functions), GFP_KERNEL);
	stop->running = kvcalloc(nr_cpu_ids, sizeof(*stop->running),
				 GFP_KERNEL);
	if (ksplice_stack_init(&stop->stack) || !stop->functions ||
	    !stop->running)
		return ksplice_abort(plan->update, KSPLICE_OUT_OF_MEMORY,
				     "no memory for the stop");
	return ksplice_data_init(&stop->data, plan);
}

int ksplice_stop_prepare(struct ksplice_stop *stop,
			 const struct ksplice_plan *plan,
			 struct ksplice_hooks *hooks)
{
	const struct ksplice_part *part;
	int ret = stop_init(stop, plan, hooks);

	ksplice_for_each_part(part, plan) {
		if (!ret)
			ret = add_part(stop, part);
	}
	if (ret)
		return ret;
	stop->update->pause_ns = 0;
	return map_pieces(stop);
}

void ksplice_stop_release(struct ksplice_stop *stop)
{
	unmap_pieces(stop);
	ksplice_data_release(&stop->data);
	kvfree(stop->functions);
	kvfree(stop->running);
	ksplice_stack_release(&stop->stack);
}
