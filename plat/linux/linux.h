/* SPDX-License-Identifier: ISC */
/* What the files of plat/linux share. The state is the process's: the contract has no handle to hang it on. */
#ifndef LINUX_LINUX_H
#define LINUX_LINUX_H

#include <jinn/boot.h>
#include <jinn/bytes.h>
#include <jinn/plat.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct linux_device {
    int fd;       /* -1: not attached, or on the host's sockets */
    bool on_host; /* net: no device at all, but the host's sockets (host.h) */
    uint8_t mac[6];
    uint16_t mtu_bytes;
    uint8_t features; /* enum net_feature; not 0: each frame has a header (wire/vnet.h) */
    bool no_offload;  /* the operator said so */
    uint64_t capacity_bytes;
};

struct linux_secret {
    const char *name;
    struct bytes bytes;
};

#define LINUX_SECRETS_MAX 16 /* more files than any appliance has keys for */
#define LINUX_BLOCK_BYTES 512

struct linux_state {
    struct linux_device device[PLAT_DEVICES_MAX];
    struct linux_secret secret[LINUX_SECRETS_MAX];
    size_t n_secrets;
    int epoll;
    int control; /* where "serving tcp 80" is written; -1: nowhere */
    bool stop;
};

extern struct linux_state linux_state;

/* Prints "IMAGE: text" and ends the process. For what the operator can mend; before the image runs. */
NO_RETURN void linux_fail(int status, const char *format, ...) PRINTF_LIKE(2, 3);

/* The device's index in the manifest; ends the process when it has none of this name and type. */
unsigned linux_device_named(const char *option, struct bytes name, enum plat_device_type type);

/* Each takes the value of one option, e.g. "tap:tap0" or "@5", and attaches the device or ends the process. */
void linux_net_attach(unsigned index, const char *value);
void linux_block_attach(unsigned index, const char *value);
void linux_secret_load(const char *value); /* NAME=FILE */

void linux_wait_init(void);
void linux_wait_add(unsigned index, int fd);
void linux_wait_remove(int fd);

/* A descriptor that belongs to a device beside others. `ready` is called in plat_wait with epoll's events, and the
 * device counts as ready then. */
struct linux_watch {
    unsigned index;
    void (*ready)(struct linux_watch *w, uint32_t events);
};

/* Waits for epoll's `events` on the descriptor until it is closed. False: the host refuses. */
MUST_USE bool linux_wait_watch(struct linux_watch *w, int fd, uint32_t events);

/* As plat_serving, for a service at an address of the host; "*" is all of them. */
void linux_serving(const char *protocol, uint16_t port, const char *address);

/* "@12": a descriptor that is open. False when it is no such thing. */
bool linux_descriptor(const char *text, int *fd);

#endif
