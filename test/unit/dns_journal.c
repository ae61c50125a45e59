/* SPDX-License-Identifier: ISC */
/* The journal of changes on the simulator's disks: power cuts at each write and flush of a run of updates, full devices, devices
 * that fail, that hold something else or that have lost something. */
#include "proto/dns_journal.h"
#include "proto/dns_merge.h"
#include "plat/sim/internal.h"
#include "test/support/dns_zone_rows.h"

#include <jinn/random.h>

#define BLOCK 512
#define N_UPDATES 150 /* enough to be summed up twice */
#define N_NAMES 24

static const char *const zone_text[] = {
    "@ SOA ns1 admin 100 3600 600 86400 300",
    "@ NS ns1",
    "ns1 A 192.0.2.1",
    "n1 TXT was-here",
    "n2 TXT was-here",
    "n2 A 192.0.2.2",
    NULL,
};

/* ---- A block device over a simulated disk, which loses power before its n-th write or flush ---- */

static struct sim *sim;
static struct sim_disk *medium;
static unsigned n_operations, cut_at;

static bool has_power(void)
{
    return ++n_operations <= cut_at;
}

static enum err read_medium(struct block *b, uint64_t offset, void *to, size_t len)
{
    return sim_disk_read(medium, offset, to, len);
}

static enum err write_medium(struct block *b, uint64_t offset, const void *data, size_t len)
{
    if (has_power())
        return sim_disk_write(medium, offset, data, len);
    if (n_operations == cut_at + 1) /* it goes while this is under way: some of it may get there */
        (void)!sim_disk_write(medium, offset, data, len);
    return ERR_IO;
}

static enum err flush_medium(struct block *b)
{
    return has_power() ? sim_disk_flush(medium) : ERR_IO;
}

static const struct block_ops ops = {read_medium, write_medium, flush_medium, NULL};
static struct block device;

static void new_device(size_t bytes, bool torn)
{
    static uint64_t seed;
    if (sim)
        sim_free(sim);
    sim = sim_new(++seed);
    medium = sim_disk_add(sim, bytes, BLOCK);
    sim_disk_faults(medium, &(struct sim_disk_faults){.torn = torn});
    device = (struct block){&ops, bytes, BLOCK};
    n_operations = 0;
    cut_at = UINT32_MAX - 1;
}

static void power_comes_back(void)
{
    sim_disk_cut(medium);
    n_operations = 0;
    cut_at = UINT32_MAX - 1;
}

/* ---- A zone, and updates of it, the i-th always the same ---- */

static struct dns_zone *zone;
static struct dns_zones zones;
static struct dns_journal journal;
static struct dns_update_room room;
static struct dns_update_counters counters;
static struct dns_writer d;
static uint8_t buffer[DNS_MESSAGE_BYTES];

static enum err keep(struct dns_update_user *u, struct dns_zone *z, const struct dns_entry *e)
{
    return journal.keeper.keep(&journal.keeper, z, e);
}

static struct dns_update_user kept = {.keep = keep}, not_kept;

static void begin(void)
{
    struct dns_name n = name_of("example");
    dns_write_begin(&d, buffer, sizeof buffer);
    assert_true(dns_write_question(&d, dns_name_bytes(&n), DNS_SOA, DNS_IN));
}

static void put(const char *name, uint16_t type, uint16_t class_, uint32_t ttl, const char *data)
{
    struct dns_name n = name_below(name, "example");
    uint8_t rdata[1024];
    struct bytes b = data ? rdata_of(type, data, "example", rdata, sizeof rdata) : (struct bytes){0};
    assert_true(dns_write_record(&d, DNS_AUTHORITY, dns_name_bytes(&n), type, class_, ttl, b));
}

static unsigned send(struct dns_zone *z, struct dns_update_user *u)
{
    return dns_update(z, dns_write_end(&d, 1, DNS_UPDATE << DNS_OPCODE_SHIFT), &room, u, &counters);
}

