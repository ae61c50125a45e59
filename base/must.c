/* SPDX-License-Identifier: ISC */
#include <jinn/must.h>

#include <jinn/bytes.h>
#include <jinn/plat.h>

/* Digits by hand: printf must not be what an image without logs needs for its assertions. */
static void write_number(struct writer *w, unsigned v)
{
    char digits[10];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + v % 10);
    while (v /= 10);
    write_copy(w, digits + at, sizeof digits - at);
}

void must_fail(const char *file, int line, const char *text)
{
    char out[256];
    struct writer w = writer_of(out, sizeof out - 1);
    write_copy(&w, file, strnlen(file, 100));
    write_str(&w, ":");
    write_number(&w, (unsigned)line);
    write_str(&w, ": ");
    write_copy(&w, text, strnlen(text, writer_left(&w)));
    out[writer_len(&w)] = '\0';
    plat_abort(out);
}
