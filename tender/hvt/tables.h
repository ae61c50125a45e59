/* SPDX-License-Identifier: ISC */
/* The guest's address space: what may be read, written and executed where. It is laid out once, before the guest runs, and is the
 * tender's own reference for addresses that a guest hands over.
 *
 *   physical                 for the guest
 *   0x10000 to memory's end  boot info, extension block, the image's segments: each part where the layout says, below 4 GB;
 *                            the heap, when it is moved, above the system's pages and below 512 GB
 *   behind it                from 4 GB on the system's pages, which the guest can't touch:
 *                              the segments' and exceptions' tables, read-only even for the processor
 *                              the processor's exception frames
 *                              Solo5's ring, which alone the guest may use
 *                            page tables, which no address leads to
 *
 * Linked addresses (tender/layout.h) are the physical ones.
 *
 * The page tables are in ordinary memory rather than in a slot that is read-only: processors count their walks as writes
 * (nested page tables of AMD's, accessed and dirty bits of Intel's), and would never come to an end. */
#ifndef TENDER_HVT_TABLES_H
#define TENDER_HVT_TABLES_H

#include "tender/layout.h"

#define TABLES_SYSTEM (UINT64_C(4) << 30) /* a hypercall's arguments lie below: their address has 32 bits */
#define TABLES_LARGE (UINT64_C(2) << 20)  /* what one entry can map */
#define TABLES_DIRECTORIES 512            /* a gigabyte each: as many as one table above them has */
#define TABLES_HEAP_LOWEST (TABLES_SYSTEM + TABLES_LARGE) /* of a heap that is moved */
#define TABLES_END (UINT64_C(512) << 30)

/* Offsets from TABLES_SYSTEM. */
#define TABLES_SEGMENTS 0
#define TABLES_TASK 0x100
#define TABLES_EXCEPTIONS 0x400
#define TABLES_STUBS 0x600
#define TABLES_FRAME_END 0x2000 /* where exception frames end */
#define TABLES_RING 0x2000
#define TABLES_TASK_BYTES (0x68 + 0xa6)
#define TABLES_SEGMENTS_BYTES 56
#define TABLES_EXCEPTIONS_BYTES 512
/* Selectors. */
enum {
    TABLES_CODE_0 = 8,
    TABLES_DATA_0 = 16,
    TABLES_CODE_3 = 24 + 3,
    TABLES_DATA_3 = 32 + 3,
    TABLES_TASK_SELECTOR = 40
};

/* An exception's number and this is the port that its stub writes to. */
#define TABLES_PORT 0x80

struct tables {
    uint8_t *memory; /* of the guest: its physical address 0 */
    uint64_t system; /* where the system's pages begin, as all that follow physical addresses */
    uint64_t next;   /* first page that is not used yet */
    uint64_t end;    /* of all memory */
    uint64_t root;   /* what CR3 is */
    uint64_t *directories[TABLES_DIRECTORIES];
};

/* How much memory there must be for guest and system. */
uint64_t tables_bytes(const struct layout *l);
/* `memory` has that many bytes, all zero. `ring`: the image may use Solo5's. */
void tables_build(struct tables *t, uint8_t *memory, const struct layout *l, const struct elf_plan *plan, bool ring);

enum tables_access { TABLES_READ, TABLES_WRITE };
/* The system's pages in this process. */
uint8_t *tables_system(const struct tables *t);
/* A range of the guest's in this process; NULL if the guest itself could not read, or write, each byte of it. What the
 * guest can't change meanwhile stays so: the answer holds until the image ends. */
uint8_t *tables_reach(const struct tables *t, uint64_t address, uint64_t len, enum tables_access access);

#endif
