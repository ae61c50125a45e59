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

static void set_from(struct dns_udp *u, const struct udp_question *q, struct dns_from *from)
{
    from->peer = q->from;
    from->tcp = false;
    from->now_ns = q->now_ns;
    from->wall_s = wall_s(u, q->now_ns);
    from->socket = u->socket;
    from->to = q->to;
}

/* In a zone of a million names each of the two looks into memory that finding one takes costs as much as a quarter of our other
 * work on a query: so they are begun early, each one question after the other. */
static void announce(struct udp_server *server, const struct udp_question *q)
{
    struct dns_udp *u = CONTAINER_OF(server, struct dns_udp, server);
    struct dns_asked *a = &u->asked[q->place], *before = &u->asked[q->place ? q->place - 1 : UDP_ANNOUNCED - 1];
    if (before->zone)
        dns_zones_fetch_node(before->zone, &before->key);
    set_from(u, q, &a->from);
    dns_service_ask(u->service, q->payload, a);
    if (a->has_key)
        a->zone = dns_zones_fetch_slot(u->service->o.zones, &a->key);
}

/* What was found for those that were announced is good as long as no zone has changed. */
static size_t tell(struct dns_udp *u, struct dns_asked *a, uint8_t *room, size_t size)
{
    size_t len = dns_service_tell(u->service, a, room, size);
    a->zone = NULL;
    for (unsigned i = 0; a->extra && i < UDP_ANNOUNCED; i++)
        u->asked[i].zone = NULL;
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
        len = tell(u, &u->asked[q->place], room, size);
    } else {
        set_from(u, q, &from);
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
