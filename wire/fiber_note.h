/* SPDX-License-Identifier: ISC */
/* An image's ELF note for debuggers: where its scheduler's table of fibers lies, so that they need no symbols to find it.
 * The image never reads it. Facts of x86-64, little-endian:
 *
 *   note     u32 name length = 5, u32 content length, u32 type, "Jinn" padded to 12; then the content
 *   content  u64 address of the scheduler, u32 version = 1, u32 bytes of a fiber's block
 *            u16 offsets in the scheduler: running, idle context, current fiber, stacks' base, their size, their stride, number
 *                of those ever used
 *            u16 offsets in a fiber's block: saved context, name, state
 *            u32 0
 *
 * A fiber's block lies in its stack, at (size of a stack - bytes of a block) rounded down to 64. A context is the stack
 * pointer at which the rest was saved (arch/CPU/switch.S). States are those of sched/sched.h. */
#ifndef WIRE_FIBER_NOTE_H
#define WIRE_FIBER_NOTE_H

#include <jinn/bytes.h>
#include <jinn/err.h>

#define FIBER_NOTE_TYPE UINT32_C(0x31424946) /* "FIB1" */
#define FIBER_NOTE_VERSION 1
#define FIBER_BLOCK_ALIGN 64

#define FIBER_NOTE_BYTES 64
#define FIBER_NOTE_CONTENT_BYTES 40

/* The note as it lies in the image; sched/note.c fills one. */
struct fiber_note {
    uint32_t name_len, content_len, type;
    char name[12];
    uint64_t scheduler; /* aligned, so that a relocation of it is an ordinary one */
    uint32_t version;
    uint32_t fiber_bytes;
    uint16_t running, idle, current, stacks_base, stacks_size, stacks_stride, n_used;
    uint16_t fiber_context, fiber_name, fiber_state;
    uint32_t unused;
};
_Static_assert(sizeof(struct fiber_note) == FIBER_NOTE_BYTES, "the format has no padding");

/* States of a fiber, by number, for people; "?" for others. */
#define FIBER_STATE_ENDED 4
const char *fiber_state_text(uint32_t state);

/* Finds the note in the segments of an image's file and parses it. ERR_NOT_FOUND: there is none (images that others built).
 * ERR_MALFORMED. */
MUST_USE enum err fiber_note_find(struct bytes file, struct fiber_note *note);

#endif
