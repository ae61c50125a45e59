/* SPDX-License-Identifier: ISC */
/* The header before frames of a tap: what was understood is emitted and parsed again and must be the same, and a checksum is
 * filled in only inside of the frame, where it is right then. */
#include "wire/checksum.h"
#include "wire/vnet.h"

#include <jinn/must.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct net_offload o, again;
    struct reader r = reader_of(bytes_of(data, len));
    uint8_t header[VNET_HEADER_BYTES];
    size_t frame_len = len > VNET_HEADER_BYTES ? len - VNET_HEADER_BYTES : 0;
    if (!vnet_parse(&r, frame_len, &o))
        return 0;
    struct writer w = writer_of(header, sizeof header);
    vnet_emit(&w, &o);
    must(writer_good(&w) && writer_left(&w) == 0);
    struct reader back = reader_of(writer_bytes(&w));
    must(vnet_parse(&back, frame_len, &again) && memcmp(&o, &again, sizeof o) == 0);
    if (!(o.flags & NET_PARTIAL))
        return 0;
    uint8_t *frame = malloc(frame_len); /* exactly as long, for the sanitizer */
    memcpy(frame, r.at, frame_len);
    must(vnet_fill_checksum(frame, frame_len, &o));
    free(frame);
    return 0;
}
