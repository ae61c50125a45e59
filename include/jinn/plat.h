/* SPDX-License-Identifier: ISC */
/* The contract between the library OS and what it runs on.
 *
 * Every target implements these functions and nothing else; the library OS knows nothing else of the
 * world. One processor, no interrupts, no threads: a platform runs the image from plat's own entry
 * through boot() to plat_exit, and only plat_wait gives time away.
 *
 * None of these yields to other fibers. None allocates. Devices are named by the manifest and then known by
 * their index in it, 0 to 62; the index is also the device's bit in what plat_wait gives.
 *
 * Not in here, and not wanted: files, processes, threads, sockets, dynamic code, memory mapping. */
#ifndef JINN_PLAT_H
#define JINN_PLAT_H

#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/net_offload.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAT_DEVICES_MAX 63 /* Solo5's manifest has 64 entries and one of them is ours */
#define PLAT_NAME_MAX 67    /* characters of a device's name, letters and digits */

/* ---- What the image brings: written by `jinn build` from jinn.ini ---- */

enum plat_device_type { PLAT_BLOCK = 1, PLAT_NET = 2 }; /* Solo5's numbers */

struct plat_device {
    char name[PLAT_NAME_MAX + 1];
    enum plat_device_type type;
    bool optional; /* a block device that the image can do without: then plat_block_open says ERR_NOT_FOUND */
};

/* Defined by the generated main. */
extern const char plat_image_name[];
extern const struct plat_device plat_devices[];
extern const size_t plat_n_devices;
/* How many fibers there can be and how deep their stacks are (whole pages). Read by the platforms that lay the stacks
 * out when they start (linux, fuzz); in a sealed image the linker has done it. */
extern const size_t plat_stacks_n;
extern const size_t plat_stack_bytes;

/* The library OS's entry, called once by the platform on a stack of its own with at least 64 KB and with the C
 * library ready. Never returns to anything useful: its value is the exit status. argv[0] is the image's name. */
int boot(int argc, char **argv);

/* ---- Time ---- */

/* Nanoseconds on a clock that never goes back, from some start. */
uint64_t plat_clock_ns(void);
/* Nanoseconds since 1970-01-01 UTC, by the host's clock; it may jump. */
uint64_t plat_wall_ns(void);

/* ---- Waiting ---- */

#define PLAT_READY_STOP (UINT64_C(1) << 63) /* somebody asked the image to stop (SIGTERM); stays set */

/* Sleeps until a device can be read, a stop is asked for, or the clock reaches the deadline, whichever is first;
 * a deadline that has passed makes it a poll. Gives the set of devices that can be read now, 0 at the
 * deadline. May return early with 0. A net device stays in the set until plat_net_recv says ERR_AGAIN. */
uint64_t plat_wait(uint64_t deadline_ns);

/* ---- Console, secrets, end ---- */

/* Writes as much as the host takes at once; the rest is dropped. */
void plat_console(const char *text, size_t len);

/* What the operator gave as --key-file NAME=FILE. The bytes live as long as the image. ERR_NOT_FOUND. */
MUST_USE enum err plat_secret(const char *name, struct bytes *secret);

/* Says to whoever started the image that it now serves, e.g. "tcp", 80. Lost where nobody listens. */
void plat_serving(const char *protocol, uint16_t port);

NO_RETURN void plat_exit(int status);
/* The end after a bug: `text` is one line without its newline. Status 70. Works in any state. */
NO_RETURN void plat_abort(const char *text);

/* ---- Entropy and memory ---- */

#define PLAT_SEED_BYTES 32

/* Fresh full-entropy seed material from the tender or the processor; never the same twice.
 * ERR_UNSUPPORTED when there is none: then the image must not start. sim and fuzz alone give what they
 * were seeded with, and plat_seeded tells. */
MUST_USE enum err plat_entropy(uint8_t seed[static PLAT_SEED_BYTES]);
bool plat_seeded(void);

struct plat_memory {
    uint8_t *base; /* page aligned */
    size_t len;
};

/* The memory that malloc gives out: zeroed, readable, writable, never executable. On targets whose C
 * library has a heap of its own (linux, sim, fuzz) the length is 0. */
struct plat_memory plat_heap(void);

struct plat_stacks {
    uint8_t *base; /* first stack's lowest address */
    size_t size;   /* usable bytes of each; a guard that faults lies below each one */
    size_t stride; /* from one stack to the next */
    size_t n;
};

/* The fibers' stacks, laid out before the image runs. Their number and size are a build setting. */
struct plat_stacks plat_stacks(void);

/* ---- Net devices ---- */

struct plat_net_info {
    unsigned index;
    uint8_t mac[6];
    uint16_t mtu_bytes; /* of the IP packet: without the Ethernet header */
    uint32_t features;  /* enum net_feature; 0: plain frames only */
    /* Counts frames that plat_net_send took and that were lost when they were to leave, because the device had failed or was full.
     * NULL: there are none such. */
    const uint64_t *n_lost;
};

#define PLAT_FRAME_BYTES 1514 /* Ethernet header and an MTU of 1500 */

/* ERR_NOT_FOUND: the manifest has no net device of that name. */
MUST_USE enum err plat_net_open(const char *name, struct plat_net_info *info);
/* Sends one frame gathered from `n` parts (at most NET_PARTS_MAX). BORROWS. `o` as struct netdev_ops has it; NULL for a
 * plain frame. ERR_AGAIN: the host's queue is full, the frame is dropped by the caller and counted. */
MUST_USE enum err plat_net_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o);
/* Receives one frame into `buffer`, which has NET_HEAD_BYTES more than the longest frame: *frame is where it lies in it, or
 * in the platform's own memory, until the next call of this function or of plat_wait.
 * ERR_AGAIN: none is waiting. ERR_MALFORMED: what the host said of it can't be, the frame is lost. */
MUST_USE enum err plat_net_recv(unsigned index, uint8_t *buffer, size_t size, struct bytes *frame,
                                struct net_offload *o);

/* ---- Block devices ---- */

struct plat_block_info {
    unsigned index;
    uint64_t capacity_bytes;
    uint32_t block_bytes;
};

/* ERR_NOT_FOUND: the manifest has no block device of that name, or has it as optional and none is attached. */
MUST_USE enum err plat_block_open(const char *name, struct plat_block_info *info);
/* Offset and length are multiples of block_bytes; past the end is ERR_INVALID. Synchronous. ERR_IO. */
MUST_USE enum err plat_block_read(unsigned index, uint64_t offset, uint8_t *buffer, size_t len);
MUST_USE enum err plat_block_write(unsigned index, uint64_t offset, const uint8_t *data, size_t len);
/* What was written before it survives a power cut. ERR_UNSUPPORTED where the host can't tell. */
MUST_USE enum err plat_block_flush(unsigned index);
/* What is there reads as zeroes from now on, and the host may use the room. Range as above. ERR_UNSUPPORTED: the tender,
 * file system or device of the host can't. ERR_IO. */
MUST_USE enum err plat_block_discard(unsigned index, uint64_t offset, uint64_t len);

/* ---- Only where the C library is built upon this contract: spt, hvt ---- */

/* Sets the processor's thread pointer. Works before anything else does. */
void plat_set_thread(void *block);

/* ---- Development only ---- */

struct kv;
/* A host directory as a key-value store (`--kv NAME=DIR`). ERR_UNSUPPORTED on sealed targets. */
MUST_USE enum err plat_kv_directory(const char *path, struct kv **kv);

#endif
