// SPDX-License-Identifier: GPL-2.0-only
/*
 * redirect.c - x86: a jump of five bytes, and how it is written
 *
 * It has five bytes; nops fill the rest of the last instruction that it covers.
 * It is written after endbr64 and the ftrace site, so that tracers at the entry
 * keep working; without an ftrace site it is the entry itself.
 *
 * Only NMIs (and machine checks) run while the machine is stopped.  So that
 * none of them executes a torn instruction, it is written in three steps, and
 * every CPU serializes after each:
 *	0. int3 in the first byte; a die notifier sends a CPU that hits it to
 *	   the new code,
 *	1. the tail,
 *	2. the first byte.
 * When every CPU has seen step 0 in its spin loop, no NMI handler that entered
 * the function before it is left, so none can be in the middle of the tail.
 *
 * Undo uses the same steps.  The new code is still there then, and is still a
 * right place to go: an NMI handler ends before its CPU leaves the stop.
 */
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "arch/redirect.h"
#include "arch/x86/decode.h"
#include "compare/pre.h"
#include "kernel/compat.h"
#include "model/update.h"

/* Written inside the stop only, read by the notifier on any CPU. */
static struct ksplice_function **caught;
static unsigned int n_caught;

static int catch_int3(struct notifier_block *block, unsigned long event,
		      void *data)
{
	struct die_args *args = data;
	struct ksplice_function **functions;
	unsigned long addr;
	unsigned int i, n;

	if (event != DIE_INT3 || !args->regs || user_mode(args->regs))
		return NOTIFY_DONE;
	/* pairs with the release in ksplice_redirect_catch() */
	n = smp_load_acquire(&n_caught);
	functions = READ_ONCE(caught);
	addr = instruction_pointer(args->regs) - INT3_INSN_SIZE;
	for (i = 0; i < n; i++) {
		if (functions[i]->redirect != addr)
			continue;
		instruction_pointer_set(args->regs, functions[i]->new_addr);
		return NOTIFY_STOP;
	}
	return NOTIFY_DONE;
}
NOKPROBE_SYMBOL(catch_int3);

static struct notifier_block catch_int3_block = {
	.notifier_call = catch_int3,
	.priority = INT_MAX,
};

int ksplice_redirect_init(void)
{
	return register_die_notifier(&catch_int3_block);
}

void ksplice_redirect_exit(void)
{
	unregister_die_notifier(&catch_int3_block);
}

/* After endbr64 and the ftrace site, which tracers at the entry need. */
u32 ksplice_redirect_offset(const struct ksplice_pre *pre,
			    const struct ksplice_span *span)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	u32 offset = 0;
	u32 i;

	if (span->size >= sizeof(endbr64) &&
	    !memcmp(ksplice_span_bytes(pre, span), endbr64, sizeof(endbr64)))
		offset = sizeof(endbr64);
	for (i = span->first_site; i < span->first_site + span->n_sites; i++) {
		const struct ksplice_site *site = &pre->sites[i];

		if (site->kind == KSPLICE_SITE_FTRACE &&
		    site->offset <= offset)
			return site->offset + CALL_INSN_SIZE;
	}
	return offset;
}

/*
 * The jump, to the end of the last instruction that it covers.  kprobes decodes
 * a function from its start to learn where its instructions begin; what is
 * left of one would make it accept a probe in the middle of another, which
 * undo would restore under the probe.
 */
u32 ksplice_redirect_len(const u8 *code, u32 size)
{
	struct insn insn;
	u32 len = 0;

	while (len < JMP32_INSN_SIZE && ksplice_insn(&insn, code, size, len))
		len += insn.length;
	return max_t(u32, len, JMP32_INSN_SIZE);
}

int ksplice_redirect_make(struct ksplice_function *function)
{
	s64 distance = function->new_addr -
		       (function->redirect + JMP32_INSN_SIZE);
	s32 displacement = distance;

	if (function->redirect_room < JMP32_INSN_SIZE)
		return -ENOSPC;
	if (displacement != distance)
		return -ERANGE;
	/* Nops of one byte, so that each of them is an instruction. */
	memset(function->written, NOP_INSN_OPCODE, function->redirect_len);
	function->written[0] = JMP32_INSN_OPCODE;
	memcpy(function->written + 1, &displacement, sizeof(displacement));
	return 0;
}

void ksplice_redirect_catch(struct ksplice_function **functions,
			    unsigned int n)
{
	if (n)
		WRITE_ONCE(caught, functions);
	/* pairs with the acquire in catch_int3() */
	smp_store_release(&n_caught, n);
}

/*
 * len is 4 at least.  As few stores as can be: each is slow where code has been
 * run.
 */
static void write_tail(u8 *to, const u8 *from, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i += sizeof(u32)) {
		i = min_t(unsigned int, i, len - sizeof(u32));
		put_unaligned(get_unaligned((const u32 *)(from + i)),
			      (u32 *)(to + i));
	}
}

void ksplice_redirect_write(u8 *alias, const u8 *bytes, unsigned int len,
			    unsigned int step)
{
	switch (step) {
	case 0:
		WRITE_ONCE(alias[0], INT3_INSN_OPCODE);
		break;
	case 1:
		write_tail(alias + 1, bytes + 1, len - 1);
		break;
	case 2:
		WRITE_ONCE(alias[0], bytes[0]);
		break;
	}
}
