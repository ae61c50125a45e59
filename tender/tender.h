/* SPDX-License-Identifier: ISC */
/* What the tender knows of the image it starts. One object, filled step by step by main.c and read-only from the moment the
 * image runs: the crash report needs it then. */
#ifndef TENDER_TENDER_H
#define TENDER_TENDER_H

#include "tender/layout.h"
#include "tender/options.h"
#include "wire/elf.h"
#include "wire/extension.h"

#define XDP_LINKS_MAX 4 /* each has 4 MB of locked memory */

/* What stays open: it leads frames from the link to its socket; can be read when the link is removed; lets all groups through. */
enum tender_xdp_fd { TENDER_XDP_LEAD, TENDER_XDP_END, TENDER_XDP_WIDE, TENDER_XDP_FDS };

/* Descriptors while the image runs. They are the same for the same manifest, so that filters and snapshots agree. */
enum tender_fd {
    TENDER_FD_DEVICE = 3, /* and the index in the manifest */
    TENDER_FD_EPOLL = TENDER_FD_DEVICE + SOLO5_ENTRIES_MAX,
    TENDER_FD_TIMER,
    TENDER_FD_CONTROL,
    TENDER_FD_STOP,
    TENDER_FD_CPU,   /* of hvt */
    TENDER_FD_DEBUG, /* of hvt, where it is debugged: the socket, and the signal that interrupts */
    TENDER_FD_INTERRUPT,
    TENDER_FD_XDP, /* of spt, enum tender_xdp_fd for each link */
    TENDER_FDS = TENDER_FD_XDP + TENDER_XDP_FDS * XDP_LINKS_MAX,
    TENDER_FD_STAGE = 128, /* from here on while they are gathered */
};

/* Among what epoll tells, beside SOLO5_TIMER_EVENT and EXTENSION_STOP_EVENT. */
#define TENDER_INTERRUPT_EVENT UINT64_C(0xfffffffc)

#define TENDER_SECRETS_MAX 16         /* keys and certificates of one appliance */
#define TENDER_SECRET_BYTES (1 << 16) /* a chain of certificates takes a few thousand */

struct tender {
    struct options options;
    int image_fd;
    struct bytes file; /* the image, mapped */
    uint8_t *memory;   /* where linked address 0 is in this process; NULL: the guest is this process */
    struct elf_plan plan;
    struct layout layout;
    struct solo5_manifest manifest;          /* what the guest is given */
    struct solo5_entry *jinn;                /* our private entry, or NULL in an image of Solo5's */
    uint8_t net_features[SOLO5_ENTRIES_MAX]; /* enum net_feature of each device */
    uint8_t xdp_index[XDP_LINKS_MAX];        /* devices that are called (xdp.h), in the order of their descriptors */
    uint64_t xdp_calls;                      /* the address of their functions; 0: there are none */
    bool held[TENDER_FDS];                   /* descriptors that stay open */
    int staged[TENDER_FDS];                  /* where those are until they are put in place */
};

/* Memory of the guest in this process, by its linked address (tender/layout.h). */
static inline void *tender_at(const struct tender *t, uint64_t linked)
{
    return (void *)(t->memory ? (uintptr_t)t->memory + linked : layout_placed(&t->layout, linked));
}

/* image.c: opens, maps and checks the image. */
void tender_open_image(struct tender *t);
/* segments.c: puts the image's segments into the guest's memory, with those of the protections (PROT_*) that this process
 * may have, and forgets the file. */
void tender_load(struct tender *t, int protections);
/* Lays it out as it was linked. True if it can be moved: then from this seed, which was asked for or is random. */
bool tender_begin_layout(struct tender *t, uint64_t *seed);
/* device.c: opens every device that the manifest asks for. */
void tender_open_devices(struct tender *t);
/* descriptor.c: puts what was opened in its place, closes all else, fills the epoll set. */
void tender_stage(struct tender *t, int place, int fd);
void tender_settle_descriptors(struct tender *t);
/* boot.c: writes boot info and extension block into the guest's memory. Before the descriptors settle: it opens files. */
void tender_write_boot_info(struct tender *t);
/* Each program's: the boot info of its target, at most TENDER_BOOT_INFO_ROOM bytes. */
#define TENDER_BOOT_INFO_ROOM 64
void tender_emit_boot_info(struct writer *w, const struct tender *t, uint64_t command_line, uint64_t manifest);
/* Each program's: what it offers to an image of ours, and what goes with that. */
void tender_offer(const struct tender *t, struct extension_refresh *r);

#endif
