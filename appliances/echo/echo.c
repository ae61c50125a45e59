/* SPDX-License-Identifier: ISC */
#include "echo.h"
#include "chargen.h"
#include "service.h"

#include <jinn/fiber.h>
#include <jinn/log.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("echo");

static enum err open(struct stack *stack, enum service_kind kind, struct bytes pattern, struct scope *fibers)
{
    struct service *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_FULL;
    s->stack = stack;
    s->kind = kind;
    s->pattern = pattern;
    enum err e = service_open(s, fibers);
    return e ? e : service_open_udp(s, fibers);
}

static enum err open_all(const struct echo *self, struct scope *fibers)
{
    uint8_t *pattern = malloc(CHARGEN_BYTES);
    enum err e = pattern ? OK : ERR_FULL;
    if (!e)
        chargen_fill(pattern);
    const struct bytes lines = bytes_of(pattern, CHARGEN_BYTES);
    if (!e && self->echo)
        e = open(self->service, SERVICE_ECHO, lines, fibers);
    if (!e && self->discard)
        e = open(self->service, SERVICE_DISCARD, lines, fibers);
    if (!e && self->chargen)
        e = open(self->service, SERVICE_CHARGEN, lines, fibers);
    return e;
}

int echo_start(const struct echo *self)
{
    struct scope fibers;
    struct fiber_waiter stop;
    fiber_waiter_init(&stop);
    sched_on_stop(&stop.waiter);
    scope_open(&fibers);
    enum err e = open_all(self, &fibers);
    if (e)
        log_error(&source, "%s", err_text(e));
    else
        log_info(&source, "serving");
    while (!e && !sched_stopping() && fiber_park(TIME_NEVER) == OK)
        continue;
    scope_cancel(&fibers);
    scope_join(&fibers);
    return e != OK;
}
