/* SPDX-License-Identifier: ISC */
/* What a tender gives up before its guest runs, beside the filter on system calls. There is no way to leave it out. */
#ifndef TENDER_CONFINE_H
#define TENDER_CONFINE_H

#include "tender/tender.h"

/* Limits on resources, and no new privileges. */
void confine_limits(void);
/* An image of ours drains when it is told to stop, and goes on when nobody reads its console. */
void confine_signals(const struct tender *t);

#endif
