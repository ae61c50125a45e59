/* SPDX-License-Identifier: ISC */
/* frames write|read|send|receive TAP SECONDS SERVER_CPU CLIENT_CPU [ADDRESS]: what a tap gives without any stack, by a process on
 * the server's core and one on the client's.
 *
 *   write, read     frames of a protocol that nobody knows: what is written the kernel drops at once, what is read a packet
 *                   socket has sent
 *   send, receive   TCP segments of one connection to ADDRESS, which has to be a neighbour on the tap: the client's process
 *                   has an ordinary socket, from which it reads all, or into which it writes. Nothing is looked up, copied or timed:
 *                   what is left is the kernel's work for a stream, and this program's at its least
 *
 * All frames are of 1514 bytes, 1448 of them a stream's. Prints
 *
 *     BYTES_OF_STREAM CPU_SECONDS
 *
 * of the process on the server's core. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_BYTES = 1514,
    DATA_BYTES = 1448, /* of a frame: TCP with timestamps */
    HEADER_BYTES = FRAME_BYTES - DATA_BYTES,
    IP_AT = 14,
    TCP_AT = 34,
    OPTIONS_AT = 54,
    PROTOCOL = 0x88b5, /* for local experiments */
    TURN = 64,
    PORT = 5001,
    FLIGHT_BYTES = 512 * 1024, /* less than what a tap's queue and a core's backlog hold, 1000 frames each */
    WINDOW_SHIFT = 4
};

static void die(const char *what)
{
    fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        die("affinity");
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int tap_open(const char *name)
{
    struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
        die(name);
    return fd;
}

static void fill(unsigned char *frame)
{
    memset(frame, 0, FRAME_BYTES);
    memset(frame, 0xff, 6);
    frame[6] = 2;
    frame[12] = PROTOCOL >> 8;
    frame[13] = PROTOCOL & 0xff;
}

/* Sends into the tap until it is killed. */
static void feed(const char *name)
{
    unsigned char frame[FRAME_BYTES];
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name), .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    fill(frame);
    if (fd < 0)
        die("packet socket");
    for (;;) {
        if (sendto(fd, frame, sizeof frame, 0, (struct sockaddr *)&to, sizeof to) < 0 && errno != ENOBUFS &&
            errno != EAGAIN)
            die("send");
    }
}

static long write_frames(int fd, double seconds)
{
    unsigned char frame[FRAME_BYTES];
    long n = 0;
    fill(frame);
    for (double end = now() + seconds; now() < end;) {
        for (int i = 0; i < TURN; i++)
            n += write(fd, frame, sizeof frame) == FRAME_BYTES;
    }
    return n * DATA_BYTES;
}

static long read_frames(int fd, double seconds)
{
    unsigned char frame[FRAME_BYTES];
    long n = 0;
    for (double end = now() + seconds; now() < end;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        (void)poll(&ready, 1, 100);
        for (int i = 0; i < TURN && read(fd, frame, sizeof frame) == FRAME_BYTES; i++)
            n++;
    }
    return n * DATA_BYTES;
}

/* ---- One TCP connection ---- */

enum { SYN = 2, ACK = 16 };

struct stream {
    int fd;
    unsigned char frame[FRAME_BYTES]; /* with headers of ours; the data is zeroes */
    uint32_t begin, unacknowledged, next, wanted;
    uint32_t window, gone_back;
    unsigned window_shift, n_same;
};

static unsigned get16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const unsigned char *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(unsigned char *at, unsigned v)
{
    at[0] = (unsigned char)(v >> 8);
    at[1] = (unsigned char)v;
}

static void put32(unsigned char *at, uint32_t v)
{
    put16(at, v >> 16);
    put16(at + 2, v & 0xffff);
}

static unsigned checksum(const unsigned char *at, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i += 2)
        sum += get16(at + i);
    sum = (sum >> 16) + (sum & 0xffff);
    return ~((sum >> 16) + sum) & 0xffff;
}

