/* SPDX-License-Identifier: ISC */
/* The server on a listener of the stack: apart, so that the rest can be had without one. */
#include "proto/http_server.h"

struct listening {
    struct http_source source;
    struct listener *listener;
};

static enum err accept_next(struct http_source *source, struct flow **f)
{
    return listener_accept(CONTAINER_OF(source, struct listening, source)->listener, TIME_NEVER, f);
}

static void stop_listening(struct http_source *source)
{
    listener_close(CONTAINER_OF(source, struct listening, source)->listener);
}

enum err http_serve(struct http_server *s, struct listener *l)
{
    struct listening from = {{accept_next, stop_listening}, l};
    return http_run(s, &from.source);
}
