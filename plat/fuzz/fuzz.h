/* SPDX-License-Identifier: ISC */
/* For fuzz targets that run a whole stack: what its one net device, "net", receives. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <jinn/bytes.h>

/* Frames, each behind its length in two bytes (big end first). BORROWS until they are received. */
void fuzz_feed(struct bytes input);
/* The clock and the entropy as they were at first, so that an input means the same each time. */
void fuzz_begin(void);

#endif
