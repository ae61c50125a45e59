/* SPDX-License-Identifier: ISC */
/* IGMP, the host's part for groups of any source (RFC 3376), with what older queriers need (7.2).
 *
 * A group that we are in is told as "exclude nobody", one that we left as "include nobody". Queries that name sources
 * are answered as those for the whole group: it is all of them that we want. */
#include "net/net.h"
#include "wire/igmp.h"

enum { V1, V2, V3 };
enum { OPTION_END = 0, OPTION_NOP = 1, ROUTER_ALERT = 148 };

#define ALL_HOSTS ip4(224, 0, 0, 1)
#define ALL_ROUTERS ip4(224, 0, 0, 2)
#define ALL_ROUTERS3 ip4(224, 0, 0, 22)

static int version(const struct net *n, uint64_t now_ns)
{
    const struct igmp_state *s = &n->groups.state;
    return s->old_until_ns[V1] > now_ns ? V1 : s->old_until_ns[V2] > now_ns ? V2 : V3;
}

static bool is_ours(const struct group *g)
{
    return ip_is4(&g->ip);
}

/* ---- Sending ---- */

static void send(struct net *n, const struct ip *dst, struct bytes message)
{
    struct frame f = {.n = 2};
    struct writer w = writer_of(f.head + ETHER_BYTES, IP4_ALERT_BYTES);
    struct mac mac = mac_of_multicast4(dst);
    ip4_emit_alert(&w, IP_IGMP, &n->ip4.net.ip, dst, message.len);
    f.v[0] = bytes_of(f.head, ETHER_BYTES + IP4_ALERT_BYTES);
    f.v[1] = message;
    n->counters.ip4.out++;
    (void)ether_output(n, &f, &mac, ETHER_IP4);
}

static void send_old(struct net *n, enum igmp_type type, const struct ip *group)
{
    uint8_t body[IGMP_BYTES];
    struct writer w = writer_of(body, sizeof body);
    const struct ip routers = ALL_ROUTERS;
    igmp_emit(&w, type, group);
    send(n, type == IGMP_LEAVE2 ? &routers : group, writer_bytes(&w));
}

static void send_records(struct net *n, enum igmp_record record, const struct ip *group, size_t count)
{
    uint8_t body[IGMP_BYTES + NET_GROUPS * IGMP_RECORD_BYTES];
    struct writer w = writer_of(body, sizeof body);
    const struct ip routers = ALL_ROUTERS3;
    igmp_emit_report3(&w, record, group, count);
    n->counters.igmp.out_reports++;
    send(n, &routers, writer_bytes(&w));
}

static void report_membership(struct net *n, int v, const struct ip *group)
{
    if (v == V3) {
        send_records(n, IGMP_IS_EXCLUDE, group, 1);
        return;
    }
    n->counters.igmp.out_reports++;
    send_old(n, v == V1 ? IGMP_REPORT1 : IGMP_REPORT2, group);
}

static void report_change(struct net *n, int v, const struct group *g)
{
    if (v == V3) {
        send_records(n, g->sockets ? IGMP_TO_EXCLUDE : IGMP_TO_INCLUDE, &g->ip, 1);
    } else if (g->sockets) {
        report_membership(n, v, &g->ip);
    } else if (v == V2) {
        n->counters.igmp.out_leaves++;
        send_old(n, IGMP_LEAVE2, &g->ip);
    }
}

/* ---- Receiving ---- */

static uint64_t within(struct net *n, uint64_t now_ns, uint64_t span_ns)
{
    return time_after(now_ns, span_ns / 1024 * (n->random() % 1024) + 1);
}

/* RFC 2113, in the options behind the header. They have been checked by ip4_parse. */
static bool has_router_alert(struct bytes header)
{
    struct reader r = reader_of(bytes_slice(header, IP4_HEADER_BYTES, header.len));
    while (reader_left(&r)) {
        uint8_t type = read_u8(&r);
        if (type == ROUTER_ALERT)
            return true;
        if (type == OPTION_END)
            break;
        uint8_t len = type == OPTION_NOP ? 2 : read_u8(&r);
        if (type != OPTION_NOP)
            read_skip(&r, len < 2 ? 0 : len - 2u);
    }
    return false;
}

/* RFC 3376 7.2.1: with the version all that was about to be sent changes. */
static void hear_querier(struct net *n, uint64_t now_ns, int v)
{
    int before = version(n, now_ns);
    if (v == V3)
        return;
    n->groups.state.old_until_ns[v] = time_after(now_ns, IGMP_OLD_QUERIER_NS);
    if (version(n, now_ns) == before)
        return;
    n->groups.state.general_ns = TIME_NEVER;
    for (size_t i = 0; i < NET_GROUPS; i++) {
        struct group *g = &n->groups.group[i];
        if (!is_ours(g) || g->changed)
            continue;
        g->report_ns = g->answer_ns = TIME_NEVER;
        if (!g->sockets)
            *g = (struct group){.ip = IP_NONE};
    }
}

