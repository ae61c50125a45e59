/* SPDX-License-Identifier: ISC */
#include "net/dhcp6.h"
#include "net/limits.h"

/* RFC 8415 7.6. */
enum { REQUESTS_MAX = 10, DECLINES_MAX = 4, HOPEFUL_SOLICITS = 4, PREFERENCE_MOST = 255 };

#define FIRST_NS (1 * NS_PER_S) /* SOL_TIMEOUT, REQ_TIMEOUT, INF_TIMEOUT, DEC_TIMEOUT */
#define RENEW_FIRST_NS (10 * NS_PER_S)
#define REQUEST_MOST_NS (30 * NS_PER_S)
#define RENEW_MOST_NS (600 * NS_PER_S)
#define QUIET_MOST_NS (3600 * NS_PER_S) /* SOL_MAX_RT, INF_MAX_RT, unless a server says otherwise */
#define REFRESH_S 86400                 /* IRT_DEFAULT */
#define REFRESH_LEAST_S 600             /* IRT_MINIMUM */

void dhcp6_init(struct dhcp6 *d, struct dhcp6_below *below, struct counters_dhcp *counters, uint32_t (*random)(void),
                const struct mac *mac)
{
    *d = (struct dhcp6){.below = below,
                        .counters = counters,
                        .random = random,
                        .next_ns = TIME_NEVER,
                        .solicit_most_ns = QUIET_MOST_NS,
                        .inform_most_ns = QUIET_MOST_NS};
    dhcp6_duid(d->duid, mac);
}

bool dhcp6_is_hopeful(const struct dhcp6 *d)
{
    return (d->state == DHCP6_SOLICITING && d->n_sent <= HOPEFUL_SOLICITS && !d->n_refused) ||
           d->state == DHCP6_REQUESTING;
}

/* ---- Sending ---- */

/* A tenth of the span more or less (RFC 8415 15). */
static uint64_t spread(struct dhcp6 *d, uint64_t span_ns)
{
    return span_ns - span_ns / 10 + span_ns / 5 / 1024 * (d->random() % 1024);
}

/* The first solicitation's wait is never shorter than a second, so that servers' advertisements arrive (18.2.1). */
static uint64_t first_wait(struct dhcp6 *d, uint64_t span_ns)
{
    uint64_t wait_ns = spread(d, span_ns);
    return d->state == DHCP6_SOLICITING && wait_ns < span_ns ? 2 * span_ns - wait_ns : wait_ns;
}

static uint64_t next_wait(struct dhcp6 *d, uint64_t first_ns, uint64_t most_ns)
{
    if (d->n_sent == 0)
        return first_wait(d, first_ns);
    uint64_t wait_ns = d->retry_ns + spread(d, d->retry_ns);
    return wait_ns > most_ns ? spread(d, most_ns) : wait_ns;
}

static uint16_t elapsed(const struct dhcp6 *d, uint64_t now_ns)
{
    uint64_t spans = (now_ns - d->began_ns) / (10 * NS_PER_MS);
    return (uint16_t)(spans > UINT16_MAX ? UINT16_MAX : spans);
}

static void emit(struct dhcp6 *d, uint64_t now_ns, enum dhcp6_type type)
{
    uint8_t buffer[DHCP6_EMIT_MAX_BYTES];
    struct writer w = writer_of(buffer, sizeof buffer);
    bool to_one = type != DHCP6_SOLICIT && type != DHCP6_REBIND && type != DHCP6_INFORMATION;
    struct dhcp6_message m = {.type = (uint8_t)type,
                              .xid = d->xid,
                              .client_id = bytes_of(d->duid, sizeof d->duid),
                              .server_id = bytes_of(d->offer.server, to_one ? d->offer.server_len : 0),
                              .has_ia = type != DHCP6_INFORMATION,
                              .rapid_commit = type == DHCP6_SOLICIT,
                              .elapsed_10ms = elapsed(d, now_ns)};
    if (type == DHCP6_REQUEST)
        m.address = d->offer.address;
    else if (type != DHCP6_SOLICIT)
        m.address = d->lease.address;
    dhcp6_emit(&w, &m);
    d->counters->out++;
    d->below->send(d->below, now_ns, writer_bytes(&w));
}

/* Sends the message of a state, at first or again, and sets when the next one is due. */
static void transmit(struct dhcp6 *d, uint64_t now_ns, enum dhcp6_type type, uint64_t first_ns, uint64_t most_ns)
{
    if (d->n_sent == 0) {
        d->xid = d->random() & 0xffffff;
        d->began_ns = now_ns;
    }
    d->retry_ns = next_wait(d, first_ns, most_ns);
    d->next_ns = time_after(now_ns, d->retry_ns);
    d->n_sent++;
    emit(d, now_ns, type);
}

