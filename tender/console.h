/* SPDX-License-Identifier: ISC */
/* What a guest prints must not drive the terminal that shows it. This filter passes text through and makes everything
 * else visible: newline, tab and well-formed UTF-8 stay; control bytes (escape among them), C1 controls, characters that
 * turn the direction of text around, and malformed UTF-8 become \xNN, byte by byte. A carriage return before a newline is
 * dropped. Pure: it keeps only the bytes of a character that has not ended yet. */
#ifndef TENDER_CONSOLE_H
#define TENDER_CONSOLE_H

#include <jinn/bytes.h>

/* All zero to begin with. */
struct console_filter {
    uint8_t held[4]; /* the beginning of a character, or a carriage return */
    uint8_t n_held;
};

/* The most bytes that `len` bytes of input become. */
#define CONSOLE_ROOM(len) (4 * ((len) + 4))

/* Appends to `w`, which must have CONSOLE_ROOM(in.len) left. */
void console_filter(struct console_filter *f, struct bytes in, struct writer *w);
/* At the end of input: what is held goes out, visibly. */
void console_finish(struct console_filter *f, struct writer *w);

#endif
