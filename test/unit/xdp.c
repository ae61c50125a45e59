/* SPDX-License-Identifier: ISC */
/* The image's end of AF_XDP sockets, with a kernel of the test's at the other end of the rings. */
#include "tender/xdp.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ONE = 3, OTHER = 7, RX_CHUNKS = XDP_RING, BYTES = 2 * XDP_RING * XDP_CHUNK_BYTES };

/* What the kernel knows of one socket. */
static struct {
    uint32_t counts[8];
    struct xdp_desc rx[XDP_RING], tx[XDP_RING];
    uint64_t fill[XDP_RING], sent[XDP_RING];
    uint8_t *memory;
    unsigned n_calls, takes; /* frames a call */
    bool keeps;              /* what it sent isn't done yet */
    long says;
    size_t n_out;
    struct {
        size_t len;
        uint8_t first, last;
    } out[2 * XDP_RING];
} kernel[2];
static long paused_ns;

static void send_some(size_t s)
{
    for (unsigned i = 0; i < kernel[s].takes && kernel[s].counts[2] != kernel[s].counts[3];
         i++, kernel[s].counts[3]++) {
        const struct xdp_desc d = kernel[s].tx[kernel[s].counts[3] % XDP_RING];
        assert_true(d.addr >= (uint64_t)RX_CHUNKS * XDP_CHUNK_BYTES && d.addr % XDP_CHUNK_BYTES == 0);
        assert_true(d.addr + d.len <= BYTES && d.len <= XDP_CHUNK_BYTES);
        size_t n = kernel[s].n_out++ % ARRAY_LEN(kernel[s].out);
        kernel[s].out[n].len = d.len;
        kernel[s].out[n].first = kernel[s].memory[d.addr];
        kernel[s].out[n].last = kernel[s].memory[d.addr + d.len - 1];
        kernel[s].sent[kernel[s].counts[6] % XDP_RING] = d.addr;
        kernel[s].counts[6] += !kernel[s].keeps;
    }
}

long xdp_system_call(long number, long a, long b, long c)
{
    if (number == SYS_nanosleep) {
        paused_ns += ((const struct timespec *)a)->tv_nsec;
        return 0;
    }
    assert_int_equal(number, SYS_write);
    assert_true(a == 100 || a == 101);
    kernel[a - 100].n_calls++;
    send_some((size_t)a - 100);
    return kernel[a - 100].says;
}

static void open_one(size_t s, unsigned index)
{
    struct xdp_link *l = &xdp.links[xdp.n++];
    memset(&kernel[s], 0, sizeof kernel[s]);
    kernel[s].takes = 32;
    kernel[s].memory = malloc(BYTES);
    *l = (struct xdp_link){.index = index, .fd = 100 + (long)s, .memory = kernel[s].memory};
    l->rx = (struct xdp_ring){&kernel[s].counts[0], &kernel[s].counts[1], kernel[s].rx};
    l->tx = (struct xdp_ring){&kernel[s].counts[2], &kernel[s].counts[3], kernel[s].tx};
    l->to_fill = (struct xdp_ring){&kernel[s].counts[4], &kernel[s].counts[5], kernel[s].fill};
    l->is_sent = (struct xdp_ring){&kernel[s].counts[6], &kernel[s].counts[7], kernel[s].sent};
    for (uint32_t i = 0; i < XDP_RING; i++) {
        kernel[s].fill[kernel[s].counts[4]++] = (uint64_t)i * XDP_CHUNK_BYTES;
        l->free[l->n_free++] = (uint64_t)(XDP_RING + i) * XDP_CHUNK_BYTES;
    }
}

static int set_up(void **state)
{
    xdp.n = 0;
    memset(xdp.n_lost, 0, sizeof xdp.n_lost);
    paused_ns = 0;
    open_one(0, ONE);
    open_one(1, OTHER);
    return 0;
}

static int tear_down(void **state)
{
    free(kernel[0].memory);
    free(kernel[1].memory);
    return 0;
}

/* A frame arrives behind the kernel's headroom, if there is a chunk for it. */
static bool arrive(size_t s, uint8_t first, uint32_t len)
{
    if (kernel[s].counts[5] == kernel[s].counts[4])
        return false;
    uint64_t at = kernel[s].fill[kernel[s].counts[5]++ % XDP_RING] + 256;
    kernel[s].memory[at] = first;
    kernel[s].rx[kernel[s].counts[0]++ % XDP_RING] = (struct xdp_desc){.addr = at, .len = len};
    return true;
}

static enum err send_of(unsigned index, uint8_t value, size_t len)
{
    static uint8_t bytes[XDP_CHUNK_BYTES + 1];
    memset(bytes, value, sizeof bytes);
    const struct bytes v[] = {bytes_of(bytes, len / 2), bytes_of(bytes, len - len / 2)};
    return xdp_calls.send(index, v, ARRAY_LEN(v));
}

