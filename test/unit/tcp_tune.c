/* SPDX-License-Identifier: ISC */
/* Windows that follow what is read and sent, and how connections share what there is for them. */
#include "net/tcp_internal.h"
#include "test/support/tcp_script.h"

enum { SEGMENT = 4000, BUFFERS = 1 << 20, FIRST = 65535 };

/* A round trip of 50 ms; our window is in units of 8 bytes. */
#define FAR_READER                                               \
    "listen 80 8\n"                                              \
    "< S seq 0 win 65535 <mss 1460, ws 7, ts 1000 0>\n"          \
    "> S. seq 0 ack 1 win 65535 <mss 1460, ws 3, ts 100 1000>\n" \
    "+50ms\n"                                                    \
    "< . seq 1 ack 1 win 512 <ts 1050 100>\n"                    \
    "accept\n"

struct reader_at {
    struct tcp_connection *c;
    uint16_t port;
    uint32_t seq;
    uint32_t ts;
};

static uint32_t edge_of(const struct reader_at *r)
{
    return r->c->rcv_edge.v - r->c->irs.v;
}

/* At most `n` segments that the window has room for and that echo what we sent 50 ms ago arrive; acknowledgements are not looked
 * at. */
static void arrive(struct script *x, struct reader_at *r, unsigned n)
{
    char line[80];
    x->peer_port = r->port;
    for (unsigned i = 0; i < n && r->seq + SEGMENT <= edge_of(r); i++) {
        uint32_t now = tcp_timestamp(x->now_ns, r->c->ts_offset) - peer_of(x, r->port)->ts_base;
        snprintf(line, sizeof line, " . seq %u ack 1 win 512 len %d <ts %u %u>", r->seq, SEGMENT, r->ts++, now - 50);
        x->line = line;
        inject(x, line);
        r->seq += SEGMENT;
        x->n_sent = x->n_matched = 0;
    }
}

static void read_all(struct script *x, struct reader_at *r)
{
    uint8_t buffer[SEGMENT];
    size_t len;
    while (tcp_read(r->c, x->now_ns, buffer, sizeof buffer, &len) == OK)
        continue;
    x->n_sent = x->n_matched = 0;
}

static void rounds(struct script *x, struct reader_at *r, unsigned n_rounds, unsigned n)
{
    for (unsigned i = 0; i < n_rounds; i++) {
        arrive(x, r, n);
        read_all(x, r);
        run_to(x, x->now_ns + 50 * NS_PER_MS);
        x->n_sent = x->n_matched = 0;
    }
}

/* 36,000 bytes a round trip are more than half of the first window: four times that. */
static void who_keeps_up_gets_a_larger_window(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAR_READER);
    struct reader_at r = {x->c, 1234, 1, 1100};
    rounds(x, &r, 3, 9);
    script_run(x, "count windows_grown 1\n"
                  "< . seq 108001 ack 1 win 512 len 1000 <ts 1300 200>\n"
                  "+41ms\n"
                  "> . seq 1 ack 109001 win 19255\n");
    assert_in_range(x->c->tune.limit_bytes, 36000 * 4, 40000 * 4);
    script_free(x);
}

static void who_reads_little_keeps_the_first_one(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAR_READER);
    struct reader_at r = {x->c, 1234, 1, 1100};
    rounds(x, &r, 20, 5);
    script_run(x, "count windows_grown 0\n");
    assert_int_equal(x->c->tune.limit_bytes, FIRST);
    script_free(x);
}

/* What both sides have ended may still be read; its control block is in no list of those that have more than the first
 * window, and can be the next connection's. */
