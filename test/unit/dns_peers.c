/* SPDX-License-Identifier: ISC */
/* What a name server does with others, step by step and without a network: who may do what, the timers of secondaries, NOTIFY, and
 * each table full. Real servers are in test/e2e/dns_peers.py. */
#include "proto/dns_peers.h"
#include "test/support/dns_zone_rows.h"

#include <jinn/random.h>

static const char *const zone_text[] = {"@ SOA ns1 admin 100 3600 600 86400 300", "@ NS ns1", "ns1 A 192.0.2.1", NULL};

#define N_ZONES 300 /* more than NOTIFYs may wait */

static struct dns_zones zones;
static struct dns_peers *p;
static struct dns_service service;
static struct dns_from from;
static struct dns_writer d;
static uint8_t buffer[DNS_MESSAGE_BYTES], out[DNS_MESSAGE_BYTES];

static int set_up(void **state)
{
    const struct dns_service_options o = {.zones = &zones};
    assert_int_equal(random_init(), OK);
    dns_zones_init(&zones, 1, 2 * N_ZONES);
    assert_int_equal(dns_zones_put(&zones, zone_of("example", zone_text)), OK);
    p = calloc(1, sizeof *p);
    assert_int_equal(dns_peers_init(p, &zones, 1 << 20), OK);
    assert_int_equal(dns_service_init(&service, &o), OK);
    service.o.extra = &p->extra;
    from = (struct dns_from){.peer = {ip4(192, 0, 2, 9), 5353}, .now_ns = 1000, .wall_s = 1700000000};
    return 0;
}

static int tear_down(void **state)
{
    LIST_EACH(&p->roles, node)
    {
        struct dns_role *role = CONTAINER_OF(node, struct dns_role, link);
        dns_history_clear(&role->history);
        free(role);
    }
    dns_tsig_keys_clear(&p->keys);
    free(p->room);
    free(p->request);
    free(p);
    dns_zones_free(&zones);
    return 0;
}

static void begin(const char *zone, uint16_t type)
{
    struct dns_name n = name_of(zone);
    dns_write_begin(&d, buffer, sizeof buffer);
    assert_true(dns_write_question(&d, dns_name_bytes(&n), type, DNS_IN));
}

/* The response code. */
static unsigned send(unsigned opcode)
{
    struct dns_header h;
    struct bytes m = dns_write_end(&d, 7, (uint16_t)(opcode << DNS_OPCODE_SHIFT));
    size_t len = dns_service_message(&service, &from, m, out, sizeof out);
    struct reader r = reader_of(bytes_of(out, len));
    assert_true(dns_header_read(&r, &h));
    assert_int_equal(h.id, 7);
    assert_int_equal(h.flags & (DNS_QR | DNS_OPCODE), DNS_QR | opcode << DNS_OPCODE_SHIFT);
    return h.flags & DNS_RCODE;
}

static unsigned notify(const char *zone, uint8_t host)
{
    from.peer.ip = ip4(192, 0, 2, host);
    begin(zone, DNS_SOA);
    return send(DNS_NOTIFY);
}

static unsigned update(const char *zone, const char *data)
{
    struct dns_name n = name_below("new", zone);
    uint8_t rdata[64];
    begin(zone, DNS_SOA);
    assert_true(dns_write_record(&d, DNS_AUTHORITY, dns_name_bytes(&n), DNS_TXT, DNS_IN, 60,
                                 rdata_of(DNS_TXT, data, zone, rdata, sizeof rdata)));
    return send(DNS_UPDATE);
}

static struct dns_role *secondary(const char *zone, const char *primaries)
{
    struct dns_remotes r = {0};
    struct dns_name n = name_of(zone);
    assert_null(dns_remotes_parse(&r, bytes_str(primaries)));
    assert_int_equal(dns_peers_secondary(p, dns_name_bytes(&n), &r), OK);
    return dns_peers_role(p, dns_name_bytes(&n));
}

static struct dns_zone *zone_named(const char *name)
{
    struct dns_name n = name_of(name);
    return dns_zones_get(&zones, dns_name_bytes(&n))->zone;
}

/* ---- Words ---- */

