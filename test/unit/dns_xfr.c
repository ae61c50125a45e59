/* SPDX-License-Identifier: ISC */
/* Transfers, ours to ours: whole zones and changes, signed and not, while the zone changes, broken at each byte. What other
 * programs send and take is in test/e2e/dns_peers.py. */
#include "proto/dns_update.h"
#include "proto/dns_xfr.h"
#include "test/support/dns_zone_rows.h"

#define NOW_S UINT64_C(1700000000)

static const char *const zone_text[] = {
    "@ SOA ns1 admin 100 3600 600 86400 300",
    "@ NS ns1",
    "ns1 A 192.0.2.1",
    "www A 192.0.2.3",
    "www A 192.0.2.4",
    "www TXT hello",
    "*.wild MX 10 www",
    NULL,
};

static struct dns_zone *ours, *theirs;
static struct dns_history history;
static struct dns_tsig_keys keys;
static uint8_t buffer[DNS_MESSAGE_BYTES];

static int set_up(void **state)
{
    ours = zone_of("example", zone_text);
    theirs = NULL;
    dns_history_init(&history, 1 << 20);
    struct dns_name n = name_of("k"), a = name_of("hmac-sha256");
    assert_null(dns_tsig_keys_add(&keys, dns_name_bytes(&n), dns_name_bytes(&a), bytes_str("secret")));
    return 0;
}

static int tear_down(void **state)
{
    dns_history_clear(&history);
    dns_zone_release(ours);
    dns_zone_release(theirs);
    dns_tsig_keys_clear(&keys);
    return 0;
}

static void forget(void *user, struct dns_entry *e)
{
    ++*(unsigned *)user;
    dns_entry_release(e);
}

/* A version more, in which www has this text. */
static void change(const char *text)
{
    struct dns_name n = name_of("www.example");
    uint8_t rdata[300];
    struct dns_entry *e;
    dns_zone_begin(ours);
    assert_int_equal(dns_zone_remove_set(ours, dns_name_bytes(&n), DNS_TXT), OK);
    assert_int_equal(
        dns_zone_add(ours, dns_name_bytes(&n), DNS_TXT, 300, rdata_of(DNS_TXT, text, "example", rdata, sizeof rdata)),
        OK);
    assert_int_equal(dns_soa_raise(ours, NULL), OK);
    assert_int_equal(dns_entry_of_changes(ours, &e), OK);
    dns_zone_commit(ours);
    dns_history_add(&history, e);
}

static void fill(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char name[32], text[32];
        uint8_t rdata[64];
        (void)format(name, sizeof name, "host%u", i);
        (void)format(text, sizeof text, "10.0.%u.%u", i >> 8 & 255, i & 255);
        struct dns_name owner = name_below(name, "example");
        assert_int_equal(dns_zone_add(ours, dns_name_bytes(&owner), DNS_A, 300,
                                      rdata_of(DNS_A, text, "example", rdata, sizeof rdata)),
                         OK);
    }
}

static struct dns_xfr_in_options options(bool is_signed)
{
    return (struct dns_xfr_in_options){is_signed ? &keys.key[0] : NULL, 1, 64 << 20, 1 << 20};
}

struct pair {
    struct dns_xfr_in in;
    struct dns_xfr_out out;
    struct dns_tsig tsig;
    unsigned n_messages, n_called;
    void (*between)(void); /* after each message */
};

static void ask(struct pair *p, bool is_signed)
{
    struct dns_xfr_in_options o = options(is_signed);
    struct dns_name origin = name_of("example");
    struct dns_question q;
    struct dns_header h;
    size_t len;
    uint32_t serial;
    dns_xfr_in_begin(&p->in, dns_name_bytes(&origin), theirs, 0x4711, &o);
    assert_int_equal(dns_xfr_in_request(&p->in, NOW_S, buffer, sizeof buffer, &len), OK);
    assert_int_equal(dns_tsig_check(&keys, NOW_S, buffer, &len, &p->tsig, NULL), DNS_NOERROR);
    assert_true(p->tsig.present == is_signed);
    struct reader r = reader_of(bytes_of(buffer, len));
    assert_true(dns_header_read(&r, &h) && dns_question_read(&r, bytes_of(buffer, len), &q));
    assert_int_equal(q.type, theirs ? DNS_IXFR : DNS_AXFR);
    bool has = dns_xfr_serial(bytes_of(buffer, len), &serial);
    assert_true(has == (theirs != NULL));
    assert_int_equal(dns_xfr_out_begin(&p->out, ours, &history, &q, h.id, has ? &serial : NULL), OK);
}

