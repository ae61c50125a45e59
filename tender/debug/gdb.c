/* SPDX-License-Identifier: ISC */
#include "tender/debug/gdb_parts.h"

void gdb_init(struct gdb *g, struct debug_target *target)
{
    memset(g, 0, sizeof *g);
    g->target = target;
    g->state = GDB_FREE;
    g->acks = true;
}

/* ---- Sending ---- */

struct bytes gdb_output(const struct gdb *g)
{
    return bytes_of(g->out + g->out_from, g->out_to - g->out_from);
}

void gdb_sent(struct gdb *g, size_t len)
{
    g->out_from += len;
    if (g->out_from == g->out_to)
        g->out_from = g->out_to = 0;
}

/* A debugger that asks on and on without reading its answers does not get them. */
static void send_raw(struct gdb *g, struct bytes b)
{
    if (b.len > sizeof g->out - g->out_to)
        return;
    memcpy(g->out + g->out_to, b.data, b.len);
    g->out_to += b.len;
}

void gdb_reply(struct gdb *g, struct bytes body)
{
    struct writer w = writer_of(g->out + g->out_to, sizeof g->out - g->out_to);
    packet_emit(&w, body);
    if (writer_good(&w))
        g->out_to += writer_len(&w);
}

static void write_thread(struct writer *w, uint32_t id)
{
    write_str(w, "thread:");
    hex_emit(w, id);
    write_str(w, ";");
}

/* Why the current thread stopped, after the signal. */
static void write_reason(const struct gdb *g, struct writer *w)
{
    uint64_t address;
    const struct point *p = g->stop.kind == DEBUG_TRACED ? gdb_matched(g, g->stop.dr6, &address) : NULL;
    if (g->stop.kind == DEBUG_INT3 && gdb_is_soft(g, g->stop.address))
        write_str(w, "swbreak:;");
    else if (p && p->kind == POINT_EXECUTE)
        write_str(w, "hwbreak:;");
    else if (p) {
        write_str(w, p->kind == POINT_WRITE ? "watch:" : "awatch:");
        hex_emit(w, address);
        write_str(w, ";");
    }
}

static uint8_t signal_of(const struct debug_stop *s)
{
    switch (s->kind) {
    case DEBUG_INTERRUPTED:
        return DEBUG_SIGINT;
    case DEBUG_FAULT:
        return s->signal;
    case DEBUG_ABORTED:
        return DEBUG_SIGABRT;
    default:
        return DEBUG_SIGTRAP;
    }
}

void gdb_reply_stop(struct gdb *g)
{
    char text[96];
    uint8_t code;
    struct writer w = writer_of(text, sizeof text);
    switch (g->stop.kind) {
    case DEBUG_EXITED:
    case DEBUG_KILLED:
        code = g->stop.kind == DEBUG_EXITED ? g->stop.status : g->stop.signal;
        write_str(&w, g->stop.kind == DEBUG_EXITED ? "W" : "X");
        break;
    default:
        code = signal_of(&g->stop);
        write_str(&w, "T");
    }
    hex_emit_bytes(&w, bytes_of(&code, 1));
    if (g->state != GDB_GONE) {
        write_thread(&w, g->fibers.current);
        write_reason(g, &w);
    }
    gdb_reply(g, writer_bytes(&w));
}

/* ---- Receiving ---- */

bool gdb_listens(const struct gdb *g)
{
    return g->state == GDB_STOPPED || g->state == GDB_RUNNING || g->state == GDB_GONE;
}

static void take(struct gdb *g, enum packet_event event)
{
    if (event == PACKET_INTERRUPT && g->state == GDB_RUNNING)
        g->target->ops->interrupt(g->target->self);
    if (event == PACKET_BROKEN && g->acks)
        send_raw(g, bytes_str("-"));
    if (event != PACKET_WHOLE)
        return; /* what we sent goes through a socket that loses nothing */
    if (g->acks)
        send_raw(g, bytes_str("+"));
    if (g->state == GDB_STOPPED || g->state == GDB_GONE)
        gdb_command(g, bytes_of(g->in.payload, g->in.len));
}

void gdb_input(struct gdb *g, struct bytes in)
{
    for (size_t i = 0; i < in.len && gdb_listens(g); i++)
        take(g, packet_take(&g->in, in.data[i]));
}

/* ---- Coming and going ---- */

static void go(struct gdb *g, enum gdb_state state, enum debug_resume how)
{
    g->state = state;
    g->target->ops->resume(g->target->self, how);
}

/* A function that gdb called by hand ends in a fault, too, and then gdb puts the registers back. */
static bool fault_stands(const struct gdb *g)
{
    struct debug_registers r;
    return g->stop.kind == DEBUG_FAULT && g->target->ops->read_registers(g->target->self, &r) &&
           r.r[DEBUG_RIP] == g->stopped_at;
}

/* Nobody is there to decide: a fault takes its course. */
static void go_free(struct gdb *g)
{
    bool die = fault_stands(g);
    gdb_remove_all_points(g);
    g->stepped = 0;
    go(g, GDB_FREE, die ? DEBUG_GO_DIE : DEBUG_GO);
}

void gdb_connected(struct gdb *g)
{
    memset(&g->in, 0, sizeof g->in);
    g->acks = true;
    g->out_from = g->out_to = 0;
    g->selected = g->fibers.current;
    if (g->state == GDB_WAITING) {
        g->state = GDB_STOPPED;
    } else if (g->state == GDB_LEAVING) {
        g->state = GDB_ATTACHING; /* the stop is on its way */
    } else if (g->state == GDB_FREE) {
        g->state = GDB_ATTACHING;
        g->target->ops->interrupt(g->target->self);
    }
}

