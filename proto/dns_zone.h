/* SPDX-License-Identifier: ISC */
/* A zone in memory, class IN: found by hash, walked in canonical order, changed all or nothing, read by transfers in one
 * version while it changes. And the set of zones that a server has.
 *
 * Names are uncompressed wire form and may have any case; the case of what was added first is kept. Rdata is uncompressed
 * and has been checked (wire/dns_rdata.h) by whoever made it: nothing here looks into it again, but for the covered type of
 * an RRSIG, and the names that answers go on to.
 *
 * Nothing here yields. What lookups give BORROWS from the zone until it is next changed: don't keep it over a call that may
 * yield; what a cursor gives stays until the cursor is closed. Memory is the C library's, in large pieces, counted against
 * the limit that the zone was made with; finding takes none. */
#ifndef PROTO_DNS_ZONE_H
#define PROTO_DNS_ZONE_H

#include <jinn/err.h>
#include <jinn/list.h>

#include "wire/dns.h"

/* What fits into one message behind the header and the longest question, with an owner of two bytes a record: a larger set
 * could never be sent. Adding beyond it gives ERR_TOO_LARGE. */
#define DNS_SET_BYTES (DNS_MESSAGE_BYTES - DNS_HEADER_BYTES - DNS_NAME_BYTES - 4)

struct dns_zone;

/* ---- Sets ---- */

/* All records of one name and type, or all signatures of them; ready to be sent to who asked for that very name: each is a
 * pointer to the question (0xc00c), type, class, TTL, length and data. Sets of RRSIG are told apart by what they cover. */
struct dns_set {
    struct dns_set *next; /* of the name; use dns_set_next */
    uint32_t born, died;  /* versions; the zone's own business */
    uint32_t ttl;
    uint16_t type;
    uint16_t covered; /* by the RRSIGs; 0 for other types */
    uint16_t n;       /* records, at least 1 */
    uint16_t len;     /* bytes of them */
    uint16_t room;    /* of it all, in units of 8 bytes; the zone's own business */
    uint8_t records[];
};

#define DNS_SET_OWNER 0xc00c /* what each stored record begins with */
#define DNS_SET_HEAD 12      /* bytes of a record before its data */

static inline struct bytes dns_set_bytes(const struct dns_set *s)
{
    return (struct bytes){s->records, s->len};
}

/* The data of the record at `*at`, which goes on to the next; start with 0. False: no more. */
bool dns_set_record(const struct dns_set *s, size_t *at, struct bytes *rdata);
/* The data of its first record. */
struct bytes dns_set_first(const struct dns_set *s);
/* The next set of the same name, in the order of types; NULL when it was the last. */
const struct dns_set *dns_set_next(const struct dns_set *s);

/* ---- A zone ---- */

/* A new zone without records, held once. `seed` is secret and the same for all zones of a set. `limit_bytes`: all memory
 * that it may take. ERR_FULL when there is none. */
MUST_USE enum err dns_zone_new(struct bytes origin, uint64_t seed, size_t limit_bytes, struct dns_zone **zone);
struct dns_zone *dns_zone_hold(struct dns_zone *z);
/* The last one to release it frees it. NULL is fine. */
void dns_zone_release(struct dns_zone *z);

struct bytes dns_zone_origin(const struct dns_zone *z);

struct dns_zone_stats {
    size_t n_names;   /* that exist, empty ones between others included; without those of NSEC3 */
    size_t n_sets;    /* of the current version, signatures' among them */
    size_t n_records; /* likewise */
    size_t n_readers; /* open cursors */
    size_t bytes;     /* taken from the C library */
    size_t limit_bytes;
    uint64_t n_refused; /* changes for which the limit left no room */
};
void dns_zone_stats(const struct dns_zone *z, struct dns_zone_stats *stats);

/* Answers from it are SERVFAIL from now on (a secondary's data that expired), or no longer. A zone without SOA gives SERVFAIL
 * too. */
void dns_zone_set_expired(struct dns_zone *z, bool expired);
bool dns_zone_is_expired(const struct dns_zone *z);

/* A number that whoever brought the zone knows it by; 0 at first. */
void dns_zone_set_mark(struct dns_zone *z, uint64_t mark);
uint64_t dns_zone_mark(const struct dns_zone *z);

