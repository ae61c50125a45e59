/* SPDX-License-Identifier: ISC */
#include "updater.h"

#include <jinn/fiber.h>
#include <jinn/must.h>
#include <jinn/plat.h>

#define ANSWER_NS (800 * NS_PER_MS)
#define STREAM_NS (4 * NS_PER_S) /* of silence */

static uint8_t buffer[2 + DNS_MESSAGE_BYTES];

static uint64_t wall_s(void)
{
    return plat_wall_ns() / NS_PER_S;
}

/* ---- Updates ---- */

struct flight {
    unsigned i;
    uint16_t id;
    struct dns_tsig tsig;
    bool answered;
};

static size_t compose(struct updater *u, const struct story *s, struct flight *f, unsigned i, uint8_t *to)
{
    *f = (struct flight){.i = i, .id = u->next_id++};
    size_t len = story_update(s, i, f->id, to, DNS_MESSAGE_BYTES).len;
    dns_tsig_begin(&f->tsig, &u->keys.key[0]);
    must(dns_tsig_request(&f->tsig, wall_s(), to, &len, DNS_MESSAGE_BYTES) == OK);
    return len;
}

static bool is_signed(struct flight *f, uint8_t *message, size_t *len)
{
    struct dns_tsig_stream stream;
    must(dns_tsig_stream_begin(&stream, &f->tsig) == OK);
    bool good = dns_tsig_stream_next(&stream, wall_s(), message, len) == OK;
    return dns_tsig_stream_end(&stream) == OK && good;
}

static void take_answer(struct updater *u, struct story *s, struct flight *f, uint8_t *message, size_t len)
{
    struct reader r = reader_of(bytes_of(message, len));
    struct dns_header h;
    if (!is_signed(f, message, &len) || !dns_header_read(&r, &h)) {
        u->fault = "an answer that is not signed";
        return;
    }
    f->answered = true;
    switch (h.flags & DNS_RCODE) {
    case DNS_NOERROR:
        u->n.answered++;
        if (s->n_known < f->i + 1)
            s->n_known = f->i + 1;
        break;
    case DNS_NXRRSET: /* it, or the one before it, was lost, or it is done */
        u->n.unmet++;
        break;
    case DNS_SERVFAIL:
        u->n.failed++;
        break;
    default:
        u->fault = dns_rcode_text(h.flags & DNS_RCODE);
    }
}

static void take_datagram(struct updater *u, struct story *s, struct flight *f, unsigned n, size_t len)
{
    uint16_t id = (uint16_t)(buffer[0] << 8 | buffer[1]);
    for (unsigned i = 0; i < n && len >= DNS_HEADER_BYTES; i++) {
        if (f[i].id == id && !f[i].answered)
            take_answer(u, s, &f[i], buffer, len);
    }
}

static unsigned unanswered(const struct flight *f, unsigned n)
{
    unsigned left = 0;
    for (unsigned i = 0; i < n; i++)
        left += !f[i].answered;
    return left;
}

static void update_by_udp(struct updater *u, struct story *s, struct flight *f, unsigned from, unsigned n)
{
    uint64_t deadline_ns = time_after(sched_now(), ANSWER_NS);
    for (unsigned i = 0; i < n; i++) {
        size_t len = compose(u, s, &f[i], from + i, buffer);
        struct piece piece = piece_copy(bytes_of(buffer, len));
        (void)!udp_send(u->udp, u->server, &piece, 1);
    }
    while (!u->fault && unanswered(f, n)) {
        size_t len;
        struct endpoint peer;
        if (udp_recv(u->udp, buffer, sizeof buffer, &len, &peer, deadline_ns) != OK)
            return;
        take_datagram(u, s, f, n, len);
    }
}

/* With the two bytes of its length before it. */
static enum err read_message(struct flow *f, size_t *len)
{
    uint64_t deadline_ns = time_after(sched_now(), STREAM_NS);
    enum err e = flow_read_exact(f, buffer, 2, deadline_ns);
    *len = (size_t)(buffer[0] << 8 | buffer[1]);
    return e ? e : flow_read_exact(f, buffer, *len, deadline_ns);
}

static enum err send_message(struct flow *f, size_t len)
{
    buffer[0] = (uint8_t)(len >> 8);
    buffer[1] = (uint8_t)len;
    struct piece piece = piece_copy(bytes_of(buffer, len + 2));
    return flow_write(f, &piece, 1, time_after(sched_now(), STREAM_NS));
}

static void update_by_tcp(struct updater *u, struct story *s, struct flight *f, unsigned i)
{
    struct flow *flow;
    size_t len = compose(u, s, f, i, buffer + 2);
    if (stack_connect(u->stack, u->server, time_after(sched_now(), STREAM_NS), &flow) != OK)
        return;
    enum err e = send_message(flow, len);
    if (!e)
        e = read_message(flow, &len);
    if (!e)
        take_answer(u, s, f, buffer, len);
    flow_abort(flow);
}

void talk_update(struct updater *u, struct story *s, unsigned from, unsigned n, bool tcp)
{
    struct flight f[BURST_MAX];
    must(n <= BURST_MAX && (!tcp || n == 1));
    if (s->n_sent < from + n)
        s->n_sent = from + n;
    if (tcp)
        update_by_tcp(u, s, &f[0], from);
    else
        update_by_udp(u, s, f, from, n);
    u->n.unanswered += unanswered(f, n);
}

/* ---- Transfers ---- */

static void nothing(void *user, struct dns_entry *e)
{
    if (e)
        dns_entry_release(e);
}

static enum err exchange(struct dns_xfr_in *x, struct flow *f)
{
    size_t len;
    enum err e = dns_xfr_in_request(x, wall_s(), buffer + 2, DNS_UDP_BYTES + 512, &len);
    if (!e)
        e = send_message(f, len);
    while (!e) {
        e = read_message(f, &len);
        if (e)
            return e == ERR_END ? ERR_RESET : e; /* before the last SOA */
        e = dns_xfr_in_message(x, wall_s(), buffer, len);
    }
    return e;
}

enum err talk_fetch(struct updater *u, struct endpoint from, const struct story *s, struct dns_zone **zone)
{
    struct dns_xfr_in x;
    struct flow *f;
    const struct dns_xfr_in_options o = {
        .key = &u->keys.key[0], .seed = 1, .zone_limit_bytes = SIZE_MAX, .changes_limit_bytes = 1 << 20};
    enum err e = stack_connect(u->stack, from, time_after(sched_now(), STREAM_NS), &f);
    if (e)
        return e == ERR_REFUSED ? ERR_RESET : e;
    dns_xfr_in_begin(&x, dns_name_bytes(&s->origin), *zone, u->next_id++, &o);
    e = exchange(&x, f);
    flow_abort(f);
    if (e == ERR_END) {
        u->n.wholes += x.whole && ip_equal(&from.ip, &u->server.ip);
        u->n.changes += x.n_ends && ip_equal(&from.ip, &u->server.ip);
        e = dns_xfr_in_finish(&x, zone, nothing, NULL);
    }
    if (e == ERR_INVALID || e == ERR_MALFORMED || (e == ERR_REFUSED && x.rcode != DNS_SERVFAIL))
        u->fault = x.why;
    dns_xfr_in_end(&x);
    return e;
}
