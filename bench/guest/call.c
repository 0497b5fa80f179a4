// SPDX-License-Identifier: GPL-2.0-only
/*
 * call.c - a module that measures what a call of jiffies64_to_msecs() costs
 *
 * Each read of its parameter gives what the function returns for 100, and the
 * picoseconds of one turn of a loop that calls it, less those of one that does
 * not: of the fastest of several batches.
 */
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#define BATCHES		20
#define TURNS		200000

static u64 sum;

/* The same loop but for the call. */
static noinline u64 batch_of_nothing(void)
{
	u64 start = ktime_get_ns();
	u64 i, value;

	for (i = 0; i < TURNS; i++) {
		value = i;
		OPTIMIZER_HIDE_VAR(value);
		sum += value;
		barrier();
	}
	return ktime_get_ns() - start;
}

static noinline u64 batch_of_calls(void)
{
	u64 start = ktime_get_ns();
	u64 i, value;

	for (i = 0; i < TURNS; i++) {
		value = i;
		OPTIMIZER_HIDE_VAR(value);
		sum += jiffies64_to_msecs(value);
		barrier();
	}
	return ktime_get_ns() - start;
}

static int measure(char *to, const struct kernel_param *param)
{
	u64 with = U64_MAX, without = U64_MAX;
	unsigned int i;

	for (i = 0; i < BATCHES; i++) {
		with = min(with, batch_of_calls());
		without = min(without, batch_of_nothing());
		cond_resched();
	}
	return sysfs_emit(to, "%llu %llu\n", jiffies64_to_msecs(100),
			  (with - without) * 1000 / TURNS);
}

static const struct kernel_param_ops measure_ops = {
	.get = measure,
};
module_param_cb(measure, &measure_ops, NULL, 0400);

MODULE_DESCRIPTION("bench/call: the cost of a call");
MODULE_LICENSE("GPL");
