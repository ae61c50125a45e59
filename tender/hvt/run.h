/* SPDX-License-Identifier: ISC */
#ifndef TENDER_HVT_RUN_H
#define TENDER_HVT_RUN_H

#include "tender/hvt/machine.h"

/* Runs the image until it ends, or is ended with a report. */
NO_RETURN void run(struct machine *m);

#endif
