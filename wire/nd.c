/* SPDX-License-Identifier: ISC */
/* Behind the 8 bytes of the ICMPv6 header:
 *
 *   neighbour: 16 target, options          redirect: 16 target, 16 destination, options
 *   router:    4 reachable time, 4 retransmission interval (ms), options
 *
 *   an option: 1 type, 1 length in 8 bytes (itself included), and
 *     source, target  6 MAC
 *     prefix          1 length, 1 flags L A, 4 valid, 4 preferred (s), 4 reserved, 16 prefix
 *     MTU             2 reserved, 4 MTU
 *     RDNSS           2 reserved, 4 lifetime (s), 16 each server
 *     DNSSL           2 reserved, 4 lifetime (s), names as in DNS messages, zeros */
#include "wire/nd.h"

enum { FLAG_ON_LINK = 0x80, FLAG_AUTONOMOUS = 0x40 };

static void read_ip(struct reader *r, struct ip *ip)
{
    read_copy(r, ip->b, sizeof ip->b);
}

static void read_prefix(struct reader *r, struct nd_options *o)
{
    struct nd_prefix p;
    p.net.prefix_len = read_u8(r);
    uint8_t flags = read_u8(r);
    p.on_link = flags & FLAG_ON_LINK;
    p.autonomous = flags & FLAG_AUTONOMOUS;
    p.valid_s = read_be32(r);
    p.preferred_s = read_be32(r);
    read_skip(r, 4);
    read_ip(r, &p.net.ip);
    if (!reader_good(r) || p.net.prefix_len > 128)
        return;
    if (o->n_prefixes < ND_PREFIXES_MAX)
        o->prefix[o->n_prefixes++] = p;
    else
        o->n_prefixes_left_out++;
}

static void read_servers(struct reader *r, struct nd_options *o)
{
    read_skip(r, 2);
    o->servers_s = read_be32(r);
    while (reader_left(r) >= 16) {
        struct ip ip;
        read_ip(r, &ip);
        if (o->n_servers < ND_SERVERS_MAX)
            o->server[o->n_servers++] = ip;
        else
            o->n_servers_left_out++;
    }
}

static void read_search(struct reader *r, struct nd_options *o)
{
    read_skip(r, 2);
    uint32_t lifetime_s = read_be32(r);
    struct bytes names = read_rest(r);
    if (o->search.len)
        return;
    o->search = names;
    o->search_s = lifetime_s;
}

/* The body of an option in a view of its own, so that one can't reach into the next. */
static bool read_option(struct reader *r, uint8_t type, struct nd_options *o)
{
    switch (type) {
    case ND_SOURCE_MAC:
        read_copy(r, o->source.b, sizeof o->source.b);
        o->has_source = true;
        break;
    case ND_TARGET_MAC:
        read_copy(r, o->target.b, sizeof o->target.b);
        o->has_target = true;
        break;
    case ND_PREFIX:
        read_prefix(r, o);
        break;
    case ND_MTU:
        read_skip(r, 2);
        o->mtu_bytes = read_be32(r);
        break;
    case ND_RDNSS:
        read_servers(r, o);
        break;
    case ND_DNSSL:
        read_search(r, o);
        break;
    default:
        break;
    }
    return reader_good(r);
}

bool nd_parse_options(struct reader *r, struct nd_options *o)
{
    *o = (struct nd_options){.n_prefixes = 0};
    while (reader_left(r)) {
        uint8_t type = read_u8(r);
        uint8_t len = read_u8(r);
        if (!reader_good(r) || len == 0)
            return false;
        struct reader body = read_sub(r, len * (size_t)8 - 2);
        if (!reader_good(r) || !read_option(&body, type, o))
            return false;
    }
    return reader_good(r);
}

bool nd_parse_neighbour(struct bytes data, struct nd_neighbour_message *m)
{
    struct reader r = reader_of(data);
    read_ip(&r, &m->target);
    return nd_parse_options(&r, &m->options);
}

bool nd_parse_router(struct bytes data, struct nd_router_message *m)
{
    struct reader r = reader_of(data);
    m->reachable_ms = read_be32(&r);
    m->retry_ms = read_be32(&r);
    return nd_parse_options(&r, &m->options);
}

bool nd_parse_redirect(struct bytes data, struct nd_redirect *m)
{
    struct reader r = reader_of(data);
    read_ip(&r, &m->target);
    read_ip(&r, &m->dst);
    return nd_parse_options(&r, &m->options);
}

void nd_emit_mac(struct writer *w, enum nd_option option, const struct mac *mac)
{
    write_u8(w, (uint8_t)option);
    write_u8(w, 1);
    write_copy(w, mac->b, sizeof mac->b);
}

void nd_emit_neighbour(struct writer *w, const struct ip *target, enum nd_option option, const struct mac *mac)
{
    write_copy(w, target->b, sizeof target->b);
    if (mac)
        nd_emit_mac(w, option, mac);
}
