/* SPDX-License-Identifier: ISC */
/* The packets of the protocol but for queries. An answer without a body says that a packet is not known, and gdb does
 * without it. */
#include "tender/debug/gdb_parts.h"

#define ANY_THREAD 0

static void reply_text(struct gdb *g, const char *text)
{
    gdb_reply(g, bytes_str(text));
}

static void reply_done(struct gdb *g, bool good)
{
    reply_text(g, good ? "OK" : "E01");
}

/* "-1" all, "0" any, else a number. */
static bool parse_thread(struct reader *r, uint32_t *id)
{
    uint64_t number;
    if (reader_left(r) && *r->at == '-') {
        read_skip(r, 1);
        *id = ANY_THREAD;
        return hex_number(r, &number);
    }
    bool good = hex_number(r, &number) && number <= UINT32_MAX;
    *id = good ? (uint32_t)number : ANY_THREAD;
    return good;
}

/* ---- Registers ---- */

static bool read_selected(struct gdb *g, struct debug_thread *thread, struct debug_registers *r)
{
    return fibers_get(&g->fibers, g->selected, thread) && fibers_registers(&g->fibers, thread, r);
}

/* What gdb was told of the processor's registers is so for all threads. */
static bool has_avx(struct gdb *g)
{
    struct debug_registers r;
    return g->target->ops->read_registers(g->target->self, &r) && r.xsave_len == DEBUG_XSAVE_BYTES;
}

static void read_all(struct gdb *g)
{
    struct debug_thread thread;
    struct debug_registers r;
    struct writer w = writer_of(g->body, sizeof g->body);
    if (!read_selected(g, &thread, &r)) {
        reply_done(g, false);
        return;
    }
    registers_emit_all(&w, &r, has_avx(g));
    gdb_reply(g, writer_bytes(&w));
}

static void write_all(struct gdb *g, struct reader *in)
{
    struct debug_thread thread;
    struct debug_registers r;
    reply_done(g, read_selected(g, &thread, &r) && registers_parse_all(in, &r, has_avx(g)) &&
                      fibers_write_registers(&g->fibers, &thread, &r));
}

static void read_one(struct gdb *g, struct reader *in)
{
    struct debug_thread thread;
    struct debug_registers r;
    uint64_t number;
    struct writer w = writer_of(g->body, sizeof g->body);
    if (!hex_number(in, &number) || number >= REGISTERS_NUMBERED(has_avx(g)) || !read_selected(g, &thread, &r)) {
        reply_done(g, false);
        return;
    }
    registers_emit(&w, &r, (unsigned)number);
    gdb_reply(g, writer_bytes(&w));
}

static void write_one(struct gdb *g, struct reader *in)
{
    struct debug_thread thread;
    struct debug_registers r;
    uint64_t number;
    bool good = hex_number(in, &number) && read_u8(in) == '=' && number < REGISTERS_NUMBERED(has_avx(g)) &&
                read_selected(g, &thread, &r) && registers_parse(in, &r, (unsigned)number);
    reply_done(g, good && fibers_write_registers(&g->fibers, &thread, &r));
}

/* ---- Memory ---- */

/* ADDRESS,LENGTH */
static bool parse_area(struct reader *in, uint64_t *address, uint64_t *len)
{
    return hex_number(in, address) && read_u8(in) == ',' && hex_number(in, len);
}

static void read_memory(struct gdb *g, struct reader *in)
{
    uint8_t data[PACKET_MAX / 2];
    uint64_t address, len;
    struct writer w = writer_of(g->body, sizeof g->body);
    if (!parse_area(in, &address, &len)) {
        reply_done(g, false);
        return;
    }
    size_t n = gdb_read(g, address, data, len < sizeof data ? len : sizeof data);
    if (n == 0 && len) {
        reply_done(g, false);
        return;
    }
    hex_emit_bytes(&w, bytes_of(data, n));
    gdb_reply(g, writer_bytes(&w));
}

static void write_memory(struct gdb *g, struct reader *in)
{
    uint8_t data[PACKET_MAX / 2];
    uint64_t address, len;
    bool good = parse_area(in, &address, &len) && read_u8(in) == ':' && len <= sizeof data;
    reply_done(g, good && hex_bytes(in, data, len) && gdb_write(g, address, data, len));
}

/* ---- Points: TYPE,ADDRESS,LENGTH ---- */

static void change_point(struct gdb *g, struct reader *in, bool add)
{
    uint64_t kind, address, len;
    bool good = hex_number(in, &kind) && read_u8(in) == ',' && parse_area(in, &address, &len);
    if (good && kind > 4)
        gdb_reply(g, bytes_of(NULL, 0));
    else
        reply_done(g, good && (add ? gdb_add_point : gdb_remove_point)(g, kind, address, len));
}

/* ---- Going on ---- */

/* gdb passes on the signal that it was told of; others can't be given to an image. */
static bool dies(const struct gdb *g, uint64_t signal)
{
    return g->stop.kind == DEBUG_FAULT && signal == g->stop.signal;
}

/* What is to happen, of the actions of a vCont. */
struct plan {
    uint32_t stepped;
    bool decided, die; /* for the thread that has the processor */
};

