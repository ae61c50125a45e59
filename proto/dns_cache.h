/* SPDX-License-Identifier: ISC */
/* A cache of record sets and of what is known not to be there (RFC 2181 5, RFC 2308), for the stub and the resolver.
 *
 * It is bounded twice: by entries, and by bytes, which are taken once at the start and cut into pages. Each page holds entries
 * of one class of sizes. When there is no room, what was used least recently goes: one entry if that is of the right class,
 * otherwise all entries of its page, which are few. So a store is a bounded amount of work and never fails for want of room.
 *
 * A set is one entry: its records, and behind them the signatures that cover it. A name that doesn't exist is an entry of
 * type 0; what is stored at that name later removes it. An entry that has not expired is only replaced by one that is
 * trusted as much (RFC 2181 5.4.1). */
#ifndef PROTO_DNS_CACHE_H
#define PROTO_DNS_CACHE_H

#include "wire/dns.h"

#include <jinn/err.h>
#include <jinn/list.h>
#include <jinn/time.h>

enum {
    DNS_CACHE_PAGE_LEAST_BYTES = 4096, /* a set of 200 addresses; a page is also the longest entry */
    DNS_CACHE_PAGE_MOST_BYTES = 65536, /* the longest set that a message can bring */
    DNS_CACHE_CLASSES = 24,            /* sizes, from 128 bytes, each by a half or a third more than the one before */
    DNS_CACHE_LEAST_TTL_S = 1          /* so that whoever asked finds what came, be it with a lifetime of zero */
};

enum dns_kind { DNS_KIND_SET, DNS_KIND_NODATA, DNS_KIND_NXDOMAIN };

/* Where it came from: what is higher is believed more (RFC 2181 5.4.1). */
enum dns_trust {
    DNS_TRUST_ADDITIONAL, /* additional records, of an answer without authority or of a referral: glue */
    DNS_TRUST_REFERRAL,   /* the authority section of a referral */
    DNS_TRUST_ANSWER,     /* the answer of a server without authority: a forwarder's */
    DNS_TRUST_AUTHORITY,  /* the authority section of an answer with authority */
    DNS_TRUST_FINAL,      /* the answer section of an answer with authority */
    DNS_TRUST_SECURE      /* validated before it was stored: what follows from proofs that came earlier */
};

/* What a validator says of an entry (RFC 4035 4.3). It does not change how much the entry is trusted, so that a fresh one takes
 * its place as ever, and is judged anew. */
enum dns_verdict {
    DNS_VERDICT_NONE,     /* not judged yet */
    DNS_VERDICT_SECURE,   /* a chain of signatures leads from an anchor to it */
    DNS_VERDICT_INSECURE, /* there is proof that it need not be signed */
    DNS_VERDICT_BOGUS,    /* neither: only those that check for themselves (CD) are told */
    DNS_VERDICT_NEEDS     /* of validators, not of entries: another set first */
};

/* What is stored and found. Found ones BORROW from the cache until the next store or removal. */
struct dns_cached {
    struct bytes name;
    uint16_t type;        /* of NXDOMAIN: 0 */
    uint8_t kind;         /* enum dns_kind */
    uint8_t trust;        /* enum dns_trust */
    uint32_t ttl_s;       /* what is left of it; 0: it is stale */
    uint32_t first_ttl_s; /* as it was stored; found ones only */
    uint8_t verdict;      /* enum dns_verdict */
    uint8_t reason;       /* why it is bogus: an extended error (RFC 8914) */
    uint16_t n_records, n_signatures, n_proofs;
    /* Each record is 2 bytes of length and uncompressed rdata, signatures behind the records. Of a negative entry, when there
     * was one, the SOA with its owner: one "record" of the owner's name and the rdata, one behind the other.
     * Behind them proofs, of a negative entry and of a set that a wildcard made (a signature has fewer labels than the name):
     * NSEC and NSEC3 of the authority section, signatures of those and of the SOA. Each is 2 bytes of length, the owner's
     * name, 2 bytes of type, and uncompressed rdata: dns_cached_next_proof.
     * An alias that a DNAME made (RFC 6672) has no signatures; its proofs are that DNAME and the signatures of it. */
    struct bytes data;
};

