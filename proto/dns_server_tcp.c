/* SPDX-License-Identifier: ISC */
/* TCP of the name server: apart, since not every server has it. */
#include "proto/dns_server.h"

#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("dns");

enum { CONNECTIONS = 1024, WORKERS = 4, MESSAGE_BYTES = 4096, IDLE_S = 20 };

#define UNIT_NS (100 * NS_PER_MS) /* of RFC 7828 */

static void serve(void *server)
{
    struct dns_server *d = server;
    enum err e = dns_tcp_run(d->tcp);
    if (e && e != ERR_CANCELLED)
        log_error(&source, "TCP: %s", err_text(e));
}

enum err dns_server_tcp(struct dns_server *d, struct stack *s, uint16_t port, const struct dns_server_tcp_options *o)
{
    struct dns_tcp_options tcp = {.connections = o->connections ? o->connections : CONNECTIONS,
                                  .per_client = o->per_client,
                                  .workers = o->workers ? o->workers : WORKERS,
                                  .message_bytes = o->message_bytes ? o->message_bytes : MESSAGE_BYTES,
                                  .idle_ns = o->idle_ns ? o->idle_ns : IDLE_S * NS_PER_S,
                                  .answer = d->answer_tcp};
    if (d->tcp)
        return ERR_IN_USE;
    tcp.buffers = tcp.connections / 8; /* more that send half a question at once are none that mean well */
    enum err e = dns_tcp_new(s, port, &d->service, &tcp, &d->tcp);
    if (e != OK)
        return e;
    dns_server_job(d, "dns-tcp", serve);
    uint64_t idle = tcp.idle_ns / UNIT_NS;
    d->service.o.idle_100ms = idle < UINT16_MAX ? (uint16_t)idle : UINT16_MAX;
    return OK;
}