/* ---- States ---- */

static void enter(struct dhcp6 *d, enum dhcp6_state state)
{
    d->state = state;
    d->n_sent = 0;
}

static void solicit(struct dhcp6 *d, uint64_t now_ns)
{
    if (d->n_sent == 0)
        d->offer.server_len = 0;
    transmit(d, now_ns, DHCP6_SOLICIT, FIRST_NS, d->solicit_most_ns);
    if (d->n_sent == HOPEFUL_SOLICITS + 1)
        d->below->told(d->below);
}

static void request(struct dhcp6 *d, uint64_t now_ns)
{
    if (d->n_sent >= REQUESTS_MAX)
        enter(d, DHCP6_SOLICITING);
    if (d->state == DHCP6_SOLICITING)
        solicit(d, now_ns);
    else
        transmit(d, now_ns, DHCP6_REQUEST, FIRST_NS, REQUEST_MOST_NS);
}

static void begin_requesting(struct dhcp6 *d, uint64_t now_ns)
{
    enter(d, DHCP6_REQUESTING);
    request(d, now_ns);
}

static void lose(struct dhcp6 *d, uint64_t now_ns)
{
    bool held = d->held;
    d->held = false;
    if (held)
        d->below->lost(d->below, now_ns);
}

/* From the beginning, but later each time, so that a server that always refuses meets no storm. */
static void start_over(struct dhcp6 *d, uint64_t now_ns)
{
    unsigned n = d->n_refused < DHCP6_REFUSALS_DOUBLING ? d->n_refused : DHCP6_REFUSALS_DOUBLING;
    lose(d, now_ns);
    d->n_refused++;
    enter(d, DHCP6_SOLICITING);
    d->next_ns = time_after(now_ns, spread(d, FIRST_NS << n));
    d->below->told(d->below);
}

static void expire(struct dhcp6 *d, uint64_t now_ns)
{
    d->counters->expired++;
    lose(d, now_ns);
    enter(d, DHCP6_SOLICITING);
    solicit(d, now_ns);
}

/* Renewing until T2, rebinding until the address is valid no more (18.2.4, 18.2.5). */
static void keep(struct dhcp6 *d, uint64_t now_ns)
{
    if (now_ns >= d->lease.valid_ns) {
        expire(d, now_ns);
        return;
    }
    enum dhcp6_state state = now_ns >= d->t2_ns ? DHCP6_REBINDING : DHCP6_RENEWING;
    if (d->state != state)
        enter(d, state);
    transmit(d, now_ns, state == DHCP6_RENEWING ? DHCP6_RENEW : DHCP6_REBIND, RENEW_FIRST_NS, RENEW_MOST_NS);
    d->next_ns = time_min(d->next_ns, state == DHCP6_RENEWING ? d->t2_ns : d->lease.valid_ns);
}

static void decline(struct dhcp6 *d, uint64_t now_ns)
{
    if (d->n_sent < DECLINES_MAX)
        transmit(d, now_ns, DHCP6_DECLINE, FIRST_NS, QUIET_MOST_NS);
    else
        start_over(d, now_ns);
}

void dhcp6_conflict(struct dhcp6 *d, uint64_t now_ns)
{
    if (!d->held)
        return;
    d->counters->declines++;
    lose(d, now_ns);
    enter(d, DHCP6_DECLINING);
    decline(d, now_ns);
}

void dhcp6_release(struct dhcp6 *d, uint64_t now_ns)
{
    if (!d->held)
        return;
    d->counters->releases++;
    d->xid = d->random() & 0xffffff;
    d->began_ns = now_ns;
    emit(d, now_ns, DHCP6_RELEASE);
    lose(d, now_ns);
    enter(d, DHCP6_OFF);
    d->next_ns = TIME_NEVER;
}

static void inform(struct dhcp6 *d, uint64_t now_ns)
{
    if (d->state == DHCP6_INFORMED)
        enter(d, DHCP6_INFORMING);
    transmit(d, now_ns, DHCP6_INFORMATION, FIRST_NS, d->inform_most_ns);
}

void dhcp6_start(struct dhcp6 *d, uint64_t now_ns, bool address)
{
    if (address && d->state < DHCP6_SOLICITING) {
        enter(d, DHCP6_SOLICITING);
        solicit(d, now_ns);
    } else if (d->state == DHCP6_OFF) {
        enter(d, DHCP6_INFORMING);
        inform(d, now_ns);
    }
}

uint64_t dhcp6_deadline(const struct dhcp6 *d)
{
    return d->next_ns;
}

