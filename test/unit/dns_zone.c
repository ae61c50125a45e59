/* SPDX-License-Identifier: ISC */
/* The store of a zone against a model of it: an array of what is there, copied where the zone has versions. Random changes,
 * taken back at times, under limits that are reached, while cursors walk. And sets of zones, and what dns_zone_check says. */
#include "test/support/dns_zone_text.h"

#include "base/spread.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define N_NAMES 40
#define N_TYPES 6
#define N_DATA 5
#define N_CURSORS 4

/* In the order in which a cursor gives them. */
static const struct {
    uint16_t type, covered;
} types[N_TYPES] = {{DNS_A, 0}, {DNS_NS, 0}, {DNS_TXT, 0}, {DNS_RRSIG, DNS_A}, {DNS_RRSIG, DNS_NSEC3}, {DNS_NSEC3, 0}};

/* So many are in the usual space. */
#define N_COMMON 4

struct model {
    bool is[N_NAMES][N_TYPES][N_DATA];
    uint32_t ttl[N_NAMES][N_TYPES];
};

struct reading {
    bool open;
    struct dns_cursor cursor;
    struct model seen;
    unsigned at; /* name * N_TYPES + type */
};

struct bench {
    struct dns_zone *z;
    uint64_t random;
    struct model now, before;
    bool in_change;
    struct dns_name name[N_NAMES]; /* in canonical order; the first is the origin */
    struct reading reading[N_CURSORS];
    unsigned n_full, n_aborts, n_walked;
};

static struct bytes name_at(const struct bench *b, unsigned i)
{
    return dns_name_bytes(&b->name[i]);
}

static int compare(const void *a, const void *b)
{
    return dns_name_compare(dns_name_bytes(a), dns_name_bytes(b));
}

/* Of few labels, so that they are often above or below each other. */
static void make_names(struct bench *b)
{
    static const char *const labels[] = {"a", "B", "c", "*", "a\\000"};
    for (unsigned i = 0; i < N_NAMES;) {
        char text[64] = "";
        for (uint64_t n = i ? 1 + spread_below(&b->random, 4) : 0; n; n--) {
            strcat(text, labels[spread_below(&b->random, ARRAY_LEN(labels))]);
            strcat(text, ".");
        }
        strcat(text, "zone.");
        name_of(&b->name[i], text);
        unsigned same = 0;
        while (!dns_name_equal(name_at(b, same), name_at(b, i)))
            same++;
        i += same == i;
    }
    qsort(b->name, N_NAMES, sizeof b->name[0], compare);
}

/* Of any length up to 300, always the same. */
static struct bytes data_of(unsigned type, unsigned data, uint8_t room[512])
{
    struct writer w = writer_of(room, 512);
    switch (types[type].type) {
    case DNS_A:
        write_be32(&w, data);
        break;
    case DNS_NS:
        write_u8(&w, 1);
        write_u8(&w, (uint8_t)('a' + data));
        write_u8(&w, 0);
        break;
    case DNS_RRSIG:
        write_be16(&w, types[type].covered);
        /* fall through */
    default:
        for (unsigned i = 0; i < (data + 1) * 70; i++)
            write_u8(&w, types[type].type == DNS_TXT && i % 70 == 0 ? 69 : (uint8_t)data);
    }
    return writer_bytes(&w);
}

static unsigned count_data(const struct model *m, unsigned name, unsigned type)
{
    unsigned n = 0;
    for (unsigned d = 0; d < N_DATA; d++)
        n += m->is[name][type][d];
    return n;
}

static void check_set(const struct model *m, unsigned name, unsigned type, const struct dns_set *s)
{
    uint8_t room[512];
    struct bytes rdata;
    bool seen[N_DATA] = {false};
    assert_true(s->type == types[type].type && s->covered == types[type].covered);
    assert_int_equal(s->ttl, m->ttl[name][type]);
    assert_int_equal(s->n, count_data(m, name, type));
    for (size_t at = 0; dns_set_record(s, &at, &rdata);) {
        unsigned d = 0;
        while (!bytes_equal(rdata, data_of(type, d, room)))
            assert_true(++d < N_DATA);
        assert_true(m->is[name][type][d] && !seen[d]);
        seen[d] = true;
    }
}

static bool has_any(const struct model *m, unsigned name)
{
    for (unsigned t = 0; t < N_COMMON; t++) {
        if (count_data(m, name, t))
            return true;
    }
    return false;
}

static bool exists(const struct bench *b, unsigned name)
{
    for (unsigned i = 0; i < N_NAMES; i++) {
        if (has_any(&b->now, i) && dns_name_is_under(name_at(b, i), name_at(b, name)))
            return true;
    }
    return name == 0;
}

