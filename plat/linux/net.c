/* SPDX-License-Identifier: ISC */
/* Net devices: a tap interface, or a descriptor on which each read and write is one frame (a tap, a packet socket
 * pair to a user-mode network or another image). */
#include "plat/linux/linux.h"

#include "wire/vnet.h"

#include <jinn/must.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MTU_BYTES 1500

/* Agrees with the kernel on headers before frames, if the tap has them. What comes in joined or unsummed is what was asked for
 * here; what goes out may be so whenever there are headers. A persistent tap remembers what it was told last. */
static uint8_t agree(int fd)
{
    struct ifreq r = {0};
    int header_bytes = VNET_HEADER_BYTES, yes = 1;
    uint8_t out = NET_CHECKSUM_OUT | NET_SEGMENT_TCP4 | NET_SEGMENT_TCP6;
    if (ioctl(fd, TUNGETIFF, &r) != 0)
        return 0; /* no tap */
    if (!(r.ifr_flags & IFF_VNET_HDR)) {
        (void)ioctl(fd, TUNSETOFFLOAD, 0UL);
        return 0;
    }
    if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) != 0 || ioctl(fd, TUNSETVNETLE, &yes) != 0)
        linux_fail(EXIT_DEVICE, "tap interface '%s': headers: %s", r.ifr_name, strerror(errno));
    if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)) == 0)
        return out | NET_CHECKSUM_IN | NET_LARGE_IN;
    return ioctl(fd, TUNSETOFFLOAD, (unsigned long)TUN_F_CSUM) == 0 ? out | NET_CHECKSUM_IN : out;
}

static bool kernel_has_headers(int fd)
{
    unsigned features = 0;
    return ioctl(fd, TUNGETFEATURES, &features) == 0 && features & IFF_VNET_HDR;
}

static int tap_open(const char *interface, bool offload)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    if (strlen(interface) == 0 || strlen(interface) >= sizeof request.ifr_name)
        linux_fail(EXIT_ARGUMENTS, "'%s' is no interface name", interface);
    /* Root would get a new interface for every typing mistake. */
    if (if_nametoindex(interface) == 0)
        linux_fail(EXIT_DEVICE, "tap interface '%s': there is none (ip tuntap add %s mode tap user YOU)", interface,
                   interface);
    memcpy(request.ifr_name, interface, strlen(interface));
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        linux_fail(EXIT_DEVICE, "/dev/net/tun: %s", strerror(errno));
    if (offload && kernel_has_headers(fd))
        request.ifr_flags |= IFF_VNET_HDR;
    if (ioctl(fd, TUNSETIFF, &request) != 0)
        linux_fail(EXIT_DEVICE, "tap interface '%s': %s%s", interface, strerror(errno),
                   errno == EPERM ? " (make it yours: ip tuntap add NAME mode tap user YOU)" : "");
    return fd;
}

/* Locally administered, unicast, random: nobody configures one and two processes never share it. */
static void make_mac(uint8_t mac[static 6])
{
    if (getrandom(mac, 6, 0) != 6)
        linux_fail(EXIT_ENTROPY, "no random bytes for a hardware address");
    mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02);
}

void linux_net_attach(unsigned index, const char *value)
{
    struct linux_device *d = &linux_state.device[index];
    if (strcmp(value, "host") == 0) {
        d->on_host = true;
        return;
    }
    if (strncmp(value, "xdp:", 4) == 0)
        linux_fail(EXIT_DEVICE, "--net:%s=%s: only spt images have AF_XDP; give this one a tap",
                   plat_devices[index].name, value);
    if (value[0] == '@') {
        if (!linux_descriptor(value, &d->fd))
            linux_fail(EXIT_DEVICE, "--net:%s=%s: not an open descriptor", plat_devices[index].name, value);
    } else {
        d->fd = tap_open(strncmp(value, "tap:", 4) == 0 ? value + 4 : value, !d->no_offload);
    }
    d->features = agree(d->fd);
    if (d->features && d->no_offload)
        linux_fail(EXIT_DEVICE, "--net:%s=%s: this tap was opened with IFF_VNET_HDR, and --net-offload says off",
                   plat_devices[index].name, value);
    int flags = fcntl(d->fd, F_GETFL);
    if (flags < 0 || fcntl(d->fd, F_SETFL, flags | O_NONBLOCK) != 0)
        linux_fail(EXIT_DEVICE, "--net:%s=%s: %s", plat_devices[index].name, value, strerror(errno));
    d->mtu_bytes = MTU_BYTES;
    make_mac(d->mac);
    linux_wait_add(index, d->fd);
}

enum err plat_net_open(const char *name, struct plat_net_info *info)
{
    for (size_t i = 0; i < plat_n_devices; i++) {
        const struct linux_device *d = &linux_state.device[i];
        if (plat_devices[i].type != PLAT_NET || d->fd < 0 || strcmp(plat_devices[i].name, name) != 0)
            continue;
        *info = (struct plat_net_info){.index = (unsigned)i, .mtu_bytes = d->mtu_bytes, .features = d->features};
        memcpy(info->mac, d->mac, sizeof info->mac);
        return OK;
    }
    return ERR_NOT_FOUND;
}

enum err plat_net_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o)
{
    static const struct net_offload plain;
    uint8_t header[VNET_HEADER_BYTES];
    struct iovec parts[1 + NET_PARTS_MAX];
    struct writer w = writer_of(header, sizeof header);
    must(index < plat_n_devices && n <= NET_PARTS_MAX);
    size_t first = linux_state.device[index].features ? 1 : 0;
    if (first)
        vnet_emit(&w, o ? o : &plain);
    parts[0] = (struct iovec){header, sizeof header};
    for (size_t i = 0; i < n; i++)
        parts[first + i] = (struct iovec){(void *)(uintptr_t)v[i].data, v[i].len};
    if (writev(linux_state.device[index].fd, parts, (int)(first + n)) >= 0)
        return OK;
    return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? ERR_AGAIN : ERR_IO;
}

enum err plat_net_recv(unsigned index, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    must(index < plat_n_devices);
    ssize_t n = read(linux_state.device[index].fd, buffer, size);
    if (n > 0 && linux_state.device[index].features)
        return vnet_split(bytes_of(buffer, (size_t)n), frame, o) ? OK : ERR_MALFORMED;
    if (n > 0) {
        *frame = bytes_of(buffer, (size_t)n);
        *o = (struct net_offload){0};
        return OK;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_AGAIN;
    /* The other end is gone. It would stay readable for ever, so it leaves the set of what is waited for. */
    if (linux_state.device[index].fd >= 0)
        linux_wait_remove(linux_state.device[index].fd);
    return ERR_IO;
}
