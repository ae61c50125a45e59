/* SPDX-License-Identifier: ISC */
/* Names, records and zones from text, for tests. */
#ifndef TEST_SUPPORT_DNS_ZONE_ROWS_H
#define TEST_SUPPORT_DNS_ZONE_ROWS_H

#include "proto/dns_zone.h"
#include "wire/dns_rdata.h"

#include <jinn/format.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static inline struct dns_name name_of(const char *text)
{
    struct dns_name n;
    assert_null(dns_name_parse(bytes_str(text), dns_root(), &n));
    return n;
}

static inline struct dns_name name_below(const char *text, const char *origin)
{
    struct dns_name n, o = name_of(origin);
    assert_null(dns_name_parse(bytes_str(text), dns_name_bytes(&o), &n));
    return n;
}

/* Words between single blanks. */
static inline size_t split(struct bytes text, struct dns_word *word, size_t max)
{
    size_t n = 0;
    for (size_t at = 0; at < text.len; n++) {
        struct bytes rest = bytes_slice(text, at, text.len);
        assert_true(n < max);
        word[n] = (struct dns_word){bytes_slice(rest, 0, bytes_find(rest, ' ')), false};
        at += word[n].text.len + 1;
    }
    return n;
}

static inline struct bytes rdata_of_words(uint16_t type, const struct dns_word *word, size_t n, const char *origin,
                                          uint8_t *buffer, size_t size)
{
    struct dns_name o = name_of(origin);
    struct writer w = writer_of(buffer, size);
    assert_null(dns_rdata_parse(type, word, n, dns_name_bytes(&o), &w));
    return writer_bytes(&w);
}

static inline struct bytes rdata_of(uint16_t type, const char *text, const char *origin, uint8_t *buffer, size_t size)
{
    struct dns_word word[64];
    return rdata_of_words(type, word, split(bytes_str(text), word, 64), origin, buffer, size);
}

/* Lines "NAME TYPE DATA" up to a NULL, with a TTL of 300. */
static inline void zone_fill(struct dns_zone *z, const char *origin, const char *const *line)
{
    uint8_t buffer[4096];
    for (; *line; line++) {
        struct dns_word word[64];
        size_t n = split(bytes_str(*line), word, 64);
        char name[256];
        uint16_t type;
        assert_true(n > 2 && word[0].text.len < sizeof name && dns_type_parse(word[1].text, &type));
        memcpy(name, word[0].text.data, word[0].text.len);
        name[word[0].text.len] = 0;
        struct dns_name owner = name_below(name, origin);
        struct bytes rdata = rdata_of_words(type, word + 2, n - 2, origin, buffer, sizeof buffer);
        assert_int_equal(dns_zone_add(z, dns_name_bytes(&owner), type, 300, rdata), OK);
    }
}

static inline struct dns_zone *zone_of(const char *origin, const char *const *line)
{
    struct dns_zone *z;
    struct dns_name o = name_of(origin);
    assert_int_equal(dns_zone_new(dns_name_bytes(&o), 1, 64 << 20, &z), OK);
    zone_fill(z, origin, line);
    return z;
}

static inline bool zone_has(const struct dns_zone *z, const char *name, uint16_t type, const char *data)
{
    char origin[DNS_NAME_TEXT_BYTES];
    uint8_t buffer[4096];
    dns_name_text(dns_zone_origin(z), origin);
    struct dns_name n = name_below(name, origin);
    struct bytes wanted = rdata_of(type, data, origin, buffer, sizeof buffer), have;
    const struct dns_set *set = dns_zone_find(z, dns_name_bytes(&n), type);
    for (size_t at = 0; set && dns_set_record(set, &at, &have);) {
        if (dns_rdata_compare(type, have, wanted) == 0)
            return true;
    }
    return false;
}

/* The same records and TTLs; the order within a set doesn't matter. */
static inline void assert_zones_equal(struct dns_zone *a, struct dns_zone *b)
{
    struct dns_cursor c;
    struct bytes name, rdata, other;
    const struct dns_set *set;
    struct dns_zone_stats stats[2];
    dns_zone_stats(a, &stats[0]);
    dns_zone_stats(b, &stats[1]);
    assert_int_equal(stats[0].n_records, stats[1].n_records);
    dns_cursor_open(&c, a, dns_zone_origin(a));
    while (dns_cursor_next(&c, &name, &set)) {
        const struct dns_set *theirs = set->type == DNS_RRSIG ? dns_zone_find_signatures(b, name, set->covered)
                                                              : dns_zone_find(b, name, set->type);
        assert_non_null(theirs);
        assert_int_equal(set->ttl, theirs->ttl);
        assert_int_equal(set->n, theirs->n);
        for (size_t at = 0; dns_set_record(set, &at, &rdata);) {
            bool found = false;
            for (size_t i = 0; dns_set_record(theirs, &i, &other);)
                found |= dns_rdata_compare(set->type, rdata, other) == 0;
            assert_true(found);
        }
    }
    dns_cursor_close(&c);
}

#endif
