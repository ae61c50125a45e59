/* SPDX-License-Identifier: ISC */
#include "tender/layout.h"

#include "base/spread.h"

#define TRIES 256 /* for one part: more than enough unless it hardly fits */

void layout_as_linked(struct layout *l, const struct elf_plan *plan, uint64_t memory_bytes)
{
    const uint64_t borders[] = {SOLO5_MEMORY_BASE, SOLO5_IMAGE_BASE, plan->stacks, plan->end, memory_bytes};
    l->moved = false;
    l->seed = 0;
    for (size_t i = 0; i < LAYOUT_PARTS; i++)
        l->parts[i] = (struct layout_part){borders[i], borders[i + 1], 0, ELF_PAGE, 0, 0};
}

/* With a page between them, so that running over the end of one never reaches another. */
static bool apart(const struct layout_part *a, const struct layout_part *b)
{
    return a->end + a->by + ELF_PAGE <= b->start + b->by || b->end + b->by + ELF_PAGE <= a->start + a->by;
}

static bool draw_part(struct layout *l, size_t index, uint64_t placed, uint64_t *state, uint64_t lowest,
                      uint64_t highest)
{
    struct layout_part *p = &l->parts[index];
    uint64_t len = p->end - p->start;
    lowest = p->highest ? p->lowest : lowest;
    highest = p->highest ? p->highest : highest;
    if (len > highest - lowest)
        return false;
    for (int tries = 0; tries < TRIES; tries++) {
        bool good = true;
        uint64_t start = lowest + spread_below(state, (highest - lowest - len) / ELF_PAGE + 1) * ELF_PAGE;
        p->by = (start - p->start) & ~(p->granule - 1);
        good = p->start + p->by >= lowest && p->start + p->by <= highest - len;
        for (size_t i = 0; i < LAYOUT_PARTS; i++)
            good &= !(placed >> i & 1) || apart(p, &l->parts[i]);
        if (good)
            return true;
    }
    return false;
}

/* The heap, mostly by far the largest, first. */
bool layout_draw(struct layout *l, uint64_t seed, unsigned attempt, uint64_t lowest, uint64_t highest)
{
    static const size_t order[LAYOUT_PARTS] = {LAYOUT_HEAP, LAYOUT_IMAGE, LAYOUT_STACKS, LAYOUT_INFO};
    uint64_t state = seed, placed = 0;
    for (unsigned i = 0; i < attempt; i++)
        state = spread_next(&state);
    l->moved = true;
    l->seed = seed;
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        if (!draw_part(l, order[i], placed, &state, lowest, highest))
            return false;
        placed |= UINT64_C(1) << order[i];
    }
    return true;
}

uint64_t layout_placed(const struct layout *l, uint64_t linked)
{
    size_t i = 0;
    while (i < LAYOUT_PARTS - 1 && linked >= l->parts[i].end)
        i++;
    return linked + l->parts[i].by;
}

/* The end of the image's own part is one of its addresses (of what would follow its data); where the stacks begin there is
 * a guard, which no word speaks of. */
uint64_t layout_word(const struct layout *l, uint64_t linked)
{
    return linked + l->parts[linked <= l->parts[LAYOUT_IMAGE].end ? LAYOUT_IMAGE : LAYOUT_STACKS].by;
}

bool layout_outer_guard(const struct layout *l, const struct elf_plan *plan, const struct elf_segment *s)
{
    return l->moved && !s->flags && (s->start == plan->stacks || s->end == plan->end);
}

bool layout_linked(const struct layout *l, uint64_t placed, uint64_t *linked)
{
    *linked = placed;
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        const struct layout_part *p = &l->parts[i];
        if (placed - p->by >= p->start && placed - p->by < p->end) {
            *linked = placed - p->by;
            return true;
        }
    }
    return false;
}

/* Parts that were not moved follow one another. */
size_t layout_span(const struct layout *l, uint64_t placed, size_t len)
{
    size_t span = 0;
    for (bool more = true; more && span < len;) {
        more = false;
        for (size_t i = 0; i < LAYOUT_PARTS && !more; i++) {
            const struct layout_part *p = &l->parts[i];
            uint64_t at = placed + span - p->by;
            if (at < p->start || at >= p->end)
                continue;
            span += p->end - at < len - span ? p->end - at : len - span;
            more = true;
        }
    }
    return span;
}
