/* SPDX-License-Identifier: ISC */
/* Two cores and a bad network between them: packets are lost, delayed, reordered, doubled and damaged as a seed
 * says, sometimes those of some size get nowhere, readers are slow and buffers small, and still every byte arrives, once and in order, both ways; then
 * nothing is left behind. JINN_SEED=N runs one seed alone. */
#include "net/tcp_core.h"

#include <jinn/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CONNECTIONS = 4, FLYING_MAX = 4096, PACKET_BYTES = 1500, STREAM_MAX = 200000 };

struct packet {
    uint64_t at_ns;
    int to;
    size_t len;
    struct ip src, dst;
    uint8_t data[PACKET_BYTES];
};

struct end {
    struct tcp_connection *c;
    uint32_t salt_in, salt_out;
    size_t n_out, n_in, total_out, total_in;
    bool shut, ended, closed;
};

struct host {
    struct ip_below below;
    struct model *m;
    struct tcp *t;
    struct ip ip;
    struct end end[CONNECTIONS];
    int n_ends;
};

struct model {
    uint64_t seed, random, now_ns;
    struct host host[2];
    struct tcp_listener *listener;
    struct packet *flying[FLYING_MAX];
    int n_flying;
    uint32_t loss, twice, damage, late; /* of 1000 */
    uint32_t slow;
    size_t most_bytes; /* what is longer is lost, and nobody is told */
};

static uint8_t bytes[STREAM_MAX + 256];

static uint32_t draw(struct model *m, uint32_t limit)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (uint32_t)(m->random >> 20) % limit;
}

static bool chance(struct model *m, uint32_t of_1000)
{
    return draw(m, 1000) < of_1000;
}

/* ---- The network ---- */

static void fly(struct model *m, const struct ip_out *o, const struct bytes *v, size_t n)
{
    if (m->n_flying == FLYING_MAX)
        return;
    struct packet *p = calloc(1, sizeof *p);
    struct writer w = writer_of(p->data, sizeof p->data);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    assert_true(writer_good(&w));
    p->len = writer_len(&w);
    p->src = o->src;
    p->dst = o->dst;
    p->to = ip_equal(&o->dst, &m->host[0].ip) ? 0 : 1;
    p->at_ns = m->now_ns + 2 * NS_PER_MS + draw(m, 1000) * NS_PER_US;
    if (chance(m, m->late))
        p->at_ns += draw(m, 300) * NS_PER_MS;
    if (chance(m, m->damage)) {
        uint32_t bit = draw(m, (uint32_t)p->len * 8);
        p->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    m->flying[m->n_flying++] = p;
}

static enum err model_send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    struct model *m = CONTAINER_OF(b, struct host, below)->m;
    if (chance(m, 5))
        return ERR_AGAIN;
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += v[i].len;
    if (len > m->most_bytes)
        return OK;
    if (!chance(m, m->loss))
        fly(m, o, v, n);
    if (chance(m, m->twice))
        fly(m, o, v, n);
    return OK;
}

static enum err model_route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    *src = CONTAINER_OF(b, struct host, below)->ip;
    *payload_bytes = 1480;
    return OK;
}

static void deliver(struct model *m)
{
    for (int i = 0; i < m->n_flying;) {
        struct packet *p = m->flying[i];
        if (p->at_ns > m->now_ns) {
            i++;
            continue;
        }
        m->flying[i] = m->flying[--m->n_flying];
        struct ip_in in = {.src = p->src, .dst = p->dst, .payload = bytes_of(p->data, p->len), .protocol = IP_TCP};
        tcp_input(m->host[p->to].t, m->now_ns, &in);
        free(p);
    }
    for (int i = 0; i < 2; i++)
        tcp_flush(m->host[i].t, m->now_ns);
}

/* ---- The applications ---- */

static void expect_err(struct model *m, enum err e, const char *what)
{
    if (e != OK && e != ERR_AGAIN)
        fail_msg("seed %llu: %s: %s", (unsigned long long)m->seed, what, err_text(e));
}

static void app_write(struct model *m, struct end *e)
{
    for (int i = 0; i < 4 && e->n_out < e->total_out; i++) {
        size_t len = 1 + draw(m, chance(m, 300) ? 20000 : 300), taken = 0;
        if (len > e->total_out - e->n_out)
            len = e->total_out - e->n_out;
        struct bytes b = bytes_of(bytes + e->salt_out + e->n_out, len);
        expect_err(m, tcp_write(e->c, chance(m, 500) ? piece_copy(b) : piece_static(b), &taken), "write");
        e->n_out += taken;
    }
    tcp_push(e->c, m->now_ns);
    if (e->n_out == e->total_out && !e->shut) {
        expect_err(m, tcp_shutdown(e->c, m->now_ns), "shutdown");
        e->shut = true;
    }
}

static void app_read(struct model *m, struct end *e)
{
    uint8_t buffer[5000];
    size_t len;
    if (chance(m, m->slow))
        return;
    enum err r = tcp_read(e->c, m->now_ns, buffer, 1 + draw(m, sizeof buffer), &len);
    if (r == ERR_END) {
        assert_int_equal(e->n_in, e->total_in);
        e->ended = true;
        return;
    }
    expect_err(m, r, "read");
    if (e->n_in + len > e->total_in || memcmp(buffer, bytes + e->salt_in + e->n_in, len))
        fail_msg("seed %llu: other bytes at %zu", (unsigned long long)m->seed, e->n_in);
    e->n_in += len;
}

