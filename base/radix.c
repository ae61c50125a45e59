/* SPDX-License-Identifier: ISC */
#include "base/radix.h"

static const char digits32[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV"; /* its first 16 are those of hex */
static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void radix_write(struct writer *w, enum radix radix, struct bytes b)
{
    const char *digits = radix == RADIX_BASE64 ? digits64 : digits32;
    unsigned bits = 0, n_bits = 0, mask = (1u << radix) - 1;
    for (size_t i = 0; i < b.len; i++) {
        bits = bits << 8 | b.data[i];
        for (n_bits += 8; n_bits >= radix; n_bits -= radix)
            write_u8(w, (uint8_t)digits[bits >> (n_bits - radix) & mask]);
    }
    if (n_bits)
        write_u8(w, (uint8_t)digits[bits << (radix - n_bits) & mask]);
    for (size_t i = b.len; radix == RADIX_BASE64 && i % 3; i++)
        write_u8(w, '=');
}

static unsigned value_of(uint8_t c, enum radix radix)
{
    unsigned letter = (c | 0x20u) - 'a';
    if (radix == RADIX_BASE64) {
        if (letter < 26)
            return c & 0x20 ? letter + 26 : letter;
        if (c - (unsigned)'0' < 10)
            return c - (unsigned)'0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : 64;
    }
    if (c - (unsigned)'0' < 10)
        return c - (unsigned)'0';
    return letter < 26 ? letter + 10 : 64;
}

bool radix_read(struct radix_reader *r, struct bytes text, struct writer *w)
{
    for (size_t i = 0; i < text.len; i++) {
        if (r->radix == RADIX_BASE64 && text.data[i] == '=') {
            r->n_pads++;
            continue;
        }
        unsigned v = value_of(text.data[i], r->radix);
        if (v >> r->radix || r->n_pads)
            return false;
        r->bits = r->bits << r->radix | v;
        r->n_bits += r->radix;
        r->n_digits++;
        if (r->n_bits >= 8) {
            r->n_bits -= 8;
            write_u8(w, (uint8_t)(r->bits >> r->n_bits));
            r->bits &= (1u << r->n_bits) - 1;
        }
    }
    return true;
}

bool radix_end(const struct radix_reader *r)
{
    if (r->bits != 0 || r->n_bits >= r->radix)
        return false;
    return r->radix != RADIX_BASE64 || (r->n_pads < 3 && (r->n_digits + r->n_pads) % 4 == 0);
}

bool radix_read_all(enum radix radix, struct bytes text, struct writer *w)
{
    struct radix_reader r = radix_reader(radix);
    return radix_read(&r, text, w) && radix_end(&r) && writer_good(w);
}
