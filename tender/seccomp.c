/* SPDX-License-Identifier: ISC */
/* Shape of the program: is it this processor's kind of call; then, call by call in the order of how often they are made,
 *
 *     if number != N goto next        if descriptor != D goto next rule ... return ALLOW
 *     trap
 *   next:
 *
 * Descriptors and lengths that the kernel takes as 32 bits are compared as 32 bits; offsets as 64. What no rule allows
 * traps: the process gets SIGSYS, which report.c turns into a report and an exit. */
#include "tender/seccomp.h"

#include "wire/extension.h"

#include <linux/audit.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#define ARCH_SET_FS 0x1002 /* of arch_prctl */

static void add(struct seccomp_program *p, struct sock_filter instruction)
{
    if (p->n == SECCOMP_PROGRAM_MAX) {
        p->full = true;
        return;
    }
    p->code[p->n++] = instruction;
}

static void load(struct seccomp_program *p, size_t offset)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void load_low(struct seccomp_program *p, unsigned argument)
{
    load(p, offsetof(struct seccomp_data, args) + 8 * argument);
}

static void load_high(struct seccomp_program *p, unsigned argument)
{
    load(p, offsetof(struct seccomp_data, args) + 8 * argument + 4);
}

static void give(struct seccomp_program *p, uint32_t action)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Skips `skip` instructions unless what was loaded compares so with `value`. */
static void unless(struct seccomp_program *p, uint16_t compare, uint32_t value, uint8_t skip)
{
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | compare | BPF_K, value, 0, skip));
}

/* A jump over a part whose length is not known yet: from here, patched by `land`. */
static size_t leap_unless(struct seccomp_program *p, uint32_t value)
{
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
    add(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
    return p->n - 1;
}

static void land(struct seccomp_program *p, size_t leap)
{
    p->code[leap].k = (uint32_t)(p->n - leap - 1);
}

static size_t begin_call(struct seccomp_program *p, long number)
{
    return leap_unless(p, (uint32_t)number);
}

/* The part of each call leaves something else than the number loaded, so it must not fall through. */
static void end_call(struct seccomp_program *p, size_t call)
{
    give(p, SECCOMP_RET_TRAP);
    land(p, call);
}

/* With the first argument loaded. */
static void allow_value(struct seccomp_program *p, int value)
{
    unless(p, BPF_JEQ, (uint32_t)value, 1);
    give(p, SECCOMP_RET_ALLOW);
}

static void allow_devices(struct seccomp_program *p, const struct solo5_manifest *m, uint32_t type)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->entries[i].type == type && m->entries[i].attached)
            allow_value(p, (int)m->entries[i].backing);
    }
}

static void on_devices(struct seccomp_program *p, long number, const struct solo5_manifest *m, uint32_t type)
{
    size_t call = begin_call(p, number);
    load_low(p, 0);
    allow_devices(p, m, type);
    end_call(p, call);
}

/* Where the first argument, a descriptor or a code, has one of two values. */
static void on_values(struct seccomp_program *p, long number, int one, int other)
{
    size_t call = begin_call(p, number);
    load_low(p, 0);
    allow_value(p, one);
    if (other != one)
        allow_value(p, other);
    end_call(p, call);
}

static void add_read(struct seccomp_program *p, const struct seccomp_policy *policy)
{
    size_t call = begin_call(p, SYS_read);
    load_low(p, 0);
    allow_devices(p, policy->manifest, SOLO5_NET);
    if (policy->debugged) {
        allow_value(p, policy->debug_fd);
        allow_value(p, policy->interrupt_fd);
    }
    end_call(p, call);
}

static void add_write(struct seccomp_program *p, const struct seccomp_policy *policy)
{
    size_t call = begin_call(p, SYS_write);
    load_low(p, 0);
    allow_devices(p, policy->manifest, SOLO5_NET);
    allow_value(p, 1);
    allow_value(p, 2); /* where the report of a crash goes */
    if (policy->control_fd >= 0)
        allow_value(p, policy->control_fd);
    if (policy->debugged)
        allow_value(p, policy->debug_fd);
    end_call(p, call);
}

/* Words of the filter's scratch memory, for a block transfer: its length, and where it ends. */
enum { LENGTH, END_LOW, END_HIGH };

static void store(struct seccomp_program *p, uint32_t word)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_ST, word));
}

static void recall(struct seccomp_program *p, uint32_t word)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, word));
}

/* Traps if what was loaded compares so with `value`. */
static void trap_if(struct seccomp_program *p, uint16_t compare, uint32_t value)
{
    unless(p, compare, value, 1);
    give(p, SECCOMP_RET_TRAP);
}

/* Lengths are 0, which no device takes, or a power of two, below 4 GB. */
static void note_length(struct seccomp_program *p)
{
    load_high(p, 2);
    trap_if(p, BPF_JGT, 0);
    load_low(p, 2);
    store(p, LENGTH);
    add(p, (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0));
    add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1));
    add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_X, 0));
    trap_if(p, BPF_JGT, 0);
}

/* Offset and length in 64 bits; a negative offset traps, so that nothing wraps. With the length, below 4 GB, in X. */
static void note_end(struct seccomp_program *p, unsigned offset)
{
    load_high(p, offset);
    trap_if(p, BPF_JGE, UINT32_C(1) << 31);
    load_low(p, offset);
    add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0));
    store(p, END_LOW);
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_X, 0, 3, 0)); /* less than was added: it carries */
    load_high(p, offset);
    add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1));
    add(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1));
    load_high(p, offset);
    store(p, END_HIGH);
}

