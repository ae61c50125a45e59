/* SPDX-License-Identifier: ISC */
#include "onekb.h"

#include <jinn/http.h>

/* At once; bench/common.py builds the image for idle connections with more. */
enum { CONNECTIONS = 1100 };

int onekb_start(const struct onekb *self)
{
    struct listener *listener;
    struct http_server *server;
    struct http_options options = {
        .handler = http_kv_handler, .arg = self->htdocs, .connections = CONNECTIONS, .no_access_log = true};
    if (stack_listen(self->service, 80, CONNECTIONS, &listener) || http_server_new(&options, &server))
        return 1;
    return http_serve(server, listener) == OK ? 0 : 1;
}
