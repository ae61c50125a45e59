/* SPDX-License-Identifier: ISC */
#include "net/mld.h"
#include "net/net.h"

enum record { IS_EXCLUDE = 2, TO_INCLUDE = 3, TO_EXCLUDE = 4 };
enum { RECORD_BYTES = 20, ROBUSTNESS = 2, QUERY1_DATA_BYTES = 16, QUERY2_DATA_BYTES = 20 };
enum which { FRESH, PENDING };

static const uint8_t router_alert[8] = {IP6_ICMP, 0, 5, 2, 0, 0, 1, 0}; /* RFC 2711, padded */

void mld_init(struct net *n)
{
    struct mld *m = &n->ip6->mld;
    *m = (struct mld){
        .robustness = ROBUSTNESS, .change_ns = TIME_NEVER, .answer_ns = TIME_NEVER, .group_answer_ns = TIME_NEVER};
    for (size_t i = 0; i < MLD_GROUPS; i++)
        m->group[i].answer_ns = TIME_NEVER;
}

/* ---- The table ---- */

static struct mld_group *find(const struct net *n, const struct ip *group)
{
    for (size_t i = 0; i < MLD_GROUPS; i++) {
        struct mld_group *g = &n->ip6->mld.group[i];
        if (ip_equal(&g->group, group))
            return g;
    }
    return NULL;
}

bool mld_is_member(const struct net *n, const struct ip *group)
{
    const struct mld_group *g = find(n, group);
    return g && g->n_members;
}

static bool is_free(const struct mld_group *g)
{
    return ip_equal(&g->group, &IP_NONE);
}

/* The group's own place if it was just left, or a free one, or else that of another group that we left. */
static struct mld_group *take_place(struct net *n, const struct ip *group)
{
    struct mld_group *place = find(n, group);
    if (place)
        return place;
    for (size_t i = 0; i < MLD_GROUPS; i++) {
        struct mld_group *g = &n->ip6->mld.group[i];
        if (is_free(g))
            return g;
        if (!g->n_members)
            place = g;
    }
    must(place); /* MLD_GROUPS */
    return place;
}

/* RFC 3810 6: what does not leave the host is never told; nor are all nodes, which nobody joins. */
static bool is_told(const struct mld_group *g)
{
    return (g->group.b[1] & 15) > 1;
}

/* ---- Sending ---- */

/* RFC 3810 5.2.13: from "::" while there is no link-local address that may be told. */
static void send(struct net *n, uint64_t now_ns, const struct ip *dst, const struct icmp6 *m, struct bytes body)
{
    uint8_t head[ICMP6_HEADER_BYTES];
    struct writer w = writer_of(head, sizeof head);
    const struct ip6_address *from = ip6_link_local(n);
    struct ip_out o = {.src = from ? from->ip : IP_NONE, .dst = *dst, .protocol = IP6_HOP_BY_HOP, .ttl = 1};
    icmp6_emit(&w, m, &o.src, &o.dst, &body, 1);
    struct bytes v[3] = {bytes_of(router_alert, sizeof router_alert), writer_bytes(&w), body};
    n->counters.nd.mld_reports++;
    (void)ip6_transmit(n, now_ns, &o, dst, NULL, v, 3);
}

static void send_records(struct net *n, uint64_t now_ns, struct writer *w)
{
    const struct ip routers = {{0xff, 2, [15] = 0x16}};
    struct icmp6 m = {.type = ICMP6_MLD2_REPORT, .rest = (uint32_t)(writer_len(w) / RECORD_BYTES)};
    if (m.rest)
        send(n, now_ns, &routers, &m, writer_bytes(w));
}

static void write_record(struct writer *w, enum record type, const struct mld_group *g)
{
    if (!is_told(g))
        return;
    write_u8(w, (uint8_t)type);
    write_zeros(w, 3);
    write_copy(w, g->group.b, sizeof g->group.b);
}