static void who_reads_after_the_end_gets_nothing_more(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAR_READER);
    struct reader_at r = {x->c, 1234, 1, 1100};
    arrive(x, &r, 9);
    script_run(x, "shutdown\n"
                  "> F. seq 1 ack 36001\n"
                  "< F. seq 36001 ack 2 win 512 <ts 1150 150>\n"
                  "> . seq 2 ack 36002\n"
                  "+51ms\n");
    uint8_t buffer[36000];
    size_t len;
    assert_int_equal(tcp_read(r.c, x->now_ns, buffer, sizeof buffer, &len), OK);
    assert_int_equal(len, sizeof buffer);
    script_run(x, "count windows_grown 0\n"
                  "close\n"
                  "count connections 0\n");
    assert_int_equal(x->t->n_tuned, 0);
    assert_true(list_empty(&x->t->tuned));
    script_free(x);
}

/* It is the reader who earns it, not the sender. */
static void who_does_not_read_gets_nothing_more(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAR_READER);
    struct reader_at r = {x->c, 1234, 1, 1100};
    arrive(x, &r, 8);
    run_to(x, x->now_ns + NS_PER_S);
    arrive(x, &r, 8);
    run_to(x, x->now_ns + NS_PER_S);
    x->n_sent = x->n_matched = 0;
    script_run(x, "count windows_grown 0\n"
                  "< . seq 64001 ack 1 win 512 len 1536 <ts 3000 150>\n"
                  "> . seq 1 ack 65537 win 0\n");
    script_free(x);
}

/* Half of the buffers, whatever is read. */
static void there_is_a_largest_window(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAR_READER);
    struct reader_at r = {x->c, 1234, 1, 1100};
    rounds(x, &r, 4, 9);
    rounds(x, &r, 4, 30);
    rounds(x, &r, 4, 60);
    rounds(x, &r, 4, 100);
    assert_int_equal(x->c->tune.limit_bytes, x->t->window_max);
    assert_int_equal(x->t->window_max, BUFFERS / 2);
    assert_in_range(tcp_counters(x->t).n_windows_held, 1, 16);
    script_free(x);
}

/* The round trip is that of the timestamps: the same bytes in 50 ms, on a path of 5, are a tenth of a window. */
static void a_short_round_trip_needs_no_large_window(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, "listen 80 8\n"
                  "< S seq 0 win 65535 <mss 1460, ws 7, ts 1000 0>\n"
                  "> S. seq 0 ack 1 win 65535 <mss 1460, ws 3, ts 100 1000>\n"
                  "+5ms\n"
                  "< . seq 1 ack 1 win 512 <ts 1050 100>\n"
                  "accept\n");
    struct reader_at r = {x->c, 1234, 1, 1100};
    x->c->tune.rtt_ms = 5;
    for (int i = 0; i < 100; i++) {
        arrive(x, &r, 1);
        x->c->tune.least_ms = 5;
        read_all(x, &r);
        run_to(x, x->now_ns + 5 * NS_PER_MS);
        x->n_sent = x->n_matched = 0;
    }
    script_run(x, "count windows_grown 0\n");
    script_free(x);
}

/* Without timestamps: how long the window took to fill. */
static void without_timestamps_the_window_measures(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, "listen 80 8\n"
                  "< S seq 0 win 65535 <mss 1460, ws 7>\n"
                  "> S. seq 0 ack 1 win 65535 <mss 1460, ws 3>\n"
                  "+200ms\n"
                  "< . seq 1 ack 1 win 512\n"
                  "accept\n");
    assert_int_equal(x->c->tune.rtt_ms, 201);
    struct reader_at r = {x->c, 1234, 1, 0};
    for (int i = 0; i < 12; i++) {
        char line[80];
        for (int j = 0; j < 8; j++, r.seq += SEGMENT) {
            snprintf(line, sizeof line, " . seq %u ack 1 win 512 len %d", r.seq, SEGMENT);
            x->line = line;
            inject(x, line);
        }
        read_all(x, &r);
        run_to(x, x->now_ns + 20 * NS_PER_MS);
        x->n_sent = x->n_matched = 0;
    }
    assert_in_range(x->c->tune.rtt_ms, 20, 60);
    assert_in_range(x->c->tune.limit_bytes, FIRST + 1, x->t->window_max);
    script_free(x);
}

