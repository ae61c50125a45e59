/* SPDX-License-Identifier: ISC */
/* The stub resolver's core: questions to servers that do the work (RFC 1035 5.3.1), sans I/O. Names, messages and the time go in,
 * what is to be done next comes out; answers end in a cache, where they are looked for. proto/dns_client.c moves the bytes.
 *
 *   dns_stub_find -ERR_AGAIN-> dns_stub_ask -> dns_stub_step: SEND, STREAM, WAIT ... DONE -> dns_stub_find
 *                                                  ^ dns_stub_input, dns_stub_failed |
 *
 * An ask is a name, the questions about it that are in flight (A and AAAA, mostly) and the server that they are at. Whoever
 * has the same question uses the same ask. All questions of an ask are at one server at a time; those that it does not answer
 * go to the next one, and after the last again to the first, with twice the patience.
 *
 * What is believed of a message: it comes from the address and port that were asked, to the port that asked, which is another
 * one at each attempt; it has the id and the question, letter by letter in the case that was chosen at random; and of its
 * answer section only what the name and its aliases lead to. All else is passed over. */
#ifndef PROTO_DNS_STUB_H
#define PROTO_DNS_STUB_H

#include "proto/dns_cache.h"

#include <jinn/addr.h>

enum {
    DNS_STUB_SERVERS = 9,   /* of DHCP, routers and DHCPv6 three each (STACK_SERVERS_MAX) */
    DNS_STUB_ASKS = 12,     /* names in flight; each has a UDP socket, of which the stack has 32 */
    DNS_STUB_QUESTIONS = 4, /* types in flight of a name: A and AAAA, and two for others */
    DNS_STUB_ALIASES = 8,   /* from one name to the next; more is a loop or a mistake. BIND allows 16, others 8 to 12 */
    DNS_STUB_FORGERIES = 16, /* messages that fit no question, in one attempt: then somebody guesses, and TCP is used */
    DNS_STUB_ROUNDS = 3,     /* over all servers */
    DNS_STUB_SET_BYTES = 4000 /* the longest set that is taken; the cache's page holds it with its name */
};

#define DNS_STUB_PATIENCE_NS (1 * NS_PER_S) /* in the first round */
#define DNS_STUB_STREAM_NS (3 * NS_PER_S)   /* for an answer by TCP: the handshake may need a second SYN */
#define DNS_STUB_BAD_NS (30 * NS_PER_S)     /* a server that did not answer is asked last for as long */

struct dns_stub_server {
    struct ip ip;
    uint64_t bad_until_ns;
    bool no_edns; /* it said that it does not understand EDNS */
};

enum dns_question_state {
    DNS_QUESTION_FREE,
    DNS_QUESTION_NEW,    /* to be sent */
    DNS_QUESTION_ASKED,  /* sent; not answered yet */
    DNS_QUESTION_STREAM, /* to be asked again by TCP, of the same server */
    DNS_QUESTION_FAILED, /* by this server: the next one is asked */
    DNS_QUESTION_DONE
};

struct dns_question_asked {
    uint16_t type, id;
    uint8_t state;        /* enum dns_question_state */
    uint8_t result;       /* enum err, once done: OK: look into the cache */
    uint8_t last_failure; /* why a server failed: enum err */
    uint64_t letters;     /* which of the first 64 letters are capitals */
};

struct dns_ask {
    struct dns_name name; /* small letters; len 0: this place is free */
    unsigned n_users;
    struct dns_question_asked question[DNS_STUB_QUESTIONS];
    uint8_t server, round;
    uint16_t tried;         /* servers, of this round: a bit each */
    bool attempting, fresh; /* fresh: this attempt has not sent anything yet */
    uint8_t n_forgeries;
    uint64_t deadline_ns; /* of the attempt */
};

enum dns_step_kind {
    DNS_STEP_SEND,   /* by UDP; from a new socket if `fresh` */
    DNS_STEP_STREAM, /* by TCP: connect, send, receive, then dns_stub_input; or dns_stub_failed */
    DNS_STEP_WAIT,   /* for datagrams, until the deadline */
    DNS_STEP_DONE    /* all questions have their results */
};