/* Adds and removes, changes TTLs alone, takes away what the zone began with, and now and then is as long as many blocks. */
static void compose(unsigned i)
{
    char name[32], text[256];
    uint32_t x = i * 2654435761u;
    begin();
    (void)format(name, sizeof name, "n%u", (x >> 8) % N_NAMES);
    (void)format(text, sizeof text, "text-%u", i);
    if ((x >> 3) % 4 == 0)
        put(name, DNS_ANY, DNS_ANY_CLASS, 0, NULL);
    put(name, DNS_TXT, DNS_IN, 60 + i % 3, text);
    (void)format(name, sizeof name, "n%u", ((x >> 8) + 1 + (x >> 16) % (N_NAMES - 1)) % N_NAMES);
    put(name, DNS_TXT, DNS_ANY_CLASS, 0, NULL); /* another one */
    for (unsigned n = 0; i % 25 == 7 && n < 40; n++) {
        (void)format(text, sizeof text, "a-long-text-of-many-%u-%u-................................................", i,
                     n);
        put("big", DNS_TXT, DNS_IN, 60, text);
    }
    if (i % 25 == 9)
        put("big", DNS_TXT, DNS_ANY_CLASS, 0, NULL);
}

/* The zone after so many updates. */
static struct dns_zone *expected[N_UPDATES + 1];

static int expect_all(void **state)
{
    assert_int_equal(random_init(), OK);
    for (unsigned n = 0; n <= N_UPDATES; n++) {
        expected[n] = zone_of("example", zone_text);
        for (unsigned i = 0; i < n; i++) {
            compose(i);
            assert_int_equal(send(expected[n], &not_kept), DNS_NOERROR);
        }
        assert_int_equal(dns_zone_serial(expected[n]), 100 + n);
    }
    return 0;
}

static void load(const char *const *text)
{
    dns_zones_free(&zones);
    dns_zones_init(&zones, 1, 4);
    zone = zone_of("example", text);
    assert_int_equal(dns_zones_put(&zones, zone), OK);
}

/* As a server that starts. */
static void start(void)
{
    load(zone_text);
    assert_int_equal(dns_journal_open(&journal, &device), OK);
    assert_int_equal(dns_journal_replay(&journal, &zones, NULL, NULL), OK);
    assert_int_equal(journal.n.n_gaps, 0);
}

/* Updates from here on, until one is refused or all are done: how many have been answered well, altogether. */
static unsigned go_on(unsigned from)
{
    for (unsigned i = from; i < N_UPDATES; i++) {
        compose(i);
        if (send(zone, &kept) != DNS_NOERROR)
            return i;
    }
    return N_UPDATES;
}

static int set_up(void **state)
{
    memset(&counters, 0, sizeof counters);
    return 0;
}

/* ---- Power ---- */

/* What is there is what was answered, or that and the update that was under way. */
static unsigned check_state(unsigned n_answered)
{
    unsigned n = dns_zone_serial(zone) - 100;
    assert_in_range(n, n_answered, n_answered + 1);
    assert_zones_equal(zone, expected[n]);
    return n;
}

static bool one_run(unsigned cut, bool torn, uint64_t *n_compacted)
{
    unsigned n_answered = 0;
    new_device(DNS_JOURNAL_LEAST_BYTES, torn);
    cut_at = cut;
    load(zone_text);
    if (dns_journal_open(&journal, &device) == OK)
        n_answered = go_on(0);
    *n_compacted += journal.n.n_compacted;
    if (n_answered == N_UPDATES)
        return false;
    power_comes_back();
    start();
    unsigned n = check_state(n_answered);
    /* and it goes on from there, with another cut in the middle of that */
    cut_at = 7;
    n_answered = go_on(n);
    power_comes_back();
    start();
    check_state(n_answered);
    return true;
}

static void nothing_answered_is_lost_wherever_the_power_goes(void **state)
{
    for (int torn = 0; torn < 2; torn++) {
        uint64_t n_compacted = 0;
        unsigned cut = 0;
        while (one_run(cut, torn, &n_compacted))
            cut++;
        assert_true(cut > 2 * N_UPDATES);
        assert_true(n_compacted > 2 * N_UPDATES / 3); /* twice in the last third of the runs, once in the middle one */
    }
}

/* The same cut many times over: what gets to the medium is drawn anew. */
static void a_sum_is_all_there_or_not(void **state)
{
    uint64_t n_compacted = 0;
    new_device(DNS_JOURNAL_LEAST_BYTES, true);
    load(zone_text);
    assert_int_equal(dns_journal_open(&journal, &device), OK);
    unsigned n = 0;
    while (journal.n.n_compacted == 0) {
        compose(n++);
        assert_int_equal(send(zone, &kept), DNS_NOERROR);
    }
    unsigned end = n_operations;
    for (unsigned cut = end - 6; cut <= end; cut++) {
        for (unsigned i = 0; i < 20; i++)
            assert_true(one_run(cut, true, &n_compacted));
    }
    assert_true(n_compacted >= 20);
}

