/* SPDX-License-Identifier: ISC */
/* Resolves names for the hosts around it. */
#include "resolver.h"

#include <jinn/dns_resolver.h>
#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("dns");

/* Who turns validation off for a while, to see whether it is why a name fails, leaves the rest as it is. */
static enum err validate(const struct resolver *self, struct dns_server *d)
{
    const struct dns_server_validation o = {.anchors = self->anchors, .keep = self->trust};
    if (self->validate)
        return dns_server_validate(d, &o);
    if (self->trust)
        log_warning(&source, "--validate=false: nothing is checked, and the block device `trust` is not used");
    if (self->anchors)
        log_warning(&source, "--validate=false: nothing is checked, and --anchors are not used");
    return OK;
}

static enum err set_up(const struct resolver *self, struct dns_server **d)
{
    const struct dns_server_options o = {.id = bytes_str(self->id ? self->id : "")};
    const struct dns_server_limit limit = {.per_second = (uint32_t)self->rate_limit, .slip = 2};
    const struct dns_server_tcp_options tcp = {.connections = 256, .workers = 8};
    const struct dns_resolver_options resolver = {.hints = self->hints,
                                                  .forward = self->forward,
                                                  .clients = self->clients,
                                                  .cache_bytes = (size_t)self->cache_kb << 10,
                                                  .no_stale = !self->stale,
                                                  .no_ipv6 = !self->via_six,
                                                  .no_empty_zones = !self->empty_zones,
                                                  .small_letters = !self->capitals};
    enum err e = dns_server_new(&o, d);
    if (!e && self->rate_limit > 0)
        e = dns_server_limit(*d, &limit);
    if (!e)
        e = dns_server_load(*d, self->zones);
    if (!e)
        e = dns_server_resolve(*d, self->service, &resolver);
    if (!e)
        e = validate(self, *d);
    if (!e)
        e = dns_server_block(*d, self->lists, self->block_zero ? DNS_BLOCK_ZERO : DNS_BLOCK_NXDOMAIN);
    if (!e)
        e = dns_server_udp(*d, self->service, self->port);
    if (!e)
        e = dns_server_tcp(*d, self->service, self->port, &tcp);
    return e;
}

int resolver_start(const struct resolver *self)
{
    struct dns_server *server = NULL;
    enum err e = set_up(self, &server);
    return dns_server_serve(server, self->port, e);
}
