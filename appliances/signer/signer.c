/* SPDX-License-Identifier: ISC */
/* Answers for the zones in the key-value store `zones`, which it signs with the keys of --key-file or of the block device `keys`, and for
 * those that come from other servers; changes by UPDATE are kept on the block device `journal`, if there is one. */
#include "signer.h"

#include <jinn/dns_server.h>
#include <jinn/log.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

static enum err add_peers(const struct signer *self, struct dns_server *d)
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

static enum err sign(const struct signer *self, struct dns_server *d)
{
    struct bytes read = {0};
    struct dns_server_sign_options o = {.keys = self->dnssec_keys,
                                        .nsec3 = self->nsec3,
                                        .nsec3_salt = self->nsec3_salt,
                                        .nsec3_iterations = (uint16_t)self->nsec3_iterations,
                                        .validity_ns = self->validity,
                                        .refresh_ns = self->refresh,
                                        .jitter_ns = self->jitter,
                                        .increment = self->increment,
                                        .no_cds = !self->cds};
    if ((o.keys.len != 0) == (self->keys != NULL)) {
        log_error(
            &source,
            "keys to sign with come by --key-file dnssec-keys=FILE or on the block device `keys`: give one of both");
        return ERR_INVALID;
    }
    enum err e = self->keys ? dns_server_keys_read(self->keys, &read) : OK;
    if (self->keys)
        o.keys = read;
    if (!e)
        e = dns_server_sign(d, &o);
    free((void *)(uintptr_t)read.data);
    return e;
}

static enum err set_up(const struct signer *self, struct dns_server **d)
{
    const struct dns_server_options o = {.id = bytes_str(self->id ? self->id : "")};
    const struct dns_server_tcp_options tcp = {.message_bytes = 65535};
    enum err e = dns_server_new(&o, d);
    if (!e)
        e = dns_server_load_packed(*d, self->zones);
    if (!e)
        e = add_peers(self, *d);
    if (!e)
        e = sign(self, *d);
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
