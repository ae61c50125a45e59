/* SPDX-License-Identifier: ISC */
/* DNS by TCP (RFC 7766) on a stack that talks with itself, under as many clients' addresses as a test wants: pipelining, requests in
 * pieces, lengths at the limits, deadlines, and each limit of connections filled. */
#include "net/tcp_core.h"
#include "proto/dns_serve.h"
#include "test/support/self_stack.h"

#include <jinn/random.h>

enum { PORT = 53, REQUEST_BYTES = 20, TESTS_MAX = 40 };

#define IDLE_NS (20 * NS_PER_S)

static struct ip client_ip; /* of connections that are made */
static const struct endpoint server = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}}, PORT};

static struct dns_service service; /* is asked for nothing: `answer` stands in its place */
static struct dns_tcp *tcp;
static struct dns_tcp *all[TESTS_MAX]; /* they are never given back, as the image's */
static size_t n_all;
static unsigned n_asked;
static size_t answer_bytes; /* 0: as the request */
static uint64_t answer_after_ns;
static struct endpoint asked_by;

static enum err send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    fly(o, v, n, now_ns + NS_PER_MS);
    return OK;
}

static enum err route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    *src = ip_equal(dst, &server.ip) ? client_ip : server.ip;
    *payload_bytes = 1480;
    return OK;
}

/* ---- The server ---- */

/* The request comes back, with QR; longer if the test wants. */
static size_t answer(struct dns_service *s, const struct dns_from *from, struct bytes message, uint8_t *out,
                     size_t size)
{
    assert_ptr_equal(s, &service);
    assert_true(from->tcp && size >= message.len);
    n_asked++;
    asked_by = from->peer;
    if (answer_after_ns && fiber_sleep(time_after(sched_now(), answer_after_ns)) != OK)
        return 0;
    memcpy(out, message.data, message.len);
    out[2] |= 0x80;
    if (!answer_bytes)
        return message.len;
    memset(out + message.len, 'a', answer_bytes - message.len);
    return answer_bytes;
}

static struct dns_tcp_options usual(void)
{
    return (struct dns_tcp_options){.connections = 8,
                                    .per_client = 8,
                                    .workers = 2,
                                    .message_bytes = 512,
                                    .buffers = 4,
                                    .idle_ns = IDLE_NS,
                                    .answer = answer};
}

static struct dns_tcp_options with_one_worker(void)
{
    struct dns_tcp_options o = usual();
    o.workers = 1;
    return o;
}

static struct dns_tcp_options options;
static void (*test_to_run)(void);

static void serve(void *arg)
{
    assert_int_equal(dns_tcp_run(tcp), ERR_CANCELLED);
}

static void serve_and_test(void)
{
    struct scope fibers;
    assert_int_equal(random_init(), OK);
    assert_int_equal(dns_tcp_new(&the, PORT, &service, &options, &tcp), OK);
    all[n_all++] = tcp;
    scope_open(&fibers);
    assert_int_equal(scope_spawn(&fibers, "server", serve, NULL), OK);
    test_to_run();
    scope_cancel(&fibers);
    scope_join(&fibers);
    assert_int_equal(fiber_sleep(in_ms(200000)), OK);
    struct tcp_counters n = tcp_counters(the.t);
    assert_int_equal(n.n_connections + n.n_half_open + n.n_time_wait + n.n_chunks + n.n_pieces, 0);
}

static void run(void (*test)(void), struct dns_tcp_options o)
{
    test_to_run = test;
    options = o;
    client_ip = ip4(10, 0, 0, 9);
    n_asked = 0;
    answer_bytes = answer_after_ns = 0;
    run_stack((struct ip_below){.send = send, .route = route}, 40, serve_and_test);
}

/* ---- Clients ---- */

static struct flow *join_as(uint8_t client)
{
    struct flow *f;
    client_ip = ip4(10, 0, client, 9);
    assert_int_equal(stack_connect(&the, server, in_ms(1000), &f), OK);
    return f;
}

static struct flow *join(void)
{
    return join_as(0);
}

