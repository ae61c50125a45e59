/* SPDX-License-Identifier: ISC */
/* Time is a count of nanoseconds in 64 bits. Deadlines are absolute, on the clock of plat_clock_ns. */
#ifndef JINN_TIME_H
#define JINN_TIME_H

#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* The deadline that never comes. */
#define TIME_NEVER UINT64_MAX

/* `now` plus a span, without wrapping past TIME_NEVER. */
static inline uint64_t time_after(uint64_t now_ns, uint64_t span_ns)
{
    uint64_t at_ns;
    return __builtin_add_overflow(now_ns, span_ns, &at_ns) ? TIME_NEVER : at_ns;
}

static inline uint64_t time_min(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

#endif