static void without_a_cut_all_is_there(void **state)
{
    new_device(DNS_JOURNAL_LEAST_BYTES, false);
    start();
    assert_int_equal(go_on(0), N_UPDATES);
    assert_int_equal(journal.n.n_kept, N_UPDATES);
    assert_in_range(journal.n.n_compacted, 2, 10);
    start();
    assert_zones_equal(zone, expected[N_UPDATES]);
    assert_int_equal(journal.n.n_old, 0);
    start(); /* reading changes nothing */
    assert_zones_equal(zone, expected[N_UPDATES]);
}

/* ---- Room ---- */

static unsigned add_until_full(const char *prefix)
{
    unsigned n = 0, rcode = DNS_NOERROR;
    while (rcode == DNS_NOERROR) {
        char name[32];
        begin();
        (void)format(name, sizeof name, "%s%u", prefix, n++);
        for (unsigned i = 0; i < 4; i++) {
            char text[256];
            (void)format(text, sizeof text, "%u-%u-.......................................................", n, i);
            put(name, DNS_TXT, DNS_IN, 60, text);
        }
        rcode = send(zone, &kept);
    }
    assert_int_equal(rcode, DNS_SERVFAIL);
    return n - 1;
}

static void a_full_device_refuses_and_loses_nothing(void **state)
{
    new_device(DNS_JOURNAL_LEAST_BYTES, true);
    start();
    unsigned n = add_until_full("full");
    assert_in_range(n, 60, 120); /* of 280 bytes each, once summed up, in 32 KB */
    assert_int_equal(journal.n.n_full, 1);
    assert_int_equal(counters.n_failed, 1);
    assert_int_equal(dns_zone_serial(zone), 100 + n);
    struct dns_zone *before = dns_zone_hold(zone);
    power_comes_back();
    start();
    assert_zones_equal(zone, before);
    dns_zone_release(before);
    /* what removes something finds room all the same, and makes some */
    begin();
    put("full0", DNS_TXT, DNS_ANY_CLASS, 0, NULL);
    put("full1", DNS_TXT, DNS_ANY_CLASS, 0, NULL);
    assert_int_equal(send(zone, &kept), DNS_NOERROR);
    assert_int_equal(add_until_full("more"), 2);
    before = dns_zone_hold(zone);
    power_comes_back();
    start();
    assert_zones_equal(zone, before);
    dns_zone_release(before);
}

static void small_devices_are_refused(void **state)
{
    new_device(DNS_JOURNAL_LEAST_BYTES - BLOCK, false);
    assert_int_equal(dns_journal_open(&journal, &device), ERR_INVALID);
    assert_int_equal(n_operations, 0);
}

/* ---- Devices that fail ---- */

static void a_device_that_fails_is_not_written_again(void **state)
{
    new_device(DNS_JOURNAL_LEAST_BYTES, false);
    start();
    compose(0);
    assert_int_equal(send(zone, &kept), DNS_NOERROR);
    sim_disk_faults(medium, &(struct sim_disk_faults){.flush_error_ppm = 1000000});
    compose(1);
    assert_int_equal(send(zone, &kept), DNS_SERVFAIL);
    assert_int_equal(dns_zone_serial(zone), 101);
    sim_disk_faults(medium, &(struct sim_disk_faults){0});
    unsigned before = n_operations;
    compose(1);
    assert_int_equal(send(zone, &kept), DNS_SERVFAIL);
    assert_int_equal(n_operations, before);
    assert_int_equal(journal.n.n_failed, 1);
    start(); /* the write had got there: after the update that nobody was told of */
    assert_int_equal(go_on(check_state(1)), N_UPDATES);
}

static void a_device_that_cannot_be_read_is_said(void **state)
{
    new_device(DNS_JOURNAL_LEAST_BYTES, false);
    start();
    sim_disk_faults(medium, &(struct sim_disk_faults){.read_error_ppm = 1000000});
    assert_int_equal(dns_journal_open(&journal, &device), ERR_IO);
}

