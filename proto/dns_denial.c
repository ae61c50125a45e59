/* SPDX-License-Identifier: ISC */
#include "proto/dns_denial.h"

#include "base/radix.h"

enum { SHA1 = 1, OPT_OUT = 1, HASH_LABEL_BYTES = 32 };

bool dns_types_have(struct bytes map, uint16_t type)
{
    struct reader r = reader_of(map);
    while (reader_left(&r)) {
        uint8_t window = read_u8(&r);
        struct bytes bits = read_bytes(&r, read_u8(&r));
        size_t at = (type & 0xff) / 8;
        if (reader_good(&r) && window == type >> 8)
            return at < bits.len && bits.data[at] & 0x80 >> type % 8;
    }
    return false;
}

/* ---- Records ---- */

void dns_denial_begin(struct dns_denial *d, struct bytes zone)
{
    *d = (struct dns_denial){.zone = zone};
}

static void add_nsec(struct dns_denial *d, struct bytes owner, struct bytes rdata)
{
    struct reader r = reader_of(rdata);
    struct dns_denial_record n = {.owner = owner, .rdata = rdata, .next = dns_name_take(&r)};
    n.types = read_rest(&r);
    if (reader_good(&r) && dns_name_is_under(n.next, d->zone))
        d->nsec[d->n_nsec++] = n;
}

static bool read_hash(struct bytes owner, uint8_t hash[static DNSSEC_NSEC3_BYTES])
{
    struct writer w = writer_of(hash, DNSSEC_NSEC3_BYTES);
    struct bytes label = bytes_slice(owner, 1, HASH_LABEL_BYTES);
    return owner.data[0] == HASH_LABEL_BYTES && radix_read_all(RADIX_BASE32HEX, label, &w) && writer_left(&w) == 0;
}

static void add_nsec3(struct dns_denial *d, struct bytes owner, struct bytes rdata)
{
    struct reader r = reader_of(rdata);
    struct dns_denial_record n = {.owner = owner, .rdata = rdata};
    uint8_t algorithm = read_u8(&r), flags = read_u8(&r);
    unsigned iterations = read_be16(&r);
    struct bytes salt = read_bytes(&r, read_u8(&r));
    n.next = read_bytes(&r, read_u8(&r));
    n.types = read_rest(&r);
    n.opt_out = flags & OPT_OUT;
    if (!reader_good(&r) || algorithm != SHA1 || flags & ~OPT_OUT || n.next.len != DNSSEC_NSEC3_BYTES ||
        !dns_name_equal(dns_name_parent(owner), d->zone) || !read_hash(owner, n.hash))
        return;
    if (iterations > DNS_DENIAL_ITERATIONS) {
        d->many_iterations = true;
        return;
    }
    if (d->n_nsec3 && (d->iterations != iterations || !bytes_equal(d->salt, salt)))
        return;
    d->iterations = iterations;
    d->salt = salt;
    d->nsec3[d->n_nsec3++] = n;
}

void dns_denial_add(struct dns_denial *d, struct bytes owner, uint16_t type, struct bytes rdata)
{
    if (!dns_name_is_under(owner, d->zone))
        return;
    if (type == DNS_NSEC && d->n_nsec < DNS_DENIAL_RECORDS)
        add_nsec(d, owner, rdata);
    else if (type == DNS_NSEC3 && d->n_nsec3 < DNS_DENIAL_RECORDS)
        add_nsec3(d, owner, rdata);
}

/* ---- What a record says of its own name ---- */

static bool has(const struct dns_denial_record *n, uint16_t type)
{
    return dns_types_have(n->types, type);
}

static bool is_cut(const struct dns_denial_record *n)
{
    return has(n, DNS_NS) && !has(n, DNS_SOA);
}

/* Not so of a cut, where the zone below knows; of DS the zone above knows (RFC 6840 4.4, 4.1). */
static bool lacks(const struct dns_denial_record *n, struct bytes name, uint16_t type)
{
    if (has(n, type) || has(n, DNS_CNAME))
        return false;
    if (type == DNS_DS)
        return name.len == 1 || !has(n, DNS_SOA);
    return !is_cut(n);
}

/* ---- NSEC ---- */

static const struct dns_denial_record *nsec_at(const struct dns_denial *d, struct bytes name)
{
    for (unsigned i = 0; i < d->n_nsec; i++)
        if (dns_name_equal(d->nsec[i].owner, name))
            return &d->nsec[i];
    return NULL;
}

