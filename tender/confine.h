/* SPDX-License-Identifier: ISC */
/* What a tender gives up before its guest runs, beside the filter on system calls. There is no way to leave it out. */
#ifndef TENDER_CONFINE_H
#define TENDER_CONFINE_H

#include "tender/seccomp.h"
#include "tender/tender.h"

/* Limits on resources, and no new privileges. */
void confine_limits(void);
/* Namespaces without anything in them, and no file by its name any more: where the host allows them, with a line where it
 * does not. Before the limits, and files after no-new-privileges. */
void confine_namespaces(void);
void confine_files(void);
/* An image of ours drains when it is told to stop, and goes on when nobody reads its console. */
void confine_signals(const struct tender *t);
/* Enters the filter on system calls, for processes that stay what they are: what it refuses ends them. */
void confine_calls(const struct seccomp_policy *policy, const char *image);

#endif
