/* SPDX-License-Identifier: ISC */
/* A stack after a pause: hundreds of frames wait at its device, which wakes take in batches, with timers and
 * fibers in between. */
#include "net/stack_internal.h"
#include "test/support/net_script.h"
#include "wire/tcp.h"

#include <jinn/fiber.h>
#include <jinn/flow.h>
#include <jinn/plat.h>
#include <jinn/random.h>
#include <jinn/stack_tables.h>
#include <jinn/wheel.h>

enum { BURST = 5 * NET_BATCH_FRAMES + 7, PORT = 2000, SEGMENT = 1000, SEGMENTS = 10 };

static struct pause {
    struct netdev dev;
    struct waiter *watcher;
    void (*emit)(struct writer *w, uint32_t number); /* writes a frame */
    uint32_t n_given, n_left, n_wakes;
    struct tcp_segment heard; /* the last that was sent */
    uint32_t n_heard;
    struct seq theirs; /* behind the stack's SYN */
} device;

static enum err hear(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    static uint8_t frame[1514];
    struct writer w = writer_of(frame, sizeof frame);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    struct reader r = reader_of(writer_bytes(&w));
    struct ether e;
    struct ip4_header h;
    struct bytes payload;
    assert_true(ether_parse(&r, &e));
    if (e.type != ETHER_IP4 || ip4_parse(read_rest(&r), &h, &payload) != IP4_GOOD || h.protocol != IP_TCP)
        return OK;
    assert_true(tcp_parse(payload, &device.heard));
    device.n_heard++;
    if (device.heard.flags & TCP_SYN)
        device.theirs = seq_add(device.heard.seq, 1);
    return OK;
}

static enum err give_next(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    struct writer w = writer_of(buffer, size);
    if (device.n_left == 0)
        return ERR_AGAIN;
    device.emit(&w, device.n_given++);
    device.n_left--;
    assert_true(writer_good(&w));
    *frame = writer_bytes(&w);
    *o = (struct net_offload){0};
    return OK;
}

static void emit_ip(struct writer *w, uint8_t protocol, size_t len)
{
    ether_emit(w, &(struct ether){OUR_MAC, PEER_MAC, ETHER_IP4});
    ip4_emit(w, &(struct ip4_header){.total_len = (uint16_t)(IP4_HEADER_BYTES + len),
                                     .ttl = 64,
                                     .protocol = protocol,
                                     .src = PEER_IP,
                                     .dst = OUR_IP});
}

/* To PORT, each with its number. */
static void emit_datagram(struct writer *w, uint32_t number)
{
    const struct ip src = PEER_IP, dst = OUR_IP;
    uint8_t content[4];
    struct writer body = writer_of(content, sizeof content);
    write_be32(&body, number);
    struct bytes data = writer_bytes(&body);
    emit_ip(w, IP_UDP, UDP_HEADER_BYTES + data.len);
    udp_emit(w, &(struct udp_header){7, PORT}, &src, &dst, &data, 1, data.len);
    write_bytes(w, data);
}

/* A peer says where it is, opens a connection and sends. */
static void emit_segment(struct writer *w, uint32_t number)
{
    static const uint8_t content[SEGMENT];
    const struct ip src = PEER_IP, dst = OUR_IP;
    if (number == 0) {
        ether_emit(w, &(struct ether){OUR_MAC, PEER_MAC, ETHER_ARP});
        arp_emit(w, &(struct arp_packet){ARP_REQUEST, PEER_MAC, src, OUR_MAC, dst});
        return;
    }
    struct tcp_segment s = {.src_port = 7, .dst_port = PORT, .flags = TCP_SYN, .window = 8192};
    struct bytes v[2] = {{0}, number > 2 ? bytes_of(content, sizeof content) : bytes_of(NULL, 0)};
    if (number > 1) {
        s.flags = TCP_ACK;
        s.seq = seq_of(1 + (number > 2 ? (number - 3) * SEGMENT : 0));
        s.ack = device.theirs;
    }
    emit_ip(w, IP_TCP, TCP_HEADER_BYTES + v[1].len);
    uint8_t *header = w->at;
    tcp_emit(w, &s);
    v[0] = bytes_of(header, TCP_HEADER_BYTES);
    uint64_t sum = checksum_pseudo(&src, &dst, IP_TCP, (uint32_t)(TCP_HEADER_BYTES + v[1].len));
    tcp_emit_checksum(header, checksum_finish(checksum_add_parts(sum, v, 2)));
    write_bytes(w, v[1]);
}

