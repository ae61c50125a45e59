/* SPDX-License-Identifier: ISC */
/* Serves the key-value store `htdocs` over HTTP. */
#include "website.h"

#include <jinn/http.h>
#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("website");

#define BACKLOG 128 /* a burst of new connections; what is beyond it tries again a second later */

int website_start(const struct website *self)
{
    struct listener *listener;
    struct http_server *server;
    const struct http_options options = {.handler = http_kv_handler, .arg = self->htdocs};

    enum err e = stack_listen(self->service, self->port, BACKLOG, &listener);
    if (!e)
        e = http_server_new(&options, &server);
    if (!e) {
        log_info(&source, "serving on port %u", self->port);
        e = http_serve(server, listener);
    }
    if (e)
        log_error(&source, "port %u: %s", self->port, err_text(e));
    return e != OK;
}
