/* SPDX-License-Identifier: ISC */
#include "tender/console.h"

static void write_visible(struct writer *w, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    const char text[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
    write_copy(w, text, sizeof text);
}

static void write_held_visible(struct console_filter *f, struct writer *w)
{
    for (unsigned i = 0; i < f->n_held; i++)
        write_visible(w, f->held[i]);
    f->n_held = 0;
}

/* How long a character that begins with c is; 0 when none does (RFC 3629, section 4). */
static unsigned character_len(uint8_t c)
{
    if (c >= 0xc2 && c <= 0xdf)
        return 2;
    if (c >= 0xe0 && c <= 0xef)
        return 3;
    return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

static uint32_t decode(const uint8_t *p, unsigned len)
{
    uint32_t c = p[0] & (0x7f >> len);
    for (unsigned i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

static bool overlong_or_surrogate(uint32_t c, unsigned len)
{
    return (len == 3 && c < 0x800) || (len == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff);
}

/* C1 controls, line separators, and what reorders or hides the text around it. */
static bool drives_terminal(uint32_t c)
{
    return c < 0xa0 || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0x061c || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

static void end_character(struct console_filter *f, struct writer *w)
{
    uint32_t c = decode(f->held, f->n_held);
    if (overlong_or_surrogate(c, f->n_held) || drives_terminal(c)) {
        write_held_visible(f, w);
        return;
    }
    write_copy(w, f->held, f->n_held);
    f->n_held = 0;
}

static void begin(struct console_filter *f, struct writer *w, uint8_t c)
{
    if (c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f))
        write_u8(w, c);
    else if (c == '\r' || character_len(c))
        f->held[f->n_held++] = c;
    else
        write_visible(w, c);
}

static void next(struct console_filter *f, struct writer *w, uint8_t c)
{
    if (f->n_held && f->held[0] != '\r' && (c & 0xc0) == 0x80) {
        f->held[f->n_held++] = c;
        if (f->n_held == character_len(f->held[0]))
            end_character(f, w);
        return;
    }
    if (f->n_held && f->held[0] == '\r' && c == '\n')
        f->n_held = 0;
    write_held_visible(f, w);
    begin(f, w, c);
}

void console_filter(struct console_filter *f, struct bytes in, struct writer *w)
{
    for (size_t i = 0; i < in.len; i++)
        next(f, w, in.data[i]);
}

void console_finish(struct console_filter *f, struct writer *w)
{
    write_held_visible(f, w);
}
