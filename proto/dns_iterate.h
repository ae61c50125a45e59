/* SPDX-License-Identifier: ISC */
/* The iterative resolver's core (RFC 1034 5.3.3): from the root's servers down to those that know, sans I/O. Questions, messages and
 * the time go in, messages and results come out; what is learnt ends in a cache.
 *
 * A question is a client's: a name, a type, and what to call when it is answered. Answering it needs tasks: one set each, by
 * name and type, that is fetched from servers. The same set is fetched once however many wait for it. A task asks the servers
 * of the deepest zone that is known; they answer, say no, or refer to a deeper zone. Where no address of a zone's servers is
 * known, a further task finds one. Aliases are followed by the question, each with a task of its own.
 *
 * The root's servers are those that the root itself names (RFC 9609): whoever has to ask them waits, once, for a task for `. NS`, whose
 * answer brings their addresses. The hints only say where to ask for it, and serve for the rest while it can't be had. In
 * the last part of its life the set is fetched anew from the servers that it names.
 *
 * What is believed (RFC 2181 5.4.1, RFC 5452): a message from the server and to the socket that a query went from, with its id and
 * its question, letter by letter; in it the set that was asked for, at its own name or at the end of aliases within the zone that
 * was asked; a referral to a zone between that one and the name; addresses of the servers of that if they lie within the
 * zone that was asked. Nothing else.
 *
 * What is done for one question has limits, so that a zone can't make this resolver work for it (NXNSAttack, endless
 * aliases and referrals). Each is named below and counted. */
#ifndef PROTO_DNS_ITERATE_H
#define PROTO_DNS_ITERATE_H

#include "proto/dns_cache.h"
#include "proto/dns_servers.h"

#include <jinn/addr.h>

enum {
    DNS_ITERATE_HINTS = 26, /* the root's servers, both families */
    DNS_ITERATE_TRIED = 16, /* servers of a zone that are tried; who has more is not reached by a seventeenth either */
    DNS_ITERATE_ROUNDS = 3, /* how often one is tried that says nothing */
    DNS_ITERATE_BOGUS = 2,  /* sets that don't validate, before it is no use to ask yet another server */
    DNS_ITERATE_QUERIES = 40,   /* for a task and those that it needs; deep names without glue take some twenty */
    DNS_ITERATE_REFERRALS = 20, /* a name with more cuts than that is no name that anybody uses */
    DNS_ITERATE_PRIMING = 10,   /* for `. NS`; strangers that are silent leave those who wait half of their patience */
    DNS_ITERATE_NS_LOOKUPS =
        4,                 /* names of servers that a task looks up the address of (NXNSAttack: 2 to 5 are advised) */
    DNS_ITERATE_DEPTH = 4, /* tasks for the sake of tasks */
    DNS_ITERATE_ALIASES = 10,      /* of a question */
    DNS_ITERATE_SINGLE_LABELS = 4, /* asked one by one, then the whole name (RFC 9156 2.3: MINIMISE_ONE_LAB) */
    DNS_ITERATE_FORGERIES = 16,    /* messages that fit nothing, for a query: then TCP */
    DNS_ITERATE_FAILURES = 256,    /* failed sets that are remembered (RFC 9520) */
    DNS_ITERATE_GLUE_BYTES = 2048, /* addresses of a server in a referral: a hundred */
    DNS_ITERATE_SET_BYTES = 65000, /* the longest set */
    DNS_ITERATE_TASKS_MAX = 4096
};

#define DNS_ITERATE_STREAM_NS (3 * NS_PER_S)
#define DNS_ITERATE_FAILURE_NS (5 * NS_PER_S)   /* RFC 9520 3.2: at least 1 s, at most 5 min */
#define DNS_ITERATE_STALE_TTL_S 30              /* RFC 8767 4 */
#define DNS_ITERATE_STALE_NS (1800 * NS_PER_MS) /* RFC 8767 5: who has waited as long gets what was once known */
#define DNS_ITERATE_PATIENCE_NS (10 * NS_PER_S) /* then a question has failed: whoever asked has given up */
#define DNS_ITERATE_PRIME_NS (60 * NS_PER_S)    /* so long the hints serve, when nobody has told the root's servers */
#define DNS_ITERATE_PREFETCH_LEAST_S 10         /* shorter lives are not worth it */
#define DNS_ITERATE_PREFETCH_SHARE 10 /* in the last tenth of its life a set that is asked for is fetched anew */

struct dns_iterate;
struct dns_task;

enum dns_outcome { DNS_OUTCOME_ANSWERED, DNS_OUTCOME_FAILED };

/* A client's question. BORROWED by the core until `done`; all but `done` is the core's. */
struct dns_client_query {
    struct list node;   /* with those that wait for the same task */
    struct list timing; /* with those that began before and after it */
    struct dns_name name, final;
    uint64_t asked_ns;
    uint16_t type;
    uint8_t n_aliases, n_tries;
    bool checking_disabled;
    uint8_t reason;        /* why it failed: an extended error (RFC 8914) */
    struct dns_task *task; /* NULL: none */
    void (*done)(struct dns_client_query *q, uint64_t now_ns, enum dns_outcome outcome);
};

