/* SPDX-License-Identifier: ISC */
/* A server that is an image by itself. */
#include "proto/dns_server.h"

#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("dns");

int dns_server_serve(struct dns_server *d, uint16_t port, enum err made)
{
    enum err e = made;
    if (!e) {
        log_info(&source, "serving on port %u", port);
        e = dns_server_run(d);
    }
    if (e)
        log_error(&source, "not serving on port %u: %s", port,
                  e == ERR_FULL ? "a limit is reached, mostly that of memory (jinn run --mem)" : err_text(e));
    return e != OK;
}