/* `header_len` is TCP's; `len` zeroes follow, which add nothing to the sum. */
static void put_segment(struct stream *s, unsigned flags, uint32_t seq, size_t header_len, size_t len)
{
    unsigned char *ip = s->frame + IP_AT, *tcp = s->frame + TCP_AT;
    size_t segment_len = header_len + len;
    put16(ip + 2, (unsigned)(20 + segment_len));
    put16(ip + 10, 0);
    put16(ip + 10, checksum(ip, 20, 0));
    put32(tcp + 4, seq);
    put32(tcp + 8, s->wanted);
    tcp[12] = (unsigned char)(header_len / 4 << 4);
    tcp[13] = (unsigned char)flags;
    put16(tcp + 16, 0);
    put16(tcp + 16, checksum(ip + 12, 8 + header_len, 6 + (uint32_t)segment_len));
    if (write(s->fd, s->frame, TCP_AT + segment_len) < 0 && errno != EAGAIN && errno != ENOBUFS)
        die("write");
}

static void acknowledge(struct stream *s)
{
    put_segment(s, ACK, s->next, HEADER_BYTES - TCP_AT, 0);
}

/* A whole TCP segment to us, with timestamps unless it is a SYN; NULL: there is none now, or `other` was read. */
static unsigned char *read_segment(struct stream *s, unsigned char frame[static FRAME_BYTES], int *other)
{
    ssize_t n = read(s->fd, frame, FRAME_BYTES);
    *other = n > 0;
    return n >= OPTIONS_AT && get16(frame + 12) == 0x0800 && frame[IP_AT + 9] == 6 && get16(frame + TCP_AT + 2) == PORT
               ? frame + TCP_AT
               : NULL;
}

/* The addresses turned round, window and timestamps; in the SYN's answer MSS and scale come after these. */
static void answer_syn(struct stream *s, const unsigned char *syn)
{
    unsigned char *f = s->frame, *options = f + OPTIONS_AT;
    const unsigned char *in = syn - TCP_AT;
    memset(f, 0, FRAME_BYTES);
    memcpy(f, in + 6, 6);
    memcpy(f + 6, in, 6);
    memcpy(f + 12, "\x08\x00\x45", 3);
    memcpy(f + IP_AT + 6, "\x40\x00\x40\x06", 4);
    memcpy(f + IP_AT + 12, in + IP_AT + 16, 4);
    memcpy(f + IP_AT + 16, in + IP_AT + 12, 4);
    memcpy(f + TCP_AT, syn + 2, 2);
    memcpy(f + TCP_AT + 2, syn, 2);
    put16(f + TCP_AT + 14, FLIGHT_BYTES >> WINDOW_SHIFT);
    memcpy(options, "\1\1\10\12\0\0\0\1", 8);
    memcpy(options + 12, "\2\4\5\xb4\1\3\3", 7);
    options[19] = WINDOW_SHIFT;
    for (const unsigned char *o = syn + 20, *end = syn + (syn[12] >> 4) * 4; o < end && *o; o += *o == 1 ? 1 : o[1]) {
        if (*o == 8)
            memcpy(options + 8, o + 2, 4);
        if (*o == 3)
            s->window_shift = o[2];
    }
    s->wanted = get32(syn + 4) + 1;
    s->begin = s->unacknowledged = s->next = s->gone_back = 1;
    put_segment(s, SYN | ACK, 0, 40, 0);
    memset(options + 12, 0, 8);
}

static void wait_for_frames(const struct stream *s, int ms)
{
    struct pollfd ready = {.fd = s->fd, .events = POLLIN};
    (void)poll(&ready, 1, ms);
}

/* What a segment acknowledges. Three that say the same, once for each place: something was lost, and all goes again. */
static void take_acknowledgement(struct stream *s, const unsigned char *tcp)
{
    uint32_t ack = get32(tcp + 8), window = (uint32_t)get16(tcp + 14) << s->window_shift;
    if ((int32_t)(ack - s->unacknowledged) > 0) {
        s->unacknowledged = ack;
        s->n_same = 0;
        if ((int32_t)(s->next - ack) < 0)
            s->next = ack;
    } else if (window == s->window && ++s->n_same == 3 && s->gone_back != ack) {
        s->next = s->gone_back = ack;
    }
    s->window = window;
}

