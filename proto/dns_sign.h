/* SPDX-License-Identifier: ISC */
/* Signs zones: RFC 4034 and 4035 (NSEC), 5155 with 9276 (NSEC3), 6605 (ECDSA P-256), 6781 (times), 7344 and 8078 (CDS, CDNSKEY),
 * 9077 (TTL of denials). A zone is signed as a whole into a copy, in small steps (struct dns_sign_job); a change of a signed zone gets its
 * signatures and its links of the chain before it is committed (dns_sign_change); signatures are made anew before they expire, some at
 * a time (struct dns_sign_walk).
 *
 * Pure but for random numbers: the wall clock comes as seconds since 1970. Nothing here yields. A signature takes about 0.4 ms,
 * so every step is told how many it may make. */
#ifndef PROTO_DNS_SIGN_H
#define PROTO_DNS_SIGN_H

#include "proto/dns_history.h"
#include "proto/dns_nsec3.h"
#include "proto/dnssec.h"

#define DNS_SIGN_KEYS_MAX 8           /* of one zone: two generations of a KSK and a ZSK, and as many again */
#define DNS_SIGN_ALL_KEYS_MAX 1024    /* in one text: each costs a multiplication on the curve when it is read */
#define DNS_SIGN_TEXT_BYTES (1 << 20) /* of keys on a block device: DNS_SIGN_ALL_KEYS_MAX of them */
#define DNS_SIGN_CHANGE_MAX 512 /* sets that one change may have signed: about 0.2 s in which nobody is answered */
#define DNS_SIGN_PENDING_MAX 64 /* new signatures that become one version of the zone */
#define DNS_SIGN_SETS_MAX 64    /* sets that are copied in a step that signs none */
#define DNS_SIGN_CLOCK_LEAST_S 1577836800 /* 2020: a wall clock before it was never set */
#define DNS_SIGN_RECORDS_MAX (DNS_SET_BYTES / DNS_SET_HEAD)

/* ---- Keys ---- */

struct dns_sign_key {
    struct dns_name zone;
    struct dnssec_key key;
    bool is_entry;                  /* KSK or CSK: flags 257 */
    uint64_t publish_s, activate_s; /* of BIND's times, seconds since 1970; 0: from ever */
    uint64_t inactive_s, delete_s;  /* UINT64_MAX: never */
};

struct dns_sign_keys {
    size_t n;
    struct dns_sign_key *list; /* the C library's; dns_sign_keys_free wipes it */
};

/* From the texts of K*.private (BIND's format, v1.x) and K*.key, one behind the other in any order; it ends at a byte 0, as
 * on a block device. GIVES. NULL, or what is wrong, fit to be printed, with the line that it is about (0: none). */
const char *dns_sign_keys_parse(struct bytes text, struct dns_sign_keys *keys, unsigned *line);
void dns_sign_keys_free(struct dns_sign_keys *keys);

/* ---- Signers ---- */

struct dns_sign_policy {
    bool nsec3;          /* else NSEC */
    uint16_t iterations; /* RFC 9276: 0 */
    uint8_t salt_len;    /* RFC 9276: 0 */
    uint8_t salt[255];
    uint32_t validity_s; /* of a signature; and they began an hour ago, for clocks that are behind */
    uint32_t jitter_s;   /* up to so much less, so that not all are made anew at once */
    uint32_t refresh_s;  /* what is left of it when it is made anew */
    bool increment;      /* serial numbers go up by one; else they are the time, if that is higher */
    bool no_cds;         /* no CDS and CDNSKEY; nor where the zone has some of its own */
};

#define DNS_SIGN_VALIDITY_S (14 * 86400)
#define DNS_SIGN_JITTER_S 86400
#define DNS_SIGN_REFRESH_S (7 * 86400)
#define DNS_SIGN_BEFORE_S 3600

/* Memory of one step at a time; all signers share one. About 100 KB. */
struct dns_sign_room {
    struct bytes rdata[DNS_SIGN_RECORDS_MAX];
    uint8_t denial[2 * DNS_NAME_BYTES + 256 * 34]; /* data of a NSEC or NSEC3 */
};

/* Who signs one zone. */
struct dns_signer {
    struct dns_sign_policy policy;
    struct dns_sign_room *room; /* BORROWS */
    struct dnssec_key key[DNS_SIGN_KEYS_MAX];
    struct {
        bool entry, published, active;
    } use[DNS_SIGN_KEYS_MAX];
    size_t n_keys;
    uint64_t n_signatures;
    uint64_t n_too_large; /* changes beyond DNS_SIGN_CHANGE_MAX */
    bool stale;           /* a change moved what all denials depend on: sign the zone as a whole again */
};

