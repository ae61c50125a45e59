/* SPDX-License-Identifier: ISC */
/* What the files of dns_sign share. */
#ifndef PROTO_DNS_SIGN_INTERNAL_H
#define PROTO_DNS_SIGN_INTERNAL_H

#include "proto/dns_sign.h"

/* Names and types whose sets have no good signature yet. */
struct dns_sign_list {
    struct dns_sign_item {
        uint16_t type;
        struct dns_name name;
    } * item; /* the C library's */
    size_t n, max;
};

struct dns_sign_work {
    struct dns_signer *s;
    struct dns_zone *z;
    uint64_t now_s;
    unsigned n_left;            /* signatures that may still be made */
    struct dns_sign_list *list; /* what was changed goes there; NULL: everything will be looked at anyhow */
};

/* What a name is to a signer. */
enum dns_sign_state {
    NAME_GONE,  /* not there, or below a delegation or DNAME */
    NAME_EMPTY, /* others are below it */
    NAME_CUT,   /* a delegation: DS and denials are ours alone */
    NAME_OURS,
};
enum dns_sign_state dns_sign_state(const struct dns_zone *z, struct bytes name);
/* The zone signs sets of this type at such a name. */
bool dns_sign_is_due(enum dns_sign_state state, uint16_t type);

/* ---- dns_sign_set.c ---- */

bool dns_sign_clock_is_set(uint64_t now_s);
/* The key signs sets of this type. */
bool dns_sign_uses_key(const struct dns_signer *s, size_t key, uint16_t type);
MUST_USE enum err dns_sign_make(struct dns_sign_work *k, struct bytes name, const struct dns_set *set, size_t key,
                                struct writer *rrsig);
/* Signs what is due at a name and has no signature. ERR_AGAIN: n_left was not enough. */
MUST_USE enum err dns_sign_name(struct dns_sign_work *k, struct bytes name);
/* The same for a NSEC3. */
MUST_USE enum err dns_sign_nsec3(struct dns_sign_work *k, struct bytes owner);
/* Takes away signatures of what is not there or not ours. */
MUST_USE enum err dns_sign_clean(struct dns_sign_work *k, struct bytes name);
MUST_USE enum err dns_sign_note(struct dns_sign_work *k, struct bytes name, uint16_t type);
/* What isn't there can be taken away. */
static inline enum err dns_sign_unless(enum err e, enum err fine)
{
    return e == fine ? OK : e;
}

/* ---- dns_sign_chain.c ---- */

/* Puts the name into the chain as it should be, or takes it out. */
MUST_USE enum err dns_sign_link_nsec(struct dns_sign_work *k, struct bytes name);
MUST_USE enum err dns_sign_link_nsec3(struct dns_sign_work *k, struct bytes name);
/* Where a NSEC3's data has the hash of the next; NULL: it has none. */
const uint8_t *dns_sign_nsec3_next(struct bytes rdata);

#endif
