/* SPDX-License-Identifier: ISC */
/* Answers for the zones in the archive on the block device `zones`, and follows it. */
#include "hosting.h"

#include <jinn/dns_server.h>

static enum err set_up(const struct hosting *self, struct dns_server **d)
{
    const struct dns_server_options o = {.id = bytes_str(self->id ? self->id : ""),
                                         .cookie_secret = self->cookie_secret,
                                         .udp_bytes = (uint16_t)self->udp_bytes,
                                         .no_cookies = !self->cookies};
    const struct dns_server_limit limit = {.per_second = (uint32_t)self->rate_limit, .slip = (uint32_t)self->rate_slip};
    const struct dns_server_tcp_options tcp = {.idle_ns = self->idle};
    enum err e = dns_server_new(&o, d);
    if (!e && self->rate_limit > 0)
        e = dns_server_limit(*d, &limit);
    if (!e)
        e = dns_server_load(*d, self->zones);
    if (!e && self->reload)
        e = dns_server_follow(*d, self->zones, self->reload);
    if (!e)
        e = dns_server_udp(*d, self->service, self->port);
    if (!e)
        e = dns_server_tcp(*d, self->service, self->port, &tcp);
    return e;
}

int hosting_start(const struct hosting *self)
{
    struct dns_server *server = NULL;
    enum err e = set_up(self, &server);
    return dns_server_serve(server, self->port, e);
}