/* NULL, or why the policy makes no sense. */
const char *dns_sign_policy_check(const struct dns_sign_policy *p);
/* Takes those of the keys that are the zone's. NULL, or why it can't be signed with them, fit to be printed. */
const char *dns_signer_init(struct dns_signer *s, const struct dns_sign_policy *p, const struct dns_sign_keys *keys,
                            struct bytes zone, struct dns_sign_room *room, uint64_t now_s);
void dns_signer_wipe(struct dns_signer *s);
/* What a signer makes and replaces: not DNSKEY, CDS and CDNSKEY of the zone's own. */
bool dns_sign_is_made(uint16_t type);
/* The serial number that follows. */
uint32_t dns_sign_serial(const struct dns_signer *s, uint32_t before, uint64_t now_s);

/* ---- A whole zone ---- */

struct dns_sign_job {
    struct dns_signer *signer;
    struct dns_zone *zone; /* the signed copy; TAKE it when the job is done */
    struct dns_cursor from;
    bool has_least; /* set it after dns_sign_begin: the serial number becomes higher than `least`, too */
    uint32_t least;
    enum { DNS_SIGN_COPY, DNS_SIGN_APEX, DNS_SIGN_CHAIN, DNS_SIGN_SETS, DNS_SIGN_DENIALS, DNS_SIGN_DONE } phase;
    uint8_t hash[DNS_NSEC3_HASH_BYTES];
    bool turned;
    struct dns_name at; /* the last name that was done; none at first */
};

/* Begins a copy of the zone, without what another signer made in it; `seed` is that of the zones. The signer and the
 * zone must stay. ERR_FULL. */
MUST_USE enum err dns_sign_begin(struct dns_sign_job *j, struct dns_signer *s, struct dns_zone *from, uint64_t seed,
                                 size_t limit_bytes);
/* Goes on with at most so many signatures. ERR_AGAIN: there is more to do; OK: the copy is signed, and its serial number is
 * the next. ERR_NOT_FOUND: it has no SOA; ERR_FULL; ERR_INVALID: the clock is not set. */
MUST_USE enum err dns_sign_step(struct dns_sign_job *j, uint64_t now_s, unsigned n_signatures);
/* Gives up, or after the zone was taken (`zone` is NULL then). */
void dns_sign_end(struct dns_sign_job *j);

/* ---- A change of a signed zone ---- */

/* Between dns_zone_begin and commit: gives what has changed its signatures and its place in the chain. The serial number has been
 * raised before; it becomes the time if that is the policy. Unless it's OK the change is to be taken back: ERR_TOO_LARGE (counted):
 * more than DNS_SIGN_CHANGE_MAX sets; ERR_INVALID: the clock is not set; ERR_FULL. */
MUST_USE enum err dns_sign_change(struct dns_signer *s, struct dns_zone *z, uint64_t now_s);

/* ---- Signatures that expire ---- */

struct dns_sign_renewal {
    uint16_t covered;
    uint32_t ttl;
    uint16_t old_len, made_len;
    uint8_t old[DNSSEC_RRSIG_BYTES], made[DNSSEC_RRSIG_BYTES];
    struct dns_name name;
};

/* Goes round the zone. The zone may change while it does. */
struct dns_sign_walk {
    struct dns_signer *signer;
    struct dns_zone *zone; /* BORROWS */
    bool in_nsec3, turned, done;
    uint64_t next_s; /* when the next signature that it met is to be made anew; UINT64_MAX: none was met */
    size_t n_pending;
    uint8_t hash[DNS_NSEC3_HASH_BYTES];
    struct dns_name at; /* the last name that was looked at; none at first */
    struct dns_sign_renewal pending[DNS_SIGN_PENDING_MAX];
};

void dns_sign_walk_begin(struct dns_sign_walk *w, struct dns_signer *s, struct dns_zone *z);
/* Looks at some names and makes at most so many signatures, which wait in the walk. ERR_AGAIN: go on; OK: all names have been looked at, or
 * there is no more room: apply them. ERR_INVALID: the clock is not set. ERR_FULL. */
MUST_USE enum err dns_sign_walk_step(struct dns_sign_walk *w, uint64_t now_s, unsigned n_signatures);
/* Within a change: puts those that wait in the place of the old ones, leaving out where these are gone, and raises the serial number.
 * ERR_NOT_FOUND: there was none to be put. */
MUST_USE enum err dns_sign_walk_apply(struct dns_sign_walk *w, uint64_t now_s);

/* ---- What a journal keeps: the zone as it would be without signatures, so that the zone's file and the journal make what is to be signed ---- */

/* The change without what dns_sign_is_made. GIVES. ERR_FULL. */
MUST_USE enum err dns_sign_plain(const struct dns_entry *e, struct dns_entry **plain);
/* The change from a zone to its signed copy, likewise: its serial number alone. GIVES. ERR_NOT_FOUND: no SOA; ERR_FULL. */
MUST_USE enum err dns_sign_turn(const struct dns_zone *before, const struct dns_zone *after, struct dns_entry **plain);

#endif
