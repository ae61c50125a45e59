/* SPDX-License-Identifier: ISC */
/* A net device on any interface of the host, by a packet socket (packet(7)). Frames that come in lie in a ring that the
 * kernel fills while the image works; frames that go out wait for plat_wait, which sends them by one call. So a batch costs
 * two or three calls, where a tap takes two for each frame. Needs CAP_NET_RAW. The image has a MAC of its own: it is one
 * more host on the link, and the interface's own traffic stays the kernel's. */
#include "plat/linux/linux.h"

#include "wire/vnet.h"

#include <jinn/must.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SLOT_BYTES \
    2048 /* a frame of 1514 bytes behind the kernel's headers and the link's; what is longer is read apart */
#define BLOCK_BYTES 65536
#define N_SLOTS 1024 /* what a client sends while the image works on a batch: some milliseconds at a million a second */
#define LARGE_BYTES (4 << 20) /* of frames that are longer than a slot, each way */
#define OUT_MAX 64
#define OUT_BYTES (VNET_HEADER_BYTES + PLAT_FRAME_BYTES)

struct linux_packet {
    struct linux_watch watch;
    struct linux_packet *next;
    int fd;
    unsigned interface;
    bool headers; /* each frame has one (wire/vnet.h) */
    bool gone;
    uint8_t *ring;
    unsigned at;             /* the next slot to look at */
    struct tpacket2_hdr *in; /* the slot whose frame the image has; NULL: none */
    unsigned n_out;
    uint64_t n_lost;
    struct iovec part[OUT_MAX];
    struct mmsghdr message[OUT_MAX];
    uint8_t out[OUT_MAX][OUT_BYTES];
};

static struct linux_packet *packets; /* all there are, for plat_wait */

static NO_RETURN void fail(const char *interface, const char *what)
{
    linux_fail(EXIT_DEVICE, "packet socket on '%s': %s: %s%s", interface, what, strerror(errno),
               errno == EPERM ? " (it takes root, or CAP_NET_RAW)" : "");
}

/* What is for everybody or for this MAC, and of no VLAN: the kernel has cut the tag out of those. */
static void set_filter(int fd, const uint8_t mac[static 6], const char *interface)
{
    uint32_t first = (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3];
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 7),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 4, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 3),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)mac[4] << 8 | mac[5], 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {ARRAY_LEN(code), code};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
        fail(interface, "filter");
}

static void set(int fd, int level, int option, int value, const char *interface, const char *what)
{
    if (setsockopt(fd, level, option, &value, sizeof value) != 0)
        fail(interface, what);
}

