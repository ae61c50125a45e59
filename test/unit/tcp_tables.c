/* SPDX-License-Identifier: ISC */
/* What does not show in a transcript: numbers that must not be guessed, ports, sizes, damaged segments. */
#include "test/support/tcp_script.h"

#include "net/tcp_internal.h"

static struct tcp *core(uint8_t secret)
{
    static struct ip_below below = {.send = script_send, .route = script_route};
    struct tcp_options o = {&below, {secret}, 16, 4, 1 << 20};
    struct tcp *t;
    assert_int_equal(tcp_new(&o, 0, &t), OK);
    return t;
}

static const struct endpoint here = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}}, 80};
static const struct endpoint there = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9}}, 1234};

static void initial_numbers_of_the_same_four_only_grow(void **state)
{
    struct tcp *t = core(1);
    struct seq last = tcp_secrets(t, 0, &here, &there).iss;
    for (uint64_t s = 1; s < 20000; s += 60) {
        struct seq next = tcp_secrets(t, s * NS_PER_S, &here, &there).iss;
        assert_int_equal(next.v - last.v, s == 1 ? 250000 : 60 * 250000);
        last = next;
    }
    tcp_free(t);
}

static void initial_numbers_of_others_tell_nothing(void **state)
{
    struct tcp *t = core(1), *u = core(2);
    struct endpoint other_port = {there.ip, 1235}, other_host = {ip4(10, 0, 0, 10), 1234};
    uint32_t a = tcp_secrets(t, 0, &here, &there).iss.v;
    uint32_t b = tcp_secrets(t, 0, &here, &other_port).iss.v;
    uint32_t c = tcp_secrets(t, 0, &here, &other_host).iss.v;
    uint32_t d = tcp_secrets(u, 0, &here, &there).iss.v;
    assert_true(a != b && a != c && a != d && b != c);
    assert_true(tcp_secrets(t, 0, &here, &there).ts_offset != tcp_secrets(t, 0, &here, &other_port).ts_offset);
    assert_int_equal(tcp_secrets(t, 0, &here, &there).ts_offset, tcp_secrets(t, 5 * NS_PER_S, &here, &there).ts_offset);
    tcp_free(t);
    tcp_free(u);
}

/* A connection may send faster than the clock of the numbers runs; the one after it begins beyond all the same. */
static void a_connection_after_time_wait_begins_beyond_the_last(void **state)
{
    struct script *x = script_new(4, 1 << 20);
    script_run(x, ACCEPTED "queue 14600\n"
                           "push\n"
                           "> . len 1460\n> . len 1460\n> . len 1460\n> . len 1460\n> . len 1460\n"
                           "> . len 1460\n> . len 1460\n> . len 1460\n> . len 1460\n> P. len 1460\n"
                           "close\n"
                           "> F. seq 14601\n");
    uint32_t before = x->sent[x->n_sent - 1].s.seq.v; /* its FIN's */
    script_run(x, "< F. seq 1 ack 14602\n"
                  "> . seq 14602 ack 2\n"
                  "< S seq 1000 <mss 1460>\n"
                  "> S. ack 1001\n");
    assert_true(seq_after(x->sent[x->n_sent - 1].s.seq, seq_of(before + 65535)));
    script_free(x);
}

static void ephemeral_ports_are_dynamic_ones_and_differ(void **state)
{
    struct script *x = script_new(64, 1 << 16);
    uint16_t used[64];
    for (int i = 0; i < 64; i++) {
        struct tcp_connection *c;
        assert_int_equal(tcp_connect(x->t, x->now_ns, there, &c), OK);
        used[i] = tcp_local(c).port;
        assert_true(used[i] >= 49152);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(used[i], used[j]);
    }
    struct tcp_connection *c;
    assert_int_equal(tcp_connect(x->t, x->now_ns, there, &c), ERR_FULL);
    script_free(x);
}

static void search_for_a_port_begins_at_a_secret_place(void **state)
{
    struct tcp *t = core(1), *u = core(2);
    struct endpoint other = {ip4(10, 0, 0, 10), 1234};
    assert_true(tcp_port_offset(t, &here.ip, &there) != tcp_port_offset(u, &here.ip, &there));
    assert_true(tcp_port_offset(t, &here.ip, &there) != tcp_port_offset(t, &here.ip, &other));
    tcp_free(t);
    tcp_free(u);
}

