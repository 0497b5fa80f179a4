// SPDX-License-Identifier: GPL-2.0-only
/*
 * kind.c - the kinds of sections
 */
#include "model/kind.h"

const char *kind_name(enum section_kind kind)
{
	static const char *const names[] = {
		[KIND_TEXT]		= "code",
		[KIND_RODATA]		= "read-only data",
		[KIND_STRING]		= "string",
		[KIND_CONST]		= "constant",
		[KIND_DATA]		= "data",
		[KIND_PERCPU]		= "per-cpu data",
		[KIND_INIT]		= "init",
		[KIND_TABLE]		= "table",
		[KIND_EXPORT]		= "export",
		[KIND_REPLACEMENT]	= "alternative",
		[KIND_ALT_AUX]		= "alternative",
		[KIND_FIXED]		= "registered data",
		[KIND_HOOK]		= "hook",
		[KIND_DEBUG]		= "debug information",
		[KIND_IGNORED]		= "ignored",
		[KIND_UNKNOWN]		= "unknown",
	};

	return names[kind];
}

bool kind_is_code(enum section_kind kind)
{
	return kind == KIND_TEXT || kind == KIND_REPLACEMENT ||
	       kind == KIND_ALT_AUX;
}
