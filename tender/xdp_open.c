/* SPDX-License-Identifier: ISC */
/* A link of the host's, an AF_XDP socket on it and the few instructions that lead all its frames there. They are taken off the
 * link when the last descriptor that stands for that is closed, so at this process's end, whatever that was. */
#include "tender/fail.h"
#include "tender/kind.h"
#include "tender/xdp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_BYTES ((size_t)2 * XDP_RING * XDP_CHUNK_BYTES)
#define SEND_QUEUE_BYTES (16 << 20) /* so that chunks run out first, by what the kernel takes for each */

/* The kernel takes an ended program's socket off a link somewhat later, and an image may be started again at once. */
#define BIND_TRIES 100
#define BIND_PAUSE_NS 20000000

/* What the option said, for messages. */
struct wish {
    const char *name, *interface;
};

NO_RETURN static void refused(struct wish w, const char *what)
{
    const char *why =
        errno == EPERM || errno == EACCES ? "; it needs root: CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF" : "";
    fail(FAIL_DEVICE, "--net:%s=xdp:%s: the host refused %s: %s%s", w.name, w.interface, what, strerror(errno), why);
}

/* ---- The link ---- */

static int ask(int s, unsigned long what, struct ifreq *r, void *data)
{
    if (data)
        r->ifr_data = data;
    return ioctl(s, what, r);
}

static void check_driver(struct wish w, int s, struct ifreq r)
{
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
    if (ask(s, SIOCETHTOOL, &r, &driver) == 0 && strcmp(driver.driver, "tun") == 0)
        fail(FAIL_DEVICE, "--net:%s=xdp:%s: this is a tap, which is faster by itself; leave out xdp:", w.name,
             w.interface);
    if (ask(s, SIOCETHTOOL, &r, &channels) == 0 && channels.rx_count + channels.combined_count > 1)
        fail(
            FAIL_DEVICE,
            "--net:%s=xdp:%s: the link has several receive queues and an image reads one; make it one with `ethtool -L "
            "%s combined 1`, or rx 1",
            w.name, w.interface, w.interface);
}

/* The index of a veth's other end, or of what a link is upon; 0: not known. */
static unsigned linked_to(const char *interface)
{
    char path[sizeof "/sys/class/net//iflink" + IFNAMSIZ], text[16];
    uint64_t index = 0;
    (void)snprintf(path, sizeof path, "/sys/class/net/%s/iflink", interface);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : 0;
    if (fd >= 0)
        (void)close(fd);
    return n > 1 && bytes_decimal(bytes_of(text, (size_t)n - 1), UINT32_MAX, &index) ? (unsigned)index : 0;
}

/* What comes from there would have no checksums, and the image drop it: pings would pass, and nothing else. It can be seen only
 * where both ends are in this namespace. */
static void look_at_other_end(struct wish w, int s)
{
    struct ifreq r = {0};
    struct ethtool_value sums = {.cmd = ETHTOOL_GTXCSUM};
    unsigned own = if_nametoindex(w.interface), other = linked_to(w.interface);
    if (other == 0 || other == own || !if_indextoname(other, r.ifr_name) || linked_to(r.ifr_name) != own)
        return;
    if (ask(s, SIOCETHTOOL, &r, &sums) == 0 && sums.data)
        (void)dprintf(STDERR_FILENO,
                      "%s: note: %s sends without checksums to the image; write `ethtool -K %s tx off`\n",
                      tender_kind.program, r.ifr_name, r.ifr_name);
}

/* Its hardware address is the image's, unless another one is named: a card would not let others through. */
static uint16_t check_link(struct wish w, uint8_t mac[static 6])
{
    struct ifreq r = {0};
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (strlen(w.interface) == 0 || strlen(w.interface) >= sizeof r.ifr_name)
        fail(FAIL_DEVICE, "--net:%s=xdp:%s: an interface's name has 1 to 15 characters", w.name, w.interface);
    strcpy(r.ifr_name, w.interface);
    if (s < 0 || ask(s, SIOCGIFFLAGS, &r, NULL) != 0)
        fail(FAIL_DEVICE,
             "--net:%s=xdp:%s: there is no such link; make it with `ip link add %s type veth peer name ...`", w.name,
             w.interface, w.interface);
    if (!(r.ifr_flags & IFF_UP))
        fail(FAIL_DEVICE, "--net:%s=xdp:%s: the link is down; bring it up with `ip link set %s up`", w.name,
             w.interface, w.interface);
    check_driver(w, s, r);
    look_at_other_end(w, s);
    if (ask(s, SIOCGIFHWADDR, &r, NULL) != 0)
        refused(w, "its hardware address");
    memcpy(mac, r.ifr_hwaddr.sa_data, 6);
    if (ask(s, SIOCGIFMTU, &r, NULL) != 0 || r.ifr_mtu > XDP_MTU_MAX)
        fail(FAIL_DEVICE,
             "--net:%s=xdp:%s: its frames are longer than the %d bytes that fit; write `ip link set %s mtu %d`", w.name,
             w.interface, XDP_MTU_MAX, w.interface, XDP_MTU_MAX);
    (void)close(s);
    return (uint16_t)r.ifr_mtu;
}

