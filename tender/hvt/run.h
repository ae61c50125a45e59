/* SPDX-License-Identifier: ISC */
#ifndef TENDER_HVT_RUN_H
#define TENDER_HVT_RUN_H

#include "tender/hvt/machine.h"

/* The machine's first run, of no instruction. Linux (6.14 and later) has a thread for some of what it does for a machine, and
 * makes it now: not for who has namespaces to leave, since that takes a process without threads, and not with a limit of none,
 * which counts for all users but root. */
void run_first(struct machine *m);
/* Runs the image until it ends, or is ended with a report. */
NO_RETURN void run(struct machine *m);

#endif
