/* SPDX-License-Identifier: ISC */
/* What records hold: every type from text to bytes and back, with BIND's bytes; what is wrong; compressed names; order. */
#include "test/support/dns_text.h"
#include "test/support/dns_vectors.h"

#include <jinn/attr.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint8_t room[2][DNS_RDATA_BYTES];
static char text_room[4 * DNS_RDATA_BYTES + 64];

static uint16_t type_of(const char *name)
{
    uint16_t type;
    assert_true(dns_type_parse(bytes_str(name), &type));
    return type;
}

static const char *parse(uint16_t type, const char *text, const char *origin, struct bytes *rdata)
{
    static struct dns_word word[70000];
    struct dns_name name;
    struct writer w = writer_of(room[0], sizeof room[0]);
    assert_null(dns_name_parse(bytes_str(origin), dns_root(), &name));
    size_t n = cut_words(text, word, ARRAY_LEN(word));
    const char *why = dns_rdata_parse(type, word, n, dns_name_bytes(&name), &w);
    *rdata = writer_bytes(&w);
    return why;
}

static const char *text_of(uint16_t type, struct bytes rdata)
{
    struct writer w = writer_of(text_room, sizeof text_room);
    struct own copy = own(rdata);
    dns_rdata_write_text(&w, type, copy.b);
    free(copy.memory);
    write_u8(&w, 0);
    assert_true(writer_good(&w));
    return text_room;
}

/* ---- Every type ---- */

static void text_to_bytes_and_back(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(dns_vectors); i++) {
        const struct dns_vector *v = &dns_vectors[i];
        struct bytes wanted = from_hex(v->hex, room[1], sizeof room[1]), rdata;
        const char *canonical = v->canonical ? v->canonical : v->text;
        const char *why = parse(type_of(v->type), v->text, ".", &rdata);
        if (why)
            fail_msg("%s %s: %s", v->type, v->text, why);
        if (!bytes_equal(rdata, wanted))
            fail_msg("%s %s: other bytes than BIND's", v->type, v->text);
        assert_string_equal(text_of(type_of(v->type), wanted), canonical);
        assert_null(parse(type_of(v->type), canonical, ".", &rdata));
        assert_true(bytes_equal(rdata, wanted));
        assert_true(dns_rdata_is_good(type_of(v->type), wanted));
    }
}

/* A part of the data is mostly wrong, sometimes not; its text reads back as the same part. */
static void parts_of_data(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(dns_vectors); i++) {
        uint16_t type = type_of(dns_vectors[i].type);
        struct bytes whole = from_hex(dns_vectors[i].hex, room[1], sizeof room[1]), rdata;
        for (size_t len = 0; len < whole.len; len++) {
            struct own part = own(bytes_slice(whole, 0, len));
            bool good = dns_rdata_is_good(type, part.b);
            const char *why = parse(type, text_of(type, part.b), ".", &rdata);
            assert_int_equal(good, why == NULL);
            if (good)
                assert_true(bytes_equal(rdata, part.b));
            (void)dns_rdata_target(type, part.b);
            (void)dns_rdata_compare(type, part.b, whole);
            free(part.memory);
        }
    }
}

/* Types whose data end by themselves take no byte more, others take any at their end. */
static void one_byte_more(void **state)
{
    static const char *const fixed[] = {"A",     "AAAA", "NS",  "SOA",   "MX",    "SRV",        "NAPTR",
                                        "HINFO", "LOC",  "RP",  "DNAME", "EUI48", "NSEC3PARAM", "EUI64",
                                        "KX",    "PTR",  "NID", "L32",   "L64",   "LP"};
    for (size_t i = 0; i < ARRAY_LEN(dns_vectors); i++) {
        struct bytes rdata = from_hex(dns_vectors[i].hex, room[1], sizeof room[1]);
        room[1][rdata.len++] = 1;
        for (size_t k = 0; k < ARRAY_LEN(fixed); k++) {
            if (strcmp(fixed[k], dns_vectors[i].type) == 0 && dns_rdata_is_good(type_of(fixed[k]), rdata))
                fail_msg("%s %s takes a byte more", fixed[k], dns_vectors[i].text);
        }
    }
}

