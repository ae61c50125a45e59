/* SPDX-License-Identifier: ISC */
/* Queries. What gdb reads piece by piece (qXfer) is made anew for each piece, so that nothing is kept. */
#include "tender/debug/gdb_parts.h"

#define AUXV_PAGESZ 6
#define AUXV_ENTRY 9
#define THREADS_A_REPLY 256

/* The part of a long text that was asked for. */
struct window {
    struct writer *w;
    uint64_t skip;
    uint64_t left;
    bool more; /* behind it */
};

static void window_add(struct window *win, struct bytes b)
{
    uint64_t skip = win->skip < b.len ? win->skip : b.len;
    win->skip -= skip;
    b = bytes_slice(b, skip, b.len);
    if (b.len > win->left) {
        win->more = true;
        b.len = win->left;
    }
    win->left -= b.len;
    write_bytes(win->w, b);
}

/* ---- What can be transferred ---- */

static void add_features(struct gdb *g, struct window *win)
{
    uint8_t text[REGISTERS_XML_MAX];
    struct debug_registers r;
    struct writer w = writer_of(text, sizeof text);
    bool avx = g->target->ops->read_registers(g->target->self, &r) && r.xsave_len == DEBUG_XSAVE_BYTES;
    registers_describe(&w, avx);
    window_add(win, writer_bytes(&w));
}

static void add_threads(struct gdb *g, struct window *win)
{
    struct debug_thread t;
    window_add(win, bytes_str("<?xml version=\"1.0\"?><threads>"));
    for (uint32_t id = 0; fibers_next(&g->fibers, id, &t); id = t.id) {
        uint8_t text[128];
        struct writer w = writer_of(text, sizeof text);
        write_str(&w, "<thread id=\"");
        hex_emit(&w, t.id);
        write_str(&w, "\" name=\"");
        write_str(&w, t.name);
        write_str(&w, "\">");
        write_str(&w, t.state);
        write_str(&w, "</thread>");
        window_add(win, writer_bytes(&w));
    }
    window_add(win, bytes_str("</threads>"));
}

static void add_auxv(struct gdb *g, struct window *win)
{
    uint8_t vector[48];
    struct writer w = writer_of(vector, sizeof vector);
    write_le64(&w, AUXV_PAGESZ);
    write_le64(&w, 4096);
    write_le64(&w, AUXV_ENTRY);
    write_le64(&w, g->target->entry);
    write_zeros(&w, 16);
    window_add(win, writer_bytes(&w));
}

static void add_exec_file(struct gdb *g, struct window *win)
{
    window_add(win, bytes_str(g->target->debug_file ? g->target->debug_file : ""));
}

/* qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH; none of the objects needs the annex. */
static void transfer(struct gdb *g, struct bytes payload, struct writer *reply)
{
    static const struct {
        const char *name;
        void (*add)(struct gdb *g, struct window *win);
    } objects[] = {{"qXfer:features:read:", add_features},
                   {"qXfer:threads:read:", add_threads},
                   {"qXfer:auxv:read:", add_auxv},
                   {"qXfer:exec-file:read:", add_exec_file}};
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        struct bytes prefix = bytes_str(objects[i].name);
        uint64_t offset, len;
        if (!bytes_starts(payload, prefix))
            continue;
        struct bytes rest = bytes_slice(payload, prefix.len, payload.len);
        struct reader in = reader_of(bytes_slice(rest, bytes_find(rest, ':') + 1, rest.len));
        if (!hex_number(&in, &offset) || read_u8(&in) != ',' || !hex_number(&in, &len)) {
            write_str(reply, "E01");
            return;
        }
        uint64_t room = PACKET_MAX - 64;
        struct window win = {reply, offset, len < room ? len : room, false};
        write_u8(reply, 'l');
        objects[i].add(g, &win);
        if (win.more)
            reply->start[0] = 'm';
        return;
    }
}

/* ---- Threads, for debuggers that don't transfer them ---- */

static void list_threads(struct gdb *g, struct writer *reply)
{
    struct debug_thread t;
    unsigned n = 0;
    for (; n < THREADS_A_REPLY && fibers_next(&g->fibers, g->listed, &t); n++) {
        write_str(reply, n ? "," : "m");
        hex_emit(reply, t.id);
        g->listed = t.id;
    }
    if (n == 0)
        write_str(reply, "l");
}

static void describe_thread(struct gdb *g, struct bytes number, struct writer *reply)
{
    struct debug_thread t;
    struct reader in = reader_of(number);
    uint64_t id;
    if (!hex_number(&in, &id) || id > UINT32_MAX || !fibers_get(&g->fibers, (uint32_t)id, &t)) {
        write_str(reply, "E01");
        return;
    }
    hex_emit_bytes(reply, bytes_str(t.name));
    hex_emit_bytes(reply, bytes_str(", "));
    hex_emit_bytes(reply, bytes_str(t.state));
}

/* ---- All ---- */

static void say_supported(const struct gdb *g, struct writer *reply)
{
    write_str(reply, "PacketSize=");
    hex_emit(reply, PACKET_MAX);
    write_str(reply, ";QStartNoAckMode+;qXfer:features:read+;qXfer:threads:read+;qXfer:auxv:read+;"
                     "swbreak+;hwbreak+;vContSupported+");
    if (g->target->debug_file)
        write_str(reply, ";qXfer:exec-file:read+");
}

/* Moved images: where the first segment is; the others keep their distance from it. */
static void say_offsets(const struct gdb *g, struct writer *reply)
{
    if (g->target->bias == 0)
        return;
    write_str(reply, "TextSeg=");
    hex_emit(reply, g->target->base);
}

static void say_current(const struct gdb *g, struct writer *reply)
{
    write_str(reply, "QC");
    hex_emit(reply, g->fibers.current);
}

void gdb_query(struct gdb *g, struct bytes payload, struct writer *reply)
{
    static const char extra[] = "qThreadExtraInfo,";
    if (bytes_starts(payload, bytes_str("qSupported"))) {
        say_supported(g, reply);
    } else if (bytes_equal(payload, bytes_str("qAttached"))) {
        write_str(reply, "1");
    } else if (g->state != GDB_STOPPED) {
        return;
    } else if (bytes_starts(payload, bytes_str("qXfer:"))) {
        transfer(g, payload, reply);
    } else if (bytes_equal(payload, bytes_str("qfThreadInfo"))) {
        g->listed = 0;
        list_threads(g, reply);
    } else if (bytes_equal(payload, bytes_str("qsThreadInfo"))) {
        list_threads(g, reply);
    } else if (bytes_starts(payload, bytes_str(extra))) {
        describe_thread(g, bytes_slice(payload, sizeof extra - 1, payload.len), reply);
    } else if (bytes_equal(payload, bytes_str("qC"))) {
        say_current(g, reply);
    } else if (bytes_equal(payload, bytes_str("qOffsets"))) {
        say_offsets(g, reply);
    }
}
