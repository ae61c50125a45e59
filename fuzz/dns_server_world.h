/* SPDX-License-Identifier: ISC */
/* The world of fuzz/dns_server.c: its stack, its disk, its chance, all played. */
#ifndef FUZZ_DNS_SERVER_WORLD_H
#define FUZZ_DNS_SERVER_WORLD_H

#include "fuzz/random.h"
#include "plat/fuzz/fuzz.h"
#include "proto/dns_journal.h"
#include "proto/dns_peers.h"
#include "proto/dns_server.h"

#include <jinn/must.h>
#include <jinn/plat.h>

#include <stdlib.h>

#define OWN "\7example\4test"
#define FROM_PRIMARY "\3sec\4test"
#define KEYS "good hmac-sha256 Z29vZA=="
#define OTHER_KEYS "good hmac-sha256 YmFk other hmac-sha512 YmFk"

enum { STEPS_MAX = 80, STREAMS = 5, TOWARD = 3, DATAGRAMS = 4, PIPE_BYTES = 3000, VERSIONS = 1024 };
enum { WITH_JOURNAL = 1, WITH_LIMIT = 2, NO_COOKIES = 4, BY_KEY = 8, LARGE_BLOCKS = 16, LONG_ZONE = 32 };
enum { ROOT = 4 << 3 }; /* as write_name wants it */

struct listener {
    struct fiber *waiting;
    struct flow *queue[STREAMS];
    size_t n;
    bool closed;
};

struct udp_socket {
    struct udp_server *server;
    struct fiber *waiting;
    size_t n, len[DATAGRAMS];
    uint8_t data[DATAGRAMS][600];
};

/* One that a client opened, our end; or one that the server opened to its primary. */
struct stream {
    struct flow *flow;
    size_t len;
    uint8_t in[2 + DNS_MESSAGE_BYTES]; /* of what came, that isn't a whole message yet */
    uint16_t id;                       /* of the request on it */
    struct dns_tsig tsig;              /* likewise */
    bool in_transfer, is_other;        /* an AXFR of our zone; another transfer */
    uint32_t serial, n_records;
};

/* How many records a version of the zone had. */
struct version {
    uint32_t serial, n_records;
};

static struct fuzz_world {
    struct reader input;
    uint8_t options;
    struct listener listener;
    struct udp_socket *service, *notifier;
    struct stream client[STREAMS], primary[TOWARD];
    uint8_t how_to_connect; /* what becomes of the server's connections */
    struct dns_server *server;
    struct dns_tsig_keys keys, other_keys;
    bool disk_fails;
    struct version version[VERSIONS];
    unsigned n_versions;
} the;

static uint8_t medium[DNS_JOURNAL_LEAST_BYTES];
/* ---- The disk ---- */

static enum err read_medium(struct block *b, uint64_t offset, void *to, size_t n)
{
    memcpy(to, medium + offset, n);
    return OK;
}

static enum err write_medium(struct block *b, uint64_t offset, const void *data, size_t n)
{
    if (the.disk_fails)
        return ERR_IO;
    memcpy(medium + offset, data, n);
    return OK;
}

static enum err flush_medium(struct block *b)
{
    return the.disk_fails ? ERR_IO : OK;
}

static const struct block_ops medium_ops = {.read = read_medium, .write = write_medium, .flush = flush_medium};
static struct block device = {.ops = &medium_ops, .capacity_bytes = sizeof medium};

/* ---- The stack ---- */

enum err stack_listen(struct stack *s, uint16_t port, uint32_t backlog, struct listener **l)
{
    *l = &the.listener;
    return OK;
}

enum err listener_accept(struct listener *l, uint64_t deadline_ns, struct flow **f)
{
    enum err e = OK;
    l->waiting = fiber_self();
    while (l->n == 0 && e == OK)
        e = fiber_park(deadline_ns);
    l->waiting = NULL;
    if (e)
        return e;
    *f = l->queue[0];
    memmove(l->queue, l->queue + 1, --l->n * sizeof l->queue[0]);
    return OK;
}