static void unknown_versions_of_loc_are_opaque(void **state)
{
    struct bytes rdata = bytes_of("\1\2\3", 3);
    assert_true(dns_rdata_is_good(DNS_LOC, rdata));
    assert_string_equal(text_of(DNS_LOC, rdata), "\\# 3 010203");
}

/* ---- What is wrong ---- */

static const struct {
    const char *type, *text, *why;
} wrong[] = {
    {"A", "", "missing"},
    {"A", "1.2.3", "not an IPv4 address"},
    {"A", "01.2.3.4", "not an IPv4 address"},
    {"A", "::1", "not an IPv4 address"},
    {"A", "1.2.3.4 5", "more fields"},
    {"A", "\"1.2.3.4\"", "quotes"},
    {"AAAA", "1.2.3.4", "not an IPv6 address"},
    {"AAAA", "1::2::3", "not an IPv6 address"},
    {"NS", "", "missing"},
    {"NS", "a..b", "empty label"},
    {"NS", "a. b.", "more fields"},
    {"MX", "65536 a.", "too large"},
    {"MX", "-1 a.", "not a number"},
    {"MX", "x a.", "not a number"},
    {"MX", "10", "missing"},
    {"SOA", "a. b. 1 2 3 4", "missing"},
    {"SOA", "a. b. 4294967296 2 3 4 5", "too large"},
    {"SOA", "a. b. 1h 2 3 4 5", "not a number"},
    {"SOA", "a. b. 1 2x 3 4 5", "seconds"},
    {"SOA", "a. b. 1 2 3 4 5h6", "seconds"},
    {"SOA", "a. b. 1 2 3 4 9999w", "seconds"},
    {"TXT", "", "missing"},
    {"TXT", "\\1a", "escape"},
    {"TXT", "\\256", "escape"},
    {"TXT", "\\25", "escape"},
    {"TXT", "a\\", "escape"},
    {"HINFO", "a", "missing"},
    {"HINFO", "a b c", "more fields"},
    {"DS", "1 8 2 abcd", "digest"},
    {"DS", "1 8 99 abc", "hex"},
    {"DS", "1 8 99 xx", "hex"},
    {"DS", "1 8 99", "missing"},
    {"DS", "1 NOSUCH 99 ab", "not a number"},
    {"DS", "1 256 99 ab", "too large"},
    {"SSHFP", "1 1 abcd", "digest"},
    {"SSHFP", "1 2 abcd", "digest"},
    {"ZONEMD", "1 1 1 abcd", "digest"},
    {"ZONEMD", "1 1 9 abcd", "digest"},
    {"TLSA", "3 1 1", "missing"},
    {"DNSKEY", "256 3 8", "missing"},
    {"DNSKEY", "256 3 8 AAA", "base 64"},
    {"DNSKEY", "256 3 8 AB==", "base 64"},
    {"DNSKEY", "256 3 8 AA== AAAA", "base 64"},
    {"DNSKEY", "256 3 8 AAA====", "base 64"},
    {"DNSKEY", "256 3 8 A-AA", "base 64"},
    {"RRSIG", "NOSUCH 8 2 1 2 3 4 x. AAAA", "unknown type"},
    {"RRSIG", "A 8 2 1h 2 3 4 x. AAAA", "not a number"},
    {"RRSIG", "A 8 2 1 20200230000000 3 4 x. AAAA", "date"},
    {"RRSIG", "A 8 2 1 20201301000000 3 4 x. AAAA", "date"},
    {"RRSIG", "A 8 2 1 20201200000000 3 4 x. AAAA", "date"},
    {"RRSIG", "A 8 2 1 20201201240000 3 4 x. AAAA", "date"},
    {"RRSIG", "A 8 2 1 20201201236000 3 4 x. AAAA", "date"},
    {"RRSIG", "A 8 2 1 20201201235961 3 4 x. AAAA", "date"},
    {"RRSIG", "A 8 2 1 21060207062816 3 4 x. AAAA", "date"},
    {"RRSIG", "A 8 2 1 19691231235959 3 4 x. AAAA", "date"},
    {"RRSIG", "A 8 2 1 4294967296 3 4 x. AAAA", "date"},
    {"NSEC", "a.", "missing"},
    {"NSEC", "a. NOSUCH", "unknown type"},
    {"NSEC3", "1 1 1 abc 2t7b4g4vsa5smi47k61mv5bv1a22bojr", "hex"},
    {"NSEC3", "1 1 1 - 2t", "base 32"},
    {"NSEC3", "1 1 1 - wwww", "base 32"},
    {"NSEC3", "1 1 1 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr====", "base 32"},
    {"NSEC3PARAM", "1 0 0", "missing"},
    {"APL", "3:1/1", "not like"},
    {"APL", "1:1.2.3.4/33", "not like"},
    {"APL", "1:1.2.3.4", "not like"},
    {"APL", "1.2.3.4/8", "not like"},
    {"APL", "2:1.2.3.4/8", "not like"},
    {"EUI48", "01:02:03:04:05:06", "dashes"},
    {"EUI48", "01-02-03-04-05", "dashes"},
    {"EUI64", "01-02-03-04-05-06", "dashes"},
    {"NID", "10 1:2:3", "four groups"},
    {"NID", "10 1:2:3:4:5", "four groups"},
    {"NID", "10 1:2::3", "four groups"},
    {"NID", "10 1:2:3:1.2.3.4", "four groups"},
    {"NID", "10 1:2:3:00004", "four groups"},
    {"L64", "10", "missing"},
    {"CAA", "0 a-b x", "tag"},
    {"CAA", "0 \"issue\" x", "quotes"},
    {"CAA", "256 issue x", "too large"},
    {"CAA", "0 issue x y", "more fields"},
    {"URI", "1 1", "missing"},
    {"IPSECKEY", "10 4 2 a. AAAA", "gateway"},
    {"IPSECKEY", "10 0 2 a. AAAA", "gateway"},
    {"IPSECKEY", "10 1 2 ::1 AAAA", "IPv4"},
    {"LOC", "", "missing"},
    {"LOC", "1 N 1 E", "missing"},
    {"LOC", "91 N 1 E 1", "degrees"},
    {"LOC", "90 0 0.001 N 1 E 1", "poles"},
    {"LOC", "1 N 180 0 1 E 1", "poles"},
    {"LOC", "1 60 N 1 E 1", "degrees"},
    {"LOC", "1 1.5 N 1 E 1", "degrees"},
    {"LOC", "1 1 1.5555 N 1 E 1", "degrees"},
    {"LOC", "1 1 1 1 N 1 E 1", "degrees"},
    {"LOC", "N 1 E 1", "degrees"},
    {"LOC", "1 N 1 N 1", "degrees"},
    {"LOC", "1 N 1 E -100000.01", "altitude"},
    {"LOC", "1 N 1 E 42849672.96", "altitude"},
    {"LOC", "1 N 1 E 1 90000000.01", "metres"},
    {"LOC", "1 N 1 E 1 -1", "metres"},
    {"LOC", "1 N 1 E 1 2 3 4 5", "more fields"},
    {"SVCB", "1", "missing"},
    {"SVCB", "1 . nosuch=1", "key is unknown"},
    {"SVCB", "1 . key03=ab", "key is unknown"},
    {"SVCB", "1 . key65536", "key is unknown"},
    {"SVCB", "1 . =1", "key is unknown"},
    {"SVCB", "1 . port=1 port=2", "twice"},
    {"SVCB", "1 . port=1 alpn=h2 key3=ab", "twice"},
    {"SVCB", "1 . port=65536", "65535"},
    {"SVCB", "1 . port=", "value"},
    {"SVCB", "1 . port", "value"},
    {"SVCB", "1 . alpn", "value"},
    {"SVCB", "1 . alpn=a,,b", "empty element"},
    {"SVCB", "1 . alpn=a,", "empty element"},
    {"SVCB", "1 . alpn=a\\", "escape"},
    {"SVCB", "1 . alpn=a\\092", "escape"},
    {"SVCB", "1 . no-default-alpn", "value"},
    {"SVCB", "1 . no-default-alpn=x alpn=h2", "value"},
    {"SVCB", "1 . mandatory=port", "another"},
    {"SVCB", "1 . mandatory=mandatory", "another"},
    {"SVCB", "1 . mandatory=nosuch", "unknown key"},
    {"SVCB", "1 . mandatory=port, port=1", "unknown key"},
    {"SVCB", "1 . mandatory=port,port port=1", "twice"},
    {"SVCB", "1 . ipv4hint=::1", "ipv4hint"},
    {"SVCB", "1 . ipv4hint=1.2.3.4,", "ipv4hint"},
    {"SVCB", "1 . ipv6hint=1.2.3.4", "ipv6hint"},
    {"SVCB", "1 . ech=A", "ech"},
    {"SVCB", "1 . dohpath=/x", "value"},
    {"SVCB", "1 . dohpath=x{?dns}", "value"},
    {"TYPE999", "abc", "unknown type"},
    {"TYPE999", "\\#", "missing"},
    {"TYPE999", "\\# x", "not a number"},
    {"TYPE999", "\\# 65536 00", "too large"},
    {"TYPE999", "\\# 1", "as many bytes"},
    {"TYPE999", "\\# 0 00", "as many bytes"},
    {"TYPE999", "\\# 1 1", "hex"},
    {"A", "\\# 3 010203", "not the data"},
    {"A", "\\# 5 0102030405", "not the data"},
    {"MX", "\\# 4 00010000", "not the data"},
};

