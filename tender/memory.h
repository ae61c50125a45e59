/* SPDX-License-Identifier: ISC */
/* The memory of a guest that is a process, at its own addresses. */
#ifndef TENDER_MEMORY_H
#define TENDER_MEMORY_H

#include "tender/tender.h"

void memory_map(struct tender *t);

#endif
