/* SPDX-License-Identifier: ISC */
/* Entropy, heap and stacks. */
#include "plat/spt/spt.h"

#include "arch/random.h"

#define PAGE UINT64_C(4096)

_Static_assert(PLAT_SEED_BYTES == EXTENSION_SEED_BYTES, "the tender's seed is the platform's");

/* The tender's seed serves once and is then wiped; the processor's generator, where there is one, is mixed in and
 * serves every later call. */
enum err plat_entropy(uint8_t seed[static PLAT_SEED_BYTES])
{
    bool processor = arch_random(seed, PLAT_SEED_BYTES);
    if (!spt.extended || spt.seed_given)
        return processor ? OK : ERR_UNSUPPORTED;
    if (!processor)
        memset(seed, 0, PLAT_SEED_BYTES);
    for (size_t i = 0; i < PLAT_SEED_BYTES; i++)
        seed[i] ^= spt.extension.refresh.seed[i];
    spt.seed_given = true;
    memset(spt.extension.refresh.seed, 0, sizeof spt.extension.refresh.seed);
    struct writer w = writer_of((void *)(uintptr_t)EXTENSION_ADDRESS, EXTENSION_BYTES_MAX);
    (void)write_room(&w, EXTENSION_HEADER_BYTES);
    extension_refresh_emit(&w, &spt.extension.refresh);
    return OK;
}

bool plat_seeded(void)
{
    return false;
}

/* From the image's end to the top of memory. The tender's boot stack was there, and we left it for good. */
struct plat_memory plat_heap(void)
{
    uint64_t start = (jinn_layout.end + PAGE - 1) & ~(PAGE - 1);
    uint64_t end = spt.boot.memory_bytes & ~(PAGE - 1);
    if (end <= start)
        plat_abort("there is no memory for a heap: give the image more with --mem=MB");
    return (struct plat_memory){(uint8_t *)(uintptr_t)start, end - start};
}

struct plat_stacks plat_stacks(void)
{
    return (struct plat_stacks){(uint8_t *)(uintptr_t)jinn_layout.stacks, jinn_layout.stack_bytes,
                                jinn_layout.stack_stride, jinn_layout.n_stacks};
}