static void wrong_text_has_its_reason(void **state)
{
    struct bytes rdata;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        const char *why = parse(type_of(wrong[i].type), wrong[i].text, ".", &rdata);
        if (!why || !strstr(why, wrong[i].why))
            fail_msg("%s %s: wanted '%s', got: %s", wrong[i].type, wrong[i].text, wrong[i].why, why ? why : "good");
    }
}

static const struct {
    const char *type, *hex;
} wrong_bytes[] = {
    {"TXT", ""},
    {"TXT", "0261"},
    {"CAA", "000000"},
    {"CAA", "00012d00"},
    {"NSEC", "0000"},             /* a window without length */
    {"NSEC", "00000000"},         /* of no length */
    {"NSEC", "00000140010140ff"}, /* its third */
    {"NSEC", "00000100"},         /* with nothing in it */
    {"NSEC", "0001014000014000"}, /* not in order */
    {"NSEC", "000021000000000000000000000000000000000000000000000000000000000000000000000001"},
    {"NSEC3", "0101000c0000"},
    {"APL", "0001210401020304"}, /* 33 bits */
    {"APL", "0001080201000000"}, /* a zero at the end */
    {"APL", "00010805010203040501"},
    {"APL", "0003080101"},
    {"APL", "000108"},
    {"LOC", "00120d13800000008000000000989680"},   /* 10 to the 13th */
    {"LOC", "00120213800000008000000000989680"},   /* nothing, with zeros */
    {"LOC", "001216139350cb018000000000989680"},   /* 90 degrees and a bit */
    {"LOC", "00121613800000008000000000989680ff"}, /* a byte more */
    {"LOC", "001216138000000080000000009896"},
    {"IPSECKEY", "0a0402"},
    {"IPSECKEY", "0a0102c00002"},
    {"IPSECKEY", "0a0302c00c"}, /* a pointer */
    {"SVCB", "00010000030002003500010003026832"},
    {"SVCB", "0001000003000200350003000200"},
    {"SVCB", "00010000030001"},
    {"SVCB", "000100000100020368"},
    {"SVCB", "0001000001000100"},
    {"SVCB", "00010000010000"},
    {"SVCB", "0001000004000301020300"},
    {"SVCB", "000100000600040102030400"},
    {"SVCB", "00010000050000"},
    {"SVCB", "0001000000000200030003000200"},
    {"SVCB", "0001000000000400030003000300020035"},
    {"SVCB", "0001000000000100"},
    {"SVCB", "000100c00c"},
    {"SVCB", "0001c00c"},
};

