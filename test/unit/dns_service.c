/* SPDX-License-Identifier: ISC */
/* What stands before the authoritative core: headers, EDNS, cookies, limits. */
#include "proto/dns_service.h"

#include <jinn/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NAME "\7example\4test"

static const uint8_t ns1[] = "\3ns1\7example\4test";

struct fixture {
    struct dns_zones zones;
    struct dns_service service;
    struct dns_cookie_secrets cookies;
    struct dns_from from;
    uint8_t out[DNS_MESSAGE_BYTES];
    size_t len;
};

static struct bytes name(void)
{
    return bytes_of(NAME, sizeof NAME);
}

static struct fixture *begin(struct dns_service_options o)
{
    struct fixture *f = calloc(1, sizeof *f);
    static const uint8_t soa[] =
        "\3ns1\7example\4test\0\4host\7example\4test\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
    struct dns_zone *z;
    dns_zones_init(&f->zones, 1, 4);
    assert_int_equal(dns_zone_new(name(), 1, SIZE_MAX, &z), OK);
    assert_int_equal(dns_zone_add(z, name(), DNS_SOA, 60, bytes_of(soa, sizeof soa - 1)), OK);
    assert_int_equal(dns_zone_add(z, name(), DNS_NS, 60, bytes_of(ns1, sizeof ns1)), OK);
    assert_int_equal(dns_zone_add(z, name(), DNS_A, 60, bytes_of("\300\0\2\1", 4)), OK);
    assert_int_equal(dns_zones_put(&f->zones, z), OK);
    o.zones = &f->zones;
    memcpy(f->cookies.now, "0123456789abcdef", 16);
    assert_int_equal(dns_service_init(&f->service, &o), OK);
    f->from = (struct dns_from){.peer = {ip4(192, 0, 2, 9), 4000}, .now_ns = 1, .wall_s = 1000000};
    return f;
}

static void end(struct fixture *f)
{
    dns_limit_free(f->service.o.limit);
    dns_zones_free(&f->zones);
    free(f);
}

/* A query for the zone's name; `counts` as in the header, what follows the question in `more`. */
struct question {
    uint16_t flags, n[4], type, class_;
    struct bytes more;
};

static struct bytes query(uint8_t *buffer, size_t size, const struct question *q)
{
    struct writer w = writer_of(buffer, size);
    write_be16(&w, 0x1234);
    write_be16(&w, q->flags);
    for (int i = 0; i < 4; i++)
        write_be16(&w, q->n[i]);
    if (q->n[0]) {
        write_bytes(&w, name());
        write_be16(&w, q->type);
        write_be16(&w, q->class_);
    }
    write_bytes(&w, q->more);
    assert_true(writer_good(&w));
    return writer_bytes(&w);
}

static struct dns_header ask_bytes(struct fixture *f, struct bytes message)
{
    uint8_t *exact = malloc(message.len); /* exactly as long, for the sanitizer */
    struct dns_header h = {.id = 0};
    memcpy(exact, message.data, message.len);
    f->len = dns_service_message(&f->service, &f->from, bytes_of(exact, message.len), f->out, sizeof f->out);
    free(exact);
    struct reader r = reader_of(bytes_of(f->out, f->len));
    if (f->len) {
        assert_true(dns_header_read(&r, &h));
        assert_int_equal(h.id, 0x1234);
        assert_true(h.flags & DNS_QR);
    }
    return h;
}

static struct dns_header ask(struct fixture *f, struct question q)
{
    uint8_t buffer[600];
    return ask_bytes(f, query(buffer, sizeof buffer, &q));
}

static unsigned rcode(const struct dns_header *h)
{
    return h->flags & DNS_RCODE;
}

#define GOOD                                                       \
    {                                                              \
        .flags = DNS_RD, .n = {1}, .type = DNS_A, .class_ = DNS_IN \
    }