static void await_connection(struct stream *s)
{
    unsigned char frame[FRAME_BYTES], *t;
    int other;
    for (double end = now() + 5; now() < end; wait_for_frames(s, 100)) {
        while ((t = read_segment(s, frame, &other)) || other) {
            if (t && t[13] == SYN) {
                answer_syn(s, t);
            } else if (t && s->next && get32(t + 8) == s->begin) {
                take_acknowledgement(s, t);
                return;
            }
        }
    }
    errno = ETIMEDOUT;
    die("connection");
}

/* Takes what has come. True: data is to be acknowledged. */
static int take_segments(struct stream *s)
{
    unsigned char frame[FRAME_BYTES], *t;
    int data = 0, other;
    for (int i = 0; i < TURN && ((t = read_segment(s, frame, &other)) || other); i++) {
        if (!t)
            continue;
        size_t len = get16(frame + IP_AT + 2) - 20 - (t[12] >> 4) * 4u;
        if (len && get32(t + 4) == s->wanted)
            s->wanted += (uint32_t)len;
        data |= len > 0;
        memcpy(s->frame + OPTIONS_AT + 8, t + 24, 4);
        take_acknowledgement(s, t);
    }
    return data;
}

static int has_room(const struct stream *s)
{
    uint32_t most = s->window < FLIGHT_BYTES ? s->window : FLIGHT_BYTES;
    return s->next - s->unacknowledged + DATA_BYTES <= most;
}

static long send_stream(struct stream *s, double seconds)
{
    for (double end = now() + seconds; now() < end;) {
        for (int i = 0; i < TURN && has_room(s); i++, s->next += DATA_BYTES)
            put_segment(s, ACK, s->next, HEADER_BYTES - TCP_AT, DATA_BYTES);
        uint32_t before = s->unacknowledged;
        (void)take_segments(s);
        if (has_room(s))
            continue;
        wait_for_frames(s, 100);
        (void)take_segments(s);
        if (before == s->unacknowledged)
            s->next = before;
    }
    return (long)(s->unacknowledged - s->begin);
}

static long receive_stream(struct stream *s, double seconds)
{
    uint32_t begin = s->wanted;
    for (double end = now() + seconds; now() < end; wait_for_frames(s, 100)) {
        while (take_segments(s))
            acknowledge(s);
    }
    return (long)(s->wanted - begin);
}

/* The client's end, until it is killed. */
static void talk(const char *address, int sends)
{
    static char buffer[128 * 1024];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 || connect(fd, (struct sockaddr *)&to, sizeof to))
        die("connect");
    while ((sends ? write(fd, buffer, sizeof buffer) : read(fd, buffer, sizeof buffer)) > 0)
        ;
    die("connection");
}

/* What the process on the client's core does. */
static pid_t begin_client(const char *mode, char **argv)
{
    pid_t client = strcmp(mode, "write") == 0 ? 0 : fork();
    if (client < 0)
        die("fork");
    if (client || strcmp(mode, "write") == 0)
        return client;
    pin(atoi(argv[5]));
    if (strcmp(mode, "read") == 0)
        feed(argv[2]);
    talk(argv[6], strcmp(mode, "receive") == 0);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    int tcp = strcmp(mode, "send") == 0 || strcmp(mode, "receive") == 0;
    if (argc != (tcp ? 7 : 6) || (!tcp && strcmp(mode, "write") != 0 && strcmp(mode, "read") != 0)) {
        fprintf(stderr, "usage: frames write|read TAP SECONDS SERVER_CPU CLIENT_CPU\n"
                        "       frames send|receive TAP SECONDS SERVER_CPU CLIENT_CPU ADDRESS\n");
        return 64;
    }
    struct stream s = {.fd = tap_open(argv[2])};
    double seconds = atof(argv[3]);
    pid_t client = begin_client(mode, argv);
    pin(atoi(argv[4]));
    if (tcp)
        await_connection(&s);
    double start = cpu_seconds();
    long bytes = strcmp(mode, "write") == 0  ? write_frames(s.fd, seconds)
                 : strcmp(mode, "read") == 0 ? read_frames(s.fd, seconds)
                 : strcmp(mode, "send") == 0 ? send_stream(&s, seconds)
                                             : receive_stream(&s, seconds);
    printf("%ld %.6f\n", bytes, cpu_seconds() - start);
    if (client) {
        kill(client, SIGKILL);
        waitpid(client, NULL, 0);
    }
    return 0;
}
