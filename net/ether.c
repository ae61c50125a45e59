/* SPDX-License-Identifier: ISC */
#include "net/ether.h"
#include "net/net.h"
#include "wire/vnet.h"

static bool listens_to(const struct net *n, const struct mac *group)
{
    return (n->groups.ops && n->groups.ops->listens_to(n, group)) || (n->ip6_ops && n->ip6_ops->listens_to(n, group));
}

void ether_input(struct net *n, uint64_t now_ns, struct bytes frame, const struct net_offload *o)
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
    unsigned link = (group ? LINK_GROUP : 0) | (o->flags & (NET_PARTIAL | NET_GOOD) ? LINK_VERIFIED : 0) |
                    (o->segments ? LINK_SEVERAL : 0);
    if (mac_is_group(&e.src) || mac_equal(&e.src, &n->dev->mac)) {
        c->in_bad_source++;
    } else if (!group && !mac_equal(&e.dst, &n->dev->mac)) {
        c->in_other_host++;
    } else if (group && !mac_equal(&e.dst, &MAC_BROADCAST) && !listens_to(n, &e.dst)) {
        c->in_group++;
    } else if (e.type == ETHER_IP4) {
        ip4_input(n, now_ns, read_rest(&r), link);
    } else if (e.type == ETHER_ARP) {
        arp_input(n, now_ns, read_rest(&r));
    } else if (e.type == ETHER_IP6 && n->ip6_ops) {
        n->ip6_ops->input(n, now_ns, read_rest(&r), link);
    } else {
        c->in_unknown_type++;
    }
}

enum err ether_output(struct net *n, struct frame *f, const struct mac *dst, enum ether_type type)
{
    struct counters_ether *c = &n->counters.ether;
    struct writer w = writer_of(f->head, ETHER_BYTES);
    ether_emit(&w, &(struct ether){*dst, n->dev->mac, (uint16_t)type});
    enum err e = n->dev->ops->send(n->dev, f->v, f->n, &f->offload);
    if (e == OK) {
        c->out++;
        c->out_bytes += bytes_total(f->v, f->n);
    } else if (e == ERR_AGAIN) {
        c->out_full++;
    } else {
        c->out_failed++;
    }
    return e;
}

COLD void ether_slice(struct frame *f, const struct bytes *v, size_t count, size_t from, size_t len)
{
    f->n = 1;
    for (size_t i = 0; i < count && len; i++) {
        struct bytes part = bytes_slice(v[i], from, len);
        from -= from < v[i].len ? from : v[i].len;
        len -= part.len;
        if (part.len)
            f->v[f->n++] = part;
    }
}

void ether_offload(struct frame *f, const struct ip_out *o, size_t header_bytes)
{
    f->offload = (struct net_offload){0};
    if (!o->checksum_offset)
        return;
    size_t start = ETHER_BYTES + header_bytes;
    f->offload.flags = (uint8_t)(NET_PARTIAL | (o->first_cwr ? NET_CWR : 0));
    f->offload.checksum_start = (uint16_t)start;
    f->offload.checksum_offset = o->checksum_offset;
    if (!o->segment_bytes)
        return;
    f->offload.segments = ip_is4(&o->dst) ? NET_TCP4 : NET_TCP6;
    f->offload.segment_bytes = o->segment_bytes;
    f->offload.header_bytes = (uint16_t)(start + o->header_bytes);
}

COLD size_t ether_keep(const struct frame *f, uint8_t *copy, size_t size)
{
    struct writer w = writer_of(copy, size);
    if (f->offload.segments)
        return 0;
    for (size_t i = 0; i < f->n; i++)
        write_bytes(&w, f->v[i]);
    must(writer_good(&w));
    if (f->offload.flags & NET_PARTIAL)
        must(vnet_fill_checksum(copy, writer_len(&w), &f->offload));
    return writer_len(&w);
}
