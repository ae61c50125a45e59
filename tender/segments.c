/* SPDX-License-Identifier: ISC */
/* An image's segments in the guest's memory, which is there already, zeroed, readable and writable. Those that are neither
 * written nor relocated are pages of the file. */
#include "tender/fail.h"
#include "tender/tender.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#define HUGE_FROM (UINT64_C(32) << 20)         /* memory of an image that may have huge pages */
#define HUGE_WANTED_FROM (UINT64_C(256) << 20) /* a heap that is to have them */

/* What another processor will execute, this process must be able to read. Who debugs a virtual machine reads and writes all of its
 * memory through this process; then its page tables protect it alone. */
static int protection(const struct tender *t, uint32_t flags, int allowed)
{
    if (t->options.debug_fd >= 0)
        return allowed;
    int execute = allowed & PROT_EXEC ? PROT_EXEC : PROT_READ;
    return (flags & ELF_READ ? PROT_READ : 0) | (flags & ELF_WRITE ? PROT_WRITE : 0) |
           (flags & ELF_EXECUTE ? execute : 0);
}

/* A small image would take 2 MB with the first byte that it touches, were it to get a huge page. Kernels without have no such
 * call, and need none. */
static void refuse_huge_pages(const struct options *o)
{
    if (o->memory_bytes < HUGE_FROM)
        (void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

/* In tables of this size a look at any place costs more for finding its page than for the memory itself, and 2 MB more or
 * less don't count. */
static void want_huge_pages(const struct tender *t)
{
    const struct layout_part *heap = &t->layout.parts[LAYOUT_HEAP];
    if (heap->end - heap->start >= HUGE_WANTED_FROM)
        (void)madvise(tender_at(t, heap->start), heap->end - heap->start, MADV_HUGEPAGE);
}

bool tender_begin_layout(struct tender *t, uint64_t *seed)
{
    const struct options *o = &t->options;
    refuse_huge_pages(o);
    layout_as_linked(&t->layout, &t->plan, o->memory_bytes);
    if (!t->plan.movable && o->has_layout_seed)
        fail(FAIL_USAGE,
             "--layout-seed: %s has no table of relocations, so it always lies where it was linked; leave the "
             "option out",
             o->image);
    *seed = o->layout_seed;
    if (t->plan.movable && !o->has_layout_seed && getrandom(seed, sizeof *seed, 0) != sizeof *seed)
        fail(FAIL_HOST, "the host has no random bytes: %s", strerror(errno));
    return t->plan.movable;
}

NO_RETURN static void refused(const struct tender *t, const char *what)
{
    fail(FAIL_HOST, "%s: the host refused to %s a segment: %s", t->options.image, what, strerror(errno));
}

NO_RETURN static void changed(const struct tender *t)
{
    fail(FAIL_IMAGE, "%s: the file changed while it was read; start it again", t->options.image);
}

/* Of a segment that lies in the file as it will lie in memory: pages of the file, up to the one where its bytes end. That one is a copy,
 * so that what follows in the file isn't there, which text must not be followed by. Before the segment's first byte its page
 * shows the file, which the guest may know. */
static bool map_segment(const struct tender *t, const struct elf_segment *s, int allowed)
{
    uint64_t into_page = s->address - s->start;
    uint64_t bytes_end = s->address + s->file_len, mapped_end = bytes_end & ~(ELF_PAGE - 1);
    if (s->flags & ELF_WRITE || s->relocated || into_page >= ELF_PAGE || (s->file_offset - into_page) % ELF_PAGE ||
        into_page > s->file_offset || mapped_end <= s->start)
        return false;
    void *p = mmap(tender_at(t, s->start), mapped_end - s->start, protection(t, s->flags, allowed),
                   MAP_PRIVATE | MAP_FIXED, t->image_fd, (off_t)(s->file_offset - into_page));
    if (p == MAP_FAILED)
        refused(t, "map");
    if (mapped_end == s->end)
        return true;
    uint64_t left = bytes_end - mapped_end;
    if (pread(t->image_fd, tender_at(t, mapped_end), left, (off_t)(s->file_offset + s->file_len - left)) !=
        (ssize_t)left)
        changed(t);
    if (mprotect(tender_at(t, mapped_end), s->end - mapped_end, protection(t, s->flags, allowed)) != 0)
        refused(t, "protect");
    return true;
}

/* The plan's check went over the same bytes, unless somebody wrote to the file since; then the image breaks, and nothing
 * else, since only words of its own segments are changed here. */
static void relocate_segment(const struct tender *t, const struct elf_segment *s)
{
    struct relr r = relr_of(t->plan.relocations);
    for (uint64_t address; relr_next(&r, &address) && address < s->end;) {
        if (address < s->start)
            continue;
        uint64_t *word = tender_at(t, address);
        *word = layout_word(&t->layout, *word);
    }
}

/* The outer guards of a guest that is a process are not mapped at all (tender/memory.c). */
static void load_segment(const struct tender *t, const struct elf_segment *s, int allowed)
{
    bool unmapped = allowed & PROT_EXEC && layout_outer_guard(&t->layout, &t->plan, s);
    if (unmapped || (s->flags && map_segment(t, s, allowed)))
        return;
    if (s->flags &&
        pread(t->image_fd, tender_at(t, s->address), s->file_len, (off_t)s->file_offset) != (ssize_t)s->file_len)
        changed(t);
    if (s->relocated)
        relocate_segment(t, s);
    if (s->flags != (ELF_READ | ELF_WRITE) &&
        mprotect(tender_at(t, s->start), s->end - s->start, protection(t, s->flags, allowed)) != 0)
        refused(t, "protect");
}

void tender_load(struct tender *t, int protections)
{
    want_huge_pages(t);
    for (size_t i = 0; i < t->plan.n; i++)
        load_segment(t, &t->plan.segments[i], protections);
    (void)munmap((void *)(uintptr_t)t->file.data, t->file.len);
    t->plan.manifest_content = bytes_of(NULL, 0);
    t->plan.relocations = bytes_of(NULL, 0);
}
