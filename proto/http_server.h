/* SPDX-License-Identifier: ISC */
/* What the files of the HTTP server share: its control blocks and the limits that keep it bounded.
 *
 *            bytes came                   head complete
 *   IDLE ----------------> READY -> RUNNING ------------> handler -> RUNNING
 *    ^                       ^         |
 *    |   nothing buffered    |         +-- part of a head ----> WAITING   (armed, holds a buffer)
 *    +-----------------------|---------+-- too much unsent ---> DRAINING  (polled)
 *        (armed, no buffer)  |         +-- closing, input left > LINGERING (armed, discards)
 *                            +------------- news ---------------+
 *
 * Workers take connections from `ready`, first come first served. All other states hold no fiber. */
#ifndef PROTO_HTTP_SERVER_H
#define PROTO_HTTP_SERVER_H

#include "proto/http_chunked.h"
#include "proto/http_fields.h"
#include "proto/http_parse.h"

#include <jinn/fiber.h>
#include <jinn/pool.h>
#include <jinn/wheel.h>

/* Of a response's status line and fields; only a redirect with a long path comes near it. */
#define HTTP_RESPONSE_HEAD_MAX 2048
/* Of these, at most so many are the server's own: status line, Date, Server, Content-Length, Connection. */
#define HTTP_OWN_FIELDS_MAX 256
#define HTTP_SERVER_NAME_MAX 64
/* What a worker copies at a time: values that are not in the image, pages. */
#define HTTP_CHUNK_BYTES 4096
/* A head never ends nearer to the end of its buffer than this: the room that chunked bodies are read through. */
#define HTTP_BODY_ROOM 1024
/* Buffers beyond one a worker: so many peers may be in the middle of a head. One more, and the one that has waited
 * longest is answered 408: an attacker with slow heads pays with the connections that he holds. */
#define HTTP_SPARE_BUFFERS 16
/* A peer that drains needs no buffer if what it has asked for beyond that is this small: it is put aside, a dozen
 * pipelined requests of browsers or forty of the shortest. There is room for every second connection; with more, buffers
 * are kept, and taken away when others need them. */
#define HTTP_ASIDE_BYTES 1024
/* Control blocks beyond the limit of connections, to answer 503 from; past them connections are reset. */
#define HTTP_REFUSALS 16
/* A peer that has not taken this much, or so many responses, waits with its next request: what pipelining can pile up
 * below. A single static response may be longer; it is sent in place. */
#define HTTP_UNSENT_MAX 65536
#define HTTP_QUEUED_MAX 24
/* Requests that one connection may have answered before other connections have their turn, and connections that a
 * worker serves before other fibers have theirs. */
#define HTTP_TURNS 16
/* How often peers that drain are looked at: flows tell of bytes to read, not of room to write. */
#define HTTP_DRAIN_NS (5 * NS_PER_MS)
/* How long, and for how many bytes, a closed connection discards what still comes, so that a reset does not
 * overtake the last response (RFC 9112 9.6). */
#define HTTP_LINGER_NS (2 * NS_PER_S)
#define HTTP_LINGER_BYTES (256 * 1024)
/* What requests that are under way get at a stop. */
#define HTTP_STOP_NS (2 * NS_PER_S)
/* A whole body has to be there after so many of the time that one read may take. */
#define HTTP_BODY_READS 6

enum http_state {
    HTTP_FREE,
    HTTP_IDLE,
    HTTP_WAITING,
    HTTP_DRAINING,
    HTTP_LINGERING,
    HTTP_READY,
    HTTP_RUNNING,
    HTTP_STATES,
};

/* A request's bytes and what was made of them. */
struct http_buffer {
    struct http_parser parser;
    size_t from, to; /* of data: what was received and not yet used */
    uint8_t data[];
};

/* What a draining connection has received and not used. */
struct http_aside {
    size_t len;
    uint8_t data[HTTP_ASIDE_BYTES];
};

struct http_connection {
    struct waiter waiter; /* armed in IDLE, WAITING, LINGERING */
    struct list node;     /* in the server's list of its state */
    struct http_server *server;
    struct flow *flow;
    struct http_buffer *buffer; /* NULL while nothing is buffered */
    struct http_aside *aside;   /* NULL, or `buffer` is; from DRAINING until there is a buffer again */
    uint64_t deadline_ns;       /* of the state it is in */
    uint64_t head_ns;           /* when the head under way must be complete; 0 when none is */
    uint64_t unsent;            /* when last looked at: tells whether the peer takes anything */
    uint32_t n_queued;          /* responses since nothing was unsent */
    uint32_t n_discarded;       /* bytes while lingering */
    uint16_t refuse;            /* answer this status and close, without reading; 0 */
    uint8_t state;
    bool lingers;     /* the last response was sent and the flow shut down */
    bool close_drain; /* at a stop: give it up once all is sent */
};

