/* SPDX-License-Identifier: ISC */
/* Servers that answer datagrams at once, on a fake device. */
#include "test/support/net_script.h"

#include <jinn/stack.h>

static uint8_t zeros[65536];

static struct bytes data(size_t len)
{
    return bytes_of(zeros, len);
}

struct counting {
    struct udp_server server;
    struct udp_question last;
    size_t n, size, answer_bytes;
};

static size_t count_and_answer(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size)
{
    struct counting *c = CONTAINER_OF(server, struct counting, server);
    c->n++;
    c->last = *q;
    c->size = size;
    if (c->answer_bytes != UDP_NO_ANSWER)
        memset(room, 'a', c->answer_bytes);
    return c->answer_bytes;
}

static struct udp_socket *serve(struct script *s, struct counting *c, size_t answer_bytes, size_t most)
{
    struct udp_socket *u;
    *c = (struct counting){.server = {count_and_answer}, .answer_bytes = answer_bytes};
    assert_int_equal(udp_serve(s->n, 53, &c->server, most, &u), OK);
    return u;
}

static void ask(struct script *s, uint16_t from_port, size_t len)
{
    input_udp(s, (struct endpoint){PEER_IP, from_port}, (struct endpoint){OUR_IP, 53}, data(len));
}

static void the_answer_goes_back_at_once(void **state)
{
    struct script *s = script_new();
    struct counting c;
    struct ip peer = PEER_IP;
    know_peer(s);
    (void)serve(s, &c, 5, 512);
    ask(s, 4000, 20);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.size, 512);
    assert_int_equal(c.last.payload.len, 20);
    assert_true(ip_equal(&c.last.from.ip, &peer));
    assert_int_equal(c.last.from.port, 4000);
    assert_int_equal(c.last.now_ns, s->now_ns);
    assert_false(c.last.group);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4000 data=5");
    c.answer_bytes = 0; /* an empty datagram is an answer */
    ask(s, 4000, 0);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4000 data=0");
    assert_int_equal(s->n->counters.udp.served, 2);
    assert_int_equal(s->n->counters.udp.delivered, 0);
    script_end(s);
}

static void some_get_no_answer(void **state)
{
    struct script *s = script_new();
    struct counting c;
    know_peer(s);
    (void)serve(s, &c, UDP_NO_ANSWER, 512);
    ask(s, 4000, 20);
    assert_int_equal(c.n, 1);
    assert_int_equal(s->n->counters.udp.unanswered, 1);
    ask(s, 0, 20); /* nobody can be at port 0 */
    assert_int_equal(c.n, 1);
    assert_int_equal(s->n->counters.udp.unanswered, 2);
    assert_int_equal(s->n->counters.udp.served, 0);
    script_end(s);
}

static void a_lost_answer_is_counted(void **state)
{
    struct script *s = script_new();
    struct counting c;
    know_peer(s);
    (void)serve(s, &c, 5, 512);
    s->full = true;
    ask(s, 4000, 20);
    assert_int_equal(c.n, 1);
    assert_int_equal(s->n->counters.udp.answers_lost, 1);
    assert_int_equal(s->n->counters.udp.served, 0);
    s->full = false;
    ask(s, 4000, 20);
    s->n_read++;
    assert_int_equal(s->n->counters.udp.served, 1);
    script_end(s);
}

static void long_answers_are_fragmented(void **state)
{
    struct script *s = script_new();
    struct counting c;
    struct udp_socket *u;
    know_peer(s);
    (void)serve(s, &c, UDP_PAYLOAD_MAX_BYTES, UDP_PAYLOAD_MAX_BYTES);
    ask(s, 4000, 20);
    assert_int_equal(s->n->counters.ip4.out_fragmented, 1);
    assert_int_equal(s->n_sent - s->n_read, (UDP_PAYLOAD_MAX_BYTES + UDP_HEADER_BYTES + 1479) / 1480);
    s->n_read = s->n_sent;
    assert_int_equal(udp_serve(s->n, 54, &c.server, UDP_PAYLOAD_MAX_BYTES + 1, &u), ERR_TOO_LARGE);
    script_end(s);
}

/* The answer to what was sent to all comes from our own address. */
static void questions_to_all_are_answered_by_one(void **state)
{
    struct script *s = script_new();
    struct counting c;
    know_peer(s);
    (void)serve(s, &c, 5, 512);
    input_udp(s, (struct endpoint){PEER_IP, 4000}, (struct endpoint){ip4(10, 0, 0, 255), 53}, data(9));
    assert_true(c.last.group);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4000 data=5");
    script_end(s);
}

