/* SPDX-License-Identifier: ISC */
/* Signatures of DNSSEC, one set at a time: RFC 4034 3.1.8.1 (what is signed), RFC 4034 B (key tags), RFC 4034 5.1.4 (digests),
 * RFC 3110 and 5702 (RSA), RFC 6605 (ECDSA), RFC 8080 (Ed25519), RFC 8624 (which of them). Pure; the cryptography is Mbed TLS's,
 * that of Ed25519 libsodium's.
 *
 * Whether a chain of keys leads to a trust anchor, and whether denials fit, is for the callers to find out. */
#ifndef PROTO_DNSSEC_H
#define PROTO_DNSSEC_H

#include <jinn/err.h>

#include "wire/dns.h"

enum dnssec_algorithm {
    DNSSEC_RSASHA1 = 5,
    DNSSEC_RSASHA1_NSEC3 = 7,
    DNSSEC_RSASHA256 = 8,
    DNSSEC_RSASHA512 = 10,
    DNSSEC_ECDSAP256SHA256 = 13,
    DNSSEC_ECDSAP384SHA384 = 14,
    DNSSEC_ED25519 = 15
};

enum dnssec_digest { DNSSEC_SHA1 = 1, DNSSEC_SHA256 = 2, DNSSEC_SHA384 = 4 };

#define DNSSEC_KEY_ZONE 0x0100    /* flags of a DNSKEY: it signs records of its zone, */
#define DNSSEC_KEY_REVOKED 0x0080 /* is revoked (RFC 5011), */
#define DNSSEC_KEY_ENTRY 0x0001   /* is what the parent names (SEP) */
#define DNSSEC_PROTOCOL 3

#define DNSSEC_RSA_BITS_MIN 512  /* less was never allowed, */
#define DNSSEC_RSA_BITS_MAX 4096 /* and more only costs */
/* What Ed25519 signs has to lie in one piece. A set that goes into a message without compression, its signature beside it, has less. */
#define DNSSEC_SIGNED_BYTES 65536
#define DNSSEC_DS_BYTES (4 + 48)
#define DNSSEC_ECDSA_BYTES 96 /* a signature, or a public key, of P-384 */
/* Rdata of the longest signature that we make. */
#define DNSSEC_RRSIG_BYTES (18 + DNS_NAME_BYTES + DNSSEC_ECDSA_BYTES)
#define DNSSEC_DNSKEY_BYTES (4 + DNSSEC_ECDSA_BYTES)

/* The records of one name and type. `rdata` BORROWS; it is put into canonical order. */
struct dnssec_set {
    struct bytes owner;
    uint16_t type;
    uint16_t class_;
    struct bytes *rdata;
    size_t n;
};

/* Of RRSIG's rdata; `signer` and `signature` BORROW. False: malformed. */
struct dnssec_rrsig {
    uint16_t covered;
    uint8_t algorithm;
    uint8_t labels;
    uint32_t ttl;                   /* the original one */
    uint32_t expiration, inception; /* seconds since 1970, modulo 2^32 */
    uint16_t tag;
    struct bytes signer, signature;
};
MUST_USE bool dnssec_rrsig_parse(struct bytes rdata, struct dnssec_rrsig *sig);

bool dnssec_algorithm_is_known(uint8_t algorithm);
/* Those that a validator goes by: SHA-1 is not what it was, so zones that are signed with nothing better count as not signed. */
bool dnssec_algorithm_is_validated(uint8_t algorithm);
bool dnssec_digest_is_known(uint8_t digest);
uint16_t dnssec_key_tag(struct bytes dnskey);

/* Whether this key made this signature of this set, and the signature is valid at `now_s`. ERR_INVALID: it did not (or key and
 * signature don't belong together, or the owner has fewer labels than were signed); ERR_TIMEOUT: too early or too late for it;
 * ERR_UNSUPPORTED: an algorithm, or a key size, that we don't know; ERR_FULL, of Ed25519 only: more than DNSSEC_SIGNED_BYTES were
 * signed, or there is no memory for them. Costs some 100 us to a millisecond: bound how often. */
MUST_USE enum err dnssec_verify(const struct dnssec_set *set, struct bytes rrsig, struct bytes dnskey, uint32_t now_s);

/* A DS of this key. False: a digest that we don't know. */
MUST_USE bool dnssec_ds_make(struct bytes owner, struct bytes dnskey, uint8_t digest, struct writer *ds);
/* ERR_INVALID, ERR_UNSUPPORTED. */
MUST_USE enum err dnssec_ds_check(struct bytes owner, struct bytes dnskey, struct bytes ds);

/* The hash of NSEC3 (RFC 5155 5), algorithm 1: 20 bytes. */
#define DNSSEC_NSEC3_BYTES 20
void dnssec_nsec3_hash(struct bytes name, struct bytes salt, unsigned iterations,
                       uint8_t hash[static DNSSEC_NSEC3_BYTES]);

/* ---- Signing: ECDSA with P-256 or P-384 ---- */

struct dnssec_curve;

struct dnssec_key {
    const struct dnssec_curve *curve; /* where it is calculated */
    uint8_t algorithm;
    uint16_t tag;
    uint8_t secret[48];                  /* dnssec_key_wipe */
    uint8_t dnskey[DNSSEC_DNSKEY_BYTES]; /* rdata */
    uint8_t dnskey_len;
};

/* A new key; `flags`: DNSSEC_KEY_ZONE and perhaps DNSSEC_KEY_ENTRY. ERR_UNSUPPORTED: another algorithm. */
MUST_USE enum err dnssec_key_generate(uint8_t algorithm, uint16_t flags, struct dnssec_key *key);
/* From its secret, 32 or 48 bytes, and as dnssec_key_generate. ERR_INVALID: it is none. */
MUST_USE enum err dnssec_key_of(uint8_t algorithm, uint16_t flags, struct bytes secret, struct dnssec_key *key);
/* From the text of BIND's and everybody's K*.private. NULL, or the reason why it is none. */
const char *dnssec_key_parse(struct bytes text, uint16_t flags, struct dnssec_key *key);
/* Those of P-256 only: an image that has all its keys from here carries no other curve. */
const char *dnssec_key_parse_p256(struct bytes text, uint16_t flags, struct dnssec_key *key);
/* What such a text has behind NAME (with its colon) at the start of a line. False: there is no such line. BORROWS. */
bool dnssec_key_field(struct bytes text, const char *name, struct bytes *value);
void dnssec_key_write(const struct dnssec_key *key, struct writer *text);
void dnssec_key_wipe(struct dnssec_key *key);
static inline struct bytes dnssec_key_rdata(const struct dnssec_key *key)
{
    return (struct bytes){key->dnskey, key->dnskey_len};
}

/* Writes the rdata of an RRSIG; `ttl` is that of the set. ERR_FULL: no memory for the calculation, or no room. */
MUST_USE enum err dnssec_sign(const struct dnssec_set *set, uint32_t ttl, const struct dnssec_key *key,
                              struct bytes zone, uint32_t inception, uint32_t expiration, struct writer *rrsig);

#endif
