/* SPDX-License-Identifier: ISC */
#include "wire/dns_name.h"

#include <jinn/attr.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Names of a test stay until it ends, each in a piece of memory of its own size: one byte beyond is a fault. */
static void *kept[4096];
static size_t n_kept;

static struct bytes keep(struct bytes b)
{
    uint8_t *p = malloc(b.len ? b.len : 1);
    assert_non_null(p);
    assert_true(n_kept < ARRAY_LEN(kept));
    kept[n_kept++] = p;
    if (b.len)
        memcpy(p, b.data, b.len);
    return bytes_of(p, b.len);
}

static int forget(void **state)
{
    while (n_kept)
        free(kept[--n_kept]);
    return 0;
}

static struct bytes name(const char *text)
{
    struct dns_name n;
    const char *why = dns_name_parse(bytes_str(text), dns_root(), &n);
    if (why)
        fail_msg("%s: %s", text, why);
    return keep(dns_name_bytes(&n));
}

static const char *text_of(struct bytes b)
{
    static char text[4][DNS_NAME_TEXT_BYTES];
    static unsigned turn;
    return dns_name_text(b, text[turn++ % 4]);
}

/* n labels of `len` bytes, all of them 'a'. */
static struct bytes labels(unsigned n, uint8_t len)
{
    uint8_t b[400];
    struct writer w = writer_of(b, sizeof b);
    for (; n; n--) {
        write_u8(&w, len);
        memset(write_room(&w, len), 'a', len);
    }
    return keep(writer_bytes(&w));
}

static struct bytes joined(struct bytes a, struct bytes b)
{
    uint8_t both[600];
    memcpy(both, a.data, a.len);
    memcpy(both + a.len, b.data, b.len);
    return keep(bytes_of(both, a.len + b.len));
}

/* A message whose name begins at `from`: its text, or "bad". `*len` is where the reader stands then, from `from`. */
static const char *read_at(struct bytes message, size_t from, size_t *len)
{
    struct dns_name n;
    struct reader r = reader_of(message);
    r.at += from;
    memset(&n, 0xee, sizeof n);
    if (!dns_name_read(&r, message, &n)) {
        assert_true(r.bad);
        assert_int_equal(n.len, 1);
        assert_int_equal(n.wire[0], 0);
        return "bad";
    }
    assert_false(r.bad);
    *len = (size_t)(r.at - message.data) - from;
    return text_of(dns_name_bytes(&n));
}

static void reading_with_pointers(void **state)
{
    static const struct {
        const char *message;
        size_t message_len, from;
        const char *text;
        size_t len;
    } cases[] = {
        /* RFC 1035 4.1.4, with all twelve bytes left out of the offsets */
        {"\1F\3ISI\4ARPA\0\3FOO\xc0\0\xc0\6\0", 21, 0, "F.ISI.ARPA.", 12},
        {"\1F\3ISI\4ARPA\0\3FOO\xc0\0\xc0\6\0", 21, 12, "FOO.F.ISI.ARPA.", 6},
        {"\1F\3ISI\4ARPA\0\3FOO\xc0\0\xc0\6\0", 21, 18, "ARPA.", 2},
        {"\1F\3ISI\4ARPA\0\3FOO\xc0\0\xc0\6\0", 21, 20, ".", 1},
        {"\1a\0\xc0\0\xc0\3\xc0\5", 9, 7, "a.", 2}, /* pointers to pointers */
        {"\1a\0\xc0\2", 5, 3, ".", 2},              /* to the root */
        {"\1a\1b\0\1c\xc0\2", 9, 5, "c.b.", 4},     /* into a name */
        {"\1a\2\1b\0\xc0\3", 8, 6, "b.", 2},        /* into a label */
        {"\1a\1b\xc0\0", 6, 2, "bad", 0},           /* to a name that runs into the pointer again */
        {"\0\0\xc0\2", 4, 2, "bad", 0},             /* to itself */
        {"\0\0\1a\xc0\2", 6, 2, "bad", 0},          /* to its own beginning */
        {"\0\0\1a\xc0\4", 6, 2, "bad", 0},          /* to itself behind a label */
        {"\0\0\xc0\4\0", 5, 2, "bad", 0},           /* forward */
        {"\xc0\2\xc0\0", 4, 2, "bad", 0},           /* a loop of two */
        {"\xc0\4\1b\1a\xc0\0", 8, 4, "bad", 0},     /* forward after back */
        {"\0\0\xc0", 3, 2, "bad", 0},               /* half a pointer */
        {"\0\0", 2, 2, "bad", 0},                   /* nothing */
        {"\0\0\1a", 4, 2, "bad", 0},                /* no end */
        {"\0\0\2a", 4, 2, "bad", 0},                /* half a label */
        {"\0\0\1", 3, 2, "bad", 0},                 /* a length alone */
        {"\0\0\x40\0\0", 5, 2, "bad", 0},           /* types that there are not */
        {"\0\0\x41\0\0", 5, 2, "bad", 0},
        {"\0\0\x80\0\0", 5, 2, "bad", 0},
        {"\0\0\xbf\0\0", 5, 2, "bad", 0},
        {"\0\0\xff\xff\0", 5, 2, "bad", 0},
        {"\0\1a\x40\0\xc0\1", 7, 5, "bad", 0}, /* and behind a pointer */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = 0;
        struct bytes message = keep(bytes_of(cases[i].message, cases[i].message_len));
        assert_string_equal(read_at(message, cases[i].from, &len), cases[i].text);
        assert_int_equal(len, cases[i].len);
    }
}

