/* SPDX-License-Identifier: ISC */
/* Who may do something: a list of rules, each an address or network, a key, or both, of which one must fit. An empty list
 * fits nobody. */
#ifndef PROTO_DNS_ACCESS_H
#define PROTO_DNS_ACCESS_H

#include "proto/dns_tsig.h"

#include <jinn/addr.h>

#define DNS_ACCESS_MAX 16 /* a rule a peer; more of them share a network or a key */

struct dns_access_rule {
    bool by_net, by_key;
    struct ip_net net;
    struct dns_name key; /* by name, so that lists can be read before keys are */
};

struct dns_access {
    size_t n;
    struct dns_access_rule rule[DNS_ACCESS_MAX];
};

/* The next of the words between blanks or commas, taken off the text; empty: there are no more. */
struct bytes dns_word(struct bytes *text);
/* Adds the rules of a text, words between blanks or commas: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`, `key:NAME`,
 * `10.0.0.0/8+key:NAME` for both at once, `any`. NULL, or what is wrong, fit to be printed. */
const char *dns_access_parse(struct dns_access *a, struct bytes text);
/* `key`: with which the request was signed, and that was checked; NULL: none. */
bool dns_access_allows(const struct dns_access *a, const struct ip *peer, const struct dns_tsig_key *key);

#endif
