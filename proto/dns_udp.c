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

static struct dns_from from_of(struct dns_udp *u, const struct udp_question *q)
{
    return (struct dns_from){.peer = q->from, .now_ns = q->now_ns, .wall_s = wall_s(u, q->now_ns), .socket = u->socket};
}

/* In a zone of a million names each of the two looks into memory that finding one takes costs as much as half of our other work
 * on a query: so they are begun one question ahead. */
static void announce(struct udp_server *server, const struct udp_question *q)
{
    struct dns_udp *u = CONTAINER_OF(server, struct dns_udp, server);
    struct dns_asked *a = &u->asked[q->place];
    struct dns_from from = from_of(u, q);
    dns_service_ask(u->service, &from, q->payload, a);
    if (a->has_key)
        a->slot = dns_zones_fetch_slot(u->service->o.zones, &a->key);
}

static size_t tell(struct dns_udp *u, const struct udp_question *q, uint8_t *room, size_t size)
{
    struct dns_asked *a = &u->asked[q->place], *next = &u->asked[q->place ^ 1];
    size_t len = dns_service_tell(u->service, a, room, size);
    if (next->slot && !a->extra)
        dns_zones_fetch_node(next->slot);
    return len;
}

static size_t answer(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size)
{
    struct dns_udp *u = CONTAINER_OF(server, struct dns_udp, server);
    struct dns_from from;
    size_t len;
    if (q->group)
        return UDP_NO_ANSWER;
    if (q->announced) {
        len = tell(u, q, room, size);
    } else {
        from = from_of(u, q);
        len = dns_service_message(u->service, &from, q->payload, room, size);
    }
    return len ? len : UDP_NO_ANSWER;
}

enum err dns_udp_serve(struct dns_udp *u, struct stack *s, uint16_t port, struct dns_service *service)
{
    *u = (struct dns_udp){.server = {answer, announce}, .service = service};
    u->looked_ns = -NS_PER_S;
    return stack_udp_serve(s, port, &u->server, service->o.udp_bytes, &u->socket);
}
