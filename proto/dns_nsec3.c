/* SPDX-License-Identifier: ISC */
#include "proto/dns_nsec3.h"
#include "proto/dns_store.h"
#include "proto/dnssec.h"

enum { ALGORITHM_SHA1 = 1, LABEL_BYTES = 32 };

bool dns_nsec3_params_read(struct bytes rdata, struct dns_nsec3_params *p)
{
    struct reader r = reader_of(rdata);
    uint8_t algorithm = read_u8(&r);
    read_skip(&r, 1); /* flags */
    p->iterations = read_be16(&r);
    p->salt = read_bytes(&r, read_u8(&r));
    return reader_good(&r) && algorithm == ALGORITHM_SHA1;
}

bool dns_nsec3_params(const struct dns_zone *z, struct dns_nsec3_params *p)
{
    const struct dns_set *s = dns_node_set(z->apex, DNS_NSEC3PARAM, 0);
    struct bytes rdata;
    for (size_t at = 0; s && dns_set_record(s, &at, &rdata);) {
        /* With flags, it's a note to the signer (RFC 5155 4.1.2). */
        if (dns_nsec3_params_read(rdata, p) && rdata.data[1] == 0 && p->iterations <= DNS_NSEC3_ITERATIONS_MAX)
            return true;
    }
    return false;
}

void dns_nsec3_hash(struct bytes name, const struct dns_nsec3_params *p, uint8_t hash[static DNS_NSEC3_HASH_BYTES])
{
    dnssec_nsec3_hash(name, p->salt, p->iterations, hash);
}

bool dns_nsec3_owner(struct dns_name *owner, const uint8_t hash[static DNS_NSEC3_HASH_BYTES], struct bytes origin)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    uint8_t label[LABEL_BYTES + 2] = {LABEL_BYTES};
    for (unsigned i = 0, bit = 0; i < LABEL_BYTES; i++, bit += 5) {
        unsigned two = (unsigned)hash[bit / 8] << 8 | (bit / 8 + 1 < DNS_NSEC3_HASH_BYTES ? hash[bit / 8 + 1] : 0);
        label[1 + i] = (uint8_t)digits[two >> (11 - bit % 8) & 31];
    }
    return dns_name_join(owner, bytes_of(label, sizeof label), origin);
}

/* Its NSEC3 belongs to this chain: while a zone goes over to other parameters, there are two. */
static bool is_of_chain(const struct dns_node *n, const struct dns_nsec3_params *p)
{
    const struct dns_set *s = dns_node_set(n, DNS_NSEC3, 0);
    struct dns_nsec3_params own;
    return s && dns_nsec3_params_read(dns_set_first(s), &own) && own.iterations == p->iterations &&
           bytes_equal(own.salt, p->salt);
}

static const struct dns_node *last_before(const struct dns_order *o, struct dns_place p,
                                          const struct dns_nsec3_params *params)
{
    const struct dns_node *n;
    do {
        n = dns_order_back(o, &p);
    } while (n && !is_of_chain(n, params));
    return n;
}

const struct dns_node *dns_nsec3_node(const struct dns_zone *z, const struct dns_nsec3_params *p,
                                      const uint8_t hash[static DNS_NSEC3_HASH_BYTES], bool *exact)
{
    const struct dns_order *o = &z->order[SPACE_NSEC3];
    struct dns_name owner;
    *exact = false;
    if (!dns_nsec3_owner(&owner, hash, dns_zone_origin(z)))
        return NULL;
    struct dns_place at = dns_order_find(o, dns_name_bytes(&owner)), here = at, end = {o->n, 0};
    const struct dns_node *n = dns_order_at(o, &here);
    *exact = n && dns_name_equal(dns_node_name(n), dns_name_bytes(&owner)) && is_of_chain(n, p);
    if (*exact)
        return n;
    n = last_before(o, at, p);
    return n ? n : last_before(o, end, p);
}

const struct dns_set *dns_zone_nsec3(const struct dns_zone *z, const uint8_t hash[static DNS_NSEC3_HASH_BYTES],
                                     struct bytes *owner, bool *exact)
{
    struct dns_nsec3_params p;
    const struct dns_node *n = dns_nsec3_params(z, &p) ? dns_nsec3_node(z, &p, hash, exact) : NULL;
    if (!n)
        return NULL;
    *owner = dns_node_name(n);
    return dns_node_set(n, DNS_NSEC3, 0);
}
