/* SPDX-License-Identifier: ISC */
/* The world that the tests of the iterative resolver share: a root, a few zones below it, and servers that know less than they should. */
#ifndef TEST_SUPPORT_DNS_WORLD_ZONES_H
#define TEST_SUPPORT_DNS_WORLD_ZONES_H

#include "test/support/dns_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROOT "10.0.0.1"
#define TLD "10.0.1.1"
#define ZONE "10.0.2.1"
#define SECOND "10.0.2.2"
#define TRUTH "NOERROR\nan www.example.test. 300 A 192.0.2.80\nan www.example.test. 300 A 192.0.2.81\n"

static inline void plant(void)
{
    world_zone(ROOT, ".",
               "$TTL 86400\n. SOA a.root. host. 1 2 3 4 60\n. NS a.root.\na.root. A 10.0.0.1\n"
               "test. NS ns.test.\nns.test. A 10.0.1.1\n"
               "other. NS ns.other.\nns.other. A 10.0.1.1\n"
               "d1. NS ns.d2.\nd2. NS ns.d3.\nd3. NS ns.d4.\nd4. NS ns.d5.\nd5. NS ns.d6.\nd6. NS ns.d7.\n"
               "six. NS ns.six.\nns.six. AAAA fd00::6\n");
    world_zone(TLD, "test.",
               "$TTL 86400\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 10.0.1.1\n"
               "example NS ns1.example\nns1.example A 10.0.2.1\n"
               "two NS ns1.two\ntwo NS ns2.two\nns1.two A 10.0.2.1\nns2.two A 10.0.2.2\n"
               "glueless NS ns.far.other.\n"
               "lame NS ns1.lame\nns1.lame A 10.0.2.5\nns1.lame A 10.0.2.6\nns1.lame A 10.0.2.7\nlame NS "
               "ns2.lame\nns1.lame A 10.0.2.3\nns2.lame A 10.0.2.4\n"
               "circle NS ns.circle.other.\n"
               "attack NS n1.far.other.\nattack NS n2.far.other.\nattack NS n3.far.other.\nattack NS n4.far.other.\n"
               "attack NS n5.far.other.\nattack NS n6.far.other.\nattack NS n7.far.other.\nattack NS n8.far.other.\n"
               "old DNAME example.test.\n");
    world_zone(TLD, "other.",
               "$TTL 86400\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 10.0.1.1\n"
               "far NS ns.far\nns.far A 10.0.2.1\ncircle NS ns.circle.test.\n");
    world_zone(ZONE, "example.test.",
               "$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\nns1 A 10.0.2.1\nwww A 192.0.2.80\nwww A 192.0.2.81\n"
               "alias CNAME www\nout CNAME host.far.other.\nr1 CNAME r2\nr2 CNAME r1\n"
               "a.b.c.d.e.f.g A 192.0.2.7\nmail MX 10 www\nshort 20 A 192.0.2.20\n*.wild A 192.0.2.9\n");
    world_zone(ZONE, "two.test.",
               "$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\n@ NS ns2\nns1 A 10.0.2.1\nns2 A 10.0.2.2\n"
               "www A 192.0.2.22\n");
    world_zone(SECOND, "two.test.",
               "$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\n@ NS ns2\nns1 A 10.0.2.1\nns2 A 10.0.2.2\n"
               "www A 192.0.2.22\n");
    world_zone(ZONE, "far.other.", "$TTL 300\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 10.0.2.1\nhost A 192.0.2.99\n");
    world_zone(ZONE, "glueless.test.",
               "$TTL 300\n@ SOA ns.far.other. host 1 2 3 4 60\n@ NS ns.far.other.\nwww A 192.0.2.33\n");
    world_zone("10.0.2.4", "lame.test.", "$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\nwww A 192.0.2.34\n");
    for (int i = 0; i < 4; i++) /* they know no zone */
        world_server(((const char *[]){"10.0.2.3", "10.0.2.5", "10.0.2.6", "10.0.2.7"})[i]);
}

static inline int begin(void **state)
{
    world_begin((struct dns_iterate_options){.no_ipv6 = true}, (struct dns_cache_options){.stale_s = 86400});
    plant();
    world_prime();
    return 0;
}

static inline int end(void **state)
{
    world_end();
    return 0;
}

static inline struct dns_iterate_counters counters(void)
{
    return world_counters();
}

static inline void put16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

/* A referral to the root, as of servers that know nothing. */
static inline size_t refer_up(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    static const uint8_t ns[] = "\0\0\2\0\1\0\0\1\0\0\10\4evil\1x"; /* and its end */
    size_t at = 12;
    while (answer[at])
        at += answer[at] + 1u;
    at += 5;
    put16(answer + 2, DNS_QR);
    memset(answer + 6, 0, 6);
    answer[9] = 1;
    memcpy(answer + at, ns, sizeof ns);
    return at + sizeof ns;
}

#endif
