/* SPDX-License-Identifier: ISC */
/* The guest's memory: one anonymous mapping, touched only as the guest touches it, with the image's segments put in it.
 * Segments that are not written are pages of the file. */
#include "tender/fail.h"
#include "tender/tender.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
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

static void map_memory(uint64_t bytes)
{
    if (personality(PERSONALITY_ASK) & READ_IMPLIES_EXEC)
        fail(FAIL_HOST, "the host runs programs with READ_IMPLIES_EXEC, which would make data executable; "
                        "start the tender without `setarch -X`");
    size_t len = bytes - SOLO5_MEMORY_BASE;
    void *p = mmap(at(SOLO5_MEMORY_BASE), len, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != at(SOLO5_MEMORY_BASE))
        fail(FAIL_HOST, "the host refused %llu MB of memory at 64 KB: %s; is vm.mmap_min_addr above 65536?",
             (unsigned long long)(bytes >> 20), p == MAP_FAILED ? strerror(errno) : "the place is taken");
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
    if (s->flags & ELF_WRITE || into_page >= ELF_PAGE || (s->file_offset - into_page) % ELF_PAGE ||
        file_end != s->end || into_page > s->file_offset)
        return false;
    void *p = mmap(at(s->start), s->end - s->start, protection(s->flags), MAP_PRIVATE | MAP_FIXED, t->image_fd,
                   (off_t)(s->file_offset - into_page));
    if (p == MAP_FAILED)
        refused(t, "map");
    return true;
}

static void load_segment(const struct tender *t, const struct elf_segment *s)
{
    if (s->flags && map_segment(t, s))
        return;
    if (s->flags && pread(t->image_fd, at(s->address), s->file_len, (off_t)s->file_offset) != (ssize_t)s->file_len)
        fail(FAIL_IMAGE, "%s: the file changed while it was read; start it again", t->options.image);
    if (s->flags != (ELF_READ | ELF_WRITE) && mprotect(at(s->start), s->end - s->start, protection(s->flags)) != 0)
        refused(t, "protect");
}

void tender_load(struct tender *t)
{
    map_memory(t->options.memory_bytes);
    for (size_t i = 0; i < t->plan.n; i++)
        load_segment(t, &t->plan.segments[i]);
    (void)munmap((void *)(uintptr_t)t->file.data, t->file.len);
    t->plan.manifest_content = bytes_of(NULL, 0);
}