static void a_question_is_answered(void **state)
{
    struct fixture *f = begin((struct dns_service_options){0});
    struct dns_header h = ask(f, (struct question)GOOD);
    assert_int_equal(h.flags, DNS_QR | DNS_AA | DNS_RD);
    assert_int_equal(h.n[DNS_QUESTION], 1);
    assert_int_equal(h.n[DNS_ANSWER], 1);
    assert_int_equal(h.n[DNS_ADDITIONAL], 0);
    assert_int_equal(f->service.n.n_udp, 1);
    assert_int_equal(f->service.n.n_rcode[DNS_NOERROR], 1);
    end(f);
}

static void what_is_malformed_is_said_to_be(void **state)
{
    struct fixture *f = begin((struct dns_service_options){0});
    static const uint8_t opt[] = "\0\0\51\4\320\0\0\0\0\0";
    const struct bytes one = bytes_of(opt, 11);
    uint8_t both[22], buffer[64];
    memcpy(both, opt, 11);
    memcpy(both + 11, opt, 11);
    const struct question bad[] = {
        {.n = {0}},                                                  /* no question */
        {.n = {2}, .type = DNS_A, .class_ = DNS_IN},                 /* one that isn't there */
        {.n = {1, 1}, .type = DNS_A, .class_ = DNS_IN, .more = one}, /* answers in a query */
        {.n = {1, 0, 0, 1}, .type = DNS_A, .class_ = DNS_IN},        /* a record that isn't there */
        {.n = {1, 0, 0, 2}, .type = DNS_A, .class_ = DNS_IN, .more = bytes_of(both, 22)}, /* OPT twice */
        {.n = {1, 0, 0, 1}, .type = DNS_A, .class_ = DNS_IN, .more = bytes_of(both, 12)}, /* bytes behind it */
        {.n = {1}, .type = DNS_TSIG, .class_ = DNS_IN},                                   /* not a type to ask for */
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct dns_header h = ask(f, bad[i]);
        assert_int_equal(rcode(&h), DNS_FORMERR);
        assert_int_equal(h.n[DNS_ANSWER], 0);
    }
    struct question good = GOOD;
    struct bytes whole = query(buffer, sizeof buffer, &good);
    for (size_t len = 0; len < whole.len; len++) {
        struct dns_header h = ask_bytes(f, bytes_of(whole.data, len));
        assert_int_equal(f->len > 0, len >= DNS_HEADER_BYTES);
        assert_int_equal(rcode(&h), len >= DNS_HEADER_BYTES ? DNS_FORMERR : 0);
    }
    assert_int_equal(f->service.n.n_dropped, DNS_HEADER_BYTES);
    (void)ask(f, (struct question){.flags = DNS_QR, .n = {1}, .type = DNS_A, .class_ = DNS_IN});
    assert_int_equal(f->len, 0); /* or two servers would answer each other for ever */
    end(f);
}

static void what_is_not_done_is_refused(void **state)
{
    struct fixture *f = begin((struct dns_service_options){0});
    const struct {
        struct question q;
        unsigned rcode;
    } not_done[] = {
        {{.flags = 2 << 11, .n = {1}, .type = DNS_A, .class_ = DNS_IN}, DNS_NOTIMP},
        {{.flags = DNS_NOTIFY << 11, .n = {1}, .type = DNS_SOA, .class_ = DNS_IN}, DNS_NOTIMP},
        {{.flags = DNS_UPDATE << 11, .n = {1}, .type = DNS_SOA, .class_ = DNS_IN}, DNS_NOTIMP},
        {{.n = {1}, .type = DNS_AXFR, .class_ = DNS_IN}, DNS_REFUSED},
        {{.n = {1}, .type = DNS_IXFR, .class_ = DNS_IN}, DNS_REFUSED},
        {{.n = {1}, .type = 254, .class_ = DNS_IN}, DNS_NOTIMP},
        {{.n = {1}, .type = DNS_TXT, .class_ = DNS_CH}, DNS_REFUSED},
        {{.n = {1}, .type = DNS_A, .class_ = 7}, DNS_REFUSED},
    };
    for (size_t i = 0; i < ARRAY_LEN(not_done); i++) {
        struct dns_header h = ask(f, not_done[i].q);
        assert_int_equal(rcode(&h), not_done[i].rcode);
        assert_int_equal(h.flags & DNS_OPCODE, not_done[i].q.flags & DNS_OPCODE);
    }
    end(f);
}

