/* SPDX-License-Identifier: ISC */
#include "net/dhcp.h"

enum { REQUESTS_MAX = 4 };

/* RFC 2131 4.1 suggests 4 s before the first retransmission. An image is up before its bridge port forwards, so the
 * first message is often the one that is lost, and 4 s would be all of its start-up time. */
#define RETRY_FIRST_NS (1 * NS_PER_S)
#define RETRY_MOST_NS (64 * NS_PER_S)
#define RENEW_RETRY_NS (60 * NS_PER_S) /* the least, RFC 2131 4.4.5 */
#define DECLINE_WAIT_NS (10 * NS_PER_S)

void dhcp_init(struct dhcp *d, struct dhcp_below *below, struct counters_dhcp *counters, uint32_t (*random)(void),
               const struct mac *mac, struct bytes hostname)
{
    *d = (struct dhcp){.below = below,
                       .counters = counters,
                       .random = random,
                       .mac = *mac,
                       .hostname = hostname,
                       .next_ns = TIME_NEVER};
}

bool dhcp_is_bound(const struct dhcp *d)
{
    return d->state == DHCP_BOUND || d->state == DHCP_RENEWING || d->state == DHCP_REBINDING;
}

/* 1, 2, 4 .. 64 s, each a quarter more or less, so that many clients don't stay in step. */
static uint64_t backoff(struct dhcp *d, unsigned n)
{
    uint64_t span = n < 6 ? RETRY_FIRST_NS << n : RETRY_MOST_NS;
    return span - span / 4 + span / 2 / 1024 * (d->random() % 1024);
}

/* ---- Sending ---- */

static struct dhcp_message message(const struct dhcp *d, uint64_t now_ns, enum dhcp_type type)
{
    uint64_t secs = (now_ns - d->began_ns) / NS_PER_S;
    return (struct dhcp_message){.type = (uint8_t)type,
                                 .xid = d->xid,
                                 .secs = (uint16_t)(secs > UINT16_MAX ? UINT16_MAX : secs),
                                 .chaddr = d->mac,
                                 .hostname = d->hostname};
}

static void emit(struct dhcp *d, uint64_t now_ns, const struct dhcp_message *m, struct ip dst)
{
    uint8_t buffer[DHCP_EMIT_MAX_BYTES];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct ip src = ip_equal(&m->ciaddr, &IP_NONE) ? IP_ANY4 : m->ciaddr;
    dhcp_emit(&w, m);
    d->counters->out++;
    d->below->send(d->below, now_ns, &src, &dst, writer_bytes(&w));
}

static void send_discover(struct dhcp *d, uint64_t now_ns)
{
    struct dhcp_message m = message(d, now_ns, DHCP_DISCOVER);
    m.requested = d->lease.net.ip; /* that of the last lease, if there was one (RFC 2131 4.4.1) */
    emit(d, now_ns, &m, IP_BROADCAST4);
    d->next_ns = time_after(now_ns, backoff(d, d->n_sent++));
}

static void send_request(struct dhcp *d, uint64_t now_ns)
{
    struct dhcp_message m = message(d, now_ns, DHCP_REQUEST);
    m.requested = d->offered;
    m.server_id = d->server;
    emit(d, now_ns, &m, IP_BROADCAST4);
    d->next_ns = time_after(now_ns, backoff(d, d->n_sent++));
}

/* Asks for more time: the server itself while renewing, any server while rebinding. Then waits half of what is left
 * until the next step, but at least a minute and never past the step. */
static void send_renewal(struct dhcp *d, uint64_t now_ns)
{
    struct dhcp_message m = message(d, now_ns, DHCP_REQUEST);
    m.ciaddr = d->lease.net.ip;
    emit(d, now_ns, &m, d->state == DHCP_RENEWING ? d->server : IP_BROADCAST4);
    uint64_t step_ns = d->state == DHCP_RENEWING ? d->t2_ns : d->end_ns;
    uint64_t half = (step_ns - now_ns) / 2;
    d->next_ns = time_min(step_ns, time_after(now_ns, half > RENEW_RETRY_NS ? half : RENEW_RETRY_NS));
}