static void check_neighbours(const struct bench *b, unsigned name)
{
    struct bytes before = dns_zone_name_before(b->z, name_at(b, name)),
                 after = dns_zone_name_after(b->z, name_at(b, name));
    int i = (int)name - 1;
    unsigned j = name + 1;
    while (i >= 0 && !has_any(&b->now, (unsigned)i))
        i--;
    while (j < N_NAMES && !has_any(&b->now, j))
        j++;
    assert_true(i < 0 ? before.len == 0 : dns_name_equal(before, name_at(b, (unsigned)i)));
    assert_true(j == N_NAMES ? after.len == 0 : dns_name_equal(after, name_at(b, j)));
}

static void check_all(const struct bench *b)
{
    struct dns_zone_stats stats;
    size_t n_sets = 0, n_records = 0;
    for (unsigned i = 0; i < N_NAMES; i++) {
        for (unsigned t = 0; t < N_TYPES; t++) {
            const struct dns_set *s = types[t].type == DNS_RRSIG
                                          ? dns_zone_find_signatures(b->z, name_at(b, i), types[t].covered)
                                          : dns_zone_find(b->z, name_at(b, i), types[t].type);
            assert_int_equal(s != NULL, count_data(&b->now, i, t) > 0);
            if (s)
                check_set(&b->now, i, t, s);
            n_sets += s != NULL;
            n_records += count_data(&b->now, i, t);
        }
        assert_int_equal(dns_zone_has_name(b->z, name_at(b, i)), exists(b, i));
        assert_int_equal(dns_zone_first(b->z, name_at(b, i)) != NULL, has_any(&b->now, i));
        check_neighbours(b, i);
    }
    dns_zone_stats(b->z, &stats);
    assert_int_equal(stats.n_sets, n_sets);
    assert_int_equal(stats.n_records, n_records);
    assert_true(stats.bytes <= stats.limit_bytes + 96 * sizeof(void *));
}

/* ---- Steps ---- */

static void add(struct bench *b, unsigned name, unsigned type, unsigned data, uint32_t ttl)
{
    uint8_t room[512];
    enum err e = dns_zone_add(b->z, name_at(b, name), types[type].type, ttl, data_of(type, data, room));
    if (e == ERR_FULL) {
        b->n_full++;
        return;
    }
    assert_int_equal(e, b->now.is[name][type][data] ? ERR_IN_USE : OK);
    b->now.is[name][type][data] = true;
    b->now.ttl[name][type] = ttl;
}

static void remove_one(struct bench *b, unsigned name, unsigned type, unsigned data)
{
    uint8_t room[512];
    enum err e = dns_zone_remove(b->z, name_at(b, name), types[type].type, data_of(type, data, room));
    if (e == ERR_FULL)
        return;
    assert_int_equal(e, b->now.is[name][type][data] ? OK : ERR_NOT_FOUND);
    b->now.is[name][type][data] = false;
}

static void remove_set(struct bench *b, unsigned name, unsigned type)
{
    enum err e = types[type].type == DNS_RRSIG ? dns_zone_remove_signatures(b->z, name_at(b, name), types[type].covered)
                                               : dns_zone_remove_set(b->z, name_at(b, name), types[type].type);
    if (e == ERR_FULL)
        return;
    assert_int_equal(e, count_data(&b->now, name, type) ? OK : ERR_NOT_FOUND);
    memset(b->now.is[name][type], 0, sizeof b->now.is[name][type]);
}

static void remove_name(struct bench *b, unsigned name)
{
    enum err e = dns_zone_remove_name(b->z, name_at(b, name));
    if (e == ERR_FULL)
        return;
    assert_int_equal(e, has_any(&b->now, name) ? OK : ERR_NOT_FOUND);
    memset(b->now.is[name], 0, sizeof b->now.is[name][0] * N_COMMON);
}

/* The model of before, changed as the zone says, is that of now. */
static enum err apply(void *user, const struct dns_change *c)
{
    struct bench *b = user;
    uint8_t room[512];
    unsigned name = 0, type = 0, data = 0;
    uint16_t covered = c->type == DNS_RRSIG ? (uint16_t)(c->rdata.data[0] << 8 | c->rdata.data[1]) : 0;
    while (!dns_name_equal(name_at(b, name), c->name))
        name++;
    while (types[type].type != c->type || types[type].covered != covered)
        type++;
    while (!bytes_equal(data_of(type, data, room), c->rdata))
        data++;
    assert_true(b->before.is[name][type][data] != c->added);
    b->before.is[name][type][data] = c->added;
    return OK;
}