/* ---- The socket ---- */

static struct xdp_ring map_ring(struct wish w, int fd, const struct xdp_ring_offset *o, size_t entry, uint64_t at)
{
    uint8_t *p =
        mmap(NULL, o->desc + XDP_RING * entry, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)at);
    if (p == MAP_FAILED)
        refused(w, "a ring of its socket");
    return (struct xdp_ring){(uint32_t *)(void *)(p + o->producer), (uint32_t *)(void *)(p + o->consumer), p + o->desc};
}

static void map_rings(struct wish w, int fd, struct xdp_link *l)
{
    struct xdp_mmap_offsets o;
    socklen_t len = sizeof o;
    if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &o, &len) != 0 || len != sizeof o)
        refused(w, "the places of its socket's rings");
    l->rx = map_ring(w, fd, &o.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
    l->tx = map_ring(w, fd, &o.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
    l->to_fill = map_ring(w, fd, &o.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING);
    l->is_sent = map_ring(w, fd, &o.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING);
}

static void share_memory(struct wish w, int fd, struct xdp_link *l)
{
    static const int rings[] = {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING, XDP_TX_RING};
    int n = XDP_RING, queue_bytes = SEND_QUEUE_BYTES;
    l->memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (l->memory == MAP_FAILED)
        refused(w, "memory for its frames");
    struct xdp_umem_reg u = {.addr = (uintptr_t)l->memory, .len = MEMORY_BYTES, .chunk_size = XDP_CHUNK_BYTES};
    if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &u, sizeof u) != 0)
        refused(w, "memory that is shared with it (see `ulimit -l`)");
    for (size_t i = 0; i < ARRAY_LEN(rings); i++) {
        if (setsockopt(fd, SOL_XDP, rings[i], &n, sizeof n) != 0)
            refused(w, "a ring of its socket");
    }
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &queue_bytes, sizeof queue_bytes) != 0)
        refused(w, "a long queue to send");
}

static void hand_out_chunks(struct xdp_link *l)
{
    for (uint32_t i = 0; i < XDP_RING; i++) {
        ((uint64_t *)l->to_fill.entries)[i] = (uint64_t)i * XDP_CHUNK_BYTES;
        l->free[l->n_free++] = (uint64_t)(XDP_RING + i) * XDP_CHUNK_BYTES;
    }
    __atomic_store_n(l->to_fill.producer, XDP_RING, __ATOMIC_RELEASE);
}

