// SPDX-License-Identifier: GPL-2.0-only
/*
 * correlate.c - which span of post is which span of pre
 *
 * The step "correlate".  A wrong answer here is the worst that can happen: new
 * code would use the wrong variable of the running kernel.  So a name decides
 * only if a person wrote it, and it is there once in each object; numbers that
 * the compiler appended decide nothing.
 *
 *   1. Names without numbers, such as dup_mmap() and max_threads of
 *      kernel/fork.c.
 *   2. Strings, constants and the like, by contents, such as the format of
 *      loadavg_proc_show(), which has no name at all.
 *   3. Clones of functions: those of one name and sort in their order if there
 *      are as many as before, else by their exact names.  A wrong answer costs
 *      nothing: all callers of a changed clone change as well.  A .cold part
 *      goes with its function.  So __set_oom_adj.isra.0 of fs/proc/base.c, and
 *      with it __set_oom_adj.isra.0.cold.
 *   4. Numbered variables, by the line that declares them, as far as the patch
 *      left it alone (declared.c).  The pr_warn_once() in __set_oom_adj() has
 *      the flag __already_done.3.  If a patch adds another one to that
 *      function, both have other numbers, but the line says which of them is
 *      the old one.
 *   5. Other numbered variables, by the functions that refer to them: if a
 *      correlated function refers to as many of one name as before, they are
 *      the same ones in the same order.  If not, those with equal contents,
 *      where that is unambiguous.  vm_area_alloc() refers to one dummy_vm_ops,
 *      so dummy_vm_ops.252 of kernel/fork.o is the one of another number in
 *      post.  Of flags (WARN_ONCE() and the like) the order is a guess: state.c
 *      gives it up unless code that does not change confirms it.
 *   6. One that is left on both sides, when code moved into or out of a
 *      function that only one side has.  If memcg_charge_kernel_stack.part.0 of
 *      kernel/fork.o is inlined into its caller in post, what only that
 *      referred to is referred to by the caller now.
 *   In 5 and 6 only if they stand in the source of the same function, as far as
 *   the debug information says (scope.c).
 * Whatever stays open is noted as a candidate, and keep.c refuses to use it.
 */
#include "decide/correlate.h"
#include "decide/compare.h"
#include "decide/correlation.h"
#include "decide/declared.h"
#include "model/name.h"
#include "util/strmap.h"
#include "util/vec.h"

#include <stdio.h>
#include <string.h>

/* All spans of one base name and sort, in the order of their numbers */
struct group {
	const char *key;
	struct span **pre, **post;
	size_t n_pre, n_post;
};

struct named {
	struct span *pre, *post;
	bool pre_twice, post_twice;
};

/* Spans of different sorts are never each other; 0: not correlated at all. */
static char sort_of(const struct span *span)
{
	switch (span->section->kind) {
	case KIND_TEXT:
		return 't';
	case KIND_INIT:
		return 'i';
	case KIND_RODATA:
		return span_is_content(span) ? 'c' : 'r';
	case KIND_STRING:
		return 's';
	case KIND_CONST:
		return 'c';
	case KIND_DATA:
		return 'd';
	case KIND_PERCPU:
		return 'p';
	case KIND_FIXED:
		return 'f';
	case KIND_UNKNOWN:
		return 'u';
	default:
		return 0;
	}
}

static bool is_by_content(const struct span *span)
{
	return sort_of(span) == 's' || sort_of(span) == 'c';
}

/* A variable that becomes constant, or the like, is still the same one. */
static bool sorts_agree(const struct span *pre, const struct span *post)
{
	char a = sort_of(pre), b = sort_of(post);

	return a == b || (strchr("rdp", a) && strchr("rdp", b));
}

/* --- step 1: names ------------------------------------------------------- */

