// SPDX-License-Identifier: GPL-2.0-only
/*
 * patch.c - replace the functions of an update in one stop, or put them back
 *
 * Or both: those of some updates are put back while those of another one are
 * replaced (replace.c).
 *
 * 1. Prepare: memory, redirect bytes, the ranges to look for, a second
 *    mapping of each place, which only the stop makes writable.  All that may
 *    fail or sleep is here.
 * 2. Look at all threads while the machine runs (precheck.c).  If one is in the
 *    way, wait and look again, for a while.
 * 3. Stop the machine, look at those who have run since, and write (stop.c).
 *    If one of them is in the way, go to 2.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include "arch/redirect.h"
#include "arch/text.h"
#include "kernel/compat.h"
#include "model/abort.h"
#include "model/debug.h"
#include "model/update.h"
#include "model/words.h"
#include "patch/data.h"
#include "patch/depend.h"
#include "patch/hooks.h"
#include "patch/livepatch.h"
#include "patch/patch.h"
#include "patch/replace.h"
#include "patch/stop.h"
#include "threads/park.h"
#include "threads/precheck.h"
#include "threads/ranges.h"
#include "threads/stack.h"

#define PATIENCE_MS		1000	/* whoever asked may ask again */
#define FIRST_DELAY_MS		10	/* doubled for each attempt */
#define LAST_DELAY_MS		160

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

static int abort_busy(struct ksplice_stop *stop)
{
	const struct ksplice_conflict *first = &stop->stack.conflicts[0];
	struct ksplice_update *update = stop->update;
	unsigned int n = stop->stack.n_conflicts;

	if (!n)
		return ksplice_abort(update, KSPLICE_CODE_BUSY,
				     "threads come and go faster than they can be looked at");
	kvfree(update->conflicts);
	update->conflicts = ksplice_conflicts_format(&stop->stack);
	return ksplice_abort(update, KSPLICE_CODE_BUSY,
			     "%u thread%s in the way, the first is %d (%s)%s%s",
			     n, n == 1 ? " is" : "s are",
			     first->pid, first->comm,
			     first->range->name ? " in " : "",
			     first->range->name ?: "");
}

static void note_busy(const struct ksplice_stop *stop, bool was_stopped)
{
	const struct ksplice_conflict *first = &stop->stack.conflicts[0];
	const char *when = was_stopped ? "in the stop" : "before the stop";
	unsigned int n = stop->stack.n_conflicts;
	char name[KSPLICE_PLACE_LEN];

	if (!n)
		ksplice_debug(stop->update, "%s threads had come and gone", when);
	else
		ksplice_debug(stop->update,
			      "%s in the way: %u, the first is %d (%s) in %s",
			      when, n, first->pid, first->comm,
			      ksplice_return_name(name, first->addr));
}

/*
 * Those who are in the way, and whoever made the request: he looks whether it
 * is over and sleeps in between, so he might come to be in the way.
 */
static void ask_to_leave(const struct ksplice_stop *stop)
{
	struct task_struct *requester = stop->update->requester;
	bool has_requester = requester &&
			     ksplice_park_add(stop->park, requester);

	ksplice_debug(stop->update,
		      "%u threads have been asked to leave the kernel%s",
		      ksplice_park_add_list(stop->park,
					    &stop->precheck.todo),
		      has_requester ? ", the one that made the request among them" :
				      "");
}

/* Until it is done, refused or patience ends; the cause is in stop. */
static int attempt(struct ksplice_stop *stop)
{
	unsigned long end = jiffies + msecs_to_jiffies(PATIENCE_MS);
	unsigned int delay = FIRST_DELAY_MS;
	int ret;

	for (;;) {
		stop->cause = KSPLICE_CODE_BUSY;
		ret = ksplice_precheck_turns(&stop->precheck);
		if (!ret) {
			ret = stop->kind == KSPLICE_STOP_TRY ?
			      ksplice_stop_try(stop) : ksplice_stop_run(stop);
			if (ret || stop->cause != KSPLICE_CODE_BUSY)
				return ret;
		}
		if (ret < 0)
			return ksplice_abort(stop->update,
					     KSPLICE_OUT_OF_MEMORY,
					     "no memory to look at all threads");
		note_busy(stop, !ret);
		if (stop->park)
			ask_to_leave(stop);
		if (signal_pending(current) || time_after(jiffies, end))
			return 0;
		msleep_interruptible(delay);
		delay = min_t(unsigned int, 2 * delay, LAST_DELAY_MS);
	}
}

static int abort_changed(const struct ksplice_stop *stop)
{
	const struct ksplice_data_write *data = stop->changed_data;
	const struct ksplice_function *function = stop->changed;
	bool is_new = data ? data->way == KSPLICE_APPLY : function->before == function->saved;
	const char *what = is_new ? "was matched" : "applying wrote there";

	if (data)
		return ksplice_abort(stop->update, stop->cause,
				     "the data '%s' is not what %s",
				     data->data->name, what);
	return ksplice_abort(stop->update, stop->cause,
			     "the code at '%s'+0x%lx is not what %s",
			     function->name,
			     function->redirect - function->body, what);
}

