/* SPDX-License-Identifier: ISC */
/* The memory of a guest that is a process: from SOLO5_MEMORY_BASE up to `bytes`, at its own addresses. */
#ifndef TENDER_MEMORY_H
#define TENDER_MEMORY_H

#include <stdint.h>

void memory_map(uint64_t bytes);

#endif
