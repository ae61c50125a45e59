/* SPDX-License-Identifier: ISC */
#include "chargen.h"
#include "service.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/random.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("echo");

#define DATAGRAM_BYTES 65507
#define PRIVILEGED_PORTS 1024

/* A datagram from a port of a service is one that another service answered, or that was forged to look so: an answer
 * to it would go to and fro for ever. */
static bool is_service(const struct endpoint *from)
{
    return from->port < PRIVILEGED_PORTS;
}

/* One line at most, though RFC 864 allows 512 characters: who forges the sender of a datagram shall not gain
 * much by it. */
static struct bytes line(const struct service *s)
{
    const uint32_t n = random_below(CHARGEN_LINES);
    return bytes_slice(s->pattern, n * CHARGEN_LINE_BYTES, CHARGEN_LINE_BYTES);
}

static void answer(void *service)
{
    struct service *s = service;
    uint8_t *buffer = malloc(DATAGRAM_BYTES);
    size_t len;
    struct endpoint from;
    struct ip at;
    while (buffer && udp_recv(s->socket, buffer, DATAGRAM_BYTES, &len, &from, TIME_NEVER) == OK) {
        if (s->kind == SERVICE_DISCARD || is_service(&from))
            continue;
        struct piece p = s->kind == SERVICE_ECHO ? piece_copy(bytes_of(buffer, len)) : piece_static(line(s));
        at = udp_received_at(s->socket);
        if (udp_send_from(s->socket, &at, from, &p, 1) != OK)
            log_debug(&source, "port %u: an answer was lost", (unsigned)s->kind);
    }
    free(buffer);
}

enum err service_open_udp(struct service *s, struct scope *fibers)
{
    enum err e = stack_udp(s->stack, (uint16_t)s->kind, &s->socket);
    return e ? e : scope_spawn(fibers, "datagrams", answer, s);
}