/* ---- States ---- */

static void select_server(struct dhcp *d, uint64_t now_ns)
{
    d->state = DHCP_SELECTING;
    d->xid = d->random();
    d->began_ns = now_ns;
    d->n_sent = 0;
    send_discover(d, now_ns);
}

void dhcp_start(struct dhcp *d, uint64_t now_ns)
{
    select_server(d, now_ns);
}

static void wait_until(struct dhcp *d, uint64_t at_ns)
{
    d->state = DHCP_WAITING;
    d->next_ns = at_ns;
}

static void lose(struct dhcp *d, uint64_t now_ns)
{
    if (dhcp_is_bound(d))
        d->below->lost(d->below, now_ns);
}

static void begin_renewing(struct dhcp *d, uint64_t now_ns, enum dhcp_state state)
{
    if (d->state == DHCP_BOUND) {
        d->xid = d->random();
        d->began_ns = now_ns;
        d->asked_ns = now_ns;
    }
    d->state = state;
    send_renewal(d, now_ns);
}

static void expire(struct dhcp *d, uint64_t now_ns)
{
    d->counters->expired++;
    lose(d, now_ns);
    select_server(d, now_ns);
}

static void request_again(struct dhcp *d, uint64_t now_ns)
{
    if (d->n_sent >= REQUESTS_MAX)
        select_server(d, now_ns); /* the server went away after its offer */
    else
        send_request(d, now_ns);
}

void dhcp_tick(struct dhcp *d, uint64_t now_ns)
{
    if (now_ns < d->next_ns)
        return;
    switch (d->state) {
    case DHCP_OFF:
        break;
    case DHCP_WAITING:
        select_server(d, now_ns);
        break;
    case DHCP_SELECTING:
        send_discover(d, now_ns);
        break;
    case DHCP_REQUESTING:
        request_again(d, now_ns);
        break;
    case DHCP_BOUND:
    case DHCP_RENEWING:
    case DHCP_REBINDING:
        if (now_ns >= d->end_ns)
            expire(d, now_ns);
        else
            begin_renewing(d, now_ns, now_ns >= d->t2_ns ? DHCP_REBINDING : DHCP_RENEWING);
        break;
    }
}

uint64_t dhcp_deadline(const struct dhcp *d)
{
    return d->next_ns;
}

/* The last word about a lease: DECLINE to all names the address, RELEASE to the server comes from it. */
static void end_lease(struct dhcp *d, uint64_t now_ns, enum dhcp_type type)
{
    struct dhcp_message m = message(d, d->began_ns, type);
    bool release = type == DHCP_RELEASE;
    *(release ? &m.ciaddr : &m.requested) = d->lease.net.ip;
    m.server_id = d->server;
    emit(d, now_ns, &m, release ? d->server : IP_BROADCAST4);
    d->state = DHCP_OFF;
    d->next_ns = TIME_NEVER;
}

void dhcp_conflict(struct dhcp *d, uint64_t now_ns)
{
    if (!dhcp_is_bound(d))
        return;
    d->counters->declines++;
    d->below->lost(d->below, now_ns);
    end_lease(d, now_ns, DHCP_DECLINE);
    d->lease.net.ip = IP_NONE;
    wait_until(d, time_after(now_ns, DECLINE_WAIT_NS));
}

bool dhcp_release(struct dhcp *d, uint64_t now_ns)
{
    if (!dhcp_is_bound(d))
        return false;
    d->counters->releases++;
    end_lease(d, now_ns, DHCP_RELEASE);
    return true;
}

/* ---- Receiving ---- */

/* Bits of a mask; when it has holes or is missing, by the address's class (RFC 950). */
static uint8_t prefix_of(const struct ip *mask, const struct ip *ip)
{
    uint32_t m = ip4_u32(mask);
    if (!ip_equal(mask, &IP_NONE) && m != 0 && (~m & (~m + 1)) == 0)
        return (uint8_t)(32 - __builtin_ctz(m));
    return ip->b[12] < 128 ? 8 : ip->b[12] < 192 ? 16 : 24;
}

