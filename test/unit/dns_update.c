/* SPDX-License-Identifier: ISC */
/* Dynamic updates: each case of RFC 2136 3, on a small zone. */
#include "proto/dns_update.h"
#include "test/support/dns_zone_rows.h"

static const char *const zone_text[] = {
    "@ SOA ns1 admin 100 3600 600 86400 300",
    "@ NS ns1",
    "@ NS ns2",
    "ns1 A 192.0.2.1",
    "ns2 A 192.0.2.2",
    "www A 192.0.2.3",
    "www A 192.0.2.4",
    "www TXT hello",
    "alias CNAME www",
    "only NS ns1",
    NULL,
};

static struct dns_zone *zone;
static struct dns_update_room room;
static struct dns_update_counters counters;
static struct dns_update_user user;
static struct dns_writer d;
static uint8_t buffer[DNS_MESSAGE_BYTES];

static int set_up(void **state)
{
    zone = zone_of("example", zone_text);
    memset(&counters, 0, sizeof counters);
    memset(&user, 0, sizeof user);
    return 0;
}

static int tear_down(void **state)
{
    dns_zone_release(zone);
    return 0;
}

static void begin(void)
{
    struct dns_name n = name_of("example");
    dns_write_begin(&d, buffer, sizeof buffer);
    assert_true(dns_write_question(&d, dns_name_bytes(&n), DNS_SOA, DNS_IN));
}

static void put(enum dns_section section, const char *name, uint16_t type, uint16_t class_, uint32_t ttl,
                const char *data)
{
    struct dns_name n = name_below(name, "example");
    uint8_t rdata[1024];
    struct bytes b = data ? rdata_of(type, data, "example", rdata, sizeof rdata) : (struct bytes){0};
    assert_true(dns_write_record(&d, section, dns_name_bytes(&n), type, class_, ttl, b));
}

static unsigned send(void)
{
    struct bytes m = dns_write_end(&d, 1, DNS_UPDATE << DNS_OPCODE_SHIFT);
    return dns_update(zone, m, &room, &user, &counters);
}

#define need(name, type, class_, data) put(DNS_ANSWER, name, type, class_, 0, data)
#define add(name, type, ttl, data) put(DNS_AUTHORITY, name, type, DNS_IN, ttl, data)
#define del(name, type, class_, data) put(DNS_AUTHORITY, name, type, class_, 0, data)

static unsigned one_prerequisite(const char *name, uint16_t type, uint16_t class_, uint32_t ttl, const char *data)
{
    begin();
    put(DNS_ANSWER, name, type, class_, ttl, data);
    add("probe", DNS_A, 60, "192.0.2.99");
    unsigned rcode = send();
    assert_int_equal(rcode == DNS_NOERROR, zone_has(zone, "probe", DNS_A, "192.0.2.99"));
    if (rcode == DNS_NOERROR)
        assert_int_equal(dns_zone_serial(zone), 101);
    else
        assert_int_equal(dns_zone_serial(zone), 100);
    return rcode;
}

/* ---- Prerequisites ---- */

struct row {
    const char *name;
    uint16_t type, class_;
    uint32_t ttl;
    const char *data;
    unsigned rcode;
};

