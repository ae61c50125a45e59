/* SPDX-License-Identifier: ISC */
/* iperf 2 over UDP: one fiber receives for all clients, who are told apart by where they send from. The datagram that
 * ends a test has a negative number and is sent until the server's report comes back:
 *
 *     a datagram's head 16, flags 4, bytes 8, seconds 4, microseconds 4, lost 4, out of order 4, datagrams 4,
 *     jitter's seconds 4, microseconds 4, 60 of what is not measured, upper halves of lost, out of order, datagrams
 */
#include "datagrams.h"
#include "iperf2.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/plat.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("iperf2");

#define CLIENTS 32                /* as many as over TCP; further ones are passed over until one has been silent */
#define SILENCE_NS (5 * NS_PER_S) /* after its end or without one */
#define REPORT_BYTES 128
#define REPORT_FLAGS UINT32_C(0x88000000) /* that it is there, and has upper halves */
#define NOT_MEASURED_BYTES 60
#define ENDING_TRIES 10
#define ENDING_NS (250 * NS_PER_MS)

struct client {
    struct endpoint peer; /* port 0: nobody */
    struct ip at;         /* where it asked */
    struct iperf2 *server;
    struct iperf2_request request;
    struct datagram_meter meter;
    uint64_t bytes, begin_ns, last_ns;
    bool ended;
    bool sending; /* a fiber sends to it */
};

struct clients {
    struct iperf2 *server;
    struct client client[CLIENTS];
};

static struct client *find(struct clients *all, const struct endpoint *peer)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *c = &all->client[i];
        if (c->peer.port == peer->port && ip_equal(&c->peer.ip, &peer->ip))
            return c;
    }
    return NULL;
}

static struct client *find_free(struct clients *all)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *c = &all->client[i];
        if (!c->sending && (c->peer.port == 0 || sched_now() - c->last_ns > SILENCE_NS))
            return c;
    }
    return NULL;
}

/* ---- Sending ---- */

static void say(const struct client *c, const char *what, uint64_t bytes, uint64_t n, uint64_t n_lost)
{
    char text[ENDPOINT_TEXT_BYTES];
    log_info(&source, "port %u: udp %s %s: %llu bytes in %llu datagrams, %llu lost", c->server->port,
             endpoint_text(&c->peer, text), what, (unsigned long long)bytes, (unsigned long long)n,
             (unsigned long long)n_lost);
}

/* A datagram with a negative number, until the other side's report comes. Where it sends to us from the
 * port that all clients send to, nobody waits for that. */
static void end_sending(struct datagram_sender *d, bool own_socket) MAY_YIELD
{
    uint8_t report[REPORT_BYTES];
    for (int i = 0; i < ENDING_TRIES; i++) {
        size_t len;
        struct endpoint from;
        enum err e = datagram_send(d, -(int64_t)(d->n_sent + 1), REPORT_BYTES);
        if (e && e != ERR_AGAIN)
            return;
        if (!own_socket && i >= 2) /* some may be lost */
            return;
        if (!own_socket)
            continue;
        e = udp_recv(d->socket, report, sizeof report, &len, &from, time_after(sched_now(), ENDING_NS));
        if (e != ERR_TIMEOUT)
            return;
    }
}

static void send_to(struct client *c, struct udp_socket *socket, struct endpoint to, bool own_socket) MAY_YIELD
{
    struct datagram_sender d = {.socket = socket,
                                .from = own_socket ? IP_NONE : c->at,
                                .to = to,
                                .payload = c->server->payload,
                                .format = DATAGRAM_IPERF2};
    const struct traffic_plan plan = iperf2_plan(&c->request);
    uint64_t bytes = 0;
    enum err e = datagrams_send(&d, &plan, &bytes);
    if (!e)
        end_sending(&d, own_socket);
    say(c, "sent", bytes, d.n_sent, 0);
}

static void run_sender(void *client)
{
    struct client *c = client;
    if (c->request.mode == IPERF2_REVERSE || c->request.mode == IPERF2_FULL) {
        send_to(c, c->server->socket, c->peer, false);
    } else {
        struct udp_socket *own;
        if (stack_udp(c->server->stack, 0, &own) == OK) {
            send_to(c, own, (struct endpoint){c->peer.ip, c->request.port}, true);
            udp_close(own);
        }
    }
    c->last_ns = sched_now();
    c->sending = false;
}

