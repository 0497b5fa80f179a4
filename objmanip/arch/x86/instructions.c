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
#include "arch/x86/x86.h"

#include <elf.h>
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

/*
 * The field that is relative to the end of the instruction: the distance of a
 * jump or call, or the displacement of x(%rip); size 0: none.
 */
struct field {
	unsigned int at, size;
	bool is_branch;
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
static char decode_opcode(struct cursor *cursor, struct field *field,
			  struct insn *insn)
{
	int opcode = next(cursor);

	if (opcode < 0)
		return '-';
	if (opcode == 0x62 || opcode == 0xc4 || opcode == 0xc5)
		return decode_vex(cursor, opcode);
	if (opcode != 0x0f) {
		field->is_branch = strchr("jJ", one_byte[opcode]);
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
	field->is_branch = map_0f[opcode] == 'J';
	insn->is_fill = opcode == 0x1f;
	/* sysret, ud2, sysexit, ud1 */
	insn->is_end = opcode == 0x07 || opcode == 0x0b || opcode == 0x35 ||
		       opcode == 0xb9;
	return map_0f[opcode];
}

static int decode_modrm(struct cursor *cursor, struct field *field)
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
		field->at = cursor->at;
		field->size = 4;
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

static int64_t distance_in(const uint8_t *code, const struct field *field)
{
	int32_t distance;

	if (field->size == 1)
		return (int8_t)code[field->at];
	memcpy(&distance, code + field->at, sizeof(distance));
	return distance;
}

/* The relocation that the assembler makes for a field of four bytes */
static const struct reloc_type *type_of(const struct field *field)
{
	const unsigned int number = field->is_branch ? R_X86_64_PLT32 :
						       R_X86_64_PC32;
	const struct reloc_type *type = x86_reloc_types;

	if (field->size != 4)
		return NULL;
	while (type->number != number)
		type++;
	return type;
}

bool x86_decode(const uint8_t *code, uint64_t size, struct insn *insn)
{
	struct cursor cursor = { .bytes = code, .size = size };
	struct field field = {};
	int modrm = 0;

	*insn = (struct insn) { };
	skip_prefixes(&cursor);

	char form = decode_opcode(&cursor, &field, insn);

	if (form == '-')
		return false;
	if (strchr("mMZtT", form))
		modrm = decode_modrm(&cursor, &field);
	if (field.is_branch) {
		field.at = cursor.at;
		field.size = form == 'j' ? 1 : 4;
	}
	cursor.at += immediate_size(&cursor, form, modrm);
	if (modrm < 0 || cursor.at > size || cursor.at > 15)
		return false;
	insn->length = cursor.at;
	if (field.size) {
		insn->is_relative = true;
		insn->distance = insn->length + distance_in(code, &field);
		insn->field = field.at;
		insn->bias = insn->length - field.at;
		insn->type = type_of(&field);
	}
	return true;
}

/* Bytes that the assembler fills code with: nops of all lengths, int3, 0 */
static bool is_fill(uint8_t byte)
{
	return !byte || strchr("\x90\xcc\x66\x2e\x0f\x1f\x84\x80\x44\x40", byte);
}

uint64_t x86_trim(const uint8_t *code, uint64_t size, uint64_t covered)
{
	while (size > covered && is_fill(code[size - 1]))
		size--;
	return size;
}

/* "jne    +0x1f" */
bool x86_is_jump_text(const char *text)
{
	return *text == 'j';
}
