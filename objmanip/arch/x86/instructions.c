// SPDX-License-Identifier: GPL-2.0-only
/*
 * instructions.c - how long an x86-64 instruction is, and where it goes
 *
 * An instruction is: prefixes, opcode of one of several maps, perhaps a ModRM
 * byte with SIB and displacement, perhaps an immediate.  What follows an opcode
 * is a string for each map, a letter for each opcode:
 *
 *	.	nothing
 *	m	ModRM
 *	b z	an immediate of 1 byte; of 4, or 2 with an operand size prefix
 *	M Z	ModRM and one of these
 *	t T	ModRM, and one of these if its reg field is 0 or 1
 *	v	an immediate as long as the operand
 *	w e a	2 bytes, 3 bytes, an address
 *	j J	a distance of 1 or 4 bytes
 *	-	no such opcode
 *
 * What the instruction does is of no interest, but for whether it goes on.
 */
#include "arch/x86/instructions.h"

#include <string.h>

static const char one_byte[] =
	"mmmmbz--mmmmbz--mmmmbz--mmmmbz--"	/* 00 */
	"mmmmbz--mmmmbz--mmmmbz--mmmmbz--"	/* 20 */
	"................................"	/* 40 */
	"---m----zZbM....jjjjjjjjjjjjjjjj"	/* 60 */
	"MZ-Mmmmmmmmmmmmm..........-....."	/* 80 */
	"aaaa....bz......bbbbbbbbvvvvvvvv"	/* a0 */
	"MMw.--MZe.w..b-.mmmm---.mmmmmmmm"	/* c0 */
	"jjjjbbbbJJ-j..........tT......mm";	/* e0 */

static const char map_0f[] =
	"mmmm-.....-.-m.Mmmmmmmmmmmmmmmmm"	/* 00 */
	"mmmm----mmmmmmmm........--------"	/* 20 */
	"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"	/* 40 */
	"mmmmmmmmmmmmmmmmMMMMmmm.mmmmmmmm"	/* 60 */
	"JJJJJJJJJJJJJJJJmmmmmmmmmmmmmmmm"	/* 80 */
	"...mMm--...mMmmmmmmmmmmmmmMmmmmm"	/* a0 */
	"mmMmMMMm........mmmmmmmmmmmmmmmm"	/* c0 */
	"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm";	/* e0 */

/* What is being decoded */
struct cursor {
	const uint8_t *bytes;
	uint64_t size, at;
	bool operand_size, address_size, rex_w;
};

static int peek(const struct cursor *cursor)
{
	return cursor->at < cursor->size ? cursor->bytes[cursor->at] : -1;
}

static int next(struct cursor *cursor)
{
	int byte = peek(cursor);

	cursor->at++;
	return byte;
}

static void skip_prefixes(struct cursor *cursor)
{
	static const uint8_t prefixes[] = {
		0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2,
		0xf3,
	};

	while (peek(cursor) >= 0 && memchr(prefixes, peek(cursor),
					   sizeof(prefixes))) {
		int prefix = next(cursor);

		cursor->operand_size |= prefix == 0x66;
		cursor->address_size |= prefix == 0x67;
	}
	if ((peek(cursor) & ~0x0f) == 0x40)
		cursor->rex_w = next(cursor) & 8;
}

/* What follows the opcode of a VEX (c4, c5) or EVEX (62) instruction */
static char decode_vex(struct cursor *cursor, int prefix)
{
	int map = 1;

	if (prefix != 0xc5)
		map = next(cursor) & (prefix == 0x62 ? 7 : 31);
	cursor->at += prefix == 0x62 ? 2 : 1;

	int opcode = next(cursor);

	if (opcode < 0)
		return '-';
	switch (map) {
	case 1:
		return map_0f[opcode] == 'J' ? 'm' : map_0f[opcode];
	case 2: case 5: case 6:
		return 'm';
	case 3:
		return 'M';
	default:
		return '-';
	}
}