static void wrong_bytes_are_refused(void **state)
{
    struct bytes rdata;
    for (size_t i = 0; i < ARRAY_LEN(wrong_bytes); i++) {
        struct own copy = own(from_hex(wrong_bytes[i].hex, room[1], sizeof room[1]));
        uint16_t type = type_of(wrong_bytes[i].type);
        if (dns_rdata_is_good(type, copy.b))
            fail_msg("%s %s is taken", wrong_bytes[i].type, wrong_bytes[i].hex);
        assert_true(strncmp(text_of(type, copy.b), "\\# ", 3) == 0);
        assert_non_null(parse(type, text_of(type, copy.b), ".", &rdata));
        free(copy.memory);
    }
}

static void names_are_relative_to_the_origin(void **state)
{
    struct bytes rdata;
    assert_null(parse(DNS_MX, "10 @", "Example.com.", &rdata));
    assert_string_equal(text_of(DNS_MX, rdata), "10 Example.com.");
    assert_null(parse(DNS_RP, "a b.c", "Example.com.", &rdata));
    assert_string_equal(text_of(DNS_RP, rdata), "a.Example.com. b.c.Example.com.");
}

/* ---- Limits ---- */

static void a_string_has_255_bytes(void **state)
{
    char text[300];
    struct bytes rdata;
    memset(text, 'a', sizeof text);
    text[255] = 0;
    assert_null(parse(DNS_TXT, text, ".", &rdata));
    assert_int_equal(rdata.len, 256);
    text[255] = 'a';
    text[256] = 0;
    assert_non_null(strstr(parse(DNS_TXT, text, ".", &rdata), "255"));
    assert_null(parse(DNS_SVCB, "1 . key9=a", ".", &rdata)); /* these have no such limit */
    memcpy(text, "1 1 aaa", 7);
    assert_null(parse(DNS_URI, text, ".", &rdata));
    text[256] = 'a';
    memcpy(text, "1 . alpn=", 9);
    text[9 + 255] = 0;
    assert_null(parse(DNS_SVCB, text, ".", &rdata));
    text[9 + 255] = 'a';
    text[9 + 256] = 0;
    assert_non_null(strstr(parse(DNS_SVCB, text, ".", &rdata), "255"));
}