/* What stands in a record's data ends with it, but a pointer sees the whole message. */
static void a_part_of_a_message(void **state)
{
    struct bytes message = keep(bytes_of("\1a\0\1b\xc0\0\1c\0", 10));
    struct dns_name n;
    struct reader r = {message.data + 3, message.data + 7, false};
    assert_true(dns_name_read(&r, message, &n));
    assert_string_equal(text_of(dns_name_bytes(&n)), "b.a.");
    r = (struct reader){message.data + 3, message.data + 6, false};
    assert_false(dns_name_read(&r, message, &n));
    r = (struct reader){message.data + 7, message.data + 9, false};
    assert_false(dns_name_read(&r, message, &n));
    r = (struct reader){message.data + 7, message.data + 10, true};
    assert_false(dns_name_read(&r, message, &n));
    assert_ptr_equal(r.at, message.data + 7);
}

static void every_length(void **state)
{
    size_t len;
    struct bytes root = dns_root();
    struct bytes most = joined(joined(labels(3, 63), labels(1, 61)), root);
    assert_int_equal(most.len, 255);
    assert_int_equal(strlen(read_at(most, 0, &len)), 254);
    assert_int_equal(len, 255);
    assert_string_equal(read_at(joined(joined(labels(3, 63), labels(1, 62)), root), 0, &len), "bad");
    assert_string_equal(read_at(labels(4, 63), 0, &len), "bad");
    struct bytes many = joined(labels(127, 1), root);
    assert_int_equal(many.len, 255);
    assert_int_equal(strlen(read_at(many, 0, &len)), 254);
    assert_int_equal(dns_name_labels(many), DNS_LABELS_MAX);
    assert_string_equal(read_at(joined(labels(128, 1), root), 0, &len), "bad");
    assert_string_equal(read_at(joined(joined(labels(126, 1), labels(1, 2)), root), 0, &len), "bad");
    /* The same limit with a pointer in it. */
    struct bytes half = joined(labels(2, 63), root); /* 129 bytes: 126 more may come before it */
    struct bytes whole = joined(half, joined(joined(labels(1, 63), labels(1, 61)), bytes_of("\xc0\0", 2)));
    assert_int_equal(strlen(read_at(whole, half.len, &len)), 254);
    whole = joined(half, joined(joined(labels(1, 63), labels(1, 62)), bytes_of("\xc0\0", 2)));
    assert_string_equal(read_at(whole, half.len, &len), "bad");
    /* Each length there is. */
    for (uint8_t n = 1; n <= 63; n++) {
        assert_int_equal(strlen(read_at(joined(labels(1, n), root), 0, &len)), n + 1u);
        assert_int_equal(len, n + 2u);
    }
}

