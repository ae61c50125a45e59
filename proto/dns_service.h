/* SPDX-License-Identifier: ISC */
/* What stands before the authoritative core: one message in, one message out. Checks of the header, EDNS (RFC 6891), cookies
 * (RFC 7873, 9018), NSID (RFC 5001), extended errors (RFC 8914), keepalive (RFC 7828), rate limits, questions of class
 * CHAOS; signatures, NOTIFY, UPDATE and transfers are somebody else's, who is asked if there is one.
 *
 * Pure but for those hooks: no I/O, no memory taken, no clock read. The sockets are proto/dns_serve.h. */
#ifndef PROTO_DNS_SERVICE_H
#define PROTO_DNS_SERVICE_H

#include "proto/dns_cookie.h"
#include "proto/dns_key.h"
#include "proto/dns_limit.h"
#include "proto/dns_zone.h"

#include <jinn/addr.h>

struct dns_service;
struct udp_socket;

/* Who asks, how, and when. */
struct dns_from {
    struct endpoint peer;
    bool tcp;
    uint64_t now_ns;           /* monotonic */
    uint32_t wall_s;           /* since 1970, as serial numbers are compared (RFC 1982) */
    struct udp_socket *socket; /* that it came to by UDP, for who answers later */
    const struct ip *to;       /* and the address; BORROWS until the call returns; NULL: none */
};

/* A request that was read: all sections are whole and nothing is behind them. */
struct dns_request {
    const struct dns_from *from;
    struct bytes message;
    struct dns_header header;
    struct dns_edns edns;
    bool is_signed;               /* its last record is of type TSIG */
    struct dns_question question; /* header.n[DNS_QUESTION] is 1 */
};

/* Where a transfer goes: messages one after the other on the connection that it was asked on. */
struct dns_stream {
    /* Sends one message; copies. False: the connection is over. */
    bool (*send)(struct dns_stream *to, struct bytes message) MAY_YIELD;
};

/* What a server does beside answering questions. Without one opcodes are answered NOTIMP, transfers REFUSED, and signed
 * requests as if they were not signed, which those that sign don't take. */
struct dns_extra {
    /* A request that is signed, or of opcode NOTIFY or UPDATE, or for IXFR by UDP. Writes the response into `out` and gives its
     * length; 0: none. It may ask dns_service_plain for an answer and sign that. Doesn't yield. */
    size_t (*message)(struct dns_extra *x, struct dns_service *s, const struct dns_request *r, uint8_t *out,
                      size_t size);
    /* A request for AXFR or IXFR by TCP, signed or not. False: the connection is to be ended. */
    bool (*transfer)(struct dns_extra *x, struct dns_service *s, const struct dns_request *r,
                     struct dns_stream *to) MAY_YIELD;
    /* dns_service_transfer where there is `transfer`, so that who has none doesn't hold it. */
    bool (*take_transfer)(struct dns_service *s, const struct dns_from *from, struct bytes message,
                          struct dns_stream *to, bool *alive) MAY_YIELD;
};

/* What answers all questions of class IN in the place of the zones alone, and looks into them first: a resolver. */
struct dns_beyond_answer {
    struct dns_writer *w; /* behind the question; its room ends before what EDNS needs */
    uint16_t flags;       /* beside QR, opcode, RD and CD */
    uint16_t rcode, ede;
    const struct dns_zone_entry *zone; /* as in struct dns_result */
};
struct dns_beyond {
    /* False: nothing is sent now; the answer comes when the message is given to the service once more. Doesn't yield. */
    bool (*answer)(struct dns_beyond *b, const struct dns_request *r, struct dns_beyond_answer *a);
};

struct dns_service_options {
    const struct dns_zones *zones; /* BORROWS */
    struct dns_extra *extra;       /* BORROWS; NULL: none */
    struct dns_beyond *beyond;     /* BORROWS; NULL: none */
    uint16_t udp_bytes;   /* of an answer by UDP, at most, and what we say that we take: 512 to 4096; 0: 1232 */
    struct bytes id;      /* NSID, id.server and hostname.bind; at most DNS_ID_BYTES; empty: not told */
    struct bytes version; /* version.bind and version.server; likewise */
    struct dns_cookie_secrets *cookies; /* BORROWS; NULL: cookies are not looked at */
    bool cookies_required;              /* who has a cookie but none of ours is told so (BADCOOKIE), and not answered */
    struct dns_limit *limit;            /* BORROWS; NULL: no rate limit */
    uint16_t idle_100ms;                /* what clients that ask by RFC 7828 are told; of TCP connections */
};

#define DNS_ID_BYTES 64

struct dns_service_counters {
    uint64_t n_udp, n_tcp; /* requests */
    uint64_t n_edns, n_dnssec_ok;
    uint64_t n_dropped;                                 /* no whole header, or responses: not answered */
    uint64_t n_rcode[24];                               /* answers, by response code */
    uint64_t n_truncated;                               /* answers that said so */
    uint64_t n_limited;                                 /* not sent for the rate limit */
    uint64_t n_slipped;                                 /* sent empty and truncated instead */
    uint64_t n_cookies, n_cookies_good, n_cookies_none; /* requests with one, with a good one of ours, malformed ones */
    uint64_t n_extra;                                   /* handed to somebody else */
};

struct dns_service {
    struct dns_service_options o;
    struct dns_service_counters n;
};

/* ERR_INVALID: sizes out of range. */
MUST_USE enum err dns_service_init(struct dns_service *s, const struct dns_service_options *o);

/* What a message gets: the length of what was written into `out`; 0: no answer. By UDP `size` must be udp_bytes at least, by TCP
 * DNS_MESSAGE_BYTES is best. Requests for transfers by TCP are not for it: dns_service_transfer first. */
size_t dns_service_message(struct dns_service *s, const struct dns_from *from, struct bytes message, uint8_t *out,
                           size_t size);
/* The same in two steps, so that other questions can be asked between them: what there is to know before the zones are looked
 * at, and the rest. BORROWS the message until then. */
struct dns_asked {
    struct dns_from from; /* set by the caller */
    struct dns_request r;
    unsigned rcode;
    bool readable, has_key;
    bool extra; /* somebody else answered it, by whom zones may have changed */
    /* Of the key, if the caller has looked for it between the steps and no zone has changed since; or NULL. */
    const struct dns_zone_entry *zone;
    struct dns_key key;
};
void dns_service_ask(struct dns_service *s, struct bytes message, struct dns_asked *a);
size_t dns_service_tell(struct dns_service *s, struct dns_asked *a, uint8_t *out, size_t size);
/* The same without asking `extra`, and with `reserve` bytes of the room left free: what is signed fits, too. */
size_t dns_service_plain(struct dns_service *s, const struct dns_from *from, struct bytes message, uint8_t *out,
                         size_t size, size_t reserve);
/* Reads a request. DNS_NOERROR; DNS_FORMERR; DNS_NOTIMP for opcodes that nobody knows. False: not to be answered at all. */
bool dns_request_read(const struct dns_from *from, struct bytes message, struct dns_request *r, unsigned *rcode);
/* True: it is one for a transfer by TCP that `extra` serves; then nothing is to be answered, but *alive says whether the
 * connection goes on. */
bool dns_service_transfer(struct dns_service *s, const struct dns_from *from, struct bytes message,
                          struct dns_stream *to, bool *alive) MAY_YIELD;

#endif