static int open_socket(struct wish w, struct xdp_link *l)
{
    struct sockaddr_xdp to = {
        .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = if_nametoindex(w.interface)};
    int fd = socket(AF_XDP, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        refused(w, "an AF_XDP socket");
    share_memory(w, fd, l);
    map_rings(w, fd, l);
    hand_out_chunks(l);
    for (int tries = 1; bind(fd, (const struct sockaddr *)&to, sizeof to) != 0; tries++) {
        if (errno != EBUSY)
            refused(w, "to bind to it");
        if (tries == BIND_TRIES)
            refused(w, "to bind to it, which another program has done");
        (void)nanosleep(&(struct timespec){0, BIND_PAUSE_NS}, NULL);
    }
    return fd;
}

/* ---- The way to it ---- */

static int bpf(enum bpf_cmd command, union bpf_attr *a)
{
    return (int)syscall(SYS_bpf, command, a, sizeof *a);
}

/* For a packet function: bpf_redirect_map(map, queue it came by, what to do where there is no socket: leave it to the host). */
static int load_program(struct wish w, int map)
{
    const struct bpf_insn code[] = {
        {.code = BPF_LDX | BPF_W | BPF_MEM,
         .dst_reg = BPF_REG_2,
         .src_reg = BPF_REG_1,
         .off = offsetof(struct xdp_md, rx_queue_index)},
        {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
        {.code = 0}, /* the second half of that */
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr a = {.prog_type = BPF_PROG_TYPE_XDP,
                        .insns = (uintptr_t)code,
                        .insn_cnt = ARRAY_LEN(code),
                        .license = (uintptr_t) "ISC",
                        .expected_attach_type = BPF_XDP};
    int program = bpf(BPF_PROG_LOAD, &a);
    if (program < 0)
        refused(w, "the program that leads frames to its socket");
    return program;
}

static int attach(unsigned interface, int program, uint32_t mode)
{
    union bpf_attr a = {
        .link_create = {
            .prog_fd = (uint32_t)program, .target_ifindex = interface, .attach_type = BPF_XDP, .flags = mode}};
    return bpf(BPF_LINK_CREATE, &a);
}

/* By the driver where it can, otherwise by the kernel for any. */
static int lead_here(struct wish w, int socket)
{
    union bpf_attr a = {.map_type = BPF_MAP_TYPE_XSKMAP,
                        .key_size = sizeof(uint32_t),
                        .value_size = sizeof(uint32_t),
                        .max_entries = 1};
    uint32_t queue = 0;
    unsigned interface = if_nametoindex(w.interface);
    int map = bpf(BPF_MAP_CREATE, &a);
    a = (union bpf_attr){.map_fd = (uint32_t)map, .key = (uintptr_t)&queue, .value = (uintptr_t)&socket};
    if (map < 0 || bpf(BPF_MAP_UPDATE_ELEM, &a) != 0)
        refused(w, "a table for its socket");
    int program = load_program(w, map);
    int link = attach(interface, program, XDP_FLAGS_DRV_MODE);
    if (link < 0 && errno != EBUSY)
        link = attach(interface, program, XDP_FLAGS_SKB_MODE);
    if (link < 0)
        refused(w, errno == EBUSY ? "a program on it, where another one is" : "a program on it (it needs Linux 5.9)");
    (void)close(program);
    (void)close(map);
    return link;
}

/* ---- Its end ---- */

/* A socket on which something can be read when the link was removed, and never before: then the AF_XDP socket does not say
 * so itself. */
static int watch_end(struct wish w)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_index)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(if_nametoindex(w.interface)), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog filter = {ARRAY_LEN(code), code};
    struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0 ||
        bind(fd, (const struct sockaddr *)&links, sizeof links) != 0)
        refused(w, "to tell when it is removed");
    return fd;
}

/* ---- What it lets through ---- */

/* All groups, since nobody joins them for the image; and all addresses when it has another one than the link. Until the
 * descriptor is closed. */
static int open_wide(struct wish w, bool all)
{
    struct packet_mreq r = {.mr_ifindex = (int)if_nametoindex(w.interface),
                            .mr_type = all ? PACKET_MR_PROMISC : PACKET_MR_ALLMULTI};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &r, sizeof r) != 0)
        refused(w, "to let all groups through");
    return fd;
}

void xdp_open(struct tender *t, const struct solo5_entry *e, const char *interface, struct net_device *d)
{
    struct wish w = {e->name, interface};
    if (!t->jinn || !(t->jinn->features & EXTENSION_NET_CALLS) || !(t->jinn->features & EXTENSION_NET_OFFLOAD))
        fail(FAIL_DEVICE, "--net:%s=xdp:%s: %s was built without AF_XDP; build it anew, or give it a tap", w.name,
             interface, t->options.image);
    if (xdp.n == XDP_LINKS_MAX)
        fail(FAIL_DEVICE, "--net:%s=xdp:%s: an image has at most %d such links", w.name, interface, XDP_LINKS_MAX);
    size_t i = xdp.n++;
    struct xdp_link *l = &xdp.links[i];
    *d = (struct net_device){.features = EXTENSION_NET_CALLED};
    d->mtu_bytes = check_link(w, d->mac);
    d->fd = open_socket(w, l);
    l->index = (unsigned)(e - t->manifest.entries);
    l->fd = TENDER_FD_DEVICE + (long)l->index;
    t->xdp_calls = (uintptr_t)&xdp_calls;
    t->xdp_index[i] = (uint8_t)l->index;
    int first = TENDER_FD_XDP + TENDER_XDP_FDS * (int)i;
    tender_stage(t, first + TENDER_XDP_LEAD, lead_here(w, d->fd));
    tender_stage(t, first + TENDER_XDP_END, watch_end(w));
    tender_stage(t, first + TENDER_XDP_WIDE, open_wide(w, options_find(&t->options, OPTION_NET_MAC, e->name)));
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0); /* as long a pause again, otherwise */
}