static void its_port_is_taken_until_it_is_shut(void **state)
{
    struct script *s = script_new();
    struct counting c;
    struct udp_socket *more;
    struct udp_socket *u = serve(s, &c, 5, 512);
    assert_int_equal(udp_open(s->n, 53, &more), ERR_IN_USE);
    assert_int_equal(udp_serve(s->n, 53, &c.server, 512, &more), ERR_IN_USE);
    udp_shut(u, s->now_ns);
    assert_int_equal(udp_open(s->n, 53, &more), OK);
    ask(s, 4000, 20); /* queued now */
    assert_int_equal(c.n, 0);
    assert_int_equal(s->n->counters.udp.delivered, 1);
    script_end(s);
}

/* Sending goes on as of any socket. */
static void it_can_send_too(void **state)
{
    struct script *s = script_new();
    struct counting c;
    struct bytes v = data(7);
    know_peer(s);
    struct udp_socket *u = serve(s, &c, 5, 512);
    assert_int_equal(udp_transmit(u, s->now_ns, &(struct endpoint){PEER_IP, 9}, &v, 1), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>9 data=7");
    script_end(s);
}

/* What happened, by the lengths of the questions: 'a' announced, 'q' answered after that, 'd' without it. */
struct listing {
    struct udp_server server;
    char text[64];
    size_t n;
    struct bytes announced[UDP_ANNOUNCED];
};

static void list_step(struct listing *l, char what, size_t len)
{
    assert_true(l->n + 3 < sizeof l->text);
    l->text[l->n++] = what;
    l->text[l->n++] = (char)('0' + len % 10);
}

static void list_announced(struct udp_server *server, const struct udp_question *q)
{
    struct listing *l = CONTAINER_OF(server, struct listing, server);
    assert_true(q->announced && q->place < UDP_ANNOUNCED);
    l->announced[q->place] = q->payload;
    list_step(l, 'a', q->payload.len);
}

static size_t list_answered(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size)
{
    struct listing *l = CONTAINER_OF(server, struct listing, server);
    if (q->announced) {
        assert_ptr_equal(l->announced[q->place].data, q->payload.data);
        assert_int_equal(l->announced[q->place].len, q->payload.len);
    }
    list_step(l, q->announced ? 'q' : 'd', q->payload.len);
    memset(room, 'a', q->payload.len % 10);
    return q->payload.len % 10;
}

/* While more may come, a question is answered when the next one is known; what is long, or to all, is not held, nor does it go
 * before others. */
static void in_a_batch_questions_are_announced(void **state)
{
    struct script *s = script_new();
    struct listing l = {.server = {list_answered, list_announced}}, other = l;
    struct udp_socket *u, *v;
    know_peer(s);
    assert_int_equal(udp_serve(s->n, 53, &l.server, 512, &u), OK);
    assert_int_equal(udp_serve(s->n, 54, &other.server, 512, &v), OK);
    ask(s, 4000, 1); /* alone */
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4000 data=1");
    udp_begin_batch(s->n);
    ask(s, 4002, 2);
    assert_int_equal(s->n_sent, s->n_read);
    ask(s, 4003, 3);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4002 data=2");
    ask(s, 4004, 4);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4003 data=3");
    ask(s, 4005, 515);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4004 data=4");
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4005 data=5");
    ask(s, 4006, 6);
    input_udp(s, (struct endpoint){PEER_IP, 4007}, (struct endpoint){OUR_IP, 54}, data(7));
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4006 data=6");
    input_udp(s, (struct endpoint){PEER_IP, 4008}, (struct endpoint){ip4(10, 0, 0, 255), 53}, data(8));
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 54>4007 data=7");
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4008 data=8");
    ask(s, 4009, 9);
    udp_end_batch(s->n, s->now_ns);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4009 data=9");
    udp_end_batch(s->n, s->now_ns);
    assert_string_equal(l.text, "d1a2a3q2a4q3q4d5a6q6d8a9q9");
    assert_string_equal(other.text, "a7q7");
    assert_int_equal(s->n->counters.udp.served, 9);
    script_end(s);
}

/* A socket that is shut takes what it holds along. */
static void what_is_held_goes_with_its_socket(void **state)
{
    struct script *s = script_new();
    struct listing l = {.server = {list_answered, list_announced}};
    struct udp_socket *u;
    know_peer(s);
    assert_int_equal(udp_serve(s->n, 53, &l.server, 512, &u), OK);
    udp_begin_batch(s->n);
    ask(s, 4000, 1);
    udp_shut(u, s->now_ns);
    udp_end_batch(s->n, s->now_ns);
    assert_string_equal(l.text, "a1");
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_goes_back_at_once),
        cmocka_unit_test(some_get_no_answer),
        cmocka_unit_test(a_lost_answer_is_counted),
        cmocka_unit_test(long_answers_are_fragmented),
        cmocka_unit_test(questions_to_all_are_answered_by_one),
        cmocka_unit_test(its_port_is_taken_until_it_is_shut),
        cmocka_unit_test(it_can_send_too),
        cmocka_unit_test(in_a_batch_questions_are_announced),
        cmocka_unit_test(what_is_held_goes_with_its_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
