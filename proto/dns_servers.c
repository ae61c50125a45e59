/* SPDX-License-Identifier: ISC */
#include "proto/dns_servers.h"

#define STRANGER_NS (40 * NS_PER_MS) /* what a stranger is taken for: better than a server far away */

void dns_servers_init(struct dns_servers *s, void (*random)(void *out, size_t len))
{
    *s = (struct dns_servers){.random = random};
    random(&s->seed, sizeof s->seed);
}

static size_t place_of(const struct dns_servers *s, const struct ip *ip)
{
    uint64_t high, low;
    memcpy(&high, ip->b, sizeof high);
    memcpy(&low, ip->b + 8, sizeof low);
    uint64_t h = (high ^ s->seed) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 29 ^ low) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(h >> 40) % (DNS_SERVERS / DNS_SERVERS_WAYS) * DNS_SERVERS_WAYS;
}

struct dns_known_server *dns_servers_find(struct dns_servers *s, uint64_t now_ns, const struct ip *ip)
{
    struct dns_known_server *set = &s->server[place_of(s, ip)], *oldest = set;
    for (size_t i = 0; i < DNS_SERVERS_WAYS; i++) {
        if (ip_equal(&set[i].ip, ip)) {
            set[i].used_ns = now_ns;
            return &set[i];
        }
        if (set[i].used_ns < oldest->used_ns)
            oldest = &set[i];
    }
    s->evicted += !ip_is_unspecified(&oldest->ip);
    *oldest = (struct dns_known_server){.ip = *ip, .used_ns = now_ns};
    s->random(oldest->client, sizeof oldest->client);
    return oldest;
}

void dns_known_answered(struct dns_known_server *s, uint64_t rtt_ns)
{
    s->rtt_ns = s->rtt_ns ? s->rtt_ns - s->rtt_ns / 8 + rtt_ns / 8 : rtt_ns;
    s->rtt_ns += s->rtt_ns == 0;
    s->n_silent = 0;
    s->bad_until_ns = 0;
}

void dns_known_silent(struct dns_known_server *s, uint64_t now_ns)
{
    if (s->n_silent < UINT8_MAX)
        s->n_silent++;
    if (s->n_silent >= 3)
        s->bad_until_ns = time_after(now_ns, DNS_SERVER_BAD_NS);
}

uint64_t dns_known_patience(const struct dns_known_server *s)
{
    uint64_t span_ns = s->rtt_ns ? 3 * s->rtt_ns : DNS_SERVER_FIRST_NS;
    span_ns = (span_ns > DNS_SERVER_LEAST_NS ? span_ns : DNS_SERVER_LEAST_NS) << (s->n_silent < 3 ? s->n_silent : 3);
    return time_min(span_ns, DNS_SERVER_MOST_NS);
}

uint64_t dns_known_cost(const struct dns_known_server *s, uint64_t now_ns, uint32_t dice)
{
    uint64_t cost_ns = (s->rtt_ns ? s->rtt_ns : STRANGER_NS) << (s->n_silent < 8 ? s->n_silent : 8);
    if (s->bad_until_ns > now_ns)
        cost_ns += DNS_SERVER_BAD_NS;
    return cost_ns - cost_ns / 4 + cost_ns / 2 / 1024 * (dice % 1024);
}
