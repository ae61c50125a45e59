/* SPDX-License-Identifier: ISC */
/* Names to addresses: a stub resolver (RFC 1035 5.3.1) that asks the name servers of a stack, remembers what they say for as
 * long as they say, and connects by name.
 *
 *     struct dns_client *dns;
 *     dns_client_new(stack, NULL, &dns);
 *     dns_connect(dns, "example.org", 443, deadline, &flow);
 *
 * Names: one that ends with a dot is as it is. Another one with fewer dots than `ndots` is first tried in each domain of the
 * search list and then as it is; with as many, the other way round. A domain counts as tried when its servers say that there is
 * no such name or address; when they say nothing, or fail, that is the result, lest another host of that name be taken.
 *
 * Never asked for: addresses, which are what they say; localhost and names below it, which are the loopback addresses (RFC 6761
 * 6.3); and names below invalid, local (of multicast DNS, RFC 6762) and onion (RFC 7686), which don't exist here. */
#ifndef JINN_DNS_CLIENT_H
#define JINN_DNS_CLIENT_H

#include <jinn/addr.h>
#include <jinn/err.h>
#include <jinn/flow.h>
#include <jinn/stack.h>

struct dns_client;

/* Zero means the default in brackets. */
struct dns_client_options {
    const struct ip *servers; /* BORROWS until the call returns; NULL: the stack's, whatever they are at the time */
    size_t n_servers;         /* at most STACK_SERVERS_MAX */
    uint16_t port;            /* of the servers [53] */
    const char *search;       /* domains with commas between them; NULL: the stack's; "": none */
    uint8_t ndots;            /* [the stack's, or 1] */
    uint32_t cache_entries;   /* names and types [256] */
    uint32_t cache_bytes;     /* [64 KB] */
    uint64_t patience_ns;     /* for a server's answer, before the next one is asked; doubles each round [1 s] */
    bool small_letters; /* no capitals at random in questions: they make forging harder, and some servers lose them */
};

/* What questions are asked and addresses taken of. */
enum dns_family { DNS_BOTH_FAMILIES, DNS_IPV4_ONLY, DNS_IPV6_ONLY };

/* GIVES a client on this stack; any number of fibers may use it. ERR_FULL: no memory. ERR_INVALID: a server or domain that is
 * none. */
MUST_USE enum err dns_client_new(struct stack *s, const struct dns_client_options *o, struct dns_client **c);
/* When nobody uses it. */
void dns_client_free(struct dns_client *c);

/* The addresses of a host: at most `size` and 16 of each family, *n of them, IPv6 first; stack_connect_any sorts them. A and AAAA are asked for at the same
 * time; what is known at the deadline of one family alone is given. ERR_NOT_FOUND: there is no such name, or no address of that name. ERR_INVALID: it is no name. ERR_TIMEOUT: the
 * deadline passed, or no server answered. ERR_REFUSED: those that answered could not or would not say. ERR_UNREACHABLE: there is no
 * server. ERR_MALFORMED: aliases without end. ERR_FULL (counted): too many names in flight. ERR_TOO_LARGE, ERR_CANCELLED. */
MUST_USE enum err dns_resolve(struct dns_client *c, const char *host, enum dns_family family, uint64_t deadline_ns,
                              struct ip *list, size_t size, size_t *n) MAY_YIELD;

/* Records of any type: each 2 bytes of length in network order and its data, uncompressed, one behind the other in `buffer`. The
 * name is taken as it is, without the search list. Errors as of dns_resolve; ERR_TOO_LARGE also: more than `size`. */
MUST_USE enum err dns_records(struct dns_client *c, const char *name, uint16_t type, uint64_t deadline_ns, void *buffer,
                              size_t size, size_t *len) MAY_YIELD;

/* GIVES a connection to the host: RFC 8305. It begins when IPv6 addresses are known, or IPv4 ones and 50 ms have passed without
 * the others, and goes on as stack_connect_any does. Errors of both. */
MUST_USE enum err dns_connect(struct dns_client *c, const char *host, uint16_t port, uint64_t deadline_ns,
                              struct flow **f) MAY_YIELD;

/* Forgets all answers. */
void dns_client_flush(struct dns_client *c);

struct dns_client_counters {
    uint64_t lookups, local; /* names looked up; of these, answered without asking */
    uint64_t cache_hits, cache_misses, cache_evicted;
    uint64_t queries, retries, timeouts, streams; /* streams: by TCP */
    uint64_t joined;                              /* the same question was in flight already */
    uint64_t answers, negative, failures;
    uint64_t ignored; /* datagrams that answered nothing that was asked */
    uint64_t full;
};
struct dns_client_counters dns_client_counters(const struct dns_client *c);

#endif