static bool is_name(const struct symbol *symbol)
{
	return symbol->span && !symbol->is_section && !symbol->is_file &&
	       *symbol->name && symbol->value == symbol->span->start &&
	       sort_of(symbol->span) && !is_by_content(symbol->span) &&
	       !strcmp(name_base(symbol->name), symbol->name);
}

static struct named *named_slot(struct strmap *map, const char *name)
{
	void **slot = strmap_slot(map, name);

	if (!*slot)
		*slot = xcalloc(1, sizeof(struct named));
	return *slot;
}

static bool is_init_data(const struct span *span)
{
	return span->section->kind == KIND_INIT &&
	       !(span->section->flags & SEC_CODE);
}

static void correlate_names(struct pair *pair)
{
	struct strmap map = {};

	for (size_t i = 0; i < pair->pre->n_symbols; i++) {
		struct symbol *symbol = &pair->pre->symbols[i];

		if (!is_name(symbol))
			continue;

		struct named *named = named_slot(&map, symbol->name);

		named->pre_twice = named->pre;
		named->pre = symbol->span;
	}
	for (size_t i = 0; i < pair->post->n_symbols; i++) {
		struct symbol *symbol = &pair->post->symbols[i];

		if (!is_name(symbol))
			continue;

		struct named *named = named_slot(&map, symbol->name);

		named->post_twice = named->post;
		named->post = symbol->span;
	}
	for (size_t i = 0; i < pair->pre->n_symbols; i++) {
		struct symbol *symbol = &pair->pre->symbols[i];

		if (!is_name(symbol))
			continue;

		struct named *named = strmap_get(&map, symbol->name);

		if (!named->post || named->pre_twice || named->post_twice ||
		    peer_of(named->pre) || peer_of(named->post))
			continue;
		if (sorts_agree(named->pre, named->post))
			correlation_set(named->pre, named->post);
		else if (is_init_data(named->pre))
			named->post->correlation.candidate = named->pre;
	}
}

/* --- step 2: contents ---------------------------------------------------- */

static const char *content_key(const struct span *span);

static const char *reference_key(const struct reloc *reloc)
{
	const struct span *to = reloc->referent;

	if (!to || !is_by_content(to) || to->n_relocs)
		return xasprintf("%s%+lld", reloc->symbol->name,
				 (long long)reloc->addend);
	return xasprintf("%s%+lld", content_key(to),
			 (long long)reloc->referent_offset);
}

/* A key that spans of equal contents, and only they, have */
static const char *content_key(const struct span *span)
{
	const uint8_t *bytes = span_bytes(span);
	const char *full;
	char *key = xcalloc(2 * span->size + 32, 1);
	char *out = key + sprintf(key, "%c%llx:", sort_of(span),
				  (unsigned long long)span->size);

	for (uint64_t i = 0; bytes && i < span->size; i++)
		out += sprintf(out, "%02x", bytes[i]);
	full = key;
	for (size_t i = 0; i < span->n_relocs; i++)
		full = xasprintf("%s,%s", full,
				 reference_key(&span->relocs[i]));
	return full;
}

static void correlate_contents(struct pair *pair)
{
	struct strmap map = {};
	struct span *span;

	for_each_span(span, pair->post) {
		if (!is_by_content(span) || peer_of(span))
			continue;

		const char *key = content_key(span);
		struct group **slot = (struct group **)strmap_slot(&map, key);

		if (!*slot)
			*slot = xcalloc(1, sizeof(**slot));
		vec_add((*slot)->post, (*slot)->n_post) = span;
	}
	for_each_span(span, pair->pre) {
		if (!is_by_content(span) || peer_of(span))
			continue;

		struct group *group = strmap_get(&map, content_key(span));

		/* n_pre counts those that are used up. */
		if (group && group->n_pre < group->n_post)
			correlation_set(span, group->post[group->n_pre++]);
	}
}

/* --- steps 3 to 6: groups ------------------------------------------------ */

struct groups {
	struct strmap map;
	struct group **all;
	size_t n;
};

