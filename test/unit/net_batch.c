/* SPDX-License-Identifier: ISC */
/* A stack after a pause: hundreds of frames wait at its device, which wakes take in batches, with timers and
 * fibers in between. */
#include "net/stack_internal.h"
#include "test/support/net_script.h"

#include <jinn/fiber.h>
#include <jinn/random.h>
#include <jinn/stack_tables.h>

enum { BURST = 5 * NET_BATCH_FRAMES + 7, PORT = 2000 };

/* What waits are datagrams to PORT, each with its number. */
static struct pause {
    struct netdev dev;
    struct waiter *watcher;
    uint32_t n_left, n_wakes;
} device;

static enum err swallow(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    return OK;
}

static enum err give_next(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    struct writer w = writer_of(buffer, size);
    uint8_t number[4];
    struct writer body = writer_of(number, sizeof number);
    struct bytes data;
    if (device.n_left == 0)
        return ERR_AGAIN;
    write_be32(&body, BURST - device.n_left--);
    data = writer_bytes(&body);
    ether_emit(&w, &(struct ether){OUR_MAC, PEER_MAC, ETHER_IP4});
    ip4_emit(&w, &(struct ip4_header){.total_len = IP4_HEADER_BYTES + UDP_HEADER_BYTES + sizeof number,
                                      .ttl = 64,
                                      .protocol = IP_UDP,
                                      .src = PEER_IP,
                                      .dst = OUR_IP});
    udp_emit(&w, &(struct udp_header){7, PORT}, &(struct ip[]){PEER_IP}[0], &(struct ip[]){OUR_IP}[0], &data, 1,
             data.len);
    write_bytes(&w, data);
    *frame = writer_bytes(&w);
    *o = (struct net_offload){0};
    return OK;
}

static void remember(struct netdev *d, struct waiter *w)
{
    device.watcher = w;
}

static const struct netdev_ops ops = {swallow, give_next, remember};

static struct stack *bring_up(void)
{
    static struct stack *kept[4]; /* stacks live as long as images */
    static size_t n_kept;
    struct stack_options o = {.ipv4 = {OUR_IP, 24}};
    device = (struct pause){.dev = {&ops, OUR_MAC, 1500, 0}};
    assert_int_equal(stack_up(&device.dev, &o, time_after(sched_now(), NS_PER_S), &kept[n_kept]), OK);
    return kept[n_kept++];
}

/* One round of the scheduler: the device's turn, then that of the fibers that can run. */
static void round_of(void)
{
    device.n_wakes++;
    device.watcher->wake(device.watcher);
    assert_int_equal(fiber_yield(), OK);
}

struct reading {
    struct udp_socket *u;
    uint32_t n_read;
};

static void read_all(void *arg)
{
    struct reading *r = arg;
    struct endpoint from;
    uint8_t b[4];
    size_t len;
    while (r->n_read < BURST && udp_recv(r->u, b, sizeof b, &len, &from, time_after(sched_now(), NS_PER_S)) == OK) {
        struct reader number = reader_of(bytes_of(b, len));
        assert_int_equal(read_be32(&number), r->n_read);
        r->n_read++;
    }
}

static int burst_and_reader(void *arg)
{
    struct stack *s = bring_up();
    struct reading r = {.n_read = 0};
    struct scope scope;
    assert_int_equal(stack_udp(s, PORT, &r.u), OK);
    scope_open(&scope);
    assert_int_equal(scope_spawn(&scope, "reader", read_all, &r), OK);
    assert_int_equal(fiber_yield(), OK); /* it waits */
    device.n_left = BURST;
    while (device.n_left)
        round_of();
    scope_join(&scope);
    udp_close(r.u);
    assert_int_equal(r.n_read, BURST);
    assert_int_equal(stack_counters(s)->udp.in_queue_full, 0);
    assert_int_equal(stack_counters(s)->udp.in_memory_full, 0);
    return 0;
}

static void a_socket_that_is_read_loses_nothing_of_a_burst(void **state)
{
    assert_int_equal(sched_run(burst_and_reader, NULL), 0);
}

static int burst_alone(void *arg)
{
    struct stack *s = bring_up();
    device.n_left = BURST;
    for (uint32_t n = 1; device.n_left; n++) {
        round_of();
        assert_int_equal(stack_counters(s)->ether.in, n * NET_BATCH_FRAMES < BURST ? n * NET_BATCH_FRAMES : BURST);
    }
    assert_int_equal(device.n_wakes, BURST / NET_BATCH_FRAMES + 1);
    return 0;
}

static void a_wake_takes_one_batch(void **state)
{
    assert_int_equal(sched_run(burst_alone, NULL), 0);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_that_is_read_loses_nothing_of_a_burst),
        cmocka_unit_test(a_wake_takes_one_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
