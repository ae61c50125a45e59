/* SPDX-License-Identifier: ISC */
/* Compilers and linkers as child processes, several at once. */
#ifndef TOOL_JOBS_H
#define TOOL_JOBS_H

#include "tool/text.h"

struct job {
    struct words argv;
    const char *what; /* a file, for progress and errors */
};

/* Runs all in `folder`, as many at once as there are processors. False when one failed; its own messages have been
 * printed by then, and no further one was started. `verb` NULL: nothing is said. */
bool jobs_run(const struct job *jobs, size_t n, const char *folder, const char *verb);

#endif
