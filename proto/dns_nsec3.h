/* SPDX-License-Identifier: ISC */
/* Hashed names: RFC 5155, with the limit of RFC 9276. */
#ifndef PROTO_DNS_NSEC3_H
#define PROTO_DNS_NSEC3_H

#include "proto/dns_zone.h"

/* RFC 9276 3.2 lets validators give up above 100, and each costs us a hash a label. A zone with more is answered as if it were
 * not signed; dns_zone_check says so. */
#define DNS_NSEC3_ITERATIONS_MAX 100

struct dns_nsec3_params {
    uint16_t iterations; /* beyond the first */
    struct bytes salt;
};

/* Of a zone's chain of NSEC3; the salt BORROWS. False: it has none that we serve. */
bool dns_nsec3_params(const struct dns_zone *z, struct dns_nsec3_params *p);
/* Of a record's data, NSEC3's or NSEC3PARAM's. False: not SHA-1. */
bool dns_nsec3_params_read(struct bytes rdata, struct dns_nsec3_params *p);

/* Of the name with small letters. */
void dns_nsec3_hash(struct bytes name, const struct dns_nsec3_params *p, uint8_t hash[static DNS_NSEC3_HASH_BYTES]);
/* The owner of the hash's NSEC3: base 32 before the origin, small letters. False: too long a name. */
bool dns_nsec3_owner(struct dns_name *owner, const uint8_t hash[static DNS_NSEC3_HASH_BYTES], struct bytes origin);

#endif
