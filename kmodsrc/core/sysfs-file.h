/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysfs-file.h - what all our files in sysfs share
 */
#ifndef KSPLICE_SYSFS_FILE_H
#define KSPLICE_SYSFS_FILE_H

#include <linux/sysfs.h>
#include <linux/types.h>

struct file;
struct kobject;
struct ksplice_update;

/*
 * The attribute that reading and writing a file gets: constant in later kernels
 * (7.3).
 */
#define ksplice_bin_attribute						\
	typeof(**((struct attribute_group *)NULL)->bin_attrs)

/* An element of the array of attributes of a group */
#define ksplice_bin_attribute_ptr					\
	typeof(*((struct attribute_group *)NULL)->bin_attrs)

/* /sys/kernel/ksplice, from the init of sysfs.c on */
extern struct kobject *ksplice_sysfs_root;

/* The update that a directory KID is of. */
struct ksplice_update *ksplice_update_of(struct kobject *kobj);

/*
 * Take ksplice_mutex to look at an update.  Return: 0, -EINTR, or -ENODEV if
 * the update is about to be removed.
 */
int ksplice_update_lock(struct ksplice_update *update);
void ksplice_update_unlock(void);

/* The part of a text, made line by line, that a read asks for. */
struct ksplice_window {
	char *to;
	loff_t offset;			/* of the part, in the text */
	size_t count;			/* its bytes */
	loff_t len;			/* of the text so far */
	size_t done;			/* bytes copied */
	bool has_addresses;		/* the reader may see them */
};

/* The next piece of the text; what is asked for of it is copied. */
void ksplice_window_put(struct ksplice_window *window, const char *text,
			size_t len);

/* All of a text that is made at once. */
ssize_t ksplice_text_read(char *to, loff_t offset, size_t count,
			  const char *text);

/* What a file does with the words written to it.  Return: 0 or an errno. */
struct ksplice_command {
	int (*run)(struct kobject *kobj, char *words);
};

ssize_t ksplice_command_write(struct file *file, struct kobject *kobj,
			      ksplice_bin_attribute *attr, char *from,
			      loff_t offset, size_t count);

/* The file NAME, NAME_attr, whose words NAME_run() is given. */
#define KSPLICE_COMMAND(_name, _mode, _read)				\
	static const struct ksplice_command _name##_command = {		\
		.run = _name##_run,					\
	};								\
	static struct bin_attribute _name##_attr = {			\
		.attr = { .name = #_name, .mode = _mode },		\
		.private = (void *)&_name##_command,			\
		.read = _read,						\
		.write = ksplice_command_write,				\
	}

#endif
