/* SPDX-License-Identifier: ISC */
/* Cookies of DNS servers: RFC 7873, made as RFC 9018 says, so that servers of different makers can share a secret.
 *
 *    0  8 the client's    8  1 version, 1    9  3 zero    12  4 seconds since 1970    16  8 hash of these and the client's address */
#ifndef PROTO_DNS_COOKIE_H
#define PROTO_DNS_COOKIE_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define DNS_COOKIE_CLIENT_BYTES 8
#define DNS_COOKIE_BYTES 24      /* as we give them: the client's and ours */
#define DNS_COOKIE_MOST_BYTES 40 /* of any server's (RFC 7873 4) */
#define DNS_COOKIE_SECRET_BYTES 16
#define DNS_COOKIE_OLD_S 3600   /* beyond that one is not good any more (RFC 9018 4.3) */
#define DNS_COOKIE_FUTURE_S 300 /* as far ahead may another server's clock be */

/* The one that cookies are made with, and the one before it, which is still good. */
struct dns_cookie_secrets {
    uint8_t now[DNS_COOKIE_SECRET_BYTES];
    uint8_t before[DNS_COOKIE_SECRET_BYTES];
    bool has_before;
};

enum dns_cookie_kind {
    DNS_COOKIE_MALFORMED,
    DNS_COOKIE_NEW, /* the client's alone, or not one of ours, or too old */
    DNS_COOKIE_GOOD
};

/* What the content of a client's option is. */
enum dns_cookie_kind dns_cookie_check(const struct dns_cookie_secrets *s, uint32_t wall_s, const struct ip *client,
                                      struct bytes content);
/* Writes the content of the answer's option, DNS_COOKIE_BYTES: to who has a content that isn't malformed. */
void dns_cookie_write(const struct dns_cookie_secrets *s, uint32_t wall_s, const struct ip *client,
                      struct bytes content, struct writer *w);

#endif