/* Below a cut or a DNAME a zone's order says nothing (RFC 6840 4.1). */
static bool nsec_covers(const struct dns_denial_record *n, struct bytes name)
{
    if (dns_name_compare(n->owner, name) >= 0)
        return false;
    if (dns_name_is_under(name, n->owner) && (is_cut(n) || has(n, DNS_DNAME)))
        return false;
    return dns_name_compare(n->owner, n->next) >= 0 || dns_name_compare(name, n->next) < 0;
}

static const struct dns_denial_record *nsec_over(const struct dns_denial *d, struct bytes name)
{
    for (unsigned i = 0; i < d->n_nsec; i++)
        if (nsec_covers(&d->nsec[i], name))
            return &d->nsec[i];
    return NULL;
}

static unsigned labels_shared(struct bytes a, struct bytes b)
{
    unsigned n = dns_name_labels(a), most = dns_name_labels(b);
    n = n < most ? n : most;
    while (n && !dns_name_equal(dns_name_suffix(a, n), dns_name_suffix(b, n)))
        n--;
    return n;
}

/* Of a name that lies between a record's names: the longest of its ends that exists. */
static struct bytes nsec_encloser(const struct dns_denial_record *n, struct bytes name)
{
    unsigned a = labels_shared(name, n->owner), b = labels_shared(name, n->next);
    return dns_name_suffix(name, a > b ? a : b);
}

/* The name is an empty one: something is below it. */
static bool is_empty(const struct dns_denial_record *over, struct bytes name)
{
    return dns_name_is_under(over->next, name);
}

static enum dns_denied nsec_name(const struct dns_denial *d, struct bytes name)
{
    const struct dns_denial_record *n = nsec_over(d, name), *w;
    struct dns_name wildcard;
    if (!n || is_empty(n, name))
        return DNS_DENIED_NOT;
    if (!dns_name_wildcard(&wildcard, nsec_encloser(n, name)))
        return DNS_DENIED; /* too long for one to be there */
    w = nsec_over(d, dns_name_bytes(&wildcard));
    return w && !is_empty(w, dns_name_bytes(&wildcard)) ? DNS_DENIED : DNS_DENIED_NOT;
}

bool dns_denial_wildcard(const struct dns_denial *d, struct bytes name, struct dns_name *wildcard)
{
    const struct dns_denial_record *n = nsec_over(d, name);
    return n && !is_empty(n, name) && dns_name_wildcard(wildcard, nsec_encloser(n, name));
}

static enum dns_denied nsec_type(const struct dns_denial *d, struct bytes name, uint16_t type)
{
    const struct dns_denial_record *n = nsec_at(d, name), *w;
    struct dns_name wildcard;
    if (n)
        return lacks(n, name, type) ? DNS_DENIED : DNS_DENIED_NOT;
    n = nsec_over(d, name);
    if (!n)
        return DNS_DENIED_NOT;
    if (is_empty(n, name))
        return DNS_DENIED;
    if (!dns_name_wildcard(&wildcard, nsec_encloser(n, name)))
        return DNS_DENIED_NOT;
    w = nsec_at(d, dns_name_bytes(&wildcard));
    return w && lacks(w, dns_name_bytes(&wildcard), type) ? DNS_DENIED : DNS_DENIED_NOT;
}

/* ---- NSEC3 ---- */

/* False (noted): enough was hashed. */
static bool hash(struct dns_denial *d, struct bytes name, uint8_t out[static DNSSEC_NSEC3_BYTES])
{
    if (d->n_hashed == DNS_DENIAL_HASHES) {
        d->many_hashes = true;
        return false;
    }
    d->n_hashed++;
    dnssec_nsec3_hash(name, d->salt, d->iterations, out);
    return true;
}

static const struct dns_denial_record *nsec3_at(struct dns_denial *d, struct bytes name)
{
    uint8_t h[DNSSEC_NSEC3_BYTES];
    if (!d->n_nsec3 || !hash(d, name, h))
        return NULL;
    for (unsigned i = 0; i < d->n_nsec3; i++)
        if (memcmp(d->nsec3[i].hash, h, sizeof h) == 0)
            return &d->nsec3[i];
    return NULL;
}