/* c, s, C SIGNAL or S SIGNAL, and perhaps :THREAD. The first one that names a thread counts for it. */
static bool plan_action(const struct gdb *g, struct reader *in, struct plan *p)
{
    uint64_t signal = 0;
    uint32_t thread = ANY_THREAD;
    uint8_t what = read_u8(in);
    if (what != 'c' && what != 's' && ((what != 'C' && what != 'S') || !hex_number(in, &signal)))
        return false;
    if (reader_left(in) && *in->at == ':') {
        read_skip(in, 1);
        if (!parse_thread(in, &thread))
            return false;
    }
    bool step = what == 's' || what == 'S', current = thread == ANY_THREAD || thread == g->fibers.current;
    if (current && !p->decided) {
        p->decided = true;
        p->die = dies(g, signal);
        p->stepped = step ? g->fibers.current : p->stepped;
    } else if (!current && step && !p->stepped) {
        p->stepped = thread;
    }
    return true;
}

static void go_on(struct gdb *g, struct reader *in)
{
    struct plan p = {0};
    bool good = true;
    while (good && reader_left(in))
        good = read_u8(in) == ';' && plan_action(g, in, &p);
    if (!good || !gdb_resume(g, p.stepped, p.die))
        reply_done(g, false);
}

/* The old commands: c, s, C SIGNAL, S SIGNAL; never at another address. */
static void go_on_simply(struct gdb *g, uint8_t what, struct reader *in)
{
    uint64_t signal = 0;
    if ((what == 'C' || what == 'S') && !hex_number(in, &signal)) {
        reply_done(g, false);
        return;
    }
    (void)gdb_resume(g, what == 's' || what == 'S' ? g->fibers.current : 0, dies(g, signal));
}

static void letter_v(struct gdb *g, struct bytes payload)
{
    struct reader in = reader_of(bytes_slice(payload, 5, payload.len));
    if (bytes_equal(payload, bytes_str("vCont?"))) {
        reply_text(g, "vCont;c;C;s;S");
    } else if (bytes_starts(payload, bytes_str("vCont;"))) {
        go_on(g, &in);
    } else if (bytes_starts(payload, bytes_str("vKill;"))) {
        gdb_kill(g);
        reply_done(g, true);
    } else {
        gdb_reply(g, bytes_of(NULL, 0));
    }
}

/* ---- Threads ---- */

/* Hg THREAD: for registers. Hc is of no use beside vCont. */
static void select_thread(struct gdb *g, struct reader *in)
{
    struct debug_thread thread;
    uint32_t id;
    bool registers = read_u8(in) == 'g';
    if (!parse_thread(in, &id)) {
        reply_done(g, false);
        return;
    }
    if (!registers || id == ANY_THREAD) {
        reply_done(g, true);
        return;
    }
    bool good = fibers_get(&g->fibers, id, &thread);
    if (good)
        g->selected = id;
    reply_done(g, good);
}

static void is_alive(struct gdb *g, struct reader *in)
{
    struct debug_thread thread;
    uint32_t id;
    reply_done(g, parse_thread(in, &id) && fibers_get(&g->fibers, id, &thread));
}

/* ---- All ---- */

static void query(struct gdb *g, struct bytes payload)
{
    struct writer w = writer_of(g->body, sizeof g->body);
    if (bytes_equal(payload, bytes_str("QStartNoAckMode"))) {
        g->acks = false;
        write_str(&w, "OK");
    } else if (payload.data[0] == 'q') {
        gdb_query(g, payload, &w);
    }
    gdb_reply(g, writer_good(&w) ? writer_bytes(&w) : bytes_str("E02"));
}

static void command_of_stopped(struct gdb *g, struct bytes payload)
{
    struct reader in = reader_of(bytes_slice(payload, 1, payload.len));
    uint8_t letter = payload.data[0];
    switch (letter) {
    case 'g':
        read_all(g);
        break;
    case 'G':
        write_all(g, &in);
        break;
    case 'p':
        read_one(g, &in);
        break;
    case 'P':
        write_one(g, &in);
        break;
    case 'm':
        read_memory(g, &in);
        break;
    case 'M':
        write_memory(g, &in);
        break;
    case 'Z':
    case 'z':
        change_point(g, &in, letter == 'Z');
        break;
    case 'c':
    case 's':
    case 'C':
    case 'S':
        go_on_simply(g, letter, &in);
        break;
    case 'H':
        select_thread(g, &in);
        break;
    case 'T':
        is_alive(g, &in);
        break;
    default:
        gdb_reply(g, bytes_of(NULL, 0));
    }
}

void gdb_command(struct gdb *g, struct bytes payload)
{
    uint8_t letter = payload.len ? payload.data[0] : 0;
    if (letter == '?') {
        gdb_reply_stop(g);
    } else if (letter == 'q' || letter == 'Q') {
        query(g, payload);
    } else if (letter == 'D') {
        gdb_detach(g);
        reply_done(g, true);
    } else if (letter == 'k') {
        gdb_kill(g);
    } else if (letter == 'v' && g->state == GDB_STOPPED) {
        letter_v(g, payload);
    } else if (letter && g->state == GDB_STOPPED) {
        command_of_stopped(g, payload);
    } else {
        gdb_reply(g, letter == 'v' ? bytes_of(NULL, 0) : bytes_str(letter ? "E01" : ""));
    }
}