static void table_finds_each_of_a_thousand_and_no_other(void **state)
{
    enum { N = 1000 };
    struct tcp *t = core(1);
    static struct tcp_entry entries[N];
    for (int i = 0; i < N; i++) {
        entries[i] = (struct tcp_entry){.local = here, .peer = {ip4(10, 0, (uint8_t)(i % 7), 9), (uint16_t)(i + 1)}};
        tcp_table_add(t, &entries[i]);
    }
    for (int i = 0; i < N; i += 2)
        tcp_table_remove(t, &entries[i]);
    for (int i = 0; i < N; i++) {
        const struct tcp_entry *e = &entries[i];
        const struct tcp_entry *found = tcp_table_find(t, &e->local.ip, 80, &e->peer.ip, e->peer.port);
        assert_ptr_equal(found, i % 2 ? e : NULL);
        assert_null(tcp_table_find(t, &e->local.ip, 81, &e->peer.ip, e->peer.port));
    }
    tcp_free(t);
}

static void blocks_are_as_small_as_promised(void **state)
{
    assert_in_range(sizeof(struct tcp_connection), 1, 768);
    assert_in_range(sizeof(struct tcp_half), 1, 192);
    assert_in_range(sizeof(struct tcp_timewait), 1, 128);
    assert_int_equal(sizeof(struct tcp_chunk), TCP_CHUNK_BYTES);
}

static void idle_connections_hold_no_memory_of_the_pools(void **state)
{
    script("listen 80 4\n"
           "< S seq 0 <mss 1460>\n"
           "> S. seq 0 ack 1\n"
           "< P. seq 1 ack 1 len 700\n"
           "accept\n"
           "read 700\n"
           "copy 300\n"
           "> P. seq 1 ack 701 len 300\n"
           "< . seq 701 ack 301\n"
           "count connections 1\n"
           "count chunks 0\n"
           "count pieces 0\n");
}

/* A segment that the table would take, changed by the caller. */
static struct tcp_counters input_raw(bool broadcast, struct ip src, size_t len, int damage)
{
    struct script *x = script_new(4, 1 << 16);
    struct tcp_listener *l;
    assert_int_equal(tcp_listen(x->t, 80, 1, &l), OK);
    uint8_t packet[TCP_HEADER_MAX_BYTES];
    struct writer w = writer_of(packet, sizeof packet);
    struct tcp_segment s = {.src_port = 1, .dst_port = 80, .flags = TCP_SYN};
    tcp_emit(&w, &s);
    struct ip dst = ip4(10, 0, 0, 1);
    uint64_t sum = checksum_pseudo(&src, &dst, IP_TCP, (uint32_t)len);
    tcp_emit_checksum(packet, (uint16_t)(checksum_finish(checksum_add(sum, bytes_of(packet, len), false)) + damage));
    struct ip_in in = {
        .src = src, .dst = dst, .payload = bytes_of(packet, len), .protocol = IP_TCP, .broadcast = broadcast};
    tcp_input(x->t, x->now_ns, &in);
    struct tcp_counters n = tcp_counters(x->t);
    assert_int_equal(n.n_half_open, x->n_sent);
    script_free(x);
    return n;
}

static void what_must_not_come_in_is_counted(void **state)
{
    struct ip src = ip4(10, 0, 0, 9);
    assert_int_equal(input_raw(false, src, 20, 0).n_half_open, 1);
    assert_int_equal(input_raw(true, src, 20, 0).n_not_unicast, 1);
    assert_int_equal(input_raw(false, ip4(224, 0, 0, 1), 20, 0).n_not_unicast, 1);
    assert_int_equal(input_raw(false, IP_ANY4, 20, 0).n_not_unicast, 1);
    assert_int_equal(input_raw(false, src, 20, 1).n_bad_checksum, 1);
    assert_int_equal(input_raw(false, src, 19, 0).n_malformed, 1);
    assert_int_equal(input_raw(false, src, 0, 0).n_bad_checksum, 1);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    static struct ip_below below = {.send = script_send, .route = script_route};
    struct tcp *t;
    struct tcp_options o = {&below, {1}, 0, 4, 1 << 20};
    assert_int_equal(tcp_new(&o, 0, &t), ERR_INVALID);
    o = (struct tcp_options){&below, {1}, 4, 0, 1 << 20};
    assert_int_equal(tcp_new(&o, 0, &t), ERR_INVALID);
    o = (struct tcp_options){&below, {1}, 4, 4, 1000};
    assert_int_equal(tcp_new(&o, 0, &t), ERR_INVALID);
}

/* ---- Seen from outside ---- */

static const struct tcp_row *row_of(const struct tcp *t, uint16_t peer_port, struct tcp_row *row)
{
    struct tcp_rows at = {0};
    while (tcp_rows_next(t, &at, row)) {
        if (row->peer.port == peer_port)
            return row;
    }
    return NULL;
}

static unsigned count_rows(const struct tcp *t)
{
    struct tcp_rows at = {0};
    struct tcp_row row;
    unsigned n = 0;
    while (tcp_rows_next(t, &at, &row))
        n++;
    return n;
}

