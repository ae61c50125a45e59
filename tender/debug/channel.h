/* SPDX-License-Identifier: ISC */
/* What `jinn run` and the tender of a virtual machine that is debugged tell each other, on a socket that keeps messages apart
 * (SOCK_SEQPACKET). Both are of one build, on one machine, so messages are structs.
 *
 *   tender: CHANNEL_STARTED, later CHANNEL_STOPPED; from then on it answers
 *   jinn:   a question; tender: the same kind with its answer ...
 *   jinn:   CHANNEL_RESUME, which has no answer; the image runs
 *
 * A running image is interrupted by the signal CHANNEL_SIGNAL to the tender. When jinn's end is closed the tender ends. */
#ifndef TENDER_DEBUG_CHANNEL_H
#define TENDER_DEBUG_CHANNEL_H

#include "tender/debug/target.h"
#include "tender/layout.h"

#include <signal.h>
#include <stddef.h>

#define CHANNEL_SIGNAL SIGUSR1
#define CHANNEL_DATA_MAX 16384

enum channel_kind {
    CHANNEL_STARTED, /* `started`: a stop of the kind DEBUG_STARTED */
    CHANNEL_STOPPED, /* `stop` */
    CHANNEL_READ,    /* `address`, `len`; the answer has that much, or less, in `data` */
    CHANNEL_WRITE,   /* `address` and `len` bytes of `data`; all of them or none */
    CHANNEL_GET,     /* `registers` */
    CHANNEL_SET,     /* `registers` */
    CHANNEL_POINTS,  /* `points`: the debug registers */
    CHANNEL_RESUME,  /* `how` */
};

struct channel_message {
    uint32_t kind; /* enum channel_kind */
    uint32_t len;
    uint64_t address;
    bool good; /* in an answer: it was done */
    union {
        struct {
            struct layout layout;
            uint64_t memory; /* where linked address 0 is in the tender */
        } started;
        struct debug_stop stop;
        struct debug_registers registers;
        struct {
            uint64_t address[DEBUG_SLOTS], dr7;
        } points;
        enum debug_resume how;
    };
    uint8_t data[CHANNEL_DATA_MAX]; /* sent as far as it is used */
};

#define CHANNEL_HEAD_BYTES offsetof(struct channel_message, data)

#endif
