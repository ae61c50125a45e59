/* SPDX-License-Identifier: ISC */
/* Transaction signatures: RFC 8945 over HMAC-SHA-256, -384 and -512 of the cryptographic library.
 *
 * Sans I/O: whole messages in buffers of the caller, the wall clock's seconds as an argument. A message is signed when
 * it is complete, header included, by appending the record to it; it is checked before anything else of it is believed.
 *
 * A server: dns_tsig_check on the request, which leaves in a `struct dns_tsig` all that the answer needs; then
 * dns_tsig_answer on the response. A client: dns_tsig_request, then dns_tsig_verify on the answer. Transfers are streams of messages:
 * dns_tsig_answer signs each of them, and dns_tsig_stream checks those of others, which may leave up to 99 unsigned. */
#ifndef PROTO_DNS_TSIG_H
#define PROTO_DNS_TSIG_H

#include <jinn/attr.h>
#include <jinn/err.h>

#include "wire/dns.h"

#define DNS_TSIG_KEYS_MAX 32      /* a key a peer; looked up one after the other */
#define DNS_TSIG_SECRET_BYTES 128 /* SHA-512's block: HMAC would hash a longer one to less */
#define DNS_TSIG_MAC_BYTES 64
#define DNS_TSIG_FUDGE_S 300     /* what RFC 8945 10 recommends, both ways */
#define DNS_TSIG_UNSIGNED_MAX 99 /* between two signed messages of a stream (RFC 8945 5.3.1) */

struct dns_tsig_algorithm; /* a row of the table in dns_tsig.c */

struct dns_tsig_key {
    const struct dns_tsig_algorithm *algorithm;
    void *hmac; /* the library's context, made once, so that no message allocates */
    uint8_t secret_len;
    uint8_t secret[DNS_TSIG_SECRET_BYTES];
    struct dns_name name; /* small letters */
};

struct dns_tsig_keys {
    size_t n;
    struct dns_tsig_key key[DNS_TSIG_KEYS_MAX];
};

/* Adds the keys of a text: BIND's `key NAME { algorithm A; secret "S"; };`, knot's list of `- id: NAME`, `algorithm: A`,
 * `secret: S`, or three words `NAME A S` for each, with comments from # or // to the end of the line. `keys` is zeroed before the first call.
 * NULL, or what is wrong, fit to be printed, with *line where (from 1). */
const char *dns_tsig_keys_parse(struct dns_tsig_keys *keys, struct bytes text, unsigned *line);
/* One more. The reason as above: a name there is already, an algorithm nobody knows, a secret that is empty or too long, the table
 * full. `secret` as it is, not base64. */
const char *dns_tsig_keys_add(struct dns_tsig_keys *keys, struct bytes name, struct bytes algorithm,
                              struct bytes secret);
/* Forgets them all, and their secrets. */
void dns_tsig_keys_clear(struct dns_tsig_keys *keys);
/* NULL: no such key. */
const struct dns_tsig_key *dns_tsig_keys_find(const struct dns_tsig_keys *keys, struct bytes name);

/* One exchange: what its next message is signed or checked with. */
struct dns_tsig {
    bool present;                          /* the request was signed, by whatever key, and so is the answer */
    const struct dns_tsig_key *key;        /* who signed, found good; NULL: nobody, or it was not good */
    const struct dns_tsig_key *answer_key; /* what signs the answer; NULL: its record has no MAC */
    uint16_t error; /* of the record: DNS_NOERROR, DNS_BADSIG, DNS_BADKEY, DNS_BADTIME, DNS_BADTRUNC */
    bool first;     /* no answer has been signed yet */
    uint16_t fudge_s;
    uint64_t time_s; /* what the request said; what DNS_BADTIME's answer repeats */
    uint8_t mac_len; /* of the message before this one */
    uint8_t mac[DNS_TSIG_MAC_BYTES];
    struct dns_name name;      /* the key's, as the request had it */
    struct dns_name algorithm; /* likewise */
};

struct dns_tsig_counters {
    uint64_t n_good, n_malformed, n_badkey, n_badsig, n_badtime, n_badtrunc;
};

/* Looks at a request of *len bytes; afterwards, those without its TSIG, which its header then doesn't count. What the response
 * code has to be when that isn't DNS_NOERROR: DNS_FORMERR (answer unsigned) or DNS_NOTAUTH (answer by dns_tsig_answer,
 * which says why). A request without TSIG is good, with t->present false; who knows that it has none need not ask. Not
 * whole, a TSIG that isn't last, or bytes behind it: DNS_FORMERR. A MAC that is truncated is not taken: DNS_BADTRUNC.
 * `c` may be NULL. */
unsigned dns_tsig_check(const struct dns_tsig_keys *keys, uint64_t now_s, uint8_t *message, size_t *len,
                        struct dns_tsig *t, struct dns_tsig_counters *c);

/* What dns_tsig_answer or dns_tsig_request will add: to be kept free by whoever writes the message. */
size_t dns_tsig_room(const struct dns_tsig *t);
/* Signs a response, or the next message of one, of *len bytes in a buffer of `size`. ERR_TOO_LARGE: as it was. */
MUST_USE enum err dns_tsig_answer(struct dns_tsig *t, uint64_t now_s, uint8_t *message, size_t *len, size_t size);

/* Signs a request. `t` is made for it; ask dns_tsig_room after dns_tsig_begin. */
void dns_tsig_begin(struct dns_tsig *t, const struct dns_tsig_key *key);
MUST_USE enum err dns_tsig_request(struct dns_tsig *t, uint64_t now_s, uint8_t *message, size_t *len, size_t size);

/* Checks messages that answer what dns_tsig_request signed, one or a stream of them: each must be given, in order. */
struct dns_tsig_stream {
    struct dns_tsig *t;
    void *hmac;          /* over what came since the last signature */
    unsigned n_unsigned; /* likewise, in messages */
    bool bad;            /* one of them was no good */
};
/* ERR_FULL: no memory. */
MUST_USE enum err dns_tsig_stream_begin(struct dns_tsig_stream *s, struct dns_tsig *t);
/* OK: signed well, or not signed and that is allowed here; stripped as by dns_tsig_check. ERR_REFUSED: the peer says that
 * our signature is no good, and why in t->error (that of DNS_BADTIME was checked; others can't be signed). ERR_INVALID:
 * its own is missing or no good. ERR_MALFORMED. After an error the stream is only good for its end. */
MUST_USE enum err dns_tsig_stream_next(struct dns_tsig_stream *s, uint64_t now_s, uint8_t *message, size_t *len);
/* OK: all were good, and the last was signed; otherwise nothing of the stream is to be believed. Frees what begin took. */
MUST_USE enum err dns_tsig_stream_end(struct dns_tsig_stream *s);

#endif
