/* SPDX-License-Identifier: ISC */
/* Which names are meant by what somebody typed, in which order they are tried, and which are never asked for. Pure. */
#ifndef PROTO_DNS_NAMES_H
#define PROTO_DNS_NAMES_H

#include "wire/dns_name.h"

#include <jinn/addr.h>

enum {
    DNS_SEARCH_MAX = 8
}; /* domains that are tried: glibc long had 6; each costs every typing mistake two questions */

struct dns_candidates {
    struct dns_name typed;
    struct bytes search; /* BORROWS: domains one behind the other */
    bool absolute;       /* ended with a dot */
    bool as_is_first;
    unsigned n; /* handed out so far */
    bool as_is_done;
};

/* False: it is no name. */
bool dns_candidates_begin(struct dns_candidates *c, const char *text, struct bytes search, unsigned ndots);
/* The next name to be tried; false: that was the last one. */
bool dns_candidates_next(struct dns_candidates *c, struct dns_name *name);

enum dns_special {
    DNS_SPECIAL_NONE,
    DNS_SPECIAL_LOOPBACK, /* localhost */
    DNS_SPECIAL_NOWHERE   /* invalid, local, onion */
};
enum dns_special dns_special(struct bytes name);

#endif
