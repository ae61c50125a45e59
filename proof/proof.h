/* SPDX-License-Identifier: ISC */
/* What every proof uses. Only the model checker reads this: functions named nondet_* have no body, and any value is
 * tried for what they give. */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#include <stdlib.h>

size_t nondet_size(void);
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
_Bool nondet_bool(void);
struct ip nondet_ip(void);

#define assume(condition) __CPROVER_assume(condition)
#define prove(condition) __CPROVER_assert(condition, #condition)
/* Some input must lead here with the condition true: CBMC is told that none does, and must refute it. */
#define reached(condition) __CPROVER_assert(!(condition), "reached: " #condition)

/* Any bytes, 0 to `most` of them, at the end of an object: one byte further is a fault. All lengths share one object of
 * a fixed size, with which the solver is quicker by orders of magnitude than with one of any size. */
#define any_bytes(most) any_end(malloc(most), most)

static inline struct bytes any_end(void *object, size_t most)
{
    size_t len = nondet_size();
    assume(object != NULL && len <= most);
    return bytes_of((uint8_t *)object + (most - len), len);
}

/* A reader anywhere in any bytes, perhaps bad already: what any number of steps may have left. */
static inline struct reader any_reader(struct bytes b)
{
    struct reader r = reader_of(b);
    size_t at = nondet_size();
    assume(at <= b.len);
    r.at += at;
    r.bad = nondet_bool();
    return r;
}

static inline bool is_reader_of(const struct reader *r, struct bytes b)
{
    return r->end == b.data + b.len && __CPROVER_same_object(r->at, b.data) && r->at >= b.data && r->at <= r->end;
}

/* Whether a view lies inside what it was parsed from. */
static inline bool is_inside(struct bytes part, struct bytes whole)
{
    if (part.len == 0)
        return true;
    return __CPROVER_same_object(part.data, whole.data) && part.data >= whole.data &&
           (size_t)(part.data - whole.data) + part.len <= whole.len;
}

#endif
