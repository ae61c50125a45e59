/* SPDX-License-Identifier: ISC */
#include "chargen.h"

#define FIRST ' '

void chargen_fill(uint8_t out[static CHARGEN_BYTES])
{
    struct writer w = writer_of(out, CHARGEN_BYTES);
    for (unsigned line = 0; line < CHARGEN_LINES; line++) {
        for (unsigned i = 0; i < CHARGEN_LINE_BYTES - 2; i++)
            write_u8(&w, (uint8_t)(FIRST + (line + i) % CHARGEN_LINES));
        write_str(&w, "\r\n");
    }
}