static void say(struct flow *f, const void *data, size_t len)
{
    struct piece p = piece_copy(bytes_of(data, len));
    assert_int_equal(flow_write(f, &p, 1, in_ms(60000)), OK);
}

/* A request with its length before it: the id, zeros, and `fill` to its end. */
static size_t write_request(uint8_t *out, size_t len, uint16_t id, uint8_t fill)
{
    struct writer w = writer_of(out, 2 + len);
    write_be16(&w, (uint16_t)len);
    write_be16(&w, id);
    write_zeros(&w, 10);
    memset(w.at, fill, writer_left(&w));
    return 2 + len;
}

static void ask(struct flow *f, uint16_t id)
{
    uint8_t b[2 + REQUEST_BYTES];
    say(f, b, write_request(b, REQUEST_BYTES, id, 'q'));
}

static void expect_answer_of(struct flow *f, uint16_t id, size_t len)
{
    static uint8_t b[DNS_MESSAGE_BYTES];
    uint8_t head[2];
    assert_int_equal(flow_read_exact(f, head, 2, in_ms(60000)), OK);
    assert_int_equal(head[0] << 8 | head[1], len);
    assert_int_equal(flow_read_exact(f, b, len, in_ms(60000)), OK);
    assert_int_equal(b[0] << 8 | b[1], id);
    assert_int_equal(b[2], 0x80);
}

static void expect_answer(struct flow *f, uint16_t id)
{
    expect_answer_of(f, id, REQUEST_BYTES);
}

/* Nothing more comes but this. */
static void expect_end(struct flow *f, enum err how)
{
    uint8_t b[8];
    size_t len;
    assert_int_equal(flow_read(f, b, sizeof b, &len, in_ms(60000)), how);
    flow_close(f);
}

static void pass_ms(uint64_t ms)
{
    assert_int_equal(fiber_sleep(in_ms(ms)), OK);
}

static const struct dns_tcp_counters *counted(void)
{
    return dns_tcp_counters(tcp);
}

/* ---- Requests ---- */

static void pipeline(void)
{
    enum { N = 50 }; /* more than one connection may have answered in its turn */
    static uint8_t b[N * (2 + REQUEST_BYTES)];
    struct flow *f = join();
    size_t len = 0;
    for (uint16_t i = 0; i < N; i++)
        len += write_request(b + len, REQUEST_BYTES, i, 'q');
    say(f, b, len);
    for (uint16_t i = 0; i < N; i++)
        expect_answer(f, i);
    assert_int_equal(n_asked, N);
    assert_true(ip_equal(&asked_by.ip, &client_ip));
    ask(f, 999);
    expect_answer(f, 999);
    flow_close(f);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    run(pipeline, usual());
    run(pipeline, with_one_worker());
}

static void in_pieces(void)
{
    uint8_t b[2 * (2 + REQUEST_BYTES)];
    struct flow *slow = join(), *other = join();
    size_t len = write_request(b, REQUEST_BYTES, 1, 'q');
    len += write_request(b + len, REQUEST_BYTES, 2, 'q');
    for (size_t i = 0; i < len; i++) {
        say(slow, b + i, 1);
        pass_ms(5);
        assert_int_equal(n_asked, i + (i + 1 >= len / 2) + (i + 1 == len));
        ask(other, (uint16_t)i); /* who waits for the rest of it holds nobody up */
        expect_answer(other, (uint16_t)i);
    }
    expect_answer(slow, 1);
    expect_answer(slow, 2);
    flow_close(slow);
    flow_close(other);
}

static void requests_may_come_in_pieces(void **state)
{
    run(in_pieces, with_one_worker());
}

/* The last bytes of one and the first of the next in one segment. */
static void across(void)
{
    uint8_t b[3 * (2 + REQUEST_BYTES)];
    struct flow *f = join();
    size_t len = 0, at = 0;
    for (uint16_t i = 0; i < 3; i++)
        len += write_request(b + len, REQUEST_BYTES, i, 'q');
    for (size_t part = 1; at < len; at += part, part += 10) {
        say(f, b + at, part < len - at ? part : len - at);
        pass_ms(5);
    }
    for (uint16_t i = 0; i < 3; i++)
        expect_answer(f, i);
    flow_close(f);
}

