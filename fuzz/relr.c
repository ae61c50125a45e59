/* SPDX-License-Identifier: ISC */
/* A packed table of relocations: addresses ascend, are whole words, and are no more than the table can speak of. */
#include "wire/relr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void read_table(struct bytes table)
{
    struct relr r = relr_of(table);
    uint64_t lowest = 0, n = 0;
    for (uint64_t address; relr_next(&r, &address); n++) {
        check(address % RELR_WORD_BYTES == 0 && address >= lowest && address <= UINT64_MAX - 2 * RELR_WORD_BYTES + 1);
        lowest = address + RELR_WORD_BYTES;
    }
    check(n <= table.len / RELR_WORD_BYTES * 63);
    check(r.wrong || (table.len % RELR_WORD_BYTES == 0 && reader_left(&r.table) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes whole = bytes_of(data, size), table;
    read_table(whole);
    if (relr_note_parse(whole, &table) == OK) {
        check(table.data == data + RELR_NOTE_HEADER_BYTES && table.len <= size - RELR_NOTE_HEADER_BYTES);
        read_table(table);
    }
    return 0;
}
