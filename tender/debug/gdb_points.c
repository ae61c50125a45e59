/* SPDX-License-Identifier: ISC */
/* Software breakpoints are int3 instructions in the image's text, which memory shows as they are without; the hardware's
 * four debug registers are shared out among the other points, anew at each change. */
#include "tender/debug/gdb_parts.h"

#define INT3 0xcc

enum { KIND_SOFT, KIND_HARD, KIND_WRITE, KIND_READ, KIND_ACCESS };

static bool swap_byte(struct gdb *g, uint64_t address, uint8_t byte, uint8_t *before)
{
    const struct debug_target *t = g->target;
    if (before && t->ops->read_memory(t->self, address, before, 1) != 1)
        return false;
    return t->ops->write_memory(t->self, address, &byte, 1);
}

static size_t find_soft(const struct gdb *g, uint64_t address)
{
    size_t i = 0;
    while (i < g->n_soft && g->soft[i].address != address)
        i++;
    return i;
}

bool gdb_is_soft(const struct gdb *g, uint64_t address)
{
    return find_soft(g, address) < g->n_soft;
}

static bool add_soft(struct gdb *g, uint64_t address)
{
    uint8_t saved;
    if (gdb_is_soft(g, address))
        return true;
    if (g->n_soft == GDB_SOFT_MAX || !swap_byte(g, address, INT3, &saved))
        return false;
    g->soft[g->n_soft].address = address;
    g->soft[g->n_soft++].saved = saved;
    return true;
}

static bool remove_soft(struct gdb *g, uint64_t address)
{
    size_t i = find_soft(g, address);
    if (i == g->n_soft)
        return true;
    bool good = swap_byte(g, address, g->soft[i].saved, NULL);
    g->soft[i] = g->soft[--g->n_soft];
    return good;
}

/* ---- Hardware ---- */

static struct slots share_out(const struct gdb *g, bool *fits)
{
    struct slots s = {0};
    *fits = true;
    for (size_t i = 0; i < g->n_hard; i++)
        *fits &= slots_add(&s, &g->hard[i]);
    return s;
}

static bool program(struct gdb *g)
{
    const struct debug_target *t = g->target;
    bool fits;
    struct slots s = share_out(g, &fits);
    return fits && t->ops->set_debug_registers(t->self, s.address, s.dr7);
}

static struct point hard_point(uint64_t kind, uint64_t address, uint64_t len)
{
    static const enum point_kind kinds[] = {POINT_EXECUTE, POINT_EXECUTE, POINT_WRITE, POINT_ACCESS, POINT_ACCESS};
    return (struct point){address, kind == KIND_HARD ? 1 : len, kinds[kind]};
}

static size_t find_hard(const struct gdb *g, const struct point *p)
{
    size_t i = 0;
    while (i < g->n_hard &&
           (g->hard[i].address != p->address || g->hard[i].len != p->len || g->hard[i].kind != p->kind))
        i++;
    return i;
}

static bool add_hard(struct gdb *g, struct point p)
{
    if (find_hard(g, &p) < g->n_hard)
        return true;
    if (g->n_hard == GDB_HARD_MAX)
        return false;
    g->hard[g->n_hard++] = p;
    if (program(g))
        return true;
    g->n_hard--;
    (void)program(g);
    return false;
}

static bool remove_hard(struct gdb *g, struct point p)
{
    size_t i = find_hard(g, &p);
    if (i == g->n_hard)
        return true;
    g->hard[i] = g->hard[--g->n_hard];
    return program(g);
}

const struct point *gdb_matched(const struct gdb *g, uint64_t dr6, uint64_t *address)
{
    bool fits;
    struct slots s = share_out(g, &fits);
    for (unsigned i = 0; i < s.n; i++) {
        *address = s.address[i];
        if (dr6 >> i & 1)
            return s.of[i];
    }
    return NULL;
}

/* ---- Both ---- */

bool gdb_add_point(struct gdb *g, uint64_t kind, uint64_t address, uint64_t len)
{
    return kind == KIND_SOFT ? add_soft(g, address) : add_hard(g, hard_point(kind, address, len));
}

bool gdb_remove_point(struct gdb *g, uint64_t kind, uint64_t address, uint64_t len)
{
    return kind == KIND_SOFT ? remove_soft(g, address) : remove_hard(g, hard_point(kind, address, len));
}

void gdb_remove_all_points(struct gdb *g)
{
    gdb_unplant(g);
    while (g->n_soft)
        (void)remove_soft(g, g->soft[0].address);
    if (g->n_hard) {
        g->n_hard = 0;
        (void)program(g);
    }
}

bool gdb_plant(struct gdb *g, uint64_t address)
{
    g->turn.address = address;
    return gdb_is_soft(g, address) || swap_byte(g, address, INT3, &g->turn.saved);
}

void gdb_unplant(struct gdb *g)
{
    if (g->turn.thread && !g->turn.over && !gdb_is_soft(g, g->turn.address))
        (void)swap_byte(g, g->turn.address, g->turn.saved, NULL);
    g->turn.thread = 0;
    g->turn.over = false;
}

/* ---- Memory ---- */

size_t gdb_read(struct gdb *g, uint64_t address, uint8_t *out, size_t len)
{
    size_t n = g->target->ops->read_memory(g->target->self, address, out, len);
    for (size_t i = 0; i < g->n_soft; i++)
        if (g->soft[i].address - address < n)
            out[g->soft[i].address - address] = g->soft[i].saved;
    return n;
}

/* What is written over a breakpoint is what it will leave behind. */
bool gdb_write(struct gdb *g, uint64_t address, const uint8_t *data, size_t len)
{
    const struct debug_target *t = g->target;
    bool good = t->ops->write_memory(t->self, address, data, len);
    for (size_t i = 0; i < g->n_soft && good; i++) {
        if (g->soft[i].address - address >= len)
            continue;
        g->soft[i].saved = data[g->soft[i].address - address];
        good = swap_byte(g, g->soft[i].address, INT3, NULL);
    }
    return good;
}
