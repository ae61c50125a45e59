/* SPDX-License-Identifier: ISC */
/* What the tenders don't have in common and the files that they share must know. Each program defines its own. */
#ifndef TENDER_KIND_H
#define TENDER_KIND_H

#include <stdint.h>

struct tender_kind {
    const char *program; /* "jinn-spt" */
    const char *target;  /* "spt" */
    const char *does;    /* a line for --help */
    uint32_t solo5_target;
    uint32_t solo5_version; /* of that target's ABI */
    uint64_t memory_mb_max;
};
extern const struct tender_kind tender_kind;

#endif
