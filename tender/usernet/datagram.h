/* SPDX-License-Identifier: ISC */
/* Answers to datagrams that came through a published UDP port from the host itself. The guest sees such a sender as the
 * router, and libslirp lets nothing pass to the router's address, since that is its way to the host's loopback. So the
 * answers go back from here: by the socket that the question came by, only to a port of 127.0.0.1 that has asked, and
 * only to the last DATAGRAM_PEERS that did. An answer must be one frame: 1472 bytes. */
#ifndef TENDER_USERNET_DATAGRAM_H
#define TENDER_USERNET_DATAGRAM_H

#include <jinn/bytes.h>

#include <netinet/in.h>
#include <stdint.h>

#define DATAGRAM_FORWARDS 64
#define DATAGRAM_PEERS 256 /* as many clients as one can expect to wait at once; the oldest is forgotten */

struct datagram_forward {
    int fd; /* libslirp's, which goes on reading it */
    uint16_t guest_port;
};

struct datagram_peer {
    int fd;
    uint16_t guest_port, host_port; /* both 0: not used yet */
};

struct datagrams {
    struct datagram_forward forwards[DATAGRAM_FORWARDS];
    struct datagram_peer peers[DATAGRAM_PEERS];
    size_t n_forwards, next_peer;
};

/* Call it when libslirp has opened its socket for the forward. False: there is none, or there are too many. */
bool datagrams_add(struct datagrams *d, struct in_addr address, uint16_t host_port, uint16_t guest_port);
/* A frame on its way to the guest, made of what was read from descriptor `fd`: remembers who asked. */
void datagrams_note(struct datagrams *d, int fd, struct bytes frame);
/* A frame from the guest: true when it was an answer to somebody, and is sent. */
bool datagrams_answer(const struct datagrams *d, struct bytes frame);

#endif