static void remember(struct netdev *d, struct waiter *w)
{
    device.watcher = w;
}

static const struct netdev_ops ops = {hear, give_next, remember};

static struct stack *bring_up(void (*emit)(struct writer *w, uint32_t number))
{
    static struct stack *kept[4]; /* stacks live as long as images */
    static size_t n_kept;
    struct stack_options o = {.tcp = &stack_tcp_part, .ipv4 = {OUR_IP, 24}};
    device = (struct pause){.dev = {&ops, OUR_MAC, 1500, 0, NULL}, .emit = emit};
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
    struct stack *s = bring_up(emit_datagram);
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
    struct stack *s = bring_up(emit_datagram);
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

/* ---- What is answered to a batch ---- */

static void tell_watcher(struct timer *t, uint64_t now_ns)
{
    device.watcher->wake(device.watcher);
}

/* The device's turn in the scheduler's round, before that of the fibers. */
static void arrive(uint32_t n)
{
    struct timer t;
    timer_init(&t, tell_watcher);
    device.n_left = n;
    sched_timer(&t, sched_now() + NS_PER_MS);
    assert_int_equal(fiber_sleep(sched_now() + 5 * NS_PER_MS), OK);
    assert_int_equal(device.n_left, 0);
}

static void accept_and_read(void *listener)
{
    static uint8_t content[SEGMENTS * SEGMENT];
    struct flow *f;
    assert_int_equal(listener_accept(listener, time_after(sched_now(), NS_PER_S), &f), OK);
    assert_int_equal(flow_read_exact(f, content, sizeof content, time_after(sched_now(), NS_PER_S)), OK);
    flow_abort(f);
}

/* The same when the host gave the processor to others meanwhile: what is due fires right behind the device's turn. */
static void arrive_late(uint32_t n)
{
    struct timer t;
    timer_init(&t, tell_watcher);
    device.n_left = n;
    sched_timer(&t, sched_now() + NS_PER_MS);
    (void)plat_wait(sched_now() + NS_PER_S / 10);
    assert_int_equal(fiber_yield(), OK);
    assert_int_equal(device.n_left, 0);
    assert_int_equal(fiber_sleep(sched_now() + 5 * NS_PER_MS), OK);
}

struct way {
    void (*arrive)(uint32_t n);
};

static int batch_for_a_reader(void *arg)
{
    const struct way *way = arg;
    struct stack *s = bring_up(emit_segment);
    struct listener *l;
    struct scope scope;
    assert_int_equal(stack_listen(s, PORT, 4, &l), OK);
    scope_open(&scope);
    assert_int_equal(scope_spawn(&scope, "reader", accept_and_read, l), OK);
    arrive(2);
    uint16_t window = device.heard.window;
    arrive(2); /* and a timer for the acknowledgement of the second */
    assert_int_equal(device.n_heard, 1);
    device.n_heard = 0;
    way->arrive(SEGMENTS - 2); /* and one that is missed yet, so that the reader goes on waiting */
    assert_int_equal(device.n_heard, 1);
    assert_int_equal(device.heard.ack.v, 1 + (SEGMENTS - 1) * SEGMENT);
    assert_int_equal(device.heard.window, window);
    arrive(1);
    scope_join(&scope);
    listener_close(l);
    return 0;
}

static void a_batch_is_acknowledged_once_when_it_has_been_read(void **state)
{
    assert_int_equal(sched_run(batch_for_a_reader, &(struct way){arrive}), 0);
}

static void so_is_one_that_comes_with_a_timer(void **state)
{
    assert_int_equal(sched_run(batch_for_a_reader, &(struct way){arrive_late}), 0);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_that_is_read_loses_nothing_of_a_burst),
        cmocka_unit_test(a_wake_takes_one_batch),
        cmocka_unit_test(a_batch_is_acknowledged_once_when_it_has_been_read),
        cmocka_unit_test(so_is_one_that_comes_with_a_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
