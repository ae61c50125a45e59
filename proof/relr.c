/* SPDX-License-Identifier: ISC */
/* The packed table of relocations: from any state that reading may have left, the next address is a multiple of 8, above all
 * before it, and not beyond the last; and the state is one of those again. So this holds for tables of any length, but for
 * how many maps of nothing follow one another.
 * Bound: three words that are left of the table.
 * sources: wire/relr.c
 * unwind: 10 */
#include "proof/proof.h"
#include "wire/relr.h"

/* What relocations the map still has lie below `next`, and nothing overflowed on the way. */
static bool good_state(const struct relr *r)
{
    if (r->next % RELR_WORD_BYTES || r->at % RELR_WORD_BYTES)
        return false;
    if (!r->any)
        return r->next == 0 && r->map == 0 && r->at == 0;
    if (!r->map)
        return r->at <= r->next;
    uint64_t highest = 63 - (uint64_t)__builtin_clzll(r->map);
    return r->at <= r->next && (r->next - r->at) / RELR_WORD_BYTES > highest;
}

int main(void)
{
    struct bytes table = any_bytes(24);
    struct relr r = {
        .table = reader_of(table), .at = nondet_u64(), .map = nondet_u64(), .next = nondet_u64(), .any = nondet_bool()};
    uint64_t address;
    assume(good_state(&r));
    struct relr before = r;
    bool found = relr_next(&r, &address);
    prove(is_reader_of(&r.table, table));
    if (found) {
        prove(address % RELR_WORD_BYTES == 0 && address <= UINT64_MAX - RELR_WORD_BYTES);
        prove(address >= (before.map ? before.at : before.next));
        prove(address < r.at && r.at <= r.next && r.next >= before.next);
        prove(good_state(&r) && r.any);
    }
    reached(found && before.map);
    reached(found && !before.map);
    reached(!found && r.wrong);
    reached(!found && !r.wrong);
    return 0;
}
