/* SPDX-License-Identifier: ISC */
/* What the files of jinn-net share: the user-mode network that `jinn run` gives an image by default. */
#ifndef TENDER_USERNET_H
#define TENDER_USERNET_H

#include <jinn/bytes.h>

#include <stdint.h>

/* The network that the guest sees: 10.0.2.0/24, router .2, name server .3, and .15 for itself by DHCP. */
#define USERNET_NETWORK UINT32_C(0x0a000200)
#define USERNET_MASK UINT32_C(0xffffff00)
#define USERNET_ROUTER UINT32_C(0x0a000202)
#define USERNET_RESOLVER UINT32_C(0x0a000203)
#define USERNET_GUEST UINT32_C(0x0a00020f)

/* The clients on the host's loopback that have sent a datagram to a published port: their port and the guest's. */
struct usernet_peer {
    uint16_t host, guest;
};

/* A client that finds no place when it is answered asks again: 256 questions under way between one and its answer are
 * many for programs of one host. The oldest goes. */
#define USERNET_PEERS_MAX 256

struct usernet_peers {
    struct usernet_peer list[USERNET_PEERS_MAX]; /* host 0: free */
    size_t next;
};

/* Whether a frame from the guest may go to libslirp at all. libslirp turns packets into the host's sockets, and these
 * must not reach what only the host's own programs should: its loopback, directly, as 0.0.0.0, as the router or everybody, or
 * through the name server's address on another port than DNS; and link-local addresses, where clouds keep their
 * credentials. What answers a client of a published port goes there. Pure. */
bool usernet_frame_allowed(struct bytes frame, const struct usernet_peers *peers);

/* To be called with each frame to the guest: remembers who may be answered. Pure. */
void usernet_note_peer(struct bytes frame, struct usernet_peers *peers);

/* Gives up everything that forwarding packets does not need: root, new privileges, system calls, files. Call it when all
 * sockets to listen on are open. What the kernel lacks is skipped except for seccomp. NULL, or what failed in words. */
const char *usernet_confine(void);

#endif
