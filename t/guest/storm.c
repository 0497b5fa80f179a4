// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm.c - NMIs at full speed that call a function which is being replaced
 *
 * Each NMI calls jiffies64_to_msecs() some hundred times and then sends one to
 * the next processor, so that they go on while the machine is stopped.  Write 1
 * to the parameter run to start it and 0 to end it; counts has how many calls
 * returned what the old function does, what the new one of
 * bench/guest/call.patch does, and anything else; and how many of them ran
 * into an int3.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/smp.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#define CALLS		200
#define LONGEST		32		/* the function is shorter */

static bool is_on;
static atomic64_t n_old, n_new, n_other, n_caught;

static void send_nmi(void)
{
	int cpu = cpumask_next(raw_smp_processor_id(), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first(cpu_online_mask);
	apic->send_IPI(cpu, NMI_VECTOR);
}

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	unsigned int i;

	if (!READ_ONCE(is_on))
		return NMI_DONE;
	for (i = 0; i < CALLS; i++) {
		switch (jiffies64_to_msecs(100)) {
		case 400:
			atomic64_inc(&n_old);
			break;
		case 401:
			atomic64_inc(&n_new);
			break;
		default:
			atomic64_inc(&n_other);
		}
	}
	send_nmi();
	return NMI_HANDLED;
}

/* The first to be asked, as it is loaded first. */
static int on_die(struct notifier_block *block, unsigned long event, void *data)
{
	const struct die_args *args = data;
	unsigned long offset = instruction_pointer(args->regs) -
			       (unsigned long)jiffies64_to_msecs;

	if (event == DIE_INT3 && offset < LONGEST)
		atomic64_inc(&n_caught);
	return NOTIFY_DONE;
}

static struct notifier_block die_block = {
	.notifier_call = on_die,
	.priority = INT_MAX,
};

static int run_set(const char *from, const struct kernel_param *param)
{
	bool value;
	int ret = kstrtobool(from, &value);

	if (ret)
		return ret;
	WRITE_ONCE(is_on, value);
	if (value)
		send_nmi();
	return 0;
}

static const struct kernel_param_ops run_ops = {
	.set = run_set,
};
module_param_cb(run, &run_ops, NULL, 0200);

static int counts_get(char *to, const struct kernel_param *param)
{
	return sysfs_emit(to, "old %lld new %lld other %lld caught %lld\n",
			  atomic64_read(&n_old), atomic64_read(&n_new),
			  atomic64_read(&n_other), atomic64_read(&n_caught));
}

static const struct kernel_param_ops counts_ops = {
	.get = counts_get,
};
module_param_cb(counts, &counts_ops, NULL, 0444);

static int __init storm_init(void)
{
	int ret = register_die_notifier(&die_block);

	return ret ?: register_nmi_handler(NMI_LOCAL, on_nmi, 0, "storm");
}
module_init(storm_init);

MODULE_DESCRIPTION("fixture: NMIs that call a function");
MODULE_LICENSE("GPL");
