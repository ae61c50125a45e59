/* SPDX-License-Identifier: ISC */
#include "dnsudp.h"

#include <jinn/dns_server.h>
#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("dns");

int dnsudp_start(const struct dnsudp *self)
{
    struct dns_server *server;
    enum err e = dns_server_new_unsigned(&(struct dns_server_options){0}, &server);
    if (!e)
        e = dns_server_load_packed(server, self->zones);
    if (!e)
        e = dns_server_udp(server, self->service, 53);
    if (!e)
        e = dns_server_run(server);
    if (e)
        log_error(&source, "%s", err_text(e));
    return e != OK;
}
