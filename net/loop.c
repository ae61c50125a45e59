/* SPDX-License-Identifier: ISC */
#include "net/loop.h"
#include "net/net.h"

static enum err send(struct net *n, const struct frame *f)
{
    struct loop *l = &n->loop;
    if (!l->packets.memory && pool_init(&l->packets, sizeof(struct loop_packet), LOOP_PACKETS) != OK)
        return ERR_AGAIN;
    struct loop_packet *p = pool_take(&l->packets);
    if (!p) {
        n->counters.loop.dropped++;
        return ERR_AGAIN;
    }
    struct writer w = writer_of(p->packet, sizeof p->packet);
    write_bytes(&w, bytes_slice(f->v[0], ETHER_BYTES, f->v[0].len));
    for (size_t i = 1; i < f->n; i++)
        write_bytes(&w, f->v[i]);
    must(writer_good(&w));
    p->len = writer_len(&w);
    p->next = NULL;
    if (!l->first)
        l->end = &l->first;
    *l->end = p;
    l->end = &p->next;
    n->counters.loop.packets++;
    return OK;
}

static bool deliver(struct net *n, uint64_t now_ns)
{
    struct loop *l = &n->loop;
    bool some = l->first;
    for (int i = 0; i < LOOP_PACKETS && l->first; i++) {
        struct loop_packet *p = l->first;
        struct bytes packet = bytes_of(p->packet, p->len);
        l->first = p->next;
        l->delivering = true;
        if (p->packet[0] >> 4 == 4)
            ip4_input(n, now_ns, packet, false);
        else
            n->ip6_ops->input(n, now_ns, packet, false);
        l->delivering = false;
        pool_give(&l->packets, p);
    }
    return some;
}

const struct loop_ops loop_ops = {send, deliver};
