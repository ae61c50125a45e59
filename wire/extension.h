/* SPDX-License-Identifier: ISC */
/* What our tenders and our images tell each other beyond Solo5's ABI.
 *
 * The image's manifest has one private entry, "jinn" of type SOLO5_JINN, whose version and features say what the image
 * understands, and which block devices it can do without: a tender of ours starts it without those, and leaves their
 * entries unattached. Where nothing is said (0: images and tenders from before) each device is needed. A stock tender leaves it unattached, and the image does without. Ours sets `attached`, and `backing` is the
 * address of an extension block, which a guest may write to: it is the tender's gift, not shared.
 *
 *   block    "jinn" "ext1"   u32 whole length   u32 0   refresh part   rest part
 *   refresh  u64 generation  seed[32]  start[16]  u64 features  u64 wall clock ns at start  u64 address of clock_gettime
 *            u64 TSC Hz  i32 control  i32 stop  64 MACs of 6 bytes, by manifest index
 *   rest     u32 n arguments, u32 length, the arguments, each with its NUL
 *            u32 n secrets; each: u32 name length, u32 length, name, bytes
 *            with EXTENSION_NET_OFFLOAD: 64 bytes, enum net_feature of net devices by manifest index. Where it is not 0
 *            each frame has a header (wire/vnet.h) in front, but for EXTENSION_NET_CALLED
 *            with EXTENSION_NET_CALLS: u64 address of struct extension_net_calls
 *
 * Everything that a clone of a running guest must be given anew is in the refresh part and nowhere else, at a fixed
 * offset and of a fixed length (beside the device's own entries in the manifest). */
#ifndef WIRE_EXTENSION_H
#define WIRE_EXTENSION_H

#include <jinn/bytes.h>
#include <jinn/err.h>

#define EXTENSION_NAME "jinn"
#define EXTENSION_VERSION 1
#define EXTENSION_DEVICES 64

/* Where it lies in a guest that is not moved (tender/layout.h), and so how long it can be: from after the boot info up to the
 * image. Guests go by `backing`. */
#define EXTENSION_ADDRESS UINT64_C(0x20000)
#define EXTENSION_BYTES_MAX UINT64_C(0xe0000)
#define EXTENSION_ARGUMENT_BYTES (1 << 17) /* more than one argument can be on Linux */

/* What the tender's filter lets the guest do beside Solo5's calls, and what else it offers. */
enum extension_feature {
    EXTENSION_WRITEV = 1 << 0,       /* writev on net devices */
    EXTENSION_BLOCK_RUNS = 1 << 1,   /* block transfers of any power of two of bytes, up to EXTENSION_RUN_BYTES */
    EXTENSION_BLOCK_FLUSH = 1 << 2,  /* fdatasync on block devices */
    EXTENSION_CONTROL = 1 << 3,      /* write on the control descriptor: one line a message */
    EXTENSION_STOP = 1 << 4,         /* SIGTERM and SIGINT come as the event EXTENSION_STOP_EVENT */
    EXTENSION_CLOCK = 1 << 5,        /* a clock_gettime that needs no system call */
    EXTENSION_STANDARD_ERR = 1 << 6, /* write on descriptor 2 */
    EXTENSION_RINGS = 1 << 8,        /* hvt: the call HVT_EXCHANGE (wire/hvt.h); only said to images that say it, too */
    EXTENSION_NET_OFFLOAD = 1 << 7,  /* net devices may have features; only said to images that say it, too */
    EXTENSION_BLOCK_DISCARD =
        1 << 9, /* fallocate on block devices, with EXTENSION_DISCARD_MODE; of hvt HVT_BLOCK_DISCARD */
    EXTENSION_NET_CALLS =
        1 << 10, /* spt: net devices may be functions of the tender's; only said to images that say it, too */
};

