/* SPDX-License-Identifier: ISC */
/* The DHCP client: a sans-I/O state machine (RFC 2131 4.4). Messages and the time go in, messages come out through
 * dhcp_below, and a deadline.
 *
 *   dhcp_start -> SELECTING -OFFER-> REQUESTING -ACK-> BOUND -T1-> RENEWING -T2-> REBINDING -end of lease-> SELECTING
 *                     ^                  |NAK, silence    ^-----------ACK--|------------|
 *                     +----- WAITING <---+-------- conflict: DECLINE, NAK -+
 */
#ifndef NET_DHCP_H
#define NET_DHCP_H

#include "net/counters.h"
#include "wire/dhcp.h"

#include <jinn/err.h>
#include <jinn/time.h>

struct dhcp_lease {
    struct ip_net net;
    struct dhcp_config config;
};

struct dhcp_below {
    /* Sends a message from `src`, port 68, to `dst`, port 67. BORROWS. What can't be sent is lost and sent again later. */
    void (*send)(struct dhcp_below *b, uint64_t now_ns, const struct ip *src, const struct ip *dst,
                 struct bytes message);
    /* The lease is ours from now on; also when a renewal changed something. */
    void (*bound)(struct dhcp_below *b, uint64_t now_ns, const struct dhcp_lease *lease);
    /* The address must not be used any more. */
    void (*lost)(struct dhcp_below *b, uint64_t now_ns);
};

enum dhcp_state { DHCP_OFF, DHCP_WAITING, DHCP_SELECTING, DHCP_REQUESTING, DHCP_BOUND, DHCP_RENEWING, DHCP_REBINDING };

struct dhcp {
    struct dhcp_below *below;
    struct counters_dhcp *counters;
    uint32_t (*random)(void);
    struct mac mac;
    struct bytes hostname; /* lives as long as the client */
    enum dhcp_state state;
    uint32_t xid;
    unsigned n_sent;   /* of the present message */
    unsigned n_naks;   /* in a row */
    uint64_t began_ns; /* of this attempt: the field secs */
    uint64_t next_ns;  /* to send again, or to begin again */
    uint64_t asked_ns; /* when the request was first sent: the lease counts from there (RFC 2131 4.4.1) */
    uint64_t t1_ns;
    uint64_t t2_ns;
    uint64_t end_ns;
    struct ip server;
    struct ip offered;
    struct dhcp_lease lease;
};

void dhcp_init(struct dhcp *d, struct dhcp_below *below, struct counters_dhcp *counters, uint32_t (*random)(void),
               const struct mac *mac, struct bytes hostname);
/* Sends the first DISCOVER at once: RFC 2131 4.4.1 asks for a random wait of 1 to 10 s, against crowds after a power cut;
 * an image that is started by a request can't wait, and retransmissions are spread. */
void dhcp_start(struct dhcp *d, uint64_t now_ns);
void dhcp_input(struct dhcp *d, uint64_t now_ns, struct bytes message);
uint64_t dhcp_deadline(const struct dhcp *d);
void dhcp_tick(struct dhcp *d, uint64_t now_ns);
/* Another host uses the address: it is declined, and asked for anew 10 s later (RFC 2131 3.1 5). */
void dhcp_conflict(struct dhcp *d, uint64_t now_ns);
/* Gives the lease back and ends the client (RFC 2131 4.4.6): for an image that ends. False: there is none. The address
 * stays, so that what is still waiting can leave. */
bool dhcp_release(struct dhcp *d, uint64_t now_ns);
/* True while an address is ours. */
bool dhcp_is_bound(const struct dhcp *d);

#endif
