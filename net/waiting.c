/* SPDX-License-Identifier: ISC */
#include "net/waiting.h"

enum err waiting_init(struct waiting_room *r, size_t n_frames, uint8_t n_each, uint64_t *n_waited, uint64_t *n_dropped)
{
    r->n_each = n_each;
    r->n_waited = n_waited;
    r->n_dropped = n_dropped;
    return pool_init(&r->frames, sizeof(struct waiting_frame), n_frames);
}

void waiting_free(struct waiting_room *r)
{
    pool_free(&r->frames);
}

static struct waiting_frame *pop(struct waiting *w)
{
    struct waiting_frame *f = w->first;
    if (f) {
        w->first = f->next;
        w->n--;
    }
    return f;
}

static void drop(struct waiting_room *r, struct waiting_frame *f)
{
    ++*r->n_dropped;
    pool_give(&r->frames, f);
}

void waiting_keep(struct waiting_room *r, struct waiting *w, const struct frame *f)
{
    if (w->n == r->n_each)
        drop(r, pop(w));
    struct waiting_frame *copy = pool_take(&r->frames);
    if (!copy) {
        ++*r->n_dropped;
        return;
    }
    copy->len = ether_keep(f, copy->b, sizeof copy->b);
    copy->next = NULL;
    struct waiting_frame **end = &w->first;
    while (*end)
        end = &(*end)->next;
    *end = copy;
    w->n++;
    ++*r->n_waited;
}

static struct bytes packet_of(const struct waiting_frame *f)
{
    return bytes_of(f->b + ETHER_BYTES, f->len - ETHER_BYTES);
}

void waiting_send(struct net *n, struct waiting_room *r, struct waiting *w, const struct mac *dst, enum ether_type type)
{
    for (struct waiting_frame *kept; (kept = pop(w));) {
        struct frame f = {.n = 2};
        f.v[0] = bytes_of(f.head, ETHER_BYTES);
        f.v[1] = packet_of(kept);
        (void)ether_output(n, &f, dst, type);
        pool_give(&r->frames, kept);
    }
}

void waiting_drop(struct waiting_room *r, struct waiting *w)
{
    for (struct waiting_frame *f; (f = pop(w));)
        drop(r, f);
}

void waiting_refuse(struct net *n, uint64_t now_ns, struct waiting_room *r, struct waiting *w,
                    bool (*problem)(struct net *n, uint64_t now_ns, struct bytes quoted, enum icmp_problem problem,
                                    uint16_t mtu_bytes))
{
    struct waiting told = *w; /* who is told may send again at once */
    *w = (struct waiting){.n = 0};
    for (struct waiting_frame *f; (f = pop(&told));) {
        problem(n, now_ns, packet_of(f), PROBLEM_UNREACHABLE, 0);
        drop(r, f);
    }
}