struct dns_step {
    enum dns_step_kind kind;
    struct endpoint server;
    bool fresh;
    unsigned question;    /* which, of SEND and STREAM */
    struct bytes message; /* in the stub's own memory, until the next step */
    uint64_t deadline_ns;
};

struct dns_stub_counters {
    uint64_t asks, joined, full; /* names asked for; questions that were in flight already; refused for want of room */
    uint64_t queries, streams, timeouts, retries;
    uint64_t answers, negative, truncated, failures; /* failures: SERVFAIL, REFUSED and the like */
    uint64_t lame;                                   /* neither an answer nor a no */
    uint64_t wrong_server, wrong_id, wrong_question, wrong_case, forgeries; /* the last: over the limit */
    uint64_t malformed, no_edns, aliases_many, set_too_large;
};

struct dns_stub_options {
    struct dns_cache *cache; /* BORROWS */
    void (*random)(void *out, size_t len);
    /* Uncompressed rdata of types other than A, AAAA, NS, CNAME and SOA: dns_rdata_expand, or NULL if nobody asks for them. */
    bool (*expand)(struct bytes message, const struct dns_record *record, struct writer *w);
    uint16_t port;        /* 0: 53 */
    uint64_t patience_ns; /* 0: DNS_STUB_PATIENCE_NS */
    bool small_letters;   /* no capitals at random: for servers that are known to lose them */
};

struct dns_stub {
    struct dns_stub_options o;
    struct dns_stub_counters counters;
    struct dns_stub_server server[DNS_STUB_SERVERS];
    unsigned n_servers;
    struct dns_ask ask[DNS_STUB_ASKS];
    uint8_t message[DNS_UDP_BYTES]; /* that is sent */
    uint8_t set[DNS_STUB_SET_BYTES];
};

void dns_stub_init(struct dns_stub *s, const struct dns_stub_options *o);
/* Who is asked from now on, in this order. What is known of those that stay is kept; asks go on with the new ones. */
void dns_stub_servers(struct dns_stub *s, const struct ip *ip, size_t n);

/* Looks into the cache and follows aliases. OK: *found is the set. ERR_NOT_FOUND: there is no such name or set. ERR_AGAIN: `final`,
 * which the aliases lead to, must be asked for. ERR_MALFORMED: aliases without an end (counted). */
MUST_USE enum err dns_stub_find(struct dns_stub *s, uint64_t now_ns, struct bytes name, uint16_t type,
                                struct dns_cached *found, struct dns_name *final);
/* The ask for this name with this question in it; one more user of it. NULL (counted): no room. */
struct dns_ask *dns_stub_ask(struct dns_stub *s, uint64_t now_ns, struct bytes name, uint16_t type);
/* One user less. Without any, the ask ends. */
void dns_stub_leave(struct dns_stub *s, struct dns_ask *a);
/* ERR_AGAIN: not yet. OK: the cache has it, or an alias of it. ERR_TIMEOUT: no server answered. ERR_REFUSED: those that did
 * could not or would not say. ERR_UNREACHABLE: there is no server. ERR_TOO_LARGE: a set that is taken by nobody. */
enum err dns_ask_result(const struct dns_ask *a, uint16_t type);

void dns_stub_step(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, struct dns_step *step);
/* A datagram that reached the socket of the ask's attempt, or what came by TCP. */
void dns_stub_input(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, const struct endpoint *from,
                    struct bytes message, bool by_stream);
/* A question that came to an ask whose attempt is under way: to be sent at once from the same socket. False: there is none. */
bool dns_stub_joined(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, struct dns_step *step);
/* Whoever did what STREAM said had to leave before its end: somebody else will be told to. */
void dns_stub_again(struct dns_ask *a, unsigned question);
/* What SEND or STREAM asked for could not be done, or brought no answer. */
void dns_stub_failed(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, unsigned question);

#endif
