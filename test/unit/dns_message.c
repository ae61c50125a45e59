/* SPDX-License-Identifier: ISC */
#include "wire/dns_rdata.h"

#include <jinn/attr.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct bytes name(const char *text)
{
    static struct dns_name names[16];
    static unsigned turn;
    struct dns_name *n = &names[turn++ % ARRAY_LEN(names)];
    const char *why = dns_name_parse(bytes_str(text), dns_root(), n);
    if (why)
        fail_msg("%s: %s", text, why);
    return dns_name_bytes(n);
}

static const char *name_text(const struct dns_name *n)
{
    static char text[4][DNS_NAME_TEXT_BYTES];
    static unsigned turn;
    return dns_name_text(dns_name_bytes(n), text[turn++ % 4]);
}

static struct bytes join(struct bytes a, struct bytes b)
{
    static uint8_t out[8][600];
    static unsigned turn;
    uint8_t *p = out[turn++ % 8];
    memcpy(p, a.data, a.len);
    memcpy(p + a.len, b.data, b.len);
    return bytes_of(p, a.len + b.len);
}

static void assert_bytes(struct bytes got, const char *expected, size_t len)
{
    assert_int_equal(got.len, len);
    assert_memory_equal(got.data, expected, len);
}
#define ASSERT_BYTES(got, literal) assert_bytes(got, literal, sizeof(literal) - 1)

/* ---- Reading ---- */

/* An answer with names in each place, a TTL whose highest bit is set, and EDNS with two options. */
#define ANSWER                                                 \
    "\x5a\x9c\x85\x80\0\1\0\2\0\1\0\2"                         \
    "\7example\3net\0\0\x0f\0\1"                               \
    "\xc0\x0c\0\x0f\0\1\0\0\x0e\x10\0\x09\0\x0a\4mail\xc0\x0c" \
    "\xc0\x0c\0\x0f\0\1\xff\xff\xff\xff\0\6\0\x14\1x\xc0\x2b"  \
    "\xc0\x0c\0\2\0\1\0\0\x0e\x10\0\5\2ns\xc0\x0c"             \
    "\xc0\x2b\0\1\0\1\0\0\x0e\x10\0\4\xc0\0\2\1"               \
    "\0\0\x29\4\xd0\x81\0\x80\0\0\x14\0\x0a\0\x08\1\2\3\4\5\6\7\x08\0\x0f\0\4\0\x0fhi"

static void a_message_read(void **state)
{
    struct bytes m = bytes_of(ANSWER, sizeof ANSWER - 1), content;
    struct reader r = reader_of(m);
    struct dns_header h;
    struct dns_question q;
    struct dns_record record;
    struct dns_edns e;
    assert_true(dns_header_read(&r, &h));
    assert_int_equal(h.id, 0x5a9c);
    assert_int_equal(h.flags, DNS_QR | DNS_AA | DNS_RD | DNS_RA);
    assert_int_equal(h.n[DNS_QUESTION], 1);
    assert_int_equal(h.n[DNS_ANSWER], 2);
    assert_int_equal(h.n[DNS_AUTHORITY], 1);
    assert_int_equal(h.n[DNS_ADDITIONAL], 2);
    assert_true(dns_question_read(&r, m, &q));
    assert_string_equal(name_text(&q.name), "example.net.");
    assert_int_equal(q.type, DNS_MX);
    assert_int_equal(q.class_, DNS_IN);
    assert_true(dns_record_read(&r, m, &record));
    assert_string_equal(name_text(&record.name), "example.net.");
    assert_int_equal(record.type, DNS_MX);
    assert_int_equal(record.ttl, 3600);
    ASSERT_BYTES(record.rdata, "\0\x0a\4mail\xc0\x0c");
    assert_true(dns_record_read(&r, m, &record));
    assert_int_equal(record.ttl, 0); /* RFC 2181 8: the highest bit was set */
    assert_true(dns_record_read(&r, m, &record));
    assert_int_equal(record.type, DNS_NS);
    assert_true(dns_record_read(&r, m, &record));
    assert_string_equal(name_text(&record.name), "mail.example.net.");
    ASSERT_BYTES(record.rdata, "\xc0\0\2\1");
    assert_false(dns_edns_read(&record, &e)); /* not the root's */
    assert_false(e.present);
    assert_true(dns_record_read(&r, m, &record));
    assert_int_equal(record.type, DNS_OPT);
    assert_int_equal(reader_left(&r), 0);
    assert_true(dns_edns_read(&record, &e));
    assert_true(e.present && e.dnssec_ok);
    assert_int_equal(e.version, 0);
    assert_int_equal(e.rcode_high, 0x81);
    assert_int_equal(e.udp_bytes, 1232);
    assert_true(dns_edns_find(&e, DNS_COOKIE, &content));
    ASSERT_BYTES(content, "\1\2\3\4\5\6\7\x08");
    assert_true(dns_edns_find(&e, DNS_EDE, &content));
    ASSERT_BYTES(content, "\0\x0fhi");
    assert_false(dns_edns_find(&e, DNS_NSID, &content));
    assert_false(dns_record_read(&r, m, &record));
}

