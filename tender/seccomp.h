/* SPDX-License-Identifier: ISC */
/* The filter on system calls, written for one image: each call that a guest may make, tied to its descriptors. Pure:
 * from the manifest to a program for the kernel's packet filter; entering it is launch.c's. */
#ifndef TENDER_SECCOMP_H
#define TENDER_SECCOMP_H

#include "wire/solo5.h"

#include <linux/filter.h>

/* The kernel's limit. All devices that a manifest can have fit in, whatever they are. */
#define SECCOMP_PROGRAM_MAX BPF_MAXINSNS

struct seccomp_policy {
    const struct solo5_manifest *manifest; /* attached devices, with their descriptors */
    int epoll_fd;
    int timer_fd;
    int control_fd; /* -1: none */
    int vcpu_fd;    /* -1: the guest is this process; otherwise it runs on this virtual processor, by KVM_RUN alone */
    bool extended;  /* the image is one of ours: what EXTENSION_* offers is allowed */
    bool debugged;  /* on a virtual processor: also what tender/hvt/debug.c calls, on these */
    int debug_fd, interrupt_fd;
    bool pauses; /* it has devices that are called (tender/xdp.h) */
};

struct seccomp_program {
    struct sock_filter code[SECCOMP_PROGRAM_MAX];
    size_t n;
    bool full; /* it did not fit */
};

void seccomp_emit(const struct seccomp_policy *policy, struct seccomp_program *p);

#endif