static const char *numbered_name(const struct span *span)
{
	return span->symbol ? span->name : span->section->name;
}

static struct group *group_of(struct groups *groups, const struct span *span)
{
	const char *key = xasprintf("%c%d:%s", sort_of(span),
				    span->symbol ? 1 : 0,
				    name_base(numbered_name(span)));
	struct group **slot = (struct group **)strmap_slot(&groups->map,
							      key);

	if (!*slot) {
		*slot = xcalloc(1, sizeof(**slot));
		(*slot)->key = key;
		vec_add(groups->all, groups->n) = *slot;
	}
	return *slot;
}

static void collect_groups(struct groups *groups, struct pair *pair)
{
	struct span *span;

	for_each_span(span, pair->pre) {
		if (!sort_of(span) || peer_of(span) || is_by_content(span))
			continue;

		struct group *group = group_of(groups, span);

		vec_add(group->pre, group->n_pre) = span;
	}
	for_each_span(span, pair->post) {
		if (!sort_of(span) || peer_of(span) || is_by_content(span))
			continue;

		struct group *group = group_of(groups, span);

		vec_add(group->post, group->n_post) = span;
	}
}

static int by_number(const void *a, const void *b)
{
	const struct span *x = *(struct span *const *)a;
	const struct span *y = *(struct span *const *)b;
	long x_number = name_number(numbered_name(x));
	long y_number = name_number(numbered_name(y));

	if (x_number != y_number)
		return x_number < y_number ? -1 : 1;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static void correlate_in_order(struct group *group)
{
	for (size_t i = 0; i < group->n_pre; i++)
		if (!peer_of(group->pre[i]) && !peer_of(group->post[i]))
			correlation_set(group->pre[i], group->post[i]);
}

static void correlate_exact(struct group *group)
{
	for (size_t i = 0; i < group->n_pre; i++)
		for (size_t j = 0; j < group->n_post; j++)
			if (!peer_of(group->pre[i]) &&
			    !peer_of(group->post[j]) &&
			    !strcmp(group->pre[i]->name, group->post[j]->name))
				correlation_set(group->pre[i], group->post[j]);
}

static void correlate_cold(struct group *group)
{
	for (size_t i = 0; i < group->n_pre; i++) {
		struct span *pre = group->pre[i];

		for (size_t j = 0; j < group->n_post; j++) {
			struct span *post = group->post[j];

			if (pre->links.parent && post->links.parent &&
			    !peer_of(pre) && !peer_of(post) &&
			    peer_of(pre->links.parent) == post->links.parent)
				correlation_set(pre, post);
		}
	}
}

static void correlate_clones(struct group *group)
{
	if (group->n_pre && group->pre[0]->links.parent)
		correlate_cold(group);
	else if (group->n_pre == group->n_post)
		correlate_in_order(group);
	else
		correlate_exact(group);
}

/* The function that refers: a table entry or .cold part stands for it. */
static struct span *owner(struct span *referrer)
{
	return referrer->links.parent ?: referrer;
}

static bool refers(const struct span *by, const struct span *to)
{
	for (size_t i = 0; i < to->links.n_referrers; i++)
		if (owner(to->links.referrers[i]) == by)
			return true;
	return false;
}

/* May it still get a peer? */
static bool is_open(const struct span *span)
{
	return !peer_of(span) && !span->correlation.alone;
}

/* Those of a list that are open and that the function refers to */
struct list {
	struct span **spans;
	size_t n;
};

static struct list referred(struct span **spans, size_t n,
			    const struct span *by)
{
	struct list list = {};

	for (size_t i = 0; i < n; i++)
		if (is_open(spans[i]) && refers(by, spans[i]))
			vec_add(list.spans, list.n) = spans[i];
	return list;
}

/*
 * A static local of another function's source is another one, however alike
 * they are and whatever both were inlined into.
 */
static bool may_be(const struct span *pre, const struct span *post)
{
	return !pre->correlation.scope || !post->correlation.scope ||
	       span_is_disposable(pre) ||
	       !strcmp(pre->correlation.scope, post->correlation.scope);
}

static bool is_similar(const struct span *pre, const struct span *post)
{
	return may_be(pre, post) && compare_spans(pre, post, NULL, NULL);
}

/* Is it similar to exactly one of the list? */
static bool is_only_one(const struct span *span, const struct list *list,
			bool span_is_pre)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += span_is_pre ? is_similar(span, list->spans[i]) :
				   is_similar(list->spans[i], span);
	return n == 1;
}

