/* SPDX-License-Identifier: ISC */
/* The DHCPv6 client: a sans-I/O state machine (RFC 8415 18.2). Messages and the time go in, messages come out through
 * dhcp6_below, and a deadline. It holds one address, or, stateless, asks for name servers alone.
 *
 *   dhcp6_start -> SOLICITING -ADVERTISE-> REQUESTING -REPLY-> BOUND -T1-> RENEWING -T2-> REBINDING -end-> SOLICITING
 *                   ^   | REPLY with rapid commit  |             ^           |              |
 *                   |   +--------------------------|-------------+----REPLY--+--------------+
 *                   +-- refused, 10 without answer +          conflict: DECLINING -> SOLICITING
 *
 *   dhcp6_start -> INFORMING -REPLY-> INFORMED -the information's time-> INFORMING
 *
 * Left out: Confirm (nothing outlives the image), Reconfigure (never offered), the server's unicast address (everything
 * goes to the group). */
#ifndef NET_DHCP6_H
#define NET_DHCP6_H

#include "net/counters.h"
#include "wire/dhcp6.h"

#include <jinn/time.h>

struct dhcp6_lease {
    struct ip address;
    uint64_t preferred_ns; /* until when; TIME_NEVER; 0: not any more */
    uint64_t valid_ns;
};

struct dhcp6_below {
    /* Sends a message from our link-local address, port 546, to all servers, port 547. BORROWS. What can't be sent is lost
     * and sent again later. */
    void (*send)(struct dhcp6_below *b, uint64_t now_ns, struct bytes message);
    /* The address is ours from now on, in the place of an earlier one; also at each renewal. */
    void (*bound)(struct dhcp6_below *b, uint64_t now_ns, const struct dhcp6_lease *lease);
    /* The address must not be used any more. */
    void (*lost)(struct dhcp6_below *b, uint64_t now_ns);
    /* Other name servers, or no address is to be hoped for just now. */
    void (*told)(struct dhcp6_below *b);
};

enum dhcp6_state {
    DHCP6_OFF,
    DHCP6_INFORMING,
    DHCP6_INFORMED,
    DHCP6_SOLICITING,
    DHCP6_REQUESTING,
    DHCP6_BOUND,
    DHCP6_RENEWING,
    DHCP6_REBINDING,
    DHCP6_DECLINING
};

struct dhcp6_offer {
    uint8_t server[DHCP6_DUID_MAX_BYTES];
    uint8_t server_len; /* 0: none */
    uint8_t preference;
    struct ip address;
};

struct dhcp6 {
    struct dhcp6_below *below;
    struct counters_dhcp *counters;
    uint32_t (*random)(void);
    uint8_t duid[DHCP6_CLIENT_DUID_BYTES];
    enum dhcp6_state state;
    uint32_t xid;
    unsigned n_sent;    /* of the present message */
    unsigned n_refused; /* answers in a row that sent us back to the start */
    uint64_t began_ns;  /* when it was first sent; also what lifetimes count from */
    uint64_t retry_ns;  /* RFC 8415 15: RT */
    uint64_t next_ns;   /* when something is to be done; TIME_NEVER */
    uint64_t solicit_most_ns, inform_most_ns;
    uint64_t t1_ns, t2_ns;
    bool held;                /* the lease: from bound to lost */
    struct dhcp6_offer offer; /* the best one, then the server of the lease */
    struct dhcp6_lease lease;
    struct ip dns[DHCP6_DNS_MAX];
    size_t n_dns;
    uint8_t search[DHCP6_SEARCH_MAX_BYTES]; /* names, unchecked */
    uint8_t search_len;
};

void dhcp6_init(struct dhcp6 *d, struct dhcp6_below *below, struct counters_dhcp *counters, uint32_t (*random)(void),
                const struct mac *mac);
/* Asks for an address, or for name servers alone; nothing happens if that is asked for already, and an address is not
 * given up for name servers. The first message leaves at once: RFC 8415 18.2.1 asks for a random wait of up to a second,
 * against crowds; an image that is started by a request can't wait, and retransmissions are spread. */
void dhcp6_start(struct dhcp6 *d, uint64_t now_ns, bool address);
void dhcp6_input(struct dhcp6 *d, uint64_t now_ns, struct bytes message);
uint64_t dhcp6_deadline(const struct dhcp6 *d);
void dhcp6_tick(struct dhcp6 *d, uint64_t now_ns);
/* Another host uses the address: it is declined, and another one asked for. */
void dhcp6_conflict(struct dhcp6 *d, uint64_t now_ns);
/* Gives the address back and stops. One message, for an image that ends waits for no answer: without it the lifetime
 * ends by itself. */
void dhcp6_release(struct dhcp6 *d, uint64_t now_ns);
/* True while an address is asked for and there is hope that it comes soon. */
bool dhcp6_is_hopeful(const struct dhcp6 *d);

#endif
