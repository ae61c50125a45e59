/* SPDX-License-Identifier: ISC */
#include "wire/relr.h"

#define NAME "Jinn layout"
#define MAP_WORDS 63

struct relr relr_of(struct bytes table)
{
    return (struct relr){.table = reader_of(table)};
}

static bool refuse(struct relr *r, const char *wrong)
{
    r->wrong = wrong;
    r->map = 0;
    return false;
}

/* Maps follow one another, each 63 words further. */
static bool take_map(struct relr *r, uint64_t word)
{
    if (!r->any)
        return refuse(r, "its table of relocations begins with a map of bits");
    if (r->next > UINT64_MAX - MAP_WORDS * RELR_WORD_BYTES)
        return refuse(r, "a relocation lies beyond the last address");
    r->map = word >> 1;
    r->at = r->next;
    r->next += MAP_WORDS * RELR_WORD_BYTES;
    return true;
}

static bool take_address(struct relr *r, uint64_t word)
{
    if (word % RELR_WORD_BYTES)
        return refuse(r, "a relocation's address is not a multiple of 8");
    if (word < r->next)
        return refuse(r, "relocations overlap or are not in ascending order");
    if (word > UINT64_MAX - RELR_WORD_BYTES)
        return refuse(r, "a relocation lies beyond the last address");
    r->map = 1;
    r->at = word;
    r->next = word + RELR_WORD_BYTES;
    r->any = true;
    return true;
}

bool relr_next(struct relr *r, uint64_t *address)
{
    while (!r->map) {
        if (r->wrong || reader_left(&r->table) == 0)
            return false;
        uint64_t word = read_le64(&r->table);
        if (!reader_good(&r->table))
            return refuse(r, "its table of relocations breaks off");
        if (!(word & 1 ? take_map(r, word) : take_address(r, word)))
            return false;
    }
    unsigned skip = (unsigned)__builtin_ctzll(r->map);
    *address = r->at + skip * UINT64_C(8);
    r->at = *address + RELR_WORD_BYTES;
    r->map = r->map >> skip >> 1;
    return true;
}

enum err relr_note_parse(struct bytes segment, struct bytes *table)
{
    struct reader r = reader_of(segment);
    uint32_t name_len = read_le32(&r);
    uint32_t table_len = read_le32(&r);
    uint32_t type = read_le32(&r);
    const uint8_t *name = read_take(&r, sizeof NAME);
    if (!reader_good(&r) || name_len != sizeof NAME || type != RELR_NOTE || memcmp(name, NAME, sizeof NAME) != 0)
        return ERR_NOT_FOUND;
    *table = read_bytes(&r, table_len);
    return reader_good(&r) ? OK : ERR_MALFORMED;
}

void relr_note_emit(struct writer *w, struct bytes table)
{
    write_le32(w, sizeof NAME);
    write_le32(w, (uint32_t)table.len);
    write_le32(w, RELR_NOTE);
    write_copy(w, NAME, sizeof NAME);
    write_bytes(w, table);
}