static void words_of_servers(void **state)
{
    static const struct {
        const char *text, *why;
    } row[] = {{"", NULL},
               {"192.0.2.1", NULL},
               {"192.0.2.1@5300 2001:db8::1@5300+key:a.b ", NULL},
               {"192.0.2", "not an address"},
               {"192.0.2.1@", "not a port"},
               {"192.0.2.1@65536", "not a port"},
               {"192.0.2.1@0", "not a port"},
               {"192.0.2.1,192.0.2.2@53, \t2001:db8::1+key:a,", NULL},
               {"192.0.2.1+a", "not key:NAME behind the +"},
               {"192.0.2.1+key:a..b", "not key:NAME behind the +"},
               {"1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 1.1.1.6 1.1.1.7 1.1.1.8", NULL},
               {"1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 1.1.1.6 1.1.1.7 1.1.1.8 1.1.1.9", "more than 8 servers"}};
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct dns_remotes r = {0};
        const char *why = dns_remotes_parse(&r, bytes_str(row[i].text));
        if (row[i].why)
            assert_string_equal(why, row[i].why);
        else
            assert_null(why);
        assert_true(r.n <= DNS_REMOTES_MAX);
    }
    struct dns_remotes r = {0};
    assert_null(dns_remotes_parse(&r, bytes_str(row[2].text)));
    assert_int_equal(r.n, 2);
    assert_int_equal(r.remote[0].at.port, 5300);
    assert_false(r.remote[0].by_key);
    assert_true(r.remote[1].by_key);
    struct dns_name key = name_of("A.b");
    assert_true(dns_name_equal(dns_name_bytes(&r.remote[1].key), dns_name_bytes(&key)));
}

static void lists_of_those_who_may_have_a_limit(void **state)
{
    struct dns_access a = {0};
    for (unsigned i = 0; i < DNS_ACCESS_MAX; i++)
        assert_null(dns_access_parse(&a, bytes_str("10.0.0.0/8+key:a")));
    assert_string_equal(dns_access_parse(&a, bytes_str("any")), "more than 16 rules");
    assert_int_equal(a.n, DNS_ACCESS_MAX);
}

/* ---- Who may ---- */

static void updates_of_those_who_may(void **state)
{
    assert_int_equal(update("example", "a"), DNS_REFUSED);
    assert_null(dns_access_parse(&p->update, bytes_str("192.0.2.9")));
    assert_int_equal(update("example", "a"), DNS_NOERROR);
    assert_int_equal(dns_zone_serial(zone_named("example")), 101);
    assert_int_equal(update("elsewhere", "a"), DNS_NOTAUTH);
    secondary("theirs", "192.0.2.1");
    assert_int_equal(update("theirs", "a"), DNS_REFUSED);
    from.peer.ip = ip4(192, 0, 2, 8);
    assert_int_equal(update("example", "b"), DNS_REFUSED);
    assert_int_equal(dns_zone_serial(zone_named("example")), 101);
    assert_int_equal(p->n.n_updates_refused, 3);
    assert_int_equal(p->n.update.n_done, 1);
}

static unsigned n_asked;

static enum err say_no(struct dns_keeper *k, struct dns_zone *z, const struct dns_entry *e)
{
    n_asked++;
    return ERR_FULL;
}

static void what_is_not_kept_is_not_done(void **state)
{
    struct dns_keeper keeper = {say_no};
    assert_null(dns_access_parse(&p->update, bytes_str("any")));
    p->keeper = &keeper;
    n_asked = 0;
    assert_int_equal(update("example", "a"), DNS_SERVFAIL);
    assert_int_equal(n_asked, 1);
    assert_int_equal(dns_zone_serial(zone_named("example")), 100);
    p->keeper = NULL;
    assert_int_equal(update("example", "a"), DNS_NOERROR);
}

struct collecting {
    struct dns_stream stream;
    unsigned n;
    uint16_t flags;
};

static bool collect(struct dns_stream *to, struct bytes message)
{
    struct collecting *c = CONTAINER_OF(to, struct collecting, stream);
    struct reader r = reader_of(message);
    struct dns_header h;
    assert_true(dns_header_read(&r, &h));
    c->n++;
    c->flags = h.flags;
    return true;
}

static unsigned transfer(const char *zone)
{
    struct collecting c = {.stream = {collect}};
    bool alive = false;
    from.tcp = true;
    begin(zone, DNS_AXFR);
    assert_true(dns_service_transfer(&service, &from, dns_write_end(&d, 7, 0), &c.stream, &alive));
    from.tcp = false;
    assert_true(alive);
    assert_int_equal(c.n, 1);
    return c.flags & DNS_RCODE;
}

