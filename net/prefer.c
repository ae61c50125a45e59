/* SPDX-License-Identifier: ISC */
#include "net/prefer.h"

enum { SCOPE_LINK = 2, SCOPE_GLOBAL = 14, PREFIX_BITS = 64 };

struct policy {
    struct ip_net net;
    uint8_t precedence;
    uint8_t label;
};

/* The longest prefix that fits comes first. */
static const struct policy policies[] = {
    {{{{[15] = 1}}, 128}, 50, 0}, {{{{[10] = 0xff, [11] = 0xff}}, 96}, 35, 4},
    {{{{0x20, 1}}, 32}, 5, 5},    {{{{0x20, 2}}, 16}, 30, 2},
    {{{{0xfc}}, 7}, 3, 13},       {{{{0}}, 0}, 40, 1},
};

unsigned prefer_common_bits(const struct ip *a, const struct ip *b, unsigned most)
{
    unsigned n = 0;
    while (n + 8 <= most && a->b[n / 8] == b->b[n / 8])
        n += 8;
    while (n < most && ((a->b[n / 8] ^ b->b[n / 8]) >> (7 - n % 8) & 1) == 0)
        n++;
    return n;
}

static const struct policy *policy_of(const struct ip *ip)
{
    const struct policy *p = policies;
    while (prefer_common_bits(ip, &p->net.ip, p->net.prefix_len) < p->net.prefix_len)
        p++;
    return p;
}

unsigned prefer_label(const struct ip *ip)
{
    return policy_of(ip)->label;
}

unsigned prefer_precedence(const struct ip *ip)
{
    return policy_of(ip)->precedence;
}

unsigned prefer_scope(const struct ip *ip)
{
    if (ip_is4(ip))
        return ip->b[12] == 127 || (ip->b[12] == 169 && ip->b[13] == 254) ? SCOPE_LINK : SCOPE_GLOBAL;
    if (ip_is_multicast(ip))
        return ip->b[1] & 15;
    return ip_is_link_local(ip) ? SCOPE_LINK : SCOPE_GLOBAL;
}

/* ---- Destinations ---- */

static bool fits_scope(const struct prefer_way *w)
{
    return prefer_scope(&w->to.ip) == prefer_scope(&w->src);
}

static bool fits_label(const struct prefer_way *w)
{
    return prefer_label(&w->to.ip) == prefer_label(&w->src);
}

/* Rules 1, 2, 3, 5, 6, 8 and 9; 4 and 7 have no case: no mobility, no tunnels. Rule 9 is for IPv6 alone: names with several
 * IPv4 addresses mean that load is spread over them, and their bits say nothing of the way. */
static bool is_better(const struct prefer_way *a, const struct prefer_way *b)
{
    bool way_a = !ip_equal(&a->src, &IP_NONE), way_b = !ip_equal(&b->src, &IP_NONE);
    if (way_a != way_b)
        return way_a;
    if (!way_a)
        return false;
    if (fits_scope(a) != fits_scope(b))
        return fits_scope(a);
    if (a->deprecated != b->deprecated)
        return b->deprecated;
    if (fits_label(a) != fits_label(b))
        return fits_label(a);
    unsigned precedence_a = prefer_precedence(&a->to.ip), precedence_b = prefer_precedence(&b->to.ip);
    if (precedence_a != precedence_b)
        return precedence_a > precedence_b;
    if (prefer_scope(&a->to.ip) != prefer_scope(&b->to.ip))
        return prefer_scope(&a->to.ip) < prefer_scope(&b->to.ip);
    if (ip_is4(&a->to.ip) || ip_is4(&b->to.ip))
        return false;
    return prefer_common_bits(&a->to.ip, &a->src, PREFIX_BITS) > prefer_common_bits(&b->to.ip, &b->src, PREFIX_BITS);
}

/* Moves v[from] to an earlier place; those between go one further. */
static void move_up(struct prefer_way *v, size_t from, size_t to)
{
    struct prefer_way moved = v[from];
    for (size_t i = from; i > to; i--)
        v[i] = v[i - 1];
    v[to] = moved;
}

void prefer_sort(struct prefer_way *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t at = i;
        while (at > 0 && is_better(&v[i], &v[at - 1]))
            at--;
        move_up(v, i, at);
    }
    for (size_t i = 1; i < n && !ip_equal(&v[i].src, &IP_NONE); i++) {
        size_t other = i;
        while (other < n && ip_is4(&v[other].to.ip) == ip_is4(&v[i - 1].to.ip))
            other++;
        if (other < n && !ip_equal(&v[other].src, &IP_NONE))
            move_up(v, other, i);
    }
}