struct dns_cache_options {
    size_t bytes;             /* at least 4 pages; fewer are made 4 */
    size_t page_bytes;        /* a power of two within the limits above; 0: the least */
    uint32_t entries;         /* at least 1 */
    uint32_t most_s;          /* longer lifetimes are cut; 0: a day */
    uint32_t most_negative_s; /* likewise; 0: an hour (RFC 2308 5 says one to three) */
    uint32_t stale_s;         /* how long expired ones are still found, as stale (RFC 8767); 0: not at all */
    uint64_t seed;            /* secret: names are chosen by strangers */
};

struct dns_cache_counters {
    uint64_t hits, negative_hits, stale_hits, misses;
    uint64_t stored, refreshed, outranked; /* not stored: a better one is there */
    uint64_t expired;
    uint64_t evicted_for_bytes, evicted_for_entries;
    uint64_t too_large;
};

struct dns_cache;

/* GIVES *c. ERR_FULL: no memory. ERR_INVALID: an odd size of pages. */
MUST_USE enum err dns_cache_new(const struct dns_cache_options *o, struct dns_cache **c);
void dns_cache_free(struct dns_cache *c);

/* BORROWS. ERR_TOO_LARGE (counted): it is longer than a page. ERR_IN_USE (counted): a better one is there. */
MUST_USE enum err dns_cache_store(struct dns_cache *c, uint64_t now_ns, const struct dns_cached *what);
/* The set of that name and type, or that there is none, or no such name; also counts and makes it the one used last. False:
 * nothing is known. */
bool dns_cache_find(struct dns_cache *c, uint64_t now_ns, struct bytes name, uint16_t type, struct dns_cached *found);
/* The nearest name at or above this one that is known not to exist, so that nothing below it does (RFC 8020). Stale ones
 * don't count. */
bool dns_cache_find_cut(struct dns_cache *c, uint64_t now_ns, struct bytes name, struct dns_cached *found);
void dns_cache_remove(struct dns_cache *c, struct bytes name, uint16_t type);
/* What a validator found out of that entry, of NXDOMAIN with type 0; it lives until then at the longest. Nothing moves: what was
 * found stays where it is. */
void dns_cache_judge(struct dns_cache *c, struct bytes name, uint16_t type, enum dns_verdict verdict, uint8_t reason,
                     uint64_t until_ns);
/* All. */
void dns_cache_flush(struct dns_cache *c);

struct dns_cache_counters dns_cache_counters(const struct dns_cache *c);
size_t dns_cache_entries(const struct dns_cache *c);

/* Walks the records of data: the next one, false at the end. */
static inline bool dns_cached_next(struct reader *r, struct bytes *rdata)
{
    if (!reader_left(r))
        return false;
    *rdata = read_bytes(r, read_be16(r));
    return reader_good(r);
}

struct dns_cached_proof {
    struct bytes owner, rdata;
    uint16_t type;
};

/* Likewise the proofs, with a reader that has passed all records and signatures. */
static inline bool dns_cached_next_proof(struct reader *r, struct dns_cached_proof *proof)
{
    struct bytes both;
    if (!dns_cached_next(r, &both))
        return false;
    struct reader in = reader_of(both);
    proof->owner = dns_name_take(&in);
    proof->type = read_be16(&in);
    proof->rdata = read_rest(&in);
    return reader_good(&in);
}

/* Is the first proof a DNAME. */
static inline bool dns_cached_made_by_dname(const struct dns_cached *c)
{
    struct reader r = reader_of(c->data);
    struct bytes rdata;
    struct dns_cached_proof proof;
    for (unsigned i = 0; i < (unsigned)c->n_records + c->n_signatures && dns_cached_next(&r, &rdata); i++)
        ;
    return c->n_proofs && dns_cached_next_proof(&r, &proof) && proof.type == DNS_DNAME;
}

/* A reader over the records without their signatures is reader_of(c->data) for n_records steps. */

#endif
