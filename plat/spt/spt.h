/* SPDX-License-Identifier: ISC */
/* What the files of this platform share: what the tender told us, and the calls that a tender's filter allows. */
#ifndef PLAT_SPT_H
#define PLAT_SPT_H

#include <jinn/plat.h>

#include "arch/syscall.h"
#include "wire/extension.h"
#include "wire/solo5.h"

#include <sys/syscall.h>

/* The image's one state of this layer: set at start, then read; a platform may have it. */
struct spt {
    struct solo5_boot_info boot;
    struct solo5_manifest manifest;
    bool extended;            /* our tender: `extension` is there */
    uint64_t extension_block; /* where it came */
    struct extension extension;
    uint64_t features; /* enum extension_feature; 0 under a stock tender */
    bool seed_given;   /* plat_entropy gave the tender's seed away */
    bool stopping;
};
extern struct spt spt;

#define SPT_CALL(n, a, b, c, d) arch_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* Linux's error numbers, negative as the kernel gives them. */
enum { SPT_EINTR = -4, SPT_EAGAIN = -11, SPT_ENOBUFS = -105 };

/* Entered once by arch's _start, on our boot stack, with nothing set up. */
NO_RETURN void spt_start(uint64_t boot_info);

/* Where the stacks are. The tender may put them anywhere, and not where they were linked beside the rest of the image: so
 * nothing but these relocated words (spt_entry.S) may speak of their addresses. */
struct spt_stacks {
    uint64_t boot_end; /* the end of the boot stack */
    uint64_t first;    /* the lowest address of the first fiber stack */
};
extern const struct spt_stacks jinn_stacks;

/* Their sizes, laid down by the linker script. */
struct spt_stack_sizes {
    uint64_t bytes;
    uint64_t stride;
    uint64_t n;
};
extern const struct spt_stack_sizes jinn_stack_sizes;

#endif
