/* SPDX-License-Identifier: ISC */
/* What the tender knows of the image it starts. One object, filled step by step by main.c and read-only from the moment the
 * image runs: the crash report needs it then. */
#ifndef TENDER_TENDER_H
#define TENDER_TENDER_H

#include "tender/layout.h"
#include "tender/options.h"
#include "wire/elf.h"
#include "wire/extension.h"

/* Descriptors while the image runs. They are the same for the same manifest, so that filters and snapshots agree. */
enum tender_fd {
    TENDER_FD_DEVICE = 3, /* and the index in the manifest */
    TENDER_FD_EPOLL = TENDER_FD_DEVICE + SOLO5_ENTRIES_MAX,
    TENDER_FD_TIMER,
    TENDER_FD_CONTROL,
    TENDER_FD_STOP,
    TENDER_FDS,
    TENDER_FD_STAGE = 128, /* from here on while they are gathered */
};

#define TENDER_SECRETS_MAX 16         /* keys and certificates of one appliance */
#define TENDER_SECRET_BYTES (1 << 16) /* a chain of certificates takes a few thousand */

struct tender {
    struct options options;
    int image_fd;
    struct bytes file; /* the image, mapped */
    struct elf_plan plan;
    struct layout layout;
    struct solo5_manifest manifest;          /* what the guest is given */
    struct solo5_entry *jinn;                /* our private entry, or NULL in an image of Solo5's */
    uint8_t net_features[SOLO5_ENTRIES_MAX]; /* enum net_feature of each device */
    bool held[TENDER_FDS];                   /* descriptors that stay open */
    int staged[TENDER_FDS];                  /* where those are until they are put in place */
};

/* Memory of the guest in this process, by its linked address (tender/layout.h). */
static inline void *tender_at(const struct tender *t, uint64_t linked)
{
    return (void *)(uintptr_t)layout_placed(&t->layout, linked);
}

/* image.c: opens, maps and checks the image. */
void tender_open_image(struct tender *t);
/* memory.c: the guest's memory, with its segments in it, at places of its own if the image can be moved. */
void tender_load(struct tender *t);
/* device.c: opens every device that the manifest asks for. */
void tender_open_devices(struct tender *t);
/* descriptor.c: puts what was opened in its place, closes all else, fills the epoll set. */
void tender_stage(struct tender *t, int place, int fd);
void tender_settle_descriptors(struct tender *t);
/* boot.c: writes boot info and extension block into the guest's memory. Before the descriptors settle: it opens files. */
void tender_write_boot_info(struct tender *t);

#endif
