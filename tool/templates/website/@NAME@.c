/* Serves the files of htdocs/ by HTTP. */
#include "@NAME@.h"

#include <jinn/http.h>
#include <jinn/log.h>
#include <jinn/stack.h>

static struct log_source log = LOG_SOURCE("@NAME@");

int @C_NAME@_start(const struct @C_NAME@ *self)
{
    struct http_server *server;
    struct listener *listener;
    enum err e = http_server_new(&(struct http_options){.handler = http_kv_handler, .arg = self->htdocs}, &server);
    if (e == OK)
        e = stack_listen(self->service, self->port, 64, &listener);
    if (e == OK)
        e = http_serve(server, listener);
    if (e == OK || e == ERR_CANCELLED)
        return 0;
    log_error(&log, "can't serve on port %u: %s", self->port, err_text(e));
    return 1;
}