static bool is_only_pair(const struct span *pre, const struct list *pres,
			 const struct span *post, const struct list *posts)
{
	return is_only_one(pre, posts, true) && is_only_one(post, pres, false);
}

/* A flag without references looks like any other one: also a single one. */
static void set_guess(struct span *pre, struct span *post, bool only)
{
	post->correlation.by_order =
		!only || (span_is_disposable(pre) && !pre->n_relocs);
	correlation_set(pre, post);
}

/* Returns whether anything was correlated. */
static bool correlate_lists(const struct list *pre, const struct list *post)
{
	const bool disposable = pre->n && span_is_disposable(pre->spans[0]);
	bool found = false;
	size_t from = 0;

	for (size_t i = 0; i < pre->n; i++) {
		for (size_t j = from; j < post->n; j++) {
			if (!is_similar(pre->spans[i], post->spans[j]))
				continue;

			const bool only = is_only_pair(pre->spans[i], pre,
						       post->spans[j], post);

			if (pre->n != post->n && !disposable && !only)
				continue;
			set_guess(pre->spans[i], post->spans[j], only);
			found = true;
			from = j + 1;
			break;
		}
	}
	if (disposable || pre->n != post->n)
		return found;
	/* As many as before, but changed: one of them has a new initializer. */
	for (size_t i = 0; i < pre->n; i++) {
		for (size_t j = 0; !peer_of(pre->spans[i]) && j < post->n;
		     j++) {
			if (peer_of(post->spans[j]) ||
			    !may_be(pre->spans[i], post->spans[j]))
				continue;
			correlation_set(pre->spans[i], post->spans[j]);
			found = true;
		}
	}
	return found;
}

/*
 * Step 5 for one group, with those functions only that refer to as many of
 * them as before, or with all.
 */
static bool correlate_by_referrers(struct group *group, bool equal_only)
{
	for (size_t i = 0; i < group->n_pre; i++) {
		struct span *span = group->pre[i];

		for (size_t j = 0; is_open(span) && j < span->links.n_referrers;
		     j++) {
			struct span *by = owner(span->links.referrers[j]);

			if (!peer_of(by))
				continue;

			struct list pre = referred(group->pre, group->n_pre,
						   by);
			struct list post = referred(group->post, group->n_post,
						    peer_of(by));

			if (equal_only && pre.n != post.n)
				continue;
			if (correlate_lists(&pre, &post))
				return true;
		}
	}
	return false;
}

/* A function that refers to it is on one side only. */
static bool has_new_referrer(const struct span *span)
{
	for (size_t i = 0; i < span->links.n_referrers; i++) {
		const struct span *by = owner(span->links.referrers[i]);

		if (by->section->kind == KIND_TEXT && !peer_of(by))
			return true;
	}
	return false;
}

static struct span *only_open(struct span **spans, size_t n)
{
	struct span *only = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!is_open(spans[i]))
			continue;
		if (only)
			return NULL;
		only = spans[i];
	}
	return only;
}

/* Nothing refers to them: any that are similar will do. */
static void correlate_unreferred(struct group *group)
{
	for (size_t i = 0; i < group->n_pre; i++) {
		struct span *pre = group->pre[i];

		for (size_t j = 0; j < group->n_post; j++) {
			struct span *post = group->post[j];

			if (is_open(pre) && is_open(post) &&
			    !pre->links.n_referrers &&
			    !post->links.n_referrers && is_similar(pre, post))
				correlation_set(pre, post);
		}
	}
}

