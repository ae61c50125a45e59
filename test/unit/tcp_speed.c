/* SPDX-License-Identifier: ISC */
/* How long a transfer takes on a network that loses one packet of a hundred and needs 25 ms each way, in its own time:
 * the same losses give the same numbers everywhere. With SACK against the peer that does not permit it. And how much
 * of 100 Mbit/s is used over such a path, with a queue that holds 50 ms of it: what the windows allow. */
#include "net/tcp_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    FLYING_MAX = 8192,
    TOTAL_BYTES = 4 << 20,
    ONE_WAY_MS = 25,
    QUEUE_MS = 50,
    FAT_MBIT = 100,
    FAT_BYTES = 32 << 20,
    SEEDS = 5,
    STEP_US = 100
};

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
    uint32_t loss;       /* of 1000 */
    uint32_t byte_ns;    /* 0: it takes no time to send */
    uint64_t busy_ns[2]; /* until when the way to each host is in use */
    bool sack;
    struct host host[2];
    struct ring {
        struct packet *flying; /* to one host: in the order of their arrival */
        size_t first, n_flying;
    } way[2];
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

/* Its place in the queue; false: the queue is full. */
static bool take_way(struct net *net, struct packet *p)
{
    uint64_t *busy_ns = &net->busy_ns[p->to];
    uint64_t from_ns = *busy_ns > net->now_ns ? *busy_ns : net->now_ns;
    if (from_ns - net->now_ns > QUEUE_MS * NS_PER_MS)
        return false;
    *busy_ns = from_ns + (p->len + 20) * net->byte_ns;
    p->at_ns = *busy_ns + ONE_WAY_MS * NS_PER_MS;
    return true;
}

static enum err net_send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    struct host *h = CONTAINER_OF(b, struct host, below);
    struct net *net = h->net;
    if (draw(net, 1000) < net->loss)
        return OK;
    int to = h == &net->host[0];
    struct ring *r = &net->way[to];
    assert_true(r->n_flying < FLYING_MAX);
    struct packet *p = &r->flying[(r->first + r->n_flying++) % FLYING_MAX];
    struct writer w = writer_of(p->data, sizeof p->data);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    assert_true(writer_good(&w));
    p->len = writer_len(&w);
    p->to = to;
    p->at_ns = net->now_ns + ONE_WAY_MS * NS_PER_MS;
    if (net->byte_ns && !take_way(net, p)) {
        r->n_flying--;
        return OK;
    }
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

static void deliver_way(struct net *net, struct ring *r)
{
    while (r->n_flying > 0 && r->flying[r->first].at_ns <= net->now_ns) {
        struct packet *p = &r->flying[r->first];
        struct ip_in in = {.src = net->host[!p->to].ip,
                           .dst = net->host[p->to].ip,
                           .payload = bytes_of(p->data, p->len),
                           .protocol = IP_TCP,
                           .checksum_verified = true};
        tcp_input(net->host[p->to].t, net->now_ns, &in);
        r->first = (r->first + 1) % FLYING_MAX;
        r->n_flying--;
    }
}

static void deliver(struct net *net)
{
    for (int i = 0; i < 2; i++)
        deliver_way(net, &net->way[i]);
    for (int i = 0; i < 2; i++) {
        if (tcp_deadline(net->host[i].t) <= net->now_ns)
            tcp_tick(net->host[i].t, net->now_ns);
        tcp_flush(net->host[i].t, net->now_ns);
    }
}

struct transfer {
    uint64_t seed;
    uint32_t loss;
    bool no_sack;
    const struct tcp_congestion *congestion;
    size_t total_bytes;
    uint32_t mbit;         /* 0: no limit */
    enum life life;        /* of what is written */
    uint32_t buffer_bytes; /* of each host */
    uint32_t window_bytes; /* 0: as it is; else no window is larger */
};