static const struct dns_denial_record *nsec3_over(struct dns_denial *d, struct bytes name)
{
    uint8_t h[DNSSEC_NSEC3_BYTES];
    if (!d->n_nsec3 || !hash(d, name, h))
        return NULL;
    for (unsigned i = 0; i < d->n_nsec3; i++) {
        const struct dns_denial_record *n = &d->nsec3[i];
        bool after = memcmp(n->hash, h, sizeof h) < 0, before = memcmp(h, n->next.data, sizeof h) < 0;
        bool last = memcmp(n->hash, n->next.data, sizeof h) >= 0;
        if (last ? after || (before && memcmp(h, n->hash, sizeof h) != 0) : after && before)
            return n;
    }
    return NULL;
}

/* The closest encloser of a name that isn't there (RFC 5155 8.3), and what covers the name that is one label longer. */
static const struct dns_denial_record *nsec3_encloser(struct dns_denial *d, struct bytes name, unsigned *labels)
{
    unsigned least = dns_name_labels(d->zone);
    for (unsigned n = dns_name_labels(name); n-- > least;) {
        const struct dns_denial_record *at = nsec3_at(d, dns_name_suffix(name, n));
        if (!at)
            continue;
        *labels = n;
        if (is_cut(at) || has(at, DNS_DNAME))
            return NULL;
        return nsec3_over(d, dns_name_suffix(name, n + 1));
    }
    return NULL;
}

static enum dns_denied denied_by(const struct dns_denial_record *over)
{
    return over->opt_out ? DNS_DENIED_OPT_OUT : DNS_DENIED;
}

static enum dns_denied nsec3_name(struct dns_denial *d, struct bytes name)
{
    unsigned labels = 0;
    struct dns_name wildcard;
    const struct dns_denial_record *over = nsec3_encloser(d, name, &labels);
    if (!over)
        return DNS_DENIED_NOT;
    if (!dns_name_wildcard(&wildcard, dns_name_suffix(name, labels)))
        return denied_by(over);
    return nsec3_over(d, dns_name_bytes(&wildcard)) ? denied_by(over) : DNS_DENIED_NOT;
}

/* RFC 5155 8.5 to 8.7. An empty name above unsigned delegations only has no record where there is opt-out. */
static enum dns_denied nsec3_type(struct dns_denial *d, struct bytes name, uint16_t type)
{
    unsigned labels = 0;
    struct dns_name wildcard;
    const struct dns_denial_record *n = nsec3_at(d, name);
    if (n)
        return lacks(n, name, type) ? DNS_DENIED : DNS_DENIED_NOT;
    const struct dns_denial_record *over = nsec3_encloser(d, name, &labels);
    if (!over)
        return DNS_DENIED_NOT;
    if (dns_name_wildcard(&wildcard, dns_name_suffix(name, labels)) &&
        (n = nsec3_at(d, dns_name_bytes(&wildcard))) != NULL)
        return lacks(n, dns_name_bytes(&wildcard), type) ? denied_by(over) : DNS_DENIED_NOT;
    return over->opt_out ? DNS_DENIED_OPT_OUT : DNS_DENIED_NOT;
}

/* ---- Both ---- */

enum dns_denied dns_denial_name(struct dns_denial *d, struct bytes name)
{
    if (!dns_name_is_under(name, d->zone))
        return DNS_DENIED_NOT;
    enum dns_denied denied = nsec_name(d, name);
    return denied ? denied : nsec3_name(d, name);
}

enum dns_denied dns_denial_type(struct dns_denial *d, struct bytes name, uint16_t type)
{
    if (!dns_name_is_under(name, d->zone))
        return DNS_DENIED_NOT;
    enum dns_denied denied = nsec_type(d, name, type);
    return denied ? denied : nsec3_type(d, name, type);
}

enum dns_denied dns_denial_closer(struct dns_denial *d, struct bytes name, unsigned labels)
{
    if (!dns_name_is_under(name, d->zone) || labels >= dns_name_labels(name))
        return DNS_DENIED_NOT;
    const struct dns_denial_record *n = nsec_over(d, name);
    if (n && !is_empty(n, name) && dns_name_equal(nsec_encloser(n, name), dns_name_suffix(name, labels)))
        return DNS_DENIED;
    n = nsec3_over(d, dns_name_suffix(name, labels + 1));
    return n ? denied_by(n) : DNS_DENIED_NOT;
}

bool dns_denial_delegates(struct dns_denial *d, struct bytes name)
{
    const struct dns_denial_record *n = nsec_at(d, name);
    n = n ? n : nsec3_at(d, name);
    return n && is_cut(n);
}