static void segments_need_not_end_where_requests_do(void **state)
{
    run(across, usual());
}

static void half_closed(void)
{
    struct flow *f = join();
    ask(f, 1);
    ask(f, 2);
    assert_int_equal(flow_shutdown(f), OK);
    expect_answer(f, 1);
    expect_answer(f, 2);
    expect_end(f, ERR_END);
    f = join(); /* in the middle of a request */
    say(f, "\0\24\0", 3);
    assert_int_equal(flow_shutdown(f), OK);
    expect_end(f, ERR_END);
    assert_int_equal(n_asked, 2);
}

static void who_has_ended_gets_the_answers_still(void **state)
{
    run(half_closed, usual());
}

/* ---- Lengths ---- */

static void no_header(void)
{
    static const uint8_t zero[] = {0, 0}, one[] = {0, 1, 'x'}, most[13] = {0, 11};
    static const struct bytes rows[] = {{zero, sizeof zero}, {one, sizeof one}, {most, sizeof most}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct flow *f = join(), *before = join();
        ask(before, 1);
        expect_answer(before, 1);
        say(f, rows[i].data, rows[i].len);
        expect_end(f, ERR_RESET);
        ask(before, 2); /* it costs nobody else anything */
        expect_answer(before, 2);
        flow_close(before);
    }
    assert_int_equal(n_asked, 2 * ARRAY_LEN(rows));
}

static void lengths_without_a_header_end_the_connection(void **state)
{
    run(no_header, usual());
}

static void longest(void)
{
    static uint8_t b[2 + 513];
    struct flow *f = join();
    say(f, b, write_request(b, 512, 1, 'q'));
    expect_answer_of(f, 1, 512);
    say(f, b, write_request(b, 513, 2, 'q'));
    expect_end(f, ERR_RESET);
    f = join();
    say(f, "\xff\xff", 2); /* the length alone is enough */
    expect_end(f, ERR_RESET);
    assert_int_equal(counted()->n_too_long, 2);
    assert_int_equal(n_asked, 1);
}

static void longer_ones_than_are_wanted_end_it_too(void **state)
{
    run(longest, usual());
}

static void longest_of_all(void)
{
    static uint8_t b[2 + 65535];
    struct flow *f = join();
    for (uint16_t i = 0; i < 2; i++) {
        say(f, b, write_request(b, 65535, i, 'q'));
        expect_answer_of(f, i, 65535);
    }
    flow_close(f);
}

static void the_longest_of_all_is_taken_where_it_is_wanted(void **state)
{
    struct dns_tcp_options o = usual();
    o.message_bytes = 65535;
    run(longest_of_all, o);
}

/* ---- Deadlines ---- */

static void idle(void)
{
    struct flow *f = join();
    uint64_t at_ns = sched_now();
    expect_end(f, ERR_END);
    assert_in_range(sched_now() - at_ns, IDLE_NS, IDLE_NS + 10 * NS_PER_MS);
    f = join();
    for (uint16_t i = 0; i < 3; i++) { /* each request begins it anew */
        pass_ms(19000);
        ask(f, i);
        expect_answer(f, i);
    }
    at_ns = sched_now();
    expect_end(f, ERR_END);
    assert_in_range(sched_now() - at_ns, IDLE_NS - 10 * NS_PER_MS, IDLE_NS + 10 * NS_PER_MS);
    assert_int_equal(counted()->n_timeouts, 2);
    assert_int_equal(n_asked, 3);
}

static void who_is_idle_is_closed(void **state)
{
    run(idle, usual());
}

/* A byte now and then does not keep a request alive that never becomes whole. */
static void dripping(void)
{
    uint8_t b[2 + REQUEST_BYTES];
    struct flow *f = join();
    uint64_t at_ns = sched_now();
    size_t len = write_request(b, REQUEST_BYTES, 1, 'q'), i;
    for (i = 0; i < len; i++) {
        struct piece p = piece_copy(bytes_of(b + i, 1));
        if (flow_write(f, &p, 1, in_ms(1000)) != OK || sched_now() - at_ns > 2 * IDLE_NS)
            break;
        pass_ms(9000);
    }
    assert_in_range(i, 2, 4);
    assert_int_equal(counted()->n_timeouts, 1);
    assert_int_equal(n_asked, 0);
    flow_abort(f);
}

