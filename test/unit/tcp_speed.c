/* SPDX-License-Identifier: ISC */
/* How long a transfer takes on a network that loses one packet of a hundred and needs 25 ms each way, in its own time:
 * the same losses give the same numbers everywhere. With SACK against the peer that does not permit it. */
#include "net/tcp_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FLYING_MAX = 8192, TOTAL_BYTES = 4 << 20, ONE_WAY_MS = 25, SEEDS = 5, STEP_US = 100 };

struct packet {
    uint64_t at_ns;
    size_t len;
    int to;
    uint8_t data[1500];
};

struct host {
    struct ip_below below;
    struct net *net;
    struct tcp *t;
    struct ip ip;
};

struct net {
    uint64_t now_ns, random;
    uint32_t loss; /* of 1000 */
    bool sack;
    struct host host[2];
    struct packet *flying; /* a ring: all take the same time, so they arrive in order */
    size_t first, n_flying;
};

static uint8_t bytes[1 << 16];

static uint32_t draw(struct net *n, uint32_t limit)
{
    n->random ^= n->random << 13;
    n->random ^= n->random >> 7;
    n->random ^= n->random << 17;
    return (uint32_t)(n->random >> 20) % limit;
}

/* A SYN without the option, as if an old peer had sent it. */
static void forbid_sack(struct packet *p)
{
    uint8_t *at = memmem(p->data, p->len, "\1\1\4\2", 4);
    if (at)
        memcpy(at, "\1\1\1\1", 4);
}

static enum err net_send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    struct host *h = CONTAINER_OF(b, struct host, below);
    struct net *net = h->net;
    if (draw(net, 1000) < net->loss)
        return OK;
    assert_true(net->n_flying < FLYING_MAX);
    struct packet *p = &net->flying[(net->first + net->n_flying++) % FLYING_MAX];
    struct writer w = writer_of(p->data, sizeof p->data);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    assert_true(writer_good(&w));
    p->len = writer_len(&w);
    p->to = h == &net->host[0];
    p->at_ns = net->now_ns + ONE_WAY_MS * NS_PER_MS;
    if (!net->sack && (p->data[13] & TCP_SYN))
        forbid_sack(p);
    return OK;
}

static enum err net_route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    *src = CONTAINER_OF(b, struct host, below)->ip;
    *payload_bytes = 1480;
    return OK;
}

static void deliver(struct net *net)
{
    while (net->n_flying > 0 && net->flying[net->first].at_ns <= net->now_ns) {
        struct packet *p = &net->flying[net->first];
        struct ip_in in = {.src = net->host[!p->to].ip,
                           .dst = net->host[p->to].ip,
                           .payload = bytes_of(p->data, p->len),
                           .protocol = IP_TCP,
                           .checksum_verified = true};
        tcp_input(net->host[p->to].t, net->now_ns, &in);
        net->first = (net->first + 1) % FLYING_MAX;
        net->n_flying--;
    }
    for (int i = 0; i < 2; i++) {
        if (tcp_deadline(net->host[i].t) <= net->now_ns)
            tcp_tick(net->host[i].t, net->now_ns);
        tcp_flush(net->host[i].t, net->now_ns);
    }
}

static void feed(struct net *net, struct tcp_connection *c, size_t *written)
{
    size_t taken;
    while (*written < TOTAL_BYTES && tcp_write(c, piece_static(bytes_of(bytes, sizeof bytes)), &taken) == OK)
        *written += taken;
    tcp_push(c, net->now_ns);
}

static size_t drain(struct net *net, struct tcp_connection *c)
{
    static uint8_t buffer[1 << 16];
    size_t len, all = 0;
    while (tcp_read(c, net->now_ns, buffer, sizeof buffer, &len) == OK)
        all += len;
    return all;
}

/* Milliseconds of the network's clock for one transfer. */
static uint64_t transfer_ms(uint64_t seed, uint32_t loss, bool sack, const struct tcp_congestion *congestion)
{
    struct net *net = calloc(1, sizeof *net);
    struct tcp_listener *l;
    struct tcp_connection *from = NULL, *to;
    size_t written = 0, arrived = 0;
    *net = (struct net){.random = seed * 0x9e3779b97f4a7c15 + 1, .sack = sack};
    net->flying = calloc(FLYING_MAX, sizeof *net->flying);
    for (int i = 0; i < 2; i++) {
        struct host *h = &net->host[i];
        *h = (struct host){.below = {net_send, net_route}, .net = net, .ip = ip4(10, 0, 0, (uint8_t)(i + 1))};
        struct tcp_options o = {&h->below, {(uint8_t)i}, 4, 2, 4 << 20};
        assert_int_equal(tcp_new(&o, 0, &h->t), OK);
        h->t->congestion = congestion;
    }
    assert_int_equal(tcp_listen(net->host[0].t, 80, 1, &l), OK);
    assert_int_equal(tcp_connect(net->host[1].t, 0, (struct endpoint){net->host[0].ip, 80}, &to), OK);
    while (arrived < TOTAL_BYTES) {
        net->now_ns += STEP_US * NS_PER_US;
        assert_true(net->now_ns < 3600 * NS_PER_S);
        deliver(net);
        if (!from && tcp_accept(l, &from) != OK)
            continue;
        net->loss = loss;
        feed(net, from, &written);
        arrived += drain(net, to);
    }
    uint64_t ms = net->now_ns / NS_PER_MS;
    tcp_free(net->host[0].t);
    tcp_free(net->host[1].t);
    free(net->flying);
    free(net);
    return ms;
}

static uint64_t all_ms(uint32_t loss, bool sack, const struct tcp_congestion *congestion)
{
    uint64_t ms = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        ms += transfer_ms(seed, loss, sack, congestion);
    printf("  loss %u of 1000, SACK %s, %s: %llu ms for %d transfers of %d bytes\n", loss, sack ? "on" : "off",
           congestion->name, (unsigned long long)ms, SEEDS, TOTAL_BYTES);
    return ms;
}

static void sack_beats_partial_acknowledgements(void **state)
{
    assert_true(all_ms(10, true, &tcp_newreno) * 10 < all_ms(10, false, &tcp_newreno) * 9);
    assert_true(all_ms(50, true, &tcp_newreno) * 3 < all_ms(50, false, &tcp_newreno) * 2);
}

static void cubic_with_sack_beats_newreno_without(void **state)
{
    uint64_t now_ms = all_ms(10, true, &tcp_cubic);
    assert_true(now_ms * 10 < all_ms(10, false, &tcp_newreno) * 8);
    assert_true(now_ms < all_ms(10, true, &tcp_newreno));
}

static void without_loss_it_makes_no_difference(void **state)
{
    assert_int_equal(all_ms(0, true, &tcp_newreno), all_ms(0, false, &tcp_newreno));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sack_beats_partial_acknowledgements),
        cmocka_unit_test(cubic_with_sack_beats_newreno_without),
        cmocka_unit_test(without_loss_it_makes_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
