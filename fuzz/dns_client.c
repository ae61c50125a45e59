/* SPDX-License-Identifier: ISC */
/* The stub resolver's core: asks for a name, and the input is what its servers say. Records of one byte of what to do, two of
 * length and a message; ids, questions and letters are made right unless the first byte says otherwise, so that answers are
 * read. */
#include "proto/dns_names.h"
#include "proto/dns_stub.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

enum { STEPS_MAX = 64, WRONG_ID = 1, AS_IT_IS = 2, BY_STREAM = 4, TIME = 8, OTHER = 16 };

static struct dns_step step;
static uint8_t query[DNS_UDP_BYTES];
static size_t query_len;

static void constant(void *out, size_t len)
{
    memset(out, 0x5a, len);
}

static void move(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns)
{
    for (int i = 0; i < 8; i++) {
        dns_stub_step(s, a, now_ns, &step);
        if (step.kind == DNS_STEP_WAIT || step.kind == DNS_STEP_DONE)
            return;
        must(step.message.len <= sizeof query);
        memcpy(query, step.message.data, step.message.len);
        query_len = step.message.len;
    }
}

/* The question of the last query before the input, which goes on from the flags. */
static void give(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, uint8_t how, struct bytes b)
{
    static uint8_t m[4096];
    struct endpoint from = {s->server[a->server < s->n_servers ? a->server : 0].ip, DNS_PORT};
    size_t at = 0;
    if (!(how & AS_IT_IS) && query_len > 11) {
        at = query_len - 11 < sizeof m ? query_len - 11 : 0; /* without OPT */
        memcpy(m, query, at);
        m[1] = (uint8_t)(m[1] + (how & WRONG_ID));
        for (size_t i = 2; i < DNS_HEADER_BYTES && b.len; i++, b = bytes_slice(b, 1, b.len))
            m[i] = i == 4 || i == 5 ? m[i] : i == 2 ? b.data[0] | 0x80 : b.data[0];
    }
    size_t len = b.len < sizeof m - at ? b.len : sizeof m - at;
    if (len)
        memcpy(m + at, b.data, len);
    dns_stub_input(s, a, now_ns, &from, bytes_of(m, at + len), how & BY_STREAM);
}

static void check(struct dns_stub *s, uint64_t now_ns, const struct dns_name *name, uint16_t type)
{
    struct dns_cached found;
    struct dns_name final;
    struct bytes rdata;
    if (dns_stub_find(s, now_ns, dns_name_bytes(name), type, &found, &final) != OK)
        return;
    struct reader r = reader_of(found.data);
    must(found.n_records > 0 && found.ttl_s > 0);
    for (unsigned i = 0; i < found.n_records; i++) {
        must(dns_cached_next(&r, &rdata));
        must(dns_rdata_is_good(type, rdata));
    }
    must(!reader_left(&r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t type[3] = {DNS_AAAA, DNS_A, DNS_MX};
    static struct dns_stub s;
    const struct ip servers[2] = {ip4(10, 0, 0, 1), ip4(10, 0, 0, 2)};
    struct dns_cache_options o = {.entries = 8, .seed = 1};
    struct dns_cache *cache;
    struct dns_name name;
    struct dns_ask *a = NULL;
    uint64_t now_ns = NS_PER_S;
    struct reader r = reader_of(bytes_of(data, size));
    must(dns_cache_new(&o, &cache) == OK);
    must(!dns_name_parse(bytes_str("a.test"), dns_root(), &name));
    dns_stub_init(&s, &(struct dns_stub_options){.cache = cache, .random = constant, .expand = dns_rdata_expand});
    dns_stub_servers(&s, servers, 2);
    for (int i = 0; i < 3; i++)
        a = dns_stub_ask(&s, now_ns, dns_name_bytes(&name), type[i]);
    query_len = 0;
    for (int i = 0; i < STEPS_MAX && reader_left(&r); i++) {
        uint8_t how = read_u8(&r);
        size_t len = read_be16(&r);
        struct bytes b = read_bytes(&r, len < reader_left(&r) ? len : reader_left(&r));
        move(&s, a, now_ns);
        if (how & TIME && step.kind == DNS_STEP_WAIT)
            now_ns = step.deadline_ns;
        if (how & OTHER)
            dns_stub_servers(&s, servers + 1, 1);
        give(&s, a, now_ns, how, b);
        for (int k = 0; k < 3; k++)
            check(&s, now_ns, &name, type[k]);
    }
    for (int i = 0; i < 3; i++)
        dns_stub_leave(&s, a);
    must(a->name.len == 0);
    dns_cache_free(cache);
    return 0;
}