static void frames_leave_in_order_at_the_latest_before_a_wait(void **state)
{
    for (uint8_t i = 0; i < 5; i++)
        assert_int_equal(send_of(OTHER, i, 60 + i), OK);
    assert_int_equal(kernel[1].n_calls, 0);
    xdp_calls.settle(true);
    assert_int_equal(kernel[1].n_calls, 1);
    assert_int_equal(kernel[0].n_calls, 0);
    for (uint8_t i = 0; i < 5; i++)
        assert_true(kernel[1].out[i].len == 60u + i && kernel[1].out[i].first == i && kernel[1].out[i].last == i);
    assert_int_equal(paused_ns, 0);
}

static void many_frames_leave_in_batches_and_each_chunk_comes_back(void **state)
{
    for (int i = 0; i < 20 * XDP_RING; i++)
        assert_int_equal(send_of(ONE, (uint8_t)i, 1514), OK);
    xdp_calls.settle(true);
    assert_int_equal(kernel[0].n_out, 20 * XDP_RING);
    assert_int_equal(kernel[0].n_calls, 20 * XDP_RING / BATCH);
    assert_int_equal(xdp.links[0].n_free, XDP_RING);
    assert_int_equal(xdp_calls.n_lost[ONE], 0);
}

static void a_kernel_that_takes_few_a_call_is_asked_again(void **state)
{
    kernel[0].takes = 3;
    for (int i = 0; i < 10; i++)
        assert_int_equal(send_of(ONE, 1, 60), OK);
    xdp_calls.settle(true);
    assert_int_equal(kernel[0].n_out, 10);
    assert_int_equal(kernel[0].n_calls, 4);
}

static void what_the_kernel_does_not_take_is_lost_and_counted(void **state)
{
    kernel[0].takes = 0;
    kernel[0].says = -ENETDOWN;
    for (int i = 0; i < 3 * XDP_RING + 5; i++)
        assert_int_equal(send_of(ONE, 1, 60), OK);
    xdp_calls.settle(true);
    assert_int_equal(xdp_calls.n_lost[ONE], 3 * XDP_RING + 5);
    assert_int_equal(xdp_calls.n_lost[OTHER], 0);
    assert_int_equal(xdp.links[0].n_free, XDP_RING);
    kernel[0].takes = 32;
    assert_int_equal(send_of(ONE, 2, 60), OK);
    xdp_calls.settle(true);
    assert_int_equal(kernel[0].n_out, 1);
    assert_int_equal(kernel[0].out[0].first, 2);
}

static void a_frame_that_the_link_drops_is_counted(void **state)
{
    kernel[0].takes = 1;
    kernel[0].says = -EBUSY;
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_of(ONE, 1, 60), OK);
    xdp_calls.settle(true);
    assert_int_equal(xdp_calls.n_lost[ONE], 3);
    assert_int_equal(xdp.links[0].n_free, XDP_RING);
}

static void with_all_chunks_under_way_there_is_no_room(void **state)
{
    kernel[0].keeps = true;
    for (int i = 0; i < XDP_RING; i++)
        assert_int_equal(send_of(ONE, 1, 60), OK);
    assert_int_equal(send_of(ONE, 1, 60), ERR_AGAIN);
    kernel[0].counts[6] = 1;
    assert_int_equal(send_of(ONE, 1, 60), OK);
    assert_int_equal(send_of(ONE, 1, 60), ERR_AGAIN);
}

