/* SPDX-License-Identifier: ISC */
/* Addresses as the host writes them: socket addresses, and what it says of its network. */
#include "plat/linux/host.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static struct ip of_in_addr(const struct in_addr *a)
{
    return ip4_of_u32(ntohl(a->s_addr));
}

socklen_t host_address_of(int family, const struct endpoint *e, union host_address *a)
{
    memset(a, 0, sizeof *a);
    if (family == AF_INET) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons(e->port);
        a->v4.sin_addr.s_addr = htonl(ip4_u32(&e->ip));
        return sizeof a->v4;
    }
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(e->port);
    memcpy(&a->v6.sin6_addr, e->ip.b, sizeof e->ip.b);
    return sizeof a->v6;
}

struct endpoint host_endpoint_of(const union host_address *a)
{
    struct endpoint e = {.port = 0};
    if (a->any.sa_family == AF_INET)
        return (struct endpoint){of_in_addr(&a->v4.sin_addr), ntohs(a->v4.sin_port)};
    if (a->any.sa_family == AF_INET6) {
        memcpy(e.ip.b, &a->v6.sin6_addr, sizeof e.ip.b);
        e.port = ntohs(a->v6.sin6_port);
    }
    return e;
}

static uint8_t prefix_of(const struct sockaddr *mask)
{
    struct sockaddr_in in;
    if (!mask)
        return 32;
    memcpy(&in, mask, sizeof in);
    return (uint8_t)__builtin_popcount(in.sin_addr.s_addr);
}

struct ip_net host_find_ipv4(void)
{
    struct ip_net found = {ip4(127, 0, 0, 1), 8};
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0)
        return found;
    for (struct ifaddrs *i = all; i; i = i->ifa_next) {
        struct sockaddr_in in;
        bool fits = i->ifa_addr && i->ifa_addr->sa_family == AF_INET && (i->ifa_flags & IFF_UP) &&
                    !(i->ifa_flags & IFF_LOOPBACK);
        if (!fits)
            continue;
        memcpy(&in, i->ifa_addr, sizeof in);
        found = (struct ip_net){of_in_addr(&in.sin_addr), prefix_of(i->ifa_netmask)};
        break;
    }
    freeifaddrs(all);
    return found;
}

/* Lines of interface, destination, gateway and more, the numbers as the processor stores them. */
struct ip host_find_gateway(void)
{
    struct ip found = IP_NONE;
    char line[256];
    FILE *f = fopen("/proc/net/route", "re");
    while (f && fgets(line, sizeof line, f)) {
        struct in_addr destination, gateway;
        if (sscanf(line, "%*s %x %x", &destination.s_addr, &gateway.s_addr) != 2 || destination.s_addr ||
            !gateway.s_addr)
            continue;
        found = of_in_addr(&gateway);
        break;
    }
    if (f)
        fclose(f);
    return found;
}