static int run(struct ksplice_stop *stop)
{
	int ret;

	stop->update->pause_ns = 0;
	ret = map_pieces(stop);
	if (ret)
		return ret;
	if (stop->update->kick) {
		stop->park = ksplice_park_new();
		if (!stop->park)
			return ksplice_abort(stop->update,
					     KSPLICE_OUT_OF_MEMORY,
					     "no memory to kick threads");
	}
	if (ksplice_ranges_seal(&stop->stack.ranges) ||
	    ksplice_precheck_start(&stop->precheck, &stop->stack)) {
		ksplice_park_end(stop->park);
		return ksplice_abort(stop->update, KSPLICE_OUT_OF_MEMORY,
				     "no memory to look at all threads");
	}
	ret = attempt(stop);
	ksplice_park_end(stop->park);
	ksplice_precheck_end(&stop->precheck);
	if (ret)
		return ret;
	switch (stop->cause) {
	case KSPLICE_OK:
		break;
	case KSPLICE_CODE_BUSY:
		ksplice_debug(stop->update, "the machine was stopped %u times",
			      stop->n_stops);
		return abort_busy(stop);
	case KSPLICE_CALL_FAILED:
		return ksplice_hooks_abort(stop->hooks);
	default:
		return abort_changed(stop);
	}
	if (stop->kind == KSPLICE_STOP_TRY) {
		ksplice_debug(stop->update,
			      "%u functions could be replaced; %u threads checked",
			      stop->n_functions, stop->precheck.n_before);
		return 0;
	}
	ksplice_debug(stop->update,
		      "%s %u functions; %u threads checked before the stop, %u in it; stopped %u times, the last for %llu us; text was writable for %llu ns",
		      stop->plan->parts[stop->plan->n - 1].way == KSPLICE_APPLY ?
		      "replaced" : "put back",
		      stop->n_functions, stop->precheck.n_before,
		      stop->stack.n_tasks, stop->n_stops,
		      stop->update->pause_ns / 1000, stop->writable_ns);
	return 0;
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

static void stop_release(struct ksplice_stop *stop)
{
	unmap_pieces(stop);
	ksplice_data_release(&stop->data);
	kvfree(stop->functions);
	kvfree(stop->running);
	ksplice_stack_release(&stop->stack);
}

/* Released by stop_release(), whatever it returns. */
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
	if (ksplice_stack_init(&stop->stack) || !stop->functions || !stop->running)
		return ksplice_abort(plan->update, KSPLICE_OUT_OF_MEMORY,
				     "no memory for the stop");
	return ksplice_data_init(&stop->data, plan);
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
				     "'%s' cannot be replaced while threads are in it: %s",
				     function->name,
				     function->running_conflict);
	if (ksplice_has_livepatch(function->addr))
		return ksplice_abort(update, KSPLICE_SITE_CONFLICT,
				     "'%s' is replaced by a live patch of the kernel's own kind; disable that first",
				     function->name);
	ret = ksplice_redirect_make(function);
	if (ret == -ERANGE)
		return ksplice_abort(update, KSPLICE_TOO_SHORT,
				     "the new code of '%s' is too far from it",
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
 * Threads may still be in bodies that earlier updates replaced under them: they
 * count, too, unless they are allowed to be there now.  Which part (.cold)
 * belonged to which function is not known any more, so all are added.
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

/* Where nobody may be when the function is replaced. */
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

static bool is_same_place(const struct ksplice_function *a,
			  const struct ksplice_function *b)
{
	return a->redirect == b->redirect &&
	       a->redirect_len == b->redirect_len &&
	       !memcmp(a->saved, b->saved, a->redirect_len);
}

/*
 * What is written at the function's redirect.  If one that is put back has its
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
		if (function->redirect >= other->redirect + other->redirect_len ||
		    other->redirect >= function->redirect + function->redirect_len)
			continue;
		if (!apply || other->before != other->written ||
		    !is_same_place(function, other))
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

/* Nobody may be in the code of a change that is put back. */
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

/* Nor in the functions that one which is applied replaces. */
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

/* What is hidden has been checked when it was. */
static int check_depend(const struct ksplice_plan *plan)
{
	const struct ksplice_part *last = &plan->parts[plan->n - 1];

	return last->way == KSPLICE_APPLY ?
	       __ksplice_depend_check_apply(last->update) :
	       __ksplice_depend_check_reverse(last->update, last->update);
}

static int carry_out(const struct ksplice_plan *plan,
		     struct ksplice_hooks *hooks, enum ksplice_stop_kind kind)
{
	const struct ksplice_part *part;
	struct ksplice_stop stop;
	int ret = check_depend(plan);

	if (ret)
		return ret;
	ret = stop_init(&stop, plan, hooks);
	stop.kind = kind;
	ksplice_for_each_part(part, plan) {
		if (!ret)
			ret = add_part(&stop, part);
	}
	if (!ret)
		ret = run(&stop);
	stop_release(&stop);
	return ret;
}

int __ksplice_patch(const struct ksplice_plan *plan,
		    struct ksplice_hooks *hooks)
{
	return carry_out(plan, hooks, KSPLICE_STOP_WRITE);
}

int __ksplice_patch_try(const struct ksplice_plan *plan)
{
	return carry_out(plan, NULL, KSPLICE_STOP_TRY);
}