static void data_have_65535_bytes(void **state)
{
    static char text[2 * 65536 + 32];
    struct bytes rdata;
    memcpy(text, "\\# 65535 ", 9);
    memset(text + 9, '0', 2 * 65535);
    assert_null(parse(999, text, ".", &rdata));
    assert_int_equal(rdata.len, 65535);
    assert_string_equal(text_of(999, rdata), text);
    for (size_t i = 0; i < 32768; i++)
        memcpy(text + 2 * i, "a ", 2);
    text[65535] = 0; /* 32768 strings of two bytes */
    assert_non_null(strstr(parse(DNS_TXT, text, ".", &rdata), "65535"));
    text[65534] = 0;
    assert_null(parse(DNS_TXT, text, ".", &rdata));
    assert_int_equal(rdata.len, 65534);
}

/* ---- Compressed ---- */

/* Behind four bytes, of which the second is where "x." begins. */
static bool expand(uint16_t type, const char *hex, struct bytes *out)
{
    uint8_t message[128];
    struct bytes head = from_hex("00017800", message, sizeof message), rdata;
    rdata = from_hex(hex, message + head.len, sizeof message - head.len);
    struct own copy = own(bytes_of(message, head.len + rdata.len));
    struct writer w = writer_of(room[1], sizeof room[1]);
    struct dns_record record = {.type = type, .rdata = bytes_slice(copy.b, head.len, rdata.len)};
    bool good = dns_rdata_expand(copy.b, &record, &w);
    *out = writer_bytes(&w);
    free(copy.memory);
    return good;
}

static void compressed_names_are_expanded(void **state)
{
    static const struct {
        uint16_t type;
        const char *hex, *text;
    } good[] = {
        {DNS_NS, "c001", "x."},
        {DNS_MX, "000a0161c001", "10 a.x."},
        {DNS_SOA, "0161c001c0040000000100000002000000030000000400000005", "a.x. a.x. 1 2 3 4 5"},
        {DNS_MINFO, "c001c001", "x. x."},
        {DNS_SRV, "000100020003c001", "1 2 3 x."}, /* sent by some, in spite of RFC 2782 */
        {DNS_RP, "c001c001", "x. x."},
        {DNS_A, "c0000201", "192.0.2.1"},
        {DNS_NSEC, "017800000140", "x. A"},
        {999, "c001", "\\# 2 C001"},
    };
    static const struct {
        uint16_t type;
        const char *hex;
    } bad[] = {
        {DNS_NS, "c004"},       {DNS_NS, "c001c0"},   {DNS_NS, "c0"},
        {DNS_NS, ""},           {DNS_NS, "0261c001"}, {DNS_NSEC, "c001000140"},
        {DNS_SVCB, "0001c001"}, {DNS_A, "c00002"},    {DNS_IPSECKEY, "0a0302c001"},
        {DNS_MX, "00"},
    };
    struct bytes out;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(expand(good[i].type, good[i].hex, &out));
        assert_string_equal(text_of(good[i].type, out), good[i].text);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (expand(bad[i].type, bad[i].hex, &out))
            fail_msg("%u %s is taken", bad[i].type, bad[i].hex);
    }
}

