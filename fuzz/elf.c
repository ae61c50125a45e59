/* SPDX-License-Identifier: ISC */
/* An image's file, as a tender reads it; what is accepted must be safe to map. */
#include "wire/elf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf_plan plan;
    const struct elf_limits limits = {SOLO5_TARGET_SPT, SOLO5_SPT_VERSION, SOLO5_IMAGE_BASE, 16 << 20};
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    check(elf_trim(copy, size) <= size);
    free(copy);
    if (elf_plan(bytes_of(data, size), &limits, &plan))
        return 0;
    uint64_t end = limits.lowest;
    bool entry = false;
    for (size_t i = 0; i < plan.n; i++) {
        const struct elf_segment *s = &plan.segments[i];
        check(s->start >= end && s->end > s->start && s->start % ELF_PAGE == 0 && s->end % ELF_PAGE == 0);
        check(s->address >= s->start && s->file_len <= s->end - s->address);
        check(s->file_offset <= size && s->file_len <= size - s->file_offset);
        check((s->flags & (ELF_WRITE | ELF_EXECUTE)) != (ELF_WRITE | ELF_EXECUTE));
        entry |= plan.entry >= s->start && plan.entry < s->end && s->flags & ELF_EXECUTE;
        end = s->end;
    }
    check(entry && end <= limits.memory_bytes && end == plan.end);
    return 0;
}
