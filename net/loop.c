/* SPDX-License-Identifier: ISC */
#include "net/loop.h"
#include "net/net.h"

static enum err send(struct net *n, const struct frame *f)
{
    struct loop *l = &n->loop;
    if (f->offload.segments)
        return ERR_UNSUPPORTED;
    bool room = l->packets.memory || pool_init(&l->packets, sizeof(struct loop_packet), LOOP_PACKETS) == OK;
    struct loop_packet *p = room ? pool_take(&l->packets) : NULL;
    if (!p) {
        n->counters.loop.dropped++;
        return ERR_AGAIN;
    }
    p->len = ether_keep(f, p->frame, sizeof p->frame);
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
        struct bytes packet = bytes_of(p->frame + ETHER_BYTES, p->len - ETHER_BYTES);
        l->first = p->next;
        l->delivering = true;
        if (packet.data[0] >> 4 == 4)
            ip4_input(n, now_ns, packet, 0);
        else
            n->ip6_ops->input(n, now_ns, packet, 0);
        l->delivering = false;
        pool_give(&l->packets, p);
    }
    return some;
}

const struct loop_ops loop_ops = {send, deliver};