static void expansion_stops_when_there_is_no_room(void **state)
{
    static const uint8_t message[] = {0, 1, 'x', 0, 0xc0, 1};
    struct dns_record record = {.type = DNS_NS, .rdata = bytes_of(message + 4, 2)};
    uint8_t out[3];
    struct writer w = writer_of(out, 2);
    assert_false(dns_rdata_expand(bytes_of(message, sizeof message), &record, &w));
    w = writer_of(out, 3);
    assert_true(dns_rdata_expand(bytes_of(message, sizeof message), &record, &w));
}

/* ---- Canonical form and order ---- */

static void names_of_old_types_are_made_small(void **state)
{
    static const struct {
        const char *type, *text, *canonical;
    } cases[] = {
        {"NS", "A.B.", "a.b."},
        {"SOA", "A. B. 1 2 3 4 5", "a. b. 1 2 3 4 5"},
        {"MX", "10 A.", "10 a."},
        {"RP", "A. B.", "a. b."},
        {"SRV", "1 2 3 A.", "1 2 3 a."},
        {"NAPTR", "1 2 \"S\" \"A\" \"B\" C.", "1 2 \"S\" \"A\" \"B\" c."},
        {"DNAME", "A.", "a."},
        {"RRSIG", "A 8 2 1 20200101000000 20200101000000 1 X. AAAA", "A 8 2 1 20200101000000 20200101000000 1 x. AAAA"},
        {"NSEC", "A. MX", "A. MX"}, /* RFC 6840 5.1 */
        {"SVCB", "1 A.", "1 A."},
        {"TXT", "\"A\"", "\"A\""},
        {"CNAME", "\\065\\091\\192Z.", "a[\\192z."},
    };
    struct bytes rdata;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint16_t type = type_of(cases[i].type);
        struct writer w = writer_of(room[1], sizeof room[1]);
        assert_null(parse(type, cases[i].text, ".", &rdata));
        dns_rdata_canonical(type, rdata, &w);
        assert_string_equal(text_of(type, writer_bytes(&w)), cases[i].canonical);
        assert_int_equal(dns_rdata_compare(type, rdata, writer_bytes(&w)), 0);
    }
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

/* All pairs of vectors of one type: as their canonical forms compare byte by byte. */
static void order_is_that_of_canonical_bytes(void **state)
{
    unsigned n = 0;
    for (size_t i = 0; i < ARRAY_LEN(dns_vectors); i++) {
        for (size_t k = 0; k < ARRAY_LEN(dns_vectors); k++) {
            uint16_t type = type_of(dns_vectors[i].type);
            uint8_t raw[2][512], small[2][512];
            if (type != type_of(dns_vectors[k].type))
                continue;
            struct bytes a = from_hex(dns_vectors[i].hex, raw[0], 512), b = from_hex(dns_vectors[k].hex, raw[1], 512);
            struct writer wa = writer_of(small[0], 512), wb = writer_of(small[1], 512);
            dns_rdata_canonical(type, a, &wa);
            dns_rdata_canonical(type, b, &wb);
            size_t la = writer_len(&wa), lb = writer_len(&wb);
            int order = memcmp(small[0], small[1], la < lb ? la : lb);
            assert_int_equal(sign(dns_rdata_compare(type, a, b)), order ? sign(order) : (la > lb) - (la < lb));
            n++;
        }
    }
    assert_true(n > 200);
}