static enum err run(struct pair *p)
{
    enum err e = OK;
    size_t len;
    while (e == OK && (len = dns_xfr_out_next(&p->out, NOW_S, buffer, &p->tsig)) > 0) {
        p->n_messages++;
        e = dns_xfr_in_message(&p->in, NOW_S, buffer, len);
        if (p->between)
            p->between();
    }
    dns_xfr_out_end(&p->out);
    return e;
}

static enum err take(struct pair *p)
{
    enum err e = dns_xfr_in_finish(&p->in, &theirs, forget, &p->n_called);
    dns_xfr_in_end(&p->in);
    return e;
}

static enum err transfer(struct pair *p, bool is_signed)
{
    ask(p, is_signed);
    assert_int_equal(run(p), ERR_END);
    return take(p);
}

static void a_whole_zone(void **state)
{
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        struct pair p = {0};
        assert_int_equal(transfer(&p, is_signed), OK);
        assert_int_equal(p.n_messages, 1);
        assert_int_equal(p.n_called, 1);
        assert_zones_equal(ours, theirs);
        dns_zone_release(theirs);
        theirs = NULL;
    }
}

static void many_messages(void **state)
{
    struct pair p = {0};
    fill(3000);
    assert_int_equal(transfer(&p, true), OK);
    assert_true(p.n_messages > 3);
    assert_zones_equal(ours, theirs);
    assert_int_equal(p.out.n_records, p.in.n_records);
}

static void change_meanwhile(void)
{
    change("changed-meanwhile");
}

/* What arrives is the version that it began with. */
static void the_version_is_held(void **state)
{
    struct pair p = {.between = change_meanwhile};
    struct dns_zone *before = zone_of("example", zone_text), *now = ours;
    fill(3000);
    ours = before;
    fill(3000);
    ours = now;
    assert_int_equal(transfer(&p, false), OK);
    assert_int_equal(dns_zone_serial(ours), 100 + p.n_messages);
    assert_zones_equal(before, theirs);
    dns_zone_release(before);
    struct pair then = {0};
    assert_int_equal(transfer(&then, false), OK); /* and IXFR catches up */
    assert_int_equal(then.out.kind, DNS_XFR_CHANGES);
    assert_int_equal(then.n_called, p.n_messages);
    assert_zones_equal(ours, theirs);
}

static void changes_alone(void **state)
{
    struct pair p = {0}, again = {0}, same = {0};
    assert_int_equal(transfer(&p, true), OK);
    fill(3000); /* changes nothing that IXFR would send */
    change("one");
    change("two");
    assert_int_equal(transfer(&again, true), OK);
    assert_int_equal(again.out.kind, DNS_XFR_CHANGES);
    assert_int_equal(again.out.n_records, 10);
    assert_int_equal(again.n_called, 2);
    assert_true(zone_has(theirs, "www", DNS_TXT, "two"));
    assert_int_equal(dns_zone_serial(theirs), 102);
    assert_int_equal(transfer(&same, true), ERR_NOT_FOUND);
    assert_int_equal(same.out.kind, DNS_XFR_SOA);
}

static void changes_in_many_messages(void **state)
{
    struct pair p = {0}, again = {0};
    assert_int_equal(transfer(&p, false), OK);
    for (int i = 0; i < 300; i++) {
        char text[128];
        (void)format(text, sizeof text,
                     "text-of-the-change-number-%d-which-is-somewhat-long-so-that-many-messages-come", i);
        change(text);
    }
    again.between = change_meanwhile; /* entries may be dropped under way */
    history.limit_bytes = 60000;
    assert_int_equal(transfer(&again, true), OK);
    assert_int_equal(again.out.kind, DNS_XFR_CHANGES);
    assert_true(again.n_messages > 2);
    assert_int_equal(again.n_called, 300);
    assert_int_equal(dns_zone_serial(theirs), 400);
}

static void a_short_history_gives_all(void **state)
{
    struct pair p = {0}, again = {0};
    assert_int_equal(transfer(&p, false), OK);
    change("one");
    dns_history_clear(&history);
    change("two");
    assert_int_equal(transfer(&again, false), OK);
    assert_int_equal(again.out.kind, DNS_XFR_WHOLE);
    assert_int_equal(again.in.incremental, true);
    assert_zones_equal(ours, theirs);
}

