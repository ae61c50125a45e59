/* SPDX-License-Identifier: ISC */
/* What is in a zone, as the rest of the house asks for it; answers have their own way (dns_search). */
#include "proto/dns_store.h"

static const struct dns_node *find_node(const struct dns_zone *z, struct bytes name, unsigned space)
{
    struct dns_key k __attribute__((uninitialized)); /* zones are checked name by name */
    dns_key_make(&k, name, z->seed);
    return dns_table_find(z, &k, k.n, space);
}

const struct dns_set *dns_zone_find(const struct dns_zone *z, struct bytes name, uint16_t type)
{
    const struct dns_node *n = find_node(z, name, type == DNS_NSEC3 ? SPACE_NSEC3 : SPACE_NAMES);
    if (!n)
        return NULL;
    if (type != DNS_RRSIG)
        return dns_node_set(n, type, 0);
    for (const struct dns_set *s = n->sets; dns_set_alive(s); s = s->next) {
        if (s->type == type)
            return s;
    }
    return NULL;
}

const struct dns_set *dns_zone_find_signatures(const struct dns_zone *z, struct bytes name, uint16_t covered)
{
    const struct dns_node *n = find_node(z, name, covered == DNS_NSEC3 ? SPACE_NSEC3 : SPACE_NAMES);
    return n ? dns_node_set(n, DNS_RRSIG, covered) : NULL;
}

const struct dns_set *dns_zone_first(const struct dns_zone *z, struct bytes name)
{
    const struct dns_node *n = find_node(z, name, SPACE_NAMES);
    return n && dns_set_alive(n->sets) ? n->sets : NULL;
}

bool dns_zone_has_name(const struct dns_zone *z, struct bytes name)
{
    const struct dns_node *n = find_node(z, name, SPACE_NAMES);
    return n && dns_node_exists(n);
}

bool dns_zone_is_occluded(const struct dns_zone *z, struct bytes name)
{
    struct dns_key k;
    dns_key_make(&k, name, z->seed);
    for (unsigned labels = z->n_labels; labels < k.n; labels++) {
        const struct dns_node *n = dns_depth_has(z->cuts, labels) ? dns_table_find(z, &k, labels, SPACE_NAMES) : NULL;
        if (n && (dns_node_set(n, DNS_DNAME, 0) || (labels > z->n_labels && dns_node_set(n, DNS_NS, 0))))
            return true;
    }
    return false;
}

struct bytes dns_zone_name_before(const struct dns_zone *z, struct bytes name)
{
    const struct dns_order *o = &z->order[SPACE_NAMES];
    struct dns_place p = dns_order_find(o, name);
    const struct dns_node *n;
    while ((n = dns_order_back(o, &p))) {
        if (dns_set_alive(n->sets))
            return dns_node_name(n);
    }
    return bytes_of(NULL, 0);
}

struct bytes dns_zone_name_after(const struct dns_zone *z, struct bytes name)
{
    const struct dns_order *o = &z->order[SPACE_NAMES];
    struct dns_place p = dns_order_find(o, name);
    const struct dns_node *n;
    for (; (n = dns_order_at(o, &p)); p.at++) {
        if (dns_set_alive(n->sets) && !dns_name_equal(dns_node_name(n), name))
            return dns_node_name(n);
    }
    return bytes_of(NULL, 0);
}

bool dns_soa_read(struct bytes rdata, struct dns_soa *soa)
{
    struct reader r = reader_of(rdata);
    soa->mname = dns_name_take(&r);
    soa->rname = dns_name_take(&r);
    soa->serial = read_be32(&r);
    soa->refresh_s = read_be32(&r);
    soa->retry_s = read_be32(&r);
    soa->expire_s = read_be32(&r);
    soa->minimum_s = read_be32(&r);
    soa->ttl = 0;
    return reader_good(&r) && reader_left(&r) == 0;
}

bool dns_zone_soa(const struct dns_zone *z, struct dns_soa *soa)
{
    const struct dns_set *s = dns_node_set(z->apex, DNS_SOA, 0);
    if (!s || !dns_soa_read(dns_set_first(s), soa))
        return false;
    soa->ttl = s->ttl;
    return true;
}

uint32_t dns_zone_serial(const struct dns_zone *z)
{
    struct dns_soa soa;
    return dns_zone_soa(z, &soa) ? soa.serial : 0;
}