static void a_request_has_a_time_to_become_whole(void **state)
{
    run(dripping, usual());
}

/* Answers pile up that are not read; with one worker, others are answered meanwhile. */
static void not_read(void)
{
    static uint8_t b[40 * (2 + REQUEST_BYTES)];
    struct flow *deaf = join(), *other = join();
    size_t len = 0;
    answer_bytes = 20000;
    for (uint16_t i = 0; i < 40; i++)
        len += write_request(b + len, REQUEST_BYTES, i, 'q');
    say(deaf, b, len);
    pass_ms(2000);
    assert_in_range(n_asked, 1, 39);
    unsigned before = n_asked;
    answer_bytes = 0;
    ask(other, 7);
    expect_answer(other, 7);
    assert_int_equal(n_asked, before + 1);
    pass_ms(11000);
    assert_int_equal(counted()->n_slow, 1);
    ask(other, 8);
    expect_answer(other, 8);
    flow_abort(deaf);
    flow_close(other);
}

static void who_does_not_read_is_reset(void **state)
{
    run(not_read, with_one_worker());
}

/* ---- Workers ---- */

static void waiting_answers(void)
{
    struct flow *f[3] = {join(), join(), join()};
    answer_after_ns = NS_PER_S;
    uint64_t at_ns = sched_now();
    for (uint16_t i = 0; i < 3; i++)
        ask(f[i], i);
    for (uint16_t i = 0; i < 3; i++)
        expect_answer(f[i], i);
    assert_in_range(sched_now() - at_ns, 2 * NS_PER_S, 2 * NS_PER_S + 50 * NS_PER_MS); /* two at a time */
    for (uint16_t i = 0; i < 3; i++)
        flow_close(f[i]);
}

static void answers_may_wait_and_hold_a_worker_each(void **state)
{
    run(waiting_answers, usual());
}

/* ---- Limits ---- */

static void full(void)
{
    struct flow *f[9];
    for (uint8_t i = 0; i < 8; i++) {
        f[i] = join_as(i);
        pass_ms(10);
    }
    ask(f[0], 0); /* now the second has been idle longest */
    expect_answer(f[0], 0);
    f[8] = join_as(8);
    pass_ms(10);
    assert_int_equal(counted()->n_evicted, 1);
    expect_end(f[1], ERR_END);
    for (uint16_t i = 0; i < 9; i++) {
        if (i == 1)
            continue;
        ask(f[i], i);
        expect_answer(f[i], i);
        flow_close(f[i]);
    }
    assert_int_equal(counted()->n_accepted, 9);
    assert_int_equal(counted()->n_refused, 0);
}

static void when_all_are_taken_the_one_idle_longest_goes(void **state)
{
    run(full, usual());
}

/* All are busy: nobody goes, and the new one does not come. */
static void all_busy(void)
{
    struct flow *f[3];
    answer_after_ns = NS_PER_S;
    for (uint8_t i = 0; i < 2; i++) {
        f[i] = join_as(i);
        ask(f[i], i);
    }
    pass_ms(10);
    f[2] = join_as(2);
    expect_end(f[2], ERR_RESET);
    assert_int_equal(counted()->n_refused, 1);
    assert_int_equal(counted()->n_evicted, 0);
    for (uint8_t i = 0; i < 2; i++) {
        expect_answer(f[i], i);
        flow_close(f[i]);
    }
}

static void when_all_are_busy_nobody_goes(void **state)
{
    struct dns_tcp_options o = usual();
    o.connections = 2;
    run(all_busy, o);
}

