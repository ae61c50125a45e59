/* SPDX-License-Identifier: ISC */
/* What is the same on spt and hvt: how an image starts, what the tender gives it, its memory and its list of devices. A
 * target's own folder brings the calls to its tender and given_boot_info. */
#ifndef PLAT_SOLO5_GIVEN_H
#define PLAT_SOLO5_GIVEN_H

#include <jinn/plat.h>

#include "wire/extension.h"
#include "wire/solo5.h"

struct given_boot {
    uint64_t memory_bytes; /* the address after the last byte */
    uint64_t image_end;    /* from here on all is heap */
    uint64_t command_line; /* address of a C string, which is changed */
    uint64_t manifest;     /* address of a manifest's content */
};

/* The image's one state of this layer: set at start, then read; a platform may have it. */
struct given {
    struct given_boot boot;
    struct solo5_manifest manifest;
    bool extended;            /* our tender: `extension` is there */
    uint64_t extension_block; /* where it came */
    struct extension extension;
    uint64_t features; /* enum extension_feature; 0 under a stock tender */
    bool seed_given;   /* plat_entropy gave the tender's seed away */
};
extern struct given given;

/* Entered once by arch's _start, on our boot stack, with nothing set up. */
NO_RETURN void image_start(uint64_t boot_info);
/* Each target's: reads the boot info that the tender points to, and readies what it needs itself. The first thing that is
 * called once there is a thread block; the C library has not started yet. */
void given_boot_info(uint64_t address, struct given_boot *b);

/* Each target's: the clock when the processor's counter stood at `ticks`, which was as the image was entered. */
uint64_t given_entered_ns(uint64_t ticks);

/* Each target's: how many whole pages' bytes, from the start of the heap on, it keeps for itself. */
uint64_t given_keep(uint64_t start);
/* Divides the memory behind the image between the target and the heap: before anybody asks for a device or the heap. */
void given_divide(void);

/* Each target's: where it counts the frames of a net device that were lost after they were taken; NULL: nowhere. */
const uint64_t *given_lost(unsigned index);

/* The attached device with this index, which must be of this type. */
const struct solo5_entry *given_device(unsigned index, enum solo5_type type);
/* What a block transfer must be: whole blocks inside the device. */
bool given_range_good(const struct solo5_entry *e, uint64_t offset, uint64_t len);

/* Where the stacks are. The tender may put them anywhere, and not where they were linked beside the rest of the image: so
 * nothing but these relocated words (arch's entry) may speak of their addresses. */
struct image_stacks {
    uint64_t boot_end; /* the end of the boot stack */
    uint64_t first;    /* the lowest address of the first fiber stack */
};
extern const struct image_stacks jinn_stacks;

/* Their sizes, laid down by the linker script. */
struct image_stack_sizes {
    uint64_t bytes;
    uint64_t stride;
    uint64_t n;
};
extern const struct image_stack_sizes jinn_stack_sizes;

#define CONTROL_LINE_BYTES 64
/* What plat_serving tells whoever started the tender; empty where nobody listens. */
struct bytes given_serving(char line[static CONTROL_LINE_BYTES], const char *protocol, uint16_t port);

/* The bytes that thread-local variables begin with, and how many they and those that begin with zero take. */
extern const uint8_t jinn_thread_data[];
struct image_thread_sizes {
    uint64_t initial;
    uint64_t all;
};
extern const struct image_thread_sizes jinn_thread_sizes;

#endif
