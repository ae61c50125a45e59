/* SPDX-License-Identifier: ISC */
/* Proofs that something isn't there: RFC 4035 3.1.3, RFC 5155 7.2. */
#include "proto/dns_reply.h"

enum chain { CHAIN_NONE, CHAIN_NSEC, CHAIN_NSEC3 };

/* What there is to prove with. */
static enum chain find_chain(const struct reply *a, struct dns_nsec3_params *p)
{
    if (dns_node_set(a->z->apex, DNS_NSEC, 0))
        return CHAIN_NSEC;
    return dns_nsec3_params(a->z, p) ? CHAIN_NSEC3 : CHAIN_NONE;
}

/* ---- NSEC ---- */

static bool add_nsec(struct reply *a, const struct dns_node *n)
{
    const struct dns_set *s = dns_node_set(n, DNS_NSEC, 0);
    if (s)
        reply_authority(a, n, s, s->ttl);
    return s;
}

/* That of the last name before this one that has any: empty names and what lies below delegations have none. */
static void cover_by_nsec(struct reply *a, struct bytes name)
{
    const struct dns_order *o = &a->z->order[SPACE_NAMES];
    struct dns_place p = dns_order_find(o, name);
    const struct dns_node *n;
    do {
        n = dns_order_back(o, &p);
    } while (n && !add_nsec(a, n));
}

static void cover_wildcard_by_nsec(struct reply *a, unsigned encloser)
{
    struct dns_name wildcard;
    if (dns_name_wildcard(&wildcard, dns_key_suffix(&a->key, encloser)))
        cover_by_nsec(a, dns_name_bytes(&wildcard));
}

/* ---- NSEC3 ---- */

/* Adds the one that matches the name, or covers it; of the first kind only those that are wanted. */
static bool add_nsec3(struct reply *a, const struct dns_nsec3_params *p, struct bytes name, bool only_exact)
{
    uint8_t hash[DNS_NSEC3_HASH_BYTES];
    bool exact;
    dns_nsec3_hash(name, p, hash);
    const struct dns_node *n = dns_nsec3_node(a->z, p, hash, &exact);
    const struct dns_set *s = n ? dns_node_set(n, DNS_NSEC3, 0) : NULL;
    if (s && (exact || !only_exact))
        reply_authority(a, n, s, s->ttl);
    return exact;
}

/* The closest encloser that has a NSEC3, of at most so many labels: with opt-out those of names between may be missing. Its
 * number of labels. */
static unsigned add_encloser(struct reply *a, const struct dns_nsec3_params *p, unsigned labels)
{
    while (labels > a->z->n_labels && !add_nsec3(a, p, dns_key_suffix(&a->key, labels), true))
        labels--;
    if (labels == a->z->n_labels)
        add_nsec3(a, p, dns_zone_origin(a->z), true);
    return labels;
}

static void add_next_closer(struct reply *a, const struct dns_nsec3_params *p, unsigned encloser)
{
    add_nsec3(a, p, dns_key_suffix(&a->key, encloser + 1), false);
}

static void add_wildcard(struct reply *a, const struct dns_nsec3_params *p, unsigned encloser)
{
    struct dns_name wildcard;
    if (dns_name_wildcard(&wildcard, dns_key_suffix(&a->key, encloser)))
        add_nsec3(a, p, dns_name_bytes(&wildcard), false);
}

/* ---- The cases ---- */

static void no_data(struct reply *a, const struct dns_node *n, unsigned labels)
{
    struct dns_nsec3_params p;
    switch (find_chain(a, &p)) {
    case CHAIN_NONE:
        return;
    case CHAIN_NSEC:
        if (!add_nsec(a, n))
            cover_by_nsec(a, dns_node_name(n));
        return;
    case CHAIN_NSEC3:
        if (!add_nsec3(a, &p, dns_key_suffix(&a->key, labels), true) && labels > a->z->n_labels)
            add_next_closer(a, &p, add_encloser(a, &p, labels - 1));
    }
}

static void no_name(struct reply *a, unsigned encloser)
{
    struct dns_nsec3_params p;
    switch (find_chain(a, &p)) {
    case CHAIN_NONE:
        return;
    case CHAIN_NSEC:
        cover_by_nsec(a, dns_name_bytes(&a->key.name));
        cover_wildcard_by_nsec(a, encloser);
        return;
    case CHAIN_NSEC3:
        encloser = add_encloser(a, &p, encloser);
        add_next_closer(a, &p, encloser);
        add_wildcard(a, &p, encloser);
    }
}

static void wildcard(struct reply *a, unsigned encloser)
{
    struct dns_nsec3_params p;
    switch (find_chain(a, &p)) {
    case CHAIN_NONE:
        return;
    case CHAIN_NSEC:
        cover_by_nsec(a, dns_name_bytes(&a->key.name));
        return;
    case CHAIN_NSEC3:
        add_next_closer(a, &p, encloser);
    }
}

static void wildcard_no_data(struct reply *a, const struct dns_node *n, unsigned encloser)
{
    struct dns_nsec3_params p;
    switch (find_chain(a, &p)) {
    case CHAIN_NONE:
        return;
    case CHAIN_NSEC:
        if (!add_nsec(a, n))
            cover_by_nsec(a, dns_node_name(n));
        cover_by_nsec(a, dns_name_bytes(&a->key.name));
        return;
    case CHAIN_NSEC3:
        encloser = add_encloser(a, &p, encloser);
        add_next_closer(a, &p, encloser);
        add_wildcard(a, &p, encloser);
    }
}

static const struct dns_proofs proofs = {
    .no_data = no_data, .no_name = no_name, .wildcard = wildcard, .wildcard_no_data = wildcard_no_data};

void dns_zones_init(struct dns_zones *zs, uint64_t seed, uint32_t max)
{
    dns_zones_init_unsigned(zs, seed, max);
    zs->proofs = &proofs;
}
