/* SPDX-License-Identifier: ISC */
/* Console, the control line and the end. */
#include "plat/spt/spt.h"

#define STDOUT 1
#define CONTROL_LINE_BYTES 64

void plat_console(const char *text, size_t len)
{
    (void)SPT_CALL(SYS_write, STDOUT, text, len, 0);
}

/* One write is one message of the socket, so a line is never torn. */
void plat_serving(const char *protocol, uint16_t port)
{
    char line[CONTROL_LINE_BYTES];
    struct writer w = writer_of(line, sizeof line);
    if (!(given.features & EXTENSION_CONTROL))
        return;
    write_format(&w, "serving %s %u\n", protocol, (unsigned)port);
    if (writer_good(&w))
        (void)SPT_CALL(SYS_write, given.extension.refresh.control_fd, line, writer_len(&w), 0);
}

void plat_exit(int status)
{
    for (;;)
        (void)SPT_CALL(SYS_exit_group, status, 0, 0, 0);
}
