/* SPDX-License-Identifier: ISC */
/* A packed table of relocations, as `ld -z pack-relative-relocs` writes it (RELR of the generic ELF ABI), and the note
 * that brings it in an image of ours. A relocation is the address of a word of 8 bytes, to which is added how far the
 * image was moved; what the word has in the file is right for an image that was not.
 *
 *   note     u32 name length = 12, u32 length of the table, u32 type RELR_NOTE, "Jinn layout" with its NUL; the table
 *   table    words of 8 bytes, little-endian
 *            even   the address of a relocation
 *            odd    a map of the 63 words that follow what was spoken of last: bit n is for the n-th of them, from 1 on
 *
 * Pure. The reader is bounded by the table's length, gives addresses in ascending order, each once, and each a multiple
 * of 8; that they lie in the image is for its user to check (wire/elf.h does). */
#ifndef WIRE_RELR_H
#define WIRE_RELR_H

#include <jinn/bytes.h>
#include <jinn/err.h>

#define RELR_NOTE UINT32_C(0x524c4552)
#define RELR_NOTE_HEADER_BYTES 24
#define RELR_WORD_BYTES 8

struct relr {
    struct reader table;
    uint64_t at;       /* where the lowest bit of `map` stands for; the next one's place when there is none */
    uint64_t map;      /* relocations that are still to be given */
    uint64_t next;     /* no further word may speak of an address below this one */
    bool any;          /* there was an address, so a map may follow */
    const char *wrong; /* NULL, or what is wrong with the table, in words: then it gives no more */
};

/* Borrows the table. */
struct relr relr_of(struct bytes table);
/* The next relocation's address. False at the end, and where the table is wrong. */
MUST_USE bool relr_next(struct relr *r, uint64_t *address);

/* Looks at the first note of a PT_NOTE segment. ERR_NOT_FOUND: it is another. ERR_MALFORMED: it breaks off. `table` borrows
 * from `segment`. */
MUST_USE enum err relr_note_parse(struct bytes segment, struct bytes *table);
/* For tests: an image gets its note from the linker script. */
void relr_note_emit(struct writer *w, struct bytes table);

#endif
