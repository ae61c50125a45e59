/* SPDX-License-Identifier: ISC */
/* Whatever comes is answered with a message that is whole, or not at all; the first byte says how it came. */
#include "proto/dns_service.h"

#include <jinn/must.h>

#include <stdlib.h>

#define NAME "\7example\4test"

static struct dns_zones zones;
static struct dns_cookie_secrets cookies;
static struct dns_service service;

static void add(struct dns_zone *z, const char *name, size_t name_len, uint16_t type, const char *rdata, size_t len)
{
    must(dns_zone_add(z, bytes_of(name, name_len), type, 60, bytes_of(rdata, len)) == OK);
}

#define ADD(name, type, rdata) add(z, name, sizeof(name), type, rdata, sizeof(rdata) - 1)

static void set_up(void)
{
    struct dns_zone *z;
    dns_zones_init(&zones, 1, 4);
    must(dns_zone_new(bytes_of(NAME, sizeof NAME), 1, SIZE_MAX, &z) == OK);
    ADD(NAME, DNS_SOA, "\3ns1" NAME "\0\4host" NAME "\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5");
    ADD(NAME, DNS_NS, "\3ns1" NAME "\0");
    ADD("\3ns1" NAME, DNS_A, "\300\0\2\1");
    ADD("\1*\1w" NAME, DNS_A, "\300\0\2\2");
    ADD("\1c" NAME, DNS_CNAME, "\3ns1" NAME "\0");
    ADD("\1d" NAME, DNS_DNAME, "\1w" NAME "\0");
    ADD("\3lab" NAME, DNS_NS, "\2ns\3lab" NAME "\0");
    must(dns_zones_put(&zones, z) == OK);
    struct dns_service_options o = {
        .zones = &zones, .id = bytes_str("id"), .version = bytes_str("1"), .cookies = &cookies, .idle_100ms = 1};
    must(dns_service_init(&service, &o) == OK);
}

static void check(struct bytes answer, struct bytes question, size_t most)
{
    struct reader r = reader_of(answer), q = reader_of(question);
    struct dns_header h, asked;
    struct dns_question again;
    struct dns_record record;
    must(answer.len <= most && dns_header_read(&r, &h) && dns_header_read(&q, &asked));
    must(h.id == asked.id && h.flags & DNS_QR && !(asked.flags & DNS_QR));
    must(h.n[DNS_QUESTION] <= 1);
    if (h.n[DNS_QUESTION])
        must(dns_question_read(&r, answer, &again));
    for (unsigned n = (unsigned)h.n[1] + h.n[2] + h.n[3]; n; n--)
        must(dns_record_read(&r, answer, &record));
    must(reader_left(&r) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[DNS_MESSAGE_BYTES];
    if (!service.o.zones)
        set_up();
    if (size < 1)
        return 0;
    struct dns_from from = {.peer = {ip4(192, 0, 2, 1), 4000}, .tcp = data[0] & 1, .now_ns = 1, .wall_s = 1000};
    struct bytes message = bytes_of(data + 1, size - 1);
    size_t most = from.tcp ? sizeof out : service.o.udp_bytes;
    size_t len = dns_service_message(&service, &from, message, out, most);
    if (len)
        check(bytes_of(out, len), message, most);
    return 0;
}
