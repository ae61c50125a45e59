/* SPDX-License-Identifier: ISC */
/* What a guest may ask for. */
#ifndef TENDER_HVT_CALL_H
#define TENDER_HVT_CALL_H

#include "tender/hvt/machine.h"
#include "wire/hvt.h"

/* Answers the hypercall `number` with the arguments at a guest's address. False: the guest has no such call, or gave an
 * address that it may not use itself. */
MUST_USE bool call_answer(struct machine *m, unsigned number, uint64_t address);
/* The device of the manifest with this index, if it is of this type and attached; otherwise NULL. */
const struct solo5_entry *call_device(const struct machine *m, uint64_t handle, uint32_t type);
/* Waits for devices, and for somebody who wants the image to stop; gives what is ready, by manifest index, and bit 63. */
uint64_t events_wait(uint64_t timeout_ns);
/* False: an address or a number in it is wrong. */
MUST_USE bool exchange_answer(struct machine *m, struct hvt_exchange *x);
/* Works off what is new in Solo5's ring. False as above. */
MUST_USE bool ring_answer(struct machine *m);
void ring_open(struct machine *m);

#endif