/* Version 1 (RFC 2710 4): to the group itself, or, when we leave it as the last one who spoke for it, to the routers. */
static void send_old(struct net *n, uint64_t now_ns, struct mld_group *g)
{
    const struct ip routers = {{0xff, 2, [15] = 2}};
    struct icmp6 m = {.type = g->n_members ? ICMP6_MLD_REPORT : ICMP6_MLD_DONE};
    struct bytes body = bytes_of(g->group.b, sizeof g->group.b);
    if (!is_told(g) || (!g->n_members && !g->last))
        return;
    g->last = g->n_members;
    send(n, now_ns, g->n_members ? &g->group : &routers, &m, body);
}

static bool is_old(const struct net *n, uint64_t now_ns)
{
    return now_ns < n->ip6->mld.version1_until_ns;
}

/* Tells of the groups that changed just now, or of all whose change is to be told again. */
static void tell_changes(struct net *n, uint64_t now_ns, enum which which)
{
    struct mld *m = &n->ip6->mld;
    uint8_t records[MLD_GROUPS * RECORD_BYTES];
    struct writer w = writer_of(records, sizeof records);
    bool left = false;
    for (size_t i = 0; i < MLD_GROUPS; i++) {
        struct mld_group *g = &m->group[i];
        if (g->n_changes && (which == PENDING || g->n_changes == m->robustness)) {
            g->n_changes--;
            if (is_old(n, now_ns))
                send_old(n, now_ns, g);
            else
                write_record(&w, g->n_members ? TO_EXCLUDE : TO_INCLUDE, g);
        }
        if (!g->n_changes && !g->n_members)
            g->group = IP_NONE;
        left |= g->n_changes != 0;
    }
    send_records(n, now_ns, &w);
    uint64_t wait_ns = MLD_CHANGE_NS / 1024 * (n->random() % 1024 + 1);
    m->change_ns = left && ip6_link_local(n) ? time_after(now_ns, wait_ns) : TIME_NEVER;
}

static void changed(struct net *n, uint64_t now_ns, struct mld_group *g)
{
    g->n_changes = n->ip6->mld.robustness;
    g->answer_ns = TIME_NEVER;
    tell_changes(n, now_ns, FRESH);
}

void mld_join(struct net *n, uint64_t now_ns, const struct ip *group)
{
    struct mld_group *g = find(n, group);
    if (g && g->n_members) {
        g->n_members++;
        return;
    }
    g = take_place(n, group);
    *g = (struct mld_group){.group = *group, .n_members = 1};
    changed(n, now_ns, g);
}

void mld_leave(struct net *n, uint64_t now_ns, const struct ip *group)
{
    struct mld_group *g = find(n, group);
    must(g && g->n_members);
    if (--g->n_members == 0)
        changed(n, now_ns, g);
}

void mld_again(struct net *n, uint64_t now_ns)
{
    for (size_t i = 0; i < MLD_GROUPS; i++) {
        struct mld_group *g = &n->ip6->mld.group[i];
        if (g->n_members && !g->n_changes)
            g->n_changes = 1;
    }
    tell_changes(n, now_ns, PENDING);
}

/* ---- Queries ---- */

