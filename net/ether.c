/* SPDX-License-Identifier: ISC */
#include "net/ether.h"
#include "net/net.h"

static bool listens_to(const struct net *n, const struct mac *group)
{
    return group_listens_to(n, group) || (n->ip6_ops && n->ip6_ops->listens_to(n, group));
}

void ether_input(struct net *n, uint64_t now_ns, struct bytes frame)
{
    struct reader r = reader_of(frame);
    struct ether e;
    struct counters_ether *c = &n->counters.ether;
    c->in++;
    c->in_bytes += frame.len;
    if (!ether_parse(&r, &e)) {
        c->in_short++;
        return;
    }
    bool group = mac_is_group(&e.dst);
    if (mac_is_group(&e.src) || mac_equal(&e.src, &n->dev->mac)) {
        c->in_bad_source++;
    } else if (!group && !mac_equal(&e.dst, &n->dev->mac)) {
        c->in_other_host++;
    } else if (group && !mac_equal(&e.dst, &MAC_BROADCAST) && !listens_to(n, &e.dst)) {
        c->in_group++;
    } else if (e.type == ETHER_IP4) {
        ip4_input(n, now_ns, read_rest(&r), group);
    } else if (e.type == ETHER_ARP) {
        arp_input(n, now_ns, read_rest(&r));
    } else if (e.type == ETHER_IP6 && n->ip6_ops) {
        n->ip6_ops->input(n, now_ns, read_rest(&r), group);
    } else {
        c->in_unknown_type++;
    }
}

static size_t frame_len(const struct frame *f)
{
    size_t len = 0;
    for (size_t i = 0; i < f->n; i++)
        len += f->v[i].len;
    return len;
}

enum err ether_output(struct net *n, struct frame *f, const struct mac *dst, enum ether_type type)
{
    struct counters_ether *c = &n->counters.ether;
    struct writer w = writer_of(f->head, ETHER_BYTES);
    ether_emit(&w, &(struct ether){*dst, n->dev->mac, (uint16_t)type});
    enum err e = n->dev->ops->send(n->dev, f->v, f->n);
    if (e == OK) {
        c->out++;
        c->out_bytes += frame_len(f);
    } else if (e == ERR_AGAIN) {
        c->out_full++;
    } else {
        c->out_failed++;
    }
    return e;
}
