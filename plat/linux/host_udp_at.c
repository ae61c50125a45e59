/* SPDX-License-Identifier: ISC */
/* Which of the host's addresses a datagram came to, and is to leave from: what the kernel says, and is told, beside it. */
#include "plat/linux/host.h"

#include <string.h>

void host_udp_ask_where(int fd, int family)
{
    int yes = 1;
    if (family == AF_INET)
        (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof yes);
}

bool host_udp_came_to(struct msghdr *m, struct ip *to)
{
    *to = IP_NONE;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            *to = ip4_of_u32(ntohl(info.ipi_addr.s_addr));
            return info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(to->b, &info.ipi6_addr, sizeof to->b); /* of either family */
            return ip_is_multicast(to);
        }
    }
    return false;
}

static void put(struct msghdr *m, union host_control *control, int level, int type, const void *info, size_t len)
{
    m->msg_control = control;
    m->msg_controllen = CMSG_SPACE(len);
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), info, len);
}

void host_udp_leave_from(struct msghdr *m, union host_control *control, int family, const struct ip *from)
{
    struct in_pktinfo four = {.ipi_ifindex = 0};
    struct in6_pktinfo six = {.ipi6_ifindex = 0};
    memset(control, 0, sizeof *control);
    if (family == AF_INET) {
        four.ipi_spec_dst.s_addr = htonl(ip4_u32(from));
        put(m, control, IPPROTO_IP, IP_PKTINFO, &four, sizeof four);
    } else {
        memcpy(&six.ipi6_addr, from->b, sizeof from->b);
        put(m, control, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof six);
    }
}
