/* SPDX-License-Identifier: ISC */
#include "net/icmp6.h"
#include "net/bucket.h"
#include "net/net.h"

/* ---- Sending ---- */

/* Lets v be the message: its header and the data. */
static void emit(struct bytes v[static IP_PIECES_MAX], uint8_t head[static ICMP6_HEADER_BYTES], const struct ip_out *o,
                 const struct icmp6 *m, const struct bytes *data, size_t count)
{
    struct writer w = writer_of(head, ICMP6_HEADER_BYTES);
    must(count < IP_PIECES_MAX);
    icmp6_emit(&w, m, &o->src, &o->dst, data, count);
    v[0] = writer_bytes(&w);
    memcpy(v + 1, data, count * sizeof *data);
}

enum err icmp6_transmit(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct ip *hop,
                        const struct mac *mac, const struct icmp6 *m, const struct bytes *data, size_t count)
{
    uint8_t head[ICMP6_HEADER_BYTES];
    struct bytes v[IP_PIECES_MAX];
    emit(v, head, o, m, data, count);
    return ip6_transmit(n, now_ns, o, hop, mac, v, count + 1);
}

/* By the route, in fragments if need be. */
static void send_routed(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct icmp6 *m,
                        const struct bytes *data, size_t count)
{
    uint8_t head[ICMP6_HEADER_BYTES];
    struct bytes v[IP_PIECES_MAX];
    emit(v, head, o, m, data, count);
    (void)ip6_send(n, now_ns, o, v, count + 1);
}

/* RFC 4443 2.4 (f). */
static bool pay(struct net *n, uint64_t now_ns)
{
    return bucket_pay(&n->ip6->errors_paid_ns, now_ns, ICMP_ERROR_BURST, ICMP_ERRORS_PER_S);
}

/* RFC 4443 2.4 (e). Unknown errors and redirects are such that nobody answers them. */
static bool may_tell(const struct ip_in *in, bool also_groups)
{
    bool about_error = in->protocol == IP6_ICMP &&
                       (in->payload.len == 0 || in->payload.data[0] < 128 || in->payload.data[0] == ICMP6_REDIRECT);
    return (!in->broadcast || also_groups) && !about_error && !ip_is_unspecified(&in->src);
}

/* What is sent to a group is answered from an address of ours. */
void icmp6_error(struct net *n, uint64_t now_ns, enum icmp6_type type, uint8_t code, uint32_t rest,
                 const struct ip_in *in, struct bytes header)
{
    struct counters_icmp *c = &n->counters.icmp6;
    const struct ip6_address *from = ip6_source(n, &in->src);
    if (!from || !may_tell(in, type == ICMP6_PARAMETER && code == ICMP6_OPTION)) {
        c->out_suppressed++;
        return;
    }
    if (!pay(n, now_ns)) {
        c->out_limited++;
        return;
    }
    size_t room = ICMP6_ERROR_PACKET_BYTES - IP6_HEADER_BYTES - ICMP6_HEADER_BYTES;
    struct bytes quoted[2] = {bytes_slice(header, 0, room), {NULL, 0}};
    quoted[1] = bytes_slice(in->payload, 0, room - quoted[0].len);
    struct icmp6 m = {.type = (uint8_t)type, .code = code, .rest = rest};
    struct ip_out o = {.src = in->broadcast ? from->ip : in->dst, .dst = in->src, .protocol = IP6_ICMP};
    if (type == ICMP6_TIME_EXCEEDED)
        c->out_time_exceeded++;
    else
        c->out_unreachable++;
    send_routed(n, now_ns, &o, &m, quoted, 2);
}

/* ---- Receiving ---- */

/* Pings of a group are answered, as RFC 4443 4.2 allows; from one of our addresses. They share the errors' limit. */
static void echo(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m)
{
    struct counters_icmp *c = &n->counters.icmp6;
    struct icmp6 answer = {.type = ICMP6_ECHO_REPLY, .rest = m->rest};
    struct ip_out o = {.src = in->dst, .dst = in->src, .protocol = IP6_ICMP, .tos = in->tos & 0xfc};
    c->in_echo++;
    if (in->broadcast) {
        const struct ip6_address *from = ip6_source(n, &in->src);
        c->in_echo_broadcast++;
        if (!from)
            return;
        if (!pay(n, now_ns)) {
            c->out_limited++;
            return;
        }
        o.src = from->ip;
    }
    c->out_echo++;
    send_routed(n, now_ns, &o, &answer, &m->data, 1);
}

static enum icmp_problem unreachable(uint8_t code)
{
    switch (code) {
    case ICMP6_PORT:
        return PROBLEM_PORT_UNREACHABLE;
    case ICMP6_PROHIBITED:
    case ICMP6_POLICY:
        return PROBLEM_PROHIBITED;
    default:
        return PROBLEM_UNREACHABLE;
    }
}

static void error(struct net *n, uint64_t now_ns, const struct icmp6 *m)
{
    enum icmp_problem problem = PROBLEM_UNREACHABLE;
    struct ip6_header h;
    struct bytes none;
    uint16_t mtu = 0;
    n->counters.icmp6.in_errors++;
    if (m->type == ICMP6_UNREACHABLE)
        problem = unreachable(m->code);
    else if (m->type == ICMP6_TIME_EXCEEDED)
        problem = PROBLEM_TIME_EXCEEDED;
    if (m->type == ICMP6_TOO_BIG && ip6_parse_quoted(m->data, &h, &none) && ip6_find(n, &h.src)) {
        problem = PROBLEM_TOO_BIG;
        ip6_path_too_big(n, now_ns, &h.dst, m->rest);
        mtu = ip6_path_mtu(n, &h.dst);
    }
    if (!ip6_problem(n, now_ns, m->data, problem, mtu))
        n->counters.icmp6.in_errors_not_ours++;
}

void icmp6_input(struct net *n, uint64_t now_ns, const struct ip_in *in, bool router_alert)
{
    struct counters_icmp *c = &n->counters.icmp6;
    struct icmp6 m;
    c->in++;
    if (!icmp6_parse(in->payload, &in->src, &in->dst, &m)) {
        c->in_malformed++;
        return;
    }
    switch (m.type) {
    case ICMP6_ECHO:
        echo(n, now_ns, in, &m);
        break;
    case ICMP6_UNREACHABLE:
    case ICMP6_TOO_BIG:
    case ICMP6_TIME_EXCEEDED:
    case ICMP6_PARAMETER:
        error(n, now_ns, &m);
        break;
    case ICMP6_NEIGHBOUR_SOLICITATION:
        nd_input_solicitation(n, now_ns, in, &m);
        break;
    case ICMP6_NEIGHBOUR_ADVERTISEMENT:
        nd_input_advertisement(n, now_ns, in, &m);
        break;
    case ICMP6_ROUTER_ADVERTISEMENT:
        slaac_input_router(n, now_ns, in, &m);
        break;
    case ICMP6_REDIRECT:
        slaac_input_redirect(n, now_ns, in, &m);
        break;
    case ICMP6_MLD_QUERY:
    case ICMP6_MLD_REPORT:
        if (router_alert)
            mld_input(n, now_ns, in, &m);
        else
            c->in_ignored++;
        break;
    default:
        c->in_ignored++;
    }
}