/* ---- Changes ----
 *
 * Each is one of its own unless it is between dns_zone_begin and dns_zone_commit: these become one version. In between
 * lookups already see them, so don't yield there. ERR_FULL (counted), ERR_TOO_LARGE and ERR_INVALID (a name that isn't in
 * the zone; a meta type) change nothing; what came before in the same change stands until dns_zone_abort takes it back. */

/* Adds a record. The set takes its TTL. ERR_IN_USE: it was there (with another TTL: that has changed now). A set of SOA,
 * CNAME or DNAME takes a second record too; dns_zone_check tells. */
MUST_USE enum err dns_zone_add(struct dns_zone *z, struct bytes name, uint16_t type, uint32_t ttl, struct bytes rdata);
/* ERR_NOT_FOUND: no such record. Names in data are compared as bytes, but for the case of letters. */
MUST_USE enum err dns_zone_remove(struct dns_zone *z, struct bytes name, uint16_t type, struct bytes rdata);
/* All records of a type; of RRSIG: whatever they cover. ERR_NOT_FOUND: none. */
MUST_USE enum err dns_zone_remove_set(struct dns_zone *z, struct bytes name, uint16_t type);
MUST_USE enum err dns_zone_remove_signatures(struct dns_zone *z, struct bytes name, uint16_t covered);
/* All records of a name. Its children stay. ERR_NOT_FOUND: none. */
MUST_USE enum err dns_zone_remove_name(struct dns_zone *z, struct bytes name);

/* Fills a zone that nobody reads, faster than name by name when they come in no order: that is made at the end, by a sort that
 * takes 16 bytes a name meanwhile. Between the two only dns_zone_add, and what finds exact names. ERR_FULL (counted): the sort
 * found no memory, and all that can be done with the zone is to release it. */
void dns_zone_fill_begin(struct dns_zone *z);
MUST_USE enum err dns_zone_fill_end(struct dns_zone *z);

void dns_zone_begin(struct dns_zone *z);
void dns_zone_commit(struct dns_zone *z);
void dns_zone_abort(struct dns_zone *z);

/* Between begin and commit: what has changed so far, record by record, as a journal and IXFR want it: all that was removed
 * first. A record whose TTL alone changed is removed and added. */
struct dns_change {
    struct bytes name;
    uint16_t type;
    uint32_t ttl;
    struct bytes rdata;
    bool added; /* or removed */
};
typedef enum err dns_change_fn(void *user, const struct dns_change *change);
/* Stops at the first that isn't OK, and gives that. */
MUST_USE enum err dns_zone_each_change(const struct dns_zone *z, dns_change_fn *each, void *user);

/* ---- Finding ---- */

/* The set of exactly this name and type, wherever it lies (below a delegation too); NULL: none. NSEC3 and its signatures have
 * a space of names of their own and are found here by their type. For RRSIG: the first set of signatures. */
const struct dns_set *dns_zone_find(const struct dns_zone *z, struct bytes name, uint16_t type);
const struct dns_set *dns_zone_find_signatures(const struct dns_zone *z, struct bytes name, uint16_t covered);
/* The first of all sets of a name, go on with dns_set_next; NULL: none. Not those of NSEC3. */
const struct dns_set *dns_zone_first(const struct dns_zone *z, struct bytes name);
/* It has records, or names below it have. */
bool dns_zone_has_name(const struct dns_zone *z, struct bytes name);
/* The name lies below (with `cut`: at or below) a delegation or below a DNAME: not ours to sign and to answer of. */
bool dns_zone_is_occluded(const struct dns_zone *z, struct bytes name);

/* The nearest names before and after in canonical order that have records (not those of NSEC3); not wrapping around: empty
 * at the ends. `name` need not exist. BORROWS as all else. */
struct bytes dns_zone_name_before(const struct dns_zone *z, struct bytes name);
struct bytes dns_zone_name_after(const struct dns_zone *z, struct bytes name);

#define DNS_NSEC3_HASH_BYTES 20

/* The NSEC3 set whose hash is `hash`, or, unless there is one, the last before it in the order of hashes, around the end.
 * NULL: the zone has none. `owner` is its name. */
const struct dns_set *dns_zone_nsec3(const struct dns_zone *z, const uint8_t hash[static DNS_NSEC3_HASH_BYTES],
                                     struct bytes *owner, bool *exact);

