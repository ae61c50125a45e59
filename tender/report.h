/* SPDX-License-Identifier: ISC */
/* The report of a crash: what the image did, where, registers and return addresses, on standard error; then exit with 70.
 * The address of what it did, rip and the return addresses are as in the image's file, for `jinn run` to name them;
 * registers are as they were. A last line says where the image's parts were, and the seed that repeats it. */
#ifndef TENDER_REPORT_H
#define TENDER_REPORT_H

#include "tender/tender.h"

/* Installs the handlers, on a signal stack of their own. `t` must stay as it is while the image runs. */
void report_install(const struct tender *t);

#endif
