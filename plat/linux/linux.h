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
#include <sys/uio.h>

#define LINUX_MTU_BYTES 1500

struct linux_packet; /* net_packet.c */

struct linux_device {
    struct linux_packet *packet; /* net: on a packet socket; or NULL */
    int fd;                      /* -1: not attached, or on the host's sockets */
    bool on_host;                /* net: no device at all, but the host's sockets (host.h) */
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

/* A net device on an interface of the host. Frames begin with the header of wire/vnet.h if the device has features; those
 * received lie in the buffer or in the device's memory until the next call. What was sent leaves with the flush. */
void linux_packet_attach(unsigned index, const char *interface);
MUST_USE enum err linux_packet_send(struct linux_packet *p, const struct iovec *parts, size_t n);
MUST_USE enum err linux_packet_recv(struct linux_packet *p, uint8_t *buffer, size_t size, struct bytes *frame);
const uint64_t *linux_packet_lost(const struct linux_packet *p);
void linux_packet_flush(void);

/* "@12": a descriptor that is open. False when it is no such thing. */
bool linux_descriptor(const char *text, int *fd);

#endif
