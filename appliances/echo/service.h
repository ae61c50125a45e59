/* SPDX-License-Identifier: ISC */
/* One of the three services, over TCP and UDP.
 *
 * A connection is armed while nothing comes, ready when something did, draining while its peer does not read, or with a
 * worker. Only the last costs a fiber. */
#ifndef ECHO_SERVICE_H
#define ECHO_SERVICE_H

#include <jinn/err.h>
#include <jinn/list.h>
#include <jinn/pool.h>
#include <jinn/stack.h>

struct fiber;
struct scope;

enum service_kind { SERVICE_ECHO = 7, SERVICE_DISCARD = 9, SERVICE_CHARGEN = 19 }; /* their ports */

struct service {
    enum service_kind kind;
    struct stack *stack;
    struct bytes pattern; /* of chargen; static */
    struct listener *listener;
    struct udp_socket *socket;
    struct pool connections;
    struct list ready, draining; /* of connections */
    struct list sleeping;        /* of workers */
    struct fiber *keeper;
    bool keeping; /* it looks after those that drain */
};

/* Opens the port and spawns the fibers. `s` lives as long as they do. ERR_IN_USE, ERR_FULL. */
MUST_USE enum err service_open(struct service *s, struct scope *fibers);
/* The same for UDP. */
MUST_USE enum err service_open_udp(struct service *s, struct scope *fibers);

#endif