#define EXTENSION_RUN_BYTES (UINT64_C(1) << 17)
#define EXTENSION_DISCARD_MODE 3 /* Linux's FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE: never grows a file */
#define EXTENSION_STOP_EVENT UINT64_C(0xfffffffd) /* epoll's data; edge triggered */

/* Beside enum net_feature, and alone: this device has no descriptor that could be read, but is called. */
#define EXTENSION_NET_CALLED (1 << 7)

/* Functions of the tender's in the guest's process. `index` is a device's in the manifest, which is called. None yields. */
struct extension_net_calls {
    /* Takes a plain frame, which leaves at the latest with `settle`. BORROWS. ERR_AGAIN: the queue is full; ERR_TOO_LARGE. */
    enum err (*send)(unsigned index, const struct bytes *v, size_t n);
    /* *frame lies in shared memory until the next call of this function. ERR_AGAIN: none is waiting; ERR_MALFORMED: the next one
     * is lost; ERR_CLOSED: the device is gone for ever. */
    enum err (*recv)(unsigned index, struct bytes *frame);
    /* Before each wait, and at the end. `idle`: the guest has nothing else to do, and may be paused so that more comes at a time. */
    void (*settle)(bool idle);
    const uint64_t *n_lost; /* of each device in the manifest: frames that were taken and did not leave */
};

#define EXTENSION_SEED_BYTES 32
#define EXTENSION_START_BYTES 16

/* What a clone must be given anew. */
struct extension_refresh {
    uint64_t generation;                  /* raised with each clone; 0 at first */
    uint8_t seed[EXTENSION_SEED_BYTES];   /* for the generator of random bytes */
    uint8_t start[EXTENSION_START_BYTES]; /* for the stack canary and the C library */
    uint64_t features;                    /* enum extension_feature */
    uint64_t wall_ns;                     /* since 1970, when the image was started */
    uint64_t clock;                       /* address of a function like clock_gettime, or 0 */
    uint64_t tsc_hz;                      /* 0: not known */
    int32_t control_fd;                   /* -1: none */
    int32_t stop_fd;                      /* -1: none */
    uint8_t mac[EXTENSION_DEVICES][6];    /* of net devices, by manifest index */
};

#define EXTENSION_HEADER_BYTES 16
#define EXTENSION_SEED_OFFSET (EXTENSION_HEADER_BYTES + 8) /* of the block: to wipe it where it came */
#define EXTENSION_REFRESH_BYTES \
    (8 + EXTENSION_SEED_BYTES + EXTENSION_START_BYTES + 8 * 4 + 4 * 2 + EXTENSION_DEVICES * 6)

/* A reader over the items that follow one another in the rest part. */
struct extension {
    struct extension_refresh refresh;
    uint32_t n_arguments;
    struct bytes arguments; /* n strings, each with its NUL; borrows from the block */
    uint32_t n_secrets;
    struct bytes secrets; /* as on the wire; extension_secret finds one */
    uint8_t net_features[EXTENSION_DEVICES];
    uint64_t net_calls; /* 0: there are none */
};

struct extension_secret {
    struct bytes name;
    struct bytes value;
};

void extension_refresh_emit(struct writer *w, const struct extension_refresh *r);

/* Writes a whole block; the writer is bad when it does not fit. `arguments` and `net_features` as in struct extension; the
 * latter are written if r->features has EXTENSION_NET_OFFLOAD, and may be NULL otherwise; `net_calls` with EXTENSION_NET_CALLS. */
void extension_emit(struct writer *w, const struct extension_refresh *r, uint32_t n_arguments, struct bytes arguments,
                    const struct extension_secret *secrets, size_t n_secrets, const uint8_t *net_features,
                    uint64_t net_calls);

/* `b` begins with the block and may be longer. ERR_MALFORMED. */
MUST_USE enum err extension_parse(struct bytes b, struct extension *e);
/* ERR_NOT_FOUND. `value` borrows from the block. */
MUST_USE enum err extension_secret(const struct extension *e, struct bytes name, struct bytes *value);

#endif