/* A chain of pointers is followed as long as a name can need it. */
static void many_pointers(void **state)
{
    uint8_t b[1 + 2 * (DNS_POINTERS_MAX + 1)] = {0};
    for (unsigned i = 0; i <= DNS_POINTERS_MAX; i++) {
        unsigned to = i ? 2 * i - 1 : 0;
        b[1 + 2 * i] = (uint8_t)(0xc0 | to >> 8);
        b[2 + 2 * i] = (uint8_t)to;
    }
    size_t len;
    struct bytes message = keep(bytes_of(b, sizeof b));
    assert_string_equal(read_at(message, 1 + 2 * (DNS_POINTERS_MAX - 1), &len), ".");
    assert_int_equal(len, 2);
    assert_string_equal(read_at(message, 1 + 2 * DNS_POINTERS_MAX, &len), "bad");
    /* 127 labels, each behind a pointer of its own. */
    uint8_t c[1 + 4 * DNS_LABELS_MAX] = {0};
    for (unsigned i = 0; i < DNS_LABELS_MAX; i++) {
        unsigned to = i ? 4 * i - 3 : 0;
        uint8_t *at = c + 1 + 4 * i;
        at[0] = 1;
        at[1] = 'x';
        at[2] = (uint8_t)(0xc0 | to >> 8);
        at[3] = (uint8_t)to;
    }
    message = keep(bytes_of(c, sizeof c));
    assert_int_equal(strlen(read_at(message, 1 + 4 * (DNS_LABELS_MAX - 1), &len)), 254);
}

static void taking_what_is_not_compressed(void **state)
{
    struct bytes b = keep(bytes_of("\1a\0\2bc\0\1d\xc0\0", 11));
    struct reader r = reader_of(b);
    assert_true(bytes_equal(dns_name_take(&r), name("a")));
    struct bytes second = dns_name_take(&r);
    assert_ptr_equal(second.data, b.data + 3);
    assert_int_equal(second.len, 4);
    assert_false(r.bad);
    assert_int_equal(dns_name_take(&r).len, 0);
    assert_true(r.bad);
    assert_int_equal(dns_name_take(&r).len, 0);
    static const struct {
        const char *b;
        size_t len;
    } bad[] = {{"", 0}, {"\1", 1}, {"\1a", 2}, {"\2a", 2}, {"\x40\0", 2}, {"\xc0\0", 2}, {"\1a\x80\0", 4}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        r = reader_of(keep(bytes_of(bad[i].b, bad[i].len)));
        assert_int_equal(dns_name_take(&r).len, 0);
        assert_true(r.bad);
    }
    r = reader_of(joined(joined(labels(3, 63), labels(1, 61)), dns_root()));
    assert_int_equal(dns_name_take(&r).len, 255);
    r = reader_of(joined(joined(labels(3, 63), labels(1, 62)), dns_root()));
    assert_int_equal(dns_name_take(&r).len, 0);
    r = reader_of(joined(labels(128, 1), dns_root()));
    assert_int_equal(dns_name_take(&r).len, 0);
}

static void text_to_names_and_back(void **state)
{
    static const struct {
        const char *text, *origin, *canonical;
    } cases[] = {
        {".", NULL, "."},
        {"a.", NULL, "a."},
        {"a", "example.", "a.example."},
        {"a", ".", "a."},
        {"@", "example.", "example."},
        {"@.", NULL, "\\@."},
        {"\\@", "example.", "\\@.example."},
        {"*.x", "example.", "*.x.example."},
        {"_25._tcp", "example.", "_25._tcp.example."},
        {"MiXeD.CaSe.", NULL, "MiXeD.CaSe."},
        {"a\\.b.c.", NULL, "a\\.b.c."},
        {"a\\046b.c.", NULL, "a\\.b.c."},
        {"a b.", NULL, "a\\032b."},
        {"a\\ b.", NULL, "a\\032b."},
        {"\\000\\255\\127.", NULL, "\\000\\255\\127."},
        {"\\\\.", NULL, "\\\\."},
        {"\\a\\b\\-.", NULL, "ab-."},
        {"\\;\\(\\)\\\"\\$.", NULL, "\\;\\(\\)\\\"\\$."},
        {";()\"@$.", NULL, "\\;\\(\\)\\\"\\@\\$."},
        {"\\0651.", NULL, "A1."},
        {"!#%&'*+,-/:<=>?[]^_`{|}~.", NULL, "!#%&'*+,-/:<=>?[]^_`{|}~."},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dns_name n, again;
        struct bytes origin = cases[i].origin ? name(cases[i].origin) : bytes_of(NULL, 0);
        assert_null(dns_name_parse(keep(bytes_str(cases[i].text)), origin, &n));
        assert_string_equal(text_of(dns_name_bytes(&n)), cases[i].canonical);
        assert_null(dns_name_parse(bytes_str(cases[i].canonical), bytes_of(NULL, 0), &again));
        assert_true(bytes_equal(dns_name_bytes(&n), dns_name_bytes(&again)));
    }
}

