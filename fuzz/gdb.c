/* SPDX-License-Identifier: ISC */
/* A debugger that sends anything, to an image whose table of fibers is anything and that stops when it likes. Afterwards the
 * debugger is gone, and no breakpoint of its may be left. */
#include "tender/debug/fibers.c"
#include "tender/debug/gdb.c"
#include "tender/debug/gdb_command.c"
#include "tender/debug/gdb_points.c"
#include "tender/debug/gdb_query.c"
#include "tender/debug/packet.c"
#include "tender/debug/registers.c"

#include <stdlib.h>

#define START UINT64_C(0x10000)
#define BYTES 0x10000
#define TEXT (START + 0x2000)
#define SCHEDULER (START + 0x1000)
#define STACKS (START + 0x5000)
#define TABLE_BYTES 64

static struct image {
    uint8_t memory[BYTES];
    struct debug_registers registers;
    uint64_t dr7;
    bool killed;
} image;
static struct gdb gdb;

static size_t read_image(void *self, uint64_t address, void *out, size_t len)
{
    if (address < START || address >= START + BYTES)
        return 0;
    len = len < START + BYTES - address ? len : START + BYTES - address;
    memcpy(out, image.memory + (address - START), len);
    return len;
}

static bool write_image(void *self, uint64_t address, const void *data, size_t len)
{
    if (address < START || address >= START + BYTES || len > START + BYTES - address)
        return false;
    memcpy(image.memory + (address - START), data, len);
    return true;
}

static bool read_image_registers(void *self, struct debug_registers *r)
{
    *r = image.registers;
    return true;
}

static bool write_image_registers(void *self, const struct debug_registers *r)
{
    image.registers = *r;
    return true;
}

static bool set_image_slots(void *self, const uint64_t address[DEBUG_SLOTS], uint64_t dr7)
{
    image.dr7 = dr7;
    return true;
}

static void resume_image(void *self, enum debug_resume how)
{
}

static void interrupt_image(void *self)
{
}

static void kill_image(void *self)
{
    image.killed = true;
}

static void put64(uint64_t address, uint64_t value)
{
    struct writer w = writer_of(image.memory + (address - START), 8);
    write_le64(&w, value);
}

/* Three fibers, parked; or whatever the input says of them. */
static void make_image(struct debug_target *t, struct reader *in)
{
    static const struct debug_ops ops = {.read_memory = read_image,
                                         .write_memory = write_image,
                                         .read_registers = read_image_registers,
                                         .write_registers = write_image_registers,
                                         .set_debug_registers = set_image_slots,
                                         .resume = resume_image,
                                         .interrupt = interrupt_image,
                                         .kill = kill_image};
    static const uint64_t table[] = {1, START + 0x3000, 0, STACKS, 0x1000, 0x2000, 3};
    memset(&image, 0, sizeof image);
    image.registers = (struct debug_registers){.known = DEBUG_ALL_KNOWN, .xsave_len = DEBUG_XSAVE_BYTES};
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        put64(SCHEDULER + 8 * i, table[i]);
    for (uint64_t block = STACKS + 0xf80; block < STACKS + 0x6000; block += 0x2000) {
        put64(block, block - 0x100);
        put64(block + 16, 1);
        put64(block - 0x100 + 56, TEXT + (block & 0xf000) / 0x100);
    }
    if (read_u8(in) & 1)
        read_copy(in, image.memory + (SCHEDULER - START), TABLE_BYTES);
    *t = (struct debug_target){.ops = &ops, .has_fibers = true};
    t->fibers = (struct fiber_note){.scheduler = SCHEDULER, .fiber_bytes = 0x80, .idle = 8, .current = 16};
    t->fibers.stacks_base = 24;
    t->fibers.stacks_size = 32;
    t->fibers.stacks_stride = 40;
    t->fibers.n_used = 48;
    t->fibers.fiber_name = 8;
    t->fibers.fiber_state = 16;
}

/* What the image does now: a letter says what. */
static void happens(uint8_t what)
{
    struct debug_stop stop = {.kind = what % 6 + DEBUG_INT3, .signal = DEBUG_SIGSEGV, .dr6 = what};
    stop.address = TEXT + what;
    if (gdb.state == GDB_STOPPED || gdb.state == GDB_WAITING || gdb.state == GDB_GONE)
        return;
    image.registers.r[DEBUG_RSP] = STACKS + what * 256u;
    gdb_stopped(&gdb, &stop);
}

/* Connected, gone, connected again: as it comes. */
static void act(uint8_t what, struct bytes in)
{
    switch (what % 8) {
    case 0:
        gdb_disconnected(&gdb);
        gdb_connected(&gdb);
        break;
    case 1:
    case 2:
        happens(what >> 3);
        break;
    default:
        gdb_input(&gdb, in);
    }
    struct bytes out = gdb_output(&gdb);
    if (out.len > GDB_OUT_BYTES)
        abort();
    gdb_sent(&gdb, what & 64 ? out.len : out.len / 2);
}

/* The payload in a frame, so that sums need not be guessed. */
static void send_framed(uint8_t what, struct bytes payload)
{
    uint8_t framed[PACKET_ROOM(256)];
    struct writer w = writer_of(framed, sizeof framed);
    packet_emit(&w, payload);
    act(what, writer_bytes(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct debug_target target;
    struct reader r = reader_of(bytes_of(data, size));
    make_image(&target, &r);
    gdb_init(&gdb, &target);
    gdb_stopped(&gdb, &(struct debug_stop){.kind = DEBUG_STARTED});
    gdb_connected(&gdb);
    while (reader_left(&r) > 1) {
        uint8_t what = read_u8(&r), len = read_u8(&r);
        struct bytes in = read_bytes(&r, len < reader_left(&r) ? len : reader_left(&r));
        if (what & 128)
            act(what, in);
        else
            send_framed(what, in);
    }
    gdb_disconnected(&gdb);
    if (gdb.state == GDB_LEAVING)
        gdb_stopped(&gdb, &(struct debug_stop){.kind = DEBUG_INTERRUPTED});
    if (gdb.state != GDB_FREE && gdb.state != GDB_GONE)
        abort();
    if (gdb.state == GDB_FREE && !image.killed && (gdb.n_soft || gdb.n_hard || gdb.turn.thread || image.dr7))
        abort();
    return 0;
}
