// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz.c - a module for guests: pre images that objmanip would not make
 *
 *	insmod fuzz.ko image=FILE first=SEED count=N
 *	insmod fuzz.ko directory=DIR first=NUMBER count=N
 *
 * Gives images to the core as an -old.ko would.  With image, each is a copy of
 * that one with up to four fields or bytes changed, chosen by the seed: a seed
 * with which something happens is tried again by first=SEED count=1.  With
 * directory, they are its files NUMBER, as they are.
 *
 * An image may be refused or match.  If the kernel logs anything but the core's
 * own words, or an oops is on its way, or one takes more than SLOW_MS, the seed
 * is logged and it ends.  An image ends where its memory ends.  Init fails in
 * any case, so that the module can be loaded again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/kernel_read_file.h>
#include <linux/kmsg_dump.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "ksplice.h"
#include "mutate.h"

#define SLOW_MS		15000

static char *image = "";
static char *directory = "";
static unsigned int first, count = 1;
module_param(image, charp, 0);
module_param(directory, charp, 0);
module_param(first, uint, 0);
module_param(count, uint, 0);

static unsigned int current_seed;
/* Lines that are not about images: our own, and those of a slow guest. */
static bool is_harmless(const char *line)
{
	static const char *const words[] = {
		"ksplice: ", "fuzz: ", "clocksource: ", "hrtimer: ", "perf: "
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

/* Has the kernel logged something else?  Goes through all that is new. */
static bool has_complained(struct kmsg_dump_iter *iter)
{
	static char line[512];
	bool ret = false;
	size_t len;

	while (kmsg_dump_get_line(iter, false, line, sizeof(line) - 1, &len)) {
		line[min(len, sizeof(line) - 1)] = '\0';
		ret |= !is_harmless(line);
	}
	return ret;
}

static int tell_seed(struct notifier_block *block, unsigned long what,
		     void *data)
{
	if (what == DIE_OOPS)
		pr_emerg("seed %u: the kernel faults\n", current_seed);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = tell_seed };

/* Return: 0, or an errno if something happened. */
static int try_image(struct kmsg_dump_iter *iter, const void *bytes, u32 size,
		     unsigned int *n_matched, u64 *slowest)
{
	static const struct ksplice_change_id id = {
		.kid = "fuzz",
		.target = "vmlinux",
		.hash = "",
		.n_changes = 1,
	};
	u64 start = ktime_get_ns();
	u64 took;

	if (!ksplice_register_old_code(&id, THIS_MODULE, bytes, size)) {
		ksplice_unregister_old_code(THIS_MODULE);
		++*n_matched;
	}
	took = (ktime_get_ns() - start) / NSEC_PER_MSEC;
	*slowest = max(*slowest, took);
	if (has_complained(iter)) {
		pr_emerg("seed %u: the kernel has logged something\n",
			 current_seed);
		return -EIO;
	}
	if (took > SLOW_MS) {
		pr_emerg("seed %u: took %llu ms\n", current_seed, took);
		return -ETIME;
	}
	return 0;
}

/*
 * Its end is where that of its memory is; NULL if there is no such file.  As
 * firmware: a security module (ipe, from Linux 6.12 on) warns of a file that
 * is read as nothing in particular.
 */
static void *read_image(const char *name, void **memory, size_t *size)
{
	void *bytes = NULL, *at = NULL;
	ssize_t n = kernel_read_file_from_path(name, 0, &bytes, 1 << 26, NULL,
					       READING_FIRMWARE);

	*memory = NULL;
	if (n < 0)
		return NULL;
	*size = n & ~7UL;
	*memory = vmalloc(PAGE_ALIGN(*size));
	if (*memory) {
		at = *memory + PAGE_ALIGN(*size) - *size;
		memcpy(at, bytes, *size);
	}
	vfree(bytes);
	return at;
}

static int try_seeds(struct kmsg_dump_iter *iter, unsigned int *n_matched,
		     u64 *slowest)
{
	struct ksplice_pre_header header;
	unsigned int i;
	void *memory, *bytes, *whole;
	size_t size;
	int ret = 0;

	bytes = read_image(image, &memory, &size);
	if (!bytes || size < sizeof(header)) {
		vfree(memory);
		return -ENOENT;
	}
	memcpy(&header, bytes, sizeof(header));
	whole = vmalloc(size);
	if (!whole)
		ret = -ENOMEM;
	else
		memcpy(whole, bytes, size);
	for (i = 0; i < count && !ret; i++) {
		current_seed = first + i;
		seed(current_seed);
		memcpy(bytes, whole, size);
		mutate(bytes, size, &header);
		ret = try_image(iter, bytes, size, n_matched, slowest);
		cond_resched();
	}
	vfree(whole);
	vfree(memory);
	return ret;
}

static int try_files(struct kmsg_dump_iter *iter, unsigned int *n_matched,
		     u64 *slowest)
{
	unsigned int i;
	void *memory, *bytes;
	char name[128];
	size_t size;
	int ret = 0;

	for (i = 0; i < count && !ret; i++) {
		current_seed = first + i;
		snprintf(name, sizeof(name), "%s/%u", directory, current_seed);
		bytes = read_image(name, &memory, &size);
		ret = bytes ? try_image(iter, bytes, size, n_matched,
					slowest) : -ENOENT;
		vfree(memory);
	}
	return ret;
}

static int __init fuzz_init(void)
{
	struct kmsg_dump_iter iter = { };
	unsigned int n_matched = 0;
	u64 slowest = 0;
	int ret;

	kmsg_dump_rewind(&iter);
	has_complained(&iter);
	register_die_notifier(&notifier);
	ret = *directory ? try_files(&iter, &n_matched, &slowest) :
			   try_seeds(&iter, &n_matched, &slowest);
	unregister_die_notifier(&notifier);
	pr_info("%s %u to %u: %s, %u matched, the slowest took %llu ms\n",
		*directory ? "images" : "seeds", first, current_seed,
		ret ? "FAILED" : "passed", n_matched, slowest);
	return ret ?: -ECANCELED;
}

module_init(fuzz_init);
MODULE_DESCRIPTION("for the tests of ksplice");
MODULE_LICENSE("GPL v2");
