/* SPDX-License-Identifier: ISC */
/* Proofs that something isn't there: RFC 4035 3.1.3, RFC 5155 7.2. */
#include "proto/dns_reply.h"

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
    if (dns_name_wildcard(&wildcard, dns_key_suffix(a->key, encloser)))
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
    while (labels > a->z->n_labels && !add_nsec3(a, p, dns_key_suffix(a->key, labels), true))
        labels--;
    if (labels == a->z->n_labels)
        add_nsec3(a, p, dns_zone_origin(a->z), true);
    return labels;
}

static void add_next_closer(struct reply *a, const struct dns_nsec3_params *p, unsigned encloser)
{
    add_nsec3(a, p, dns_key_suffix(a->key, encloser + 1), false);
}

static void add_wildcard(struct reply *a, const struct dns_nsec3_params *p, unsigned encloser)
{
    struct dns_name wildcard;
    if (dns_name_wildcard(&wildcard, dns_key_suffix(a->key, encloser)))
        add_nsec3(a, p, dns_name_bytes(&wildcard), false);
}

/* ---- The cases ---- */

static void prove_by_nsec(struct reply *a, enum proof what, const struct dns_node *n, unsigned labels)
{
    if (n && !add_nsec(a, n))
        cover_by_nsec(a, dns_node_name(n));
    if (what != PROOF_NO_DATA)
        cover_by_nsec(a, dns_name_bytes(&a->key->name));
    if (what == PROOF_NO_NAME)
        cover_wildcard_by_nsec(a, labels);
}

static void prove_by_nsec3(struct reply *a, enum proof what, const struct dns_nsec3_params *p, unsigned labels)
{
    switch (what) {
    case PROOF_NO_DATA:
        if (!add_nsec3(a, p, dns_key_suffix(a->key, labels), true) && labels > a->z->n_labels)
            add_next_closer(a, p, add_encloser(a, p, labels - 1));
        return;
    case PROOF_WILDCARD:
        add_next_closer(a, p, labels);
        return;
    case PROOF_NO_NAME:
    case PROOF_WILDCARD_NO_DATA:
        labels = add_encloser(a, p, labels);
        add_next_closer(a, p, labels);
        add_wildcard(a, p, labels);
    }
}

static void prove_all(struct reply *a, int what, const struct dns_node *n, unsigned labels)
{
    struct dns_nsec3_params p;
    if (dns_node_set(a->z->apex, DNS_NSEC, 0))
        prove_by_nsec(a, (enum proof)what, n, labels);
    else if (dns_nsec3_params(a->z, &p))
        prove_by_nsec3(a, (enum proof)what, &p, labels);
}

void dns_zones_init(struct dns_zones *zs, uint64_t seed, uint32_t max)
{
    dns_zones_init_unsigned(zs, seed, max);
    zs->prove = prove_all;
}
