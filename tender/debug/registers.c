/* SPDX-License-Identifier: ISC */
/* gdb's numbers: 0 to 15 general, 16 rip, 17 eflags, 18 to 23 segments, 24 to 31 the x87 stack, 32 to 39 its control
 * registers, 40 to 55 xmm, 56 mxcsr, 57 orig_rax, 58 and 59 the bases of fs and gs, 60 to 75 the upper halves of ymm. */
#include "tender/debug/registers.h"

#include "tender/debug/packet.h"

#include <jinn/attr.h>

enum {
    NUMBER_ST0 = 24,
    NUMBER_FCTRL = 32,
    NUMBER_XMM0 = 40,
    NUMBER_MXCSR = 56,
    NUMBER_ORIG_RAX = 57,
    NUMBER_FS_BASE = 58,
    NUMBER_YMM0H = 60,
    NUMBERS = 76,
};

/* In XSAVE's area. */
enum { AT_FCW = 0, AT_FSW = 2, AT_FTW = 4, AT_FOP = 6, AT_FIP = 8, AT_FDP = 16, AT_MXCSR = 24, AT_ST0 = 32 };
enum { AT_XMM0 = 160, AT_XSTATE_BV = 512, AT_YMM0H = 576 };
enum { XSTATE_X87 = 1, XSTATE_SSE = 2, XSTATE_AVX = 4 };

/* Where a register lies: in r[index], or `len` bytes at `at` of xsave. */
struct place {
    int index; /* -1: in xsave */
    size_t at, len;
    uint8_t component; /* XSTATE_* */
};

static struct place in_xsave(size_t at, size_t len, uint8_t component)
{
    return (struct place){-1, at, len, component};
}

static struct place in_r(int index, size_t len)
{
    return (struct place){index, 0, len, 0};
}

/* Of x87's control registers gdb has 4 bytes each: fctrl fstat ftag fiseg fioff foseg fooff fop. */
static struct place place_of_control(unsigned i)
{
    static const uint8_t at[] = {AT_FCW, AT_FSW, AT_FTW, AT_FIP + 4, AT_FIP, AT_FDP + 4, AT_FDP, AT_FOP};
    return in_xsave(at[i], 4, XSTATE_X87);
}

static struct place place_of(unsigned number)
{
    if (number <= DEBUG_RIP)
        return in_r((int)number, 8);
    if (number < NUMBER_ST0)
        return in_r((int)number, 4);
    if (number < NUMBER_FCTRL)
        return in_xsave(AT_ST0 + 16 * (number - NUMBER_ST0), 10, XSTATE_X87);
    if (number < NUMBER_XMM0)
        return place_of_control(number - NUMBER_FCTRL);
    if (number < NUMBER_MXCSR)
        return in_xsave(AT_XMM0 + 16 * (number - NUMBER_XMM0), 16, XSTATE_SSE);
    if (number == NUMBER_MXCSR)
        return in_xsave(AT_MXCSR, 4, XSTATE_SSE);
    if (number == NUMBER_ORIG_RAX)
        return in_r(DEBUG_ORIG_RAX, 8);
    if (number < NUMBER_YMM0H)
        return in_r((int)(DEBUG_FS_BASE + number - NUMBER_FS_BASE), 8);
    return in_xsave(AT_YMM0H + 16 * (number - NUMBER_YMM0H), 16, XSTATE_AVX);
}

/* ---- The description ---- */

