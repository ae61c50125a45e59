/* SPDX-License-Identifier: ISC */
/* Solo5's boundary of the hvt target, ABI version 2 of Solo5 0.12, and what ours adds to it. Everything is little-endian.
 *
 *   boot info  u64 memory, u64 end of image, u64 cycles of the time stamp counter a second, u64 command line,
 *              u64 manifest, u32 features of the tender, u32 0, u64 address of Solo5's ring or 0
 *   a call     a write of 32 bits to port HVT_PORT + its number: the address of its arguments, a struct of those below
 *   the ring   below; the guest tells of new entries by a write to port HVT_PORT_RING
 *
 * Arguments are laid out as a C compiler lays them out, so they are structs here and copied whole. Addresses are the
 * guest's. A tender never trusts them. */
#ifndef WIRE_HVT_H
#define WIRE_HVT_H

#include <jinn/bytes.h>
#include <jinn/err.h>

#define HVT_PORT 0x500
#define HVT_PORT_RING 0x600
#define HVT_BOOT_INFO_BYTES 56
#define HVT_FEATURE_RING 1

enum hvt_call {
    HVT_WALLTIME = 1,
    HVT_PUTS,
    HVT_POLL,
    HVT_BLOCK_WRITE,
    HVT_BLOCK_READ,
    HVT_NET_WRITE,
    HVT_NET_READ,
    HVT_HALT,
    /* Ours, for images that have our private manifest entry. */
    HVT_BLOCK_FLUSH = 16,
    HVT_CONTROL,  /* struct hvt_puts: a line for whoever started the tender */
    HVT_EXCHANGE, /* with EXTENSION_RINGS: sends, waits and receives, many frames at once */
    HVT_BLOCK_DISCARD,
    HVT_CALLS,
};

enum hvt_result { HVT_OK, HVT_AGAIN, HVT_INVALID, HVT_FAILED, HVT_UNSUPPORTED }; /* the last is ours */

struct hvt_walltime {
    uint64_t ns; /* out */
};

struct hvt_puts {
    uint64_t data;
    uint64_t len;
};

/* With our private manifest entry bit 63 of `ready` says that somebody asked the image to stop. */
struct hvt_poll {
    uint64_t timeout_ns;
    uint64_t ready;  /* out: by manifest index */
    int32_t n_ready; /* out */
    uint32_t unused;
};

/* HVT_BLOCK_WRITE, HVT_BLOCK_READ, HVT_BLOCK_FLUSH (which has a handle only), HVT_BLOCK_DISCARD (which has no data). */
struct hvt_block {
    uint64_t handle; /* the manifest index */
    uint64_t offset;
    uint64_t data;
    uint64_t len;
    int32_t result; /* out: enum hvt_result */
    uint32_t unused;
};

/* HVT_NET_WRITE, HVT_NET_READ. */
struct hvt_net {
    uint64_t handle;
    uint64_t data;
    uint64_t len;   /* HVT_NET_READ: in the room, out the frame's length */
    int32_t result; /* out */
    uint32_t unused;
};

struct hvt_halt {
    uint64_t cookie; /* 0, or the address of a trap frame, which nobody reads */
    int32_t status;
    uint32_t unused;
};

/* A frame, or a part of one. With net features (wire/extension.h) each frame has its header in front. */
struct hvt_frame {
    uint64_t data;
    uint32_t len;    /* received: 0 when the host has closed the device */
    uint8_t device;  /* by manifest index */
    uint8_t partial; /* sent: the next part is of the same frame */
    uint16_t lost;   /* out, of the first part of one that was sent: 1 when its device failed */
};

#define HVT_FRAMES_OUT_MAX 128
#define HVT_FRAME_PARTS_MAX 9
#define HVT_FRAMES_IN_MAX 64

/* One exit for all that has gathered: what is to be sent is, in order, until a device does not take more; then the tender
 * waits, a millisecond at most if something is left to be sent; then it fills `room`, frame after frame, from the devices that have any. */
struct hvt_exchange {
    uint64_t timeout_ns;
    uint64_t out;   /* struct hvt_frame[n_out], where the tender writes what was lost */
    uint64_t in;    /* struct hvt_frame[n_in] */
    uint64_t room;  /* for what is received; room_bytes of them */
    uint32_t n_out; /* in: to be sent; out: parts that have left or were lost */
    uint32_t n_in;  /* in: at most; out: received */
    uint32_t room_bytes;
    uint32_t n_lost; /* out: frames; `out` says which */
    uint64_t ready;  /* out: devices that may have more, and as in struct hvt_poll */
};

struct hvt_boot_info {
    uint64_t memory_bytes; /* also the address after the last byte */
    uint64_t image_end;
    uint64_t tsc_hz;
    uint64_t command_line; /* address of a C string */
    uint64_t manifest;     /* address of a manifest's content */
    uint32_t features;     /* HVT_FEATURE_* */
    uint64_t ring;
};
void hvt_boot_info_emit(struct writer *w, const struct hvt_boot_info *b);
MUST_USE enum err hvt_boot_info_parse(struct bytes b, struct hvt_boot_info *info);

/* ---- Solo5's ring ----
 *
 * One for all net devices. The guest writes entries and moves entry_tail; for reads, each of which waits, the tender
 * writes answers and moves answer_tail. The guest writes to the port when the tender has set `kick`. */

#define HVT_RING_ENTRIES 1024
enum hvt_ring_operation { HVT_RING_WRITE = 1, HVT_RING_READ = 2 };

struct hvt_ring_entry {
    uint32_t operation;
    uint32_t handle;
    uint64_t data;
    uint32_t len;
    uint32_t id;
    uint64_t unused;
};

struct hvt_ring_answer {
    uint32_t id;
    int32_t result;
    uint32_t len;
    uint32_t unused;
};

struct hvt_ring {
    uint32_t entry_tail;  /* the guest's */
    uint32_t answer_head; /* the guest's */
    uint8_t pad[56];
    uint32_t entry_head;  /* the tender's */
    uint32_t answer_tail; /* the tender's */
    uint32_t kick;        /* the tender's */
    uint8_t pad2[52];
    struct hvt_ring_entry entries[HVT_RING_ENTRIES];
    struct hvt_ring_answer answers[HVT_RING_ENTRIES];
};

_Static_assert(sizeof(struct hvt_block) == 40 && sizeof(struct hvt_net) == 32 && sizeof(struct hvt_poll) == 24 &&
                   sizeof(struct hvt_halt) == 16 && sizeof(struct hvt_frame) == 16 &&
                   sizeof(struct hvt_ring) == 128 + HVT_RING_ENTRIES * 48,
               "these are Solo5's layouts");

#endif