/* True: something of it is new. */
static bool take_lease(struct dhcp *d, const struct dhcp_message *m)
{
    struct ip_net net = {m->yiaddr, prefix_of(&m->mask, &m->yiaddr)};
    bool changed =
        memcmp(&d->lease.net, &net, sizeof net) != 0 || memcmp(&d->lease.config, &m->config, sizeof m->config) != 0;
    d->counters->left_out += (unsigned)m->n_routes_left_out + m->n_dns_left_out + (m->n_search_left_out != 0);
    d->lease.net = net;
    d->lease.config = m->config;
    uint64_t lease = m->lease_s;
    uint64_t t2 = m->t2_s && m->t2_s < lease ? m->t2_s : lease * 7 / 8;
    uint64_t t1 = m->t1_s && m->t1_s < t2 ? m->t1_s : lease / 2;
    if (t1 >= t2)
        t1 = t2 / 2;
    bool forever = m->lease_s == DHCP_FOREVER;
    d->t1_ns = forever ? TIME_NEVER : time_after(d->asked_ns, t1 * NS_PER_S);
    d->t2_ns = forever ? TIME_NEVER : time_after(d->asked_ns, t2 * NS_PER_S);
    d->end_ns = forever ? TIME_NEVER : time_after(d->asked_ns, lease * NS_PER_S);
    d->next_ns = d->t1_ns;
    return changed;
}

static bool input_offer(struct dhcp *d, uint64_t now_ns, const struct dhcp_message *m)
{
    if (d->state != DHCP_SELECTING || !ip4_is_host(&m->yiaddr) || !ip_is4(&m->server_id))
        return false;
    d->offered = m->yiaddr;
    d->server = m->server_id;
    d->state = DHCP_REQUESTING;
    d->asked_ns = now_ns;
    d->n_sent = 0;
    send_request(d, now_ns);
    return true;
}

/* An ACK counts when it comes from who was asked and gives what was asked for, for a time. */
static bool input_ack(struct dhcp *d, uint64_t now_ns, const struct dhcp_message *m)
{
    bool requesting = d->state == DHCP_REQUESTING;
    bool renewing = d->state == DHCP_RENEWING || d->state == DHCP_REBINDING;
    const struct ip *asked = requesting ? &d->offered : &d->lease.net.ip;
    if (!(requesting || renewing) || m->lease_s == 0 || !ip_equal(&m->yiaddr, asked))
        return false;
    if (d->state != DHCP_REBINDING && !ip_equal(&m->server_id, &d->server))
        return false;
    if (ip_is4(&m->server_id))
        d->server = m->server_id;
    d->counters->acks++;
    d->counters->renewed += renewing;
    d->n_naks = 0;
    d->state = DHCP_BOUND;
    if (take_lease(d, m) || requesting)
        d->below->bound(d->below, now_ns, &d->lease);
    return true;
}

static bool input_nak(struct dhcp *d, uint64_t now_ns, const struct dhcp_message *m)
{
    if (d->state != DHCP_REQUESTING && d->state != DHCP_RENEWING && d->state != DHCP_REBINDING)
        return false;
    if (d->state != DHCP_REBINDING && !ip_equal(&m->server_id, &d->server))
        return false;
    d->counters->naks++;
    lose(d, now_ns);
    d->lease.net.ip = IP_NONE;
    wait_until(d, time_after(now_ns, backoff(d, d->n_naks++)));
    return true;
}

void dhcp_input(struct dhcp *d, uint64_t now_ns, struct bytes b)
{
    struct dhcp_message m;
    bool used = false;
    d->counters->in++;
    if (!dhcp_parse(b, &m)) {
        d->counters->in_malformed++;
        return;
    }
    if (m.op == DHCP_BOOTREPLY && m.xid == d->xid && memcmp(m.chaddr.b, d->mac.b, sizeof d->mac.b) == 0) {
        if (m.type == DHCP_OFFER)
            used = input_offer(d, now_ns, &m);
        else if (m.type == DHCP_ACK)
            used = input_ack(d, now_ns, &m);
        else if (m.type == DHCP_NAK)
            used = input_nak(d, now_ns, &m);
    }
    d->counters->in_ignored += !used;
}
