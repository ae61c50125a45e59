/* SPDX-License-Identifier: ISC */
/* Bytes as text in hexadecimal, base 32 and base 64 (RFC 4648 8, 7 and 4): the value is the bits of a digit. Written hex has
 * capital letters, base 32 is the extended hex alphabet without padding, base 64 has its padding. Letters of hex and
 * base 32 are read in both cases. */
#ifndef BASE_RADIX_H
#define BASE_RADIX_H

#include <jinn/bytes.h>

enum radix { RADIX_HEX = 4, RADIX_BASE32HEX = 5, RADIX_BASE64 = 6 };

void radix_write(struct writer *w, enum radix radix, struct bytes b);

/* Text that comes in pieces. */
struct radix_reader {
    enum radix radix;
    unsigned bits;   /* those read and not yet written, the last one lowest */
    unsigned n_bits; /* how many */
    unsigned n_digits, n_pads;
};

static inline struct radix_reader radix_reader(enum radix radix)
{
    return (struct radix_reader){.radix = radix};
}

/* Writes the bytes that the text completes. False: a character that is no digit, or one behind the padding. */
bool radix_read(struct radix_reader *r, struct bytes text, struct writer *w);
/* Whether what came was whole: padded, and no bits left but zeros that no other digit would have done for. */
bool radix_end(const struct radix_reader *r);
/* Text that is there as a whole. False: it is none, or there is no room for its bytes. */
bool radix_read_all(enum radix radix, struct bytes text, struct writer *w);

#endif
