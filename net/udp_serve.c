/* SPDX-License-Identifier: ISC */
/* Servers that answer at once (jinn/stack.h). A file of its own: an image whose sockets all queue holds none of it. */
#include "net/net.h"
#include "net/stack_internal.h"

#include <jinn/fiber.h>
#include <jinn/plat.h>

#include <stdlib.h>

/* From the address that was asked, since it is the one that the answer is expected from; from one of ours when a group was. */
static enum err send_back(struct net *n, uint64_t now_ns, struct udp_socket *u, const struct ip_in *in,
                          const struct endpoint *to, struct bytes answer)
{
    if (in->broadcast)
        return udp_transmit(u, now_ns, to, &answer, 1);
    return udp_output(n, now_ns, &(struct endpoint){in->dst, u->port}, to, &answer, 1);
}

static void input(struct net *n, uint64_t now_ns, struct udp_socket *u, const struct ip_in *in, uint16_t src_port,
                  struct bytes payload)
{
    struct udp_serving *s = u->serving;
    struct counters_udp *c = &n->counters.udp;
    struct udp_question q = {{in->src, src_port}, payload, now_ns, in->broadcast, &in->dst};
    size_t len = src_port ? s->server->answer(s->server, &q, s->room, s->size) : UDP_NO_ANSWER;
    if (len == UDP_NO_ANSWER) {
        c->unanswered++;
        return;
    }
    must(len <= s->size);
    if (send_back(n, now_ns, u, in, &q.from, bytes_of(s->room, len)) == OK)
        c->served++;
    else
        c->answers_lost++;
}

enum err udp_serve(struct net *n, uint16_t port, struct udp_server *server, size_t answer_bytes, struct udp_socket **u)
{
    if (answer_bytes > UDP_PAYLOAD_MAX_BYTES)
        return ERR_TOO_LARGE;
    struct udp_serving *s = malloc(sizeof *s + answer_bytes);
    enum err e = s ? udp_open(n, port, u) : ERR_FULL;
    if (e) {
        free(s);
        return e;
    }
    s->input = input;
    s->server = server;
    s->size = answer_bytes;
    (*u)->serving = s;
    return OK;
}

enum err stack_udp_serve(struct stack *s, uint16_t port, struct udp_server *server, size_t answer_bytes,
                         struct udp_socket **u)
{
    enum err e = udp_serve(stack_net(s), port, server, answer_bytes, u);
    if (e)
        return e;
    (*u)->stack = s;
    stack_may_loop(s);
    if (port)
        plat_serving("udp", port);
    return OK;
}
