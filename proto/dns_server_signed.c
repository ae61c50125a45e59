/* SPDX-License-Identifier: ISC */
/* A server of signed zones: apart, since not every server has them. */
#include "proto/dns_server.h"

enum err dns_server_new(const struct dns_server_options *o, struct dns_server **d)
{
    enum err e = dns_server_new_unsigned(o, d);
    if (e == OK)
        dns_zones_init(&(*d)->zones, (*d)->zones.seed, (*d)->zones.max);
    return e;
}
