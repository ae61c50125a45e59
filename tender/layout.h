/* SPDX-License-Identifier: ISC */
/* Where an image lies. Its file says where it was linked; one with a table of relocations is moved, in four parts that don't
 * know of each other's places:
 *
 *   info    0x10000    boot info, arguments and the extension block: what the tender writes
 *   image   0x100000   text, constants, data; its stacks begin where the first of the guards does that end the file
 *   stacks  ...        guard, boot stack, guard, stack ... guard
 *   heap    ...        the rest of the guest's memory
 *
 * "Linked" addresses are as in the file, and as all of it is under a stock tender or when the image can't be moved; they
 * go from 0x10000 to the size of the memory without a gap, so a tender may use them for offsets, too. "Placed" are those
 * that the running guest uses. Both tenders share this; pure. */
#ifndef TENDER_LAYOUT_H
#define TENDER_LAYOUT_H

#include "wire/elf.h"

/* On spt: above what a pointer of 32 bits reaches, below where Linux puts programs, libraries and stacks. Should something be
 * there all the same, another place is drawn. */
#define LAYOUT_SPT_LOWEST (UINT64_C(1) << 32)
#define LAYOUT_SPT_HIGHEST UINT64_C(0x550000000000)
#define LAYOUT_SPT_ATTEMPTS 16

enum { LAYOUT_INFO, LAYOUT_IMAGE, LAYOUT_STACKS, LAYOUT_HEAP, LAYOUT_PARTS };

struct layout_part {
    uint64_t start, end; /* linked; whole pages; may be empty */
    uint64_t by;         /* what is added to a linked address of it, modulo 2^64 */
    uint64_t granule; /* whose multiple that must be, a power of two: a page, or what the tender says before it draws */
    uint64_t lowest, highest; /* as layout_draw's, of its own; 0, or what the tender says before it draws */
};

struct layout {
    bool moved;
    uint64_t seed; /* that it was drawn from */
    struct layout_part parts[LAYOUT_PARTS];
};

/* Nothing is moved. The plan is good and fits into the memory. */
void layout_as_linked(struct layout *l, const struct elf_plan *plan, uint64_t memory_bytes);

/* Gives each part a place of its own that begins on any page from `lowest` on and ends at `highest` at most (both whole
 * pages), or within bounds of its own, a page or more from the other parts. The same seed, attempt, bounds and sizes give
 * the same places; where one of them is taken the tender tries the next attempt. False when there is no room. */
MUST_USE bool layout_draw(struct layout *l, uint64_t seed, unsigned attempt, uint64_t lowest, uint64_t highest);

/* The place of a linked address, which lies in a part or is the end of the last. */
uint64_t layout_placed(const struct layout *l, uint64_t linked);
/* What a relocated word must become: its value is an address of the image or its stacks, or one of their ends. */
uint64_t layout_word(const struct layout *l, uint64_t linked);
/* Whether a segment is one of the guards at both ends of stacks that were moved. No other part lies within a page of those. */
bool layout_outer_guard(const struct layout *l, const struct elf_plan *plan, const struct elf_segment *s);
/* The linked address of one in the running guest. False, and the address itself, when it is in none of the parts. */
bool layout_linked(const struct layout *l, uint64_t placed, uint64_t *linked);
/* How many of the `len` bytes from there on are the guest's without a gap. */
size_t layout_span(const struct layout *l, uint64_t placed, size_t len);

#endif
