/* SPDX-License-Identifier: ISC */
#include "wire/fiber_note.h"

#include <jinn/attr.h>

enum { PT_NOTE = 4 };
#define SEGMENTS_OFFSET 32 /* in the ELF header: u64 offset of the table of segments */
#define N_SEGMENTS_OFFSET 56
#define SEGMENT_BYTES 56

const char *fiber_state_text(uint32_t state)
{
    static const char *const text[] = {"runnable", "parked", "sleeping", "joining", "ended"};
    return state < ARRAY_LEN(text) ? text[state] : "?";
}

static enum err parse_content(struct reader *r, struct fiber_note *n)
{
    n->scheduler = read_le64(r);
    n->version = read_le32(r);
    n->fiber_bytes = read_le32(r);
    uint16_t *offsets[] = {&n->running,       &n->idle,   &n->current,       &n->stacks_base, &n->stacks_size,
                           &n->stacks_stride, &n->n_used, &n->fiber_context, &n->fiber_name,  &n->fiber_state};
    for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
        *offsets[i] = read_le16(r);
    n->unused = read_le32(r);
    return reader_good(r) && n->version == FIBER_NOTE_VERSION && n->fiber_bytes ? OK : ERR_MALFORMED;
}

static enum err parse_note(struct bytes segment, struct fiber_note *n)
{
    struct reader r = reader_of(segment);
    n->name_len = read_le32(&r);
    n->content_len = read_le32(&r);
    n->type = read_le32(&r);
    read_copy(&r, n->name, sizeof n->name);
    if (!reader_good(&r) || n->name_len != 5 || memcmp(n->name, "Jinn\0\0\0\0\0\0\0", 12) != 0 ||
        n->type != FIBER_NOTE_TYPE)
        return ERR_NOT_FOUND;
    return n->content_len == FIBER_NOTE_CONTENT_BYTES ? parse_content(&r, n) : ERR_MALFORMED;
}

enum err fiber_note_find(struct bytes file, struct fiber_note *note)
{
    struct reader header = reader_of(bytes_slice(file, SEGMENTS_OFFSET, 8));
    struct reader number = reader_of(bytes_slice(file, N_SEGMENTS_OFFSET, 2));
    uint64_t table = read_le64(&header);
    uint16_t n = read_le16(&number);
    if (!reader_good(&number) || table > file.len || (uint64_t)n * SEGMENT_BYTES > file.len - table)
        return ERR_MALFORMED;
    struct reader r = reader_of(bytes_slice(file, table, (size_t)n * SEGMENT_BYTES));
    for (unsigned i = 0; i < n; i++) {
        uint32_t type = read_le32(&r);
        read_skip(&r, 4);
        uint64_t offset = read_le64(&r);
        read_skip(&r, 16);
        uint64_t len = read_le64(&r);
        read_skip(&r, 16);
        if (type != PT_NOTE || offset > file.len || len > file.len - offset)
            continue;
        enum err e = parse_note(bytes_slice(file, offset, len), note);
        if (e != ERR_NOT_FOUND)
            return e;
    }
    return ERR_NOT_FOUND;
}