/* RFC 3810 5.1.3; of version 1 milliseconds as they are. */
static uint64_t response_ns(uint32_t code, bool old)
{
    if (code < 0x8000 || old)
        return code * NS_PER_MS;
    return ((uint64_t)((code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3)) * NS_PER_MS;
}

/* A timer that runs out early enough is left alone (RFC 2710 4). */
static void answer_within(struct net *n, uint64_t now_ns, uint64_t *at_ns, uint64_t span_ns)
{
    if (*at_ns > time_after(now_ns, span_ns))
        *at_ns = time_after(now_ns, span_ns / 1024 * (n->random() % 1024) + 1);
}

/* RFC 3810 8.2.1: what was to be answered or told in the other version is forgotten. */
static void heed_version(struct net *n, uint64_t now_ns, bool old)
{
    struct mld *m = &n->ip6->mld;
    if (!old)
        return;
    if (!is_old(n, now_ns))
        m->answer_ns = TIME_NEVER;
    m->version1_until_ns = time_after(now_ns, MLD_VERSION1_NS);
}

/* RFC 3810 6.2. A query for sources of a group is answered with the whole group, for we exclude none. */
static void input_query(struct net *n, uint64_t now_ns, const struct icmp6 *q)
{
    struct mld *m = &n->ip6->mld;
    bool old = q->data.len == QUERY1_DATA_BYTES;
    uint64_t span_ns = response_ns(q->rest >> 16, old);
    struct reader r = reader_of(q->data);
    struct ip group;
    read_copy(&r, group.b, sizeof group.b);
    uint8_t robustness = old ? 0 : read_u8(&r) & 7;
    m->robustness = robustness ? robustness : ROBUSTNESS;
    heed_version(n, now_ns, old);
    bool general = ip_is_unspecified(&group);
    if (general && !is_old(n, now_ns)) {
        answer_within(n, now_ns, &m->answer_ns, span_ns);
        return;
    }
    for (size_t i = 0; i < MLD_GROUPS; i++) {
        struct mld_group *g = &m->group[i];
        if (g->n_members && is_told(g) && (general || ip_equal(&g->group, &group)))
            answer_within(n, now_ns, &g->answer_ns, span_ns);
        m->group_answer_ns = time_min(m->group_answer_ns, g->answer_ns);
    }
}

/* Somebody else speaks for the group: once is enough (RFC 2710 4). */
static void input_report(struct net *n, uint64_t now_ns, const struct icmp6 *r)
{
    struct ip group;
    memcpy(group.b, r->data.data, sizeof group.b);
    struct mld_group *g = is_old(n, now_ns) ? find(n, &group) : NULL;
    if (!g)
        return;
    g->answer_ns = TIME_NEVER;
    g->last = false;
}

void mld_input(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m)
{
    bool good = in->ttl == 1 && ip_is_link_local(&in->src) && m->data.len >= QUERY1_DATA_BYTES;
    if (m->type == ICMP6_MLD_QUERY)
        good = good && (m->data.len == QUERY1_DATA_BYTES || m->data.len >= QUERY2_DATA_BYTES);
    if (!good) {
        n->counters.nd.in_malformed++;
        return;
    }
    if (m->type == ICMP6_MLD_REPORT) {
        input_report(n, now_ns, m);
        return;
    }
    n->counters.nd.mld_queries++;
    input_query(n, now_ns, m);
}

/* ---- Time ---- */

uint64_t mld_deadline(const struct net *n)
{
    const struct mld *m = &n->ip6->mld;
    return time_min(m->group_answer_ns, time_min(m->change_ns, m->answer_ns));
}

/* What all groups are told of answers the questions for each of them, too. */
static void answer(struct net *n, uint64_t now_ns)
{
    struct mld *m = &n->ip6->mld;
    uint8_t records[MLD_GROUPS * RECORD_BYTES];
    struct writer w = writer_of(records, sizeof records);
    bool all = m->answer_ns <= now_ns;
    m->group_answer_ns = TIME_NEVER;
    for (size_t i = 0; i < MLD_GROUPS; i++) {
        struct mld_group *g = &m->group[i];
        if (!g->n_members || (!all && g->answer_ns > now_ns)) {
            m->group_answer_ns = time_min(m->group_answer_ns, g->answer_ns);
            continue;
        }
        g->answer_ns = TIME_NEVER;
        if (is_old(n, now_ns))
            send_old(n, now_ns, g);
        else
            write_record(&w, IS_EXCLUDE, g);
    }
    if (all)
        m->answer_ns = TIME_NEVER;
    send_records(n, now_ns, &w);
}

void mld_tick(struct net *n, uint64_t now_ns)
{
    if (mld_deadline(n) > now_ns)
        return;
    answer(n, now_ns);
    if (n->ip6->mld.change_ns <= now_ns)
        tell_changes(n, now_ns, PENDING);
}
