/* SPDX-License-Identifier: ISC */
/* The note with which a debugger finds the fibers, in any file. */
#include "wire/fiber_note.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fiber_note n;
    if (fiber_note_find(bytes_of(data, size), &n) == OK && (n.version != FIBER_NOTE_VERSION || n.fiber_bytes == 0))
        abort();
    return 0;
}
