/* SPDX-License-Identifier: ISC */
/* The words of a crash report: what the image did, its registers, and return addresses, which are as in the image's file,
 * for `jinn run` to name them; then its layout. */
#ifndef TENDER_CRASH_H
#define TENDER_CRASH_H

#include "tender/tender.h"

enum crash_register {
    CRASH_RIP,
    CRASH_RSP,
    CRASH_RBP,
    CRASH_RAX,
    CRASH_RBX,
    CRASH_RCX,
    CRASH_RDX,
    CRASH_RSI,
    CRASH_RDI,
    CRASH_R8,
    CRASH_R9,
    CRASH_R10,
    CRASH_R11,
    CRASH_R12,
    CRASH_R13,
    CRASH_R14,
    CRASH_R15,
    CRASH_REGISTERS,
};

struct crash_registers {
    uint64_t value[CRASH_REGISTERS];
};

#define CRASH_REPORT_BYTES 2048 /* more than one has */

void crash_hex(struct writer *w, uint64_t v);
void crash_decimal(struct writer *w, uint64_t v);
/* What a page fault at `address` means; `error` is the processor's code. */
void crash_page_fault(struct writer *w, const struct tender *t, uint64_t address, uint64_t error);
/* True if the two bytes before `after` are the instruction of a system call. */
bool crash_is_system_call(const struct tender *t, uint64_t after);
/* What a general protection fault at `rip` means. */
void crash_protection(struct writer *w, const struct tender *t, uint64_t rip);
/* Registers and return addresses, with the line's end. */
void crash_where(struct writer *w, const struct tender *t, const struct crash_registers *r);

#endif
