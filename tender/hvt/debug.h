/* SPDX-License-Identifier: ISC */
/* An image that somebody debugs by tender/debug/channel.h. Without --debug each of these does nothing and gives false, and
 * the image is entered and ends as ever. */
#ifndef TENDER_HVT_DEBUG_H
#define TENDER_HVT_DEBUG_H

#include "tender/hvt/machine.h"

#include <linux/kvm.h>

/* Numbers of exceptions. */
enum {
    EXCEPTION_DIVISION = 0,
    EXCEPTION_DEBUG = 1,
    EXCEPTION_INT3 = 3,
    EXCEPTION_ILLEGAL = 6,
    EXCEPTION_SEGMENT = 11,
    EXCEPTION_STACK = 12,
    EXCEPTION_PROTECTION = 13,
    EXCEPTION_PAGE = 14,
    EXCEPTION_X87 = 16,
    EXCEPTION_ALIGNMENT = 17,
    EXCEPTION_SSE = 19,
};

/* What the processor leaves on its exception stack, from the end of it downwards. */
struct exception_frame {
    uint64_t error; /* of some exceptions only */
    uint64_t rip, cs, flags, rsp, ss;
};

struct exception {
    unsigned number;
    struct exception_frame frame;
    struct kvm_regs regs; /* but those of the frame */
    uint64_t address;     /* of a page fault */
    bool system_call;     /* that is what it was for */
};

/* Takes descriptor and signal. Before the descriptors settle. */
void debug_open(struct machine *m);
/* Before the first KVM_RUN. The start is told when the processor comes to the image's first instruction. */
void debug_begin(struct machine *m);

/* The image came to an exception, which is undone first, or broke another rule (`signal`: enum debug_signal). True: it goes
 * on; false: it ends with a report. */
bool debug_exception(struct machine *m, const struct exception *e);
bool debug_fault(struct machine *m, unsigned signal);
/* KVM_EXIT_DEBUG. */
bool debug_exit(struct machine *m);
/* KVM_RUN was interrupted. */
void debug_interrupted(struct machine *m);
/* It ends with the status of a bug, after this. */
void debug_aborted(struct machine *m);

#endif