static void end_change(struct bench *b)
{
    if (spread_below(&b->random, 2)) {
        assert_int_equal(dns_zone_each_change(b->z, apply, b), OK);
        assert_memory_equal(b->before.is, b->now.is, sizeof b->now.is);
        dns_zone_commit(b->z);
    } else {
        dns_zone_abort(b->z);
        b->now = b->before;
        b->n_aborts++;
    }
    b->in_change = false;
}

static void walk(struct bench *b, struct reading *r)
{
    struct bytes name;
    const struct dns_set *s;
    bool more = dns_cursor_next(&r->cursor, &name, &s);
    while (r->at < N_NAMES * N_TYPES && !count_data(&r->seen, r->at / N_TYPES, r->at % N_TYPES))
        r->at++;
    assert_int_equal(more, r->at < N_NAMES * N_TYPES);
    if (more) {
        assert_true(dns_name_equal(name, name_at(b, r->at / N_TYPES)));
        check_set(&r->seen, r->at / N_TYPES, r->at % N_TYPES, s);
        r->at++;
        b->n_walked++;
    }
    if (!more || !spread_below(&b->random, 50)) {
        dns_cursor_close(&r->cursor);
        r->open = false;
    }
}

static void step_reading(struct bench *b, struct reading *r)
{
    if (r->open) {
        walk(b, r);
    } else if (!b->in_change) {
        unsigned from = (unsigned)spread_below(&b->random, 3) ? 0 : (unsigned)spread_below(&b->random, N_NAMES);
        dns_cursor_open(&r->cursor, b->z, name_at(b, from));
        r->seen = b->now;
        r->at = from * N_TYPES;
        r->open = true;
    }
}

static void step(struct bench *b, unsigned n_cursors)
{
    unsigned name = (unsigned)spread_below(&b->random, N_NAMES), type = (unsigned)spread_below(&b->random, N_TYPES),
             data = (unsigned)spread_below(&b->random, N_DATA);
    switch (spread_below(&b->random, 16)) {
    case 0:
        remove_set(b, name, type);
        break;
    case 1:
        remove_name(b, name);
        break;
    case 2:
    case 3:
        remove_one(b, name, type, data);
        break;
    case 4:
        if (b->in_change) {
            end_change(b);
            break;
        }
        dns_zone_begin(b->z);
        b->before = b->now;
        b->in_change = true;
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        if (n_cursors)
            step_reading(b, &b->reading[spread_below(&b->random, n_cursors)]);
        break;
    default:
        add(b, name, type, data, spread_below(&b->random, 20) ? 60 : 61);
    }
}

static void run(uint64_t seed, size_t limit, unsigned n_cursors, unsigned steps)
{
    static struct bench b;
    b = (struct bench){.random = seed};
    make_names(&b);
    assert_int_equal(dns_zone_new(name_at(&b, 0), seed, limit, &b.z), OK);
    for (unsigned i = 0; i < steps; i++) {
        step(&b, n_cursors);
        if (i % 16 == 0)
            check_all(&b);
    }
    if (b.in_change)
        end_change(&b);
    check_all(&b);
    assert_int_equal(b.n_full > 0, limit < 30000);
    assert_true(b.n_aborts > 0 && (b.n_walked > 0 || !n_cursors));
    dns_zone_release(b.z); /* cursors hold it */
    for (unsigned i = 0; i < N_CURSORS; i++) {
        if (b.reading[i].open)
            dns_cursor_close(&b.reading[i].cursor);
    }
}

static void test_model(void **state)
{
    for (uint64_t seed = 1; seed <= 4; seed++)
        run(seed, 1 << 24, N_CURSORS, 3000);
    for (uint64_t seed = 5; seed <= 8; seed++)
        run(seed, 1 << 24, 0, 3000);
}

static void test_model_full(void **state)
{
    for (uint64_t seed = 1; seed <= 8; seed++)
        run(seed, 9000 + seed * 1500, seed % 2 ? N_CURSORS : 0, 3000);
}

/* ---- The limit ---- */

static unsigned fill(struct dns_zone *z)
{
    enum err e = OK;
    unsigned n = 0;
    while (e == OK) {
        struct dns_name name;
        char text[64];
        snprintf(text, sizeof text, "n%u.%u.zone.", n * 7919 % 10007, n % 3);
        name_of(&name, text);
        e = dns_zone_add(z, dns_name_bytes(&name), DNS_A, 60, bytes_of("1234", 4));
        n += e == OK;
    }
    assert_int_equal(e, ERR_FULL);
    return n;
}

