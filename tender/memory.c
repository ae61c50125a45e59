/* SPDX-License-Identifier: ISC */
/* An spt guest's memory: anonymous mappings in the tender's own process, touched only as the guest touches them. */
#include "tender/memory.h"

#include "tender/fail.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>

#define PERSONALITY_ASK 0xffffffff

static void *at(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

/* False, and errno, when the host refuses; EEXIST: the place is taken. */
static bool map_range(uint64_t start, uint64_t end)
{
    void *p = mmap(at(start), end - start, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == at(start))
        return true;
    if (p != MAP_FAILED) { /* a kernel that does not know the flag takes the address for a hint */
        (void)munmap(p, end - start);
        errno = EEXIST;
    }
    return false;
}

/* All parts as one, as under a stock tender. */
static void map_as_linked(uint64_t bytes)
{
    if (!map_range(SOLO5_MEMORY_BASE, bytes))
        fail(FAIL_HOST, "the host refused %llu MB of memory at 64 KB: %s; is vm.mmap_min_addr above 65536?",
             (unsigned long long)(bytes >> 20), errno == EEXIST ? "the place is taken" : strerror(errno));
}

/* Nothing is mapped for the guards at both ends of the stacks, which saves two calls of the host: nothing else is there. */
static struct layout_part mapped_part(const struct tender *t, size_t index)
{
    struct layout_part p = t->layout.parts[index];
    for (size_t i = 0; index == LAYOUT_STACKS && i < t->plan.n; i++) {
        const struct elf_segment *s = &t->plan.segments[i];
        if (layout_outer_guard(&t->layout, &t->plan, s) && s->start == p.start)
            p.start = s->end;
        else if (layout_outer_guard(&t->layout, &t->plan, s))
            p.end = s->start;
    }
    return p;
}

/* All parts, or none. */
static bool map_parts(const struct tender *t)
{
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        struct layout_part p = mapped_part(t, i);
        if (p.start == p.end || map_range(p.start + p.by, p.end + p.by))
            continue;
        int problem = errno;
        while (i > 0) {
            p = mapped_part(t, --i);
            if (p.start != p.end)
                (void)munmap(at(p.start + p.by), p.end - p.start);
        }
        errno = problem;
        return false;
    }
    return true;
}

static void map_moved(struct tender *t, uint64_t seed)
{
    errno = ENOMEM;
    for (unsigned attempt = 0; attempt < LAYOUT_SPT_ATTEMPTS; attempt++) {
        if (!layout_draw(&t->layout, seed, attempt, LAYOUT_SPT_LOWEST, LAYOUT_SPT_HIGHEST))
            break;
        if (map_parts(t))
            return;
        if (errno != EEXIST)
            break;
    }
    fail(FAIL_HOST, "the host refused %llu MB of memory at the places drawn for it: %s",
         (unsigned long long)(t->options.memory_bytes >> 20), strerror(errno));
}

void memory_map(struct tender *t)
{
    uint64_t seed;
    if (personality(PERSONALITY_ASK) & READ_IMPLIES_EXEC)
        fail(FAIL_HOST, "the host runs programs with READ_IMPLIES_EXEC, which would make data executable; "
                        "start the tender without `setarch -X`");
    if (tender_begin_layout(t, &seed))
        map_moved(t, seed);
    else
        map_as_linked(t->options.memory_bytes);
}