static void what_is_something_else_is_left_alone(void **state)
{
    static const size_t place[] = {
        0, 5, 100, BLOCK - 1, BLOCK, 1080, DNS_JOURNAL_LEAST_BYTES / 2, DNS_JOURNAL_LEAST_BYTES - 1};
    for (size_t i = 0; i < ARRAY_LEN(place); i++) {
        new_device(DNS_JOURNAL_LEAST_BYTES, false);
        sim_disk_data(medium)[place[i]] = 1;
        assert_int_equal(dns_journal_open(&journal, &device), ERR_MALFORMED);
        assert_int_equal(n_operations, 0);
    }
}

/* Each byte of each block that is in use, wrong: of the last record it looks like a write that was torn, of all others it's said. */
static void what_was_lost_is_said(void **state)
{
    new_device(DNS_JOURNAL_LEAST_BYTES, false);
    start();
    for (unsigned i = 0; i < 3; i++) {
        compose(i);
        assert_int_equal(send(zone, &kept), DNS_NOERROR);
    }
    assert_int_equal(journal.at, 4 * BLOCK);
    (void)!sim_disk_flush(medium);
    for (size_t at = 0; at < 4 * BLOCK; at++) {
        uint8_t *byte = sim_disk_data(medium) + at;
        *byte ^= 0x40;
        enum err e = dns_journal_open(&journal, &device);
        *byte ^= 0x40;
        if (e == OK) /* a byte behind a record's end, or of the last one */
            assert_true(journal.next == 3 || (journal.next == 2 && at >= 3 * BLOCK));
        else
            assert_int_equal(e, ERR_MALFORMED);
        if (at % BLOCK < 100 && at < 3 * BLOCK)
            assert_int_equal(e, at % BLOCK < 72 || at >= BLOCK ? ERR_MALFORMED : OK);
    }
}

/* A journal whose first block is lost isn't taken for the one that was summed up into it. */
static void an_old_half_is_not_taken_for_the_new_one(void **state)
{
    new_device(DNS_JOURNAL_LEAST_BYTES, false);
    start();
    unsigned n = 0;
    while (journal.n.n_compacted == 0) {
        compose(n++);
        assert_int_equal(send(zone, &kept), DNS_NOERROR);
    }
    sim_disk_data(medium)[journal.half * journal.half_bytes] ^= 1;
    assert_int_equal(dns_journal_open(&journal, &device), ERR_MALFORMED);
}

/* ---- Zones that are not what they were ---- */

static void replay_with(uint32_t serial)
{
    char soa[64];
    const char *const text[] = {
        soa, "@ NS ns1", "ns1 A 192.0.2.1", "n1 TXT was-here", "n2 TXT was-here", "n2 A 192.0.2.2", NULL};
    (void)format(soa, sizeof soa, "@ SOA ns1 admin %u 3600 600 86400 300", serial);
    load(text);
    assert_int_equal(dns_journal_open(&journal, &device), OK);
    assert_int_equal(dns_journal_replay(&journal, &zones, NULL, NULL), OK);
}

static void a_file_that_is_newer_wins_and_an_older_one_is_a_gap(void **state)
{
    new_device(DNS_JOURNAL_LEAST_BYTES, false);
    start();
    for (unsigned i = 0; i < 3; i++) {
        compose(i);
        assert_int_equal(send(zone, &kept), DNS_NOERROR);
    }
    replay_with(103);
    assert_int_equal(dns_zone_serial(zone), 103);
    assert_int_equal(journal.n.n_old, 3);
    replay_with(99);
    assert_int_equal(journal.n.n_gaps, 3);
    assert_int_equal(journal.gap.have, 99);
    assert_int_equal(journal.gap.from, 100);
    assert_int_equal(dns_zone_serial(zone), 99);
    replay_with(200);
    assert_int_equal(journal.n.n_old, 3);
    assert_int_equal(journal.n.n_gaps, 0);
    /* changes to that one lead on from there, also when they are summed up */
    compose(3);
    assert_int_equal(send(zone, &kept), DNS_NOERROR);
    while (journal.n.n_compacted == 0) {
        compose(4);
        put("counter", DNS_A, DNS_ANY_CLASS, 0, NULL);
        put("counter", DNS_A, DNS_IN, dns_zone_serial(zone), "192.0.2.3");
        assert_int_equal(send(zone, &kept), DNS_NOERROR);
    }
    uint32_t last = dns_zone_serial(zone);
    replay_with(200);
    assert_int_equal(dns_zone_serial(zone), last);
    assert_int_equal(journal.n.n_old, 0);
    dns_zones_free(&zones);
    dns_zones_init(&zones, 1, 4);
    zone = NULL;
    assert_int_equal(dns_journal_open(&journal, &device), OK);
    assert_int_equal(dns_journal_replay(&journal, &zones, NULL, NULL), OK);
    assert_int_equal(journal.n.n_without_zone, journal.next);
}

