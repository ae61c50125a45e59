/* SPDX-License-Identifier: ISC */
#include "tender/usernet/filter.c"

#include <jinn/must.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whatever the frame, what is let through has no destination on the host's loopback. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct usernet_peers peers = {0};
    usernet_note_peer(bytes_of(data, len), &peers);
    if (usernet_frame_allowed(bytes_of(data, len), &peers) && data[12] == 8 && data[13] == 0)
        must(len >= 34 && data[30] != 127 && data[30] != 0);
    return 0;
}
