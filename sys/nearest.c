/* SPDX-License-Identifier: ISC */
#include "sys/nearest.h"

#define NEAREST_NAME_BYTES 64 /* longer names are nobody's typing mistake */

struct nearest nearest_to(struct bytes typed)
{
    size_t limit = (typed.len + 2) / 3; /* two neighbours in the wrong order are two differences */
    if (limit == 0)
        limit = 1;
    if (limit > 3)
        limit = 3;
    return (struct nearest){typed, limit + 1};
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein's distance, one row of his table at a time. */
static size_t differences(struct bytes a, struct bytes b)
{
    size_t row[NEAREST_NAME_BYTES + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 0; i < a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.len; j++) {
            size_t above = row[j + 1];
            row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a.data[i] != b.data[j]));
            diagonal = above;
        }
    }
    return row[b.len];
}

bool nearest_offer(struct nearest *n, const char *name)
{
    struct bytes b = bytes_str(name);
    if (n->typed.len > NEAREST_NAME_BYTES || b.len > NEAREST_NAME_BYTES)
        return false;
    size_t d = differences(n->typed, b);
    if (d >= n->best)
        return false;
    n->best = d;
    return true;
}
