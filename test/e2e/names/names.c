/* SPDX-License-Identifier: ISC */
/* A datagram "WHAT NAME [NUMBER]" to port 7 is answered with what came of it:
 *
 *   both, four, six NAME   the addresses          records NAME TYPE   the records in hexadecimal digits
 *   connect NAME PORT      the peer's address and what it said first
 *   flush, counters        what was counted so far */
#include "names.h"

#include <jinn/addr.h>
#include <jinn/dns_client.h>
#include <jinn/fiber.h>
#include <jinn/must.h>
#include <jinn/stack.h>

enum { WORDS = 3, WORD_BYTES = 300, RECORDS_BYTES = 4096 };

struct command {
    char word[WORDS][WORD_BYTES];
    uint64_t number;
};

static uint8_t request[600], reply[16384], records[RECORDS_BYTES];

static void split(struct bytes text, struct command *c)
{
    *c = (struct command){.number = 0};
    for (size_t i = 0; i < WORDS; i++) {
        struct bytes word = bytes_slice(text, 0, bytes_find(text, ' '));
        text = bytes_slice(text, word.len + 1, text.len);
        word = bytes_slice(word, 0, WORD_BYTES - 1);
        if (word.len)
            memcpy(c->word[i], word.data, word.len);
    }
    (void)bytes_decimal(bytes_str(c->word[2]), UINT16_MAX, &c->number);
}

static bool is(const struct command *c, const char *what)
{
    return bytes_equal(bytes_str(c->word[0]), bytes_str(what));
}

static void say_result(struct writer *w, enum err e)
{
    if (e != OK)
        write_format(w, "error: %s", err_text(e));
}

static void resolve(struct dns_client *dns, const struct command *c, enum dns_family family, struct writer *w)
{
    struct ip list[32];
    char text[IP_TEXT_BYTES];
    size_t n = 0;
    enum err e = dns_resolve(dns, c->word[1], family, time_after(sched_now(), 8 * NS_PER_S), list, ARRAY_LEN(list), &n);
    say_result(w, e);
    for (size_t i = 0; e == OK && i < n; i++)
        write_format(w, "%s%s", i ? " " : "", ip_text(&list[i], text));
}

static void look_up(struct dns_client *dns, const struct command *c, struct writer *w)
{
    size_t len = 0;
    enum err e = dns_records(dns, c->word[1], (uint16_t)c->number, time_after(sched_now(), 8 * NS_PER_S), records,
                             sizeof records, &len);
    say_result(w, e);
    for (size_t i = 0; e == OK && i < len; i++)
        write_format(w, "%02x", records[i]);
}

static void connect(struct dns_client *dns, const struct command *c, struct writer *w)
{
    char text[IP_TEXT_BYTES];
    uint8_t first[64];
    size_t len = 0;
    struct flow *f;
    uint64_t deadline_ns = time_after(sched_now(), 8 * NS_PER_S);
    enum err e = dns_connect(dns, c->word[1], (uint16_t)c->number, deadline_ns, &f);
    say_result(w, e);
    if (e != OK)
        return;
    struct endpoint peer = flow_peer(f);
    e = flow_read(f, first, sizeof first, &len, deadline_ns);
    flow_close(f);
    say_result(w, e);
    if (e == OK)
        write_format(w, "%s %.*s", ip_text(&peer.ip, text), (int)len, (const char *)first);
}

static void count(struct dns_client *dns, struct writer *w)
{
    struct dns_client_counters c = dns_client_counters(dns);
    write_format(w, "queries=%llu retries=%llu timeouts=%llu streams=%llu hits=%llu negative=%llu ignored=%llu",
                 (unsigned long long)c.queries, (unsigned long long)c.retries, (unsigned long long)c.timeouts,
                 (unsigned long long)c.streams, (unsigned long long)c.cache_hits, (unsigned long long)c.negative,
                 (unsigned long long)c.ignored);
}

static void answer(struct dns_client *dns, const struct command *c, struct writer *w)
{
    if (is(c, "both"))
        resolve(dns, c, DNS_BOTH_FAMILIES, w);
    else if (is(c, "four"))
        resolve(dns, c, DNS_IPV4_ONLY, w);
    else if (is(c, "six"))
        resolve(dns, c, DNS_IPV6_ONLY, w);
    else if (is(c, "records"))
        look_up(dns, c, w);
    else if (is(c, "connect"))
        connect(dns, c, w);
    else if (is(c, "counters"))
        count(dns, w);
    else if (is(c, "flush"))
        dns_client_flush(dns);
}

int names_start(const struct names *self)
{
    struct udp_socket *u;
    struct dns_client *dns;
    must(dns_client_new(self->service, NULL, &dns) == OK);
    must(stack_udp(self->service, 7, &u) == OK);
    while (!sched_stopping()) {
        struct endpoint from;
        struct command c;
        size_t len;
        uint64_t soon_ns = time_after(sched_now(), 100 * NS_PER_MS); /* to see that a stop was asked for */
        if (udp_recv(u, request, sizeof request, &len, &from, soon_ns) != OK || len > sizeof request)
            continue;
        struct writer w = writer_of(reply, sizeof reply);
        split(bytes_of(request, len), &c);
        answer(dns, &c, &w);
        struct piece p = piece_copy(writer_bytes(&w));
        (void)!udp_send(u, from, &p, 1);
    }
    udp_close(u);
    dns_client_free(dns);
    return 0;
}
