/* SPDX-License-Identifier: ISC */
/* Which of several addresses is the better one (RFC 6724). Pure: no state, no stack. */
#ifndef NET_PREFER_H
#define NET_PREFER_H

#include <jinn/addr.h>

/* RFC 4291 2.7, also of unicast and IPv4 addresses (RFC 6724 3.1, 3.2). */
unsigned prefer_scope(const struct ip *ip);
/* RFC 6724 2.1, without the rows of what is long gone. */
unsigned prefer_label(const struct ip *ip);
unsigned prefer_precedence(const struct ip *ip);
/* Leading bits that both have, at most `most`. */
unsigned prefer_common_bits(const struct ip *a, const struct ip *b, unsigned most);

/* A destination, and the address that it would be reached from. */
struct prefer_way {
    struct endpoint to;
    struct ip src;   /* IP_NONE: there is no way */
    bool deprecated; /* src is */
};

/* Sorts by RFC 6724 6, best first; equal ones keep their order. Then the families take turns, beginning with the best
 * one's, so that one that does not work costs no more than its turns (RFC 8305 4). What has no way comes last. */
void prefer_sort(struct prefer_way *v, size_t n);

#endif