/* What is given back can be had again, all of it. */
static void test_limit(void **state)
{
    struct dns_zone *z;
    struct dns_zone_stats stats;
    struct dns_name origin;
    unsigned n = 0;
    name_of(&origin, "zone.");
    assert_int_equal(dns_zone_new(dns_name_bytes(&origin), 1, 100, &z), ERR_FULL);
    assert_int_equal(dns_zone_new(dns_name_bytes(&origin), 1, 300000, &z), OK);
    for (int round = 0; round < 5; round++) {
        unsigned filled = fill(z);
        assert_true(round == 0 || filled >= n);
        n = filled;
        dns_zone_stats(z, &stats);
        assert_int_equal(stats.n_records, n);
        assert_int_equal(stats.n_names, n + 4);
        assert_int_equal(stats.n_refused, round + 1);
        for (struct bytes name; (name = dns_zone_name_after(z, dns_zone_origin(z))).len;) {
            struct dns_name copy;
            dns_name_copy(&copy, name);
            assert_int_equal(dns_zone_remove_name(z, dns_name_bytes(&copy)), OK);
        }
        dns_zone_stats(z, &stats);
        assert_int_equal(stats.n_names, 1);
        assert_int_equal(stats.n_sets, 0);
    }
    assert_true(n > 1000);
    dns_zone_release(z);
}

static void test_bounds(void **state)
{
    struct dns_zone *z = zone_of("zone.", "");
    static uint8_t rdata[65535];
    struct dns_name out;
    struct bytes origin = dns_zone_origin(z);
    name_of(&out, "xzone.");
    assert_int_equal(dns_zone_add(z, dns_name_bytes(&out), DNS_A, 1, bytes_of(rdata, 4)), ERR_INVALID);
    assert_int_equal(dns_zone_add(z, dns_root(), DNS_A, 1, bytes_of(rdata, 4)), ERR_INVALID);
    assert_int_equal(dns_zone_add(z, origin, DNS_OPT, 1, bytes_of(rdata, 4)), ERR_INVALID);
    assert_int_equal(dns_zone_add(z, origin, DNS_ANY, 1, bytes_of(rdata, 4)), ERR_INVALID);
    assert_int_equal(dns_zone_add(z, origin, 1234, 1, bytes_of(rdata, DNS_SET_BYTES - DNS_SET_HEAD + 1)),
                     ERR_TOO_LARGE);
    assert_int_equal(dns_zone_add(z, origin, 1234, 1, bytes_of(rdata, DNS_SET_BYTES - DNS_SET_HEAD)), OK);
    assert_int_equal(dns_zone_add(z, origin, 1234, 1, bytes_of(rdata, 0)), ERR_TOO_LARGE);
    assert_int_equal(dns_zone_find(z, origin, 1234)->len, DNS_SET_BYTES);
    dns_zone_release(z);
}

/* ---- Sets of zones ---- */

#define N_ZONES 3000

static struct dns_zone *numbered(unsigned i)
{
    struct dns_zone *z;
    struct dns_name origin;
    char text[64];
    snprintf(text, sizeof text, i % 3 == 0 ? "z%u.test." : i % 3 == 1 ? "sub.z%u.test." : "a.b.z%u.org.", i / 3);
    name_of(&origin, text);
    assert_int_equal(dns_zone_new(dns_name_bytes(&origin), TEST_SEED, 10000, &z), OK);
    return z;
}

static void check_zones(const struct dns_zones *zs, const bool is[N_ZONES])
{
    for (unsigned i = 0; i < N_ZONES; i++) {
        struct dns_zone *z = numbered(i);
        struct dns_name below;
        const struct dns_zone_entry *e = dns_zones_get(zs, dns_zone_origin(z)), *found;
        assert_int_equal(e != NULL, is[i]);
        assert_true(dns_name_join(&below, bytes_of("\1x\1Y\0", 5), dns_zone_origin(z)));
        found = dns_zones_find(zs, dns_name_bytes(&below));
        if (is[i])
            assert_ptr_equal(found, e);
        else if (i % 3 == 1 && is[i - 1])
            assert_true(dns_name_is_under(dns_name_bytes(&below), dns_zone_origin(found->zone)));
        else
            assert_null(found);
        dns_zone_release(z);
    }
}

