/* SPDX-License-Identifier: ISC */
/* A virtual machine with one processor, made ready to enter an image. What the host refuses ends the process. */
#ifndef TENDER_HVT_MACHINE_H
#define TENDER_HVT_MACHINE_H

#include "tender/hvt/tables.h"
#include "tender/tender.h"

struct kvm_run;
struct kvm_sregs;
struct kvm_sync_regs;

struct machine {
    struct tender *tender;
    struct tables tables;
    int kvm, vm, cpu;
    struct kvm_run *run; /* what KVM and this process tell each other of the processor */
    uint64_t tsc_hz;
    uint64_t xcr0; /* the wide registers that the image may use */
};

/* Is there a KVM that can do what is needed? Before anything else is opened. */
void machine_open(struct machine *m);
/* The machine and its memory. The calls that belong to one process: after the last fork. */
void machine_create(struct machine *m, struct tender *t);
/* The page tables, with the image's segments in memory, and the processor at its entry point. */
void machine_prepare(struct machine *m);

/* An attempt to run, which ends before the guest does anything, but with what the guest asked for last done and told. False, and
 * errno: it ended otherwise. */
bool machine_run_nothing(struct machine *m);
/* The registers of a processor that does not run, in the page that is shared: valid until it runs. */
struct kvm_sync_regs *machine_registers(struct machine *m);
/* Takes general and system registers from there, changed. */
void machine_set_registers(struct machine *m);
/* Code, stack and task of the level of privilege that a selector has. */
void machine_set_level(struct kvm_sregs *s, uint64_t selector);

#endif