/* ---- EDNS ---- */

static struct dns_edns ask_edns(struct fixture *f, uint32_t ttl, struct bytes options, struct dns_header *h)
{
    uint8_t more[300];
    struct writer w = writer_of(more, sizeof more);
    struct dns_edns e = {.present = false};
    write_u8(&w, 0);
    write_be16(&w, DNS_OPT);
    write_be16(&w, 1232);
    write_be32(&w, ttl);
    write_be16(&w, (uint16_t)options.len);
    write_bytes(&w, options);
    struct question q = {.n = {1, 0, 0, 1}, .type = DNS_A, .class_ = DNS_IN, .more = writer_bytes(&w)};
    *h = ask(f, q);
    struct bytes message = bytes_of(f->out, f->len);
    struct reader r = reader_of(message);
    struct dns_record record;
    struct dns_question question;
    struct dns_header again;
    if (!f->len)
        return e;
    assert_true(dns_header_read(&r, &again) && dns_question_read(&r, message, &question));
    for (unsigned n = h->n[1] + h->n[2] + h->n[3]; n; n--)
        assert_true(dns_record_read(&r, message, &record));
    assert_int_equal(record.type, DNS_OPT);
    assert_true(dns_edns_read(&record, &e));
    return e;
}

static void versions_of_edns(void **state)
{
    struct fixture *f = begin((struct dns_service_options){.udp_bytes = 1400});
    struct dns_header h;
    struct dns_edns e = ask_edns(f, 0x8000, bytes_of(NULL, 0), &h);
    assert_int_equal(h.n[DNS_ANSWER], 1);
    assert_true(e.dnssec_ok);
    assert_int_equal(e.udp_bytes, 1400);
    assert_int_equal(e.options.len, 0);
    e = ask_edns(f, 1 << 16, bytes_of(NULL, 0), &h);
    assert_int_equal(e.rcode_high << 4 | rcode(&h), DNS_BADVERS);
    assert_int_equal(h.n[DNS_ANSWER], 0);
    (void)ask_edns(f, 0, bytes_of("\0\3\0\1", 4), &h);
    end(f);
}

static void names_of_servers(void **state)
{
    struct fixture *f = begin((struct dns_service_options){.id = bytes_str("one"), .idle_100ms = 100});
    struct dns_header h;
    struct bytes content;
    struct dns_edns e = ask_edns(f, 0, bytes_of("\0\3\0\0\0\13\0\0", 8), &h);
    assert_true(dns_edns_find(&e, DNS_NSID, &content));
    assert_true(bytes_equal(content, bytes_str("one")));
    assert_false(dns_edns_find(&e, DNS_KEEPALIVE, &content)); /* not by UDP */
    f->from.tcp = true;
    e = ask_edns(f, 0, bytes_of("\0\13\0\0", 4), &h);
    assert_false(dns_edns_find(&e, DNS_NSID, &content)); /* not asked for */
    assert_true(dns_edns_find(&e, DNS_KEEPALIVE, &content));
    assert_true(bytes_equal(content, bytes_of("\0\144", 2)));
    end(f);
}

static void extended_errors(void **state)
{
    struct fixture *f = begin((struct dns_service_options){0});
    uint8_t message[64];
    struct writer w = writer_of(message, sizeof message);
    write_copy(&w, "\x12\x34\0\0\0\1\0\0\0\0\0\1\3org\0\0\1\0\1\0\0\51\4\320\0\0\0\0\0\0", 32);
    struct dns_header h = ask_bytes(f, writer_bytes(&w));
    assert_int_equal(rcode(&h), DNS_REFUSED);
    assert_memory_equal(f->out + f->len - 6, "\0\17\0\2\0\24", 6); /* not authoritative (RFC 8914 4.21) */
    end(f);
}