static void each_prerequisite(void **state)
{
    static const struct row row[] = {
        {"www", DNS_A, DNS_ANY_CLASS, 0, NULL, DNS_NOERROR},
        {"WWW", DNS_A, DNS_ANY_CLASS, 0, NULL, DNS_NOERROR},
        {"www", DNS_AAAA, DNS_ANY_CLASS, 0, NULL, DNS_NXRRSET},
        {"none", DNS_A, DNS_ANY_CLASS, 0, NULL, DNS_NXRRSET},
        {"www", DNS_ANY, DNS_ANY_CLASS, 0, NULL, DNS_NOERROR},
        {"none", DNS_ANY, DNS_ANY_CLASS, 0, NULL, DNS_NXDOMAIN},
        {"www", DNS_A, DNS_NONE, 0, NULL, DNS_YXRRSET},
        {"www", DNS_AAAA, DNS_NONE, 0, NULL, DNS_NOERROR},
        {"www", DNS_ANY, DNS_NONE, 0, NULL, DNS_YXDOMAIN},
        {"none", DNS_ANY, DNS_NONE, 0, NULL, DNS_NOERROR},
        {"www", DNS_TXT, DNS_IN, 0, "hello", DNS_NOERROR},
        {"www", DNS_TXT, DNS_IN, 0, "Hello", DNS_NXRRSET},
        {"www", DNS_A, DNS_IN, 0, "192.0.2.3", DNS_NXRRSET}, /* one of two */
        {"none", DNS_A, DNS_IN, 0, "192.0.2.3", DNS_NXRRSET},
        {"alias", DNS_CNAME, DNS_IN, 0, "WWW.example.", DNS_NOERROR},
        /* those that are not whole */
        {"www", DNS_A, DNS_ANY_CLASS, 1, NULL, DNS_FORMERR},
        {"www", DNS_A, DNS_ANY_CLASS, 0, "192.0.2.3", DNS_FORMERR},
        {"www", DNS_AXFR, DNS_ANY_CLASS, 0, NULL, DNS_FORMERR},
        {"www", DNS_A, DNS_NONE, 1, NULL, DNS_FORMERR},
        {"www", DNS_A, DNS_NONE, 0, "192.0.2.3", DNS_FORMERR},
        {"www", DNS_A, DNS_IN, 1, "192.0.2.3", DNS_FORMERR},
        {"www", DNS_A, DNS_IN, 0, NULL, DNS_FORMERR}, /* an address of no bytes */
        {"www", DNS_ANY, DNS_IN, 0, NULL, DNS_FORMERR},
        {"www", DNS_A, DNS_CH, 0, "192.0.2.3", DNS_FORMERR},
        {"www.elsewhere.", DNS_A, DNS_ANY_CLASS, 0, NULL, DNS_NOTZONE},
        {"www.elsewhere.", DNS_A, DNS_IN, 0, "192.0.2.3", DNS_NOTZONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        const struct row *r = &row[i];
        assert_int_equal(one_prerequisite(r->name, r->type, r->class_, r->ttl, r->data), r->rcode);
        tear_down(state);
        set_up(state);
    }
}

static void sets_by_value(void **state)
{
    begin();
    need("www", DNS_A, DNS_IN, "192.0.2.4");
    need("www", DNS_TXT, DNS_IN, "hello");
    need("www", DNS_A, DNS_IN, "192.0.2.3");
    assert_int_equal(send(), DNS_NOERROR);
    begin(); /* one too many */
    need("www", DNS_A, DNS_IN, "192.0.2.4");
    need("www", DNS_A, DNS_IN, "192.0.2.3");
    need("www", DNS_A, DNS_IN, "192.0.2.5");
    assert_int_equal(send(), DNS_NXRRSET);
    begin(); /* the same one twice does not make two */
    need("www", DNS_A, DNS_IN, "192.0.2.3");
    need("www", DNS_A, DNS_IN, "192.0.2.3");
    assert_int_equal(send(), DNS_NXRRSET);
    assert_int_equal(counters.n_unmet, 2);
    assert_int_equal(counters.n_same, 1);
}

static void many_values_are_refused(void **state)
{
    begin();
    for (unsigned i = 0; i <= DNS_UPDATE_VALUES_MAX; i++)
        need("www", DNS_TXT, DNS_IN, "hello");
    assert_int_equal(send(), DNS_REFUSED);
    assert_int_equal(counters.n_refused, 1);
    begin();
    for (unsigned i = 0; i < DNS_UPDATE_VALUES_MAX; i++)
        need("www", DNS_TXT, DNS_IN, "hello");
    assert_int_equal(send(), DNS_NOERROR);
}

/* ---- Updates ---- */

static void each_malformed_update(void **state)
{
    static const struct row row[] = {
        {"www", DNS_A, DNS_IN, 60, NULL, DNS_FORMERR},
        {"www", DNS_ANY, DNS_IN, 60, NULL, DNS_FORMERR},
        {"www", DNS_AXFR, DNS_IN, 60, NULL, DNS_FORMERR},
        {"www", DNS_A, DNS_ANY_CLASS, 60, NULL, DNS_FORMERR},
        {"www", DNS_A, DNS_ANY_CLASS, 0, "192.0.2.3", DNS_FORMERR},
        {"www", DNS_IXFR, DNS_ANY_CLASS, 0, NULL, DNS_FORMERR},
        {"www", DNS_A, DNS_NONE, 60, "192.0.2.3", DNS_FORMERR},
        {"www", DNS_ANY, DNS_NONE, 0, NULL, DNS_FORMERR},
        {"www", DNS_A, DNS_CH, 60, "192.0.2.3", DNS_FORMERR},
        {"www.elsewhere.", DNS_A, DNS_IN, 60, "192.0.2.3", DNS_NOTZONE},
        {"www.elsewhere.", DNS_ANY, DNS_ANY_CLASS, 0, NULL, DNS_NOTZONE},
        {"www", DNS_NSEC, DNS_ANY_CLASS, 0, NULL, DNS_REFUSED},
        {"www", DNS_RRSIG, DNS_ANY_CLASS, 0, NULL, DNS_REFUSED},
        {"www", DNS_NSEC3, DNS_ANY_CLASS, 0, NULL, DNS_REFUSED},
        {"@", DNS_NSEC3PARAM, DNS_IN, 0, "1 0 0 -", DNS_REFUSED},
        {"@", DNS_DNSKEY, DNS_ANY_CLASS, 0, NULL, DNS_REFUSED},
        {"@", DNS_CDS, DNS_ANY_CLASS, 0, NULL, DNS_REFUSED},
        {"@", DNS_CDNSKEY, DNS_ANY_CLASS, 0, NULL, DNS_REFUSED},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        const struct row *r = &row[i];
        begin();
        add("before", DNS_A, 60, "192.0.2.99");
        put(DNS_AUTHORITY, r->name, r->type, r->class_, r->ttl, r->data);
        assert_int_equal(send(), r->rcode);
        assert_false(zone_has(zone, "before", DNS_A, "192.0.2.99"));
        assert_int_equal(dns_zone_serial(zone), 100);
    }
}

static void records_are_added(void **state)
{
    begin();
    add("new", DNS_A, 60, "192.0.2.9");
    add("new", DNS_MX, 60, "10 www.example.");
    add("www", DNS_A, 300, "192.0.2.5");
    assert_int_equal(send(), DNS_NOERROR);
    assert_true(zone_has(zone, "new", DNS_A, "192.0.2.9"));
    assert_true(zone_has(zone, "new", DNS_MX, "10 www.example."));
    assert_true(zone_has(zone, "www", DNS_A, "192.0.2.3"));
    assert_true(zone_has(zone, "www", DNS_A, "192.0.2.5"));
    assert_int_equal(dns_zone_serial(zone), 101);
    assert_int_equal(counters.n_done, 1);
    begin(); /* again: nothing changes, and so the serial doesn't */
    add("new", DNS_A, 60, "192.0.2.9");
    assert_int_equal(send(), DNS_NOERROR);
    assert_int_equal(dns_zone_serial(zone), 101);
    assert_int_equal(counters.n_same, 1);
    begin(); /* with another TTL it does */
    add("new", DNS_A, 61, "192.0.2.9");
    assert_int_equal(send(), DNS_NOERROR);
    assert_int_equal(dns_zone_serial(zone), 102);
}

static void cnames_stay_alone(void **state)
{
    begin();
    add("www", DNS_CNAME, 60, "ns1.example.");
    add("alias", DNS_A, 60, "192.0.2.9");
    assert_int_equal(send(), DNS_NOERROR);
    assert_false(zone_has(zone, "www", DNS_CNAME, "ns1.example."));
    assert_false(zone_has(zone, "alias", DNS_A, "192.0.2.9"));
    assert_int_equal(dns_zone_serial(zone), 100);
    begin();
    add("alias", DNS_CNAME, 60, "ns1.example."); /* the one that there is is replaced */
    assert_int_equal(send(), DNS_NOERROR);
    assert_true(zone_has(zone, "alias", DNS_CNAME, "ns1.example."));
    assert_false(zone_has(zone, "alias", DNS_CNAME, "www.example."));
    begin(); /* what the same message made room for is fine */
    del("www", DNS_ANY, DNS_ANY_CLASS, NULL);
    add("www", DNS_CNAME, 60, "ns1.example.");
    assert_int_equal(send(), DNS_NOERROR);
    assert_true(zone_has(zone, "www", DNS_CNAME, "ns1.example."));
}

static void the_soa(void **state)
{
    begin();
    add("@", DNS_SOA, 60, "ns1.example. admin.example. 100 1 1 1 1"); /* not newer: ignored */
    add("www", DNS_SOA, 60, "ns1.example. admin.example. 200 1 1 1 1");
    del("@", DNS_SOA, DNS_ANY_CLASS, NULL);
    del("@", DNS_SOA, DNS_NONE, "ns1.example. admin.example. 100 3600 600 86400 300");
    assert_int_equal(send(), DNS_NOERROR);
    assert_int_equal(dns_zone_serial(zone), 100);
    assert_false(zone_has(zone, "www", DNS_SOA, "ns1.example. admin.example. 200 1 1 1 1"));
    begin();
    add("@", DNS_SOA, 60, "ns1.example. admin.example. 4000 1 2 3 4");
    add("new", DNS_A, 60, "192.0.2.9");
    assert_int_equal(send(), DNS_NOERROR);
    assert_int_equal(dns_zone_serial(zone), 4000); /* not 4001 */
    assert_true(zone_has(zone, "@", DNS_SOA, "ns1.example. admin.example. 4000 1 2 3 4"));
}

static void serials_wrap_around(void **state)
{
    struct dns_soa soa;
    begin();
    add("@", DNS_SOA, 60, "ns1.example. admin.example. 2147483747 1 2 3 4"); /* 100 + 2^31 - 1 */
    assert_int_equal(send(), DNS_NOERROR);
    begin();
    add("@", DNS_SOA, 60, "ns1.example. admin.example. 4294967295 1 2 3 4");
    assert_int_equal(send(), DNS_NOERROR);
    assert_int_equal(dns_zone_serial(zone), UINT32_MAX);
    begin();
    add("new", DNS_A, 60, "192.0.2.9");
    assert_int_equal(send(), DNS_NOERROR);
    assert_int_equal(dns_zone_serial(zone), 1); /* not 0 */
    assert_true(dns_zone_soa(zone, &soa));
    assert_int_equal(soa.minimum_s, 4);
    assert_int_equal(soa.ttl, 60);
}

static void deletions(void **state)
{
    begin();
    del("www", DNS_A, DNS_NONE, "192.0.2.3");
    del("ns2", DNS_A, DNS_ANY_CLASS, NULL);
    del("none", DNS_A, DNS_ANY_CLASS, NULL);
    del("www", DNS_A, DNS_NONE, "192.0.2.77");
    del("alias", DNS_CNAME, DNS_NONE, "www.EXAMPLE.");
    assert_int_equal(send(), DNS_NOERROR);
    assert_false(zone_has(zone, "www", DNS_A, "192.0.2.3"));
    assert_true(zone_has(zone, "www", DNS_A, "192.0.2.4"));
    assert_false(zone_has(zone, "ns2", DNS_A, "192.0.2.2"));
    assert_false(zone_has(zone, "alias", DNS_CNAME, "www.example."));
    begin();
    del("www", DNS_ANY, DNS_ANY_CLASS, NULL);
    assert_int_equal(send(), DNS_NOERROR);
    assert_false(zone_has(zone, "www", DNS_TXT, "hello"));
    assert_int_equal(dns_zone_serial(zone), 102);
}

static void the_apex_is_kept(void **state)
{
    begin();
    add("@", DNS_TXT, 60, "gone");
    assert_int_equal(send(), DNS_NOERROR);
    begin();
    del("@", DNS_ANY, DNS_ANY_CLASS, NULL);
    del("@", DNS_NS, DNS_ANY_CLASS, NULL);
    assert_int_equal(send(), DNS_NOERROR);
    assert_false(zone_has(zone, "@", DNS_TXT, "gone"));
    assert_true(zone_has(zone, "@", DNS_NS, "ns1.example."));
    assert_true(zone_has(zone, "@", DNS_NS, "ns2.example."));
    begin();
    del("@", DNS_NS, DNS_NONE, "ns1.example.");
    del("@", DNS_NS, DNS_NONE, "ns2.example.");    /* the last one stays */
    del("only", DNS_NS, DNS_NONE, "ns1.example."); /* elsewhere it goes */
    assert_int_equal(send(), DNS_NOERROR);
    assert_false(zone_has(zone, "@", DNS_NS, "ns1.example."));
    assert_true(zone_has(zone, "@", DNS_NS, "ns2.example."));
    assert_false(zone_has(zone, "only", DNS_NS, "ns1.example."));
}

static void only_its_zone(void **state)
{
    struct dns_name n = name_of("other");
    dns_write_begin(&d, buffer, sizeof buffer);
    dns_write_question(&d, dns_name_bytes(&n), DNS_SOA, DNS_IN);
    assert_int_equal(send(), DNS_NOTAUTH);
    n = name_of("example");
    dns_write_begin(&d, buffer, sizeof buffer);
    dns_write_question(&d, dns_name_bytes(&n), DNS_A, DNS_IN);
    assert_int_equal(send(), DNS_FORMERR);
    dns_write_begin(&d, buffer, sizeof buffer);
    assert_int_equal(send(), DNS_FORMERR);
    begin();
    dns_write_question(&d, dns_name_bytes(&n), DNS_SOA, DNS_IN);
    assert_int_equal(send(), DNS_FORMERR);
    dns_write_begin(&d, buffer, sizeof buffer);
    dns_write_question(&d, dns_name_bytes(&n), DNS_SOA, DNS_CH);
    assert_int_equal(send(), DNS_NOTAUTH);
    assert_int_equal(counters.n_malformed, 5);
}

static void whatever_is_cut_off_changes_nothing(void **state)
{
    begin();
    need("www", DNS_TXT, DNS_IN, "hello");
    add("new", DNS_MX, 60, "10 www.example.");
    struct bytes m = dns_write_end(&d, 1, DNS_UPDATE << DNS_OPCODE_SHIFT);
    for (size_t n = 0; n < m.len; n++) {
        assert_int_equal(dns_update(zone, bytes_slice(m, 0, n), &room, &user, &counters), DNS_FORMERR);
        assert_int_equal(dns_zone_serial(zone), 100);
    }
    assert_int_equal(dns_update(zone, m, &room, &user, &counters), DNS_NOERROR);
}

/* ---- Who keeps it ---- */

static unsigned n_kept, n_done, n_signed;
static struct dns_entry *last;

static enum err refuse(struct dns_update_user *u, struct dns_zone *z, const struct dns_entry *e)
{
    n_kept++;
    return ERR_IO;
}

static enum err sign(struct dns_update_user *u, struct dns_zone *z)
{
    struct dns_name n = name_of("example");
    uint8_t rdata[64];
    n_signed++;
    return dns_zone_add(z, dns_name_bytes(&n), DNS_TXT, 5, rdata_of(DNS_TXT, "signed", "example", rdata, sizeof rdata));
}

static void done(struct dns_update_user *u, struct dns_zone *z, struct dns_entry *e)
{
    n_done++;
    last = e;
}

static void what_is_not_kept_is_taken_back(void **state)
{
    user = (struct dns_update_user){.keep = refuse, .done = done};
    n_kept = n_done = 0;
    begin();
    add("new", DNS_A, 60, "192.0.2.9");
    del("www", DNS_ANY, DNS_ANY_CLASS, NULL);
    assert_int_equal(send(), DNS_SERVFAIL);
    assert_int_equal(n_kept, 1);
    assert_int_equal(n_done, 0);
    assert_int_equal(counters.n_failed, 1);
    assert_false(zone_has(zone, "new", DNS_A, "192.0.2.9"));
    assert_true(zone_has(zone, "www", DNS_TXT, "hello"));
    assert_int_equal(dns_zone_serial(zone), 100);
}

static void entries_say_it_all(void **state)
{
    user = (struct dns_update_user){.sign = sign, .done = done};
    n_signed = n_done = 0;
    struct dns_zone *copy = zone_of("example", zone_text);
    begin();
    add("new", DNS_A, 60, "192.0.2.9");
    add("www", DNS_A, 77, "192.0.2.4");
    del("alias", DNS_ANY, DNS_ANY_CLASS, NULL);
    assert_int_equal(send(), DNS_NOERROR);
    assert_int_equal(n_signed, 1);
    assert_int_equal(n_done, 1);
    assert_int_equal(last->from, 100);
    assert_int_equal(last->to, 101);
    /* applied to the zone as it was, it gives what we have */
    struct dns_entry *again;
    assert_int_equal(dns_entry_parse(bytes_of(last->data, last->len), &again), OK);
    assert_int_equal(again->from, 100);
    assert_int_equal(again->to, 101);
    assert_int_equal(again->n_removed, last->n_removed);
    assert_int_equal(again->n_added, last->n_added);
    dns_zone_begin(copy);
    assert_int_equal(dns_entry_apply(again, copy), OK);
    dns_zone_commit(copy);
    assert_zones_equal(zone, copy);
    dns_zone_begin(copy); /* but not twice */
    assert_int_equal(dns_entry_apply(again, copy), ERR_INVALID);
    dns_zone_abort(copy);
    for (size_t n = 0; n < last->len; n++) {
        struct dns_entry *cut;
        if (dns_entry_parse(bytes_of(last->data, n), &cut) == OK)
            dns_entry_release(cut); /* between two records behind the second SOA */
    }
    dns_entry_release(again);
    dns_entry_release(last);
    dns_zone_release(copy);
}

static void no_memory_takes_it_back(void **state)
{
    struct dns_zone_stats stats;
    unsigned rcode = DNS_NOERROR, n = 0;
    struct dns_zone *small;
    struct dns_name origin = name_of("example");
    assert_int_equal(dns_zone_new(dns_name_bytes(&origin), 1, 256 << 10, &small), OK);
    zone_fill(small, "example", zone_text);
    dns_zone_release(zone);
    zone = small;
    while (rcode == DNS_NOERROR) {
        char name[32];
        begin();
        for (int i = 0; i < 100; i++) {
            (void)format(name, sizeof name, "n%u", n++);
            add(name, DNS_TXT, 60, "some-text-that-takes-room-some-text-that-takes-room-some-text-that-takes-room");
        }
        rcode = send();
    }
    assert_int_equal(rcode, DNS_SERVFAIL);
    assert_int_equal(counters.n_failed, 1);
    dns_zone_stats(zone, &stats);
    assert_int_equal(stats.n_refused, 1);
    assert_int_equal(dns_zone_serial(zone), 100 + counters.n_done);
    assert_int_equal(stats.n_records, 10 + 100 * counters.n_done);
}

static void a_history_is_bounded_and_without_gaps(void **state)
{
    struct dns_history h;
    dns_history_init(&h, 1000);
    user = (struct dns_update_user){.done = done};
    for (uint32_t i = 0; i < 20; i++) {
        char text[32];
        begin();
        (void)format(text, sizeof text, "192.0.2.%u", i + 10);
        add("new", DNS_A, 60, text);
        assert_int_equal(send(), DNS_NOERROR);
        dns_history_add(&h, last);
        assert_true(h.bytes <= 1000);
    }
    assert_true(h.n_dropped > 0);
    assert_null(dns_history_find(&h, 100));
    assert_null(dns_history_find(&h, 120));
    struct dns_entry *e = dns_history_find(&h, 119), *kept = e;
    assert_non_null(e);
    assert_null(dns_history_next(&h, e));
    dns_entry_hold(kept);
    unsigned n = 0;
    for (e = dns_history_find(&h, (uint32_t)(100 + h.n_dropped)); e; e = dns_history_next(&h, e), n++)
        assert_int_equal(e->from, 100 + h.n_dropped + n);
    assert_int_equal(n, 20 - h.n_dropped);
    dns_history_clear(&h);
    assert_int_equal(h.bytes, 0);
    assert_int_equal(kept->to, 120); /* still there for who holds it */
    dns_entry_release(kept);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_prerequisite),
        TEST(sets_by_value),
        TEST(many_values_are_refused),
        TEST(each_malformed_update),
        TEST(records_are_added),
        TEST(cnames_stay_alone),
        TEST(the_soa),
        TEST(serials_wrap_around),
        TEST(deletions),
        TEST(the_apex_is_kept),
        TEST(only_its_zone),
        TEST(whatever_is_cut_off_changes_nothing),
        TEST(what_is_not_kept_is_taken_back),
        TEST(entries_say_it_all),
        TEST(no_memory_takes_it_back),
        TEST(a_history_is_bounded_and_without_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