static void the_table_can_be_read(void **state)
{
    struct script *x = script_new(16, 1 << 20);
    struct tcp_row row;
    struct ip peer = ip4(10, 0, 0, 9);
    assert_int_equal(count_rows(x->t), 0);
    script_run(x, "listen 80 4\n"
                  "< S seq 0 win 65535 <mss 1460, sackok>\n"
                  "> S. seq 0 ack 1\n");
    assert_string_equal(row_of(x->t, 1234, &row)->state, "SYN-RECEIVED");
    script_run(x, "+50ms\n"
                  "< . seq 1 ack 1 win 30000\n"
                  "accept\n"
                  "< . seq 1 ack 1 win 30000 len 700\n"
                  "write 20000\n"
                  "> . seq 1 ack 701 len 1460 times 10\n");
    assert_non_null(row_of(x->t, 1234, &row));
    assert_string_equal(row.state, "ESTABLISHED");
    assert_true(ip_equal(&row.peer.ip, &peer));
    assert_int_equal(row.local.port, 80);
    assert_int_equal(row.unread_bytes, 700);
    assert_int_equal(row.unsent_bytes, 20000);
    assert_int_equal(row.flight_bytes, 14600);
    assert_int_equal(row.cwnd_bytes, 14600);
    assert_int_equal(row.peer_window_bytes, 30000);
    assert_int_equal(row.rtt_us, 50000);
    assert_int_equal(row.rto_us, 200000);
    assert_int_equal(row.mss_bytes, 1460);
    assert_true(row.sack && !row.orphan);
    script_run(x, "+350ms\n"
                  "> . seq 14601 ack 701 len 1460\n"
                  "> . seq 1 ack 701 len 1460\n");
    assert_int_equal(row_of(x->t, 1234, &row)->n_timeouts, 1);
    assert_int_equal(count_rows(x->t), 1);
    script_free(x);
}

static void all_kinds_are_in_the_table(void **state)
{
    struct script *x = script_new(16, 1 << 20);
    struct tcp_row row;
    script_run(x, ACCEPTED "< F. seq 1 ack 1\n"
                           "> . seq 1 ack 2\n");
    assert_string_equal(row_of(x->t, 1234, &row)->state, "CLOSE-WAIT");
    script_run(x, "close\n"
                  "> F. seq 1 ack 2\n");
    assert_string_equal(row_of(x->t, 1234, &row)->state, "LAST-ACK");
    assert_true(row.orphan);
    script_run(x, "< . seq 2 ack 2\n"
                  "peer 1235\n" OPENS "accept\n"
                  "close\n"
                  "> F. seq 1 ack 1\n");
    assert_null(row_of(x->t, 1234, &row));
    assert_string_equal(row_of(x->t, 1235, &row)->state, "FIN-WAIT-1");
    script_run(x, "< . seq 1 ack 2\n");
    assert_string_equal(row_of(x->t, 1235, &row)->state, "FIN-WAIT-2");
    script_run(x, "< F. seq 1 ack 2\n"
                  "> . seq 2 ack 2\n");
    assert_string_equal(row_of(x->t, 1235, &row)->state, "TIME-WAIT");
    script_run(x, "peer 1236\n"
                  "connect\n"
                  "> SEW seq 0\n");
    assert_string_equal(row_of(x->t, 1236, &row)->state, "SYN-SENT");
    assert_int_equal(count_rows(x->t), 2);
    script_free(x);
}

static void all_ports_towards_a_peer_can_be_taken(void **state)
{
    struct script *x = script_new(TCP_PORT_LAST, 1 << 20);
    struct tcp_connection *c;
    x->full = true; /* what is sent does not matter */
    for (int i = TCP_PORT_FIRST; i <= TCP_PORT_LAST; i++)
        assert_int_equal(tcp_connect(x->t, x->now_ns, there, &c), OK);
    assert_int_equal(tcp_connect(x->t, x->now_ns, there, &c), ERR_IN_USE);
    assert_int_equal(tcp_counters(x->t).n_no_port, 1);
    struct endpoint another = {there.ip, 1235};
    assert_int_equal(tcp_connect(x->t, x->now_ns, another, &c), OK);
    script_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_can_be_read),
        cmocka_unit_test(all_kinds_are_in_the_table),
        cmocka_unit_test(initial_numbers_of_the_same_four_only_grow),
        cmocka_unit_test(initial_numbers_of_others_tell_nothing),
        cmocka_unit_test(a_connection_after_time_wait_begins_beyond_the_last),
        cmocka_unit_test(ephemeral_ports_are_dynamic_ones_and_differ),
        cmocka_unit_test(search_for_a_port_begins_at_a_secret_place),
        cmocka_unit_test(table_finds_each_of_a_thousand_and_no_other),
        cmocka_unit_test(blocks_are_as_small_as_promised),
        cmocka_unit_test(idle_connections_hold_no_memory_of_the_pools),
        cmocka_unit_test(what_must_not_come_in_is_counted),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(all_ports_towards_a_peer_can_be_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
