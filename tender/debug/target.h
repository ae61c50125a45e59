/* SPDX-License-Identifier: ISC */
/* An image that is debugged: what its target must be able to do. An image has one processor. Addresses are the guest's,
 * and nothing outside its memory is reached. */
#ifndef TENDER_DEBUG_TARGET_H
#define TENDER_DEBUG_TARGET_H

#include "wire/fiber_note.h"

#include <jinn/bytes.h>

/* ---- Registers of x86-64 ---- */

enum debug_register {
    DEBUG_RAX,
    DEBUG_RBX,
    DEBUG_RCX,
    DEBUG_RDX,
    DEBUG_RSI,
    DEBUG_RDI,
    DEBUG_RBP,
    DEBUG_RSP,
    DEBUG_R8,
    DEBUG_R9,
    DEBUG_R10,
    DEBUG_R11,
    DEBUG_R12,
    DEBUG_R13,
    DEBUG_R14,
    DEBUG_R15,
    DEBUG_RIP,
    DEBUG_RFLAGS,
    DEBUG_CS,
    DEBUG_SS,
    DEBUG_DS,
    DEBUG_ES,
    DEBUG_FS,
    DEBUG_GS,
    DEBUG_FS_BASE,
    DEBUG_GS_BASE,
    DEBUG_ORIG_RAX, /* Linux's number of the system call that is under way; all ones: none */
    DEBUG_REGISTERS,
};

/* XSAVE's standard layout up to the upper halves of the AVX registers. */
#define DEBUG_FXSAVE_BYTES 512
#define DEBUG_XSAVE_BYTES 832

struct debug_registers {
    uint64_t r[DEBUG_REGISTERS];
    uint32_t known;   /* a bit for each of r; the others are lost, as in a fiber that waits */
    size_t xsave_len; /* 0: unknown, DEBUG_FXSAVE_BYTES: no AVX, or DEBUG_XSAVE_BYTES */
    uint8_t xsave[DEBUG_XSAVE_BYTES];
};

#define DEBUG_ALL_KNOWN ((UINT32_C(1) << DEBUG_REGISTERS) - 1)

/* ---- Stops ---- */

/* As gdb numbers them, which is not everywhere as Linux does. */
enum debug_signal {
    DEBUG_SIGINT = 2,
    DEBUG_SIGQUIT = 3,
    DEBUG_SIGILL = 4,
    DEBUG_SIGTRAP = 5,
    DEBUG_SIGABRT = 6,
    DEBUG_SIGFPE = 8,
    DEBUG_SIGKILL = 9,
    DEBUG_SIGBUS = 10,
    DEBUG_SIGSEGV = 11,
    DEBUG_SIGSYS = 12,
};

enum debug_stop_kind {
    DEBUG_STARTED,     /* before the image's first instruction */
    DEBUG_INT3,        /* it came to an int3 at `address`; rip may be there or behind it */
    DEBUG_TRACED,      /* a single step is done, or a debug register matched: `dr6` says */
    DEBUG_INTERRUPTED, /* by ops->interrupt */
    DEBUG_FAULT,       /* it broke a rule: `signal` */
    DEBUG_ABORTED,     /* it ends with the status of a bug; memory and registers are still there */
    DEBUG_EXITED,      /* it is gone, with `status` */
    DEBUG_KILLED,      /* it is gone, by `signal` */
};

struct debug_stop {
    enum debug_stop_kind kind;
    uint8_t signal; /* enum debug_signal */
    uint8_t status;
    uint64_t address;
    uint64_t dr6;
};

enum debug_resume {
    DEBUG_GO,
    DEBUG_STEP,   /* one instruction */
    DEBUG_GO_DIE, /* goes on with the fault it stopped for: the report is made, the image ends */
};

/* ---- The target ---- */

#define DEBUG_SLOTS 4 /* of debug registers */

/* All but `interrupt`, `resume` and `kill` are called only while the image is stopped, after a stop was told and before the
 * next resume. Every function may find that the image has gone, and then fails. */
struct debug_ops {
    /* Bytes that could be read from `address` on; protections don't matter. */
    size_t (*read_memory)(void *self, uint64_t address, void *out, size_t len);
    /* May be NULL. Where the memory from `address` up to `end` (pages) has been written to at all; what is before reads as zeros. */
    uint64_t (*next_touched)(void *self, uint64_t address, uint64_t end);
    /* Read-only memory is written, too; on spt and hvt that changes this run's copy only. */
    bool (*write_memory)(void *self, uint64_t address, const void *data, size_t len);
    bool (*read_registers)(void *self, struct debug_registers *r);
    /* Ignores unknown ones, and xsave when its length is 0. */
    bool (*write_registers)(void *self, const struct debug_registers *r);
    /* DR0 to DR3 and DR7 as the processor has them; all zero: none. */
    bool (*set_debug_registers)(void *self, const uint64_t address[DEBUG_SLOTS], uint64_t dr7);
    /* Lets it run. How it stops again is told by a later gdb_stopped, never from inside this call. */
    void (*resume)(void *self, enum debug_resume how);
    /* Asks a running image to stop; what comes may be another stop that was on its way. */
    void (*interrupt)(void *self);
    void (*kill)(void *self);
};

struct debug_target {
    const struct debug_ops *ops;
    void *self;
    uint64_t entry; /* address of the first instruction, in this run */
    uint64_t base;  /* of the image's first segment, in this run */
    uint64_t bias;  /* what this run added to the addresses of the image's file; 0: nothing */
    bool has_fibers;
    struct fiber_note fibers; /* from the image's file; its scheduler is without bias */
    const char *debug_file;   /* absolute path of the file with symbols, for gdb; NULL: unknown */
};

#endif
