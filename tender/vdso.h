/* SPDX-License-Identifier: ISC */
/* The kernel's clock_gettime that needs no system call, for the guest to call. */
#ifndef TENDER_VDSO_H
#define TENDER_VDSO_H

#include <stdint.h>

/* Its address, or 0 when this kernel has none. */
uint64_t vdso_clock(void);

#endif