static void only_chunks_to_send_from_are_taken_back(void **state)
{
    static const uint64_t bad[] = {0,         (uint64_t)(XDP_RING - 1) * XDP_CHUNK_BYTES, BYTES, UINT64_MAX,
                                   BYTES - 1, (uint64_t)XDP_RING * XDP_CHUNK_BYTES + 256};
    kernel[0].keeps = true;
    for (int i = 0; i < XDP_RING; i++)
        assert_int_equal(send_of(ONE, 1, 60), OK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        kernel[0].sent[kernel[0].counts[6]++] = bad[i];
    assert_int_equal(send_of(ONE, 1, 60), ERR_AGAIN);
    assert_int_equal(kernel[0].counts[7], ARRAY_LEN(bad));
    kernel[0].sent[kernel[0].counts[6]++] = BYTES - XDP_CHUNK_BYTES;
    assert_int_equal(send_of(ONE, 1, 60), OK);
}

static void a_frame_longer_than_a_chunk_is_refused(void **state)
{
    assert_int_equal(send_of(ONE, 1, XDP_CHUNK_BYTES), OK);
    assert_int_equal(send_of(ONE, 1, XDP_CHUNK_BYTES + 1), ERR_TOO_LARGE);
    xdp_calls.settle(true);
    assert_int_equal(kernel[0].n_out, 1);
}

static void frames_come_in_order_and_their_chunks_are_given_back(void **state)
{
    struct bytes frame;
    for (int i = 0; i < 5 * XDP_RING; i++) {
        assert_true(arrive(0, (uint8_t)i, 60));
        assert_int_equal(xdp_calls.recv(ONE, &frame), OK);
        assert_true(frame.len == 60 && frame.data[0] == (uint8_t)i);
    }
    assert_int_equal(xdp_calls.recv(ONE, &frame), ERR_AGAIN);
    assert_int_equal(kernel[0].counts[4] - kernel[0].counts[5], XDP_RING);
    assert_int_equal(xdp_calls.recv(OTHER, &frame), ERR_AGAIN);
}

static void a_full_ring_is_read_to_its_end(void **state)
{
    struct bytes frame;
    for (int i = 0; i < XDP_RING; i++)
        assert_true(arrive(1, (uint8_t)i, 1514));
    assert_false(arrive(1, 0, 60));
    for (int i = 0; i < XDP_RING; i++) {
        assert_int_equal(xdp_calls.recv(OTHER, &frame), OK);
        assert_int_equal(frame.data[0], (uint8_t)i);
    }
    assert_int_equal(xdp_calls.recv(OTHER, &frame), ERR_AGAIN);
}

static void places_outside_the_memory_are_refused(void **state)
{
    static const struct xdp_desc bad[] = {{.addr = (uint64_t)RX_CHUNKS * XDP_CHUNK_BYTES, .len = 60},
                                          {.addr = UINT64_MAX, .len = 1},
                                          {.addr = UINT64_C(1) << 40, .len = 60},
                                          {.addr = 256, .len = XDP_CHUNK_BYTES - 255},
                                          {.addr = 256, .len = UINT32_MAX},
                                          {.addr = (uint64_t)RX_CHUNKS * XDP_CHUNK_BYTES - 1, .len = 2}};
    struct bytes frame;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        kernel[0].rx[kernel[0].counts[0]++] = bad[i];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(xdp_calls.recv(ONE, &frame), ERR_MALFORMED);
    kernel[0].rx[kernel[0].counts[0]++] = (struct xdp_desc){.addr = 256, .len = XDP_CHUNK_BYTES - 256};
    assert_int_equal(xdp_calls.recv(ONE, &frame), OK);
}

static void pauses_only_when_frames_came_together_and_nothing_else_is_to_do(void **state)
{
    static const struct {
        int frames, left;
        bool idle;
        long ns;
    } cases[] = {{0, 0, true, 0},
                 {1, 0, true, 0},
                 {2, 0, true, PAUSE_NS},
                 {2, 0, false, 0},
                 {CROWD - 1, 0, true, PAUSE_NS},
                 {CROWD, 0, true, LONG_NS},
                 {50, MANY - 1, true, LONG_NS},
                 {50, MANY, true, 0},
                 {0, 0, true, 0}};
    struct bytes frame;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        paused_ns = 0;
        for (int k = 0; k < cases[i].frames + cases[i].left; k++)
            assert_true(arrive(0, 0, 60));
        for (int k = 0; k < cases[i].frames; k++)
            assert_int_equal(xdp_calls.recv(ONE, &frame), OK);
        xdp_calls.settle(cases[i].idle);
        assert_int_equal(paused_ns, cases[i].ns);
        while (xdp_calls.recv(ONE, &frame) == OK)
            ;
        xdp_calls.settle(false);
    }
}

static void a_link_that_is_gone_is_noticed_when_woken_for_nothing_and_when_sending(void **state)
{
    struct bytes frame;
    kernel[0].says = kernel[1].says = -ENXIO;
    kernel[0].takes = kernel[1].takes = 0;
    assert_int_equal(xdp_calls.recv(ONE, &frame), ERR_CLOSED);
    assert_true(arrive(1, 0, 60));
    assert_int_equal(xdp_calls.recv(OTHER, &frame), OK);
    assert_int_equal(xdp_calls.recv(OTHER, &frame), ERR_AGAIN); /* it has heard something */
    assert_int_equal(send_of(OTHER, 1, 60), OK);
    xdp_calls.settle(true);
    assert_int_equal(xdp_calls.recv(OTHER, &frame), ERR_CLOSED);
    assert_int_equal(xdp_calls.n_lost[OTHER], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_leave_in_order_at_the_latest_before_a_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_frames_leave_in_batches_and_each_chunk_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kernel_that_takes_few_a_call_is_asked_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_kernel_does_not_take_is_lost_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_that_the_link_drops_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_all_chunks_under_way_there_is_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_chunks_to_send_from_are_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_longer_than_a_chunk_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frames_come_in_order_and_their_chunks_are_given_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_ring_is_read_to_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(places_outside_the_memory_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses_only_when_frames_came_together_and_nothing_else_is_to_do, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_link_that_is_gone_is_noticed_when_woken_for_nothing_and_when_sending, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
