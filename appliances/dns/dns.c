/* SPDX-License-Identifier: ISC */
/* Answers for the zones in the key-value store `zones`. */
#include "dns.h"

#include <jinn/dns_server.h>
#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("dns");

static enum err set_up(const struct dns *self, struct dns_server **d)
{
    const struct dns_server_options o = {.id = bytes_str(self->id ? self->id : ""),
                                         .cookie_secret = self->cookie_secret,
                                         .udp_bytes = (uint16_t)self->udp_bytes,
                                         .no_cookies = !self->cookies};
    const struct dns_server_limit limit = {.per_second = (uint32_t)self->rate_limit, .slip = (uint32_t)self->rate_slip};
    const struct dns_server_tcp_options tcp = {.idle_ns = self->idle, .connections = (uint32_t)self->connections};
    enum err e = dns_server_new(&o, d);
    if (!e && self->rate_limit > 0)
        e = dns_server_limit(*d, &limit);
    if (!e)
        e = dns_server_load_packed(*d, self->zones);
    if (!e)
        e = dns_server_udp(*d, self->service, self->port);
    if (!e)
        e = dns_server_tcp(*d, self->service, self->port, &tcp);
    return e;
}

int dns_start(const struct dns *self)
{
    struct dns_server *server;
    enum err e = set_up(self, &server);
    if (!e) {
        log_info(&source, "serving on port %u", self->port);
        e = dns_server_run(server);
    }
    if (e)
        log_error(&source, "not serving on port %u: %s", self->port, err_text(e));
    return e != OK;
}
