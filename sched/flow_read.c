/* SPDX-License-Identifier: ISC */
#include <jinn/flow.h>

enum err flow_read_exact(struct flow *f, void *buffer, size_t len, uint64_t deadline_ns)
{
    uint8_t *at = buffer;
    while (len > 0) {
        size_t n;
        enum err e = flow_read(f, at, len, &n, deadline_ns);
        if (e)
            return e;
        at += n;
        len -= n;
    }
    return OK;
}
