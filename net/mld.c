/* SPDX-License-Identifier: ISC */
#include "net/mld.h"
#include "net/net.h"

enum { IS_EXCLUDE = 2, TO_EXCLUDE = 4, RECORD_BYTES = 20, ROBUSTNESS = 2, QUERY_DATA_BYTES = 16 };

#define UNSOLICITED_NS (1 * NS_PER_S) /* RFC 3810 9.11 */

void mld_init(struct net *n)
{
    n->ip6->mld = (struct mld){.change_ns = TIME_NEVER, .answer_ns = TIME_NEVER};
}

/* A record for each solicited-node group: all senders are welcome. RFC 3810 5.2.13: from "::" while there is no
 * link-local address that may be told. */
static void report(struct net *n, uint64_t now_ns, uint8_t record_type)
{
    static const uint8_t router_alert[8] = {IP6_ICMP, 0, 5, 2, 0, 0, 1, 0}; /* RFC 2711, padded */
    uint8_t records[IP6_ADDRESSES * RECORD_BYTES], head[ICMP6_HEADER_BYTES];
    struct writer w = writer_of(records, sizeof records), hw = writer_of(head, sizeof head);
    const struct ip routers = {{0xff, 2, [15] = 0x16}};
    const struct ip6_address *from = ip6_link_local(n);
    uint32_t n_records = 0;
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        if (a->state != IP6_VALID && a->state != IP6_OPTIMISTIC)
            continue;
        struct ip group = ip6_solicited_group(&a->ip);
        write_u8(&w, record_type);
        write_zeros(&w, 3);
        write_copy(&w, group.b, sizeof group.b);
        n_records++;
    }
    struct ip_out o = {.src = from ? from->ip : IP_NONE, .dst = routers, .protocol = IP6_HOP_BY_HOP, .ttl = 1};
    struct icmp6 m = {.type = ICMP6_MLD2_REPORT, .rest = n_records};
    struct bytes body = writer_bytes(&w);
    icmp6_emit(&hw, &m, &o.src, &o.dst, &body, 1);
    struct bytes v[3] = {bytes_of(router_alert, sizeof router_alert), writer_bytes(&hw), body};
    n->counters.nd.mld_reports++;
    (void)ip6_transmit(n, now_ns, &o, &routers, NULL, v, 3);
}

void mld_changed(struct net *n, uint64_t now_ns)
{
    n->ip6->mld.n_changes = ROBUSTNESS - 1;
    n->ip6->mld.change_ns = time_after(now_ns, UNSOLICITED_NS);
    report(n, now_ns, TO_EXCLUDE);
}

/* RFC 3810 5.1.3; also of MLDv1, in milliseconds as they are. */
static uint64_t response_ns(uint32_t code)
{
    if (code < 0x8000)
        return code * NS_PER_MS;
    return ((uint64_t)((code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3)) * NS_PER_MS;
}

void mld_input(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m)
{
    if (in->ttl != 1 || !ip6_is_link_local(&in->src) || m->data.len < QUERY_DATA_BYTES) {
        n->counters.nd.in_malformed++;
        return;
    }
    uint64_t span_ns = response_ns(m->rest >> 16);
    uint64_t at_ns = time_after(now_ns, span_ns / 1024 * (n->random() % 1024) + 1);
    n->counters.nd.mld_queries++;
    n->ip6->mld.answer_ns = time_min(n->ip6->mld.answer_ns, at_ns);
}

uint64_t mld_deadline(const struct net *n)
{
    return time_min(n->ip6->mld.change_ns, n->ip6->mld.answer_ns);
}

void mld_tick(struct net *n, uint64_t now_ns)
{
    struct mld *m = &n->ip6->mld;
    if (m->answer_ns <= now_ns) {
        m->answer_ns = TIME_NEVER;
        report(n, now_ns, IS_EXCLUDE);
    }
    if (m->change_ns > now_ns)
        return;
    report(n, now_ns, TO_EXCLUDE);
    m->n_changes--;
    m->change_ns = m->n_changes ? time_after(now_ns, UNSOLICITED_NS) : TIME_NEVER;
}
