/* SPDX-License-Identifier: ISC */
#include "libc/pages.h"

#include <string.h>

static bool used(const struct pages *p, size_t i)
{
    return p->bitmap[i / 64] >> (i % 64) & 1;
}

static void mark(struct pages *p, size_t i, size_t n, bool in_use)
{
    for (size_t end = i + n; i < end; i++) {
        uint64_t bit = UINT64_C(1) << (i % 64);
        p->bitmap[i / 64] = in_use ? p->bitmap[i / 64] | bit : p->bitmap[i / 64] & ~bit;
    }
}

static size_t pages_for(size_t len)
{
    return len / PAGES_PAGE + (len % PAGES_PAGE != 0);
}

void pages_init(struct pages *p, uint8_t *base, size_t len)
{
    *p = (struct pages){.base = base, .n = len / PAGES_PAGE, .bitmap = (uint64_t *)(void *)base};
    size_t own = pages_for((p->n + 63) / 64 * 8);
    mark(p, 0, own, true);
    p->first_free = own;
    p->touched = own;
}

/* The number of free pages from i on, at most n. */
static size_t free_run(const struct pages *p, size_t i, size_t n)
{
    size_t run = 0;
    while (run < n && i + run < p->n && !used(p, i + run))
        run++;
    return run;
}

static bool find_run(const struct pages *p, size_t n, size_t *found)
{
    for (size_t i = p->first_free; i < p->n && n <= p->n - i;) {
        if (i % 64 == 0 && p->bitmap[i / 64] == UINT64_MAX) {
            i += 64;
            continue;
        }
        size_t run = free_run(p, i, n);
        if (run == n) {
            *found = i;
            return true;
        }
        i += run + 1;
    }
    return false;
}

/* Pages that were given out before may hold what was in them. */
static void take_at(struct pages *p, size_t i, size_t n)
{
    mark(p, i, n, true);
    size_t end = i + n;
    if (i < p->touched)
        memset(p->base + i * PAGES_PAGE, 0, ((end < p->touched ? end : p->touched) - i) * PAGES_PAGE);
    if (end > p->touched)
        p->touched = end;
    if (i == p->first_free)
        p->first_free = end;
    p->in_use += n;
    if (p->in_use > p->in_use_most)
        p->in_use_most = p->in_use;
}

void *pages_take(struct pages *p, size_t len)
{
    size_t n = pages_for(len);
    size_t i;
    if (n == 0 || !find_run(p, n, &i)) {
        p->refused++;
        return NULL;
    }
    take_at(p, i, n);
    return p->base + i * PAGES_PAGE;
}

static bool range_used(const struct pages *p, const void *start, size_t n, size_t *first)
{
    size_t offset = (size_t)((const uint8_t *)start - p->base);
    *first = offset / PAGES_PAGE;
    if (offset % PAGES_PAGE || *first >= p->n || n > p->n - *first)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!used(p, *first + i))
            return false;
    }
    return true;
}

static void give_at(struct pages *p, size_t i, size_t n)
{
    mark(p, i, n, false);
    p->in_use -= n;
    if (i < p->first_free)
        p->first_free = i;
}

bool pages_give(struct pages *p, void *start, size_t len)
{
    size_t n = pages_for(len);
    size_t i;
    if (!range_used(p, start, n, &i))
        return false;
    give_at(p, i, n);
    return true;
}

static void *move(struct pages *p, void *start, size_t old_len, size_t new_len)
{
    void *to = pages_take(p, new_len);
    if (!to)
        return NULL;
    memcpy(to, start, old_len);
    (void)pages_give(p, start, old_len);
    return to;
}

void *pages_resize(struct pages *p, void *start, size_t old_len, size_t new_len, bool may_move)
{
    size_t old = pages_for(old_len);
    size_t new = pages_for(new_len);
    size_t i;
    if (new == 0 || !range_used(p, start, old, &i))
        return NULL;
    if (new <= old) {
        give_at(p, i + new, old - new);
        return start;
    }
    if (free_run(p, i + old, new - old) == new - old) {
        take_at(p, i + old, new - old);
        return start;
    }
    return may_move ? move(p, start, old_len, new_len) : NULL;
}
