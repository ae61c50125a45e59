/* SPDX-License-Identifier: ISC */
/* jinn-net: a network for one image without root and without a tap. Frames come and go on a socket that keeps their borders
 * (SOCK_SEQPACKET or SOCK_DGRAM); libslirp turns them into the host's sockets and back. The process ends when the
 * other end of the socket is closed, or with its parent. */
#include "tender/usernet/datagram.h"
#include "tender/usernet/guest.h"
#include "tender/usernet/usernet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 4096 /* a connection is one */
#define FRAME_BYTES_MAX 65536
#define FRAMES_AT_ONCE 128 /* read from the guest before the host's sockets have their turn */
#define BACKLOG 128        /* connections that wait to be accepted; libslirp's own is 1, which costs clients seconds */
#define WARNINGS_MAX 20    /* lines that libslirp may write: a guest must not fill the log */

enum { STATUS_USAGE = 64, STATUS_UNAVAILABLE = 69, STATUS_BUG = 70, STATUS_HOST = 71, STATUS_NO_OUTPUT = 73 };

struct usernet {
    struct guest guest; /* its descriptor is -1 until it is known */
    int pcap_fd;        /* -1: no capture */
    Slirp *slirp;
    struct in_addr guest_address;
    struct datagrams datagrams;
    int read_fd;  /* which of the host's sockets libslirp looks at: frames come of it */
    int ready_fd; /* -1: nobody waits */
    size_t n_polls;
    struct pollfd polls[DESCRIPTORS_MAX + 1];
    uint8_t frame[FRAME_BYTES_MAX];
};

static NO_RETURN PRINTF_LIKE(2, 3) void fail(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("jinn-net: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(status);
}

/* ---- Capture: pcap's file format with nanoseconds, in the host's byte order ---- */

static void pcap_open(struct usernet *u, const char *path)
{
    static const uint32_t header[6] = {0xa1b23c4d, 0x00040002, 0, 0, FRAME_BYTES_MAX, 1};
    u->pcap_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (u->pcap_fd < 0 || write(u->pcap_fd, header, sizeof header) != sizeof header)
        fail(STATUS_NO_OUTPUT, "%s: can't be written: %s", path, strerror(errno));
}

static void pcap_frame(const struct usernet *u, const void *frame, size_t len)
{
    struct timespec now;
    if (u->pcap_fd < 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    uint32_t head[4] = {(uint32_t)now.tv_sec, (uint32_t)now.tv_nsec, (uint32_t)len, (uint32_t)len};
    struct iovec parts[2] = {{head, sizeof head}, {(void *)(uintptr_t)frame, len}};
    (void)!writev(u->pcap_fd, parts, 2);
}

/* ---- What libslirp calls ---- */

/* Says that all went well whatever became of the frame: networks lose frames, and for libslirp a failure is a bug. */
static ssize_t send_packet(const void *frame, size_t len, void *opaque)
{
    struct usernet *u = opaque;
    bool first = u->guest.n_dropped == 0;
    datagrams_note(&u->datagrams, u->read_fd, bytes_of(frame, len));
    if (guest_send(&u->guest, frame, len))
        pcap_frame(u, frame, len);
    else if (first && !u->guest.ended)
        fputs("jinn-net: the image reads its frames too slowly, and some are lost\n", stderr);
    return (ssize_t)len;
}

static void guest_error(const char *text, void *opaque)
{
}

static int64_t clock_get_ns(void *opaque)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Only router advertisements of IPv6 use timers, and there is no IPv6 here. */
static void *timer_new(SlirpTimerCb fire, void *argument, void *opaque)
{
    static char timer;
    return &timer;
}

static void timer_free(void *timer, void *opaque)
{
}

static void timer_mod(void *timer, int64_t at_ms, void *opaque)
{
}

static void poll_fd_changed(int fd, void *opaque)
{
}

static void notify(void *opaque)
{
}

static const SlirpCb callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_get_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = poll_fd_changed,
    .unregister_poll_fd = poll_fd_changed,
    .notify = notify,
};

/* libslirp complains through glib, which would ask for its process id to print it, among other things. Of glib this is all
 * that is needed, so that its headers are not. */
extern void *g_log_set_default_handler(void (*handler)(const char *, int, const char *, void *), void *argument);
enum { G_LOG_FATAL = 1, G_LOG_ERROR = 4, G_LOG_CRITICAL = 8, G_LOG_WARNING = 16 };

static void complaint(const char *domain, int level, const char *text, void *argument)
{
    static int n; /* of this process */
    bool fatal = level & (G_LOG_FATAL | G_LOG_ERROR);
    if (fatal || (level & (G_LOG_CRITICAL | G_LOG_WARNING) && n++ < WARNINGS_MAX))
        fprintf(stderr, "jinn-net: %s: %s\n", domain ? domain : "glib", text);
    if (fatal)
        _exit(STATUS_BUG);
}

/* libslirp gives no other way to them than to look for sockets that listen. */
static void widen_backlogs(void)
{
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        int listens = 0;
        socklen_t len = sizeof listens;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens)
            listen(fd, BACKLOG);
    }
}

