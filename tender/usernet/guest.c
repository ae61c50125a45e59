/* SPDX-License-Identifier: ISC */
#include "tender/usernet/guest.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

static bool try_send(struct guest *g, const void *frame, size_t len)
{
    ssize_t sent;
    do
        sent = send(g->fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return true;
    if (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM)
        g->ended = true;
    return false;
}

void guest_flush(struct guest *g)
{
    while (g->n_waiting && !g->ended) {
        const struct guest_frame *f = &g->waiting[g->first];
        if (!try_send(g, f->bytes, f->len))
            return;
        g->first = (g->first + 1) % GUEST_FRAMES_MAX;
        g->n_waiting--;
    }
}

bool guest_send(struct guest *g, const void *frame, size_t len)
{
    if (g->n_waiting == 0 && try_send(g, frame, len))
        return true;
    if (g->n_waiting == GUEST_FRAMES_MAX || len > GUEST_FRAME_BYTES_MAX || g->ended) {
        g->n_dropped++;
        return false;
    }
    struct guest_frame *f = &g->waiting[(g->first + g->n_waiting++) % GUEST_FRAMES_MAX];
    f->len = (uint16_t)len;
    memcpy(f->bytes, frame, len);
    return true;
}
