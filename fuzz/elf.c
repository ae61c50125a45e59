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

static struct elf_plan plan;

/* Each relocated word lies in the file's bytes of one segment, which is not text and will be copied, and is an address of the
 * image: a tender adds to it without a further look. */
static void check_relocations(const uint8_t *data, size_t size)
{
    struct relr r = relr_of(plan.relocations);
    size_t n = 0;
    check(plan.movable || plan.relocations.len == 0);
    check(plan.stacks <= plan.end && plan.stacks % ELF_PAGE == 0);
    for (uint64_t address; relr_next(&r, &address); n++) {
        size_t i = 0;
        while (i < plan.n && address >= plan.segments[i].end)
            i++;
        check(i < plan.n);
        const struct elf_segment *s = &plan.segments[i];
        check(s->relocated && s->flags & ELF_READ && !(s->flags & ELF_EXECUTE));
        check(address >= s->address && s->file_len >= 8 && address - s->address <= s->file_len - 8);
        uint64_t at = s->file_offset + (address - s->address), word;
        check(at <= size - 8);
        memcpy(&word, data + at, 8);
        check(word >= SOLO5_IMAGE_BASE && word <= plan.end);
    }
    check(!r.wrong && n == plan.n_relocations && n <= size / 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct elf_limits limits = {SOLO5_TARGET_SPT, SOLO5_SPT_VERSION, SOLO5_IMAGE_BASE, 16 << 20};
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    check(elf_trim(copy, size) <= size);
    free(copy);
    if (elf_plan(bytes_of(data, size), &limits, &plan))
        return 0;
    uint64_t end = limits.lowest;
    bool entry = false;
    check_relocations(data, size);
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