static void transfers_to_those_who_may(void **state)
{
    assert_int_equal(transfer("example"), DNS_REFUSED);
    assert_null(dns_access_parse(&p->transfer, bytes_str("192.0.2.0/28")));
    assert_int_equal(transfer("example"), DNS_NOERROR);
    assert_int_equal(transfer("www.example"), DNS_NOTAUTH);
    dns_zone_set_expired(zone_named("example"), true);
    assert_int_equal(transfer("example"), DNS_SERVFAIL);
    assert_int_equal(p->n.n_transfers, 1);
    assert_int_equal(p->n.n_transfers_refused, 1);
}

/* ---- Timers ---- */

static void a_zone_that_never_came_is_asked_for_again_and_again(void **state)
{
    struct dns_role *role = secondary("theirs", "192.0.2.1 192.0.2.2");
    uint64_t now_ns = 0, next_ns, wait_ns = DNS_RETRY_FIRST_NS;
    for (unsigned i = 0; i < 15; i++) {
        for (unsigned turn = 0; turn < 2; turn++) { /* each of them at once, then a pause */
            assert_ptr_equal(dns_secondary_due(p, now_ns, &next_ns), role);
            assert_int_equal(role->turn, turn);
            dns_secondary_done(p, role, now_ns, ERR_TIMEOUT);
        }
        assert_null(dns_secondary_due(p, now_ns, &next_ns));
        assert_int_equal(next_ns, now_ns + wait_ns);
        now_ns = next_ns;
        wait_ns = 2 * wait_ns < DNS_RETRY_MOST_NS ? 2 * wait_ns : DNS_RETRY_MOST_NS;
    }
    assert_int_equal(wait_ns, DNS_RETRY_MOST_NS);
    assert_int_equal(dns_secondary_expire(p, now_ns), TIME_NEVER); /* what isn't there can't expire */
    begin("theirs", DNS_SOA);
    assert_int_equal(send(DNS_QUERY), DNS_SERVFAIL);
}

static void the_soas_timers(void **state)
{
    struct dns_role *role = secondary("example", "192.0.2.1");
    uint64_t now_ns = 5 * NS_PER_S, came_ns = now_ns, next_ns;
    assert_ptr_equal(dns_secondary_due(p, now_ns, &next_ns), role);
    dns_secondary_done(p, role, now_ns, OK);
    assert_null(dns_secondary_due(p, now_ns, &next_ns));
    assert_int_equal(next_ns, now_ns + 3600 * NS_PER_S);
    for (now_ns = next_ns; now_ns < came_ns + 86400 * NS_PER_S; now_ns = next_ns) {
        assert_ptr_equal(dns_secondary_due(p, now_ns, &next_ns), role);
        dns_secondary_done(p, role, now_ns, ERR_TIMEOUT);
        assert_null(dns_secondary_due(p, now_ns, &next_ns));
        assert_int_equal(next_ns, now_ns + 600 * NS_PER_S);
        assert_int_equal(dns_secondary_expire(p, now_ns), came_ns + 86400 * NS_PER_S);
        assert_false(dns_zone_is_expired(zone_named("example")));
    }
    role->busy = true; /* it expires also while a primary is slow */
    assert_int_equal(dns_secondary_expire(p, came_ns + 86400 * NS_PER_S), TIME_NEVER);
    role->busy = false;
    assert_true(dns_zone_is_expired(zone_named("example")));
    assert_int_equal(p->n.n_expired, 1);
    begin("ns1.example", DNS_A);
    assert_int_equal(send(DNS_QUERY), DNS_SERVFAIL);
    dns_secondary_done(p, role, now_ns, ERR_NOT_FOUND); /* nothing newer: what we have is good again */
    assert_false(dns_zone_is_expired(zone_named("example")));
    assert_int_equal(dns_secondary_expire(p, now_ns), now_ns + 86400 * NS_PER_S);
    begin("ns1.example", DNS_A);
    assert_int_equal(send(DNS_QUERY), DNS_NOERROR);
}

