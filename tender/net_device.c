/* SPDX-License-Identifier: ISC */
#include "tender/device.h"
#include "tender/fail.h"

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

void net_device_open(const char *name, const char *interface, struct net_device *d)
{
    struct ifreq r = {0};
    d->mtu_bytes = ask_interface(name, interface);
    d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (d->fd < 0)
        fail(FAIL_DEVICE, "--net:%s=%s: can't open /dev/net/tun: %s", name, interface, strerror(errno));
    strcpy(r.ifr_name, interface);
    r.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (ioctl(d->fd, TUNSETIFF, &r) != 0)
        fail(FAIL_DEVICE, "--net:%s=%s: can't attach it as a tap: %s%s", name, interface, strerror(errno),
             errno == EBUSY    ? "; another program has it"
             : errno == EPERM  ? "; give it to yourself with `ip tuntap add ... user`"
             : errno == EINVAL ? "; it is not a tap"
                               : "");
    if (strcmp(r.ifr_name, interface) != 0)
        fail(FAIL_DEVICE, "--net:%s=%s: this is a pattern, not the name of an interface", name, interface);
}

/* A tap that somebody opened knows its name; a socket has no MTU. */
static uint16_t ask_descriptor(int fd)
{
    struct ifreq r = {0};
    if (ioctl(fd, TUNGETIFF, &r) != 0)
        return MTU_DEFAULT;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int e = s < 0 ? -1 : ioctl(s, SIOCGIFMTU, &r);
    if (s >= 0)
        close(s);
    return e == 0 && r.ifr_mtu > 0 && r.ifr_mtu <= MTU_MOST ? (uint16_t)r.ifr_mtu : MTU_DEFAULT;
}

static bool keeps_frames_apart(int fd)
{
    struct stat s;
    int type = 0;
    socklen_t len = sizeof type;
    if (fstat(fd, &s) != 0 || !S_ISSOCK(s.st_mode))
        return S_ISCHR(s.st_mode); /* a tap */
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && (type == SOCK_DGRAM || type == SOCK_SEQPACKET);
}

void net_device_take(const char *name, int fd, struct net_device *d)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        fail(FAIL_DEVICE, "--net:%s=@%d: no such descriptor is open", name, fd);
    if (!keeps_frames_apart(fd))
        fail(FAIL_DEVICE, "--net:%s=@%d: this is neither a tap nor a socket that keeps messages apart", name, fd);
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        fail(FAIL_HOST, "--net:%s=@%d: the host refused to make it non-blocking: %s", name, fd, strerror(errno));
    *d = (struct net_device){fd, ask_descriptor(fd)};
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