struct http_worker {
    struct http_server *server;
    struct fiber *fiber;
    struct list node; /* in `sleeping` */
    char head[HTTP_RESPONSE_HEAD_MAX];
    uint8_t key[KV_KEY_MAX]; /* of a directory's index */
    uint8_t chunk[HTTP_CHUNK_BYTES];
};

struct http_server {
    struct http_options o;
    struct http_limits limits;
    struct http_counters counters;
    struct http_connection *connections;
    struct http_worker *workers;
    struct pool buffers;
    struct pool asides;
    size_t buffer_bytes; /* of each one's data */
    struct list in[HTTP_STATES];
    struct list sleeping; /* workers */
    size_t n_open;
    struct fiber *keeper; /* sleeps until the next deadline */
    uint64_t keeper_ns;   /* when it will wake */
    bool stopping;
    bool accept_over;
    struct fiber_waiter stop;
    uint64_t second; /* of the dates below, since 1970 */
    size_t standing_len;
    char standing[HTTP_DATE_BYTES + HTTP_SERVER_NAME_MAX + 20]; /* the fields Date and Server */
    char log_date[HTTP_LOG_DATE_BYTES];
};

/* ---- One request and its response (http_exchange.c, http_body.c) ---- */

struct http_exchange {
    struct http_server *server;
    struct http_connection *connection;
    struct http_worker *worker;
    struct http_parser *parser; /* NULL: the answer to no request at all */
    unsigned status;            /* 0 until a response has begun */
    uint64_t n_sent;            /* bytes of body */
    bool close;                 /* after this response */
    bool failed;                /* the flow is only good for abort */
    bool no_body;               /* HEAD, 204, 304 */
    /* The request's body. */
    bool body_over;
    bool continue_wanted; /* a 100 is still to be sent */
    size_t body_at;       /* of the buffer's data: what is behind this is free for the body */
    uint64_t body_left;
    uint64_t body_ns; /* deadline of the whole */
    struct http_chunked chunked;
};

void http_exchange_init(struct http_exchange *x, struct http_worker *w, struct http_connection *c,
                        struct http_parser *p);
/* The head of a response whose body has `len` bytes, and its first pieces; then any number of http_more. The fields are
 * known to be good and to fit. */
void http_begin(struct http_exchange *x, unsigned status, const struct http_header *headers, size_t n_headers,
                uint64_t len, const struct piece *body, size_t n) MAY_YIELD;
void http_more(struct http_exchange *x, const struct piece *body, size_t n) MAY_YIELD;
/* A page that says the status, with extra fields. */
void http_page(struct http_exchange *x, unsigned status, const struct http_header *headers, size_t n_headers) MAY_YIELD;
const char *http_status_text(unsigned status);
/* Passes over what is left of the body, as far as it is here; otherwise the connection can't go on. */
void http_body_settle(struct http_exchange *x);
/* One line of the common log format on the console. */
void http_access_log(const struct http_exchange *x);
/* Brings the dates up to the second. */
void http_clock(struct http_server *s);

/* ---- Connections (http_connection.c): states and deadlines ---- */

/* Takes the flow into a free control block, or refuses it. */
void http_admit(struct http_server *s, struct flow *f);
void http_make_ready(struct http_connection *c);
void http_park(struct http_connection *c, enum http_state state, uint64_t deadline_ns);
/* Gives the flow and the control block up. */
void http_release(struct http_connection *c);
void http_drop(struct http_connection *c); /* the same with a reset */
bool http_has_room(struct http_connection *c);
bool http_take_buffer(struct http_connection *c);
void http_give_buffer(struct http_connection *c);
/* Acts on all deadlines that have passed; the next one. */
uint64_t http_sweep(struct http_server *s, uint64_t now_ns);

/* ---- Workers (http_worker.c) ---- */

void http_worker_run(void *worker) MAY_YIELD;

/* ---- The whole (http_server.c) ---- */

/* Where connections come from; http_serve's is a listener. */
struct http_source {
    enum err (*accept)(struct http_source *source, struct flow **f) MAY_YIELD;
    void (*close)(struct http_source *source); /* once, when nothing is accepted any more */
};

MUST_USE enum err http_run(struct http_server *s, struct http_source *source) MAY_YIELD;
void http_server_free(struct http_server *s); /* after http_run only; for tests */

#endif