#define DNS_UNSENT 0xff
struct dns_iterate_below {
    /* Sends a query: by UDP, from one of the sockets, whose number it gives; or by TCP, whose answer or failure is to be told
     * by that number of a task, which is another one each time; what it gives then means nothing. DNS_UNSENT: it
     * can't be sent. BORROWS. */
    unsigned (*send)(struct dns_iterate_below *b, uint64_t now_ns, unsigned task, const struct endpoint *to,
                     struct bytes message, bool by_stream);
    /* Nothing is waited for any more that was sent by UDP from that socket. May be NULL. */
    void (*over)(struct dns_iterate_below *b, unsigned socket);
};

struct dns_iterate_options {
    struct dns_cache *cache; /* BORROWS; its stale_s says whether stale answers are served */
    struct dns_iterate_below *below;
    void (*random)(void *out, size_t len);
    const struct ip
        *hints; /* BORROWS until the call returns: where to ask for the root's servers, or with `forward` resolvers */
    size_t n_hints;
    bool forward;          /* the hints are asked for everything, and believed */
    bool no_ipv4, no_ipv6; /* can't be reached */
    bool small_letters;    /* no capitals at random */
    uint16_t port;         /* of servers; 0: 53 */
    uint32_t tasks;        /* at once, at most DNS_ITERATE_TASKS_MAX; 0: 128 */
    /* The seam for DNSSEC; NULL: none. Called with a set or a no that is in the cache, until it no longer needs *name and *type.
     * It judges what it was given, and what it used, in the cache itself: only entries that are secure or insecure are
     * answers, bogus ones for those who check for themselves (CD) alone. What it was given is not to be used afterwards: find
     * it again. proto/dns_validate.h */
    enum dns_verdict (*validate)(void *arg, uint64_t now_ns, const struct dns_cached *set, struct dns_name *name,
                                 uint16_t *type);
    /* Before a name and type that the cache does not know are asked for; NULL: none. True: a no, secure, is in the cache now
     * that follows from proofs that came earlier (RFC 8198). proto/dns_nsec_cache.h */
    bool (*deny)(void *arg, uint64_t now_ns, struct bytes name, uint16_t type);
    void *validate_arg;
};

struct dns_iterate_counters {
    uint64_t questions, from_cache, stale, failed, prefetched;
    uint64_t tasks, tasks_full, joined;
    uint64_t queries, streams, unsent, timeouts, truncated, no_edns;
    uint64_t answers, negative, referrals, lame, failures;
    uint64_t wrong_sender, wrong_question, wrong_case, forgeries, malformed, bad_cookie;
    uint64_t out_of_bailiwick;                                                       /* records that were passed over */
    uint64_t many_queries, many_referrals, many_ns, many_aliases, too_deep, circles; /* limits that were hit */
    uint64_t primed, not_primed; /* sets of the root's servers that came; those that could not be had */
    uint64_t impatient;          /* questions whose time was up */
    uint64_t many_proofs;        /* answers with more than are taken along */
    uint64_t bogus, ghosts;      /* ghosts: sets of NS that would have lived on without their parent */
};

/* GIVES *it. ERR_FULL. ERR_INVALID: no hints. */
MUST_USE enum err dns_iterate_new(const struct dns_iterate_options *o, struct dns_iterate **it);
/* The seams for DNSSEC, set before the first question: those that don't validate do not carry a validator. */
void dns_iterate_set_validator(struct dns_iterate *it,
                               enum dns_verdict (*validate)(void *arg, uint64_t now_ns, const struct dns_cached *set,
                                                            struct dns_name *name, uint16_t *type),
                               bool (*deny)(void *arg, uint64_t now_ns, struct bytes name, uint16_t type), void *arg);
/* Questions that wait are not told. */
void dns_iterate_free(struct dns_iterate *it);

/* `q->done` is called once, perhaps from within. */
void dns_iterate_ask(struct dns_iterate *it, uint64_t now_ns, struct dns_client_query *q, struct bytes name,
                     uint16_t type, bool checking_disabled);
/* It is not wanted any more; tasks go on. */
void dns_iterate_cancel(struct dns_client_query *q);
struct dns_iterate_wish {
    struct bytes name;
    uint16_t type;
    bool dnssec_ok;         /* signatures and proofs, too */
    bool checking_disabled; /* also what is bogus, or was not judged */
    bool stale;             /* also what has expired, with a short lifetime */
};
struct dns_iterate_told {
    int rcode;  /* -1: it isn't known (any more); what was written is of no use then */
    bool whole; /* all of it fitted */
    bool secure;
    bool stale;
};
/* Writes what the cache knows: aliases and set, or the SOA of a no. What is in the last part of its life is fetched anew. */
struct dns_iterate_told dns_iterate_answer(struct dns_iterate *it, uint64_t now_ns, const struct dns_iterate_wish *wish,
                                           struct dns_writer *w);

void dns_iterate_input(struct dns_iterate *it, uint64_t now_ns, const struct endpoint *from, unsigned socket,
                       struct bytes message);
/* What came by TCP for a task; an empty message: nothing did. */
void dns_iterate_input_stream(struct dns_iterate *it, uint64_t now_ns, unsigned task, struct bytes message);
uint64_t dns_iterate_deadline(const struct dns_iterate *it);
void dns_iterate_tick(struct dns_iterate *it, uint64_t now_ns);

struct dns_iterate_counters dns_iterate_counters(const struct dns_iterate *it);
size_t dns_iterate_tasks(const struct dns_iterate *it); /* under way */

#endif