static bool is_only_in_scope(const struct span *span, struct span **spans,
			     size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (spans[i] != span && is_open(spans[i]) &&
		    spans[i]->correlation.scope &&
		    !strcmp(spans[i]->correlation.scope,
			    span->correlation.scope))
			return false;
	return true;
}

/* The one of its function on both sides, whatever became of the function */
static void correlate_scopes(struct group *group)
{
	for (size_t i = 0; i < group->n_pre; i++) {
		struct span *pre = group->pre[i];

		for (size_t j = 0; j < group->n_post && is_open(pre); j++) {
			struct span *post = group->post[j];

			if (is_open(post) && pre->correlation.scope &&
			    post->correlation.scope && is_similar(pre, post) &&
			    is_only_in_scope(pre, group->pre, group->n_pre) &&
			    is_only_in_scope(post, group->post, group->n_post))
				set_guess(pre, post, true);
		}
	}
}

/* Step 6, and what is uncertain after it */
static void correlate_rest(struct group *group)
{
	correlate_unreferred(group);
	correlate_scopes(group);

	struct span *pre = only_open(group->pre, group->n_pre);
	struct span *post = only_open(group->post, group->n_post);

	if (pre && post && is_similar(pre, post) &&
	    (has_new_referrer(pre) || has_new_referrer(post))) {
		set_guess(pre, post, true);
		return;
	}
	for (size_t i = 0; i < group->n_pre; i++) {
		pre = group->pre[i];
		if (peer_of(pre) || span_is_disposable(pre) ||
		    !strchr("dpf", sort_of(pre)))
			continue;
		for (size_t j = 0; j < group->n_post; j++)
			if (!peer_of(group->post[j]))
				group->post[j]->correlation.candidate = pre;
	}
}

static bool is_of_sorts(const struct group *group, const char *sorts)
{
	return strchr(sorts, group->key[0]);
}

/* Is there a choice to make that the debug information can help with? */
static bool has_static_locals(const struct groups *groups, bool know_lines)
{
	for (size_t i = 0; i < groups->n; i++) {
		const struct group *group = groups->all[i];

		if (is_of_sorts(group, "rdp") && group->n_pre &&
		    group->n_post &&
		    (know_lines || !span_is_disposable(group->pre[0])))
			return true;
	}
	return false;
}

void correlate_pair(struct pair *pair)
{
	struct groups groups = {};
	bool again;

	correlate_names(pair);
	correlate_contents(pair);
	collect_groups(&groups, pair);
	if (has_static_locals(&groups, pair->lines))
		correlate_declared(pair);
	for (size_t i = 0; i < groups.n; i++) {
		struct group *group = groups.all[i];

		vec_sort(group->pre, group->n_pre, sizeof(*group->pre),
			 by_number);
		vec_sort(group->post, group->n_post, sizeof(*group->post),
			 by_number);
	}
	/* Functions before their .cold parts */
	for (int cold = 0; cold <= 1; cold++)
		for (size_t i = 0; i < groups.n; i++)
			if (is_of_sorts(groups.all[i], "tiu") &&
			    !!strstr(groups.all[i]->key, ".cold") == cold)
				correlate_clones(groups.all[i]);
	/* A variable may be referred to by another: until nothing is found. */
	do {
		again = false;
		for (int equal_only = 1; !again && equal_only >= 0;
		     equal_only--)
			for (size_t i = 0; i < groups.n; i++)
				while (is_of_sorts(groups.all[i], "rdpf") &&
				       correlate_by_referrers(groups.all[i],
							      equal_only))
					again = true;
	} while (again);
	for (size_t i = 0; i < groups.n; i++)
		if (is_of_sorts(groups.all[i], "rdpf"))
			correlate_rest(groups.all[i]);
}