static void feed(struct net *net, const struct transfer *o, struct tcp_connection *c, size_t *written)
{
    size_t taken;
    struct piece p = {bytes_of(bytes, sizeof bytes), o->life};
    while (*written < o->total_bytes && tcp_write(c, p, &taken) == OK)
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

static void net_open(struct net *net, const struct transfer *o)
{
    *net = (struct net){.random = o->seed * 0x9e3779b97f4a7c15 + 1, .sack = !o->no_sack};
    net->byte_ns = o->mbit ? 8000 / o->mbit : 0;
    for (int i = 0; i < 2; i++) {
        struct host *h = &net->host[i];
        *h = (struct host){
            .below = {.send = net_send, .route = net_route}, .net = net, .ip = ip4(10, 0, 0, (uint8_t)(i + 1))};
        struct tcp_options t = {&h->below, {(uint8_t)i}, 16, 2, o->buffer_bytes};
        assert_int_equal(tcp_new(&t, 0, &h->t), OK);
        h->t->congestion = o->congestion;
        if (o->window_bytes)
            h->t->window_first = h->t->window_max = o->window_bytes;
        net->way[i].flying = calloc(FLYING_MAX, sizeof *net->way[i].flying);
    }
}

static void net_close(struct net *net)
{
    for (int i = 0; i < 2; i++) {
        tcp_free(net->host[i].t);
        free(net->way[i].flying);
    }
    free(net);
}

/* Milliseconds of the network's clock for one transfer. */
static uint64_t transfer_ms(const struct transfer *o)
{
    struct net *net = calloc(1, sizeof *net);
    struct tcp_listener *l;
    struct tcp_connection *from = NULL, *to;
    size_t written = 0, arrived = 0;
    net_open(net, o);
    assert_int_equal(tcp_listen(net->host[0].t, 80, 1, &l), OK);
    assert_int_equal(tcp_connect(net->host[1].t, 0, (struct endpoint){net->host[0].ip, 80}, &to), OK);
    while (arrived < o->total_bytes) {
        net->now_ns += STEP_US * NS_PER_US;
        assert_true(net->now_ns < 3600 * NS_PER_S);
        deliver(net);
        if (!from && tcp_accept(l, &from) != OK)
            continue;
        net->loss = o->loss;
        feed(net, o, from, &written);
        arrived += drain(net, to);
    }
    uint64_t ms = net->now_ns / NS_PER_MS;
    net_close(net);
    return ms;
}

static uint64_t all_ms(uint32_t loss, bool sack, const struct tcp_congestion *congestion)
{
    uint64_t ms = 0;
    struct transfer o = {.loss = loss,
                         .no_sack = !sack,
                         .congestion = congestion,
                         .total_bytes = TOTAL_BYTES,
                         .life = LIFE_STATIC,
                         .buffer_bytes = 4 << 20};
    for (o.seed = 1; o.seed <= SEEDS; o.seed++)
        ms += transfer_ms(&o);
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

/* ---- A long fat path ---- */

static uint64_t fat_ms(const char *what, enum life life, uint32_t window_bytes)
{
    struct transfer o = {.seed = 1,
                         .congestion = &tcp_cubic,
                         .total_bytes = FAT_BYTES,
                         .mbit = FAT_MBIT,
                         .life = life,
                         .buffer_bytes = 4 << 20,
                         .window_bytes = window_bytes};
    uint64_t ms = transfer_ms(&o);
    printf("  %d Mbit/s, 50 ms, %s: %llu ms for %d bytes, %llu Mbit/s\n", FAT_MBIT, what, (unsigned long long)ms,
           FAT_BYTES, (unsigned long long)(FAT_BYTES * UINT64_C(8) / 1000 / ms));
    return ms;
}

static void one_alone_fills_a_long_fat_path(void **state)
{
    uint64_t least_ms = FAT_BYTES * UINT64_C(8) / 1000 / FAT_MBIT;
    uint64_t fixed_ms = fat_ms("a window of 256 KB", LIFE_STATIC, 65535 << 2);
    uint64_t static_ms = fat_ms("static data", LIFE_STATIC, 0);
    uint64_t copied_ms = fat_ms("copied data", LIFE_COPY, 0);
    assert_in_range(static_ms, least_ms, least_ms * 4 / 3);
    assert_in_range(copied_ms, least_ms, least_ms * 4 / 3);
    assert_true(static_ms * 2 < fixed_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sack_beats_partial_acknowledgements),
        cmocka_unit_test(cubic_with_sack_beats_newreno_without),
        cmocka_unit_test(without_loss_it_makes_no_difference),
        cmocka_unit_test(one_alone_fills_a_long_fat_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