static void start_slirp(struct usernet *u)
{
    SlirpConfig config = {
        .version = 1,
        .in_enabled = true,
        .vnetwork.s_addr = htonl(USERNET_NETWORK),
        .vnetmask.s_addr = htonl(USERNET_MASK),
        .vhost.s_addr = htonl(USERNET_ROUTER),
        .vnameserver.s_addr = htonl(USERNET_RESOLVER),
        .vdhcp_start.s_addr = htonl(USERNET_GUEST),
        .disable_host_loopback = true,
    };
    g_log_set_default_handler(complaint, NULL);
    u->slirp = slirp_new(&config, &callbacks, u);
    if (!u->slirp)
        fail(STATUS_HOST, "libslirp does not start");
}

/* ---- The loop ---- */

static const struct {
    int slirp;
    short poll;
} events[] = {{SLIRP_POLL_IN, POLLIN},
              {SLIRP_POLL_OUT, POLLOUT},
              {SLIRP_POLL_PRI, POLLPRI},
              {SLIRP_POLL_ERR, POLLERR},
              {SLIRP_POLL_HUP, POLLHUP}};

static int add_poll(int fd, int wanted, void *opaque)
{
    struct usernet *u = opaque;
    if (u->n_polls > DESCRIPTORS_MAX)
        return -1;
    struct pollfd *p = &u->polls[u->n_polls];
    *p = (struct pollfd){.fd = fd};
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        if (wanted & events[i].slirp)
            p->events = (short)(p->events | events[i].poll);
    return (int)u->n_polls++;
}

static int get_revents(int index, void *opaque)
{
    struct usernet *u = opaque;
    int found = 0;
    if (index < 0)
        return 0;
    u->read_fd = u->polls[index].fd;
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        if (u->polls[index].revents & events[i].poll)
            found |= events[i].slirp;
    return found;
}

static void take_frames(struct usernet *u)
{
    for (int i = 0; i < FRAMES_AT_ONCE; i++) {
        ssize_t len = recv(u->guest.fd, u->frame, sizeof u->frame, MSG_DONTWAIT);
        if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
            u->guest.ended = true;
        if (len <= 0)
            return;
        pcap_frame(u, u->frame, (size_t)len);
        struct bytes frame = bytes_of(u->frame, (size_t)len);
        if (usernet_frame_allowed(frame) && !datagrams_answer(&u->datagrams, frame))
            slirp_input(u->slirp, u->frame, (int)len);
    }
}

static int wait_for(struct usernet *u, uint32_t timeout_ms)
{
    int ready = poll(u->polls, u->n_polls, timeout_ms > INT32_MAX ? -1 : (int)timeout_ms);
    if (ready < 0 && errno != EINTR)
        fail(STATUS_HOST, "poll: %s", strerror(errno));
    if (ready <= 0)
        return ready;
    if (u->polls[0].revents & POLLOUT)
        guest_flush(&u->guest);
    if (u->polls[0].revents & ~POLLOUT)
        take_frames(u);
    return ready;
}

/* While frames wait for the guest, the host's sockets must wait too: they are not read, and their senders are held back
 * by their own windows. The guest's frames are always read, lest both sides wait for each other. */
