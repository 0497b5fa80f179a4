// SPDX-License-Identifier: GPL-2.0-only
/*
 * dwarf-open.c - the debug information of an object, relocated
 *
 * libdwfl, not libdw: strings have relocations in a relocatable object.
 */
#include "read/dwarf-open.h"
#include "util/die.h"

#include <dwarf.h>
#include <string.h>

void dwarf_die_for(const struct object *object, const char *error)
{
	die("cannot read the debug information of '%s': %s", object->path,
	    error);
}

static int no_other_file(Dwfl_Module *module, void **user, const char *name,
			 Dwarf_Addr base, const char *file, const char *link,
			 GElf_Word crc, char **found)
{
	(void)module, (void)user, (void)name, (void)base, (void)file;
	(void)link, (void)crc, (void)found;
	return -1;
}

Dwarf *dwarf_open_for(const struct object *object, Dwfl_Module **module)
{
	static const Dwfl_Callbacks callbacks = {
		.find_debuginfo = no_other_file,
		.section_address = dwfl_offline_section_address,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Dwfl_Module *only = dwfl ?
		dwfl_report_offline(dwfl, "", object->path, -1) : NULL;
	Dwarf_Addr bias;

	if (!only || dwfl_report_end(dwfl, NULL, NULL))
		dwarf_die_for(object, dwfl_errmsg(-1));
	if (module)
		*module = only;
	return dwfl_module_getdwarf(only, &bias);
}

const char *dwarf_compile_dir(Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Attribute attribute;
	const char *dir = NULL;
	Dwarf_Die die;

	if (dwarf && !dwarf_get_units(dwarf, NULL, &unit, NULL, NULL, &die,
				      NULL))
		dir = dwarf_formstring(dwarf_attr(&die, DW_AT_comp_dir,
						  &attribute));
	return dir ? dir : "";
}

const char *dwarf_plain_name(const char *file, const char *dir)
{
	size_t n = strlen(dir);

	if (n && !strncmp(file, dir, n) && file[n] == '/')
		file += n + 1;
	while (!strncmp(file, "./", 2))
		file += 2;
	return file;
}
