/* SPDX-License-Identifier: ISC */
/* Entropy, heap and stacks. */
#include "plat/solo5/given.h"

#include "arch/random.h"

#define PAGE UINT64_C(4096)

_Static_assert(PLAT_SEED_BYTES == EXTENSION_SEED_BYTES, "the tender's seed is the platform's");

/* The tender's seed serves once and is then wiped. The processor's generator serves later calls, and all under a stock
 * tender; asking for it costs a trap on a virtual machine, so it is not mixed into what the host's kernel gave. */
enum err plat_entropy(uint8_t seed[static PLAT_SEED_BYTES])
{
    if (!given.extended || given.seed_given)
        return arch_random(seed, PLAT_SEED_BYTES) ? OK : ERR_UNSUPPORTED;
    memcpy(seed, given.extension.refresh.seed, PLAT_SEED_BYTES);
    given.seed_given = true;
    memset(given.extension.refresh.seed, 0, sizeof given.extension.refresh.seed);
    memset((void *)(uintptr_t)(EXTENSION_ADDRESS + EXTENSION_SEED_OFFSET), 0, EXTENSION_SEED_BYTES);
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
    uint64_t end = given.boot.memory_bytes & ~(PAGE - 1);
    if (end <= start)
        plat_abort("there is no memory for a heap: give the image more with --mem=MB");
    return (struct plat_memory){(uint8_t *)(uintptr_t)start, end - start};
}

struct plat_stacks plat_stacks(void)
{
    return (struct plat_stacks){(uint8_t *)(uintptr_t)jinn_layout.stacks, jinn_layout.stack_bytes,
                                jinn_layout.stack_stride, jinn_layout.n_stacks};
}