static void app_step(struct model *m, struct end *e)
{
    if (e->closed || !e->c || tcp_connected(e->c) == ERR_AGAIN)
        return;
    if (!e->ended)
        app_read(m, e);
    if (!e->shut)
        app_write(m, e);
    if (e->shut && e->ended) {
        tcp_close(e->c, m->now_ns);
        e->closed = true;
    }
}

/* The server knows which of its clients it talks to by the port, as the client's end says. */
static void app_accept(struct model *m)
{
    struct tcp_connection *c;
    while (tcp_accept(m->listener, &c) == OK) {
        for (int i = 0; i < CONNECTIONS; i++) {
            struct end *client = &m->host[0].end[i];
            if (client->closed || tcp_local(client->c).port != tcp_peer(c).port)
                continue;
            assert_null(m->host[1].end[i].c);
            m->host[1].end[i].c = c;
        }
    }
}

static bool apps_step(struct model *m)
{
    bool done = true;
    app_accept(m);
    for (int i = 0; i < 2 * CONNECTIONS; i++) {
        struct end *e = &m->host[i % 2].end[i / 2];
        app_step(m, e);
        done = done && e->closed;
    }
    return done;
}

/* ---- A run ---- */

static void setup(struct model *m, uint64_t seed)
{
    static const uint32_t buffers[] = {8 << 10, 32 << 10, 1 << 20};
    m->seed = seed;
    m->random = seed * 0x9e3779b97f4a7c15 + 1;
    m->loss = seed % 4 == 0 ? 0 : draw(m, 80); /* more, and giving up after a minute is a fair outcome */
    m->twice = seed % 5 == 0 ? 0 : draw(m, 100);
    m->late = seed % 3 == 0 ? 0 : draw(m, 100);
    m->damage = draw(m, 30);
    m->slow = draw(m, 900);
    m->most_bytes = seed % 6 == 1 ? 600 + draw(m, 900) : PACKET_BYTES;
    for (int i = 0; i < 2; i++) {
        struct host *h = &m->host[i];
        *h = (struct host){
            .below = {.send = model_send, .route = model_route}, .m = m, .ip = ip4(10, 0, 0, (uint8_t)(i + 1))};
        struct tcp_options o = {&h->below, {(uint8_t)seed, (uint8_t)i}, CONNECTIONS, 2, buffers[draw(m, 3)]};
        assert_int_equal(tcp_new(&o, 0, &h->t), OK);
    }
    assert_int_equal(tcp_listen(m->host[1].t, 80, CONNECTIONS, &m->listener), OK);
    for (int i = 0; i < CONNECTIONS; i++) {
        struct end *a = &m->host[0].end[i], *b = &m->host[1].end[i];
        a->salt_out = b->salt_in = (uint32_t)(2 * i);
        a->salt_in = b->salt_out = (uint32_t)(2 * i + 1);
        a->total_out = b->total_in = draw(m, chance(m, 300) ? 60000 : 3000);
        b->total_out = a->total_in = draw(m, chance(m, 300) ? 60000 : 3000);
        assert_int_equal(tcp_connect(m->host[0].t, 0, (struct endpoint){m->host[1].ip, 80}, &a->c), OK);
    }
}

static uint64_t next_event(const struct model *m)
{
    uint64_t at_ns = m->now_ns + 5 * NS_PER_MS; /* applications look that often */
    for (int i = 0; i < m->n_flying; i++)
        at_ns = time_min(at_ns, m->flying[i]->at_ns);
    return at_ns;
}

static void step(struct model *m)
{
    uint64_t at_ns = next_event(m);
    if (at_ns > m->now_ns)
        m->now_ns = at_ns;
    for (int i = 0; i < 2; i++) {
        if (tcp_deadline(m->host[i].t) <= m->now_ns) {
            tcp_tick(m->host[i].t, m->now_ns);
            tcp_flush(m->host[i].t, m->now_ns);
        }
    }
    deliver(m);
}

static void nothing_is_left(struct model *m)
{
    for (int i = 0; i < 2; i++) {
        struct tcp_counters n = tcp_counters(m->host[i].t);
        if (n.n_connections + n.n_half_open + n.n_time_wait + n.n_chunks + n.n_pieces + n.n_runs + n.n_timed_out)
            fail_msg("seed %llu: host %d: %u connections, %u half-open, %u in TIME-WAIT, %u chunks, %u pieces left",
                     (unsigned long long)m->seed, i, n.n_connections, n.n_half_open, n.n_time_wait, n.n_chunks,
                     n.n_pieces);
    }
}

static void run_seed(uint64_t seed)
{
    struct model *m = calloc(1, sizeof *m);
    setup(m, seed);
    while (!apps_step(m)) {
        step(m);
        if (m->now_ns > 3600 * NS_PER_S)
            fail_msg("seed %llu: not done after an hour", (unsigned long long)seed);
    }
    uint64_t end_ns = m->now_ns + 300 * NS_PER_S; /* lost last acknowledgements, and TIME-WAIT */
    while (m->now_ns < end_ns)
        step(m);
    nothing_is_left(m);
    while (m->n_flying > 0)
        free(m->flying[--m->n_flying]);
    tcp_free(m->host[0].t);
    tcp_free(m->host[1].t);
    free(m);
}

static void every_byte_arrives_whatever_the_network_does(void **state)
{
    const char *one = getenv("JINN_SEED");
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 + (i >> 8) * 17);
    if (one) {
        run_seed(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= 200; seed++)
        run_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_arrives_whatever_the_network_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
