/* SPDX-License-Identifier: ISC */
#include "iperf.h"
#include "iperf2.h"
#include "iperf3.h"

#include <jinn/fiber.h>
#include <jinn/log.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("iperf");

static enum err open_both(const struct iperf *self, struct bytes payload, struct scope *fibers)
{
    struct iperf2 *two = calloc(1, sizeof *two);
    struct iperf3 *three = calloc(1, sizeof *three);
    if (!two || !three)
        return ERR_FULL;
    *two = (struct iperf2){.stack = self->service, .payload = payload, .port = self->iperf2, .fibers = fibers};
    three->stack = self->service;
    three->payload = payload;
    three->port = self->iperf3;
    three->fibers = fibers;
    enum err e = iperf2_open_tcp(two);
    if (!e)
        e = iperf2_open_udp(two);
    return e ? e : iperf3_open(three);
}

int iperf_start(const struct iperf *self)
{
    struct scope fibers;
    struct fiber_waiter stop;
    struct bytes payload;
    enum err e = traffic_payload(&payload);
    fiber_waiter_init(&stop);
    sched_on_stop(&stop.waiter);
    scope_open(&fibers);
    if (!e)
        e = open_both(self, payload, &fibers);
    if (e)
        log_error(&source, "%s", err_text(e));
    else
        log_info(&source, "iperf 2 on port %u, iperf3 on port %u", self->iperf2, self->iperf3);
    while (!e && !sched_stopping() && fiber_park(TIME_NEVER) == OK)
        continue;
    scope_cancel(&fibers);
    scope_join(&fibers);
    return e != OK;
}
