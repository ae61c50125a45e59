/* SPDX-License-Identifier: ISC */
#include "tender/device.h"
#include "tender/fail.h"
#include "wire/vnet.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/if_tun.h>

#define MTU_DEFAULT 1500
#define MTU_MOST 65521

/* Asks before opening, because opening a tap that does not exist would create one. */
static uint16_t ask_interface(const char *name, const char *interface)
{
    struct ifreq r = {0};
    if (strlen(interface) >= sizeof r.ifr_name)
        fail(FAIL_DEVICE, "--net:%s=%s: an interface's name has at most 15 characters", name, interface);
    strcpy(r.ifr_name, interface);
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        fail(FAIL_HOST, "the host refused a socket to ask about %s: %s", interface, strerror(errno));
    if (ioctl(s, SIOCGIFFLAGS, &r) != 0)
        fail(FAIL_DEVICE, "--net:%s=%s: there is no such interface; make it with `ip tuntap add %s mode tap`", name,
             interface, interface);
    if (!(r.ifr_flags & IFF_UP))
        fail(FAIL_DEVICE, "--net:%s=%s: the interface is down; bring it up with `ip link set %s up`", name, interface,
             interface);
    int e = ioctl(s, SIOCGIFMTU, &r);
    close(s);
    return e == 0 && r.ifr_mtu > 0 && r.ifr_mtu <= MTU_MOST ? (uint16_t)r.ifr_mtu : MTU_DEFAULT;
}

/* Agrees with the host on headers before frames. What comes in joined or unsummed is what was asked for here; what goes out
 * may be so whenever there are headers. A persistent tap remembers what it was told last, so without headers, too. */
static uint8_t agree(int fd, bool offload)
{
    int header_bytes = VNET_HEADER_BYTES, yes = 1;
    uint8_t out = NET_CHECKSUM_OUT | NET_SEGMENT_TCP4 | NET_SEGMENT_TCP6;
    if (!offload) {
        (void)ioctl(fd, TUNSETOFFLOAD, 0UL);
        return 0;
    }
    if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) != 0 || ioctl(fd, TUNSETVNETLE, &yes) != 0)
        fail(FAIL_HOST, "the host refused headers of %d bytes on a tap: %s", header_bytes, strerror(errno));
    if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)) == 0)
        return out | NET_CHECKSUM_IN | NET_LARGE_IN;
    return ioctl(fd, TUNSETOFFLOAD, (unsigned long)TUN_F_CSUM) == 0 ? out | NET_CHECKSUM_IN : out;
}

static bool host_has_headers(int fd)
{
    unsigned features = 0;
    return ioctl(fd, TUNGETFEATURES, &features) == 0 && features & IFF_VNET_HDR;
}

void net_device_open(const char *name, const char *interface, bool offload, struct net_device *d)
{
    struct ifreq r = {0};
    d->mtu_bytes = ask_interface(name, interface);
    d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (d->fd < 0)
        fail(FAIL_DEVICE, "--net:%s=%s: can't open /dev/net/tun: %s", name, interface, strerror(errno));
    offload = offload && host_has_headers(d->fd);
    strcpy(r.ifr_name, interface);
    r.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0));
    if (ioctl(d->fd, TUNSETIFF, &r) != 0)
        fail(FAIL_DEVICE, "--net:%s=%s: can't attach it as a tap: %s%s", name, interface, strerror(errno),
             errno == EBUSY    ? "; another program has it"
             : errno == EPERM  ? "; give it to yourself with `ip tuntap add ... user`"
             : errno == EINVAL ? "; it is not a tap"
                               : "");
    if (strcmp(r.ifr_name, interface) != 0)
        fail(FAIL_DEVICE, "--net:%s=%s: this is a pattern, not the name of an interface", name, interface);
    d->features = agree(d->fd, offload);
}

/* A tap that somebody opened knows its name; a socket has no MTU. */
static bool is_tap(int fd, struct ifreq *r)
{
    struct stat s;
    return fstat(fd, &s) == 0 && S_ISCHR(s.st_mode) && ioctl(fd, TUNGETIFF, r) == 0 && (r->ifr_flags & IFF_TAP) &&
           (r->ifr_flags & IFF_NO_PI);
}

static bool keeps_messages_apart(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && (type == SOCK_DGRAM || type == SOCK_SEQPACKET);
}

void net_device_take(const char *name, int fd, bool offload, struct net_device *d)
{
    struct ifreq r = {0};
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        fail(FAIL_DEVICE, "--net:%s=@%d: no such descriptor is open", name, fd);
    bool tap = is_tap(fd, &r), headers = tap && r.ifr_flags & IFF_VNET_HDR;
    if (!tap && !keeps_messages_apart(fd))
        fail(FAIL_DEVICE, "--net:%s=@%d: this is neither a tap nor a socket that keeps messages apart", name, fd);
    if (headers && !offload)
        fail(FAIL_DEVICE,
             "--net:%s=@%d: this tap was opened with IFF_VNET_HDR, and the image does not understand its headers or "
             "--net-offload says off",
             name, fd);
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        fail(FAIL_HOST, "--net:%s=@%d: the host refused to make it non-blocking: %s", name, fd, strerror(errno));
    *d = (struct net_device){.fd = fd,
                             .mtu_bytes = tap ? ask_interface(name, r.ifr_name) : MTU_DEFAULT,
                             .features = tap ? agree(fd, headers) : 0};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool net_device_mac_parse(const char *text, uint8_t mac[static 6])
{
    for (int i = 0; i < 6; i++, text += 3) {
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0 || text[2] != (i < 5 ? ':' : 0))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return !(mac[0] & 1);
}

void net_device_mac_random(uint8_t mac[static 6])
{
    if (getrandom(mac, 6, 0) != 6)
        fail(FAIL_HOST, "the host has no random bytes: %s", strerror(errno));
    mac[0] = (uint8_t)((mac[0] & 0xfe) | 2);
}