static void run(struct usernet *u)
{
    while (!u->guest.ended) {
        uint32_t timeout_ms = UINT32_MAX;
        bool held = u->guest.n_waiting > 0;
        u->polls[0] = (struct pollfd){.fd = u->guest.fd, .events = held ? POLLIN | POLLOUT : POLLIN};
        u->n_polls = 1;
        if (!held)
            slirp_pollfds_fill(u->slirp, &timeout_ms, add_poll, u);
        int ready = wait_for(u, timeout_ms);
        if (!held)
            slirp_pollfds_poll(u->slirp, ready < 0, get_revents, u);
    }
}

/* ---- The command line ---- */

static bool number(const char *text, uint64_t max, uint64_t *value)
{
    return bytes_decimal(bytes_str(text), max, value);
}

/* "tcp,127.0.0.1,8080,80" */
static void forward(struct usernet *u, const char *text)
{
    char protocol[4], address[16], host[6], guest[6];
    uint64_t host_port, guest_port;
    struct in_addr from;
    if (sscanf(text, "%3[a-z],%15[0-9.],%5[0-9],%5[0-9]", protocol, address, host, guest) != 4 ||
        inet_pton(AF_INET, address, &from) != 1 || !number(host, 65535, &host_port) ||
        !number(guest, 65535, &guest_port))
        fail(STATUS_USAGE, "--forward=%s: write tcp|udp,ADDRESS,PORT,PORT", text);
    if (slirp_add_hostfwd(u->slirp, strcmp(protocol, "udp") == 0, from, (int)host_port, u->guest_address,
                          (int)guest_port) != 0)
        fail(STATUS_UNAVAILABLE, "port %s of %s can't be had: %s; choose another with -p", host, address,
             strerror(errno));
    if (strcmp(protocol, "udp") == 0 && !datagrams_add(&u->datagrams, from, (uint16_t)host_port, (uint16_t)guest_port))
        fail(STATUS_UNAVAILABLE, "too many UDP ports are published: at most %d", DATAGRAM_FORWARDS);
}

static void parse(struct usernet *u, char **argv, const char *start)
{
    uint64_t fd;
    for (; *argv; argv++) {
        size_t len = strlen(start);
        if (strncmp(*argv, start, len) != 0)
            continue;
        const char *value = *argv + len;
        if (strcmp(start, "--forward=") == 0)
            forward(u, value);
        else if (strcmp(start, "--pcap=") == 0)
            pcap_open(u, value);
        else if (strcmp(start, "--guest=") == 0 && inet_pton(AF_INET, value, &u->guest_address) != 1)
            fail(STATUS_USAGE, "%s: no address", *argv);
        else if (strcmp(start, "--fd=") == 0 && number(value, INT32_MAX, &fd) && fcntl((int)fd, F_GETFD) >= 0)
            u->guest.fd = (int)fd;
        else if (strcmp(start, "--ready=") == 0 && number(value, INT32_MAX, &fd))
            u->ready_fd = (int)fd;
    }
}

int main(int argc, char **argv)
{
    static struct usernet u = {.guest.fd = -1, .pcap_fd = -1, .ready_fd = -1};
    struct rlimit files = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};
    u.guest_address.s_addr = htonl(USERNET_GUEST);
    parse(&u, argv, "--fd=");
    if (u.guest.fd < 0)
        fail(STATUS_USAGE, "usage: jinn-net --fd=N [--ready=FD] [--guest=ADDRESS] [--pcap=FILE] "
                           "[--forward=tcp|udp,ADDRESS,PORT,PORT]...; "
                           "jinn run starts it");
    signal(SIGPIPE, SIG_IGN);
    /* The terminal's Ctrl-C is for the image, which may want the network while it ends. */
    signal(SIGINT, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &files);
    start_slirp(&u);
    parse(&u, argv, "--ready=");
    parse(&u, argv, "--guest=");
    parse(&u, argv, "--pcap=");
    parse(&u, argv, "--forward=");
    widen_backlogs();
    const char *problem = usernet_confine();
    if (problem)
        fail(STATUS_HOST, "the host does not allow %s, without which the network does not start", problem);
    if (u.ready_fd >= 0) {
        (void)!write(u.ready_fd, "", 1);
        close(u.ready_fd);
    }
    run(&u);
    return 0;
}
