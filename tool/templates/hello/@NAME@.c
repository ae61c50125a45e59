#include "@NAME@.h"

#include <jinn/log.h>

static struct log_source log = LOG_SOURCE("@NAME@");

int @C_NAME@_start(const struct @C_NAME@ *self)
{
    log_info(&log, "%s", self->greeting);
    return 0;
}
