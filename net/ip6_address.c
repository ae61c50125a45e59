/* SPDX-License-Identifier: ISC */
/* Our addresses: how they are made, duplicate address detection (RFC 4862 5.4, optimistic by RFC 4429), lifetimes, and
 * which of them is the source (RFC 6724 5). */
#include "net/net.h"
#include "net/prefer.h"

#include <jinn/must.h>

#include <mbedtls/sha256.h>

struct ip ip6_solicited_group(const struct ip *ip)
{
    return (struct ip){{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ip->b[13], ip->b[14], ip->b[15]}};
}

/* ---- Making ---- */

/* fe80::/64 and the MAC as modified EUI-64 (RFC 4291 appendix A). On the link the MAC is no secret. */
static struct ip link_local(const struct mac *m)
{
    return (struct ip){
        {0xfe, 0x80, 0, 0, 0, 0, 0, 0, m->b[0] ^ 2, m->b[1], m->b[2], 0xff, 0xfe, m->b[3], m->b[4], m->b[5]}};
}

struct ip ip6_stable(const struct net *n, const struct ip *prefix, uint8_t retries)
{
    uint8_t text[IP6_SECRET_BYTES + 8 + 6 + 1], digest[32];
    struct writer w = writer_of(text, sizeof text);
    struct ip ip = *prefix;
    write_copy(&w, n->ip6->secret, sizeof n->ip6->secret);
    write_copy(&w, prefix->b, 8);
    write_copy(&w, n->dev->mac.b, sizeof n->dev->mac.b);
    write_u8(&w, retries);
    must(writer_good(&w) && mbedtls_sha256(text, sizeof text, digest, 0) == 0);
    memcpy(ip.b + 8, digest, 8);
    return ip;
}

static void make_secret(struct net *n, struct bytes secret)
{
    struct writer w = writer_of(n->ip6->secret, sizeof n->ip6->secret);
    if (secret.len) {
        must(mbedtls_sha256(secret.data, secret.len, n->ip6->secret, 0) == 0);
        return;
    }
    while (writer_left(&w))
        write_be32(&w, n->random());
}

/* ---- The table ---- */

struct ip6_address *ip6_find(const struct net *n, const struct ip *ip)
{
    if (n->loop.ops && loop_is_loopback(ip))
        return &n->ip6->loopback;
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        struct ip6_address *a = &n->ip6->address[i];
        if (ip6_is_used(a) && ip_equal(&a->ip, ip))
            return a;
    }
    return NULL;
}

void ip6_detect(struct net *n, uint64_t now_ns, struct ip6_address *a)
{
    struct ip group = ip6_solicited_group(&a->ip);
    a->state = IP6_OPTIMISTIC;
    a->detected_ns = time_after(now_ns, n->ip6->nd.retry_ns);
    mld_join(n, now_ns, &group);
    nd_probe(n, now_ns, &a->ip);
    net_tell(n);
}

struct ip6_address *ip6_add(struct net *n, uint64_t now_ns, const struct ip_net *net)
{
    struct ip6_address *a = n->ip6->address;
    while (a < n->ip6->address + IP6_ADDRESSES && a->state != IP6_FREE)
        a++;
    if (a == n->ip6->address + IP6_ADDRESSES) {
        n->counters.ip6.addresses_full++;
        return NULL;
    }
    *a = (struct ip6_address){
        .ip = net->ip, .prefix_len = net->prefix_len, .preferred_ns = TIME_NEVER, .valid_ns = TIME_NEVER};
    ip6_detect(n, now_ns, a);
    return a;
}

static void leave_group(struct net *n, uint64_t now_ns, const struct ip6_address *a)
{
    struct ip group = ip6_solicited_group(&a->ip);
    if (ip6_is_used(a))
        mld_leave(n, now_ns, &group);
}

void ip6_remove(struct net *n, uint64_t now_ns, struct ip6_address *a)
{
    leave_group(n, now_ns, a);
    a->state = IP6_FREE;
    net_tell(n);
}

/* While it is being asked about it is given up, and another one is made if it was made (RFC 7217 6). Later we defend
 * it by saying whose it is. */
void ip6_conflict(struct net *n, uint64_t now_ns, struct ip6_address *a)
{
    n->counters.ip6.in_conflicts++;
    if (a->state != IP6_OPTIMISTIC)
        return;
    leave_group(n, now_ns, a);
    if (a->kind == IP6_TEMPORARY) {
        ip6_temporary_conflict(n, now_ns, a);
        return;
    }
    if (a->kind == IP6_STABLE && a->retries < IP6_IDENTIFIERS) {
        a->ip = ip6_stable(n, &a->ip, ++a->retries);
        ip6_detect(n, now_ns, a);
        return;
    }
    a->state = IP6_DUPLICATE;
    net_tell(n);
    if (a->kind == IP6_LEASED)
        dhcp6_conflict(&n->ip6->dhcp.client, now_ns);
}

const struct ip6_address *ip6_link_local(const struct net *n)
{
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        if (a->state == IP6_VALID && ip_is_link_local(&a->ip))
            return a;
    }
    return NULL;
}

