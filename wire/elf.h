/* SPDX-License-Identifier: ISC */
/* An image's ELF file, checked as a whole before anything of it is mapped. The result is a plan: what of the file goes
 * where, with which protection. Accepts what Solo5's tenders accept (little-endian 64-bit ET_EXEC for x86-64, each
 * Solo5 note first in a PT_NOTE of its own) and refuses some more that they let pass. */
#ifndef WIRE_ELF_H
#define WIRE_ELF_H

#include <jinn/bytes.h>

#include "wire/relr.h"
#include "wire/solo5.h"

#define ELF_PAGE UINT64_C(4096)
/* Each fiber stack has a guard, which is a segment; 1024 stacks and what an image has besides. */
#define ELF_SEGMENTS_MAX 1040

enum { ELF_EXECUTE = 1, ELF_WRITE = 2, ELF_READ = 4 };

struct elf_segment {
    uint64_t start; /* first address, page aligned */
    uint64_t end;   /* first address behind it, page aligned */
    uint64_t address;
    uint64_t file_offset; /* the file's bytes go to `address`; the rest of the segment is zero */
    uint64_t file_len;
    uint32_t flags; /* ELF_*; 0 is a guard that faults on every access */
    bool relocated; /* it has relocations, so it must be copied, even if the image does not write to it */
};

struct elf_plan {
    uint64_t entry;
    uint64_t end;         /* of the highest segment */
    uint64_t stacks;      /* from here up to the end there are only guards, and stacks between them; or the end */
    struct solo5_abi abi; /* of the ABI1 note */
    struct bytes manifest_content;  /* borrows from the file */
    struct solo5_manifest manifest; /* what the file's says */
    bool movable;                   /* it brought a table of relocations, if only an empty one */
    struct bytes relocations;       /* the table (wire/relr.h); borrows from the file */
    size_t n_relocations;
    size_t n;
    struct elf_segment segments[ELF_SEGMENTS_MAX]; /* ascending, without overlap */
};

struct elf_limits {
    uint32_t target;       /* SOLO5_TARGET_* */
    uint32_t version;      /* of that target's ABI */
    uint64_t lowest;       /* no segment below this address */
    uint64_t memory_bytes; /* no segment above this address */
};

/* NULL when the file is good, otherwise what is wrong with it: static text that completes "FILE: ". */
MUST_USE const char *elf_plan(struct bytes file, const struct elf_limits *limits, struct elf_plan *plan);

/* Takes the table of sections off the end of a stripped file, in place: no tender reads it, and with many stacks it is
 * long. Gives the new length; the old one when there is nothing to take or the file is not what it should be. */
size_t elf_trim(uint8_t *file, size_t len);

/* A plan's relocations are good: each is of a word that lies whole in the file's bytes of a readable segment that is not
 * executed, and whose value is an address of the image, from its lowest up to `end`. What is added to such a word is up to
 * who moves the image; one above `stacks` is an address of a stack. */

#endif