static void text_that_is_no_name(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "an empty name"},
        {"..", "an empty label"},
        {".a.", "an empty label"},
        {"a..", "an empty label"},
        {"a..b.", "an empty label"},
        {"\\", "a \\ with nothing behind it"},
        {"a.\\", "a \\ with nothing behind it"},
        {"\\1.", "a \\ with fewer than three digits"},
        {"\\12", "a \\ with fewer than three digits"},
        {"\\12a.", "a \\ with fewer than three digits"},
        {"\\256.", "a \\ with a number above 255"},
        {"\\999.", "a \\ with a number above 255"},
        {"a", "a relative name without an origin"},
        {"@", "a relative name without an origin"},
    };
    struct dns_name n;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *why = dns_name_parse(keep(bytes_str(cases[i].text)), bytes_of(NULL, 0), &n);
        assert_non_null(why);
        assert_string_equal(why, cases[i].why);
    }
}

static void text_of_every_length(void **state)
{
    char text[1100];
    struct dns_name n;
    struct bytes none = bytes_of(NULL, 0);
    memset(text, 'a', sizeof text);
    assert_null(dns_name_parse(bytes_of(text, 63), dns_root(), &n));
    assert_int_equal(n.len, 65);
    assert_string_equal(dns_name_parse(bytes_of(text, 64), dns_root(), &n), "a label of more than 63 bytes");
    text[63] = text[127] = text[191] = text[253] = '.';
    assert_null(dns_name_parse(bytes_of(text, 254), none, &n));
    assert_int_equal(n.len, 255);
    assert_null(dns_name_parse(bytes_of(text, 253), dns_root(), &n));
    assert_int_equal(n.len, 255);
    assert_string_equal(dns_name_parse(bytes_of(text, 253), name("a"), &n), "a name of more than 255 bytes");
    text[253] = 'a';
    text[254] = '.';
    assert_string_equal(dns_name_parse(bytes_of(text, 255), none, &n), "a name of more than 255 bytes");
    assert_string_equal(dns_name_parse(bytes_of(text, 254), dns_root(), &n), "a name of more than 255 bytes");
    assert_string_equal(dns_name_parse(bytes_of(text, 300), none, &n), "a name of more than 255 bytes");
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? '.' : 'b';
    assert_null(dns_name_parse(bytes_of(text, 254), none, &n));
    assert_int_equal(dns_name_labels(dns_name_bytes(&n)), 127);
    assert_string_equal(dns_name_parse(bytes_of(text, 256), none, &n), "a name of more than 255 bytes");
    /* The longest text: each byte has four letters. */
    struct bytes longest = joined(joined(labels(3, 63), labels(1, 61)), dns_root());
    struct dns_name binary;
    dns_name_copy(&binary, longest);
    for (size_t i = 0; i < 254; i++)
        if (binary.wire[i] == 'a')
            binary.wire[i] = 0xff;
    assert_int_equal(strlen(text_of(dns_name_bytes(&binary))), 250 * 4 + 4);
    assert_null(dns_name_parse(bytes_str(text_of(dns_name_bytes(&binary))), none, &n));
    assert_true(bytes_equal(dns_name_bytes(&binary), dns_name_bytes(&n)));
}

static void text_without_room(void **state)
{
    struct bytes b = name("a\\.b.example.");
    for (size_t room = 0; room <= 14; room++) {
        char *text = malloc(room ? room : 1);
        assert_non_null(text);
        struct writer w = writer_of(text, room);
        dns_name_write_text(&w, b);
        assert_int_equal(writer_good(&w), room >= strlen("a\\.b.example."));
        free(text);
    }
}