/* One past the opcode; what follows it */
static char decode_opcode(struct cursor *cursor, struct insn *insn)
{
	int opcode = next(cursor);

	if (opcode < 0)
		return '-';
	if (opcode == 0x62 || opcode == 0xc4 || opcode == 0xc5)
		return decode_vex(cursor, opcode);
	if (opcode != 0x0f) {
		insn->is_branch = strchr("jJ", one_byte[opcode]);
		/* ret, iret, int3, call, jmp, hlt */
		insn->is_end = memchr("\xc2\xc3\xca\xcb\xcf\xcc\xe8\xe9\xeb\xf4",
				      opcode, 10);
		/* The same in memory or a register */
		if (opcode == 0xff && peek(cursor) >= 0)
			insn->is_end = memchr("\2\3\4\5",
					      (peek(cursor) >> 3) & 7, 4);
		insn->is_fill = opcode == 0x90 || opcode == 0xcc;
		return one_byte[opcode];
	}
	opcode = next(cursor);
	if (opcode < 0)
		return '-';
	if (opcode == 0x38 || opcode == 0x3a)
		return next(cursor) < 0 ? '-' : opcode == 0x38 ? 'm' : 'M';
	insn->is_branch = map_0f[opcode] == 'J';
	insn->is_fill = opcode == 0x1f;
	/* sysret, ud2, sysexit, ud1 */
	insn->is_end = opcode == 0x07 || opcode == 0x0b || opcode == 0x35 ||
		       opcode == 0xb9;
	return map_0f[opcode];
}

static int decode_modrm(struct cursor *cursor, struct insn *insn)
{
	int modrm = next(cursor);
	int mod = modrm >> 6, rm = modrm & 7;

	if (modrm < 0)
		return modrm;
	if (mod == 3)
		return modrm;
	if (rm == 4 && (next(cursor) & 7) == 5 && mod == 0) {
		cursor->at += 4;
	} else if (rm == 5 && mod == 0) {
		insn->field = cursor->at;
		insn->field_size = 4;
		cursor->at += 4;
	}
	cursor->at += mod == 1 ? 1 : mod == 2 ? 4 : 0;
	return modrm;
}

static unsigned int immediate_size(const struct cursor *cursor, char form,
				   int modrm)
{
	const unsigned int full = cursor->operand_size && !cursor->rex_w ?
		2 : 4;

	switch (form) {
	case 'b': case 'M': case 'j':
		return 1;
	case 'z': case 'Z':
		return full;
	case 't':
		return modrm & 0x30 ? 0 : 1;
	case 'T':
		return modrm & 0x30 ? 0 : full;
	case 'v':
		return cursor->rex_w ? 8 : full;
	case 'w':
		return 2;
	case 'e':
		return 3;
	case 'a':
		return cursor->address_size ? 4 : 8;
	case 'J':
		return 4;
	default:
		return 0;
	}
}

bool insn_decode(const uint8_t *bytes, uint64_t size, struct insn *insn)
{
	struct cursor cursor = { .bytes = bytes, .size = size };
	int modrm = 0;

	*insn = (struct insn) { };
	skip_prefixes(&cursor);

	char form = decode_opcode(&cursor, insn);

	if (form == '-')
		return false;
	if (strchr("mMZtT", form))
		modrm = decode_modrm(&cursor, insn);
	if (insn->is_branch) {
		insn->field = cursor.at;
		insn->field_size = form == 'j' ? 1 : 4;
	}
	cursor.at += immediate_size(&cursor, form, modrm);
	if (modrm < 0 || cursor.at > size || cursor.at > 15)
		return false;
	insn->length = cursor.at;
	if (insn->field_size == 1) {
		insn->distance = (int8_t)bytes[insn->field];
	} else if (insn->field_size) {
		int32_t distance;

		memcpy(&distance, bytes + insn->field, sizeof(distance));
		insn->distance = distance;
	}
	return true;
}