struct dns_soa {
    struct bytes mname, rname;
    uint32_t serial, refresh_s, retry_s, expire_s, minimum_s;
    uint32_t ttl;
};
/* False: it has none. */
bool dns_zone_soa(const struct dns_zone *z, struct dns_soa *soa);
/* Of the SOA; 0 when there is none. */
uint32_t dns_zone_serial(const struct dns_zone *z);
/* Of any SOA's data. False: it isn't one. */
bool dns_soa_read(struct bytes rdata, struct dns_soa *soa);

/* NULL, or why it can't be served ("no SOA record"), and the name where that is so. Goes through all of the zone. */
const char *dns_zone_check(const struct dns_zone *z, struct dns_name *where);

/* ---- Walking ---- */

struct dns_place {
    uint32_t leaf, at;
};

/* Sees the zone as it was when it was opened, whatever changes meanwhile; what it still needs stays in memory until then. The
 * fields are the zone's business. */
struct dns_cursor {
    struct list link;
    struct dns_zone *zone; /* held */
    uint32_t version;
    unsigned space;            /* whose node comes first */
    uint64_t from;             /* the least type that has not been had at that node */
    struct dns_node *node[2];  /* the next of names and of NSEC3's; NULL: no more */
    struct dns_place place[2]; /* of these, as long as the order has this shape */
    uint32_t shape[2];
};

/* From the first name at or behind `from` on; the origin is always the first of all. Holds the zone. */
void dns_cursor_open(struct dns_cursor *c, struct dns_zone *z, struct bytes from);
/* The next set in canonical order of names, then of types. False: it was the last. `name` and `set` BORROW until
 * dns_cursor_close. */
bool dns_cursor_next(struct dns_cursor *c, struct bytes *name, const struct dns_set **set);
void dns_cursor_close(struct dns_cursor *c);

/* ---- Many zones ---- */

struct dns_zone_entry {
    struct dns_zone *zone; /* held */
    uint64_t hash;
    void *user; /* the server's: what it has configured for the zone; stays when the zone is replaced */
};

struct reply;

struct dns_zones {
    struct dns_zone_entry *table; /* by hash, open; its size is a power of two */
    uint32_t n, n_slots;
    uint32_t max;       /* zones; given */
    uint64_t depths[2]; /* numbers of labels that zones have: only these are tried */
    uint64_t seed;
    uint64_t n_refused; /* zones beyond max */
    /* How to say in signed zones that something isn't there (dns_reply.h); NULL: not at all. */
    void (*prove)(struct reply *a, int what, const struct dns_node *n, unsigned labels);
};

/* `seed`: secret, of random_bytes; that of all its zones. */
void dns_zones_init(struct dns_zones *zs, uint64_t seed, uint32_t max);
/* The same for zones that are not signed: an image that calls only this holds no proofs and no NSEC3. */
void dns_zones_init_unsigned(struct dns_zones *zs, uint64_t seed, uint32_t max);
/* Releases all. */
void dns_zones_free(struct dns_zones *zs);
/* Adds the zone, or puts it in the place of the one with its origin, which is released. TAKES the caller's hold, but not when it
 * fails: ERR_FULL. */
MUST_USE enum err dns_zones_put(struct dns_zones *zs, struct dns_zone *z);
/* ERR_NOT_FOUND. */
MUST_USE enum err dns_zones_remove(struct dns_zones *zs, struct bytes origin);
/* The entry with this origin; NULL: none. Entries move when zones are added or removed. */
struct dns_zone_entry *dns_zones_get(const struct dns_zones *zs, struct bytes origin);
/* The zone with the longest origin that the name is under. */
struct dns_zone_entry *dns_zones_find(const struct dns_zones *zs, struct bytes name);

/* What looking for a name will need is brought from far memory, so that other work can be done meanwhile: first the place in its
 * zone's table, and some time later what is found there. Gives that zone, as dns_zones_find; NULL: none. */
struct dns_key;
const struct dns_zone_entry *dns_zones_fetch_slot(const struct dns_zones *zs, const struct dns_key *k);
void dns_zones_fetch_node(const struct dns_zone_entry *e, const struct dns_key *k);
/* All of them, one by one: start with *at = 0. NULL: no more. In no order. */
struct dns_zone_entry *dns_zones_next(const struct dns_zones *zs, uint32_t *at);

#endif