/* After a pause the first window holds again; what was promised before is not taken back. */
static void a_pause_ends_it_and_takes_nothing_back(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAR_READER);
    struct reader_at r = {x->c, 1234, 1, 1100};
    rounds(x, &r, 3, 9);
    assert_in_range(x->c->tune.limit_bytes, FIRST + 1, UINT32_MAX);
    uint32_t edge = edge_of(&r);
    run_to(x, x->now_ns + 11 * NS_PER_S);
    arrive(x, &r, 1);
    read_all(x, &r);
    assert_int_equal(x->c->tune.limit_bytes, FIRST);
    assert_int_equal(x->t->tuned_bytes, 0);
    assert_int_equal(edge_of(&r), edge);
    rounds(x, &r, 1, 4);
    assert_int_equal(edge_of(&r), edge);
    script_free(x);
}

/* ---- Together ---- */

static void open_all(struct script *x, struct reader_at *r, unsigned n)
{
    script_run(x, "listen 80 8\n");
    for (unsigned i = 0; i < n; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "peer %u\n"
                 "< S seq 0 win 65535 <mss 1460, ws 7, ts 1000 0>\n"
                 "> S. seq 0 ack 1 <mss 1460, ws 3, ts 100 1000>\n"
                 "+50ms\n"
                 "< . seq 1 ack 1 win 512 <ts 1050 100>\n"
                 "accept\n",
                 2000 + i);
        script_run(x, text);
        r[i] = (struct reader_at){x->c, (uint16_t)(2000 + i), 1, 1100};
    }
}

static void all_rounds(struct script *x, struct reader_at *r, unsigned n_readers, unsigned n_rounds)
{
    for (unsigned i = 0; i < n_rounds; i++) {
        for (unsigned k = 0; k < n_readers; k++) {
            arrive(x, &r[k], 16);
            read_all(x, &r[k]);
        }
        run_to(x, x->now_ns + 50 * NS_PER_MS);
        x->n_sent = x->n_matched = 0;
    }
}

/* Each wants 256 KB; of 768 KB above the first windows each of eight gets 2/17. */
static void many_share_alike(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    struct reader_at r[8];
    open_all(x, r, 8);
    all_rounds(x, r, 8, 40);
    uint32_t fair = FIRST + BUFFERS / 4 * 3 * 2 / 17;
    for (int i = 0; i < 8; i++)
        assert_in_range(r[i].c->tune.limit_bytes, fair * 8 / 10, fair * 11 / 10);
    assert_in_range(x->t->tuned_bytes, 1, x->t->tune_bytes);
    assert_in_range(tcp_counters(x->t).n_windows_held, 1, 1000);
    script_free(x);
}

/* The first has half of all when the others come, and a fair part soon after. */
static void a_newcomer_gets_its_part(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    struct reader_at r[4];
    open_all(x, r, 4);
    rounds(x, &r[0], 4, 30);
    rounds(x, &r[0], 6, 100);
    assert_int_equal(r[0].c->tune.limit_bytes, x->t->window_max);
    all_rounds(x, r, 4, 40);
    uint32_t fair = FIRST + BUFFERS / 4 * 3 * 2 / 9;
    for (int i = 0; i < 4; i++)
        assert_in_range(r[i].c->tune.limit_bytes, fair * 8 / 10, fair * 11 / 10);
    script_free(x);
}

