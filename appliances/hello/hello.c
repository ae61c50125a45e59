/* SPDX-License-Identifier: ISC */
#include "hello.h"

#include <jinn/log.h>

static struct log_source log = LOG_SOURCE("hello");

int hello_start(const struct hello *self)
{
    log_info(&log, "%s", self->greeting);
    return 0;
}