/* Where a message ends too early, what can't be whole isn't. */
static void a_message_cut(void **state)
{
    for (size_t len = 0; len < sizeof ANSWER - 1; len++) {
        uint8_t *copy = malloc(len + !len);
        assert_non_null(copy);
        memcpy(copy, ANSWER, len);
        struct bytes m = bytes_of(copy, len);
        struct reader r = reader_of(m);
        struct dns_header h;
        struct dns_question q;
        struct dns_record record;
        bool good = dns_header_read(&r, &h);
        assert_int_equal(good, len >= 12);
        good = dns_question_read(&r, m, &q);
        assert_int_equal(good, len >= 29);
        static const size_t ends[] = {50, 68, 85, 101, 132};
        for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
            good = dns_record_read(&r, m, &record);
            assert_int_equal(good, len >= ends[i]);
        }
        free(copy);
    }
}

static void edns_and_its_options(void **state)
{
    static const struct {
        const char *options;
        size_t len;
        bool good;
    } cases[] = {
        {"", 0, true},        {"\0\3\0\0", 4, true},  {"\0\3\0\1x\0\3\0\0", 9, true}, {"\0", 1, false},
        {"\0\3\0", 3, false}, {"\0\3\0\1", 4, false}, {"\0\3\0\0\0", 5, false},       {"\0\3\xff\xff", 4, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dns_record record = {.type = DNS_OPT, .class_ = 100, .rdata = bytes_of(cases[i].options, cases[i].len)};
        struct dns_edns e;
        dns_name_copy(&record.name, dns_root());
        assert_int_equal(dns_edns_read(&record, &e), cases[i].good);
        assert_int_equal(e.present, cases[i].good);
        if (e.present) {
            assert_int_equal(e.udp_bytes, DNS_UDP_BYTES);
            assert_false(e.dnssec_ok);
        }
    }
    struct dns_record record = {.type = DNS_OPT, .class_ = 65535, .ttl = 0xff018000};
    struct dns_edns e;
    struct bytes content = {NULL, 0};
    dns_name_copy(&record.name, dns_root());
    record.rdata = bytes_of("\0\3\0\1x\0\3\0\1y", 10);
    assert_true(dns_edns_read(&record, &e));
    assert_int_equal(e.udp_bytes, 65535);
    assert_int_equal(e.rcode_high, 255);
    assert_int_equal(e.version, 1);
    assert_true(e.dnssec_ok);
    assert_true(dns_edns_find(&e, DNS_NSID, &content));
    ASSERT_BYTES(content, "x"); /* the first of several */
    record.ttl = 0x7fff;
    assert_true(dns_edns_read(&record, &e));
    assert_false(e.dnssec_ok);
}

/* ---- Writing ---- */

static uint8_t buffer[DNS_MESSAGE_BYTES + 100];

static void a_message_written(void **state)
{
    struct dns_writer d;
    struct dns_edns e = {.dnssec_ok = true, .rcode_high = 1, .udp_bytes = 1232, .options = bytes_of("\0\3\0\1x", 5)};
    memset(&d, 0xee, sizeof d);
    dns_write_begin(&d, buffer, 512);
    assert_true(dns_write_question(&d, name("WWW.example.net."), DNS_A, DNS_IN));
    assert_true(
        dns_write_record(&d, DNS_ANSWER, name("www.Example.net."), DNS_CNAME, DNS_IN, 60, name("a.eXAMPLE.net.")));
    assert_true(dns_write_record(&d, DNS_ANSWER, name("A.example.net."), DNS_A, DNS_IN, 61, bytes_of("\1\2\3\4", 4)));
    assert_true(dns_write_record(&d, DNS_AUTHORITY, name("example.net."), DNS_NS, DNS_IN, 62, name("ns.net.")));
    assert_true(
        dns_write_record(&d, DNS_ADDITIONAL, name("ns.net."), DNS_A, DNS_IN, 0x7fffffff, bytes_of("\5\6\7\x08", 4)));
    assert_true(dns_write_edns(&d, &e));
    ASSERT_BYTES(dns_write_end(&d, 0x1234, DNS_QR | DNS_AA), "\x12\x34\x84\0\0\1\0\2\0\1\0\2"
                                                             "\3WWW\7example\3net\0\0\1\0\1"
                                                             "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1a\xc0\x10"
                                                             "\xc0\x2d\0\1\0\1\0\0\0\x3d\0\4\1\2\3\4"
                                                             "\xc0\x10\0\2\0\1\0\0\0\x3e\0\5\2ns\xc0\x18"
                                                             "\xc0\x4d\0\1\0\1\x7f\xff\xff\xff\0\4\5\6\7\x08"
                                                             "\0\0\x29\4\xd0\1\0\x80\0\0\5\0\3\0\1x");
}

/* The root is shorter than a pointer to it. */
static void the_root_written(void **state)
{
    struct dns_writer d;
    dns_write_begin(&d, buffer, 512);
    assert_true(dns_write_question(&d, dns_root(), DNS_NS, DNS_IN));
    assert_true(dns_write_record(&d, DNS_ANSWER, dns_root(), DNS_NS, DNS_IN, 1, name("a.")));
    assert_true(dns_write_record(&d, DNS_ANSWER, dns_root(), DNS_NS, DNS_IN, 1, dns_root()));
    assert_true(dns_write_record(&d, DNS_ADDITIONAL, name("a."), DNS_A, DNS_IN, 1, bytes_of("\1\2\3\4", 4)));
    ASSERT_BYTES(dns_write_end(&d, 0, 0), "\0\0\0\0\0\1\0\2\0\0\0\1\0\0\2\0\1"
                                          "\0\0\2\0\1\0\0\0\1\0\3\1a\0"
                                          "\0\0\2\0\1\0\0\0\1\0\1\0"
                                          "\xc0\x1c\0\1\0\1\0\0\0\1\0\4\1\2\3\4");
}

/* Which types are compressed in what they hold: RFC 1035's, no others (RFC 3597 4). */
static void what_is_compressed(void **state)
{
    const struct bytes n = name("example.net."); /* 13 bytes; 2 as a pointer */
    const struct bytes two = join(n, n);
    const struct {
        uint16_t type;
        struct bytes rdata;
        size_t written;
    } cases[] = {
        {DNS_NS, n, 2},
        {DNS_MD, n, 2},
        {DNS_MF, n, 2},
        {DNS_CNAME, n, 2},
        {DNS_MB, n, 2},
        {DNS_MG, n, 2},
        {DNS_MR, n, 2},
        {DNS_PTR, n, 2},
        {DNS_MX, join(bytes_of("\0\1", 2), n), 4},
        {DNS_MINFO, two, 4},
        {DNS_SOA, join(two, bytes_of("aaaabbbbccccddddeeee", 20)), 24},
        {DNS_A, n, 13},
        {DNS_NULL, n, 13},
        {DNS_HINFO, n, 13},
        {DNS_TXT, n, 13},
        {DNS_RP, two, 26},
        {DNS_AFSDB, join(bytes_of("\0\1", 2), n), 15},
        {DNS_SRV, join(bytes_of("\0\1\0\2\0\3", 6), n), 19},
        {DNS_KX, join(bytes_of("\0\1", 2), n), 15},
        {DNS_DNAME, n, 13},
        {DNS_RRSIG, n, 13},
        {DNS_NSEC, n, 13},
        {65280, n, 13},
        /* No names, though the type says so: as they are. An UPDATE has such (RFC 2136 2.4). */
        {DNS_NS, bytes_of(NULL, 0), 0},
        {DNS_MX, bytes_of("\0", 1), 1},
        {DNS_MX, bytes_of("\0\1", 2), 2},
        {DNS_NS, bytes_of("\7exa", 4), 4},
        {DNS_NS, bytes_of("\xc0\x0c", 2), 2},
        {DNS_SOA, join(n, bytes_of("\7exa", 4)), 6},
        {DNS_SOA, two, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dns_writer d;
        struct reader r;
        struct dns_question q;
        struct dns_record record;
        struct bytes m;
        dns_write_begin(&d, buffer, 512);
        assert_true(dns_write_question(&d, n, DNS_A, DNS_IN));
        assert_true(dns_write_record(&d, DNS_ANSWER, n, cases[i].type, DNS_IN, 9, cases[i].rdata));
        m = dns_write_end(&d, 0, 0);
        r = reader_of(m);
        read_skip(&r, DNS_HEADER_BYTES);
        assert_true(dns_question_read(&r, m, &q) && dns_record_read(&r, m, &record));
        assert_int_equal(record.rdata.len, cases[i].written);
        assert_int_equal(reader_left(&r), 0);
    }
}

static void where_names_are(void **state)
{
    struct bytes soa = join(join(name("a.b."), name("c.")), bytes_of("aaaabbbbccccddddeeee", 20));
    assert_int_equal(dns_rdata_compressible(DNS_SOA, soa, 0), 0);
    assert_int_equal(dns_rdata_compressible(DNS_SOA, soa, 1), 5);
    assert_int_equal(dns_rdata_compressible(DNS_SOA, soa, 5), 5);
    assert_int_equal(dns_rdata_compressible(DNS_SOA, soa, 6), soa.len);
    struct bytes mx = join(bytes_of("\0\1", 2), name("a."));
    assert_int_equal(dns_rdata_compressible(DNS_MX, mx, 0), 2);
    assert_int_equal(dns_rdata_compressible(DNS_MX, mx, 2), 2);
    assert_int_equal(dns_rdata_compressible(DNS_MX, mx, 3), mx.len);
    assert_int_equal(dns_rdata_compressible(DNS_SRV, mx, 0), mx.len);
}

/* A label is compared with those below the same parent only, and a suffix with labels' ends: names that look alike. */
static void only_whole_suffixes(void **state)
{
    static const char *const names[] = {
        "a.b.",     "b.a.",       "ab.",        "a\\001b.", "x.a.b.", "x.b.a.", "xa.b.", "a.b.a.b.",
        "b.a.b.a.", "axxb.ayyb.", "ayyb.axxb.", "A.B.C.D.", "c.d.",   "d.",     "b.",    "aab.aab.",
    };
    struct dns_writer d;
    struct reader r;
    struct dns_record record;
    dns_write_begin(&d, buffer, sizeof buffer);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        for (size_t j = 0; j < ARRAY_LEN(names); j++)
            assert_true(dns_write_record(&d, DNS_ANSWER, name(names[i]), DNS_CNAME, DNS_IN, 1, name(names[j])));
    struct bytes m = dns_write_end(&d, 0, 0);
    r = reader_of(m);
    read_skip(&r, DNS_HEADER_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        for (size_t j = 0; j < ARRAY_LEN(names); j++) {
            struct dns_name target;
            assert_true(dns_record_read(&r, m, &record));
            assert_true(dns_name_equal(dns_name_bytes(&record.name), name(names[i])));
            struct reader in = reader_of(record.rdata);
            assert_true(dns_name_read(&in, m, &target) && reader_left(&in) == 0);
            assert_true(dns_name_equal(dns_name_bytes(&target), name(names[j])));
            if (i)
                assert_true(record.rdata.len == 2);
        }
    }
    assert_int_equal(reader_left(&r), 0);
}

/* Beyond DNS_OFFSETS_MAX labels nothing is remembered, and all stays right; a message without compression would be longer. */
static void more_labels_than_remembered(void **state)
{
    struct dns_writer d;
    char text[40];
    enum { NAMES = 200 };
    dns_write_begin(&d, buffer, sizeof buffer);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(text, sizeof text, "h%u.example.", i);
        size_t before = writer_len(&d.w);
        assert_true(dns_write_record(&d, DNS_ANSWER, name(text), DNS_A, DNS_IN, 1, bytes_of("\1\2\3\4", 4)));
        size_t label = strcspn(text, ".") + 1;
        assert_int_equal(writer_len(&d.w) - before, (i ? label + 2 : label + 9) + 14);
        before = writer_len(&d.w);
        assert_true(dns_write_record(&d, DNS_ANSWER, name(text), DNS_A, DNS_IN, 1, bytes_of("\1\2\3\4", 4)));
        assert_int_equal(writer_len(&d.w) - before, (i < DNS_OFFSETS_MAX - 1 ? 2 : label + 2) + 14);
        assert_int_equal(d.n_offsets, i < DNS_OFFSETS_MAX - 1 ? i + 2 : DNS_OFFSETS_MAX);
    }
    struct bytes m = dns_write_end(&d, 0, 0);
    struct reader r = reader_of(m);
    struct dns_record record;
    read_skip(&r, DNS_HEADER_BYTES);
    for (unsigned i = 0; i < 2 * NAMES; i++) {
        snprintf(text, sizeof text, "h%u.example.", i / 2);
        assert_true(dns_record_read(&r, m, &record));
        assert_string_equal(name_text(&record.name), text);
    }
}

/* A pointer has 14 bits: what stands beyond 0x3fff is written whole, again and again. */
static void beyond_a_pointers_reach(void **state)
{
    static const uint8_t fill[0x4000];
    for (size_t at = 0x4000 - 3; at <= 0x4000; at++) { /* where the first name's label begins */
        struct dns_writer d;
        struct dns_record record;
        dns_write_begin(&d, buffer, sizeof buffer);
        assert_true(dns_write_record(&d, DNS_ANSWER, dns_root(), DNS_TXT, DNS_IN, 1, bytes_of(fill, at - 12 - 11)));
        assert_int_equal(writer_len(&d.w), at);
        assert_true(dns_write_record(&d, DNS_ANSWER, name("x.y."), DNS_TXT, DNS_IN, 1, bytes_of("", 0)));
        size_t before = writer_len(&d.w);
        assert_true(dns_write_record(&d, DNS_ANSWER, name("x.y."), DNS_TXT, DNS_IN, 1, bytes_of("", 0)));
        /* x is remembered up to 0x3fff if y, two bytes on, is, too */
        size_t expected = at + 2 <= 0x3fff ? 2 : 5;
        assert_int_equal(writer_len(&d.w) - before, expected + 10);
        struct bytes m = dns_write_end(&d, 0, 0);
        struct reader r = reader_of(m);
        read_skip(&r, DNS_HEADER_BYTES);
        assert_true(dns_record_read(&r, m, &record));
        for (int i = 0; i < 2; i++) {
            assert_true(dns_record_read(&r, m, &record));
            assert_string_equal(name_text(&record.name), "x.y.");
        }
    }
}

/* With each limit there is: what doesn't fit leaves nothing behind, what comes after it may fit, and is right. */
static void all_or_nothing(void **state)
{
    for (size_t limit = DNS_HEADER_BYTES; limit <= 120; limit++) {
        uint8_t *exact = malloc(limit);
        assert_non_null(exact);
        struct dns_writer d;
        struct dns_edns e = {.udp_bytes = 1232};
        unsigned n[4] = {0};
        dns_write_begin(&d, exact, limit);
        size_t before = writer_len(&d.w);
        n[0] += dns_write_question(&d, name("www.example."), DNS_MX, DNS_IN);
        assert_int_equal(n[0], limit >= 29);
        assert_int_equal(writer_len(&d.w), n[0] ? 29 : before);
        for (unsigned i = 0; i < 3; i++) {
            before = writer_len(&d.w);
            unsigned offsets = d.n_offsets;
            bool fits = dns_write_record(&d, DNS_ANSWER, name("www.example."), DNS_MX, DNS_IN, 1,
                                         join(bytes_of("\0\1", 2), name(i == 1 ? "long.other.example." : "www.")));
            assert_true(writer_good(&d.w));
            if (!fits) {
                assert_int_equal(writer_len(&d.w), before);
                assert_int_equal(d.n_offsets, offsets);
            }
            n[1] += fits;
        }
        n[3] += dns_write_edns(&d, &e);
        struct bytes m = dns_write_end(&d, 7, 0);
        assert_true(m.len <= limit);
        struct reader r = reader_of(m);
        struct dns_header h;
        struct dns_question q;
        struct dns_record record;
        assert_true(dns_header_read(&r, &h));
        for (int i = 0; i < 4; i++)
            assert_int_equal(h.n[i], n[i]);
        for (unsigned i = 0; i < n[0]; i++)
            assert_true(dns_question_read(&r, m, &q));
        for (unsigned i = 0; i < n[1] + n[3]; i++)
            assert_true(dns_record_read(&r, m, &record));
        assert_int_equal(reader_left(&r), 0);
        free(exact);
    }
}

/* Truncation: back to the mark, and what is written then knows nothing of what had been there. */
static void back_to_a_mark(void **state)
{
    struct dns_writer d;
    dns_write_begin(&d, buffer, 100);
    assert_true(dns_write_question(&d, name("a.example."), DNS_NS, DNS_IN));
    struct dns_mark m = dns_mark(&d);
    assert_true(dns_write_record(&d, DNS_ANSWER, name("b.example."), DNS_NS, DNS_IN, 1, name("ns.b.example.")));
    assert_true(dns_write_record(&d, DNS_AUTHORITY, name("b.example."), DNS_NS, DNS_IN, 1, name("nt.b.example.")));
    assert_false(dns_write_record(&d, DNS_ADDITIONAL, name("nt.b.example."), DNS_TXT, DNS_IN, 1,
                                  bytes_of("................................", 32)));
    dns_rewind(&d, &m);
    assert_int_equal(writer_len(&d.w), 27);
    assert_true(dns_write_record(&d, DNS_ANSWER, name("nt.b.example."), DNS_A, DNS_IN, 1, bytes_of("\1\2\3\4", 4)));
    ASSERT_BYTES(dns_write_end(&d, 0, DNS_QR | DNS_TC), "\0\0\x82\0\0\1\0\1\0\0\0\0\1a\7example\0\0\2\0\1"
                                                        "\2nt\1b\xc0\x0e\0\1\0\1\0\0\0\1\0\4\1\2\3\4");
    /* Even the question may go. */
    dns_write_begin(&d, buffer, 100);
    m = dns_mark(&d);
    assert_true(dns_write_question(&d, name("a.example."), DNS_NS, DNS_IN));
    dns_rewind(&d, &m);
    assert_true(dns_write_record(&d, DNS_ANSWER, name("a.example."), DNS_A, DNS_IN, 1, bytes_of("\1\2\3\4", 4)));
    ASSERT_BYTES(dns_write_end(&d, 0, 0), "\0\0\0\0\0\0\0\1\0\0\0\0\1a\7example\0\0\1\0\1\0\0\0\1\0\4\1\2\3\4");
}

static void the_longest_message(void **state)
{
    static const uint8_t fill[UINT16_MAX];
    struct dns_writer d;
    dns_write_begin(&d, buffer, sizeof buffer);
    assert_false(dns_write_record(&d, DNS_ANSWER, dns_root(), DNS_TXT, DNS_IN, 1, bytes_of(fill, 65535 - 12 - 11 + 1)));
    assert_true(dns_write_record(&d, DNS_ANSWER, dns_root(), DNS_TXT, DNS_IN, 1, bytes_of(fill, 65535 - 12 - 11)));
    assert_false(dns_write_record(&d, DNS_ANSWER, dns_root(), DNS_TXT, DNS_IN, 1, bytes_of(NULL, 0)));
    struct bytes m = dns_write_end(&d, 0, 0);
    assert_int_equal(m.len, DNS_MESSAGE_BYTES);
}

/* ---- Words ---- */

static void types_and_classes(void **state)
{
    static const struct {
        const char *text;
        uint16_t type;
    } types[] = {
        {"A", 1},      {"NS", 2},          {"CNAME", 5},  {"SOA", 6},    {"PTR", 12},          {"MX", 15},
        {"TXT", 16},   {"AAAA", 28},       {"LOC", 29},   {"SRV", 33},   {"NAPTR", 35},        {"DNAME", 39},
        {"OPT", 41},   {"DS", 43},         {"SSHFP", 44}, {"RRSIG", 46}, {"NSEC", 47},         {"DNSKEY", 48},
        {"NSEC3", 50}, {"NSEC3PARAM", 51}, {"TLSA", 52},  {"CDS", 59},   {"OPENPGPKEY", 61},   {"ZONEMD", 63},
        {"SVCB", 64},  {"HTTPS", 65},      {"SPF", 99},   {"TSIG", 250}, {"IXFR", 251},        {"AXFR", 252},
        {"ANY", 255},  {"URI", 256},       {"CAA", 257},  {"TYPE0", 0},  {"TYPE65535", 65535}, {"TYPE260", 260},
    };
    uint16_t v;
    uint8_t out[20];
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct writer w = writer_of(out, sizeof out);
        assert_true(dns_type_parse(bytes_str(types[i].text), &v));
        assert_int_equal(v, types[i].type);
        dns_type_write(&w, v);
        assert_true(bytes_equal(writer_bytes(&w), bytes_str(types[i].text)));
    }
    for (unsigned type = 0; type <= 65535; type++) {
        struct writer w = writer_of(out, sizeof out);
        dns_type_write(&w, (uint16_t)type);
        assert_true(dns_type_parse(writer_bytes(&w), &v) && v == type);
        w = writer_of(out, sizeof out);
        dns_class_write(&w, (uint16_t)type);
        assert_true(dns_class_parse(writer_bytes(&w), &v) && v == type);
    }
    assert_true(dns_type_parse(bytes_str("aaaa"), &v) && v == 28);
    assert_true(dns_type_parse(bytes_str("type1"), &v) && v == 1);
    assert_true(dns_type_parse(bytes_str("TYPE00028"), &v) && v == 28);
    assert_true(dns_class_parse(bytes_str("in"), &v) && v == 1);
    assert_true(dns_class_parse(bytes_str("Class255"), &v) && v == 255);
    assert_true(dns_class_parse(bytes_str("CH"), &v) && v == 3);
    static const char *const bad[] = {"",       "AA",    "TYPE", "TYPE65536", "TYPE-1",
                                      "TYPE1 ", "TYPEA", "1",    "IN",        "OPENPGPKEYS"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(dns_type_parse(bytes_str(bad[i]), &v));
    assert_false(dns_class_parse(bytes_str("CLASS65536"), &v));
    assert_false(dns_class_parse(bytes_str("A"), &v));
    assert_false(dns_class_parse(bytes_str("CLASS"), &v));
}

static void codes(void **state)
{
    static const struct {
        unsigned code;
        const char *text;
    } cases[] = {
        {0, "NOERROR"},  {1, "FORMERR"},   {2, "SERVFAIL"},   {3, "NXDOMAIN"}, {4, "NOTIMP"},
        {5, "REFUSED"},  {6, "YXDOMAIN"},  {7, "YXRRSET"},    {8, "NXRRSET"},  {9, "NOTAUTH"},
        {10, "NOTZONE"}, {12, "RCODE"},    {15, "RCODE"},     {16, "BADVERS"}, {17, "BADKEY"},
        {18, "BADTIME"}, {22, "BADTRUNC"}, {23, "BADCOOKIE"}, {24, "RCODE"},   {4095, "RCODE"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(dns_rcode_text(cases[i].code), cases[i].text);
    assert_true(dns_type_is_meta(DNS_ANY) && dns_type_is_meta(DNS_OPT) && dns_type_is_meta(0) && dns_type_is_meta(128));
    assert_false(dns_type_is_meta(127) || dns_type_is_meta(256) || dns_type_is_meta(DNS_A));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_read),
        cmocka_unit_test(a_message_cut),
        cmocka_unit_test(edns_and_its_options),
        cmocka_unit_test(a_message_written),
        cmocka_unit_test(the_root_written),
        cmocka_unit_test(what_is_compressed),
        cmocka_unit_test(where_names_are),
        cmocka_unit_test(only_whole_suffixes),
        cmocka_unit_test(more_labels_than_remembered),
        cmocka_unit_test(beyond_a_pointers_reach),
        cmocka_unit_test(all_or_nothing),
        cmocka_unit_test(back_to_a_mark),
        cmocka_unit_test(the_longest_message),
        cmocka_unit_test(types_and_classes),
        cmocka_unit_test(codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