static void test_zones(void **state)
{
    static bool is[N_ZONES];
    struct dns_zones zs;
    uint64_t random = 3;
    uint32_t at = 0, n = 0, seen = 0;
    dns_zones_init(&zs, TEST_SEED, 2 * N_ZONES / 3);
    assert_null(dns_zones_find(&zs, dns_root()));
    assert_null(dns_zones_get(&zs, dns_root()));
    for (unsigned i = 0; i < 4 * N_ZONES; i++) {
        unsigned which = (unsigned)spread_below(&random, N_ZONES);
        struct dns_zone *z = numbered(which);
        if (spread_below(&random, 4)) {
            enum err e = dns_zones_put(&zs, z);
            assert_int_equal(e, !is[which] && n == zs.max ? ERR_FULL : OK);
            n += e == OK && !is[which];
            is[which] |= e == OK;
            if (e != OK)
                dns_zone_release(z);
        } else {
            assert_int_equal(dns_zones_remove(&zs, dns_zone_origin(z)), is[which] ? OK : ERR_NOT_FOUND);
            n -= is[which];
            is[which] = false;
            dns_zone_release(z);
        }
        assert_int_equal(zs.n, n);
    }
    check_zones(&zs, is);
    while (dns_zones_next(&zs, &at))
        seen++;
    assert_int_equal(seen, n);
    assert_true(zs.n_refused > 0);
    dns_zones_free(&zs);
}

static void test_entry(void **state)
{
    struct dns_zones zs;
    struct dns_zone *z = numbered(0), *held = dns_zone_hold(z);
    dns_zones_init(&zs, TEST_SEED, 5);
    assert_int_equal(dns_zones_put(&zs, z), OK);
    dns_zones_get(&zs, dns_zone_origin(z))->user = &zs;
    assert_int_equal(dns_zones_put(&zs, numbered(0)), OK);
    const struct dns_zone_entry *e = dns_zones_get(&zs, dns_zone_origin(held));
    assert_true(e->zone != held && e->user == &zs && zs.n == 1);
    dns_zone_release(held);
    dns_zones_free(&zs);
}

/* ---- What is found wrong ---- */

#define TOP "$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n"

static void test_check(void **state)
{
    static const struct {
        const char *text, *where, *why;
    } rows[] = {
        {TOP, NULL, NULL},
        {"", "zone.", "no SOA record"},
        {"$TTL 60\n@ NS x.test.\n", "zone.", "no SOA record"},
        {"$TTL 60\n@ SOA ns host 1 2 3 4 5\n", "zone.", "no NS record"},
        {TOP "@ SOA ns host 2 2 3 4 5\n", "zone.", "more than one SOA record"},
        {TOP "x.y SOA ns host 2 2 3 4 5\n", "x.y.zone.", "a SOA record below the top of the zone"},
        {TOP "x CNAME y\nx A 192.0.2.1\n", "x.zone.", "other records beside a CNAME"},
        {TOP "x CNAME y\nx CNAME z\n", "x.zone.", "more than one CNAME record"},
        {TOP "x CNAME y\nx NSEC ns CNAME NSEC\n", NULL, NULL},
        {TOP "x DNAME y\nx DNAME z\n", "x.zone.", "more than one DNAME record"},
        {TOP "x DNAME y\nx A 192.0.2.1\n", NULL, NULL},
        {TOP "@ NS ns2\n", "zone.", "a name server without an address"},
        {TOP "@ NS ns2\nns2 CNAME ns\n", "zone.", "a name server that is an alias (CNAME)"},
        {TOP "@ NS ns.other.\n", NULL, NULL},
        {TOP "sub NS ns.sub\n", "sub.zone.", "a name server without an address"},
        {TOP "sub NS ns.sub\nns.sub AAAA ::1\n", NULL, NULL},
        {TOP "sub NS ns.other.\n", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dns_zone *z = zone_of("zone.", rows[i].text);
        struct dns_name where;
        char text[DNS_NAME_TEXT_BYTES];
        const char *why = dns_zone_check(z, &where);
        if (!rows[i].why) {
            if (why)
                fail_msg("%s: %s", rows[i].text, why);
        } else {
            assert_non_null(why);
            assert_string_equal(why, rows[i].why);
            assert_string_equal(dns_name_text(dns_name_bytes(&where), text), rows[i].where);
        }
        dns_zone_release(z);
    }
}

static void test_soa(void **state)
{
    struct dns_zone *z = zone_of("zone.", TOP);
    struct dns_soa soa;
    assert_true(dns_zone_soa(z, &soa));
    assert_true(soa.serial == 1 && soa.refresh_s == 2 && soa.retry_s == 3 && soa.expire_s == 4 && soa.minimum_s == 5);
    assert_true(soa.ttl == 60 && dns_zone_serial(z) == 1);
    assert_false(dns_soa_read(bytes_of("\0\0\0\0\0\1", 6), &soa));
    dns_zone_release(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),  cmocka_unit_test(test_model_full), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_zones),      cmocka_unit_test(test_entry),
        cmocka_unit_test(test_check),  cmocka_unit_test(test_soa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
