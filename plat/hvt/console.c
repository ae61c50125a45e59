/* SPDX-License-Identifier: ISC */
/* Console, the control line and the end. */
#include "plat/hvt/hvt.h"

void plat_console(const char *text, size_t len)
{
    struct hvt_puts p = {(uintptr_t)text, len};
    arch_hypercall(HVT_PUTS, &p);
}

void plat_serving(const char *protocol, uint16_t port)
{
    char line[CONTROL_LINE_BYTES];
    struct bytes text = given_serving(line, protocol, port);
    struct hvt_puts p = {(uintptr_t)text.data, text.len};
    if (text.len)
        arch_hypercall(HVT_CONTROL, &p);
}

void plat_exit(int status)
{
    struct hvt_halt h = {.status = status};
    ring_flush();
    for (;;)
        arch_hypercall(HVT_HALT, &h);
}
