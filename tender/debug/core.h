/* SPDX-License-Identifier: ISC */
/* A core file of an image, as Linux writes them for processes: an ELF file with a note for each thread (NT_PRSTATUS; the first
 * is the one that had the processor) and the memory. gdb opens it with the image's file of symbols. */
#ifndef TENDER_DEBUG_CORE_H
#define TENDER_DEBUG_CORE_H

#include "tender/debug/fibers.h"
#include "tender/layout.h"

/* Memory of one kind; guards are left out. */
struct core_area {
    uint64_t start, end;
    uint32_t flags; /* ELF_* */
};

#define CORE_AREAS_MAX (2 * ELF_SEGMENTS_MAX + LAYOUT_PARTS)

/* The image's segments and what lies between them, where they are, by address; says how many. */
size_t core_areas(const struct elf_plan *plan, const struct layout *layout,
                  struct core_area areas[static CORE_AREAS_MAX]);

/* Where it goes. What is never written reads as zeros. */
struct core_sink {
    bool (*write)(void *to, uint64_t offset, const void *data, size_t len);
    void *to;
};

/* The image is stopped. `signal` is Linux's number of why. False when the sink refused something. */
MUST_USE bool core_write(const struct debug_target *target, const struct core_area *areas, size_t n, int signal,
                         const struct core_sink *sink);

#endif