static void lay_ring(struct linux_packet *p, const char *interface)
{
    struct tpacket_req ring = {.tp_block_size = BLOCK_BYTES,
                               .tp_block_nr = N_SLOTS * SLOT_BYTES / BLOCK_BYTES,
                               .tp_frame_size = SLOT_BYTES,
                               .tp_frame_nr = N_SLOTS};
    if (setsockopt(p->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0)
        fail(interface, "ring");
    p->ring = mmap(NULL, N_SLOTS * SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, p->fd, 0);
    if (p->ring == MAP_FAILED)
        fail(interface, "ring");
}

/* The interface went down, which ends when it comes up again, or for good. */
static void on_event(struct linux_watch *w, uint32_t events)
{
    struct linux_packet *p = CONTAINER_OF(w, struct linux_packet, watch);
    char name[IF_NAMESIZE];
    int error;
    socklen_t len = sizeof error;
    if (events & (EPOLLERR | EPOLLHUP)) {
        (void)getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        p->gone = !if_indextoname(p->interface, name);
    }
}

static void bind_to(struct linux_packet *p, const uint8_t mac[static 6], const char *interface)
{
    struct packet_mreq all = {.mr_ifindex = (int)p->interface, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)p->interface};
    set(p->fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2, interface, "version");
    set(p->fd, SOL_PACKET, PACKET_VNET_HDR, p->headers, interface, "headers");
    set(p->fd, SOL_PACKET, PACKET_COPY_THRESH, LARGE_BYTES, interface, "long frames");
    set(p->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, interface, "own frames");
    set(p->fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1, interface, "queue");
    set(p->fd, SOL_SOCKET, SO_SNDBUFFORCE, LARGE_BYTES, interface, "buffer");
    set(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, LARGE_BYTES, interface, "buffer");
    set_filter(p->fd, mac, interface);
    lay_ring(p, interface);
    if (bind(p->fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        setsockopt(p->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0)
        fail(interface, "bind");
}

static uint16_t mtu_of(int fd, const char *interface)
{
    struct ifreq r = {0};
    memcpy(r.ifr_name, interface, strlen(interface));
    if (ioctl(fd, SIOCGIFMTU, &r) != 0)
        fail(interface, "MTU");
    return (uint16_t)(r.ifr_mtu < LINUX_MTU_BYTES ? r.ifr_mtu : LINUX_MTU_BYTES);
}

void linux_packet_attach(unsigned index, const char *interface)
{
    struct linux_device *d = &linux_state.device[index];
    struct linux_packet *p = calloc(1, sizeof *p);
    if (!p)
        linux_fail(EXIT_DEVICE, "no memory for a packet socket");
    *p = (struct linux_packet){.watch = {index, on_event}, .next = packets, .headers = !d->no_offload};
    if (strlen(interface) == 0 || strlen(interface) >= IF_NAMESIZE)
        linux_fail(EXIT_ARGUMENTS, "'%s' is no interface name", interface);
    p->interface = if_nametoindex(interface);
    if (!p->interface)
        linux_fail(EXIT_DEVICE, "packet socket on '%s': there is no such interface", interface);
    p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0)
        fail(interface, "open");
    bind_to(p, d->mac, interface);
    for (size_t i = 0; i < OUT_MAX; i++)
        p->message[i].msg_hdr = (struct msghdr){.msg_iov = &p->part[i], .msg_iovlen = 1};
    if (!linux_wait_watch(&p->watch, p->fd, EPOLLIN))
        fail(interface, "wait");
    d->mtu_bytes = mtu_of(p->fd, interface);
    d->features = p->headers ? NET_FEATURES : 0;
    d->fd = p->fd;
    d->packet = p;
    packets = p;
}

const uint64_t *linux_packet_lost(const struct linux_packet *p)
{
    return &p->n_lost;
}

/* ---- Sending ---- */

/* What the kernel takes no more of is lost, as on any link. */
static void flush(struct linux_packet *p)
{
    for (unsigned sent = 0; sent < p->n_out;) {
        int n = sendmmsg(p->fd, p->message + sent, p->n_out - sent, MSG_DONTWAIT);
        if (n <= 0) {
            p->n_lost++;
            n = 1;
        }
        sent += (unsigned)n;
    }
    p->n_out = 0;
}

void linux_packet_flush(void)
{
    for (struct linux_packet *p = packets; p; p = p->next) {
        if (p->n_out)
            flush(p);
    }
}

/* Behind what waits, so that frames keep their order. */
static enum err send_long(struct linux_packet *p, const struct iovec *parts, size_t n)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = n};
    flush(p);
    if (sendmsg(p->fd, &m, MSG_DONTWAIT) >= 0)
        return OK;
    return errno == EAGAIN || errno == ENOBUFS || errno == EINTR || errno == ENETDOWN ? ERR_AGAIN : ERR_IO;
}

enum err linux_packet_send(struct linux_packet *p, const struct iovec *parts, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += parts[i].iov_len;
    if (p->gone)
        return ERR_IO;
    if (len > OUT_BYTES)
        return send_long(p, parts, n);
    if (p->n_out == OUT_MAX)
        flush(p);
    uint8_t *to = p->out[p->n_out];
    p->part[p->n_out++] = (struct iovec){to, len};
    for (size_t i = 0; i < n; i++) {
        memcpy(to, parts[i].iov_base, parts[i].iov_len);
        to += parts[i].iov_len;
    }
    return OK;
}

/* ---- Receiving ---- */

static struct tpacket2_hdr *slot(const struct linux_packet *p, unsigned i)
{
    return (struct tpacket2_hdr *)(void *)(p->ring + (size_t)i * SLOT_BYTES);
}

static void give_back(struct linux_packet *p)
{
    if (p->in)
        __atomic_store_n(&p->in->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    p->in = NULL;
}

/* The slot has the beginning of the frame only; the whole waits at the socket, unless that is full. */
static enum err read_long(struct linux_packet *p, uint8_t *buffer, size_t size, uint32_t status, struct bytes *frame)
{
    if (!(status & TP_STATUS_COPY))
        return ERR_MALFORMED;
    ssize_t n = recv(p->fd, buffer, size, MSG_DONTWAIT);
    *frame = bytes_of(buffer, n > 0 ? (size_t)n : 0);
    return n > 0 ? OK : ERR_MALFORMED;
}

enum err linux_packet_recv(struct linux_packet *p, uint8_t *buffer, size_t size, struct bytes *frame)
{
    struct tpacket2_hdr *h = slot(p, p->at);
    size_t header = p->headers ? VNET_HEADER_BYTES : 0;
    give_back(p);
    uint32_t status = __atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE);
    if (!(status & TP_STATUS_USER))
        return p->gone ? ERR_IO : ERR_AGAIN;
    p->in = h;
    p->at = (p->at + 1) % N_SLOTS;
    if (h->tp_snaplen < h->tp_len)
        return read_long(p, buffer, size, status, frame);
    *frame = bytes_of((uint8_t *)h + h->tp_mac - header, h->tp_snaplen + header);
    return OK;
}
