/* SPDX-License-Identifier: ISC */
/* Where debuggers find the fibers, in images whose linker script keeps it (wire/fiber_note.h has the format). */
#include "sched/sched.h"

#include "wire/fiber_note.h"

#define FIELD(type, member) ((uint16_t)offsetof(type, member))

extern const struct fiber_note jinn_fiber_note;

/* The address is that of the linker: who relocates the image knows by how much. */
const struct fiber_note jinn_fiber_note __attribute__((section(".jinn.fibers"), aligned(8), used)) = {
    .name_len = sizeof "Jinn",
    .content_len = FIBER_NOTE_CONTENT_BYTES,
    .type = FIBER_NOTE_TYPE,
    .name = "Jinn",
    .scheduler = (uintptr_t)&sched,
    .version = FIBER_NOTE_VERSION,
    .fiber_bytes = sizeof(struct fiber),
    .running = FIELD(struct scheduler, running),
    .idle = FIELD(struct scheduler, idle.sp),
    .current = FIELD(struct scheduler, current),
    .stacks_base = FIELD(struct scheduler, stacks.base),
    .stacks_size = FIELD(struct scheduler, stacks.size),
    .stacks_stride = FIELD(struct scheduler, stacks.stride),
    .n_used = FIELD(struct scheduler, n_stacks_used),
    .fiber_context = FIELD(struct fiber, context.sp),
    .fiber_name = FIELD(struct fiber, name),
    .fiber_state = FIELD(struct fiber, state),
};
_Static_assert(FIBER_ENDED == FIBER_STATE_ENDED, "debuggers know the states by number");