void dhcp6_tick(struct dhcp6 *d, uint64_t now_ns)
{
    if (now_ns < d->next_ns)
        return;
    switch (d->state) {
    case DHCP6_OFF:
        break;
    case DHCP6_INFORMING:
    case DHCP6_INFORMED:
        inform(d, now_ns);
        break;
    case DHCP6_SOLICITING:
        if (d->n_sent && d->offer.server_len)
            begin_requesting(d, now_ns);
        else
            solicit(d, now_ns);
        break;
    case DHCP6_REQUESTING:
        request(d, now_ns);
        break;
    case DHCP6_BOUND:
    case DHCP6_RENEWING:
    case DHCP6_REBINDING:
        keep(d, now_ns);
        break;
    case DHCP6_DECLINING:
        decline(d, now_ns);
        break;
    }
}

/* ---- Receiving ---- */

/* An address that a server may give: no group, no loopback, no link-local and no IPv4 one. */
static bool is_for_us(const struct ip *ip)
{
    return !ip_is4(ip) && !ip_is_unspecified(ip) && !ip_is_multicast(ip) && !ip_is_link_local(ip) &&
           !ip_equal(ip, &(struct ip){{[15] = 1}});
}

static bool gives_address(const struct dhcp6_message *m)
{
    return m->has_ia && m->ia_status == DHCP6_SUCCESS && m->valid_s && is_for_us(&m->address);
}

static void take_offer(struct dhcp6 *d, const struct dhcp6_message *m)
{
    memcpy(d->offer.server, m->server_id.data, m->server_id.len);
    d->offer.server_len = (uint8_t)m->server_id.len;
    d->offer.preference = m->preference;
    d->offer.address = m->address;
}

static bool is_our_server(const struct dhcp6 *d, const struct dhcp6_message *m)
{
    return bytes_equal(m->server_id, bytes_of(d->offer.server, d->offer.server_len));
}

/* RFC 8415 21.24: values beyond these limits are ignored. */
static void take_limits(struct dhcp6 *d, const struct dhcp6_message *m)
{
    const uint32_t least_s = 60, most_s = 86400;
    if (m->solicit_most_s >= least_s && m->solicit_most_s <= most_s)
        d->solicit_most_ns = m->solicit_most_s * NS_PER_S;
    if (m->inform_most_s >= least_s && m->inform_most_s <= most_s)
        d->inform_most_ns = m->inform_most_s * NS_PER_S;
}

static void take_dns(struct dhcp6 *d, const struct dhcp6_message *m)
{
    struct bytes search = bytes_slice(m->search, 0, sizeof d->search);
    d->counters->left_out += m->n_dns_left_out + (search.len < m->search.len);
    if (search.len)
        memcpy(d->search, search.data, search.len);
    d->search_len = (uint8_t)search.len;
    if (d->n_dns == m->n_dns && memcmp(d->dns, m->dns, sizeof d->dns) == 0)
        return;
    d->n_dns = m->n_dns;
    memcpy(d->dns, m->dns, sizeof d->dns);
    d->below->told(d->below);
}

/* RFC 8415 18.2.9: advertisements are collected for the first second; the highest preference is not waited beyond, and
 * after that second the first one is taken. */
static bool input_advertise(struct dhcp6 *d, uint64_t now_ns, const struct dhcp6_message *m)
{
    if (d->state != DHCP6_SOLICITING)
        return false;
    take_limits(d, m);
    if (m->status != DHCP6_SUCCESS || !gives_address(m))
        return false;
    if (!d->offer.server_len || m->preference > d->offer.preference)
        take_offer(d, m);
    if (d->n_sent > 1 || m->preference == PREFERENCE_MOST)
        begin_requesting(d, now_ns);
    return true;
}

static uint64_t until(uint64_t from_ns, uint64_t span_s)
{
    return span_s == DHCP6_FOREVER ? TIME_NEVER : time_after(from_ns, span_s * NS_PER_S);
}

/* Where the server leaves the times to us (0) they are those that RFC 8415 21.4 suggests to servers. */
static void take_times(struct dhcp6 *d, const struct dhcp6_message *m)
{
    bool forever = m->preferred_s == DHCP6_FOREVER;
    uint64_t span_s = m->preferred_s ? m->preferred_s : m->valid_s;
    uint64_t t2_s = m->t2_s ? m->t2_s : forever ? DHCP6_FOREVER : span_s * 4 / 5;
    uint64_t t1_s = m->t1_s ? m->t1_s : forever ? DHCP6_FOREVER : span_s / 2;
    d->t2_ns = until(d->began_ns, t2_s);
    d->t1_ns = time_min(until(d->began_ns, t1_s), d->t2_ns);
    d->lease = (struct dhcp6_lease){.address = m->address,
                                    .preferred_ns = m->preferred_s ? until(d->began_ns, m->preferred_s) : 0,
                                    .valid_ns = until(d->began_ns, m->valid_s)};
}

