/* SPDX-License-Identifier: ISC */
/* Flows and listeners on TCP: stack_listen, listener_accept, listener_close and stack_connect of <jinn/stack.h>. A thin
 * wrapper that waits on fibers; all that TCP is lies in the core (tcp_core.h). A flow lives in its connection's
 * control block: nothing is allocated here. */
#ifndef NET_TCP_FLOW_H
#define NET_TCP_FLOW_H

#include "net/tcp_core.h"

#include <jinn/stack.h>

/* The flow of a connection that its user wants to wait on with fibers. TAKES `c`; `s` is kicked when a deadline
 * may have changed. */
struct flow *tcp_flow_of(struct tcp_connection *c, struct stack *s);
/* Why connecting failed, in the words that stack.h knows. */
enum err tcp_flow_connect_error(enum err e);

#endif
