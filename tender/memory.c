/* SPDX-License-Identifier: ISC */
/* An spt guest's memory: one anonymous mapping in the tender's own process, touched only as the guest touches it. */
#include "tender/memory.h"

#include "tender/fail.h"
#include "wire/solo5.h"

#include <jinn/bytes.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>

#define PERSONALITY_ASK 0xffffffff

void memory_map(uint64_t bytes)
{
    if (personality(PERSONALITY_ASK) & READ_IMPLIES_EXEC)
        fail(FAIL_HOST, "the host runs programs with READ_IMPLIES_EXEC, which would make data executable; "
                        "start the tender without `setarch -X`");
    size_t len = bytes - SOLO5_MEMORY_BASE;
    void *at = (void *)(uintptr_t)SOLO5_MEMORY_BASE;
    void *p =
        mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != at)
        fail(FAIL_HOST, "the host refused %llu MB of memory at 64 KB: %s; is vm.mmap_min_addr above 65536?",
             (unsigned long long)(bytes >> 20), p == MAP_FAILED ? strerror(errno) : "the place is taken");
}
