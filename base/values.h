/* SPDX-License-Identifier: ISC */
/* Text of keys to values, for images that start and for the command that builds them. Each takes the whole of the text or says false and leaves *out as it was. */
#ifndef BASE_VALUES_H
#define BASE_VALUES_H

#include <jinn/bytes.h>
#include <jinn/stack.h>

bool value_bool(struct bytes text, bool *out);            /* true, false, yes, no, on, off, 1, 0 */
bool value_int(struct bytes text, int64_t *out);          /* decimal, may be negative */
bool value_port(struct bytes text, uint16_t *out);        /* 1 to 65535 */
bool value_duration(struct bytes text, uint64_t *out_ns); /* 250ms, 30s, 5m, 2h, 14d, 2w; also us and ns */
bool value_size(struct bytes text, uint64_t *out_bytes);  /* 512, 64K, 4M, 1G: powers of 1024 */

/* 10.0.0.0/8,10.0.0.1: one more. False also: there are IP_ROUTES_MAX. */
bool value_route(struct bytes text, struct ip_routes *out);
/* 10.0.0.1,fd00::1: more. False also: there would be more than IP_LIST_MAX. */
bool value_ips(struct bytes text, struct ip_list *out);

#endif