/* Every byte in every position of eight, in both cases. */
static void case_is_nothing(void **state)
{
    for (unsigned position = 0; position < 20; position++) {
        for (unsigned c = 0; c < 256; c++) {
            uint8_t wire[22];
            memset(wire, 'q', sizeof wire);
            wire[0] = 20;
            wire[21] = 0;
            wire[1 + position] = (uint8_t)c;
            struct bytes a = keep(bytes_of(wire, sizeof wire));
            bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            wire[1 + position] ^= 0x20;
            struct bytes b = bytes_of(wire, sizeof wire);
            assert_int_equal(dns_name_equal(a, b), is_letter);
            assert_int_equal(dns_name_hash(a, 7) == dns_name_hash(b, 7), is_letter);
            assert_int_equal(dns_name_compare(a, b) == 0, is_letter);
            struct dns_name low;
            dns_name_lower(&low, a);
            assert_int_equal(low.len, a.len);
            assert_int_equal(low.wire[1 + position], c >= 'A' && c <= 'Z' ? c + 32 : c);
            assert_int_equal(low.wire[0], 20);
            wire[1 + position] ^= 0x60;
            assert_false(dns_name_equal(a, b));
        }
        forget(NULL);
    }
}

static void equal_at_every_length(void **state)
{
    for (uint8_t n = 1; n <= 63; n++) {
        struct bytes a = joined(labels(1, n), dns_root()), b = joined(labels(1, n), dns_root());
        assert_true(dns_name_equal(a, b));
        assert_int_equal(dns_name_hash(a, 1), dns_name_hash(b, 1));
        for (uint8_t i = 1; i <= n; i++) {
            uint8_t *byte = (uint8_t *)(uintptr_t)&b.data[i];
            *byte = 'b';
            assert_false(dns_name_equal(a, b));
            assert_int_not_equal(dns_name_hash(a, 1), dns_name_hash(b, 1));
            assert_true(dns_name_compare(a, b) < 0);
            assert_true(dns_name_compare(b, a) > 0);
            *byte = 'a';
        }
        assert_false(dns_name_equal(a, joined(labels(1, n < 63 ? n + 1 : 1), dns_root())));
    }
    assert_true(dns_name_equal(dns_root(), name(".")));
    assert_false(dns_name_equal(dns_root(), name("a")));
    assert_false(dns_name_equal(name("ab.c"), name("a.bc")));
    assert_false(dns_name_equal(name("ab\\.c"), name("ab.c")));
}

/* RFC 4034 6.1, its example; then what it leaves open. */
static void canonical_order(void **state)
{
    static const char *const order[] = {
        ".",
        "com.",
        "a\\000.com.",
        "a\\000b.com.",
        "a!.com.",
        "aa.com.",
        "example.",
        "a.example.",
        "yljkjljk.a.example.",
        "Z.a.example.",
        "zABC.a.EXAMPLE.",
        "z.example.",
        "\\001.z.example.",
        "*.z.example.",
        "[.z.example.",
        "\\200.z.example.",
        "\\255.z.example.",
        "a.\\255.z.example.",
        "zz.example.",
        "examples.",
    };
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        for (size_t j = 0; j < ARRAY_LEN(order); j++) {
            int d = dns_name_compare(name(order[i]), name(order[j]));
            assert_int_equal((d > 0) - (d < 0), (i > j) - (i < j));
        }
    }
    assert_int_equal(dns_name_compare(name("A.B."), name("a.b.")), 0);
    struct bytes most = joined(labels(127, 1), dns_root());
    assert_true(dns_name_compare(most, dns_name_parent(most)) > 0);
    assert_int_equal(dns_name_compare(most, most), 0);
}

