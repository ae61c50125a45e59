/* SPDX-License-Identifier: ISC */
/* Answers for the zones in the key-value store `zones` and for those that come from other servers; changes by UPDATE are kept on
 * the block device `journal`, if there is one. */
#include "nameserver.h"

#include <jinn/dns_server.h>

static enum err make(const struct nameserver *self, struct dns_server **d)
{
    const struct dns_server_options o = {.id = bytes_str(self->id ? self->id : ""),
                                         .cookie_secret = self->cookie_secret,
                                         .udp_bytes = (uint16_t)self->udp_bytes,
                                         .zone_bytes = (size_t)self->zone_mb << 20,
                                         .no_cookies = !self->cookies};
    const struct dns_server_limit limit = {.per_second = (uint32_t)self->rate_limit, .slip = (uint32_t)self->rate_slip};
    enum err e = dns_server_new(&o, d);
    if (!e && self->rate_limit > 0)
        e = dns_server_limit(*d, &limit);
    return e ? e : dns_server_load_packed(*d, self->zones);
}

static enum err add_peers(const struct nameserver *self, struct dns_server *d)
{
    const struct dns_server_peers_options o = {.keys = self->tsig,
                                               .transfer = self->transfer,
                                               .update = self->update,
                                               .notify_from = self->notify_from,
                                               .secondaries = self->secondaries,
                                               .primaries = self->primaries,
                                               .secondary = self->secondary};
    enum err e = dns_server_peers(d, self->service, &o);
    return e ? e : dns_server_journal(d, self->journal);
}

static enum err set_up(const struct nameserver *self, struct dns_server **d)
{
    const struct dns_server_tcp_options tcp = {.message_bytes = 65535, .idle_ns = self->idle};
    enum err e = make(self, d);
    if (!e)
        e = add_peers(self, *d);
    if (!e)
        e = dns_server_udp(*d, self->service, self->port);
    return e ? e : dns_server_tcp(*d, self->service, self->port, &tcp);
}

int nameserver_start(const struct nameserver *self)
{
    struct dns_server *server = NULL;
    enum err e = set_up(self, &server);
    return dns_server_serve(server, self->port, e);
}
