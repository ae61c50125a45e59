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
#include "test/support/fake_image.h"

#include <stdlib.h>

#define TABLE_BYTES 64

static struct fake_image image;
static struct gdb gdb;

/* What the image does now: a letter says what. */
static void happens(uint8_t what)
{
    struct debug_stop stop = {.kind = what % 6 + DEBUG_INT3, .signal = DEBUG_SIGSEGV, .dr6 = what};
    stop.address = FAKE_TEXT + what;
    if (gdb.state == GDB_STOPPED || gdb.state == GDB_WAITING || gdb.state == GDB_GONE)
        return;
    image.registers.r[DEBUG_RSP] = FAKE_BASE + what * 256u;
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
    struct reader r = reader_of(bytes_of(data, size));
    fake_init(&image);
    if (read_u8(&r) & 1)
        read_copy(&r, image.memory + (FAKE_SCHEDULER - FAKE_START), TABLE_BYTES);
    gdb_init(&gdb, &image.target);
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
    if (gdb.state == GDB_FREE && image.n_killed == 0 && (gdb.n_soft || gdb.n_hard || gdb.turn.thread || image.dr7))
        abort();
    return 0;
}