/* ---- Source addresses (RFC 6724) ---- */

static bool is_deprecated(const struct ip6_address *a)
{
    return a->preferred_ns == 0;
}

/* Rules 2, 3, 6, 7 and 8; the others have no case here: one interface, no mobility. */
static bool is_better(const struct ip6_address *a, const struct ip6_address *b, const struct ip *dst)
{
    unsigned sa = prefer_scope(&a->ip), sb = prefer_scope(&b->ip), wanted = prefer_scope(dst);
    if (sa != sb)
        return sa < sb ? sa >= wanted : sb < wanted;
    if (is_deprecated(a) != is_deprecated(b))
        return is_deprecated(b);
    bool fits = prefer_label(&a->ip) == prefer_label(dst);
    if (fits != (prefer_label(&b->ip) == prefer_label(dst)))
        return fits;
    if ((a->kind == IP6_TEMPORARY) != (b->kind == IP6_TEMPORARY))
        return a->kind == IP6_TEMPORARY;
    return prefer_common_bits(&a->ip, dst, a->prefix_len) > prefer_common_bits(&b->ip, dst, b->prefix_len);
}

const struct ip6_address *ip6_source(const struct net *n, const struct ip *dst)
{
    const struct ip6_address *best = NULL;
    if (loop_is_loopback(dst))
        return ip6_find(n, dst);
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        if (!ip6_is_used(a))
            continue;
        if (!best || is_better(a, best, dst))
            best = a;
    }
    return best;
}

/* RFC 4429 3.2: an optimistic address asks for nobody, for the question would tell our MAC. */
const struct ip6_address *ip6_asker(const struct net *n, const struct ip *target)
{
    const struct ip6_address *a = ip6_source(n, target);
    return a && a->state == IP6_VALID ? a : ip6_link_local(n);
}

/* ---- Time ---- */

/* preferred_ns 0 says that the time is over: then nothing happens any more until valid_ns. */
uint64_t ip6_address_deadline(const struct net *n)
{
    uint64_t at = TIME_NEVER;
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        if (a->state == IP6_FREE)
            continue;
        at = time_min(at, a->valid_ns);
        if (a->preferred_ns)
            at = time_min(at, a->preferred_ns);
        if (a->state == IP6_OPTIMISTIC)
            at = time_min(at, a->detected_ns);
    }
    return at;
}

void ip6_address_tick(struct net *n, uint64_t now_ns)
{
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        struct ip6_address *a = &n->ip6->address[i];
        if (a->state == IP6_FREE)
            continue;
        if (a->valid_ns <= now_ns) {
            ip6_remove(n, now_ns, a);
            continue;
        }
        if (a->preferred_ns <= now_ns)
            a->preferred_ns = 0;
        if (a->state == IP6_OPTIMISTIC && a->detected_ns <= now_ns) {
            a->state = IP6_VALID;
            if (ip_is_link_local(&a->ip))
                mld_again(n, now_ns);
            net_tell(n);
        }
    }
}

/* ---- The start ---- */

static bool is_for_host(const struct ip_net *net)
{
    bool loopback = ip_equal(&net->ip, &(struct ip){{[15] = 1}});
    return !ip_is4(&net->ip) && !ip_is_unspecified(&net->ip) && !ip_is_multicast(&net->ip) && !loopback &&
           net->prefix_len <= 128;
}

enum err ip6_start(struct net *n, uint64_t now_ns, const struct ip6_options *o)
{
    bool fixed = !ip_is_unspecified(&o->address.ip);
    if (fixed && !is_for_host(&o->address))
        return ERR_INVALID;
    if (!ip_is_unspecified(&o->gateway) && (ip_is4(&o->gateway) || ip_is_multicast(&o->gateway)))
        return ERR_INVALID;
    n->ip6->gateway = ip_is_unspecified(&o->gateway) ? IP_NONE : o->gateway;
    make_secret(n, o->secret);
    struct ip_net link = {link_local(&n->dev->mac), 64};
    struct ip6_address *a = ip6_add(n, now_ns, &link);
    must(a);
    a->kind = IP6_STABLE;
    if (fixed && !ip_equal(&o->address.ip, &link.ip)) {
        must(ip6_add(n, now_ns, &o->address));
        n->ip6->on_link = o->address;
    }
    ip6_temporary_init(n, o->temporary);
    ip6_dhcp_init(n, o->accept_dhcp);
    n->ip6->slaac.accept = o->accept_ra;
    if (o->accept_ra)
        slaac_start(n, now_ns);
    return OK;
}

bool ip6_is_ready(const struct net *n)
{
    bool link = false;
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        if (!ip6_is_used(a))
            continue;
        if (!ip_is_link_local(&a->ip))
            return true;
        link |= a->state == IP6_VALID;
    }
    bool hope = !slaac_is_done(n) || dhcp6_is_hopeful(&n->ip6->dhcp.client);
    return link && !hope && n->dhcp.state == DHCP_OFF; /* there may be an IPv4 address yet */
}
