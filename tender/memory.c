/* SPDX-License-Identifier: ISC */
/* The guest's memory: anonymous mappings, touched only as the guest touches them, with the image's segments put in them.
 * Segments that are neither written nor relocated are pages of the file. */
#include "tender/fail.h"
#include "tender/tender.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <unistd.h>

#define PERSONALITY_ASK 0xffffffff

static int protection(uint32_t flags)
{
    return (flags & ELF_READ ? PROT_READ : 0) | (flags & ELF_WRITE ? PROT_WRITE : 0) |
           (flags & ELF_EXECUTE ? PROT_EXEC : 0);
}

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

/* All parts, or none. */
static bool map_parts(const struct layout *l)
{
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        const struct layout_part *p = &l->parts[i];
        if (p->start == p->end || map_range(p->start + p->by, p->end + p->by))
            continue;
        int problem = errno;
        for (p--; i > 0; p--, i--) {
            if (p->start != p->end)
                (void)munmap(at(p->start + p->by), p->end - p->start);
        }
        errno = problem;
        return false;
    }
    return true;
}

static uint64_t layout_seed(const struct options *o)
{
    uint64_t seed = o->layout_seed;
    if (!o->has_layout_seed && getrandom(&seed, sizeof seed, 0) != sizeof seed)
        fail(FAIL_HOST, "the host has no random bytes: %s", strerror(errno));
    return seed;
}

static void map_moved(struct tender *t)
{
    uint64_t seed = layout_seed(&t->options);
    errno = ENOMEM;
    for (unsigned attempt = 0; attempt < LAYOUT_SPT_ATTEMPTS; attempt++) {
        if (!layout_draw(&t->layout, seed, attempt, LAYOUT_SPT_LOWEST, LAYOUT_SPT_HIGHEST))
            break;
        if (map_parts(&t->layout))
            return;
        if (errno != EEXIST)
            break;
    }
    fail(FAIL_HOST, "the host refused %llu MB of memory at the places drawn for it: %s",
         (unsigned long long)(t->options.memory_bytes >> 20), strerror(errno));
}

static void map_memory(struct tender *t)
{
    if (personality(PERSONALITY_ASK) & READ_IMPLIES_EXEC)
        fail(FAIL_HOST, "the host runs programs with READ_IMPLIES_EXEC, which would make data executable; "
                        "start the tender without `setarch -X`");
    layout_as_linked(&t->layout, &t->plan, t->options.memory_bytes);
    if (t->plan.movable)
        map_moved(t);
    else if (t->options.has_layout_seed)
        fail(FAIL_USAGE,
             "--layout-seed: %s has no table of relocations, so it always lies where it was linked; leave the "
             "option out",
             t->options.image);
    else
        map_as_linked(t->options.memory_bytes);
}

NO_RETURN static void refused(const struct tender *t, const char *what)
{
    fail(FAIL_HOST, "%s: the host refused to %s a segment: %s", t->options.image, what, strerror(errno));
}

/* Pages of the file, when its bytes lie in it as they will lie in memory. What follows the segment's bytes on its last
 * page shows, too: it is of the same file, which the guest may know. */
static bool map_segment(const struct tender *t, const struct elf_segment *s)
{
    uint64_t file_end = (s->address + s->file_len + ELF_PAGE - 1) & ~(ELF_PAGE - 1);
    uint64_t into_page = s->address - s->start;
    if (s->flags & ELF_WRITE || s->relocated || into_page >= ELF_PAGE || (s->file_offset - into_page) % ELF_PAGE ||
        file_end != s->end || into_page > s->file_offset)
        return false;
    void *p = mmap(tender_at(t, s->start), s->end - s->start, protection(s->flags), MAP_PRIVATE | MAP_FIXED,
                   t->image_fd, (off_t)(s->file_offset - into_page));
    if (p == MAP_FAILED)
        refused(t, "map");
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

static void load_segment(const struct tender *t, const struct elf_segment *s)
{
    if (s->flags && map_segment(t, s))
        return;
    if (s->flags &&
        pread(t->image_fd, tender_at(t, s->address), s->file_len, (off_t)s->file_offset) != (ssize_t)s->file_len)
        fail(FAIL_IMAGE, "%s: the file changed while it was read; start it again", t->options.image);
    if (s->relocated)
        relocate_segment(t, s);
    if (s->flags != (ELF_READ | ELF_WRITE) &&
        mprotect(tender_at(t, s->start), s->end - s->start, protection(s->flags)) != 0)
        refused(t, "protect");
}

void tender_load(struct tender *t)
{
    map_memory(t);
    for (size_t i = 0; i < t->plan.n; i++)
        load_segment(t, &t->plan.segments[i]);
    (void)munmap((void *)(uintptr_t)t->file.data, t->file.len);
    t->plan.manifest_content = bytes_of(NULL, 0);
    t->plan.relocations = bytes_of(NULL, 0);
}
