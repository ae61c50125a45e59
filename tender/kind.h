/* SPDX-License-Identifier: ISC */
/* What the tenders don't have in common and the files that they share must know. Each program defines its own. */
#ifndef TENDER_KIND_H
#define TENDER_KIND_H

#include <stdint.h>

struct tender;
struct solo5_entry;
struct net_device;

struct tender_kind {
    const char *program; /* "jinn-spt" */
    const char *target;  /* "spt" */
    const char *does;    /* a line for --help */
    uint32_t solo5_target;
    uint32_t solo5_version; /* of that target's ABI */
    uint64_t memory_mb_max;
    /* Attaches a link as one that the guest calls functions for (tender/xdp.h); NULL: there is no such thing. */
    void (*open_xdp)(struct tender *t, const struct solo5_entry *e, const char *interface, struct net_device *d);
};
extern const struct tender_kind tender_kind;

#endif