static void begin_sending(struct client *c)
{
    c->sending = scope_spawn(c->server->fibers, "iperf2-udp-sender", run_sender, c) == OK;
    if (!c->sending)
        log_warning(&source, "port %u: no fiber to send", c->server->port);
}

/* ---- Receiving ---- */

static void begin(struct client *c, struct iperf2 *s, const struct endpoint *peer, struct bytes head)
{
    *c = (struct client){.peer = *peer, .at = udp_received_at(s->socket), .server = s, .begin_ns = sched_now()};
    iperf2_head_parse(bytes_slice(head, DATAGRAM_HEAD_BYTES, head.len), &c->request);
    if (c->request.mode != IPERF2_NORMAL && c->request.mode != IPERF2_TRADEOFF)
        begin_sending(c);
}

static void report(const struct client *c)
{
    uint8_t out[REPORT_BYTES];
    struct writer w = writer_of(out, sizeof out);
    const uint64_t us = (c->last_ns - c->begin_ns) / NS_PER_US, jitter_us = c->meter.jitter_ns / NS_PER_US;
    write_zeros(&w, DATAGRAM_HEAD_BYTES);
    write_be32(&w, REPORT_FLAGS);
    write_be64(&w, c->bytes);
    write_be32(&w, (uint32_t)(us / 1000000));
    write_be32(&w, (uint32_t)(us % 1000000));
    write_be32(&w, (uint32_t)c->meter.n_lost);
    write_be32(&w, (uint32_t)c->meter.n_out_of_order);
    write_be32(&w, (uint32_t)c->meter.n_highest);
    write_be32(&w, (uint32_t)(jitter_us / 1000000));
    write_be32(&w, (uint32_t)(jitter_us % 1000000));
    write_zeros(&w, NOT_MEASURED_BYTES);
    write_be32(&w, (uint32_t)(c->meter.n_lost >> 32));
    write_be32(&w, (uint32_t)(c->meter.n_out_of_order >> 32));
    write_be32(&w, (uint32_t)(c->meter.n_highest >> 32));
    struct piece p = piece_copy(writer_bytes(&w));
    if (udp_send_from(c->server->socket, &c->at, c->peer, &p, 1) != OK)
        log_debug(&source, "a report was lost"); /* the client asks again */
}

/* The ending datagram counts, as it does with iperf's own server: of it only the number is new. */
static void end(struct client *c, uint64_t sent_ns, uint64_t number, size_t len)
{
    if (!c->ended) {
        c->ended = true;
        c->last_ns = sched_now();
        datagram_meter_take(&c->meter, plat_wall_ns(), sent_ns, number);
        c->bytes += len;
        say(c, "received", c->bytes, c->meter.n_highest, c->meter.n_lost);
        if (c->request.mode == IPERF2_TRADEOFF)
            begin_sending(c);
    }
    report(c);
}

static void take(struct clients *all, const struct endpoint *from, struct bytes head, size_t len)
{
    uint64_t sent_ns;
    int64_t number;
    struct client *c = find(all, from);
    if (!datagram_parse(head, DATAGRAM_IPERF2, &sent_ns, &number) || number == 0)
        return;
    if (!c || (c->ended && number == 1 && !c->sending)) {
        c = c ? c : find_free(all);
        if (!c || number < 0)
            return;
        begin(c, all->server, from, head);
    }
    if (number < 0) {
        end(c, sent_ns, (uint64_t)-number, len);
    } else if (!c->ended) {
        c->last_ns = sched_now();
        c->bytes += len;
        datagram_meter_take(&c->meter, plat_wall_ns(), sent_ns, (uint64_t)number);
    }
}

static void receive(void *clients)
{
    struct clients *all = clients;
    uint8_t head[DATAGRAM_HEAD_BYTES + IPERF2_HEAD_MAX];
    size_t len;
    struct endpoint from;
    while (udp_recv(all->server->socket, head, sizeof head, &len, &from, TIME_NEVER) == OK)
        take(all, &from, bytes_of(head, len < sizeof head ? len : sizeof head), len);
}

enum err iperf2_open_udp(struct iperf2 *s)
{
    struct clients *all = calloc(1, sizeof *all);
    if (!all)
        return ERR_FULL;
    all->server = s;
    enum err e = stack_udp(s->stack, s->port, &s->socket);
    return e ? e : scope_spawn(s->fibers, "iperf2-udp", receive, all);
}