static void bind(struct dhcp6 *d, uint64_t now_ns, const struct dhcp6_message *m)
{
    d->counters->acks++;
    d->counters->renewed += d->held;
    take_offer(d, m);
    take_times(d, m);
    enter(d, DHCP6_BOUND);
    d->held = true;
    d->n_refused = 0;
    d->next_ns = time_min(d->t1_ns, d->lease.valid_ns);
    if (d->next_ns <= now_ns) /* a lifetime that was over before the answer came */
        d->next_ns = time_after(now_ns, FIRST_NS);
    d->below->bound(d->below, now_ns, &d->lease);
    take_dns(d, m);
}

/* 18.2.10.1. A server that knows nothing of us is asked for the address as for a new one, which goes on being used. An
 * address without lifetime is taken away; no word of it means that it may be kept for its time. */
static bool input_renewal(struct dhcp6 *d, uint64_t now_ns, const struct dhcp6_message *m)
{
    if (m->ia_status == DHCP6_NO_BINDING) {
        d->counters->naks++;
        take_offer(d, m);
        d->offer.address = d->lease.address;
        begin_requesting(d, now_ns);
        return true;
    }
    if (m->ia_status == DHCP6_SUCCESS && m->has_ia && !m->valid_s && ip_equal(&m->address, &d->lease.address)) {
        d->counters->naks++;
        start_over(d, now_ns);
        return true;
    }
    return false;
}

static bool input_address_reply(struct dhcp6 *d, uint64_t now_ns, const struct dhcp6_message *m)
{
    bool one = d->state == DHCP6_REQUESTING || d->state == DHCP6_RENEWING;
    if (d->n_sent == 0 || (one && !is_our_server(d, m)) || (d->state == DHCP6_SOLICITING && !m->rapid_commit))
        return false;
    take_limits(d, m);
    if (m->status == DHCP6_UNSPECIFIED || m->status == DHCP6_USE_MULTICAST)
        return false; /* it may answer better when asked again in a while */
    if (m->status == DHCP6_SUCCESS && gives_address(m)) {
        bind(d, now_ns, m);
        return true;
    }
    if (d->state == DHCP6_SOLICITING)
        return false;
    if (d->state != DHCP6_REQUESTING)
        return input_renewal(d, now_ns, m);
    d->counters->naks++;
    start_over(d, now_ns);
    return true;
}

static bool input_information(struct dhcp6 *d, uint64_t now_ns, const struct dhcp6_message *m)
{
    uint32_t refresh_s = m->refresh_s ? m->refresh_s : REFRESH_S;
    if (m->status != DHCP6_SUCCESS)
        return false;
    take_limits(d, m);
    enter(d, DHCP6_INFORMED);
    d->next_ns = until(now_ns, refresh_s < REFRESH_LEAST_S ? REFRESH_LEAST_S : refresh_s);
    take_dns(d, m);
    return true;
}

static bool input_reply(struct dhcp6 *d, uint64_t now_ns, const struct dhcp6_message *m)
{
    switch (d->state) {
    case DHCP6_INFORMING:
        return input_information(d, now_ns, m);
    case DHCP6_SOLICITING:
    case DHCP6_REQUESTING:
    case DHCP6_RENEWING:
    case DHCP6_REBINDING:
        return input_address_reply(d, now_ns, m);
    case DHCP6_DECLINING: /* whatever it says, it has heard us */
        if (is_our_server(d, m))
            start_over(d, now_ns);
        return is_our_server(d, m);
    default:
        return false;
    }
}

/* RFC 8415 16.3, 16.10: both say who sends and whom they are for. */
void dhcp6_input(struct dhcp6 *d, uint64_t now_ns, struct bytes b)
{
    struct dhcp6_message m;
    bool used = false;
    d->counters->in++;
    if (!dhcp6_parse(b, &m)) {
        d->counters->in_malformed++;
        return;
    }
    bool for_us =
        m.xid == d->xid && d->n_sent && m.server_id.len && bytes_equal(m.client_id, bytes_of(d->duid, sizeof d->duid));
    if (for_us && m.type == DHCP6_ADVERTISE)
        used = input_advertise(d, now_ns, &m);
    else if (for_us && m.type == DHCP6_REPLY)
        used = input_reply(d, now_ns, &m);
    d->counters->in_ignored += !used;
}
