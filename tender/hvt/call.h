/* SPDX-License-Identifier: ISC */
/* What a guest may ask for. */
#ifndef TENDER_HVT_CALL_H
#define TENDER_HVT_CALL_H

#include "tender/hvt/machine.h"

/* Answers the hypercall `number` with the arguments at a guest's address. False: the guest has no such call, or gave an
 * address that it may not use itself. */
MUST_USE bool call_answer(struct machine *m, unsigned number, uint64_t address);
/* Works off what is new in Solo5's ring. False as above. */
MUST_USE bool ring_answer(struct machine *m);
void ring_open(struct machine *m);

#endif
