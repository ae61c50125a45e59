/* SPDX-License-Identifier: ISC */
/* An spt image under ptrace: the ops of tender/debug/target.h for a process. The tender is traced from its start, with the
 * option --traced, by which it stops before the image's first instruction. From then on the image runs at its full speed, and only
 * signals and its end stop it. */
#ifndef TOOL_TRACE_H
#define TOOL_TRACE_H

#include "tender/debug/target.h"
#include "tender/layout.h"

#include <sys/types.h>

struct trace {
    pid_t pid;
    int memory;                  /* /proc/PID/mem; -1 until the tender runs, and after its end */
    const struct layout *layout; /* of the image; NULL until it has started and somebody has said */
    enum { TRACE_TENDER, TRACE_RUNS, TRACE_STOPPED, TRACE_GONE } phase;
    bool interrupting;     /* a stop was asked for */
    bool faulted;          /* its end was told already */
    enum debug_resume how; /* it was made to run last; DEBUG_GO or DEBUG_STEP */
    int fault;             /* signal that it stopped for, or 0 */
};

/* Begins to trace the child, which has not called exec yet. False with errno when the host does not allow it. */
bool trace_begin(struct trace *t, pid_t pid);
/* A status of waitpid. True: the image stopped or is gone, for the reason in `stop`; false: it runs on. */
bool trace_status(struct trace *t, int status, struct debug_stop *stop);

extern const struct debug_ops trace_ops; /* self: struct trace */

#endif