/* ---- Cookies ---- */

/* RFC 9018, appendix A.1; how long one is good: 4.3. */
static void cookies_of_the_standard(void **state)
{
    static const uint8_t secret[] = {0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f,
                                     0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf};
    static const uint8_t made[] = {0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57, 0x01, 0x00, 0x00, 0x00,
                                   0x5c, 0xf7, 0x9f, 0x11, 0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94, 0x80};
    struct dns_cookie_secrets s = {.has_before = false};
    struct ip client = ip4(198, 51, 100, 100), other = ip4(198, 51, 100, 101);
    uint8_t out[DNS_COOKIE_BYTES];
    struct writer w = writer_of(out, sizeof out);
    memcpy(s.now, secret, sizeof secret);
    dns_cookie_write(&s, 1559731985, &client, bytes_of(made, 8), &w);
    assert_memory_equal(out, made, sizeof made);
    struct bytes whole = bytes_of(made, sizeof made);
    assert_int_equal(dns_cookie_check(&s, 1559731985, &client, whole), DNS_COOKIE_GOOD);
    assert_int_equal(dns_cookie_check(&s, 1559731985 + 3600, &client, whole), DNS_COOKIE_GOOD);
    assert_int_equal(dns_cookie_check(&s, 1559731985 + 3601, &client, whole), DNS_COOKIE_NEW);
    assert_int_equal(dns_cookie_check(&s, 1559731985 - 300, &client, whole), DNS_COOKIE_GOOD);
    assert_int_equal(dns_cookie_check(&s, 1559731985 - 301, &client, whole), DNS_COOKIE_NEW);
    assert_int_equal(dns_cookie_check(&s, 1559731985, &other, whole), DNS_COOKIE_NEW);
    for (size_t len = 0; len <= 48; len++) {
        uint8_t some[48] = {0};
        bool fits = len == 8 || (len >= 16 && len <= 40);
        assert_int_equal(dns_cookie_check(&s, 0, &client, bytes_of(some, len)),
                         fits ? DNS_COOKIE_NEW : DNS_COOKIE_MALFORMED);
    }
    memcpy(s.before, secret, sizeof secret);
    memset(s.now, 7, sizeof s.now);
    s.has_before = true;
    assert_int_equal(dns_cookie_check(&s, 1559731985, &client, whole), DNS_COOKIE_GOOD);
    w = writer_of(out, sizeof out);
    dns_cookie_write(&s, 1559731985, &client, whole, &w); /* of the new secret */
    assert_memory_not_equal(out + 16, made + 16, 8);
}

static void cookies_are_asked_for(void **state)
{
    struct fixture *f = begin((struct dns_service_options){.cookies_required = true});
    struct dns_header h;
    struct bytes content;
    uint8_t option[28] = "\0\12\0\10abcdefgh";
    f->service.o.cookies = &f->cookies;
    struct dns_edns e = ask_edns(f, 0, bytes_of(option, 12), &h);
    assert_int_equal(e.rcode_high << 4 | rcode(&h), DNS_BADCOOKIE);
    assert_int_equal(h.n[DNS_ANSWER], 0);
    assert_true(dns_edns_find(&e, DNS_COOKIE, &content));
    assert_int_equal(content.len, DNS_COOKIE_BYTES);
    option[3] = DNS_COOKIE_BYTES;
    memcpy(option + 4, content.data, content.len);
    e = ask_edns(f, 0, bytes_of(option, sizeof option), &h);
    assert_int_equal(e.rcode_high << 4 | rcode(&h), DNS_NOERROR);
    assert_int_equal(h.n[DNS_ANSWER], 1);
    assert_int_equal(f->service.n.n_cookies_good, 1);
    (void)ask_edns(f, 0, bytes_of("\0\12\0\3abc", 7), &h);
    assert_int_equal(rcode(&h), DNS_FORMERR);
    assert_int_equal(f->service.n.n_cookies_none, 1);
    end(f);
}

