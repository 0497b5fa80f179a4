// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe.c - x86: what kprobes have overwritten
 *
 * A probe is an int3, or a 5-byte jump when it is optimized.  A probe at the
 * ftrace site is neither: ftrace calls it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <asm/text-patching.h>
#include "arch/probe.h"
#include "kernel/compat.h"

static bool restore_jump(u8 *buf, u32 len, const struct kprobe *probe)
{
#ifdef CONFIG_OPTPROBES
	const struct optimized_kprobe *op;

	if (!(probe->flags & KPROBE_FLAG_OPTIMIZED))
		return false;
	op = container_of(probe, struct optimized_kprobe, kp);
	buf[0] = probe->opcode;
	memcpy(buf + 1, op->optinsn.copied_insn,
	       min_t(u32, len - 1, sizeof(op->optinsn.copied_insn)));
	return true;
#else
	return false;
#endif
}

bool ksplice_probe_restore(u8 *buf, unsigned long addr, u32 len)
{
	const struct kprobe *probe;
	bool found = false;
	u32 i;

	preempt_disable();
	for (i = 0; i < len; i++) {
		if (buf[i] != INT3_INSN_OPCODE && buf[i] != JMP32_INSN_OPCODE)
			continue;
		probe = ksplice_call(get_kprobe)((void *)addr + i);
		if (!probe || (probe->flags & KPROBE_FLAG_FTRACE))
			continue;
		if (buf[i] == JMP32_INSN_OPCODE) {
			found |= restore_jump(buf + i, len - i, probe);
		} else if (probe->opcode != INT3_INSN_OPCODE) {
			buf[i] = probe->opcode;
			found = true;
		}
	}
	preempt_enable();
	return found;
}

bool ksplice_probe_inside(unsigned long addr, u32 len)
{
	const struct kprobe *probe;
	bool found = false;
	u32 i;

	/* A jump may start up to four bytes before. */
	preempt_disable();
	for (i = 0; i < len + JMP32_INSN_SIZE - 1 && !found; i++) {
		unsigned long at = addr - (JMP32_INSN_SIZE - 1) + i;

		probe = ksplice_call(get_kprobe)((void *)at);
		if (!probe || (probe->flags & KPROBE_FLAG_FTRACE))
			continue;
		found = at >= addr ||
			(probe->flags & KPROBE_FLAG_OPTIMIZED);
	}
	preempt_enable();
	return found;
}