void listener_close(struct listener *l)
{
    while (l->n)
        flow_abort(l->queue[--l->n]);
    l->closed = true;
}

static struct stream *free_stream(struct stream *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!s[i].flow)
            return &s[i];
    }
    return NULL;
}

static void end_stream(struct stream *s, bool abort_it)
{
    if (s->flow && abort_it)
        flow_abort(s->flow);
    else if (s->flow)
        flow_close(s->flow);
    s->flow = NULL;
}

/* The request on it, of which only the id and the signature matter. */
static void read_request(struct stream *s)
{
    size_t n = 0;
    enum err e = s->flow ? flow_read(s->flow, s->in, sizeof s->in, &n, 0) : ERR_TIMEOUT;
    if (e == OK && n > 2 + DNS_HEADER_BYTES) {
        s->id = (uint16_t)(s->in[2] << 8 | s->in[3]);
        n -= 2;
        must(dns_tsig_check(&the.keys, plat_wall_ns() / NS_PER_S, s->in + 2, &n, &s->tsig, NULL) == DNS_NOERROR);
    }
    if (e != OK && e != ERR_TIMEOUT)
        end_stream(s, true);
}

/* To the primary: refused, never answered, or one end of a pipe. */
enum err stack_connect(struct stack *s, struct endpoint to, uint64_t deadline_ns, struct flow **f)
{
    for (size_t i = 0; i < TOWARD; i++)
        read_request(&the.primary[i]); /* those that are over make room */
    struct stream *mine = free_stream(the.primary, TOWARD);
    if (the.how_to_connect % 3 == 0 || !mine)
        return ERR_REFUSED;
    if (the.how_to_connect % 3 == 1) {
        enum err e = fiber_sleep(deadline_ns);
        return e ? e : ERR_TIMEOUT;
    }
    mine->len = 0;
    mine->tsig.present = false;
    return flow_pipe(PIPE_BYTES, f, &mine->flow);
}

static struct udp_socket *new_socket(struct udp_server *server)
{
    struct udp_socket *u = calloc(1, sizeof *u);
    must(u);
    u->server = server;
    return u;
}

enum err stack_udp(struct stack *s, uint16_t port, struct udp_socket **u)
{
    *u = the.notifier = new_socket(NULL);
    return OK;
}

enum err stack_udp_serve(struct stack *s, uint16_t port, struct udp_server *server, size_t answer_bytes,
                         struct udp_socket **u)
{
    *u = the.service = new_socket(server);
    return OK;
}

void udp_close(struct udp_socket *u)
{
    if (u == the.notifier)
        the.notifier = NULL;
    free(u);
}

/* A notification. It is answered by a step, or not. */
enum err udp_send(struct udp_socket *u, struct endpoint to, const struct piece *v, size_t n)
{
    struct reader r = reader_of(v->bytes);
    struct dns_header h;
    struct dns_question q;
    must(n == 1 && dns_header_read(&r, &h) && dns_question_read(&r, v->bytes, &q));
    must((h.flags & DNS_OPCODE) == DNS_NOTIFY << DNS_OPCODE_SHIFT && q.type == DNS_SOA);
    if (the.how_to_connect & 64)
        return ERR_AGAIN;
    if (u->n < DATAGRAMS && v->bytes.len <= sizeof u->data[0]) {
        memcpy(u->data[u->n], v->bytes.data, v->bytes.len);
        u->len[u->n] = v->bytes.len;
        u->data[u->n++][2] |= 0x80;
    }
    return OK;
}

enum err udp_recv(struct udp_socket *u, void *buffer, size_t size, size_t *len, struct endpoint *from,
                  uint64_t deadline_ns)
{
    enum err e = fiber_sleep(deadline_ns);
    if (e || u->n == 0 || the.how_to_connect & 32)
        return e ? e : ERR_TIMEOUT;
    *len = u->len[--u->n];
    memcpy(buffer, u->data[u->n], *len < size ? *len : size);
    *from = (struct endpoint){ip4(10, 0, 0, 9), DNS_PORT};
    return OK;
}

#endif