static const char *const general[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
                                      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const segments[] = {"cs", "ss", "ds", "es", "fs", "gs"};
static const char *const controls[] = {"fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"};

static void describe_one(struct writer *w, const char *name, unsigned bits, const char *type)
{
    write_str(w, "<reg name=\"");
    write_str(w, name);
    write_str(w, "\" bitsize=\"");
    if (bits >= 100)
        write_u8(w, (uint8_t)('0' + bits / 100));
    write_u8(w, (uint8_t)('0' + bits / 10 % 10));
    write_u8(w, (uint8_t)('0' + bits % 10));
    write_str(w, "\" type=\"");
    write_str(w, type);
    write_str(w, "\"/>");
}

/* PREFIX0 to PREFIX7 or 15, then the suffix. */
static void describe_row(struct writer *w, const char *prefix, const char *suffix, unsigned n, unsigned bits,
                         const char *type)
{
    for (unsigned i = 0; i < n; i++) {
        char name[12];
        struct writer text = writer_of(name, sizeof name - 1);
        write_str(&text, prefix);
        if (i >= 10)
            write_u8(&text, '1');
        write_u8(&text, (uint8_t)('0' + i % 10));
        write_str(&text, suffix);
        name[writer_len(&text)] = 0;
        describe_one(w, name, bits, type);
    }
}

static void describe_core(struct writer *w)
{
    write_str(w, "<feature name=\"org.gnu.gdb.i386.core\">");
    for (unsigned i = 0; i < ARRAY_LEN(general); i++)
        describe_one(w, general[i], 64, i == DEBUG_RBP || i == DEBUG_RSP ? "data_ptr" : "int64");
    describe_one(w, "rip", 64, "code_ptr");
    describe_one(w, "eflags", 32, "int32");
    for (unsigned i = 0; i < ARRAY_LEN(segments); i++)
        describe_one(w, segments[i], 32, "int32");
    describe_row(w, "st", "", 8, 80, "i387_ext");
    for (unsigned i = 0; i < ARRAY_LEN(controls); i++)
        describe_one(w, controls[i], 32, "int");
    write_str(w, "</feature>");
}

static void describe_vectors(struct writer *w)
{
    write_str(
        w, "<feature name=\"org.gnu.gdb.i386.sse\">"
           "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/><vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
           "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/><vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
           "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/><vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
           "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
           "<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
           "<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
           "<field name=\"uint128\" type=\"uint128\"/></union>");
    describe_row(w, "xmm", "", 16, 128, "vec128");
    describe_one(w, "mxcsr", 32, "int32");
    write_str(w, "</feature><feature name=\"org.gnu.gdb.i386.linux\">");
    describe_one(w, "orig_rax", 64, "int64");
    write_str(w, "</feature><feature name=\"org.gnu.gdb.i386.segments\">");
    describe_one(w, "fs_base", 64, "int64");
    describe_one(w, "gs_base", 64, "int64");
    write_str(w, "</feature>");
}

void registers_describe(struct writer *w, bool avx)
{
    write_str(w, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
                 "<architecture>i386:x86-64</architecture><osabi>none</osabi>");
    describe_core(w);
    describe_vectors(w);
    if (avx) {
        write_str(w, "<feature name=\"org.gnu.gdb.i386.avx\">");
        describe_row(w, "ymm", "h", 16, 128, "uint128");
        write_str(w, "</feature>");
    }
    write_str(w, "</target>");
}

/* ---- Values ---- */

/* Two bits a register where the processor keeps one: 3 for an empty one. */
static uint16_t whole_tags(uint8_t tags)
{
    uint16_t whole = 0;
    for (unsigned i = 0; i < 8; i++)
        if (!(tags >> i & 1))
            whole |= (uint16_t)(3 << 2 * i);
    return whole;
}

static uint8_t short_tags(uint16_t whole)
{
    uint8_t tags = 0;
    for (unsigned i = 0; i < 8; i++)
        if ((whole >> 2 * i & 3) != 3)
            tags |= (uint8_t)(1 << i);
    return tags;
}

/* Controls of 16 bits take 4 bytes in gdb: the other two belong to their neighbours in xsave. */
static size_t width_in_xsave(unsigned number)
{
    bool short_control =
        number >= NUMBER_FCTRL && number < NUMBER_XMM0 && number != NUMBER_FCTRL + 4 && number != NUMBER_FCTRL + 6;
    return short_control ? 2 : place_of(number).len;
}

static bool get(const struct debug_registers *r, unsigned number, uint8_t value[static 16])
{
    struct place p = place_of(number);
    memset(value, 0, 16);
    if (p.index >= 0) {
        struct writer w = writer_of(value, 16);
        write_le64(&w, r->r[p.index]);
        return r->known >> p.index & 1;
    }
    if (p.at + p.len > r->xsave_len)
        return false;
    memcpy(value, r->xsave + p.at, width_in_xsave(number));
    if (number == NUMBER_FCTRL + 2) {
        uint16_t tags = whole_tags(value[0]);
        value[0] = (uint8_t)tags;
        value[1] = (uint8_t)(tags >> 8);
    }
    return true;
}

static void put(struct debug_registers *r, unsigned number, uint8_t value[static 16])
{
    struct place p = place_of(number);
    if (p.index >= 0) {
        struct reader in = reader_of(bytes_of(value, 8));
        r->r[p.index] = read_le64(&in);
        r->known |= UINT32_C(1) << p.index;
        return;
    }
    if (p.at + p.len > r->xsave_len)
        return;
    if (number == NUMBER_FCTRL + 2) {
        value[0] = short_tags((uint16_t)(value[1] << 8 | value[0]));
        value[1] = 0;
    }
    memcpy(r->xsave + p.at, value, width_in_xsave(number));
    if (r->xsave_len > AT_XSTATE_BV)
        r->xsave[AT_XSTATE_BV] |= p.component; /* else the processor takes the component's initial state */
}

void registers_emit(struct writer *w, const struct debug_registers *r, unsigned number)
{
    uint8_t value[16];
    size_t len = place_of(number).len;
    bool known = get(r, number, value);
    if (known)
        hex_emit_bytes(w, bytes_of(value, len));
    for (size_t i = 0; i < len && !known; i++)
        write_str(w, "xx");
}

void registers_emit_all(struct writer *w, const struct debug_registers *r, bool avx)
{
    for (unsigned i = 0; i < REGISTERS_NUMBERED(avx); i++)
        registers_emit(w, r, i);
}

bool registers_parse(struct reader *hex, struct debug_registers *r, unsigned number)
{
    uint8_t value[16] = {0};
    size_t len = place_of(number).len;
    struct reader mine = read_sub(hex, 2 * len);
    if (reader_left(&mine) && *mine.at == 'x')
        return true;
    if (!hex_bytes(&mine, value, len))
        return false;
    put(r, number, value);
    return true;
}

bool registers_parse_all(struct reader *hex, struct debug_registers *r, bool avx)
{
    for (unsigned i = 0; i < REGISTERS_NUMBERED(avx); i++)
        if (!registers_parse(hex, r, i))
            return false;
    return true;
}

/* ---- Debug registers ---- */

bool slots_add(struct slots *s, const struct point *p)
{
    uint64_t at = p->address, end = p->address + p->len;
    if (end <= at)
        return false;
    while (at < end) {
        uint64_t len = p->kind == POINT_EXECUTE ? 1 : 8;
        while (at % len || (len > 1 && len > end - at))
            len /= 2;
        if (s->n == DEBUG_SLOTS)
            return false;
        unsigned i = s->n++;
        uint64_t code = len == 8 ? 2 : len - 1; /* 1, 2 and 4 bytes are 0, 1 and 3 */
        s->address[i] = at;
        s->of[i] = p;
        s->dr7 |= UINT64_C(1) << 2 * i | ((uint64_t)p->kind | code << 2) << (16 + 4 * i);
        at = p->kind == POINT_EXECUTE ? end : at + len;
    }
    return true;
}

/* ---- Contexts ---- */

static const enum debug_register saved_order[] = {DEBUG_R15, DEBUG_R14, DEBUG_R13, DEBUG_R12,
                                                  DEBUG_RBX, DEBUG_RBP, DEBUG_RIP};

void context_registers(uint64_t context, const uint8_t saved[static CONTEXT_BYTES], struct debug_registers *r)
{
    struct reader in = reader_of(bytes_of(saved, CONTEXT_BYTES));
    *r = (struct debug_registers){.known = UINT32_C(1) << DEBUG_RSP};
    r->r[DEBUG_RSP] = context + CONTEXT_BYTES;
    read_skip(&in, 8);
    for (size_t i = 0; i < ARRAY_LEN(saved_order); i++) {
        r->r[saved_order[i]] = read_le64(&in);
        r->known |= UINT32_C(1) << saved_order[i];
    }
}

bool context_change(uint64_t context, const struct debug_registers *r, uint8_t saved[static CONTEXT_BYTES])
{
    struct writer w = writer_of(saved + 8, CONTEXT_BYTES - 8);
    uint32_t changeable = UINT32_C(1) << DEBUG_RSP;
    for (size_t i = 0; i < ARRAY_LEN(saved_order); i++) {
        write_le64(&w, r->r[saved_order[i]]);
        changeable |= UINT32_C(1) << saved_order[i];
    }
    return (r->known & ~changeable) == 0 && r->r[DEBUG_RSP] == context + CONTEXT_BYTES;
}

/* ---- Core files ---- */

void registers_emit_core(struct writer *w, const struct debug_registers *r)
{
    static const enum debug_register order[] = {
        DEBUG_R15,     DEBUG_R14,      DEBUG_R13, DEBUG_R12, DEBUG_RBP,    DEBUG_RBX, DEBUG_R11,
        DEBUG_R10,     DEBUG_R9,       DEBUG_R8,  DEBUG_RAX, DEBUG_RCX,    DEBUG_RDX, DEBUG_RSI,
        DEBUG_RDI,     DEBUG_ORIG_RAX, DEBUG_RIP, DEBUG_CS,  DEBUG_RFLAGS, DEBUG_RSP, DEBUG_SS,
        DEBUG_FS_BASE, DEBUG_GS_BASE,  DEBUG_DS,  DEBUG_ES,  DEBUG_FS,     DEBUG_GS,
    };
    _Static_assert(8 * ARRAY_LEN(order) == REGISTERS_CORE_BYTES, "all of them");
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        write_le64(w, r->r[order[i]]);
}
