/* SPDX-License-Identifier: ISC */
/* Console, the control line and the end. */
#include "plat/spt/spt.h"

#include <jinn/boot.h>

#define STDOUT 1

void plat_console(const char *text, size_t len)
{
    (void)SPT_CALL(SYS_write, STDOUT, text, len, 0);
}

/* One write is one message of the socket, so a line is never torn. */
void plat_serving(const char *protocol, uint16_t port)
{
    char line[CONTROL_LINE_BYTES];
    struct bytes text = given_serving(line, protocol, port);
    if (text.len)
        (void)SPT_CALL(SYS_write, given.extension.refresh.control_fd, text.data, text.len, 0);
}

/* After a bug nothing more of it leaves. */
void plat_exit(int status)
{
    if (status != EXIT_BUG)
        spt_settle(false);
    for (;;)
        (void)SPT_CALL(SYS_exit_group, status, 0, 0, 0);
}
