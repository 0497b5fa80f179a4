// SPDX-License-Identifier: GPL-2.0-only
/*
 * ibt.c - x86: indirect branch tracking
 *
 * With it, an indirect call or jump must lead to endbr64.  If it does not, the
 * CPU raises an exception, and the kernel stops with BUG().
 *
 * In a kernel that is built for it, each global function begins with endbr64,
 * and each static one whose address its unit takes.  objtool lists those that
 * nothing in the kernel points to, and boot seals them: it overwrites their
 * endbr64, whether the CPU tracks branches or not.  Exported ones are not
 * sealed, nor are those of the update's modules, which have no such list.  Four
 * kinds of calls matter:
 *
 * - The core calls the kernel: directly, see compat.h.
 * - The kernel calls the core, and the core the hooks of an update, through
 *   pointers.  Both are compiled like any module: whatever they point to has
 *   endbr64.
 * - The kernel calls a function that is replaced.  The redirect is after the
 *   endbr64 (redirect.c), so a pointer to the function stays as good as it was.
 *   It is a direct jump, as is that of a CPU which hits the int3 before: a
 *   return from an exception is not tracked.
 * - New code calls the kernel.  A direct call may lead anywhere.  A pointer may
 *   lead to a function that is sealed or never had endbr64.  Where the original
 *   has the same pointer, the kernel was built with it.  The others are marked
 *   KSPLICE_IMPORT_POINTER, and what is there decides.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include "arch/calls.h"
#include "compare/run.h"

static bool is_assumed;
module_param_named(ibt, is_assumed, bool, 0444);
MODULE_PARM_DESC(ibt, "check as if indirect branches were tracked, for tests");

static bool is_tracked(void)
{
	return is_assumed || (IS_ENABLED(CONFIG_X86_KERNEL_IBT) &&
			      boot_cpu_has(X86_FEATURE_IBT));
}

const char *ksplice_call_refusal(unsigned long addr)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	u8 bytes[sizeof(endbr64)];
	bool probed;

	if (!is_tracked())
		return NULL;
	if (ksplice_run_read(bytes, addr, sizeof(bytes), sizeof(bytes),
			     &probed) == sizeof(bytes) &&
	    !memcmp(bytes, endbr64, sizeof(endbr64)))
		return NULL;
	return "which does not begin with endbr64, while indirect branches are tracked: use the address of a new function that calls it, or boot with ibt=off";
}
