/* SPDX-License-Identifier: ISC */
/* A bucket of tokens as one number: until when what was sent has used up its share of time. `burst` are there at once, then
 * `per_s` a second. */
#ifndef NET_BUCKET_H
#define NET_BUCKET_H

#include <jinn/time.h>

#include <stdbool.h>

/* False: there is no token left just now. */
static inline bool bucket_pay(uint64_t *paid_ns, uint64_t now_ns, unsigned burst, unsigned per_s)
{
    const uint64_t price_ns = NS_PER_S / per_s;
    if (*paid_ns < now_ns)
        *paid_ns = now_ns;
    if (*paid_ns - now_ns > (burst - 1) * price_ns)
        return false;
    *paid_ns += price_ns;
    return true;
}

#endif
