/* SPDX-License-Identifier: ISC */
/* gdb's remote serial protocol for an image, without I/O: bytes of the connection go in and come out, the image is reached
 * through the target's ops, and its stops are told by gdb_stopped. Fibers are threads.
 *
 *   waiting    stopped, nobody there: only before the first instruction
 *   attaching  somebody came while it runs: asked to stop, input is left where it is until it has
 *   stopped    commands are answered
 *   running    an interrupt is all that is listened to
 *   leaving    the connection was lost while it runs: asked to stop, so that breakpoints can be taken out
 *   free       runs, nobody there
 *   gone
 *
 * What is supported: memory, registers with AVX, software breakpoints, hardware breakpoints and watchpoints, steps (a step of
 * a fiber that leaves the processor ends when it has it again), interrupt, detach, kill, auxv, descriptions of registers
 * and threads. Without a debugger the image never stays stopped but at its start. */
#ifndef TENDER_DEBUG_GDB_H
#define TENDER_DEBUG_GDB_H

#include "tender/debug/fibers.h"
#include "tender/debug/packet.h"
#include "tender/debug/registers.h"

#define GDB_SOFT_MAX 64 /* software breakpoints; gdb removes them at each stop and has few */
#define GDB_HARD_MAX 4  /* hardware ones and watchpoints, which share four debug registers */
#define GDB_OUT_BYTES (3 * PACKET_ROOM(PACKET_MAX))

enum gdb_state { GDB_WAITING, GDB_ATTACHING, GDB_STOPPED, GDB_RUNNING, GDB_LEAVING, GDB_FREE, GDB_GONE };

struct gdb {
    struct debug_target *target;
    enum gdb_state state;
    bool acks; /* until the debugger does without */
    struct packet_parser in;
    struct debug_stop stop; /* the last */
    uint64_t stopped_at;    /* rip then */
    struct fibers fibers;   /* as of the last stop */
    uint32_t selected;      /* thread of g, G, p, P */
    uint32_t listed;        /* by qsThreadInfo, so far */
    uint32_t stepped;       /* thread that single-steps, or 0 */
    struct {
        uint32_t thread;  /* whose turn to run is waited for, or 0 */
        uint64_t address; /* where it will go on; an int3 of ours lies there */
        uint8_t saved;
        bool over; /* somebody else came by and is stepped over it */
    } turn;
    struct {
        uint64_t address;
        uint8_t saved;
    } soft[GDB_SOFT_MAX];
    size_t n_soft;
    struct point hard[GDB_HARD_MAX];
    size_t n_hard;
    uint8_t out[GDB_OUT_BYTES];
    size_t out_from, out_to;
    uint8_t body[PACKET_MAX]; /* of the reply that is being made */
};

/* The image runs, or is about to tell DEBUG_STARTED. BORROWS the target for as long as `g` is used. */
void gdb_init(struct gdb *g, struct debug_target *target);

void gdb_connected(struct gdb *g);
/* Also after a detach. Takes out breakpoints; the image goes on. */
void gdb_disconnected(struct gdb *g);
/* False: leave what came in the connection for now. */
bool gdb_listens(const struct gdb *g);
void gdb_input(struct gdb *g, struct bytes in);
/* What is to be sent; gdb_sent says how much of it was. */
struct bytes gdb_output(const struct gdb *g);
void gdb_sent(struct gdb *g, size_t len);

/* The image has stopped or is gone. May resume it. */
void gdb_stopped(struct gdb *g, const struct debug_stop *stop);

#endif