static void changes_that_do_not_fit_leave_the_zone(void **state)
{
    struct pair p = {0}, again = {0};
    assert_int_equal(transfer(&p, false), OK);
    struct dns_name n = name_of("www.example");
    assert_int_equal(dns_zone_remove_set(theirs, dns_name_bytes(&n), DNS_TXT), OK);
    change("one");
    ask(&again, false);
    assert_int_equal(run(&again), ERR_END);
    assert_int_equal(take(&again), ERR_INVALID);
    assert_string_equal(again.in.why, "changes that don't fit the zone that we have");
    assert_int_equal(dns_zone_serial(theirs), 100);
    assert_int_equal(again.n_called, 0);
}

static void more_changes_than_room(void **state)
{
    struct pair p = {0}, again = {0};
    assert_int_equal(transfer(&p, false), OK);
    change("one");
    ask(&again, false);
    again.in.limit_bytes = 50;
    assert_int_equal(run(&again), ERR_TOO_LARGE);
    dns_xfr_in_end(&again.in);
    struct pair small = {0};
    dns_zone_release(theirs);
    theirs = NULL;
    fill(3000);
    ask(&small, false);
    small.in.zone_limit_bytes = 65536;
    assert_int_equal(run(&small), ERR_FULL);
    dns_xfr_in_end(&small.in);
    assert_null(theirs);
}

/* Each byte that is cut off, and each that is changed: nothing but an error, or a zone that is good. */
static void broken_transfers(void **state)
{
    static uint8_t message[DNS_MESSAGE_BYTES];
    struct pair p = {0}, cut;
    ask(&p, true);
    size_t len = dns_xfr_out_next(&p.out, NOW_S, message, &p.tsig);
    dns_xfr_out_end(&p.out);
    struct dns_tsig asked = p.in.tsig;
    dns_xfr_in_end(&p.in);
    for (size_t i = 0; i < 2 * len; i++) {
        ask(&cut, true);
        dns_xfr_out_end(&cut.out);
        cut.in.tsig = asked;
        assert_int_equal(dns_tsig_stream_end(&cut.in.stream), ERR_INVALID);
        assert_int_equal(dns_tsig_stream_begin(&cut.in.stream, &cut.in.tsig), OK);
        memcpy(buffer, message, len);
        buffer[i % len] ^= i < len ? 0 : 0x01;
        enum err e = dns_xfr_in_message(&cut.in, NOW_S, buffer, i < len ? i : len);
        assert_true(e != OK);
        assert_true(e != ERR_END || i - len < 2); /* but for the ID: that is checked as it was signed */
        assert_non_null(cut.in.why);
        dns_xfr_in_end(&cut.in);
    }
    ask(&cut, true);
    dns_xfr_out_end(&cut.out);
    cut.in.tsig = asked;
    assert_int_equal(dns_tsig_stream_end(&cut.in.stream), ERR_INVALID);
    assert_int_equal(dns_tsig_stream_begin(&cut.in.stream, &cut.in.tsig), OK);
    assert_int_equal(dns_xfr_in_message(&cut.in, NOW_S, message, len), ERR_END);
    assert_int_equal(take(&cut), OK);
}

/* ---- What others could send ---- */

struct line {
    const char *name;
    uint16_t type;
    const char *data;
};

static enum err take_lines(struct pair *p, const struct line *line, uint16_t flags, unsigned class_)
{
    struct dns_writer d;
    uint8_t rdata[256];
    struct dns_xfr_in_options o = options(false);
    struct dns_name origin = name_of("example");
    dns_xfr_in_begin(&p->in, dns_name_bytes(&origin), theirs, 7, &o);
    dns_write_begin(&d, buffer, sizeof buffer);
    for (; line->name; line++) {
        struct dns_name n = name_below(line->name, "example");
        assert_true(dns_write_record(&d, DNS_ANSWER, dns_name_bytes(&n), line->type, (uint16_t)class_, 60,
                                     rdata_of(line->type, line->data, "example", rdata, sizeof rdata)));
    }
    size_t len = dns_write_end(&d, 7, flags).len;
    return dns_xfr_in_message(&p->in, NOW_S, buffer, len);
}

#define SOA(serial)                                   \
    {                                                 \
        "@", DNS_SOA, "ns1 admin " #serial " 1 1 1 1" \
    }
#define NS                 \
    {                      \
        "@", DNS_NS, "ns1" \
    }
#define TEXT(name, text)    \
    {                       \
        name, DNS_TXT, text \
    }
#define END           \
    {                 \
        NULL, 0, NULL \
    }