void gdb_disconnected(struct gdb *g)
{
    if (g->state == GDB_STOPPED) {
        go_free(g);
    } else if (g->state == GDB_ATTACHING) {
        g->state = GDB_LEAVING;
    } else if (g->state == GDB_RUNNING) {
        g->state = GDB_LEAVING;
        g->target->ops->interrupt(g->target->self);
    }
}

void gdb_detach(struct gdb *g)
{
    if (g->state == GDB_STOPPED)
        go_free(g);
}

void gdb_kill(struct gdb *g)
{
    if (g->state == GDB_GONE)
        return;
    g->target->ops->kill(g->target->self);
    g->state = GDB_FREE; /* its end is on its way */
}

/* ---- Whose turn it is ----
 *
 * A thread that waits can't step until it is resumed. So an int3 is laid where it will go on, and whoever else comes by
 * (fibers share code) is stepped over it. */

static bool await(struct gdb *g, uint32_t thread)
{
    struct debug_thread waits;
    struct debug_registers r;
    if (!fibers_get(&g->fibers, thread, &waits) || !fibers_registers(&g->fibers, &waits, &r))
        return false;
    if (!gdb_plant(g, r.r[DEBUG_RIP]))
        return false;
    g->turn.thread = thread;
    g->turn.over = false;
    return true;
}

bool gdb_resume(struct gdb *g, uint32_t stepped, bool die)
{
    bool now = stepped == g->fibers.current;
    if (stepped && !now && !await(g, stepped))
        return false;
    g->stepped = stepped;
    go(g, GDB_RUNNING, die ? DEBUG_GO_DIE : stepped && now ? DEBUG_STEP : DEBUG_GO);
    return true;
}

/* True when the stop was only one on the way to a turn that is waited for, and it runs on. */
static bool goes_on_for_turn(struct gdb *g)
{
    bool at_it = g->stop.kind == DEBUG_INT3 && g->stop.address == g->turn.address;
    if (g->turn.over && g->stop.kind == DEBUG_TRACED && !(g->stop.dr6 & DR6_SLOTS)) {
        g->turn.over = false;
        if (!gdb_plant(g, g->turn.address))
            return false;
        go(g, GDB_RUNNING, DEBUG_GO);
        return true;
    }
    if (!at_it || g->fibers.current == g->turn.thread || gdb_is_soft(g, g->turn.address))
        return false;
    uint32_t thread = g->turn.thread;
    gdb_unplant(g);
    g->turn.thread = thread;
    g->turn.over = true;
    go(g, GDB_RUNNING, DEBUG_STEP);
    return true;
}

/* A step took the processor from the thread that stepped: it ends when that one has it again. */
static bool goes_on_for_step(struct gdb *g)
{
    uint32_t thread = g->stepped;
    bool stepped = g->stop.kind == DEBUG_TRACED && !(g->stop.dr6 & DR6_SLOTS);
    if (!stepped || thread == 0 || thread == g->fibers.current || !await(g, thread))
        return false;
    go(g, GDB_RUNNING, DEBUG_GO);
    return true;
}

/* ---- Stops ---- */

/* An int3 of ours was not there: rip is what it would be without. */
static void look(struct gdb *g)
{
    const struct debug_target *t = g->target;
    struct debug_registers r;
    if (!t->ops->read_registers(t->self, &r))
        memset(&r, 0, sizeof r);
    bool ours = g->stop.kind == DEBUG_INT3 &&
                (gdb_is_soft(g, g->stop.address) || (g->turn.thread && g->stop.address == g->turn.address));
    if (ours && r.r[DEBUG_RIP] != g->stop.address) {
        r.r[DEBUG_RIP] = g->stop.address;
        (void)t->ops->write_registers(t->self, &r);
    }
    g->stopped_at = r.r[DEBUG_RIP];
    fibers_look(&g->fibers, t, r.r[DEBUG_RSP]);
    g->selected = g->fibers.current;
    g->listed = 0;
}

static void gone(struct gdb *g)
{
    bool tell = g->state == GDB_RUNNING || g->state == GDB_STOPPED;
    g->state = GDB_GONE;
    if (tell)
        gdb_reply_stop(g);
}

static void stopped_running(struct gdb *g)
{
    if ((g->turn.thread && goes_on_for_turn(g)) || goes_on_for_step(g))
        return;
    gdb_unplant(g);
    g->stepped = 0;
    g->state = GDB_STOPPED;
    gdb_reply_stop(g);
}

void gdb_stopped(struct gdb *g, const struct debug_stop *stop)
{
    g->stop = *stop;
    if (stop->kind == DEBUG_EXITED || stop->kind == DEBUG_KILLED) {
        gone(g);
        return;
    }
    look(g);
    switch (g->state) {
    case GDB_ATTACHING:
        g->state = GDB_STOPPED;
        break;
    case GDB_RUNNING:
        stopped_running(g);
        break;
    case GDB_FREE:
        if (stop->kind == DEBUG_STARTED)
            g->state = GDB_WAITING;
        else
            go_free(g);
        break;
    case GDB_LEAVING:
        go_free(g);
        break;
    default:
        break;
    }
}
