/* SPDX-License-Identifier: ISC */
/*   0  4 version 6, traffic class (8 bits), flow label (20)
 *   4  2 payload length      8 16 source
 *   6  1 next header        24 16 destination
 *   7  1 hop limit          40    extension headers and payload
 *
 * Options headers and the routing header begin with the next header's number and their length in 8 bytes less one. The
 * fragment header: next, reserved, 13 bits of offset in 8 bytes, 2 reserved, more; 4 bytes of identification. */
#include "wire/ip6.h"

enum { OPTION_PAD1 = 0, OPTION_ROUTER_ALERT = 5 };
enum { CODE_FIELD = 0, CODE_NEXT_HEADER = 1, CODE_OPTION = 2 };

static void read_header(struct reader *r, struct ip6_header *h)
{
    uint32_t first = read_be32(r);
    h->tos = (uint8_t)(first >> 20);
    h->flow = first & 0xfffff;
    h->payload_len = read_be16(r);
    h->next = read_u8(r);
    h->hop_limit = read_u8(r);
    read_copy(r, h->src.b, sizeof h->src.b);
    read_copy(r, h->dst.b, sizeof h->dst.b);
}

bool ip6_parse(struct bytes packet, struct ip6_header *h, struct bytes *datagram)
{
    struct reader r = reader_of(packet);
    read_header(&r, h);
    if (!reader_good(&r) || packet.data[0] >> 4 != 6 || h->payload_len > reader_left(&r))
        return false;
    if (ip_is4(&h->src) || ip_is4(&h->dst))
        return false;
    *datagram = bytes_slice(packet, 0, IP6_HEADER_BYTES + (size_t)h->payload_len);
    return true;
}

bool ip6_parse_quoted(struct bytes packet, struct ip6_header *h, struct bytes *payload)
{
    struct reader r = reader_of(packet);
    read_header(&r, h);
    if (!reader_good(&r) || packet.data[0] >> 4 != 6)
        return false;
    *payload = bytes_slice(packet, IP6_HEADER_BYTES, h->payload_len);
    return true;
}

void ip6_emit(struct writer *w, const struct ip6_header *h)
{
    write_be32(w, UINT32_C(6) << 28 | (uint32_t)h->tos << 20 | (h->flow & 0xfffff));
    write_be16(w, h->payload_len);
    write_u8(w, h->next);
    write_u8(w, h->hop_limit);
    write_copy(w, h->src.b, sizeof h->src.b);
    write_copy(w, h->dst.b, sizeof h->dst.b);
}

void ip6_emit_fragment(struct writer *w, const struct ip6_fragment *f)
{
    write_u8(w, f->next);
    write_u8(w, 0);
    write_be16(w, (uint16_t)((f->offset & 0xfff8) | f->more));
    write_be32(w, f->id);
}

/* ---- Extension headers ---- */

struct ip6_walk ip6_walk_start(const struct ip6_header *h)
{
    return (struct ip6_walk){.next = h->next, .next_at = 6, .at = IP6_HEADER_BYTES};
}

static enum ip6_found problem(struct ip6_walk *w, uint8_t code, size_t pointer, enum ip6_found found)
{
    w->code = code;
    w->pointer = (uint32_t)pointer;
    return found;
}

/* The two highest bits of an option that we don't know say what to do (RFC 8200 4.2). */
static enum ip6_found unknown_option(struct ip6_walk *w, uint8_t type, size_t at)
{
    switch (type >> 6) {
    case 0:
        return IP6_FOUND_UPPER;
    case 1:
        return IP6_FOUND_MALFORMED;
    case 2:
        return problem(w, CODE_OPTION, at, IP6_FOUND_PROBLEM_ALL);
    default:
        return problem(w, CODE_OPTION, at, IP6_FOUND_PROBLEM);
    }
}

/* IP6_FOUND_UPPER: all is well. `at` is where the options begin. */
static enum ip6_found walk_options(struct ip6_walk *w, struct bytes options, size_t at)
{
    struct reader r = reader_of(options);
    unsigned n = 0;
    while (reader_left(&r)) {
        size_t option_at = at + options.len - reader_left(&r);
        uint8_t type = read_u8(&r);
        if (type == OPTION_PAD1)
            continue;
        read_skip(&r, read_u8(&r));
        if (!reader_good(&r))
            return IP6_FOUND_MALFORMED;
        if (++n > IP6_OPTIONS_MAX)
            return IP6_FOUND_TOO_MANY;
        w->router_alert |= type == OPTION_ROUTER_ALERT;
        enum ip6_found found = unknown_option(w, type, option_at);
        if (found != IP6_FOUND_UPPER)
            return found;
    }
    return IP6_FOUND_UPPER;
}

/* No type of routing header is known here; type 0 is refused by RFC 5095. With no segments left it is skipped. */
static enum ip6_found walk_routing(struct ip6_walk *w, struct bytes body)
{
    uint8_t segments_left = body.data[1];
    return segments_left ? problem(w, CODE_FIELD, w->at + 2, IP6_FOUND_PROBLEM) : IP6_FOUND_UPPER;
}

static enum ip6_found walk_one(struct ip6_walk *w, struct bytes datagram)
{
    struct reader r = reader_of(bytes_slice(datagram, w->at, datagram.len));
    uint8_t next = read_u8(&r);
    size_t len = (read_u8(&r) + (size_t)1) * 8;
    struct bytes body = read_bytes(&r, len - 2);
    if (!reader_good(&r))
        return IP6_FOUND_MALFORMED;
    enum ip6_found found = w->next == IP6_ROUTING ? walk_routing(w, body) : walk_options(w, body, w->at + 2);
    if (found != IP6_FOUND_UPPER)
        return found;
    w->next = next;
    w->next_at = w->at;
    w->at += len;
    return IP6_FOUND_UPPER;
}

static enum ip6_found read_fragment(struct ip6_walk *w, struct bytes datagram)
{
    struct reader r = reader_of(bytes_slice(datagram, w->at, datagram.len));
    w->fragment.next = read_u8(&r);
    read_skip(&r, 1);
    uint16_t offset = read_be16(&r);
    w->fragment.offset = offset & 0xfff8;
    w->fragment.more = offset & 1;
    w->fragment.id = read_be32(&r);
    w->next = w->fragment.next;
    w->next_at = w->at;
    w->at += IP6_FRAGMENT_BYTES;
    return reader_good(&r) ? IP6_FOUND_FRAGMENT : IP6_FOUND_MALFORMED;
}

enum ip6_found ip6_walk(struct ip6_walk *w, struct bytes datagram)
{
    for (;;) {
        bool hop_by_hop = w->next == IP6_HOP_BY_HOP;
        bool extension = hop_by_hop || w->next == IP6_ROUTING || w->next == IP6_DESTINATION || w->next == IP6_FRAGMENT;
        if (!extension)
            return IP6_FOUND_UPPER;
        if (hop_by_hop && w->n_headers)
            return problem(w, CODE_NEXT_HEADER, w->next_at, IP6_FOUND_PROBLEM);
        if (++w->n_headers > IP6_EXTENSIONS_MAX)
            return IP6_FOUND_TOO_MANY;
        if (w->next == IP6_FRAGMENT)
            return read_fragment(w, datagram);
        enum ip6_found found = walk_one(w, datagram);
        if (found != IP6_FOUND_UPPER)
            return found;
    }
}