/* Nobody knows how old it is: its time begins when no primary can be asked. */
static void a_copy_from_the_start_expires_too(void **state)
{
    struct dns_role *role = secondary("example", "192.0.2.1 192.0.2.2");
    uint64_t start_ns = 5 * NS_PER_S, end_ns = start_ns + 86400 * NS_PER_S;
    for (uint64_t now_ns = start_ns; now_ns < end_ns; now_ns += 7000 * NS_PER_S) {
        dns_secondary_done(p, role, now_ns, ERR_TIMEOUT); /* both of them */
        dns_secondary_done(p, role, now_ns, ERR_TIMEOUT);
        assert_int_equal(dns_secondary_expire(p, now_ns), end_ns);
    }
    assert_false(dns_zone_is_expired(zone_named("example")));
    assert_int_equal(dns_secondary_expire(p, end_ns), TIME_NEVER);
    assert_true(dns_zone_is_expired(zone_named("example")));
    dns_secondary_done(p, role, end_ns, ERR_TIMEOUT);
    dns_secondary_done(p, role, end_ns, ERR_TIMEOUT);
    assert_int_equal(dns_secondary_expire(p, end_ns), TIME_NEVER); /* once */
    assert_int_equal(p->n.n_expired, 1);
}

/* ---- NOTIFY ---- */

static void news_are_taken_of_those_who_may_have_some(void **state)
{
    struct dns_role *role = secondary("theirs", "192.0.2.1 192.0.2.2");
    uint64_t next_ns;
    role->due_ns = TIME_NEVER;
    assert_int_equal(notify("example", 1), DNS_REFUSED); /* of which we are the primary */
    assert_int_equal(notify("elsewhere", 1), DNS_NOTAUTH);
    assert_int_equal(notify("theirs", 3), DNS_REFUSED);
    assert_int_equal(p->n.n_notified_refused, 1);
    assert_null(dns_secondary_due(p, from.now_ns, &next_ns));
    assert_int_equal(notify("theirs", 2), DNS_NOERROR);
    assert_ptr_equal(dns_secondary_due(p, from.now_ns, &next_ns), role);
    assert_int_equal(role->turn, 1); /* who has the news is asked */
    assert_null(dns_access_parse(&p->notify, bytes_str("192.0.2.3")));
    assert_int_equal(notify("theirs", 3), DNS_NOERROR);
    assert_int_equal(role->turn, 1);
    assert_int_equal(p->n.n_notified, 2);
}

static void news_that_come_during_a_transfer_are_not_forgotten(void **state)
{
    struct dns_role *role = secondary("example", "192.0.2.1");
    uint64_t next_ns;
    assert_ptr_equal(dns_secondary_due(p, from.now_ns, &next_ns), role);
    role->busy = true;
    role->due_ns = TIME_NEVER;
    from.now_ns += NS_PER_S;
    assert_int_equal(notify("example", 1), DNS_NOERROR);
    assert_null(dns_secondary_due(p, from.now_ns, &next_ns)); /* not twice at once */
    role->busy = false;
    dns_secondary_done(p, role, from.now_ns + NS_PER_S, OK);
    assert_ptr_equal(dns_secondary_due(p, from.now_ns + NS_PER_S, &next_ns), role);
    role->due_ns = TIME_NEVER;
    dns_secondary_done(p, role, from.now_ns + NS_PER_S, OK);
    assert_null(dns_secondary_due(p, from.now_ns + NS_PER_S, &next_ns));
}

static void too_many_changes_at_once_are_told_by_timers(void **state)
{
    assert_null(dns_remotes_parse(&p->secondaries, bytes_str("192.0.2.1")));
    for (unsigned i = 0; i < N_ZONES; i++) {
        char text[32];
        (void)format(text, sizeof text, "z%u.test", i);
        assert_int_equal(dns_zones_put(&zones, zone_of(text, zone_text)), OK);
        struct dns_name n = name_of(text);
        dns_peers_changed(p, dns_name_bytes(&n));
        dns_peers_changed(p, dns_name_bytes(&n)); /* takes no second place */
    }
    assert_int_equal(p->n_notifies, DNS_NOTIFIES_MAX);
    assert_int_equal(p->n.n_notifies_dropped, 2 * (N_ZONES - DNS_NOTIFIES_MAX));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(words_of_servers),
        TEST(lists_of_those_who_may_have_a_limit),
        TEST(updates_of_those_who_may),
        TEST(what_is_not_kept_is_not_done),
        TEST(transfers_to_those_who_may),
        TEST(a_zone_that_never_came_is_asked_for_again_and_again),
        TEST(the_soas_timers),
        TEST(a_copy_from_the_start_expires_too),
        TEST(news_are_taken_of_those_who_may_have_some),
        TEST(news_that_come_during_a_transfer_are_not_forgotten),
        TEST(too_many_changes_at_once_are_told_by_timers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
