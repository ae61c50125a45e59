/* SPDX-License-Identifier: ISC */
#include <jinn/must.h>
#include <jinn/pcap.h>
#include <jinn/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct capture {
    struct pcap_sink sink;
    uint8_t b[1000];
    size_t len;
};

static void keep(struct pcap_sink *s, struct bytes b)
{
    struct capture *c = CONTAINER_OF(s, struct capture, sink);
    assert_true(c->len + b.len <= sizeof c->b);
    memcpy(c->b + c->len, b.data, b.len);
    c->len += b.len;
}

static bool full;
static bool waiting;
static const struct net_offload *sent_with;
static struct waiter *watching;

static enum err below_send(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    sent_with = o;
    return full ? ERR_AGAIN : OK;
}

static enum err below_recv(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    if (!waiting)
        return ERR_AGAIN;
    waiting = false;
    memcpy(buffer, "received", 8);
    *frame = bytes_of(buffer, 8);
    o->flags = NET_GOOD;
    return OK;
}

static void below_watch(struct netdev *d, struct waiter *w)
{
    watching = w;
}

static uint64_t clock_ns(void)
{
    return 5 * NS_PER_S + 7;
}

static void captures_both_ways_and_passes_through(void **state)
{
    static const struct netdev_ops ops = {below_send, below_recv, below_watch};
    static const uint8_t golden[] = "\x4d\x3c\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0"
                                    "\5\0\0\0\7\0\0\0\4\0\0\0\4\0\0\0sent"
                                    "\5\0\0\0\7\0\0\0\x8\0\0\0\x8\0\0\0received";
    struct netdev below = {&ops, {{2, 0, 0, 0, 0, 2}}, 1400, NET_FEATURES, NULL}, *d;
    struct capture c = {.sink = {keep}};
    struct bytes v[2] = {bytes_str("se"), bytes_str("nt")};
    struct waiter w;
    uint8_t buffer[64];
    struct bytes frame;
    struct net_offload o = {.flags = NET_PARTIAL};
    assert_int_equal(netdev_pcap(&below, &c.sink, clock_ns, &d), OK);
    assert_int_equal(d->mtu_bytes, 1400);
    assert_int_equal(d->features, NET_FEATURES);
    assert_memory_equal(d->mac.b, below.mac.b, 6);
    full = true;
    assert_int_equal(d->ops->send(d, v, 2, &o), ERR_AGAIN); /* not captured */
    full = false;
    assert_int_equal(d->ops->send(d, v, 2, &o), OK);
    assert_ptr_equal(sent_with, &o);
    assert_int_equal(d->ops->recv(d, buffer, sizeof buffer, &frame, &o), ERR_AGAIN);
    waiting = true;
    assert_int_equal(d->ops->recv(d, buffer, sizeof buffer, &frame, &o), OK);
    assert_true(bytes_equal(frame, bytes_str("received")));
    assert_int_equal(o.flags, NET_GOOD);
    d->ops->watch(d, &w);
    assert_ptr_equal(watching, &w);
    assert_int_equal(c.len, sizeof golden - 1);
    assert_memory_equal(c.b, golden, c.len);
    netdev_pcap_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(captures_both_ways_and_passes_through)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
