/* SPDX-License-Identifier: ISC */
/* Registers of x86-64: as gdb wants them, in the order of the description below; as a core file of Linux has them; and as they
 * lie on the stack of a fiber that does not run (arch/x86_64/switch.S). */
#ifndef TENDER_DEBUG_REGISTERS_H
#define TENDER_DEBUG_REGISTERS_H

#include "tender/debug/target.h"

/* ---- gdb ---- */

/* The description of the registers, in XML, with AVX's halves or without. At most REGISTERS_XML_MAX bytes. */
#define REGISTERS_XML_MAX 8192
void registers_describe(struct writer *w, bool avx);

/* How many gdb knows by that description, and the most hex digits of them all. */
#define REGISTERS_NUMBERED(avx) ((avx) ? 76u : 60u)
#define REGISTERS_HEX_MAX 2048

/* Register `number`, or all of them, as hex; "xx" a byte when it is unknown. */
void registers_emit(struct writer *w, const struct debug_registers *r, unsigned number);
void registers_emit_all(struct writer *w, const struct debug_registers *r, bool avx);
/* The other way round; digits "x" leave a register as it is. False when `hex` is not as long as it should be or no hex. */
MUST_USE bool registers_parse(struct reader *hex, struct debug_registers *r, unsigned number);
MUST_USE bool registers_parse_all(struct reader *hex, struct debug_registers *r, bool avx);

/* ---- Debug registers ---- */

enum point_kind { POINT_EXECUTE = 0, POINT_WRITE = 1, POINT_ACCESS = 3 }; /* as in DR7 */

struct point {
    uint64_t address;
    uint64_t len; /* of an area that is watched; any */
    enum point_kind kind;
};

struct slots {
    uint64_t address[DEBUG_SLOTS];
    uint64_t dr7;
    const struct point *of[DEBUG_SLOTS];
    unsigned n;
};

/* Covers the point by as many free slots as it needs (naturally aligned 1, 2, 4 or 8 bytes each). False: too few. */
MUST_USE bool slots_add(struct slots *s, const struct point *p);

/* DR6 */
#define DR6_SLOTS UINT64_C(15)
#define DR6_STEP (UINT64_C(1) << 14)

/* ---- Contexts ---- */

#define CONTEXT_BYTES 64

/* What the caller of context_switch will find when its fiber runs again. */
void context_registers(uint64_t context, const uint8_t saved[static CONTEXT_BYTES], struct debug_registers *r);
/* Writes the registers that are saved. False: `r` has others, or another stack pointer, which can't be changed. */
MUST_USE bool context_change(uint64_t context, const struct debug_registers *r, uint8_t saved[static CONTEXT_BYTES]);

/* ---- Core files ---- */

/* Linux's struct user_regs_struct. */
#define REGISTERS_CORE_BYTES 216
void registers_emit_core(struct writer *w, const struct debug_registers *r);

#endif