static void many_of_one(void)
{
    struct flow *f[3], *other;
    for (int i = 0; i < 3; i++) {
        f[i] = join_as(1);
        pass_ms(10);
    }
    expect_end(f[2], ERR_RESET);
    assert_int_equal(counted()->n_refused, 1);
    other = join_as(2);
    ask(other, 1);
    expect_answer(other, 1);
    flow_close(f[0]); /* then there is room again */
    pass_ms(10);
    f[0] = join_as(1);
    ask(f[0], 2);
    expect_answer(f[0], 2);
    flow_close(f[0]);
    flow_close(f[1]);
    flow_close(other);
}

static void one_client_has_its_share(void **state)
{
    struct dns_tcp_options o = usual();
    o.per_client = 2;
    run(many_of_one, o);
    o.per_client = 0; /* a quarter */
    run(many_of_one, o);
}

static void parts(void)
{
    struct flow *f[4];
    for (uint8_t i = 0; i < 3; i++) {
        f[i] = join_as(i);
        say(f[i], "\0\24", 2);
        pass_ms(10);
    }
    assert_int_equal(counted()->n_partial, 0);
    f[3] = join_as(3);
    ask(f[3], 3);
    expect_answer(f[3], 3); /* the first one's buffer serves for it */
    assert_int_equal(counted()->n_partial, 1);
    expect_end(f[0], ERR_RESET);
    for (int i = 1; i < 4; i++)
        flow_close(f[i]);
}

static void parts_of_requests_share_their_buffers(void **state)
{
    struct dns_tcp_options o = with_one_worker();
    o.buffers = 2;
    run(parts, o);
}

/* ---- Beginning and end ---- */

static struct flow *left;

static void cancelled(void)
{
    left = join();
    ask(left, 1);
    expect_answer(left, 1);
}

static void end_and_look(void)
{
    struct scope fibers;
    assert_int_equal(random_init(), OK);
    assert_int_equal(dns_tcp_new(&the, PORT, &service, &options, &tcp), OK);
    all[n_all++] = tcp;
    scope_open(&fibers);
    assert_int_equal(scope_spawn(&fibers, "server", serve, NULL), OK);
    cancelled();
    scope_cancel(&fibers);
    scope_join(&fibers);
    expect_end(left, ERR_END);
    struct flow *f;
    assert_int_equal(stack_connect(&the, server, in_ms(1000), &f), ERR_REFUSED);
    assert_int_equal(fiber_sleep(in_ms(200000)), OK);
}

static void when_it_ends_all_are_closed(void **state)
{
    options = usual();
    n_asked = 0;
    answer_bytes = answer_after_ns = 0;
    client_ip = ip4(10, 0, 0, 9);
    run_stack((struct ip_below){.send = send, .route = route}, 40, end_and_look);
}

static void options_are_checked(void **state)
{
    struct dns_tcp_options rows[8];
    struct dns_tcp *t;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        rows[i] = usual();
    rows[0].connections = 0;
    rows[1].connections = 65537;
    rows[2].workers = 0;
    rows[3].workers = 65;
    rows[4].message_bytes = 511;
    rows[5].message_bytes = 65536;
    rows[6].idle_ns = 0;
    for (size_t i = 0; i + 1 < ARRAY_LEN(rows); i++)
        assert_int_equal(dns_tcp_new(&the, PORT, &service, &rows[i], &t), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(requests_may_come_in_pieces),
        cmocka_unit_test(segments_need_not_end_where_requests_do),
        cmocka_unit_test(who_has_ended_gets_the_answers_still),
        cmocka_unit_test(lengths_without_a_header_end_the_connection),
        cmocka_unit_test(longer_ones_than_are_wanted_end_it_too),
        cmocka_unit_test(the_longest_of_all_is_taken_where_it_is_wanted),
        cmocka_unit_test(who_is_idle_is_closed),
        cmocka_unit_test(a_request_has_a_time_to_become_whole),
        cmocka_unit_test(who_does_not_read_is_reset),
        cmocka_unit_test(answers_may_wait_and_hold_a_worker_each),
        cmocka_unit_test(when_all_are_taken_the_one_idle_longest_goes),
        cmocka_unit_test(when_all_are_busy_nobody_goes),
        cmocka_unit_test(one_client_has_its_share),
        cmocka_unit_test(parts_of_requests_share_their_buffers),
        cmocka_unit_test(when_it_ends_all_are_closed),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
