/* SPDX-License-Identifier: ISC */
/* What a guest prints: nothing that drives a terminal comes out, and the room promised is enough. */
#include "tender/console.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct console_filter f = {0};
    uint8_t *out = malloc(CONSOLE_ROOM(size));
    struct writer w = writer_of(out, CONSOLE_ROOM(size));
    size_t half = size / 2;
    console_filter(&f, bytes_of(data, half), &w);
    console_filter(&f, bytes_of(data + half, size - half), &w);
    console_finish(&f, &w);
    if (!writer_good(&w))
        abort();
    for (size_t i = 0; i < writer_len(&w); i++) {
        if ((out[i] < 0x20 && out[i] != '\n' && out[i] != '\t') || out[i] == 0x7f)
            abort();
    }
    free(out);
    return 0;
}
