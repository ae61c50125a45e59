/* SPDX-License-Identifier: ISC */
/* An image for tests of the debugger: memory, registers, a scheduler's table with fibers, and a record of what was asked. */
#ifndef TEST_FAKE_IMAGE_H
#define TEST_FAKE_IMAGE_H

#include "tender/debug/fibers.h"

#include <string.h>

#define FAKE_START UINT64_C(0x10000)
#define FAKE_BYTES 0x10000
#define FAKE_SCHEDULER (FAKE_START + 0x1000)
#define FAKE_NAMES (FAKE_START + 0x1800)
#define FAKE_TEXT (FAKE_START + 0x2000)
#define FAKE_BASE (FAKE_START + 0x5000) /* of stacks: 0x1000 each, above a guard of as much */
#define FAKE_STRIDE 0x2000
#define FAKE_FIBER_BYTES 0x80
#define FAKE_BLOCK (0x1000 - FAKE_FIBER_BYTES)

struct fake_image {
    uint8_t memory[FAKE_BYTES];
    struct debug_registers registers;
    struct debug_target target;
    uint64_t slots[DEBUG_SLOTS], dr7;
    enum debug_resume how; /* the last resume's */
    int n_resumed, n_interrupted, n_killed;
    bool gone; /* nothing works any more */
};

static inline size_t fake_read(void *self, uint64_t address, void *out, size_t len)
{
    struct fake_image *f = self;
    if (f->gone || address < FAKE_START || address >= FAKE_START + FAKE_BYTES)
        return 0;
    uint64_t left = FAKE_START + FAKE_BYTES - address;
    len = len < left ? len : left;
    memcpy(out, f->memory + (address - FAKE_START), len);
    return len;
}

static inline bool fake_write(void *self, uint64_t address, const void *data, size_t len)
{
    struct fake_image *f = self;
    if (f->gone || address < FAKE_START || address > FAKE_START + FAKE_BYTES || len > FAKE_START + FAKE_BYTES - address)
        return false;
    memcpy(f->memory + (address - FAKE_START), data, len);
    return true;
}

static inline bool fake_read_registers(void *self, struct debug_registers *r)
{
    struct fake_image *f = self;
    *r = f->registers;
    return !f->gone;
}

static inline bool fake_write_registers(void *self, const struct debug_registers *r)
{
    struct fake_image *f = self;
    f->registers = *r;
    return !f->gone;
}

static inline bool fake_set_debug_registers(void *self, const uint64_t address[DEBUG_SLOTS], uint64_t dr7)
{
    struct fake_image *f = self;
    memcpy(f->slots, address, sizeof f->slots);
    f->dr7 = dr7;
    return !f->gone;
}

static inline void fake_resume(void *self, enum debug_resume how)
{
    struct fake_image *f = self;
    f->how = how;
    f->n_resumed++;
}

static inline void fake_interrupt(void *self)
{
    ((struct fake_image *)self)->n_interrupted++;
}

static inline void fake_kill(void *self)
{
    ((struct fake_image *)self)->n_killed++;
}

static inline void fake_put64(struct fake_image *f, uint64_t address, uint64_t value)
{
    struct writer w = writer_of(f->memory + (address - FAKE_START), 8);
    write_le64(&w, value);
}

static inline uint64_t fake_block(unsigned i)
{
    return FAKE_BASE + i * FAKE_STRIDE + FAKE_BLOCK;
}

/* A fiber on stack i that waits: its context's registers are 0x100 * (i + 1) and up, it goes on at `rip`. */
static inline void fake_fiber(struct fake_image *f, unsigned i, const char *name, uint32_t state, uint64_t rip)
{
    uint64_t context = fake_block(i) - 0x100, text = FAKE_NAMES + 64 * i;
    for (unsigned k = 0; k < 6; k++)
        fake_put64(f, context + 8 + 8 * k, 0x100 * (i + 1) + k);
    fake_put64(f, context + 56, rip);
    fake_put64(f, fake_block(i), context);
    fake_put64(f, fake_block(i) + 8, text);
    fake_put64(f, fake_block(i) + 16, state);
    memcpy(f->memory + (text - FAKE_START), name, strlen(name) + 1);
}

/* Three fibers, of which "one" on stack 0 has the processor, "two" is parked and the third has ended. */
static inline void fake_init(struct fake_image *f)
{
    static const struct debug_ops ops = {.read_memory = fake_read,
                                         .write_memory = fake_write,
                                         .read_registers = fake_read_registers,
                                         .write_registers = fake_write_registers,
                                         .set_debug_registers = fake_set_debug_registers,
                                         .resume = fake_resume,
                                         .interrupt = fake_interrupt,
                                         .kill = fake_kill};
    memset(f, 0, sizeof *f);
    f->target = (struct debug_target){
        .ops = &ops, .self = f, .entry = FAKE_TEXT, .has_fibers = true, .debug_file = "/image.debug"};
    f->target.fibers = (struct fiber_note){.scheduler = FAKE_SCHEDULER,
                                           .fiber_bytes = FAKE_FIBER_BYTES,
                                           .running = 0,
                                           .idle = 8,
                                           .current = 16,
                                           .stacks_base = 24,
                                           .stacks_size = 32,
                                           .stacks_stride = 40,
                                           .n_used = 48,
                                           .fiber_context = 0,
                                           .fiber_name = 8,
                                           .fiber_state = 16};
    fake_put64(f, FAKE_SCHEDULER, 1);
    fake_put64(f, FAKE_SCHEDULER + 8, FAKE_START + 0x3000);
    fake_put64(f, FAKE_SCHEDULER + 24, FAKE_BASE);
    fake_put64(f, FAKE_SCHEDULER + 32, 0x1000);
    fake_put64(f, FAKE_SCHEDULER + 40, FAKE_STRIDE);
    fake_put64(f, FAKE_SCHEDULER + 48, 3);
    fake_fiber(f, 0, "one", 0, FAKE_TEXT);
    fake_fiber(f, 1, "two", 1, FAKE_TEXT + 0x100);
    fake_fiber(f, 2, "three", FIBER_STATE_ENDED, FAKE_TEXT);
    f->registers.known = DEBUG_ALL_KNOWN;
    f->registers.xsave_len = DEBUG_XSAVE_BYTES;
    f->registers.r[DEBUG_RSP] = FAKE_BASE + 0x800;
    f->registers.r[DEBUG_RIP] = FAKE_TEXT;
}

#endif
