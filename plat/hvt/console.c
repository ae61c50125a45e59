/* SPDX-License-Identifier: ISC */
/* Console, the control line and the end. */
#include "plat/hvt/hvt.h"

#define CONTROL_LINE_BYTES 64

void plat_console(const char *text, size_t len)
{
    struct hvt_puts p = {(uintptr_t)text, len};
    arch_hypercall(HVT_PUTS, &p);
}

void plat_serving(const char *protocol, uint16_t port)
{
    char line[CONTROL_LINE_BYTES];
    struct writer w = writer_of(line, sizeof line);
    if (!(given.features & EXTENSION_CONTROL))
        return;
    write_format(&w, "serving %s %u\n", protocol, (unsigned)port);
    struct hvt_puts p = {(uintptr_t)line, writer_len(&w)};
    if (writer_good(&w))
        arch_hypercall(HVT_CONTROL, &p);
}

void plat_exit(int status)
{
    struct hvt_halt h = {.status = status};
    ring_flush();
    for (;;)
        arch_hypercall(HVT_HALT, &h);
}
