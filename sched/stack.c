/* SPDX-License-Identifier: ISC */
/* The pool of stacks. The platform laid them out before the image ran and they start zeroed; a stack costs memory
 * only as far as it was used. So that it stays like this, nothing is painted: the canary at the low end is the
 * zeroes that lie there, and the high-water mark is the lowest word that is not zero. */
#include "sched/sched.h"

enum { CANARY_WORDS = 8 }; /* one cache line */

static uint8_t *stack_at(size_t i)
{
    return sched.stacks.base + i * sched.stacks.stride;
}

static struct fiber *block_of(uint8_t *stack)
{
    size_t offset = (sched.stacks.size - sizeof(struct fiber)) & ~(size_t)63;
    return (struct fiber *)(void *)(stack + offset);
}

static uint8_t *stack_of(const struct fiber *f)
{
    return stack_at((size_t)((const uint8_t *)f - sched.stacks.base) / sched.stacks.stride);
}

void stacks_init(void)
{
    sched.stacks = plat_stacks();
    must(sched.stacks.n > 0 && sched.stacks.size >= 4096);
    sched.n_stacks_used = 0;
    list_init(&sched.free_stacks);
}

/* The stack that was given back last comes first, so that few of them are ever touched. */
struct fiber *stack_take(void)
{
    struct list *last = list_pop(&sched.free_stacks);
    if (last)
        return CONTAINER_OF(last, struct fiber, queue);
    if (sched.n_stacks_used == sched.stacks.n) {
        sched.counters.n_refused++;
        return NULL;
    }
    return block_of(stack_at(sched.n_stacks_used++));
}

void stack_give(struct fiber *f)
{
    list_prepend(&sched.free_stacks, &f->queue);
}

static uint64_t canary_damage(const uint64_t *words)
{
    uint64_t any = 0;
    for (int i = 0; i < CANARY_WORDS; i++)
        any |= words[i];
    return any;
}

void stack_check(const struct fiber *f)
{
    if (__builtin_expect(canary_damage((const uint64_t *)(const void *)stack_of(f)) == 0, 1))
        return;
    char text[128];
    struct writer w = writer_of(text, sizeof text - 1);
    write_str(&w, "stack overflow in fiber ");
    write_copy(&w, f->name, strnlen(f->name, 60));
    text[writer_len(&w)] = '\0';
    must_fail(__FILE__, __LINE__, text);
}

/* Reads frames of every fiber, which sanitizers would take for a mistake. */
NO_SANITIZE_ADDRESS static uint32_t depth_of(const uint8_t *stack, size_t size)
{
    const uint64_t *words = (const uint64_t *)(const void *)stack;
    size_t n = size / sizeof *words, i = 0;
    while (i < n && words[i] == 0)
        i++;
    return (uint32_t)((n - i) * sizeof *words);
}

uint32_t stacks_most_bytes(void)
{
    uint32_t most = 0;
    for (size_t i = 0; i < sched.n_stacks_used; i++) {
        uint32_t depth = depth_of(stack_at(i), sched.stacks.size);
        most = depth > most ? depth : most;
    }
    return most;
}
