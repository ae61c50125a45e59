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
    memset((void *)(uintptr_t)(given.extension_block + EXTENSION_SEED_OFFSET), 0, EXTENSION_SEED_BYTES);
    return OK;
}

bool plat_seeded(void)
{
    return false;
}

/* Behind the image's last guard up to the top of memory, or wherever else the tender put the rest of memory: boot info says
 * where it begins and ends. The tender's boot stack was in it, and we left that for good. */
static struct plat_memory heap;

void given_divide(void)
{
    uint64_t start = (given.boot.image_end + PAGE - 1) & ~(PAGE - 1);
    uint64_t end = given.boot.memory_bytes & ~(PAGE - 1);
    start += given_keep(start);
    if (end <= start)
        plat_abort("there is no memory for a heap: give the image more with --mem=MB");
    heap = (struct plat_memory){(uint8_t *)(uintptr_t)start, end - start};
}

struct plat_memory plat_heap(void)
{
    return heap;
}

struct plat_stacks plat_stacks(void)
{
    return (struct plat_stacks){(uint8_t *)(uintptr_t)jinn_stacks.first, jinn_stack_sizes.bytes,
                                jinn_stack_sizes.stride, jinn_stack_sizes.n};
}
