/* SPDX-License-Identifier: ISC */
/* The iterative resolver's core: asks for names, and the input is what servers say. Records of one byte of what to do, two of length
 * and a message; ids, questions and letters are made right unless the first byte says otherwise, so that answers are read. */
#include "proto/dns_iterate.h"

#include <jinn/must.h>

enum { STEPS_MAX = 128, AS_IT_IS = 1, TIME = 2, OTHER_NAME = 4, STREAM_FAILS = 8, TELL = 16 };

static struct {
    struct dns_iterate_below below;
    uint8_t query[512];
    size_t len;
    unsigned task, socket;
    struct endpoint to;
    bool by_stream;
    int n_open, n_done;
    uint8_t byte;
} net;

static void mixed(void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = net.byte = (uint8_t)(net.byte * 29 + 7);
}

static unsigned send(struct dns_iterate_below *b, uint64_t now_ns, unsigned task, const struct endpoint *to,
                     struct bytes message, bool by_stream)
{
    must(message.len <= sizeof net.query);
    memcpy(net.query, message.data, message.len);
    net.len = message.len;
    net.task = task;
    net.to = *to;
    net.by_stream = by_stream;
    net.n_open += !by_stream;
    return net.socket = (net.socket + 1) & 0x3f;
}

static void over(struct dns_iterate_below *b, unsigned socket)
{
    must(--net.n_open >= 0);
}

/* Judges as it comes, so that signatures and proofs are kept, and told. */
static enum dns_verdict validate(void *cache, uint64_t now_ns, const struct dns_cached *set, struct dns_name *name,
                                 uint16_t *type)
{
    struct dns_name own;
    dns_name_copy(&own, set->name);
    enum dns_verdict v = set->data.len & 1 ? DNS_VERDICT_SECURE : DNS_VERDICT_INSECURE;
    if (set->data.len % 7 == 3)
        v = DNS_VERDICT_BOGUS;
    dns_cache_judge(cache, dns_name_bytes(&own), set->kind == DNS_KIND_NXDOMAIN ? 0 : set->type, v, 6, TIME_NEVER);
    return v;
}

static void done(struct dns_client_query *q, uint64_t now_ns, enum dns_outcome outcome)
{
    net.n_done++;
}

/* The question of the last query before the input, which goes on from the flags; without EDNS and its options. */
static void give(struct dns_iterate *it, uint64_t now_ns, uint8_t how, struct bytes b)
{
    static uint8_t m[4096];
    size_t at = 0;
    if (!(how & AS_IT_IS) && net.len > DNS_HEADER_BYTES) {
        at = DNS_HEADER_BYTES;
        while (net.query[at])
            at += net.query[at] + 1u;
        at += 5;
        memcpy(m, net.query, at);
        for (size_t i = 2; i < DNS_HEADER_BYTES && b.len; i++, b = bytes_slice(b, 1, b.len))
            m[i] = i == 4 || i == 5 ? m[i] : i == 2 ? b.data[0] | 0x80 : b.data[0];
    }
    size_t len = b.len < sizeof m - at ? b.len : sizeof m - at;
    if (len)
        memcpy(m + at, b.data, len);
    if (net.by_stream)
        dns_iterate_input_stream(it, now_ns, net.task, bytes_of(m, how & STREAM_FAILS ? 0 : at + len));
    else
        dns_iterate_input(it, now_ns, &net.to, net.socket, bytes_of(m, at + len));
}

static const struct {
    const char *name;
    size_t len;
    uint16_t type;
} names[] = {{"\3www\7example\4test", 18, DNS_A}, {"\1a\1b\1c\7example\4test", 20, DNS_MX}, {"", 1, DNS_NS}};

static void tell(struct dns_iterate *it, uint64_t now_ns)
{
    static uint8_t out[DNS_MESSAGE_BYTES];
    struct dns_writer w;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        dns_write_begin(&w, out, i ? sizeof out : DNS_UDP_BYTES);
        struct dns_iterate_wish wish = {
            .name = bytes_of(names[i].name, names[i].len), .type = names[i].type, .dnssec_ok = true, .stale = true};
        (void)dns_iterate_answer(it, now_ns, &wish, &w);
    }
}

static void play(struct dns_iterate *it, const uint8_t *data, size_t len)
{
    struct reader r = reader_of(bytes_of(data, len));
    struct dns_client_query q[2] = {{.done = done}, {.done = done}};
    uint64_t now_ns = NS_PER_S;
    int n_asked = 2;
    for (size_t i = 0; i < 2; i++)
        dns_iterate_ask(it, now_ns, &q[i], bytes_of(names[i].name, names[i].len), names[i].type, false);
    for (int i = 0; i < STEPS_MAX && reader_left(&r) >= 3; i++) {
        uint8_t how = read_u8(&r);
        uint16_t want = read_be16(&r);
        struct bytes b = read_bytes(&r, want < reader_left(&r) ? want : reader_left(&r));
        now_ns += how & TIME ? (uint64_t)want * 10 * NS_PER_MS : NS_PER_MS;
        if (how & TIME)
            dns_iterate_tick(it, now_ns);
        give(it, now_ns, how, b);
        if (how & TELL)
            tell(it, now_ns);
    }
    for (int i = 0; i < 1000 && dns_iterate_tasks(it); i++) {
        now_ns = dns_iterate_deadline(it);
        must(now_ns != TIME_NEVER);
        dns_iterate_tick(it, now_ns);
    }
    must(dns_iterate_tasks(it) == 0 && net.n_open == 0);
    must(net.n_done == n_asked);
    must(dns_iterate_counters(it).queries <= 4 * DNS_ITERATE_QUERIES + STEPS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct dns_cache *cache;
    const struct ip hint = ip4(10, 0, 0, 1);
    struct dns_iterate *it;
    if (!cache &&
        dns_cache_new(&(struct dns_cache_options){.entries = 64, .bytes = 1 << 19, .page_bytes = 65536, .seed = 1},
                      &cache) != OK)
        return 0;
    dns_cache_flush(cache);
    memset(&net, 0, sizeof net);
    net.below.send = send;
    net.below.over = over;
    struct dns_iterate_options o = {.cache = cache,
                                    .below = &net.below,
                                    .random = mixed,
                                    .hints = &hint,
                                    .n_hints = 1,
                                    .forward = len && data[0] & 0x80,
                                    .validate = len && data[0] & 0x40 ? validate : NULL,
                                    .validate_arg = cache,
                                    .tasks = 8};
    if (dns_iterate_new(&o, &it) != OK)
        return 0;
    play(it, data, len);
    dns_iterate_free(it);
    return 0;
}
