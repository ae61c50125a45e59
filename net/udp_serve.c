/* SPDX-License-Identifier: ISC */
/* Servers that answer at once (jinn/stack.h). A file of its own: an image whose sockets all queue holds none of it. */
#include "net/net.h"
#include "net/stack_internal.h"

#include <jinn/fiber.h>
#include <jinn/plat.h>

#include <stdlib.h>

#define HELD_BYTES 512 /* of a question; longer ones are answered at once */

struct udp_held {
    struct udp_question q;
    struct ip to; /* the address that was asked */
    uint8_t payload[HELD_BYTES];
};

/* From the address that was asked, since it is the one that the answer is expected from; from one of ours when a group was. */
static enum err send_back(struct net *n, uint64_t now_ns, struct udp_socket *u, const struct udp_question *q,
                          struct bytes answer)
{
    if (q->group)
        return udp_transmit(u, now_ns, &q->from, &answer, 1);
    return udp_output(n, now_ns, &(struct endpoint){*q->to, u->port}, &q->from, &answer, 1);
}

static void answer(struct net *n, uint64_t now_ns, struct udp_socket *u, const struct udp_question *q)
{
    struct udp_serving *s = u->serving;
    struct counters_udp *c = &n->counters.udp;
    size_t len = q->from.port ? s->server->answer(s->server, q, s->room, s->size) : UDP_NO_ANSWER;
    if (len == UDP_NO_ANSWER) {
        c->unanswered++;
        return;
    }
    must(len <= s->size);
    if (send_back(n, now_ns, u, q, bytes_of(s->room, len)) == OK)
        c->served++;
    else
        c->answers_lost++;
}

/* The oldest. */
static void answer_held(struct net *n, uint64_t now_ns, struct udp_socket *u)
{
    struct udp_serving *s = u->serving;
    const struct udp_held *h = &s->held[(s->next - s->n_held) % UDP_ANNOUNCED];
    s->n_held--;
    answer(n, now_ns, u, &h->q);
}

static void finish(struct net *n, uint64_t now_ns)
{
    struct udp_socket *u = n->udp.holds;
    n->udp.holds = NULL;
    while (u->serving->n_held)
        answer_held(n, now_ns, u);
}

/* What comes behind this one is worked on before it is answered. */
static void hold(struct net *n, uint64_t now_ns, struct udp_socket *u, const struct ip_in *in, uint16_t src_port,
                 struct bytes payload)
{
    struct udp_serving *s = u->serving;
    unsigned place = s->next++ % UDP_ANNOUNCED;
    struct udp_held *h = &s->held[place];
    if (n->udp.holds && n->udp.holds != u)
        n->udp.holds->serving->finish(n, now_ns);
    n->udp.holds = u;
    memcpy(h->payload, payload.data, payload.len);
    h->to = in->dst;
    h->q.from.ip = in->src;
    h->q.from.port = src_port;
    h->q.payload = bytes_of(h->payload, payload.len);
    h->q.now_ns = now_ns;
    h->q.to = &h->to;
    h->q.group = false;
    h->q.announced = true;
    h->q.place = (uint8_t)place;
    s->server->announce(s->server, &h->q);
    if (++s->n_held == UDP_ANNOUNCED)
        answer_held(n, now_ns, u);
}

static void input(struct net *n, uint64_t now_ns, struct udp_socket *u, const struct ip_in *in, uint16_t src_port,
                  struct bytes payload)
{
    if (u->serving->held && n->udp.in_batch && !in->broadcast && src_port && payload.len && payload.len <= HELD_BYTES) {
        hold(n, now_ns, u, in, src_port, payload);
        return;
    }
    struct udp_question q = {
        .from = {in->src, src_port}, .payload = payload, .now_ns = now_ns, .group = in->broadcast, .to = &in->dst};
    if (n->udp.holds)
        n->udp.holds->serving->finish(n, now_ns);
    answer(n, now_ns, u, &q);
}

enum err udp_serve(struct net *n, uint16_t port, struct udp_server *server, size_t answer_bytes, struct udp_socket **u)
{
    if (answer_bytes > UDP_PAYLOAD_MAX_BYTES)
        return ERR_TOO_LARGE;
    struct udp_serving *s = malloc(sizeof *s + answer_bytes);
    struct udp_held *held = server->announce ? malloc(UDP_ANNOUNCED * sizeof *held) : NULL;
    enum err e = s && (held || !server->announce) ? udp_open(n, port, u) : ERR_FULL;
    if (e) {
        free(s);
        free(held);
        return e;
    }
    *s = (struct udp_serving){.input = input, .finish = finish, .server = server, .held = held, .size = answer_bytes};
    (*u)->serving = s;
    return OK;
}

COLD enum err stack_udp_serve(struct stack *s, uint16_t port, struct udp_server *server, size_t answer_bytes,
                              struct udp_socket **u)
{
    enum err e = udp_serve(stack_net(s), port, server, answer_bytes, u);
    if (e)
        return e;
    (*u)->stack = s;
    stack_may_loop(s);
    if (port && answer_bytes) /* who answers nothing asks others: its ports are nobody's business */
        plat_serving("udp", port);
    return OK;
}