/* ---- Limits ---- */

static void networks_are_limited(void **state)
{
    struct dns_limit_options o = {.per_second = 5, .slip = 3, .entries = 16, .secret = 77};
    struct dns_limit *l;
    struct ip a = ip4(192, 0, 2, 1), b = ip4(192, 0, 2, 200), c = ip4(192, 0, 3, 1);
    uint64_t now_ns = 5 * NS_PER_S;
    assert_int_equal(dns_limit_new(&o, &l), OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(dns_limit_take(l, now_ns, i & 1 ? &a : &b, DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    for (int i = 1; i < 10; i++)
        assert_int_equal(dns_limit_take(l, now_ns, &a, DNS_LIMIT_ANSWER, 1), i % 3 ? DNS_LIMIT_DROP : DNS_LIMIT_SLIP);
    assert_int_equal(dns_limit_take(l, now_ns, &c, DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    assert_int_equal(dns_limit_take(l, now_ns, &a, DNS_LIMIT_NXDOMAIN, 1), DNS_LIMIT_SEND);
    assert_int_equal(dns_limit_take(l, now_ns, &a, DNS_LIMIT_ANSWER, 2), DNS_LIMIT_SEND);
    now_ns += 200 * NS_PER_MS; /* one more */
    assert_int_equal(dns_limit_take(l, now_ns, &a, DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    assert_int_not_equal(dns_limit_take(l, now_ns, &a, DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    now_ns += 100 * NS_PER_S; /* no more than a second's */
    for (int i = 0; i < 5; i++)
        assert_int_equal(dns_limit_take(l, now_ns, &a, DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    assert_int_not_equal(dns_limit_take(l, now_ns, &a, DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    assert_int_equal(dns_limit_evicted(l), 0);
    for (unsigned i = 0; i < 200; i++) {
        struct ip many = ip4(10, (uint8_t)i, 0, 1);
        assert_int_equal(dns_limit_take(l, now_ns, &many, DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    }
    assert_true(dns_limit_evicted(l) >= 200 - 16);
    dns_limit_free(l);
}

/* A table of one set: of four networks that have used up what they may, the one that was seen least recently goes for a fifth. */
static void the_network_seen_least_recently_goes(void **state)
{
    struct dns_limit_options o = {.per_second = 2, .entries = 4, .secret = 77};
    struct dns_limit *l;
    struct ip network[5];
    uint64_t now_ns = 1000 * NS_PER_S;
    assert_int_equal(dns_limit_new(&o, &l), OK);
    for (uint8_t i = 0; i < 5; i++)
        network[i] = ip4(192, 0, i, 1);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++, now_ns += NS_PER_MS)
            assert_int_equal(dns_limit_take(l, now_ns, &network[i], DNS_LIMIT_ANSWER, 1),
                             round < 2 ? DNS_LIMIT_SEND : DNS_LIMIT_DROP);
    }
    assert_int_equal(dns_limit_take(l, now_ns, &network[0], DNS_LIMIT_ANSWER, 1),
                     DNS_LIMIT_DROP); /* so it is the second */
    assert_int_equal(dns_limit_evicted(l), 0);
    now_ns += NS_PER_MS;
    assert_int_equal(dns_limit_take(l, now_ns, &network[4], DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    assert_int_equal(dns_limit_evicted(l), 1);
    for (int i = 0; i < 4; i++) {
        if (i != 1)
            assert_int_equal(dns_limit_take(l, now_ns, &network[i], DNS_LIMIT_ANSWER, 1), DNS_LIMIT_DROP);
    }
    assert_int_equal(dns_limit_take(l, now_ns, &network[1], DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND); /* it is forgotten */
    assert_int_equal(dns_limit_evicted(l), 2);
    /* What has its whole allowance again is no loss. */
    now_ns += 2 * NS_PER_S;
    struct ip other = ip4(192, 0, 9, 1);
    assert_int_equal(dns_limit_take(l, now_ns, &other, DNS_LIMIT_ANSWER, 1), DNS_LIMIT_SEND);
    assert_int_equal(dns_limit_evicted(l), 2);
    dns_limit_free(l);
}

static void what_is_limited_is_dropped_or_empty(void **state)
{
    struct fixture *f = begin((struct dns_service_options){0});
    struct dns_limit_options o = {.per_second = 2, .slip = 2, .entries = 16, .secret = 1};
    assert_int_equal(dns_limit_new(&o, &f->service.o.limit), OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(ask(f, (struct question)GOOD).n[DNS_ANSWER], 1);
    (void)ask(f, (struct question)GOOD);
    assert_int_equal(f->len, 0);
    struct dns_header h = ask(f, (struct question)GOOD);
    assert_int_equal(h.flags, DNS_QR | DNS_TC | DNS_RD);
    assert_int_equal(h.n[DNS_ANSWER], 0);
    assert_int_equal(f->service.n.n_limited, 1);
    assert_int_equal(f->service.n.n_slipped, 1);
    f->from.tcp = true;
    assert_int_equal(ask(f, (struct question)GOOD).n[DNS_ANSWER], 1);
    end(f);
}

/* ---- Somebody else's ---- */

struct other {
    struct dns_extra extra;
    unsigned n;
};

static size_t say_nothing(struct dns_extra *x, struct dns_service *s, const struct dns_request *r, uint8_t *out,
                          size_t size)
{
    CONTAINER_OF(x, struct other, extra)->n++;
    return 0;
}

static void others_are_asked(void **state)
{
    struct other o = {.extra = {.message = say_nothing}};
    struct fixture *f = begin((struct dns_service_options){.extra = &o.extra});
    static const uint8_t tsig[] = "\0\0\372\0\377\0\0\0\0\0\0";
    (void)ask(f, (struct question){.flags = DNS_NOTIFY << 11, .n = {1}, .type = DNS_SOA, .class_ = DNS_IN});
    (void)ask(f, (struct question){.flags = DNS_UPDATE << 11, .n = {1}, .type = DNS_SOA, .class_ = DNS_IN});
    (void)ask(f, (struct question){.n = {1}, .type = DNS_IXFR, .class_ = DNS_IN});
    (void)ask(f, (struct question){
                     .n = {1, 0, 0, 1}, .type = DNS_A, .class_ = DNS_IN, .more = bytes_of(tsig, sizeof tsig - 1)});
    assert_int_equal(o.n, 4);
    assert_int_equal(ask(f, (struct question)GOOD).n[DNS_ANSWER], 1);
    assert_int_equal(o.n, 4);
    assert_int_equal(f->service.n.n_extra, 4);
    end(f);
}

static void sizes_are_checked(void **state)
{
    struct dns_service s;
    uint8_t id[65];
    assert_int_equal(dns_service_init(&s, &(struct dns_service_options){.udp_bytes = 511}), ERR_INVALID);
    assert_int_equal(dns_service_init(&s, &(struct dns_service_options){.udp_bytes = 4097}), ERR_INVALID);
    assert_int_equal(dns_service_init(&s, &(struct dns_service_options){.id = bytes_of(id, 65)}), ERR_INVALID);
    assert_int_equal(dns_service_init(&s, &(struct dns_service_options){.version = bytes_of(id, 64)}), OK);
    assert_int_equal(s.o.udp_bytes, DNS_EDNS_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered),
        cmocka_unit_test(what_is_malformed_is_said_to_be),
        cmocka_unit_test(what_is_not_done_is_refused),
        cmocka_unit_test(versions_of_edns),
        cmocka_unit_test(names_of_servers),
        cmocka_unit_test(extended_errors),
        cmocka_unit_test(cookies_of_the_standard),
        cmocka_unit_test(cookies_are_asked_for),
        cmocka_unit_test(networks_are_limited),
        cmocka_unit_test(the_network_seen_least_recently_goes),
        cmocka_unit_test(what_is_limited_is_dropped_or_empty),
        cmocka_unit_test(others_are_asked),
        cmocka_unit_test(sizes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
