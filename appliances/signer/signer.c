/* SPDX-License-Identifier: ISC */
/* Answers for the zones in the key-value store `zones`, which it signs with the keys that it is given, and for those that come from
 * other servers. */
#include "signer.h"

#include <jinn/dns_server.h>

static enum err set_up(const struct signer *self, struct dns_server **d)
{
    const struct dns_server_options o = {.id = bytes_str(self->id ? self->id : "")};
    const struct dns_server_tcp_options tcp = {.message_bytes = 65535};
    const struct dns_server_peers_options peers = {.keys = self->tsig,
                                                   .transfer = self->transfer,
                                                   .update = self->update,
                                                   .notify_from = self->notify_from,
                                                   .secondaries = self->secondaries,
                                                   .primaries = self->primaries,
                                                   .secondary = self->secondary};
    const struct dns_server_sign_options sign = {.keys = self->dnssec_keys,
                                                 .nsec3 = self->nsec3,
                                                 .nsec3_salt = self->nsec3_salt,
                                                 .nsec3_iterations = (uint16_t)self->nsec3_iterations,
                                                 .validity_ns = self->validity,
                                                 .refresh_ns = self->refresh,
                                                 .jitter_ns = self->jitter,
                                                 .increment = self->increment,
                                                 .no_cds = !self->cds};
    enum err e = dns_server_new(&o, d);
    if (!e)
        e = dns_server_load(*d, self->zones);
    if (!e)
        e = dns_server_peers(*d, self->service, &peers);
    if (!e)
        e = dns_server_sign(*d, &sign);
    if (!e)
        e = dns_server_udp(*d, self->service, self->port);
    if (!e)
        e = dns_server_tcp(*d, self->service, self->port, &tcp);
    return e;
}

int signer_start(const struct signer *self)
{
    struct dns_server *server = NULL;
    enum err e = set_up(self, &server);
    return dns_server_serve(server, self->port, e);
}
