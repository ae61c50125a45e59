/* SPDX-License-Identifier: ISC */
/* The way to the guest: a socket, and the frames that wait because the guest has not yet read those before them. */
#ifndef TENDER_USERNET_GUEST_H
#define TENDER_USERNET_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_FRAME_BYTES_MAX 1536 /* libslirp's MTU is 1500, and an Ethernet header comes before it */

/* 1.5 MB, and what the acknowledgements of one turn (FRAMES_AT_ONCE) can set free, several segments each. */
#define GUEST_FRAMES_MAX 1024

struct guest_frame {
    uint16_t len;
    uint8_t bytes[GUEST_FRAME_BYTES_MAX];
};

struct guest {
    int fd;
    bool ended; /* the other end is closed */
    uint64_t n_dropped;
    size_t first, n_waiting;
    struct guest_frame waiting[GUEST_FRAMES_MAX];
};

/* Sends a frame now, or when the guest has room again. BORROWS it. False if it was dropped, and counted: too many wait. */
bool guest_send(struct guest *g, const void *frame, size_t len);

/* Sends what waits, as far as the guest has room. Call it when the socket can be written. */
void guest_flush(struct guest *g);

#endif
