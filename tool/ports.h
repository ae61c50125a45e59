/* SPDX-License-Identifier: ISC */
/* Published ports: -p [ADDR:]HOST:GUEST[/udp]. */
#ifndef TOOL_PORTS_H
#define TOOL_PORTS_H

#include "tool/text.h"

#define PORTS_MAX 64 /* as many as one would write on a command line */

struct port {
    char address[16]; /* of the host, IPv4; 127.0.0.1 when none is named */
    uint16_t host, guest;
    bool udp;
};

struct ports {
    struct port list[PORTS_MAX];
    size_t n;
};

/* Ends the command with STATUS_USAGE when the text is wrong. Host port 0 means any free one. */
void ports_add(struct ports *p, const char *text);
/* Takes each port for a moment, so that a taken one is known before anything starts, and replaces 0 by a
 * free one. Ends the command with STATUS_UNAVAILABLE. */
void ports_check(struct ports *p);
/* Where a service on the host's own sockets can be found: at the address, or at all of them ("*"). */
void ports_print_on_host(const char *name, const char *protocol, const char *address, uint16_t port);
/* Where a service of the guest can be found, one line each: "website: http://localhost:8080/". */
void ports_print(const struct ports *p, const char *name, const char *protocol, uint16_t guest);

#endif