/* ---- Sums ---- */

static struct dns_merge merge;
static unsigned n_entries;

static enum err add_to_sum(struct dns_update_user *u, struct dns_zone *z, const struct dns_entry *e)
{
    assert_int_equal(dns_merge_add(&merge, dns_zone_origin(z), bytes_of(e->data, e->len)), OK);
    return OK;
}

static enum err apply_sum(void *user, struct bytes origin, struct bytes data)
{
    struct dns_entry *e;
    struct dns_zone *z = user;
    assert_int_equal(dns_entry_parse(data, &e), OK);
    dns_zone_begin(z);
    assert_int_equal(dns_entry_apply(e, z), OK);
    dns_zone_commit(z);
    n_entries += e->n_removed + e->n_added;
    dns_entry_release(e);
    return OK;
}

static void sums_lead_from_any_version_to_any_later(void **state)
{
    struct dns_update_user summing = {.keep = add_to_sum};
    for (unsigned from = 0; from < N_UPDATES; from += 10) {
        for (unsigned to = from + 1; to <= N_UPDATES; to += 23) {
            struct dns_zone *z = zone_of("example", zone_text), *again = zone_of("example", zone_text);
            dns_merge_init(&merge);
            for (unsigned i = 0; i < to; i++) {
                compose(i);
                assert_int_equal(send(z, i < from ? &not_kept : &summing), DNS_NOERROR);
                compose(i);
                if (i < from)
                    assert_int_equal(send(again, &not_kept), DNS_NOERROR);
            }
            n_entries = 0;
            assert_int_equal(dns_merge_each(&merge, apply_sum, again), OK);
            assert_zones_equal(z, again);
            assert_zones_equal(z, expected[to]);
            assert_in_range(n_entries, 2,
                            2 + 2 * (N_UPDATES + 45)); /* no more than there ever was, once removed and once added */
            dns_merge_free(&merge);
            dns_zone_release(z);
            dns_zone_release(again);
        }
    }
}

/* Around to where it began, RFC 1982: the sum still has both SOAs. */
static void serials_may_come_around(void **state)
{
    static const char *const soa[] = {"ns1 admin 2000000000 3600 600 86400 300",
                                      "ns1 admin 4000000000 3600 600 86400 300", "ns1 admin 100 3600 600 86400 300"};
    struct dns_update_user summing = {.keep = add_to_sum};
    struct dns_zone *z = zone_of("example", zone_text), *again = zone_of("example", zone_text);
    dns_merge_init(&merge);
    for (size_t i = 0; i < ARRAY_LEN(soa); i++) {
        begin();
        put("@", DNS_SOA, DNS_IN, 300, soa[i]);
        put("n1", DNS_A, DNS_IN, 300, i ? "192.0.2.1" : "192.0.2.2");
        assert_int_equal(send(z, &summing), DNS_NOERROR);
    }
    assert_int_equal(dns_zone_serial(z), 100);
    assert_int_equal(dns_merge_each(&merge, apply_sum, again), OK);
    assert_zones_equal(z, again);
    dns_merge_free(&merge);
    dns_zone_release(z);
    dns_zone_release(again);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, set_up)
    const struct CMUnitTest tests[] = {
        TEST(without_a_cut_all_is_there),
        TEST(nothing_answered_is_lost_wherever_the_power_goes),
        TEST(a_sum_is_all_there_or_not),
        TEST(a_full_device_refuses_and_loses_nothing),
        TEST(small_devices_are_refused),
        TEST(a_device_that_fails_is_not_written_again),
        TEST(a_device_that_cannot_be_read_is_said),
        TEST(what_is_something_else_is_left_alone),
        TEST(what_was_lost_is_said),
        TEST(an_old_half_is_not_taken_for_the_new_one),
        TEST(a_file_that_is_newer_wins_and_an_older_one_is_a_gap),
        TEST(sums_lead_from_any_version_to_any_later),
        TEST(serials_may_come_around),
    };
    int failed = cmocka_run_group_tests(tests, expect_all, NULL);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        dns_zone_release(expected[i]);
    dns_zones_free(&zones);
    sim_free(sim);
    return failed;
}
