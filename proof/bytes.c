/* SPDX-License-Identifier: ISC */
/* What is done with views (base/bytes.c and <jinn/bytes.h>): any two views, any positions and lengths, without a fault; what comes
 * out lies inside what went in.
 * Bound: 10 bytes each.
 * sources: base/bytes.c
 * unwind: 12 */
#include "proof/proof.h"

/* The model checker knows none. */
void *memchr(const void *data, int c, size_t len)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        if (p[i] == (uint8_t)c)
            return (void *)(uintptr_t)(p + i);
    }
    return NULL;
}

int main(void)
{
    struct bytes a = any_bytes(10), b = any_bytes(10);
    uint64_t value;
    struct bytes part = bytes_slice(a, nondet_size(), nondet_size());
    prove(is_inside(part, a));
    prove(is_inside(bytes_trim(a), a));
    prove(bytes_find(a, nondet_u8()) <= a.len);
    bool same = bytes_equal(a, b);
    prove(!same || bytes_equal_nocase(a, b));
    bool starts = bytes_starts(a, b), ends = bytes_ends(a, b);
    prove(!(starts || ends) || b.len <= a.len);
    uint64_t most = nondet_u64();
    bool number = bytes_decimal(a, most, &value);
    prove(!number || value <= most);
    reached(same && a.len == 10);
    reached(number && value == 1234567890);
    reached(part.len == 10);
    return 0;
}