static void below_and_above(void **state)
{
    static const struct {
        const char *name, *ancestor;
        bool under;
    } cases[] = {
        {".", ".", true},          {"a.", ".", true},     {".", "a.", false},       {"a.b.", "b.", true},
        {"a.b.", "B.", true},      {"b.", "b.", true},    {"ab.", "b.", false},     {"x.ab.", "b.", false},
        {"a\\.b.", "b.", false},   {"b.", "a.b.", false}, {"a.b.c.", "b.c.", true}, {"a.b.c.", "a.c.", false},
        {"a\\001b.", "b.", false}, /* a length inside a label is none */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(dns_name_is_under(name(cases[i].name), name(cases[i].ancestor)), cases[i].under);
}

static void making_names(void **state)
{
    struct dns_name n;
    assert_true(dns_name_join(&n, name("a.b."), name("c.d.")));
    assert_string_equal(text_of(dns_name_bytes(&n)), "a.b.c.d.");
    assert_true(dns_name_join(&n, dns_root(), name("c.")));
    assert_string_equal(text_of(dns_name_bytes(&n)), "c.");
    assert_true(dns_name_join(&n, name("a."), dns_root()));
    assert_string_equal(text_of(dns_name_bytes(&n)), "a.");
    assert_true(dns_name_join(&n, name("x.y."), dns_name_bytes(&n))); /* onto itself */
    assert_string_equal(text_of(dns_name_bytes(&n)), "x.y.a.");
    assert_true(dns_name_wildcard(&n, dns_name_parent(dns_name_bytes(&n))));
    assert_string_equal(text_of(dns_name_bytes(&n)), "*.y.a.");
    assert_true(dns_name_is_wildcard(dns_name_bytes(&n)));
    assert_true(dns_name_wildcard(&n, dns_root()));
    assert_string_equal(text_of(dns_name_bytes(&n)), "*.");
    assert_true(dns_name_is_wildcard(dns_name_bytes(&n)));
    assert_false(dns_name_is_wildcard(name("**.a.")));
    assert_false(dns_name_is_wildcard(name("a.*.")));
    assert_false(dns_name_is_wildcard(dns_root()));
    assert_true(dns_name_join(&n, joined(labels(3, 63), dns_root()), joined(labels(1, 61), dns_root())));
    assert_int_equal(n.len, 255);
    assert_false(dns_name_wildcard(&n, joined(joined(labels(3, 63), labels(1, 60)), dns_root())));
    assert_true(dns_name_wildcard(&n, joined(joined(labels(3, 63), labels(1, 59)), dns_root())));
    assert_int_equal(n.len, 255);
    assert_false(dns_name_join(&n, joined(labels(3, 63), dns_root()), joined(labels(1, 62), dns_root())));
}

static void taking_names_apart(void **state)
{
    struct bytes n = name("a.bc.def.");
    assert_int_equal(dns_name_labels(n), 3);
    assert_string_equal(text_of(dns_name_parent(n)), "bc.def.");
    assert_string_equal(text_of(dns_name_suffix(n, 3)), "a.bc.def.");
    assert_string_equal(text_of(dns_name_suffix(n, 1)), "def.");
    assert_string_equal(text_of(dns_name_suffix(n, 0)), ".");
    assert_int_equal(dns_name_labels(dns_root()), 0);
    assert_string_equal(text_of(dns_name_parent(dns_root())), ".");
    assert_string_equal(text_of(dns_name_suffix(dns_root(), 0)), ".");
}

/* No bit of the hash hangs on few: names that differ in a number spread evenly by the top and by the bottom bits, and
 * another seed is another order. */
static void hashes_spread(void **state)
{
    enum { BUCKETS = 256, NAMES = BUCKETS * 32 };
    unsigned low[BUCKETS] = {0}, high[BUCKETS] = {0}, same = 0;
    for (unsigned i = 0; i < NAMES; i++) {
        char text[40];
        struct dns_name n;
        snprintf(text, sizeof text, "host%u.example.com.", i);
        assert_null(dns_name_parse(bytes_str(text), dns_root(), &n));
        uint64_t h = dns_name_hash(dns_name_bytes(&n), 42);
        low[h % BUCKETS]++;
        high[h >> 56]++;
        same += h % BUCKETS == dns_name_hash(dns_name_bytes(&n), 43) % BUCKETS;
    }
    for (unsigned i = 0; i < BUCKETS; i++) {
        assert_in_range(low[i], 8, 64); /* 32 each, and chance gives 6 more or less */
        assert_in_range(high[i], 8, 64);
    }
    assert_in_range(same, 8, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reading_with_pointers, forget),
        cmocka_unit_test_teardown(a_part_of_a_message, forget),
        cmocka_unit_test_teardown(every_length, forget),
        cmocka_unit_test_teardown(many_pointers, forget),
        cmocka_unit_test_teardown(taking_what_is_not_compressed, forget),
        cmocka_unit_test_teardown(text_to_names_and_back, forget),
        cmocka_unit_test_teardown(text_that_is_no_name, forget),
        cmocka_unit_test_teardown(text_of_every_length, forget),
        cmocka_unit_test_teardown(text_without_room, forget),
        cmocka_unit_test_teardown(case_is_nothing, forget),
        cmocka_unit_test_teardown(equal_at_every_length, forget),
        cmocka_unit_test_teardown(canonical_order, forget),
        cmocka_unit_test_teardown(below_and_above, forget),
        cmocka_unit_test_teardown(making_names, forget),
        cmocka_unit_test_teardown(taking_names_apart, forget),
        cmocka_unit_test_teardown(hashes_spread, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