/* One answer for all groups in version 3, one for each in the others (RFC 3376 5.2, RFC 2236 3). */
static void answer_later(struct net *n, uint64_t now_ns, const struct igmp *m)
{
    uint64_t span_ns = m->response_ms * NS_PER_MS;
    bool all = ip_is_unspecified(&m->group);
    if (all && version(n, now_ns) == V3) {
        n->groups.state.general_ns = time_min(n->groups.state.general_ns, within(n, now_ns, span_ns));
        return;
    }
    for (size_t i = 0; i < NET_GROUPS; i++) {
        struct group *g = &n->groups.group[i];
        if (is_ours(g) && g->sockets && (all || ip_equal(&g->ip, &m->group)))
            g->answer_ns = time_min(g->answer_ns, within(n, now_ns, span_ns));
    }
}

/* RFC 3376 9.1: who forges queries at least has to be near. */
static bool is_sound(const struct ip_in *in, struct bytes header, const struct igmp *m)
{
    struct ip hosts = ALL_HOSTS;
    if (ip_is_unspecified(&m->group) && ip_is_multicast(&in->dst) && !ip_equal(&in->dst, &hosts))
        return false;
    return m->version == 1 || has_router_alert(header);
}

static void query(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header, const struct igmp *m)
{
    int v = m->version - 1;
    if (!is_sound(in, header, m)) {
        n->counters.igmp.in_ignored++;
        return;
    }
    n->counters.igmp.in_queries++;
    if (m->robustness)
        n->groups.state.robustness = m->robustness;
    hear_querier(n, now_ns, v);
    answer_later(n, now_ns, m);
}

/* RFC 2236 3: another member has said it for us. In version 3 each host speaks for itself. */
static void report(struct net *n, uint64_t now_ns, const struct igmp *m)
{
    n->counters.igmp.in_reports++;
    for (size_t i = 0; i < NET_GROUPS && version(n, now_ns) != V3; i++) {
        struct group *g = &n->groups.group[i];
        if (!is_ours(g) || g->answer_ns == TIME_NEVER || !ip_equal(&g->ip, &m->group))
            continue;
        g->answer_ns = TIME_NEVER;
        n->counters.igmp.suppressed++;
    }
}

static void input(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header)
{
    struct igmp m;
    n->counters.igmp.in++;
    if (!igmp_parse(in->payload, &m))
        n->counters.igmp.in_malformed++;
    else if (m.type == IGMP_QUERY)
        query(n, now_ns, in, header, &m);
    else if (m.type == IGMP_REPORT1 || m.type == IGMP_REPORT2)
        report(n, now_ns, &m);
    else
        n->counters.igmp.in_ignored++;
}

/* ---- Time ---- */

static void restart(struct net *n)
{
    n->groups.state = (struct igmp_state){.general_ns = TIME_NEVER, .robustness = IGMP_ROBUSTNESS};
    for (size_t i = 0; i < NET_GROUPS; i++) {
        struct group *g = &n->groups.group[i];
        if (!is_ours(g))
            continue;
        g->changed = true;
        g->report_ns = 0;
        g->answer_ns = TIME_NEVER;
    }
}

static uint64_t deadline(const struct net *n)
{
    if (!n->ip4.up)
        return TIME_NEVER;
    return time_min(n->groups.state.general_ns, group_deadline(n));
}

static void answer_all(struct net *n)
{
    struct ip groups[NET_GROUPS];
    size_t count = 0;
    for (size_t i = 0; i < NET_GROUPS; i++) {
        const struct group *g = &n->groups.group[i];
        if (is_ours(g) && g->sockets)
            groups[count++] = g->ip;
    }
    if (count)
        send_records(n, IGMP_IS_EXCLUDE, groups, count);
}

/* A change is told as often as the robustness variable says, since nobody acknowledges it. A leave of version 2 is told
 * once: the querier asks for itself. */
static void tell_change(struct net *n, uint64_t now_ns, struct group *g)
{
    int v = version(n, now_ns);
    if (g->changed)
        g->n_reports = v != V3 && !g->sockets ? 1 : n->groups.state.robustness;
    g->changed = false;
    g->n_reports--;
    report_change(n, v, g);
    g->report_ns = g->n_reports ? within(n, now_ns, v == V3 ? IGMP_UNSOLICITED_NS : IGMP_UNSOLICITED2_NS) : TIME_NEVER;
    if (!g->n_reports && !g->sockets)
        *g = (struct group){.ip = IP_NONE};
}

static void tick(struct net *n, uint64_t now_ns)
{
    if (!n->ip4.up)
        return;
    if (n->groups.state.general_ns <= now_ns) {
        n->groups.state.general_ns = TIME_NEVER;
        answer_all(n);
    }
    for (size_t i = 0; i < NET_GROUPS; i++) {
        struct group *g = &n->groups.group[i];
        if (!is_ours(g))
            continue;
        if (g->answer_ns <= now_ns) {
            g->answer_ns = TIME_NEVER;
            report_membership(n, version(n, now_ns), &g->ip);
        }
        if (g->report_ns <= now_ns)
            tell_change(n, now_ns, g);
    }
}

const struct group_ops igmp_ops = {.input = input, .restart = restart, .deadline = deadline, .tick = tick};
