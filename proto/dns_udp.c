/* SPDX-License-Identifier: ISC */
#include "proto/dns_serve.h"

#include <jinn/plat.h>

/* The host's clock is read once a second, not for each query. */
static uint32_t wall_s(struct dns_udp *u, uint64_t now_ns)
{
    if (now_ns - u->looked_ns >= NS_PER_S) {
        u->looked_ns = now_ns;
        u->wall_ns = plat_wall_ns() - now_ns;
    }
    return (uint32_t)((u->wall_ns + now_ns) / NS_PER_S);
}

static size_t answer(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size)
{
    struct dns_udp *u = CONTAINER_OF(server, struct dns_udp, server);
    if (q->group)
        return UDP_NO_ANSWER;
    struct dns_from from = {
        .peer = q->from, .now_ns = q->now_ns, .wall_s = wall_s(u, q->now_ns), .socket = u->socket, .to = q->to};
    size_t len = dns_service_message(u->service, &from, q->payload, room, size);
    return len ? len : UDP_NO_ANSWER;
}

enum err dns_udp_serve(struct dns_udp *u, struct stack *s, uint16_t port, struct dns_service *service)
{
    *u = (struct dns_udp){.server = {answer}, .service = service};
    u->looked_ns = -NS_PER_S;
    return stack_udp_serve(s, port, &u->server, service->o.udp_bytes, &u->socket);
}
