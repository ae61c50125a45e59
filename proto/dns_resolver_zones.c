/* SPDX-License-Identifier: ISC */
/* Zones that every resolver has, empty but for their own SOA and NS, so that questions about private addresses do not reach servers
 * of others: RFC 6303, RFC 7793 (100.64/10), RFC 6761 (localhost, invalid, test), RFC 7686 (onion), RFC 8375 (home.arpa),
 * RFC 9462 (resolver.arpa). And what they do say: localhost and its addresses. */
#include "proto/dns_resolver.h"

enum { TTL_S = 10800 };

#define IN4 "\7in-addr\4arpa"
#define IN6 "\3ip6\4arpa"
#define ZERO8 "\0010\0010\0010\0010\0010\0010\0010\0010"

/* Literals end with the root's zero. */
struct zone {
    const char *name;
    uint8_t len;
};
#define ZONE(name)         \
    {                      \
        name, sizeof(name) \
    }

static const struct zone zones[] = {
    ZONE("\00210" IN4),
    ZONE("\003168\003192" IN4),
    ZONE("\0010" IN4),
    ZONE("\003127" IN4),
    ZONE("\003254\003169" IN4),
    ZONE("\0012\0010\003192" IN4),
    ZONE("\003100\00251\003198" IN4),
    ZONE("\003113\0010\003203" IN4),
    ZONE("\003255\003255\003255\003255" IN4),
    ZONE(ZERO8 ZERO8 ZERO8 ZERO8 IN6),
    ZONE("\0011\0010\0010\0010\0010\0010\0010\0010" ZERO8 ZERO8 ZERO8 IN6),
    ZONE("\1d\1f" IN6),
    ZONE("\0018\1e\1f" IN6),
    ZONE("\0019\1e\1f" IN6),
    ZONE("\1a\1e\1f" IN6),
    ZONE("\1b\1e\1f" IN6),
    ZONE("\0018\1b\1d\0010\0011\0010\0010\0012" IN6),
    ZONE("\11localhost"),
    ZONE("\7invalid"),
    ZONE("\4test"),
    ZONE("\5onion"),
    ZONE("\4home\4arpa"),
    ZONE("\10resolver\4arpa"),
};

/* Networks whose names are by number: 16 to 31.172, 64 to 127.100. */
static const struct {
    struct zone below;
    uint8_t first, last;
} ranges[] = {{ZONE("\003172" IN4), 16, 31}, {ZONE("\003100" IN4), 64, 127}};

static bool is_in_range(struct bytes label, unsigned first, unsigned last)
{
    uint64_t v;
    struct bytes digits = bytes_slice(label, 1, label.data[0]);
    return bytes_decimal(digits, 255, &v) && v >= first && v <= last && (v >= 100 || digits.len == 2);
}

/* Most names are of no such domain: so they are not compared with each zone. */
static bool may_be_empty(struct bytes name)
{
    static const char *const last[] = {"\4arpa", "\11localhost", "\7invalid", "\4test", "\5onion"};
    if (name.len == 1)
        return false;
    while (name.data[0] + 2u < name.len)
        name = dns_name_parent(name);
    for (size_t i = 0; i < ARRAY_LEN(last); i++) {
        if (dns_name_equal(name, bytes_of(last[i], strlen(last[i]) + 1)))
            return true;
    }
    return false;
}

struct bytes dns_empty_zone(struct bytes name)
{
    if (!may_be_empty(name))
        return (struct bytes){NULL, 0};
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        if (dns_name_is_under(name, bytes_of(zones[i].name, zones[i].len)))
            return bytes_of(zones[i].name, zones[i].len);
    }
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        struct bytes below = bytes_of(ranges[i].below.name, ranges[i].below.len);
        if (name.len == below.len || !dns_name_is_under(name, below))
            continue;
        struct bytes zone = dns_name_suffix(name, dns_name_labels(below) + 1);
        if (is_in_range(zone, ranges[i].first, ranges[i].last))
            return zone;
    }
    return (struct bytes){NULL, 0};
}

static const struct {
    struct zone name;
    uint16_t type;
    struct zone rdata; /* without the literal's own zero when `cut` */
    bool cut;
} records[] = {
    {ZONE("\11localhost"), DNS_A, ZONE("\177\0\0\1"), true},
    {ZONE("\11localhost"), DNS_AAAA, ZONE("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), true},
    {ZONE("\0011\0010\0010\003127" IN4), DNS_PTR, ZONE("\11localhost"), false},
    {ZONE("\0011\0010\0010\0010\0010\0010\0010\0010" ZERO8 ZERO8 ZERO8 IN6), DNS_PTR, ZONE("\11localhost"), false},
};

static bool is_below_localhost(struct bytes zone)
{
    return zone.data[0] == 9; /* RFC 6761 6.3: all names below are the same host */
}

/* Of the names that exist; *any: the name does. */
static bool write_own(struct bytes zone, const struct dns_question *q, struct dns_writer *w, bool *any, bool *whole)
{
    struct bytes name = dns_name_bytes(&q->name), own = is_below_localhost(zone) ? zone : name;
    bool answered = false;
    *any = dns_name_equal(own, zone);
    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        size_t len = records[i].rdata.len - records[i].cut;
        bool here = dns_name_is_under(bytes_of(records[i].name.name, records[i].name.len), own);
        *any = *any || here;
        if (!dns_name_equal(own, bytes_of(records[i].name.name, records[i].name.len)) || records[i].type != q->type)
            continue;
        answered = true;
        *whole = *whole &&
                 dns_write_record(w, DNS_ANSWER, name, q->type, DNS_IN, TTL_S, bytes_of(records[i].rdata.name, len));
    }
    return answered;
}

unsigned dns_empty_answer(struct bytes zone, const struct dns_question *q, struct dns_writer *w, bool *whole)
{
    static const uint8_t times[] = "\0\0\0\1\0\0\16\20\0\0\4\260\0\11\72\200\0\0\52\60"; /* 1 3600 1200 604800 10800 */
    bool any;
    uint8_t soa[2 * DNS_NAME_BYTES];
    struct writer s = writer_of(soa, sizeof soa);
    write_bytes(&s, zone);
    write_copy(&s, "\6nobody\7invalid", 16);
    write_copy(&s, times, sizeof times - 1);
    if (write_own(zone, q, w, &any, whole))
        return DNS_NOERROR;
    bool apex = dns_name_equal(dns_name_bytes(&q->name), zone);
    if (apex && q->type == DNS_NS) {
        *whole = dns_write_record(w, DNS_ANSWER, zone, DNS_NS, DNS_IN, TTL_S, zone);
        return DNS_NOERROR;
    }
    enum dns_section section = apex && q->type == DNS_SOA ? DNS_ANSWER : DNS_AUTHORITY;
    *whole = dns_write_record(w, section, zone, DNS_SOA, DNS_IN, TTL_S, writer_bytes(&s));
    return any ? DNS_NOERROR : DNS_NXDOMAIN;
}
