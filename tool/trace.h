/* SPDX-License-Identifier: ISC */
/* An image that is debugged, the ops of tender/debug/target.h for it included:
 *
 *   trace_process  spt: a process under ptrace. Its tender is traced from its start, with the option --traced, by which it stops
 *                  before the image's first instruction. From then on only signals and its end stop it
 *   trace_machine  hvt: a virtual machine, whose tender is asked for everything (tender/debug/channel.h); nothing is traced */
#ifndef TOOL_TRACE_H
#define TOOL_TRACE_H

#include "tender/debug/channel.h"
#include "tender/debug/target.h"
#include "tender/layout.h"

#include <sys/types.h>

struct trace {
    const struct trace_way *way;
    pid_t pid;
    bool laid_out; /* where the image lies is known: in `layout` */
    struct layout layout;
    enum { TRACE_TENDER, TRACE_RUNS, TRACE_STOPPED, TRACE_GONE } phase;
    bool interrupting;     /* a stop was asked for */
    enum debug_resume how; /* it was made to run last; DEBUG_GO or DEBUG_STEP */

    /* A process's. */
    int memory;   /* /proc/PID/mem; -1 until the tender runs, and after its end */
    bool faulted; /* its end was told already */
    int fault;    /* signal that it stopped for, or 0 */

    /* A virtual machine's. */
    int channel, theirs;            /* the socket's ends */
    uint64_t at;                    /* where linked address 0 is in the tender */
    struct channel_message message; /* the last */
};

struct trace_way {
    const struct debug_ops *ops; /* self: struct trace */
    /* The child has not called exec yet. False with errno when the host does not allow it. */
    bool (*begin)(struct trace *t, pid_t pid);
    /* A status of waitpid. True: the image stopped or is gone, for the reason in `stop`; false: it runs on. */
    bool (*status)(struct trace *t, int status, struct debug_stop *stop);
    /* The same for what comes by t->channel. */
    bool (*heard)(struct trace *t, struct debug_stop *stop);
};

extern const struct trace_way trace_process, trace_machine;

void trace_init(struct trace *t, const struct trace_way *way);
/* By signals as gdb numbers them. */
uint8_t trace_signal(int number_of_linux);
/* The end of a process. */
struct debug_stop trace_end(struct trace *t, int status);
/* Where a process's memory from `address` on was touched (pages). What can't be known counts as touched. */
uint64_t trace_touched(pid_t pid, uint64_t address, uint64_t end);

#endif
