// SPDX-License-Identifier: GPL-2.0-only
/*
 * new-records.c - what the -new.ko of a change says of its new code
 *
 * The records come from a file, as the pre image does: each address in them
 * must be in the module, and each must be about something that was matched.
 */
#include <linux/module.h>
#include <linux/uaccess.h>
#include "arch/text.h"
#include "compare/run.h"
#include "core/new-records.h"
#include "kernel/compat.h"
#include "model/abort.h"
#include "model/update.h"

/* More bytes than there are from the start of a probe to its end */
#define PROBES_BEFORE	16

static struct ksplice_function *
find_span(struct ksplice_change *change, unsigned int span)
{
	unsigned int i;

	for (i = 0; i < change->n_functions; i++)
		if (change->functions[i].span == span &&
		    !change->functions[i].is_part)
			return &change->functions[i];
	return NULL;
}

void ksplice_records_forget(struct ksplice_change *change)
{
	unsigned int i;

	for (i = 0; i < change->n_functions; i++) {
		change->functions[i].new_addr = 0;
		change->functions[i].new_size = 0;
	}
	for (i = 0; i < change->n_data; i++)
		change->data[i].new_addr = 0;
	change->hooks = NULL;
	change->n_hooks = 0;
}

static bool __add_new_function(struct ksplice_change *change,
			       const struct ksplice_replaced_record *record)
{
	struct ksplice_function *function = find_span(change,
							     record->span);

	if (!function || function->new_addr)
		return false;
	function->new_addr = record->new_addr;
	function->new_size = record->new_size;
	return true;
}

static bool __add_new_data(struct ksplice_change *change,
			   const struct ksplice_replaced_record *record)
{
	struct ksplice_data *data;

	for (data = change->data; data < change->data + change->n_data;
	     data++) {
		if (data->span != record->span)
			continue;
		if (data->new_addr || data->size != record->new_size)
			return false;
		data->new_addr = record->new_addr;
		return true;
	}
	return false;
}

static bool __add_record(struct ksplice_change *change,
			 const struct module *owner,
			 const struct ksplice_replaced_record *record)
{
	if (!record->new_size ||
	    !within_module_core(record->new_addr, owner) ||
	    !within_module_core(record->new_addr + record->new_size - 1, owner))
		return false;
	switch (record->kind) {
	case KSPLICE_REPLACED_FUNCTION:
		return __add_new_function(change, record);
	case KSPLICE_REPLACED_DATA:
		return __add_new_data(change, record);
	default:
		return false;
	}
}

/* Those of a unit follow one another. */
static bool is_hook_good(const struct ksplice_new_records *records,
			 unsigned int i, const struct module *owner)
{
	const struct ksplice_hook_record *hook = &records->hooks[i];

	return hook->kind && hook->kind < KSPLICE_N_HOOK_KINDS &&
	       within_module_core(hook->call, owner) &&
	       within_module_core(hook->name, owner) &&
	       (!i || hook->unit >= hook[-1].unit);
}

/* They are where a symbol of the module says, up to where another one does. */
static bool is_table_in(const struct module *owner, const void *table,
			unsigned int n, size_t entry)
{
	unsigned long start = (unsigned long)table;

	return !n || (within_module_core(start, owner) &&
		      within_module_core(start + n * entry - 1, owner));
}

static int check_records(struct ksplice_change *change,
			 struct module *owner,
			 const struct ksplice_new_records *records)
{
	unsigned int i;

	if (!is_table_in(owner, records->replaced, records->n_replaced,
			 sizeof(*records->replaced)) ||
	    !is_table_in(owner, records->hooks, records->n_hooks,
			 sizeof(*records->hooks)) ||
	    !is_table_in(owner, records->constants, records->n_constants,
			 sizeof(*records->constants)))
		return ksplice_abort(change->update, KSPLICE_UNEXPECTED,
				     "the records of '%s' are outside of it",
				     owner->name);
	for (i = 0; i < records->n_hooks; i++)
		if (!is_hook_good(records, i, owner))
			return ksplice_abort(change->update,
					     KSPLICE_UNEXPECTED,
					     "hook record %u of '%s' is invalid",
					     i, owner->name);
	return 0;
}

/* In code it is an operand, which a probe may cover that begins before it. */
static bool read_variable(u8 *value, unsigned long addr, u32 size)
{
	u8 code[PROBES_BEFORE + 8];
	u32 len = PROBES_BEFORE + size;
	bool probed;

	if (!ksplice_is_text(addr))
		return !copy_from_kernel_nofault(value, (void *)addr, size);
	if (ksplice_run_read(code, addr - PROBES_BEFORE, len, len,
			     &probed) != len)
		return false;
	memcpy(value, code + PROBES_BEFORE, size);
	return true;
}

/* What boot did in the kernel; none of the new code runs yet. */
static bool fill_constant(const struct module *owner,
			  const struct ksplice_constant_record *record)
{
	void *operand = (void *)(unsigned long)record->operand;
	u8 value[8];

	if ((record->size != 1 && record->size != 4 &&
	     record->size != sizeof(value)) ||
	    !within_module_core(record->operand, owner) ||
	    !within_module_core(record->operand + record->size - 1, owner) ||
	    !read_variable(value, record->variable, record->size))
		return false;
	mutex_lock(ksplice_need.text_mutex);
	ksplice_text_write(operand, value, record->size);
	mutex_unlock(ksplice_need.text_mutex);
	return true;
}

int __ksplice_records_add(struct ksplice_change *change, struct module *owner,
			  const struct ksplice_new_records *records)
{
	unsigned int i;
	int ret = check_records(change, owner, records);

	if (ret)
		return ret;
	for (i = 0; i < records->n_replaced; i++)
		if (!__add_record(change, owner, &records->replaced[i]))
			return ksplice_abort(change->update,
					     KSPLICE_UNEXPECTED,
					     "record %u of replaced spans in '%s' is invalid",
					     i, owner->name);
	for (i = 0; i < records->n_constants; i++)
		if (!fill_constant(owner, &records->constants[i]))
			return ksplice_abort(change->update,
					     KSPLICE_UNEXPECTED,
					     "constant record %u of '%s' is invalid",
					     i, owner->name);
	change->hooks = records->hooks;
	change->n_hooks = records->n_hooks;
	return 0;
}