/* Who has stopped reading holds nothing that others want. */
static void what_is_idle_is_taken_when_it_is_wanted(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    struct reader_at r[2];
    open_all(x, r, 2);
    rounds(x, &r[0], 4, 30);
    rounds(x, &r[0], 6, 100);
    uint32_t edge = edge_of(&r[0]);
    run_to(x, x->now_ns + 11 * NS_PER_S);
    rounds(x, &r[1], 4, 30);
    rounds(x, &r[1], 6, 100);
    assert_int_equal(r[0].c->tune.limit_bytes, FIRST);
    assert_int_equal(edge_of(&r[0]), edge);
    assert_int_equal(r[1].c->tune.limit_bytes, x->t->window_max);
    script_run(x, "count windows_reclaimed 1\n");
    script_free(x);
}

static void what_ends_gives_its_part_back(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAR_READER);
    struct reader_at r = {x->c, 1234, 1, 1100};
    rounds(x, &r, 3, 20);
    assert_in_range(x->t->tuned_bytes, 1, UINT32_MAX);
    script_run(x, "abort\n"
                  "> R. seq 1\n"
                  "count connections 0\n");
    assert_int_equal(x->t->tuned_bytes, 0);
    assert_true(list_empty(&x->t->tuned));
    script_free(x);
}

/* ---- Sending ---- */

static size_t fill(struct script *x)
{
    size_t all = 0, taken;
    struct piece p = {bytes_of(pattern_static, 1000), LIFE_COPY};
    while (tcp_write(x->c, p, &taken) == OK)
        all += taken;
    return all;
}

#define FAST_PEER                             \
    "listen 80 8\n"                           \
    "< S seq 0 win 65535 <mss 1460, ws 7>\n"  \
    "> S. seq 0 ack 1 win 65535 <mss 1460>\n" \
    "+50ms\n"                                 \
    "< . seq 1 ack 1 win 16384\n"             \
    "accept\n"

static void copied_data_follows_the_congestion_window(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAST_PEER);
    x->c->window.cwnd_bytes = 14600;
    assert_in_range(fill(x), TCP_COPIED_BYTES, TCP_COPIED_BYTES + TCP_CHUNK_DATA);
    x->c->window.cwnd_bytes = 100000;
    assert_in_range(fill(x), 200000 - TCP_COPIED_BYTES - TCP_CHUNK_DATA, 200000 - TCP_COPIED_BYTES + TCP_CHUNK_DATA);
    script_free(x);
}

/* A third of what may be taken in all, alone. */
static void copied_data_leaves_room_for_others(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAST_PEER);
    x->c->window.cwnd_bytes = 10000000;
    assert_in_range(fill(x), BUFFERS / 8 * 7 / 3 - 10000, BUFFERS / 8 * 7 / 3 + 10000);
    script_free(x);
}

static void a_peer_that_stopped_reading_gets_no_more(void **state)
{
    struct script *x = script_new(16, BUFFERS);
    script_run(x, FAST_PEER "< . seq 1 ack 1 win 0\n");
    x->c->window.cwnd_bytes = 10000000;
    assert_in_range(fill(x), TCP_COPIED_BYTES, TCP_COPIED_BYTES + TCP_CHUNK_DATA);
    script_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_keeps_up_gets_a_larger_window),
        cmocka_unit_test(who_reads_little_keeps_the_first_one),
        cmocka_unit_test(who_reads_after_the_end_gets_nothing_more),
        cmocka_unit_test(who_does_not_read_gets_nothing_more),
        cmocka_unit_test(there_is_a_largest_window),
        cmocka_unit_test(a_short_round_trip_needs_no_large_window),
        cmocka_unit_test(without_timestamps_the_window_measures),
        cmocka_unit_test(a_pause_ends_it_and_takes_nothing_back),
        cmocka_unit_test(many_share_alike),
        cmocka_unit_test(a_newcomer_gets_its_part),
        cmocka_unit_test(what_is_idle_is_taken_when_it_is_wanted),
        cmocka_unit_test(what_ends_gives_its_part_back),
        cmocka_unit_test(copied_data_follows_the_congestion_window),
        cmocka_unit_test(copied_data_leaves_room_for_others),
        cmocka_unit_test(a_peer_that_stopped_reading_gets_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