static void streams_that_are_none(void **state)
{
    static const struct {
        struct line line[8];
        enum err e;
    } row[] = {
        {{SOA(5), NS, SOA(5), END}, ERR_END},
        {{SOA(5), SOA(5), END}, ERR_END},
        {{SOA(5), NS, END}, OK},
        {{NS, SOA(5), END}, ERR_MALFORMED},
        {{SOA(5), NS, SOA(6), END}, ERR_MALFORMED},
        {{SOA(5), NS, SOA(5), NS, END}, ERR_END}, /* cut off there */
        {{SOA(5), TEXT("www.elsewhere.", "x"), SOA(5), END}, ERR_MALFORMED},
        {{SOA(5), {"www", DNS_SOA, "ns1 admin 5 1 1 1 1"}, END}, ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct pair p = {0};
        assert_int_equal(take_lines(&p, row[i].line, DNS_QR, DNS_IN), row[i].e);
        dns_xfr_in_end(&p.in);
    }
    struct pair p = {0};
    assert_int_equal(take_lines(&p, row[0].line, 0, DNS_IN), ERR_MALFORMED); /* no answer */
    dns_xfr_in_end(&p.in);
    assert_int_equal(take_lines(&p, row[0].line, DNS_QR | DNS_TC, DNS_IN), ERR_MALFORMED);
    dns_xfr_in_end(&p.in);
    assert_int_equal(take_lines(&p, row[0].line, DNS_QR | DNS_REFUSED, DNS_IN), ERR_REFUSED);
    assert_int_equal(p.in.rcode, DNS_REFUSED);
    dns_xfr_in_end(&p.in);
    assert_int_equal(take_lines(&p, row[0].line, DNS_QR, DNS_CH), ERR_MALFORMED);
    dns_xfr_in_end(&p.in);
    assert_int_equal(take_lines(&p, row[1].line, DNS_QR, DNS_IN), ERR_END);
    assert_int_equal(take(&p), ERR_INVALID); /* a zone without NS */
    assert_null(theirs);
}

static void changes_that_are_none(void **state)
{
    static const struct {
        struct line line[10];
        enum err e, finish;
    } row[] = {
        {{SOA(101), SOA(100), TEXT("www", "hello"), SOA(101), TEXT("www", "new"), SOA(101), END}, ERR_END, OK},
        {{SOA(100), END}, ERR_END, ERR_NOT_FOUND},
        {{SOA(99), END}, ERR_END, ERR_NOT_FOUND},
        {{SOA(101), SOA(100), SOA(101), SOA(101), END}, ERR_END, ERR_INVALID}, /* the SOA isn't what we have */
        {{SOA(102), SOA(100), SOA(101), SOA(100), END}, ERR_MALFORMED, OK},
        {{SOA(102), SOA(100), SOA(101), SOA(101), SOA(102), END}, OK, OK},
        {{SOA(101), SOA(100), TEXT("www.elsewhere.", "x"), END}, ERR_MALFORMED, OK},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct pair p = {0};
        static const char *const text[] = {"@ SOA ns1 admin 100 1 1 1 1", "@ NS ns1", "www TXT hello", NULL};
        dns_zone_release(theirs);
        theirs = zone_of("example", text);
        if (i == 3) {
            struct dns_name n = name_of("example");
            assert_int_equal(dns_zone_remove_set(theirs, dns_name_bytes(&n), DNS_SOA), OK);
            zone_fill(theirs, "example", (const char *const[]){"@ SOA ns1 other 100 1 1 1 1", NULL});
        }
        assert_int_equal(take_lines(&p, row[i].line, DNS_QR, DNS_IN), row[i].e);
        if (row[i].e == ERR_END)
            assert_int_equal(take(&p), row[i].finish);
        else
            dns_xfr_in_end(&p.in);
        bool changed = row[i].e == ERR_END && row[i].finish == OK;
        assert_int_equal(dns_zone_serial(theirs), changed ? 101 : 100);
        assert_true(zone_has(theirs, "www", DNS_TXT, changed ? "new" : "hello"));
    }
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_whole_zone),
        TEST(many_messages),
        TEST(the_version_is_held),
        TEST(changes_alone),
        TEST(changes_in_many_messages),
        TEST(a_short_history_gives_all),
        TEST(changes_that_do_not_fit_leave_the_zone),
        TEST(more_changes_than_room),
        TEST(broken_transfers),
        TEST(streams_that_are_none),
        TEST(changes_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
