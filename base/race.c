/* SPDX-License-Identifier: ISC */
#include "base/race.h"

struct race race_of(size_t n)
{
    return (struct race){.n = n, .error = ERR_UNREACHABLE};
}

bool race_begins(struct race *r, uint64_t now_ns)
{
    if (r->n_begun == r->n || now_ns < r->next_ns)
        return false;
    r->n_begun++;
    r->next_ns = time_after(now_ns, RACE_NEXT_NS);
    return true;
}

/* An answer says more than silence, and silence more than that nothing could be sent. */
static unsigned weight(enum err e)
{
    return e == ERR_REFUSED ? 4 : e == ERR_TIMEOUT ? 3 : e == ERR_FULL ? 2 : 1;
}

void race_failed(struct race *r, enum err e)
{
    r->n_failed++;
    if (weight(e) > weight(r->error))
        r->error = e;
    r->next_ns = 0; /* no reason to wait any longer (RFC 8305 5) */
}

bool race_lost(const struct race *r)
{
    return r->n_failed == r->n;
}

uint64_t race_turn_ns(const struct race *r)
{
    return r->n_begun < r->n ? r->next_ns : TIME_NEVER;
}
