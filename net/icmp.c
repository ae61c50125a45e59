/* SPDX-License-Identifier: ISC */
#include "net/icmp.h"
#include "net/bucket.h"
#include "net/net.h"

/* ---- Sending ---- */

static enum err send_message(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct icmp4 *m,
                             const struct bytes *data, size_t count)
{
    uint8_t head[ICMP4_HEADER_BYTES];
    struct bytes v[IP_PIECES_MAX];
    struct writer w = writer_of(head, sizeof head);
    icmp4_emit(&w, m, data, count);
    v[0] = writer_bytes(&w);
    memcpy(v + 1, data, count * sizeof *data);
    return ip4_send(n, now_ns, o, v, count + 1);
}

/* Sources that are no single host have been dropped by ip4_input, and only whole datagrams come here. */
static bool may_tell(const struct ip_in *in)
{
    bool about_error = in->protocol == IP_ICMP && (in->payload.len == 0 || icmp4_is_error(in->payload.data[0]));
    return !in->broadcast && !about_error;
}

void icmp_error(struct net *n, uint64_t now_ns, enum icmp4_type type, uint8_t code, const struct ip_in *in,
                struct bytes header)
{
    struct counters_icmp *c = &n->counters.icmp;
    if (!may_tell(in)) {
        c->out_suppressed++;
        return;
    }
    if (!bucket_pay(&n->icmp.paid_ns, now_ns, ICMP_ERROR_BURST, ICMP_ERRORS_PER_S)) {
        c->out_limited++;
        return;
    }
    size_t room = ICMP_ERROR_PACKET_BYTES - IP4_HEADER_BYTES - ICMP4_HEADER_BYTES - header.len;
    struct bytes quoted[2] = {header, bytes_slice(in->payload, 0, room)};
    struct icmp4 m = {.type = (uint8_t)type, .code = code};
    struct ip_out o = {.src = in->dst, .dst = in->src, .protocol = IP_ICMP};
    if (type == ICMP4_TIME_EXCEEDED)
        c->out_time_exceeded++;
    else
        c->out_unreachable++;
    (void)send_message(n, now_ns, &o, &m, quoted, 2);
}

/* ---- Receiving ---- */

static void echo(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp4 *m)
{
    struct counters_icmp *c = &n->counters.icmp;
    c->in_echo++;
    if (in->broadcast) {
        c->in_echo_broadcast++; /* RFC 1122 3.2.2.6 lets us be silent, so that nobody is hit by many answers */
        return;
    }
    struct icmp4 answer = {.type = ICMP4_ECHO_REPLY, .rest = m->rest};
    struct ip_out o = {.src = in->dst, .dst = in->src, .protocol = IP_ICMP, .tos = in->tos & 0xfc};
    c->out_echo++;
    (void)send_message(n, now_ns, &o, &answer, &m->data, 1);
}

static enum icmp_problem unreachable(uint8_t code)
{
    switch (code) {
    case ICMP4_PORT:
    case ICMP4_PROTOCOL:
        return PROBLEM_PORT_UNREACHABLE;
    case ICMP4_TOO_BIG:
        return PROBLEM_TOO_BIG;
    case ICMP4_NET_PROHIBITED:
    case ICMP4_HOST_PROHIBITED:
    case ICMP4_PROHIBITED:
        return PROBLEM_PROHIBITED;
    default:
        return PROBLEM_UNREACHABLE;
    }
}

static void error(struct net *n, uint64_t now_ns, const struct icmp4 *m)
{
    enum icmp_problem problem = PROBLEM_TIME_EXCEEDED;
    if (m->type == ICMP4_UNREACHABLE)
        problem = unreachable(m->code);
    else if (m->type == ICMP4_PARAMETER)
        problem = PROBLEM_UNREACHABLE;
    uint16_t mtu = problem == PROBLEM_TOO_BIG ? (uint16_t)m->rest : 0;
    n->counters.icmp.in_errors++;
    if (!ip4_problem(n, now_ns, m->data, problem, mtu))
        n->counters.icmp.in_errors_not_ours++;
}

/* RFC 1122 3.2.2.2: about a packet of ours, from the router that it went to. What networks and kinds of service say is
 * taken for the host alone. */
static void redirect(struct net *n, const struct ip_in *in, const struct icmp4 *m)
{
    struct reader quoted = reader_of(m->data);
    read_skip(&quoted, 12);
    uint32_t src = read_be32(&quoted), dst = read_be32(&quoted);
    bool ours = reader_good(&quoted) && n->ip4.up && src == ip4_u32(&n->ip4.net.ip);
    if (ours && route_redirect(n, ip4_u32(&in->src), dst, m->rest))
        n->counters.ip4.redirects++;
    else
        n->counters.ip4.redirects_refused++;
}

void icmp_input(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header)
{
    struct counters_icmp *c = &n->counters.icmp;
    struct icmp4 m;
    c->in++;
    if (!icmp4_parse(in->payload, &m)) {
        c->in_malformed++;
        return;
    }
    switch (m.type) {
    case ICMP4_ECHO:
        echo(n, now_ns, in, &m);
        break;
    case ICMP4_UNREACHABLE:
    case ICMP4_TIME_EXCEEDED:
    case ICMP4_PARAMETER:
        error(n, now_ns, &m);
        break;
    case ICMP4_REDIRECT:
        redirect(n, in, &m);
        break;
    default:
        c->in_ignored++;
    }
}
