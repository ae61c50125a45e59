/* SPDX-License-Identifier: ISC */
/* ICMP errors about segments that we sent (RFC 5927). Anybody can forge one, so it counts only when it quotes a
 * sequence number that is under way, and never ends an established connection: there it is a hint (RFC 1122
 * 4.2.3.9 soft errors, RFC 5461). While a connection is being opened, "port unreachable" and "prohibited" end the
 * attempt. */
#include "net/tcp_internal.h"

static void path_mtu(struct tcp_connection *c, uint64_t now_ns, uint16_t mtu_bytes)
{
    uint16_t ip_header = ip_is4(&c->entry.peer.ip) ? 20 : 40;
    uint16_t payload = mtu_bytes > ip_header ? (uint16_t)(mtu_bytes - ip_header) : 0;
    if (payload < TCP_MSS_PMTU_MIN + TCP_HEADER_BYTES)
        payload = TCP_MSS_PMTU_MIN + TCP_HEADER_BYTES;
    uint16_t before = c->mss;
    tcp_set_mss(c, payload);
    if (c->mss >= before) {
        c->mss = before;
        c->t->n.n_problems_ignored++;
        return;
    }
    c->t->n.n_path_mtu++;
    tcp_mtu_later(c, now_ns);
    if (c->t->below->narrow)
        c->t->below->narrow(c->t->below, now_ns, &c->entry.peer.ip, (uint16_t)(payload + ip_header));
    tcp_undo_forget(c);
    tcp_board_free(c);
    c->nxt = c->una;
    tcp_tx_seek(c, 0);
    tcp_output(c, now_ns);
}

static bool is_hard(enum icmp_problem problem)
{
    return problem == PROBLEM_PORT_UNREACHABLE || problem == PROBLEM_PROHIBITED;
}

static void connection_problem(struct tcp_connection *c, uint64_t now_ns, const struct ip_problem *p)
{
    bool opening = tcp_is_opening(c);
    if (p->problem == PROBLEM_TOO_BIG) {
        if (!opening)
            path_mtu(c, now_ns, p->mtu_bytes);
    } else if (opening && is_hard(p->problem)) {
        tcp_end(c, p->problem == PROBLEM_PORT_UNREACHABLE ? ERR_REFUSED : ERR_UNREACHABLE);
    } else {
        c->soft_error = ERR_UNREACHABLE;
    }
    tcp_settle(c);
}

void tcp_problem(struct tcp *t, uint64_t now_ns, const struct ip_problem *p)
{
    struct reader r = reader_of(p->payload);
    uint16_t local_port = read_be16(&r), peer_port = read_be16(&r);
    struct seq seq = seq_of(read_be32(&r));
    t->n.n_problems++;
    struct tcp_entry *e = NULL;
    if (reader_good(&r))
        e = tcp_table_find(t, &p->src, local_port, &p->dst, peer_port);
    if (e && e->kind == TCP_CONNECTION) {
        struct tcp_connection *c = CONTAINER_OF(e, struct tcp_connection, entry);
        if (seq.v - c->una.v < c->max.v - c->una.v) {
            connection_problem(c, now_ns, p);
            return;
        }
    }
    t->n.n_problems_ignored++;
}