static void targets(void **state)
{
    static const struct {
        const char *type, *text, *target;
    } cases[] = {
        {"NS", "a.", "a."},
        {"CNAME", "a.", "a."},
        {"DNAME", "a.", "a."},
        {"MX", "1 a.", "a."},
        {"SRV", "1 2 3 a.", "a."},
        {"AFSDB", "1 a.", "a."},
        {"KX", "1 a.", "a."},
        {"SVCB", "1 a.", "a."},
        {"HTTPS", "0 a.", "a."},
        {"NAPTR", "1 2 s s s a.", "a."},
        {"A", "1.2.3.4", NULL},
        {"TXT", "a", NULL},
        {"SOA", "a. b. 1 2 3 4 5", NULL},
        {"PTR", "a.", NULL},
        {"RP", "a. b.", NULL},
        {"NSEC", "a. A", NULL},
        {"TYPE999", "\\# 2 0000", NULL},
    };
    struct bytes rdata;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[DNS_NAME_TEXT_BYTES];
        assert_null(parse(type_of(cases[i].type), cases[i].text, ".", &rdata));
        struct bytes target = dns_rdata_target(type_of(cases[i].type), rdata);
        if (cases[i].target)
            assert_string_equal(dns_name_text(target, text), cases[i].target);
        else
            assert_int_equal(target.len, 0);
    }
}

/* ---- Numbers of seconds, digits ---- */

static void durations(void **state)
{
    static const struct {
        const char *text;
        uint32_t seconds;
    } good[] = {{"0", 0},       {"4294967295", UINT32_MAX}, {"1s", 1},     {"1h30m", 5400}, {"1W", 604800},
                {"1m1h", 3660}, {"2D3h", 183600},           {"1h1h", 7200}};
    static const char *const bad[] = {"", "h", "1h30", "1x", "4294967296", "7102w", "-1", "1 h", "1.5h"};
    uint32_t seconds;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(dns_duration_parse(bytes_str(good[i].text), &seconds));
        assert_int_equal(seconds, good[i].seconds);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(dns_duration_parse(bytes_str(bad[i]), &seconds));
}

/* RFC 4648 10. */
static void digits_of_three_bases(void **state)
{
    static const char *const cases[][3] = {
        {"", "", ""},
        {"66", "CO", "Zg=="},
        {"666F", "CPNG", "Zm8="},
        {"666F6F", "CPNMU", "Zm9v"},
        {"666F6F62", "CPNMUOG", "Zm9vYg=="},
        {"666F6F6261", "CPNMUOJ1", "Zm9vYmE="},
        {"666F6F626172", "CPNMUOJ1E8", "Zm9vYmFy"},
    };
    static const enum radix radices[] = {RADIX_HEX, RADIX_BASE32HEX, RADIX_BASE64};
    struct bytes text = bytes_str("foobar");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t k = 0; k < 3; k++) {
            char out[32];
            struct writer w = writer_of(out, sizeof out);
            radix_write(&w, radices[k], bytes_slice(text, 0, i));
            assert_true(bytes_equal(writer_bytes(&w), bytes_str(cases[i][k])));
            struct radix_reader r = radix_reader(radices[k]);
            w = writer_of(out, sizeof out);
            for (size_t c = 0; cases[i][k][c]; c++) /* cut anywhere */
                assert_true(radix_read(&r, bytes_of(&cases[i][k][c], 1), &w));
            assert_true(radix_end(&r));
            assert_true(bytes_equal(writer_bytes(&w), bytes_slice(text, 0, i)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_to_bytes_and_back),
        cmocka_unit_test(parts_of_data),
        cmocka_unit_test(one_byte_more),
        cmocka_unit_test(unknown_versions_of_loc_are_opaque),
        cmocka_unit_test(wrong_text_has_its_reason),
        cmocka_unit_test(wrong_bytes_are_refused),
        cmocka_unit_test(names_are_relative_to_the_origin),
        cmocka_unit_test(a_string_has_255_bytes),
        cmocka_unit_test(data_have_65535_bytes),
        cmocka_unit_test(compressed_names_are_expanded),
        cmocka_unit_test(expansion_stops_when_there_is_no_room),
        cmocka_unit_test(names_of_old_types_are_made_small),
        cmocka_unit_test(order_is_that_of_canonical_bytes),
        cmocka_unit_test(targets),
        cmocka_unit_test(durations),
        cmocka_unit_test(digits_of_three_bases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