static void allow_inside(struct seccomp_program *p, const struct solo5_entry *e)
{
    recall(p, END_HIGH);
    trap_if(p, BPF_JGT, (uint32_t)(e->capacity_bytes >> 32));
    unless(p, BPF_JEQ, (uint32_t)(e->capacity_bytes >> 32), 3);
    recall(p, END_LOW);
    trap_if(p, BPF_JGT, (uint32_t)e->capacity_bytes);
    give(p, SECCOMP_RET_ALLOW);
}

/* One block, or up to EXTENSION_RUN_BYTES of them, inside the device: a plain pwrite past the end would grow the file. With
 * the descriptor loaded; leaves it so when it is another one. */
static void add_block_device(struct seccomp_program *p, const struct solo5_entry *e, bool runs)
{
    size_t device = leap_unless(p, (uint32_t)e->backing);
    recall(p, LENGTH);
    trap_if(p, BPF_JGT, runs ? EXTENSION_RUN_BYTES : e->block_bytes);
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, e->block_bytes, 1, 0));
    give(p, SECCOMP_RET_TRAP);
    allow_inside(p, e);
    land(p, device);
}

static void add_block_call(struct seccomp_program *p, const struct seccomp_policy *policy, long number)
{
    size_t call = begin_call(p, number);
    note_length(p);
    note_end(p, 3);
    load_low(p, 0);
    for (size_t i = 0; i < policy->manifest->n; i++) {
        const struct solo5_entry *e = &policy->manifest->entries[i];
        if (e->type == SOLO5_BLOCK && e->attached)
            add_block_device(p, e, policy->extended);
    }
    end_call(p, call);
}

/* Any range inside a device, in the one way that leaves the file as long as it was. */
static void add_discard(struct seccomp_program *p, const struct seccomp_policy *policy)
{
    size_t call = begin_call(p, SYS_fallocate);
    load_low(p, 1);
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EXTENSION_DISCARD_MODE, 1, 0));
    give(p, SECCOMP_RET_TRAP);
    load_high(p, 3);
    trap_if(p, BPF_JGE, UINT32_C(1) << 31);
    load_low(p, 3);
    add(p, (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0));
    note_end(p, 2);
    load_high(p, 3);
    add(p, (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0));
    recall(p, END_HIGH);
    add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0));
    store(p, END_HIGH);
    load_low(p, 0);
    for (size_t i = 0; i < policy->manifest->n; i++) {
        const struct solo5_entry *e = &policy->manifest->entries[i];
        if (e->type != SOLO5_BLOCK || !e->attached)
            continue;
        size_t device = leap_unless(p, (uint32_t)e->backing);
        allow_inside(p, e);
        land(p, device);
    }
    end_call(p, call);
}

/* Nothing else is asked of a virtual processor, unless it is debugged, and nothing of any other descriptor. */
static void add_run(struct seccomp_program *p, const struct seccomp_policy *policy)
{
    static const unsigned long requests[] = {KVM_RUN, KVM_SET_GUEST_DEBUG, KVM_GET_XSAVE, KVM_SET_XSAVE};
    uint8_t n = policy->debugged ? ARRAY_LEN(requests) : 1;
    size_t call = begin_call(p, SYS_ioctl);
    load_low(p, 0);
    unless(p, BPF_JEQ, (uint32_t)policy->vcpu_fd, (uint8_t)(1 + 2 * n));
    load_low(p, 1);
    for (size_t i = 0; i < n; i++)
        allow_value(p, (int)requests[i]);
    end_call(p, call);
}

/* With any arguments. */
static void add_free(struct seccomp_program *p, uint32_t number)
{
    unless(p, BPF_JEQ, number, 1);
    give(p, SECCOMP_RET_ALLOW);
}

static void add_arch(struct seccomp_program *p)
{
    load(p, offsetof(struct seccomp_data, arch));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
    give(p, SECCOMP_RET_KILL_PROCESS);
    load(p, offsetof(struct seccomp_data, nr));
}

void seccomp_emit(const struct seccomp_policy *policy, struct seccomp_program *p)
{
    p->n = 0;
    p->full = false;
    add_arch(p);
    if (policy->vcpu_fd >= 0)
        add_run(p, policy);
    add_read(p, policy);
    add_write(p, policy);
    if (policy->extended)
        on_devices(p, SYS_writev, policy->manifest, SOLO5_NET);
    on_values(p, SYS_epoll_pwait, policy->epoll_fd, policy->epoll_fd);
    on_values(p, SYS_clock_gettime, CLOCK_MONOTONIC, CLOCK_REALTIME);
    on_values(p, SYS_timerfd_settime, policy->timer_fd, policy->timer_fd);
    add_block_call(p, policy, SYS_pread64);
    add_block_call(p, policy, SYS_pwrite64);
    if (policy->extended)
        on_devices(p, SYS_fdatasync, policy->manifest, SOLO5_BLOCK);
    if (policy->extended)
        add_discard(p, policy);
    if (policy->pauses)
        add_free(p, SYS_nanosleep);
    add_free(p, SYS_exit_group);
    if (policy->vcpu_fd < 0)
        on_values(p, SYS_arch_prctl, ARCH_SET_FS, ARCH_SET_FS);
    give(p, SECCOMP_RET_TRAP);
}
