// SPDX-License-Identifier: GPL-2.0-only
/*
 * finalize.c - "objmanip finalize": the last look at a built module
 *
 * After modpost and ld.  A loaded section of an unknown name means
 * that the kernel's build system put something into the module which was not
 * thought of here; it is refused by name, as in the objects that go in.
 * Undefined symbols were checked by modpost.  objcopy(1), or what the
 * environment has as OBJCOPY, takes the debug information out, and the types
 * for BPF: they are most of the module, and a patched machine needs none.
 * standins.c completes the exports of what the kernel has already.
 */
#include "write/finalize.h"
#include "model/kind.h"
#include "read/load.h"
#include "util/die.h"
#include "util/output.h"
#include "util/refuse.h"
#include "util/vec.h"
#include "write/standins.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What only a built module has, besides the sections of sections.c */
static bool is_of_module(const char *name)
{
	static const char *const names[] = {
		".init.ksplice_pre",
		".ksplice_replaced",
		".ksplice_hooks",
		".ksplice_standins",
		".ksplice_constants",
		".gnu.linkonce.this_module",
		"__versions",
		"__version_ext_crcs",
		"__version_ext_names",
		".plt",
		".init.plt",
		".text.ftrace_trampoline",
		".codetag.alloc_tags",
		".BTF",
		".BTF.base",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void check_sections(const struct object *module)
{
	bool is_module = false;

	for (size_t i = 0; i < module->n_sections; i++) {
		const struct section *section = &module->sections[i];

		if (!strcmp(section->name, ".gnu.linkonce.this_module"))
			is_module = true;
		if (section->flags & SEC_ALLOC && section->size &&
		    section->kind == KIND_UNKNOWN &&
		    !is_of_module(section->name))
			refuse("'%s': the section '%s' is not known",
			       module->path, section->name);
	}
	if (!is_module)
		refuse("'%s' is not a kernel module", module->path);
	refused_exit();
}

/* Status as of waitpid(), or die. */
static int run(char *const *argv)
{
	pid_t pid;
	int status;
	int error = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);

	if (error)
		die("cannot run '%s': %s", argv[0], strerror(error));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("cannot wait for '%s': %m", argv[0]);
	return status;
}

void finalize(const char *in, const char *out)
{
	char *objcopy = getenv("OBJCOPY");
	char *temporary = output_temporary(out);
	char *argv[] = { objcopy && *objcopy ? objcopy : (char *)"objcopy",
			 (char *)"--strip-debug",
			 (char *)"--remove-section=.BTF",
			 (char *)"--remove-section=.BTF.base",
			 (char *)"--", xstrdup(in), temporary, NULL };

	check_sections(object_load(in, in));
	if (run(argv)) {
		unlink(temporary);
		die("'%s' could not take the debug information out of '%s'",
		    argv[0], in);
	}

	const char *problem = standins_resolve(temporary);

	if (problem) {
		unlink(temporary);
		die("'%s': %s", in, problem);
	}
	output_commit(temporary, out);
}
